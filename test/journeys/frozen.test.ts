/** The database frozen, as a hung machine would: nobody waits, nothing is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIncidents } from '../../src/store/reads.ts'
import { firing, group, startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'
import { type Postgres, startPostgres } from '../postgres.ts'

let postgres: Postgres
let bot: TestBot
beforeAll(async () => {
  postgres = await startPostgres()
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

test('38: frozen for ten seconds, every command is answered in time, alerts are sent back, and all goes on', async () => {
  const before = (await bot.incident('INC-1')).version
  postgres.freeze()
  const started = performance.now()
  const answers = []
  const pushed = bot.alert(group(firing('Frozen')))
  while (performance.now() - started < 10_000) answers.push(await bot.type('alice', 'general', '/incident note INC-1 while frozen'))
  postgres.thaw()
  expect(answers.length).toBeGreaterThan(3)
  for (const answer of answers)
    expect([answer.status, answer.took < most, answer.text !== ''], `${answer.took} ${answer.text}`).toEqual([200, true, true])
  expect((await pushed).status).toBe(503)
  await until(async () => (await bot.say('alice', 'general', '/incident note INC-1 after the frost')).text.includes('Noted'), 'a note')
  expect((await bot.alert(group(firing('AfterTheFrost')))).status).toBe(202)
  await until(async () => (await openIncidents(bot.store.db)).some(({ rule }) => rule === 'AfterTheFrost'), 'the alert’s incident')
  expect((await bot.incident('INC-1')).version).toBeGreaterThan(before)
  expect((await bot.say('alice', 'general', '/incident audit INC-1')).text).toContain('is whole')
  await until(async () => (await bot.health()).services['database'] === 'healthy', 'a healthy database')
})
