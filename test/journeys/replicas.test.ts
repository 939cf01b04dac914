/** Two bots on one PostgreSQL and in one workspace: they share the work without doubling it. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { deliver, startTestBot, type TestBot, testWorld } from '../bot.ts'
import { until } from '../until.ts'
import { freshDatabase } from '../stores.ts'

let world: World
let one: TestBot
let two: TestBot
beforeAll(async () => {
  world = await testWorld()
  const url = await freshDatabase()
  one = await startTestBot({ world, store: { url }, github: false })
  two = await startTestBot({ world, store: { url }, github: false })
})
afterAll(async () => {
  await one[Symbol.asyncDispose]()
  await two[Symbol.asyncDispose]()
  await world.close()
})

/** Types at one of the two. */
const say = async (bot: TestBot, as: string, where: string, text: string) => {
  const form = new URLSearchParams({
    command: '/incident',
    text,
    team_id: bot.workspace.team.id,
    user_id: bot.user(as),
    user_name: as,
    channel_id: where,
    trigger_id: '1',
    response_url: `${world.url}/none`,
  })
  const response = await deliver(bot.url, form.toString(), { type: 'application/x-www-form-urlencoded' })
  return { status: response.status, body: await response.text() }
}

const general = 'C000000001'

test('9: both get the same event at the same moment, one new channel comes of it', async () => {
  await say(one, 'alice', general, 'new acme P3 Nine')
  const channel = await one.opened('INC-1')
  await one.sees(channel, 'Checks at opening')
  await one.idle()
  const event = JSON.stringify({
    type: 'event_callback',
    team_id: one.workspace.team.id,
    api_app_id: one.workspace.appId,
    event_id: 'EvBOTH',
    event_time: 1,
    event: { type: 'channel_archive', channel, user: one.user('alice') },
  })
  const answers = await Promise.all([one, two, one, two].map((bot) => deliver(bot.url, event)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  await until(async () => ![null, undefined, channel].includes((await one.incident('INC-1')).channel?.id), 'a new channel')
  await one.idle()
  expect((await one.channels()).filter(({ name }) => name.startsWith('inc-1-'))).toHaveLength(2)
  expect((await one.load('INC-1'))?.events.filter(({ event: { type } }) => type === 'channel-lost')).toHaveLength(1)
})

test('35: forty quick updates at both bots are posted once each, in the order of the record', async () => {
  await say(two, 'alice', general, 'new acme P3 Thirty-five')
  const channel = await one.opened('INC-2')
  // As quick as people can be, not quicker than the row that they all change lets them.
  for (let batch = 0; batch < 4; batch += 1) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => say(index % 2 === 0 ? one : two, 'bob', channel, `update number ${batch * 10 + index}`)),
    )
    for (const { body } of answers) expect(body).toMatch(/Update posted|Still working/)
  }
  const recorded = await until(async () => {
    const texts = ((await one.load('INC-2'))?.events ?? []).flatMap(({ event }) => (event.type === 'updated' ? [event.text] : []))
    return texts.length === 40 ? texts : null
  }, 'forty updates in the record')
  const posted = async () => (await one.texts(channel)).flatMap((text) => /^📣 Update (number \d+)/.exec(text)?.[1] ?? [])
  // Slack takes some at once, and then one a second.
  await until(async () => (await posted()).length >= 40, 'all updates', 120_000)
  await one.idle()
  expect(await posted()).toEqual(recorded)
}, 180_000)

test('33: a lease that is lost while Slack is slow: the late writer is fenced, one copy is seen', async () => {
  await say(one, 'alice', general, 'new acme P3 Thirty-three')
  const channel = await one.opened('INC-3')
  await one.sees(channel, 'Checks at opening')
  await one.idle()
  await one.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'delay', ms: 1_500 })
  await say(two, 'bob', channel, 'update fenced')
  await until(
    async () =>
      (await one.store.db.selectFrom('lease').selectAll().where('incident', '=', 'INC-3').where('surface', '=', 'channel').execute())
        .length > 0,
    'a lease',
  )
  await sql`update tocsin.lease set token = 'thief', expires_at = clock_timestamp() + interval '500 milliseconds' where incident = 'INC-3' and surface = 'channel'`.execute(
    one.store.db,
  )
  await one.sees(channel, 'Update fenced')
  await until(
    async () => [...one.lines, ...two.lines].some((line) => String((line['err'] as Error | undefined)?.message).includes('was lost')),
    'the fenced writer',
  )
  await say(one, 'bob', channel, 'update after the fence')
  await one.sees(channel, 'Update after the fence', 15_000)
  await one.idle()
  expect((await one.texts(channel)).filter((text) => text.startsWith('📣')).map((text) => text.split('\n')[0])).toEqual([
    '📣 Update fenced',
    '📣 Update after the fence',
  ])
})

test('2, 50: both get the same command at the same moment, one thing happens', async () => {
  const declared = await Promise.all([
    say(one, 'carol', general, 'new acme P3 Same moment'),
    say(two, 'carol', general, 'new acme P3 Same moment'),
  ])
  expect(declared.filter(({ body }) => body.includes('You declared this already'))).toHaveLength(1)
  const acks = await Promise.all([one, two, one, two].map((bot) => say(bot, 'bob', general, 'ack INC-4')))
  expect(acks.filter(({ body }) => body.includes('INC-4 acknowledged'))).toHaveLength(1)
})
