/** Sockets that Slack changes, that break, and that cannot be opened: nothing is lost, nothing is done twice. */
import { WebClient } from '@slack/web-api'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot, testWorld } from '../bot.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

let url: string
let bot: TestBot
beforeAll(async () => {
  url = await freshDatabase()
  bot = await startTestBot({ sockets: true, store: { url }, github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())

/** What is logged at the start, and after each time in which no socket was open. */
const channelRead = 'a channel was read for what was missed'
const gapRead = 'reading what happened while Slack was not heard'

type Acted = { status: number; id: string; responses: { text: string }[] }

const opened = async (title: string): Promise<{ id: string; channel: string }> => {
  const id = /INC-\d+/.exec((await bot.say('alice', 'general', `/incident new acme P3 ${title}`)).text)?.[0] ?? ''
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  return { id, channel }
}
const renewed = (id: string, lost: string): Promise<string> =>
  until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now === lost ? null : now
  }, 'another channel')

const notes = async (id: string): Promise<string[]> =>
  ((await bot.load(id))?.events ?? []).flatMap(({ event }) => (event.type === 'noted' ? [event.text] : []))

const slack = () => bot.health().then(({ services }) => services['slack'] ?? '')
const sockets = () => bot.ask<{ id: number; leaving: boolean }[]>('GET', '/sockets')
const bothOpen = () => until(async () => (await sockets()).filter(({ leaving }) => !leaving).length === 2, 'both sockets')

/** Lets time pass since Slack was heard last. */
const heardBefore = async (seconds: number): Promise<void> => {
  const client = new Client(url)
  await client.connect()
  await client.query(
    "update tocsin.setting set value = to_json(value::timestamptz - make_interval(secs => $1)) #>> '{}' where key = 'slack-heard'",
    [seconds],
  )
  await client.end()
}

/** Bob, past the bot. */
const bob = () => new WebClient('xoxp-bob', { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })

/** A stream of thirty notes, in the middle of which something happens. Gives what became of each. */
const stream = async (id: string, name: string, happens: () => Promise<unknown>): Promise<Acted[]> => {
  const sent: Promise<Acted>[] = []
  for (let index = 0; index < 30; index += 1) {
    if (index === 15) await happens()
    const acted = bot.ask<Acted>('POST', '/command', { as: 'alice', in: 'general', text: `/incident note ${id} ${name} ${index}` })
    sent.push(acted)
    // Three at a time.
    if (index % 3 === 2) await acted
  }
  return Promise.all(sent)
}
const all = (name: string) => Array.from({ length: 30 }, (_, index) => `${name} ${index}`).toSorted()

test('rotated in the middle of thirty commands: each has one effect and one answer, and a socket is always open (field 11)', async () => {
  const { id } = await opened('Rotated')
  for (const [name, order] of [
    ['one', {}],
    ['both', { all: true }],
  ] as const) {
    const acted = await stream(id, name, () => bot.ask('POST', '/sockets/rotate', order))
    expect(acted.map(({ status, responses }) => [status, responses.length])).toEqual(acted.map(() => [200, 1]))
    expect((await notes(id)).filter((text) => text.startsWith(name)).toSorted()).toEqual(all(name))
    await bothOpen()
  }
  expect((await sockets()).flatMap((socket) => (socket.leaving ? [] : [socket.id]))).toEqual([4, 5])
  expect(bot.lines.filter(({ message }) => message === gapRead)).toHaveLength(1)
})

test('broken off in the middle of thirty commands: each has one effect and one answer at most', async () => {
  const { id } = await opened('Broken off')
  const acted = await stream(id, 'cut', async () => {
    await bot.ask('POST', '/sockets/cut', { ms: 100 })
    await bothOpen()
  })
  const noted = (await notes(id)).filter((text) => text.startsWith('cut')).toSorted()
  expect(new Set(noted).size).toBe(noted.length)
  for (const [index, { status, id: response }] of acted.entries()) {
    // What never reached the bot has no effect; what did, and could not be acknowledged, is answered at the response address.
    const reached = noted.includes(`cut ${index}`)
    expect([index, reached || status === 0]).toEqual([index, true])
    if (reached) expect((await bot.ask<Acted>('GET', `/responses/${response}?wait=10000`)).responses).toHaveLength(1)
  }
})

test('both sockets gone for a minute: it is shown; then what happened meanwhile is read (faults 10)', async () => {
  const archived = await opened('Archived meanwhile')
  const talked = await opened('Talked about meanwhile')
  expect((await bot.say('dave', 'general', `/incident role ${talked.id} ops`)).text).toContain('Operations')
  await bot.ask('POST', '/sockets/cut')
  expect(await until(async () => /no socket is open.*/.exec(await slack())?.[0], 'the loss in /health')).toMatch(
    /^no socket is open since 20/,
  )
  expect((await bot.health()).status).toBe('degraded')
  expect(await bot.metrics()).toContain('tocsin_slack_sockets_open 0')
  await bob().conversations.archive({ channel: archived.channel })
  expect(await bot.event({ type: 'channel_archive', channel: archived.channel, user: bot.user('bob'), event_ts: '1.0' })).toMatchObject({
    status: 0,
  })
  // Known a moment ago, and gone since.
  await bot.ask('PUT', '/person', { as: 'dave', deleted: true })
  await bot.ask('POST', '/say', { as: 'bob', in: talked.channel, text: 'Nobody hears me' })
  await bot.ask('POST', '/invite', { in: talked.channel, users: ['bob', 'carol'] })
  const marked = await bot.ask<{ ts: string }>('POST', '/say', { as: 'bob', in: talked.channel, text: 'The disk was full', silent: true })
  await bot.ask('POST', '/react', { as: 'carol', in: talked.channel, ts: marked.ts, name: 'pushpin', silent: true })
  // The bot knows the length of the gap from the database's clock only, so a minute has passed when that says so.
  await heardBefore(60)
  // The first reading fails, as it may when everything comes back at once.
  await bot.fault({ service: 'slack', method: 'conversations.info', kind: 'drop-before', channel: archived.channel })
  await bot.ask('DELETE', '/sockets/cut')
  await bothOpen()
  await bot.sees(await renewed(archived.id, archived.channel), 'Checks at opening')
  expect(await bot.incident(archived.id)).toMatchObject({ lostChannels: [archived.channel] })
  const read = await until(
    () => bot.lines.find(({ message, channel }) => message === channelRead && channel === talked.channel),
    'the reading',
  )
  expect(read['said']).toBeGreaterThan(0)
  const messages = await until(async () => {
    const kept = (await bot.incident(talked.id)).messages
    return kept.length === 0 ? null : kept
  }, 'the message that was marked meanwhile')
  expect(messages).toMatchObject([{ text: 'The disk was full', how: 'reaction' }])
  await bot.sees(talked.channel, 'dave Example is not in this workspace any more and leaves Operations.')
  await until(async () => (await slack()) === 'healthy', 'a healthy Slack')
  expect((await bot.incident(talked.id)).channel?.id).toBe(talked.channel)
})

test('a token that is revoked at a reconnection degrades it, and it comes back when Slack takes the token again (faults 20)', async () => {
  await bot.fault({ service: 'slack', method: 'apps.connections.open', kind: 'error', error: 'invalid_auth', times: 0 })
  await bot.ask('POST', '/sockets/rotate', { all: true, ms: 50 })
  await until(async () => (await slack()).includes('invalid_auth (check SLACK_APP_TOKEN)'), 'the reason in /health')
  expect((await bot.health()).status).toBe('degraded')
  await bot.mend()
  await bothOpen()
  await until(async () => (await slack()) === 'healthy', 'a healthy Slack')
  expect((await bot.say('alice', 'general', '/incident list')).status).toBe(200)
})

test('Socket Mode switched off and on again', async () => {
  await bot.fault({ service: 'slack', method: 'apps.connections.open', kind: 'error', error: 'forbidden', times: 2 })
  await bot.ask('POST', '/sockets/rotate', { all: true, ms: 50, reason: 'link_disabled' })
  await until(async () => (await slack()).includes('no socket is open'), 'the loss in /health')
  await bothOpen()
  await until(async () => (await slack()) === 'healthy', 'a healthy Slack')
})

test('what is being handled at the stop is finished and answered', async () => {
  const { id } = await opened('Stopped')
  const client = new Client(url)
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from tocsin.incident where id = $1 for update', [id])
  const noted = bot.ask<Acted>('POST', '/command', { as: 'alice', in: 'general', text: `/incident note ${id} at the last moment` })
  await until(async () => {
    const { rows } = await client.query("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
    return rows.length > 0
  }, 'the note waiting for the row')
  const stopped = Promise.all([bot.bot.stop(), bot.bot.stop()])
  await client.query('rollback')
  await client.end()
  expect(await noted).toMatchObject({ status: 200, responses: [expect.anything()] })
  await stopped
  expect(await sockets()).toEqual([])
  await bot.start()
  expect(await notes(id)).toEqual(['at the last moment'])
})

test('what happened while the bot was stopped is read at the start, of a day at most (faults 10)', async () => {
  const { id, channel } = await opened('Archived at night')
  await bot.bot.stop()
  await bob().conversations.archive({ channel })
  await heardBefore(30 * 3600)
  const started = Date.now()
  await bot.start()
  await renewed(id, channel)
  const since = Date.parse(String(bot.lines.findLast(({ message }) => message === gapRead)?.['since']))
  expect(Math.round((started - since) / 3_600_000)).toBe(24)
})

test('started while no socket can be opened: it starts, says so, and hears Slack once it can', async () => {
  await using world = await testWorld()
  const ask = (method: string) => fetch(`${world.url}/world/sockets/cut`, { method })
  await ask('POST')
  await using deaf = await startTestBot({ sockets: true, world, github: false })
  expect(deaf.bot.unreachable['slack']).toMatch(/no socket is open since/)
  expect(await deaf.health()).toMatchObject({ status: 'degraded' })
  await ask('DELETE')
  await until(async () => (await deaf.health()).status === 'healthy', 'health')
  expect((await deaf.say('alice', 'general', '/incident list')).text).toContain('Nothing is open')
})
