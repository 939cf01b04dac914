/** Slack, GitHub and Supabase away for a while: the incident goes on, what is missing is shown, and all catches up. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { root, startTestBot, type TestBot, testWorld } from '../bot.ts'
import { readOutage, wasAway } from '../../src/store/outage.ts'
import { until } from '../until.ts'
import { addSeconds } from 'date-fns/addSeconds'
import { sql } from 'kysely'

let world: World
let bot: TestBot
beforeAll(async () => {
  world = await testWorld({ supabase: { migrations: `${root}/supabase/migrations` } })
  bot = await startTestBot({ world, store: 'postgres' })
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await world.close()
})
beforeEach(() => bot.mend())

const failedSteps = async (id: string) => (await bot.incident(id)).failedSteps.map(({ surface }) => surface)

test('Slack is down while an incident opens: everything is there afterwards, once, and says that it is late', async () => {
  await bot.fault({ service: 'slack', kind: 'down' })
  const said = await bot.say('alice', 'general', '/incident new acme P1 Slack is down, too')
  expect(said.text).toContain('INC-1 P1')
  expect((await bot.say('bob', 'general', '/incident ack INC-1')).text).toContain('INC-1 acknowledged')
  expect((await bot.say('bob', 'general', '/incident update INC-1 working on it')).text).toContain('Update posted')
  await until(async () => (await failedSteps('INC-1')).includes('channel'), 'the failed step')
  await until(async () => (await bot.health()).services['slack']?.startsWith('unreachable') === true, 'Slack shown as unreachable')
  expect((await bot.health()).status).toBe('degraded')
  expect((await bot.say('bob', 'general', '/incident status INC-1')).text).toMatch(/Acknowledged/)
  // Ten minutes pass.
  await sql`update tocsin.event set text = replace(text, data ->> 'at', to_char((data ->> 'at')::timestamptz at time zone 'UTC' - interval '10 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) where incident = 'INC-1'`.execute(
    bot.store.db,
  )
  await bot.mend()
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.sees(channel, 'Update working on it')
  await bot.sees('incidents', 'Slack is down, too')
  await until(async () => (await failedSteps('INC-1')).length === 0, 'all steps mended')
  await until(async () => (await bot.health()).services['slack'] === 'healthy', 'a healthy Slack')
  await bot.idle()
  expect(await bot.sees(channel, 'Update working on it')).toContain('🕓 Late: this happened')
  const texts = await bot.texts(channel)
  expect(new Set(texts).size).toBe(texts.length)
  const order = ['please acknowledge', 'Update working on it'].map((text) => texts.findIndex((shown) => shown.includes(text)))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('GitHub and Supabase are down at the resolution: shown, and made good', async () => {
  await bot.say('alice', 'general', '/incident new acme P2 Exports hang')
  const channel = await bot.opened('INC-2')
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  await bot.fault({ service: 'github', kind: 'down' })
  await bot.fault({ service: 'supabase', kind: 'down' })
  await bot.say('bob', channel, '/incident resolve Restarted')
  await bot.sees(channel, 'resolved after')
  await until(
    async () => {
      const failed = await failedSteps('INC-2')
      return failed.includes('pull-request') && failed.includes('record')
    },
    'both failed steps',
    20_000,
  )
  await until(async () => {
    const { services } = await bot.health()
    return services['github']?.startsWith('unreachable') === true && services['supabase']?.startsWith('unreachable') === true
  }, 'both unreachable')
  await bot.sees(channel, /⚠ .*record could not be published/)
  await bot.mend()
  await bot.sees(channel, '📄 The post-mortem is ready')
  await until(async () => (await failedSteps('INC-2')).length === 0, 'all steps mended')
  const rows = await world.supabase?.query<{ status: string }>("select status from public.incidents where id = 'INC-2'")
  expect(rows).toEqual([{ status: 'resolved' }])
  const pulls = (await (
    await fetch(`${world.githubApiUrl}/repos/acme/incidents/pulls`, { headers: { authorization: 'Bearer ghp_test' } })
  ).json()) as { title: string }[]
  expect(pulls.filter(({ title }) => title.includes('INC-2'))).toHaveLength(1)
})

test('what is typed while Slack is known to be away is late, also where it was not away for long', async () => {
  await bot.say('alice', 'general', '/incident new acme P2 Slack is away for a moment')
  const id = /INC-\d+/.exec(await bot.sees('incidents', 'away for a moment'))?.[0] ?? ''
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  const before = await bot.store.now()
  await bot.fault({ service: 'slack', kind: 'down' })
  await bot.say('bob', 'general', `/incident update ${id} shows that nothing gets through`)
  const { since } = await until(() => readOutage(bot.store.db), 'the outage')
  await bot.say('bob', 'general', `/incident update ${id} typed meanwhile`)
  const typed = (await bot.load(id))?.events.findLast(({ event }) => event.type === 'updated')?.at ?? ''
  // Longer than a job takes that is on time, and no two minutes.
  await until(async () => (await bot.store.now()) > addSeconds(typed, 11).toISOString(), 'some seconds later')
  await bot.mend()
  expect(await bot.sees(channel, 'typed meanwhile')).toContain('🕓 Late: this happened')
  await until(async () => (await readOutage(bot.store.db)) === null, 'the end of the outage')
  // It is remembered from when it was known until it was over.
  expect(await wasAway(bot.store.db, typed)).toBe(true)
  expect([since <= typed, await wasAway(bot.store.db, before), await wasAway(bot.store.db, await bot.store.now())]).toEqual([
    true,
    false,
    false,
  ])
})
