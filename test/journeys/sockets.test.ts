/** Slack over sockets instead of HTTP, through the vendor's own client: the same bot, answering in the same time. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { until } from '../until.ts'

/** Milliseconds for which Slack waits for an answer. */
const most = 3_000

let postgres: Postgres
let bot: TestBot
beforeAll(async () => {
  postgres = await startPostgres({ durable: true })
  bot = await startTestBot({ sockets: true, store: { url: await postgres.createDatabase('tocsin') }, github: false })
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

/** Declares, and waits until the channel is complete. */
const opened = async (title: string): Promise<{ id: string; channel: string }> => {
  const id = /INC-\d+/.exec((await bot.say('alice', 'general', `/incident new acme P3 ${title}`)).text)?.[0] ?? ''
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  return { id, channel }
}

/** The channel that stands in for `lost`. */
const renewed = (id: string, lost: string): Promise<string> =>
  until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now === lost ? null : now
  }, 'another channel')

/** Holds the incident's row, so that every command on it waits. */
const holdRow = async (id: string) => {
  const client = new Client(bot.store.source.kind === 'postgres' ? bot.store.source.url : '')
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from tocsin.incident where id = $1 for update', [id])
  return async () => {
    await client.query('rollback')
    await client.end()
  }
}

test('two sockets are open, and nothing listens for Slack over HTTP', async () => {
  expect(await bot.ask('GET', '/sockets')).toEqual([
    { id: 1, leaving: false },
    { id: 2, leaving: false },
  ])
  expect(await bot.health()).toMatchObject({ status: 'healthy', services: { slack: 'healthy' } })
  expect(await bot.metrics()).toContain('tocsin_slack_sockets_open 2')
  expect((await fetch(`${bot.url}/slack/events`, { method: 'POST', body: '{}' })).status).toBe(404)
})

test('a form declares, a button acknowledges, a command notes, a lost channel is replaced', async () => {
  expect(await bot.say('alice', 'general', '/incident new')).toMatchObject({ status: 200, form: true })
  const filled = { title: 'Over sockets', product: 'Acme', severity: 'P1', summary: 'Since noon' }
  // The bot is not in that channel, so the form itself holds the answer.
  expect(await bot.submit('alice', filled)).toMatchObject({ status: 200, body: expect.stringContaining('INC-1') as string })
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  expect((await bot.press('bob', channel, 'ack')).text).toContain('INC-1 acknowledged')
  expect((await bot.press('bob', channel, 'ack')).text).toContain('Already acknowledged')
  expect((await bot.say('bob', channel, '/incident note It is the cache')).text).toContain('Noted')
  expect((await bot.say('bob', channel, '/incident update')).form).toBe(true)
  expect(await bot.submit('bob', { text: 'Working on it', next: '10y' })).toMatchObject({ status: 200, closed: false })
  expect(await bot.submit('bob', { text: 'Working on it', next: '2h' })).toMatchObject({ status: 200, closed: true })
  await bot.sees(channel, 'Update Working on it')
  expect(await bot.event({ type: 'channel_archive', channel, user: bot.user('alice'), event_ts: '1.0' })).toMatchObject({ status: 200 })
  await bot.sees(await renewed('INC-1', channel), 'Update Working on it')
})

test('the same event four times, over both sockets, makes one new channel (faults 1; field 11)', async () => {
  const { id, channel } = await opened('Archived by mistake')
  const event = { type: 'channel_archive', channel, user: bot.user('alice'), event_ts: '1.0' }
  const answers = []
  for (let index = 0; index < 4; index += 1)
    answers.push(await bot.ask<{ status: number; headers: { socket: string } }>('POST', '/event', { event, event_id: 'EvSAME' }))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(new Set(answers.map(({ headers }) => headers.socket)).size).toBe(2)
  await renewed(id, channel)
  await bot.idle()
  expect((await bot.channels()).filter(({ name }) => name.startsWith(`${id.toLowerCase()}-`))).toHaveLength(2)
})

test('9: two processes, each of which is sent the same event, make one new channel', async () => {
  const { id, channel } = await opened('Heard by two')
  await using second = await startTestBot({
    sockets: true,
    world: bot.world,
    store: { url: bot.store.source.kind === 'postgres' ? bot.store.source.url : '' },
    github: false,
    options: { runbooks: bot.options.runbooks },
  })
  const event = { type: 'channel_archive', channel, user: bot.user('alice'), event_ts: '1.0' }
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => bot.ask<{ headers: { socket: string } }>('POST', '/event', { event, event_id: 'EvTWO' })),
  )
  expect(new Set(answers.map(({ headers }) => headers.socket)).size).toBe(4)
  expect((await second.health()).status).toBe('healthy')
  await renewed(id, channel)
  await bot.idle()
  expect((await bot.channels()).filter(({ name }) => name.startsWith(`${id.toLowerCase()}-`))).toHaveLength(2)
})

test('another workspace is refused; a trigger that has expired gets words instead of the form (faults 8, 11)', async () => {
  const { id, channel } = await opened('Of another workspace')
  const event = { type: 'channel_archive', channel, user: bot.user('alice'), event_ts: '1.0' }
  expect(await bot.event(event, { team_id: 'T0OTHER' })).toMatchObject({ status: 200 })
  await bot.idle()
  expect((await bot.incident(id)).channel?.id).toBe(channel)
  const said = await bot.say('alice', 'general', '/incident new', { staleTrigger: true })
  expect(said).toMatchObject({ form: false, text: 'Slack did not show the form. What to type instead: /incident help new' })
})

test('while the database is slow, commands, buttons and forms are answered in time, and the work is done afterwards (faults 38; field 12)', async () => {
  const { id, channel } = await opened('Slow')
  expect((await bot.say('bob', channel, '/incident update')).form).toBe(true)
  const letGo = await holdRow(id)
  const command = bot.say('alice', channel, '/incident note while it is slow')
  const pressed = bot.ask<{ status: number; took: number; id: string }>('POST', '/press', { as: 'bob', in: channel, action: 'ack' })
  const form = await bot.submit('bob', { text: 'From a form', next: '2h' })
  expect([form.status, form.took < most, form.body]).toEqual([200, true, expect.stringContaining('Still working')])
  const button = await pressed
  expect([button.status, button.took < most]).toEqual([200, true])
  await letGo()
  const said = await command
  expect([said.status, said.took < most, said.text]).toEqual([200, true, expect.stringContaining('Noted')])
  await bot.sees(channel, 'Update From a form')
  const answer = await bot.ask<{ responses: unknown[] }>('GET', `/responses/${button.id}?wait=10000`)
  expect(answer.responses).toHaveLength(1)
})

test('an event that cannot be recorded is not acknowledged, so it comes again', async () => {
  const { id, channel } = await opened('Not recorded at first')
  const event = { type: 'channel_archive', channel, user: bot.user('alice'), event_ts: '1.0' }
  await postgres.stop('immediate')
  expect(await bot.event(event, { event_id: 'EvAGAIN' })).toMatchObject({ status: 0 })
  await postgres.start()
  await until(async () => (await bot.event(event, { event_id: 'EvAGAIN' })).status === 200, 'an acknowledgement')
  await renewed(id, channel)
})
