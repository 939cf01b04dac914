/** More incidents at once than Slack opens channels for. */
import { WebClient } from '@slack/web-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { botToken, startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ github: false })
  // With the first one the announcements channel is made.
  await bot.say('alice', 'general', '/incident new acme P4 Before the storm')
  await bot.sees('incidents', 'Before the storm')
  await bot.idle()
})
afterAll(() => bot[Symbol.asyncDispose]())

const openedAt = async (id: string) => (await bot.load(id))?.events.find(({ event }) => event.type === 'channel-opened')?.at ?? ''
const told = async () => (await bot.messages('incidents')).filter(({ shown }) => shown.startsWith('🌪'))

test('channels are limited: the gravest are opened first, one message says what waits, nothing is lost (faults 13; field 6, 9)', async () => {
  const before = (await bot.calls()).filter(({ method }) => method === 'conversations.list')
  await bot.fault({ service: 'slack', method: 'conversations.create', kind: 'status', status: 429, retryAfter: 1, times: 0 })
  for (const wish of [
    'P4 Wrong colour',
    'P4 Wrong font',
    'P3 Slow list',
    'P2 Exports hang',
    'P2 Data breach --private',
    'P1 Nobody can pay',
    'P3 Raised later',
  ])
    expect((await bot.say('alice', 'general', `/incident new acme ${wish}`)).text).toMatch(/INC-\d/)
  expect((await bot.say('bob', 'general', '/incident severity INC-8 P1 nobody can sign in')).text).toContain('Now P1')
  await until(async () => (await told())[0]?.shown.includes('7 records wait for their channels'), 'the message of the storm')
  const shown = await until(async () => {
    const text = (await told())[0]?.shown ?? ''
    return text.includes('INC-8 P1') ? text : null
  }, 'the raised one in its place')
  expect(shown.match(/INC-\d P\d/g)).toEqual(['INC-7 P1', 'INC-8 P1', 'INC-5 P2', 'INC-4 P3', 'INC-2 P4', 'INC-3 P4'])
  expect(shown).toContain('1 private')
  expect(shown).not.toContain('breach')
  // Work goes on without a channel.
  expect((await bot.say('bob', 'general', '/incident ack INC-7')).text).toContain('INC-7 acknowledged')
  expect((await bot.calls()).filter(({ method, ok }) => method === 'conversations.create' && !ok).length).toBeGreaterThan(0)

  await bot.mend()
  const ids = ['INC-7', 'INC-8', 'INC-5', 'INC-6', 'INC-4', 'INC-2', 'INC-3']
  for (const id of ids) await bot.opened(id)
  const order = (await Promise.all(ids.map(async (id) => [await openedAt(id), (await bot.incident(id)).severity] as const)))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, severity]) => severity)
  expect(order).toEqual(['P1', 'P1', 'P2', 'P2', 'P3', 'P4', 'P4'])
  await until(async () => (await told())[0]?.shown.includes('The storm is over'), 'the end of the storm')
  expect(await told()).toHaveLength(1)
  for (const id of ids) expect((await bot.incident(id)).failedSteps, id).toEqual([])
  // What was refused was not made: nobody crawls for it (field 6).
  expect((await bot.calls()).filter(({ method }) => method === 'conversations.list')).toEqual(before)
})

test('one that waits alone is no storm, and the next storm has a message of its own (faults 13)', async () => {
  await bot.fault({ service: 'slack', method: 'conversations.create', kind: 'status', status: 429, retryAfter: 1 })
  await bot.say('alice', 'general', '/incident new acme P3 Alone')
  await bot.opened('INC-9')
  await bot.idle()
  expect(await told()).toHaveLength(1)

  await bot.fault({ service: 'slack', method: 'conversations.create', kind: 'status', status: 429, retryAfter: 1, times: 0 })
  // The answer to the post is lost: it stands there once all the same.
  await bot.fault({ service: 'slack', method: 'chat.postMessage', kind: 'drop-after', contains: '🌪' })
  await bot.say('alice', 'general', '/incident new acme P3 Together one')
  await bot.say('alice', 'general', '/incident new acme P3 Together two')
  await until(async () => (await told()).length === 2, 'a second message')
  await bot.mend()
  for (const id of ['INC-10', 'INC-11']) await bot.opened(id)
  await until(async () => (await told()).every(({ shown }) => shown.includes('The storm is over')), 'the end of both')
  expect(await told()).toHaveLength(2)
})

test('when the announcements channel is replaced meanwhile, the message of the storm stands in the new one', async () => {
  const before = (await told()).length
  await bot.fault({
    service: 'slack',
    method: 'conversations.create',
    kind: 'status',
    status: 429,
    retryAfter: 1,
    times: 0,
    contains: 'inc-',
  })
  await bot.say('alice', 'general', '/incident new acme P3 Moved one')
  await bot.say('alice', 'general', '/incident new acme P3 Moved two')
  await until(async () => (await told()).length === before + 1, 'a message in the old channel')
  const old = (await bot.channel('incidents')).id
  const client = new WebClient(botToken, { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })
  await client.conversations.rename({ channel: old, name: 'old-incidents' })
  await client.conversations.archive({ channel: old })
  await bot.say('alice', 'general', '/incident new acme P1 Moved three')
  await until(async () => {
    const there = (await bot.channels()).some(({ name, id }) => name === 'incidents' && id !== old)
    return there && (await told()).some(({ shown }) => shown.includes('Moved three'))
  }, 'the message in the new channel')
  expect(await told()).toHaveLength(1)
  await bot.mend()
  for (const id of ['INC-12', 'INC-13', 'INC-14']) await bot.opened(id)
  await until(async () => (await told())[0]?.shown.includes('The storm is over'), 'the end of the storm')
  expect(await told()).toHaveLength(1)
})
