/** The database full of waiters, slow, and gone: everybody is answered, nothing is lost. */
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firing, group, startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'
import { type Postgres, startPostgres } from '../postgres.ts'

let postgres: Postgres
let bot: TestBot
beforeAll(async () => {
  // It must keep what it has committed when its power is cut.
  postgres = await startPostgres({ durable: true })
  bot = await startTestBot({ store: { url: await postgres.createDatabase('tocsin') }, github: false })
  await bot.say('alice', 'general', '/incident new acme P3 The database')
  await bot.sees(await bot.opened('INC-1'), 'Checks at opening')
  await bot.idle()
})
afterAll(async () => {
  postgres.thaw()
  await bot[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

/** Milliseconds for which Slack waits for an answer. The bot gives its own after 2200; how exactly, `bench/` measures. */
const most = 3_000

/** Holds the row of INC-1, so that every command on it waits. */
const holdRow = async () => {
  const client = new Client(bot.store.source.kind === 'postgres' ? bot.store.source.url : '')
  await client.connect()
  await client.query('begin')
  await client.query("select 1 from tocsin.incident where id = 'INC-1' for update")
  return async () => {
    await client.query('rollback')
    await client.end()
  }
}

test('every connection waits for one row: all are answered in time, and the work is done afterwards (faults 36, 38; field 12)', async () => {
  const letGo = await holdRow()
  const notes = Array.from({ length: 14 }, (_, index) => bot.type('alice', 'general', `/incident note INC-1 waiting ${index}`))
  const others = [
    bot.type('bob', 'general', '/incident list'),
    bot.type('bob', 'general', '/incident help'),
    bot.type('bob', 'general', '/diag acme health'),
  ]
  const answers = await Promise.all([...notes, ...others])
  for (const answer of answers) expect([answer.status, answer.text !== '', answer.took < most], answer.text).toEqual([200, true, true])
  expect(answers[0]?.text).toMatch(/Still working on it|database does not answer/)
  await letGo()
  // Those that held a connection go on; those that found none were told so, and nothing of theirs is there.
  const recorded = async () => ((await bot.load('INC-1'))?.events ?? []).filter(({ event }) => event.type === 'noted').length
  await until(async () => (await recorded()) > 0, 'the notes that waited')
  expect((await bot.say('alice', 'general', '/incident note INC-1 at last')).text).toContain('Noted')
  expect((await bot.say('alice', 'general', '/incident audit INC-1')).text).toContain('is whole')
})

test('38: a form, too, is answered in time, and its work is done afterwards', async () => {
  const { channel } = await bot.incident('INC-1')
  expect((await bot.say('bob', channel?.id ?? '', '/incident update')).form).toBe(true)
  const letGo = await holdRow()
  const form = await bot.submit('bob', { text: 'From a form', next: '2h' })
  await letGo()
  expect([form.status, form.took < most, form.body]).toEqual([200, true, expect.stringContaining('Still working')])
  await bot.sees(channel?.id ?? '', 'Update From a form')
})

test('36: a statement that waits too long is given up, and whoever asked is told', async () => {
  const letGo = await holdRow()
  try {
    const said = await bot.ask<{ id: string; took: number }>('POST', '/command', {
      as: 'alice',
      in: 'general',
      text: '/incident note INC-1 never',
    })
    expect(said.took).toBeLessThan(most)
    const told = await until(async () => {
      const { responses } = await bot.ask<{ responses: { text: string; blocks: unknown }[] }>('GET', `/responses/${said.id}`)
      return responses.length > 1 ? JSON.stringify(responses[1]) : null
    }, 'the late answer')
    expect(told).toContain('The database does not answer')
  } finally {
    await letGo()
  }
  const { text } = await bot.say('alice', 'general', '/incident status INC-1')
  expect(text).not.toContain('never')
})

test('32: gone and back: 503 with a reason, commands say so, the rest catches up', async () => {
  const id = (await bot.incident('INC-1')).channel?.id ?? ''
  expect((await bot.say('bob', id, '/incident update just before')).text).toContain('Update posted')
  await postgres.stop('immediate')
  expect((await bot.alert(group(firing('Gone')))).status).toBe(503)
  const health = await fetch(`${bot.url}/health`)
  expect([health.status, await health.json()]).toEqual([503, expect.objectContaining({ status: 'down' })])
  const said = await bot.type('bob', id, '/incident update while away')
  expect([said.took < most, said.text]).toEqual([true, expect.stringContaining('The database does not answer')])
  expect((await bot.say('bob', id, '/incident')).text).toContain('The database does not answer')
  // An event that cannot be recorded is not taken, so that Slack sends it again.
  expect((await bot.event({ type: 'channel_archive', channel: 'C0000OTHER', user: bot.user('bob'), event_ts: '1.0' })).status).toBe(500)
  await postgres.start()
  await until(async () => (await bot.say('bob', id, '/incident update back again')).text.includes('Update posted'), 'an update')
  await bot.sees(id, 'Update back again', 15_000)
  const updates = (await bot.texts(id)).flatMap((text) => /^📣 Update (.*)/.exec(text)?.[1] ?? [])
  expect(updates).toEqual(['From a form', 'just before', 'back again'])
})
