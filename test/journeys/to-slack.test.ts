/** What Slack does wrong with what the bot asks of it, through the whole bot. */
import { WebClient } from '@slack/web-api'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
let number = 0
beforeAll(async () => {
  bot = await startTestBot({
    github: false,
    files: {
      'guests/service.yml': `name: Guests
contacts:
  first: { name: Gone Person, slackUser: U0DEADBEEF }
  second: { name: Bob, email: bob@example.test }
  third: { name: Nobody, email: nobody@example.test }
  fourth: { name: Security Officer, email: "\${GUESTS_SECURITY_EMAIL:-}", placeholder: "[Contact Info]" }
  fifth: { name: Emergency number, phone: "+41 44 123 45 67" }
ladder: [first, second, third, fourth, fifth]
`,
    },
  })
})
afterAll(() => bot[Symbol.asyncDispose]())
beforeEach(() => bot.mend())

/** Declares without waiting for anything. */
const declare = async (title: string, product = 'acme'): Promise<string> => {
  number += 1
  expect((await bot.say('alice', 'general', `/incident new ${product} P3 ${title}`)).text).toContain(`INC-${number} P3`)
  return `INC-${number}`
}
/** Declares and waits until its channel is complete. */
const opened = async (title: string): Promise<{ id: string; channel: string }> => {
  const id = await declare(title)
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  return { id, channel }
}
const copies = async (channel: string, text: string) => (await bot.texts(channel)).filter((shown) => shown.includes(text)).length
const channelsOf = async (id: string) => (await bot.channels()).filter(({ name }) => name.startsWith(`${id.toLowerCase()}-`))

test('a limit on one channel makes only that channel wait, in order (faults 12; field 9)', async () => {
  const slow = await opened('Limited')
  const free = await opened('Free')
  await bot.fault({ service: 'slack', method: 'chat.postMessage', channel: slow.channel, kind: 'status', status: 429, retryAfter: 4 })
  const started = performance.now()
  for (const text of ['one', 'two', 'three']) await bot.say('alice', slow.channel, `/incident update ${text}`)
  await bot.say('alice', free.channel, '/incident update at once')
  await bot.sees(free.channel, 'Update at once')
  await bot.sees(slow.channel, 'Update three')
  expect(performance.now() - started).toBeGreaterThan(3_900)
  const postedAt = async (channel: string) => Number((await bot.messages(channel)).find(({ shown }) => shown.startsWith('📣'))?.ts)
  expect(await postedAt(free.channel)).toBeLessThan(await postedAt(slow.channel))
  const updates = (await bot.texts(slow.channel)).filter((text) => text.startsWith('📣')).map((text) => text.split('\n')[0])
  expect(updates).toEqual(['📣 Update one', '📣 Update two', '📣 Update three'])
})

test('a channel that is gone is made anew; a refusal is shown and mended (faults 14, 19; field 14)', async () => {
  for (const error of ['channel_not_found', 'is_archived']) {
    const { id, channel } = await opened(`Gone ${error.replaceAll('_', ' ')}`)
    await bot.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'error', error })
    await bot.say('alice', 'general', `/incident update ${id} still here`)
    const next = await until(async () => {
      const now = (await bot.incident(id)).channel?.id
      return now === channel ? null : now
    }, 'another channel')
    await bot.sees(next, 'Update still here')
  }
  const { id, channel } = await opened('Restricted')
  await bot.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'error', error: 'restricted_action', times: 2 })
  await bot.say('alice', channel, '/incident update not yet')
  await until(async () => (await bot.incident(id)).failedSteps.length > 0, 'a failed step')
  expect((await bot.incident(id)).failedSteps).toMatchObject([
    { surface: 'channel', step: 'message', reason: expect.stringContaining('restricted_action') as string },
  ])
  await bot.sees(channel, 'Update not yet')
  await until(async () => (await bot.incident(id)).failedSteps.length === 0, 'the step mended')
  expect(await channelsOf(id)).toHaveLength(1)
})

test('15: a message whose answer was lost shows once', async () => {
  const { channel } = await opened('Lost answers')
  await bot.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'drop-after' })
  await bot.say('alice', channel, '/incident update only once')
  await bot.sees(channel, 'Update only once')
  await bot.say('alice', channel, '/incident update and the next')
  await bot.sees(channel, 'Update and the next')
  await bot.idle()
  expect(await copies(channel, 'Update only once')).toBe(1)
})

test('15: a channel whose answer was lost exists once; so do header and announcement', async () => {
  await bot.fault({ service: 'slack', method: 'conversations.create', kind: 'drop-after' })
  const id = await declare('Made twice')
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  expect(await channelsOf(id)).toHaveLength(1)
  await bot.fault({ service: 'slack', method: 'chat.postMessage', kind: 'drop-after', times: 2 })
  const second = await declare('Headless')
  const other = await bot.opened(second)
  await bot.sees(other, 'Checks at opening')
  await bot.idle()
  expect(await copies(other, `${second} ·`)).toBe(2 /* the header, and the topic's own line */)
  expect(await copies('incidents', 'Headless')).toBe(1)
})

test('a name that is taken, by an archived channel too, gets a suffix, however often it is taken (faults 16; field 4)', async () => {
  const slack = new WebClient('xoxp-bob', { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })
  const name = `inc-${number + 1}-acme-taken`
  const { channel: taken } = await slack.conversations.create({ name })
  for (let suffix = 2; suffix <= 8; suffix += 1) await slack.conversations.create({ name: `${name}-${suffix}` })
  await slack.conversations.archive({ channel: taken?.id ?? '' })
  const id = await declare('Taken')
  expect((await bot.channel(await bot.opened(id))).name).toBe(`${name}-9`)
  // The other channel is left as it was.
  expect(await bot.channel(taken?.id ?? '')).toMatchObject({ isArchived: true })
})

test('who cannot be invited is shown, all others are in (faults 17; field 13)', async () => {
  const id = await declare('With guests', 'guests')
  // A P3 invites the first of the ladder only.
  const channel = await bot.opened(id)
  await bot.idle()
  expect((await bot.say('alice', channel, '/incident severity P1')).text).toContain('Now P1')
  await until(async () => (await bot.channel(channel)).members.includes(bot.user('bob')), 'bob in the channel')
  expect((await bot.channel(channel)).members).toContain(bot.user('alice'))
  const shown = await bot.sees(channel, /⚠.*nobody@example.test/)
  expect(shown).toContain('Gone Person: no such person (user_not_found); nobody@example.test (not in this workspace)')
  expect(shown).toContain('Security Officer (no address: set GUESTS_SECURITY_EMAIL); Emergency number (only a telephone number is known)')
})

test('18: blocks that Slack finds too long are sent as text', async () => {
  const { channel } = await opened('Long')
  await bot.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'error', error: 'msg_blocks_too_long' })
  await bot.say('alice', channel, `/incident update ${'many words '.repeat(270)}end`)
  expect(await bot.sees(channel, 'many words')).toContain('Update')
  const most = `/incident update ${'<&> 🧨 '.repeat(495)}`
  expect((await bot.say('alice', channel, most)).text).toContain('Update posted')
  await bot.sees(channel, '<&> 🧨')
  expect((await bot.say('alice', channel, `/incident update ${'x'.repeat(3001)}`)).text).toContain('3001 characters')
})
