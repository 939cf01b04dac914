/** What people do to an incident's channel while it runs: the incident goes on. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sql } from 'kysely'
import { startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
let number = 0
beforeAll(async () => {
  bot = await startTestBot({ github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())
beforeEach(() => bot.mend())

const opened = async (title: string, more = ''): Promise<{ id: string; channel: string }> => {
  number += 1
  const id = `INC-${number}`
  expect((await bot.say('alice', 'general', `/incident new acme P3 ${title} ${more}`)).text).toContain(`${id} P3`)
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  return { id, channel }
}
const change = (channel: string, what: string, more: object = {}) =>
  bot.ask<{ events: { status: number }[] }>('POST', `/channels/${channel}/${what}`, { as: 'alice', ...more })
const isIn = async (channel: string) => (await bot.channel(channel)).members.includes(bot.workspace.bot.id)
/** What the bot does when it has not heard Slack for a while. */
const backlog = (id: string) =>
  bot.store.transaction((trx) =>
    bot.bot.queue.enqueue(trx, [{ queue: 'backlog', data: { incident: id, since: new Date(Date.now() - 60_000).toISOString() }, key: id }]),
  )
const types = async (id: string) => (await bot.load(id))?.events.map(({ event }) => event.type) ?? []

test('renamed: its record and its announcement follow (faults 19)', async () => {
  const { id, channel } = await opened('Renamed')
  const { events } = await change(channel, 'rename', { name: 'war-room' })
  expect(events.map(({ status }) => status)).toEqual([200])
  expect((await bot.incident(id)).channel).toEqual({ id: channel, name: 'war-room' })
  await bot.sees('incidents', '#war-room')
  expect((await bot.say('bob', channel, '/incident ack')).text).toContain('acknowledged')
  await bot.sees(channel, 'acknowledged after')
  expect((await bot.say('bob', 'general', '/incident list')).text).toContain('#war-room')
})

test('the same event four times renames once (faults 1; field 11)', async () => {
  const { id, channel } = await opened('Repeated')
  const event = { type: 'channel_rename', channel: { id: channel, name: 'once', created: 0 } }
  const first = await bot.event(event)
  for (const retry of [1, 2, 3]) expect((await bot.event(event, { event_id: first.event_id, retry })).status).toBe(200)
  expect((await types(id)).filter((type) => type === 'channel-renamed')).toHaveLength(1)
})

test('the bot is removed from a public channel: it goes back in, and nothing is missing (faults 19)', async () => {
  const { id, channel } = await opened('Kicked')
  await change(channel, 'kick')
  await until(() => isIn(channel), 'the bot in the channel')
  await until(async () => !(await bot.incident(id)).outside, 'the bot back')
  await bot.say('alice', channel, '/incident update here again')
  await bot.sees(channel, 'Update here again')
  await bot.sees(channel, 'The bot is back')
  const told = await types(id)
  expect(told.filter((type) => type === 'bot-removed')).toHaveLength(1)
  expect(told.filter((type) => type === 'bot-returned')).toHaveLength(1)
})

test('nobody said that it was removed: posting finds it out (faults 14, 19)', async () => {
  const { id, channel } = await opened('Unheard')
  await change(channel, 'kick', { silent: true })
  expect(await isIn(channel)).toBe(false)
  await bot.say('alice', channel, '/incident update did you notice')
  await bot.sees(channel, 'Update did you notice')
  expect(await types(id)).toEqual(expect.arrayContaining(['bot-removed', 'bot-returned']))
  expect((await bot.incident(id)).failedSteps).toEqual([])
})

test('removed again and again, it stays outside and says so (faults 19)', async () => {
  const { id, channel } = await opened('Unwanted')
  for (let round = 0; round < 3; round += 1) {
    await change(channel, 'kick')
    await until(async () => (await types(id)).filter((type) => type === 'bot-removed').length === round + 1, `removal ${round + 1}`)
    if (round < 2) await until(async () => !(await bot.incident(id)).outside && (await isIn(channel)), 'the bot back')
  }
  await bot.sees('incidents', 'The bot is not in the channel any more')
  expect(await isIn(channel)).toBe(false)
})

test('private: who can let the bot in is told, and what was missed comes in order, marked late (faults 19)', async () => {
  const { id, channel } = await opened('Secret', '--private')
  await bot.say('alice', channel, '/incident ack')
  await bot.idle()
  await bot.forgetCalls()
  await change(channel, 'kick')
  const failed = await until(
    async () => (await bot.incident(id)).failedSteps.find(({ step }) => step === 'outside'),
    'the step that failed',
  )
  expect(failed.reason).toContain('/invite @tocsin')
  await bot.idle()
  const direct = (await bot.calls()).filter((call) => call.method === 'chat.postMessage' && call.channel === bot.user('alice'))
  expect(direct.map(({ ok }) => ok)).toEqual([true])
  // The incident goes on from elsewhere, and nothing of it shows in public.
  expect((await bot.say('alice', 'general', `/incident update ${id} from outside`)).text).toContain('Update posted')
  expect((await bot.say('alice', 'general', `/incident note ${id} more`)).text).toContain('Noted')
  expect((await bot.say('alice', 'general', `/incident mitigate ${id} switched over`)).text).toMatch(/mitigated/i)
  await bot.idle()
  expect((await bot.texts('incidents')).join('\n')).not.toContain('Secret')
  expect((await bot.incident(id)).channel?.id).toBe(channel)
  // Ten minutes pass.
  await sql`update tocsin.event set text = replace(text, data ->> 'at', to_char((data ->> 'at')::timestamptz at time zone 'UTC' - interval '10 minutes', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) where incident = ${id}`.execute(
    bot.store.db,
  )
  await change(channel, 'invite')
  await bot.sees(channel, 'The bot is back')
  const texts = await bot.texts(channel)
  const at = (text: string) => texts.findIndex((shown) => shown.includes(text))
  expect(at('Update from outside')).toBeGreaterThan(0)
  expect([at('Update from outside'), at('mitigated the impact'), at('The bot is back')]).toEqual(
    [at('Update from outside'), at('mitigated the impact'), at('The bot is back')].toSorted((a, b) => a - b),
  )
  expect(texts[at('Update from outside')]).toContain('🕓 Late: this happened')
  await until(async () => (await bot.incident(id)).failedSteps.length === 0, 'the step mended')
  expect(texts.filter((text) => text.includes('Update from outside'))).toHaveLength(1)
})

test('14: private, and nobody said that the bot was removed: no second channel; who can let it in is told, and it goes on', async () => {
  const { id, channel } = await opened('Quiet', '--private')
  await bot.say('bob', channel, '/incident ack')
  await bot.idle()
  await bot.forgetCalls()
  await change(channel, 'kick', { silent: true })
  await bot.say('alice', channel, '/incident update did you notice')
  const failed = await until(
    async () => (await bot.incident(id)).failedSteps.find(({ step }) => step === 'outside'),
    'the step that failed',
  )
  expect(failed.reason).toContain('/invite @tocsin')
  await bot.idle()
  const calls = await bot.calls()
  const direct = calls.filter(
    ({ method, channel: to }) => method === 'chat.postMessage' && [bot.user('alice'), bot.user('bob')].includes(to ?? ''),
  )
  expect(new Set(direct.map((call) => call.channel))).toEqual(new Set([bot.user('alice'), bot.user('bob')]))
  expect(direct).toHaveLength(2)
  expect(calls.map(({ method }) => method)).not.toContain('conversations.create')
  expect((await bot.incident(id)).channel?.id).toBe(channel)
  expect((await bot.incident(id)).lostChannels).toEqual([])
  expect((await bot.say('alice', 'general', `/incident status ${id}`)).text).toContain('/invite @tocsin')
  expect((await bot.say('alice', 'general', `/incident channel ${id}`)).text).toContain(`/incident channel ${id} new`)
  // It is let in again, and that is not heard either: what comes next finds it out.
  await change(channel, 'invite', { silent: true })
  await bot.say('alice', 'general', `/incident note ${id} all is there`)
  await bot.sees(channel, 'The bot is back')
  await bot.sees(channel, 'Update did you notice')
  expect((await types(id)).filter((type) => type === 'bot-removed' || type === 'bot-returned')).toEqual(['bot-removed', 'bot-returned'])
  expect((await bot.say('alice', channel, '/incident channel new')).text).toContain('it stays where it is')
})

test('private, deleted unheard: another channel when somebody asks for one, with all that was posted', async () => {
  const { id, channel } = await opened('Deleted unheard', '--private')
  await bot.say('alice', channel, '/incident update before')
  await bot.sees(channel, 'Update before')
  await change(channel, 'kick', { silent: true })
  await backlog(id)
  await until(async () => (await bot.incident(id)).failedSteps.find(({ step }) => step === 'outside'), 'the step that failed')
  expect((await bot.incident(id)).channel?.id).toBe(channel)
  // Who is not in it makes no other.
  expect((await bot.say('carol', 'general', `/incident channel ${id} new`)).text).toContain('is private')
  expect((await bot.say('alice', 'general', `/incident channel ${id} new`)).text).toContain('gets another channel in a moment')
  const next = await until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now === channel ? null : now
  }, 'another channel')
  expect((await bot.channel(next)).isPrivate).toBe(true)
  await bot.sees(next, 'Update before')
  await bot.sees(next, 'The channel before this one was lost: alice Example asked for another')
  await until(async () => (await bot.incident(id)).failedSteps.length === 0, 'the step mended')
})

test('private: what was not heard is read afterwards, both that the bot was removed and that it is back', async () => {
  const { id, channel } = await opened('Read later', '--private')
  await change(channel, 'kick', { silent: true })
  await backlog(id)
  await until(async () => (await bot.incident(id)).outside, 'the bot outside')
  await bot.idle()
  await change(channel, 'invite', { silent: true })
  await backlog(id)
  await until(async () => !(await bot.incident(id)).outside, 'the bot back')
  await bot.sees(channel, 'The bot is back')
  expect((await bot.incident(id)).lostChannels).toEqual([])
})

test('made private: it works on; removed after that, its announcement says how to let it in (faults 19)', async () => {
  const { id, channel } = await opened('Converted')
  await change(channel, 'convert')
  expect((await bot.channel(channel)).isPrivate).toBe(true)
  await bot.say('alice', channel, '/incident update still here')
  await bot.sees(channel, 'Update still here')
  await change(channel, 'kick')
  await bot.sees('incidents', '/invite @tocsin')
  await change(channel, 'invite')
  await bot.sees(channel, 'The bot is back')
  await until(async () => !(await bot.texts('incidents')).some((text) => text.includes('/invite @tocsin')), 'the warning gone')
  expect((await bot.incident(id)).failedSteps).toEqual([])
})

test('archived: the next channel repeats it; resolved and unarchived: what was missed follows (faults 19; field 14)', async () => {
  const { id, channel } = await opened('Archived')
  await bot.say('alice', channel, '/incident update before')
  await bot.sees(channel, 'Update before')
  await change(channel, 'archive')
  const next = await until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now === channel ? null : now
  }, 'another channel')
  await bot.sees(next, 'Update before')
  await bot.sees(next, 'The channel before this one was lost')
  await change(channel, 'unarchive')
  await bot.say('alice', next, '/incident update after')
  await bot.sees(next, 'Update after')
  expect((await bot.incident(id)).channel?.id).toBe(next)
  await bot.say('alice', next, '/incident resolve done')
  await bot.sees(next, 'resolved after')
  await bot.idle()
  await change(next, 'archive')
  await bot.say('alice', 'general', `/incident postmortem ${id} done`)
  await bot.idle()
  expect((await bot.incident(id)).channel?.id).toBe(next)
  await change(next, 'unarchive')
  await bot.sees(next, 'marked the post-mortem as reviewed')
})

test('deleted: the next channel repeats it, and nothing is looked for in the old one (faults 19)', async () => {
  const { id, channel } = await opened('Deleted')
  await bot.say('alice', channel, '/incident update before')
  await bot.sees(channel, 'Update before')
  await bot.event({ type: 'channel_deleted', channel, event_ts: '1.0' })
  const next = await until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now === channel ? null : now
  }, 'another channel')
  await bot.sees(next, 'Update before')
  await bot.sees(next, 'The channel before this one was lost: the channel was deleted')
  await bot.idle()
  await bot.forgetCalls()
  await bot.say('alice', next, '/incident update after')
  await bot.sees(next, 'Update after')
  expect((await bot.calls()).filter((call) => call.channel === channel)).toEqual([])
})

test('what is repeated in the next channel mentions nobody, except in what is still asked (faults 19)', async () => {
  number += 1
  const id = `INC-${number}`
  await bot.say('alice', 'general', '/incident new acme P1 Called twice')
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.say('alice', channel, '/incident page @dave look at the pool')
  await bot.say('alice', channel, '/incident update before')
  await bot.sees(channel, 'Update before')
  const mentions = async (where: string, text: string) => {
    const found = (await bot.messages(where)).find(({ shown }) => shown.includes(text))
    return ['alice', 'bob', 'dave'].filter((name) => JSON.stringify(found?.raw ?? '').includes(bot.user(name)))
  }
  expect(await mentions(channel, 'you are needed')).toEqual(['alice', 'dave'])
  expect(await mentions(channel, 'Update before')).toEqual(['alice'])
  await bot.event({ type: 'channel_deleted', channel, event_ts: '1.0' })
  const next = await until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now === channel ? null : now
  }, 'another channel')
  await bot.sees(next, 'The channel before this one was lost')
  expect(await bot.sees(next, 'you are needed')).toContain('dave Example you are needed')
  expect(await mentions(next, 'you are needed')).toEqual([])
  expect(await mentions(next, 'Update before')).toEqual([])
  // The response clock runs: whoever was paged at the opening is still called.
  expect(await mentions(next, 'please acknowledge')).toEqual(['bob'])
  await bot.say('alice', next, '/incident update after')
  await bot.sees(next, 'Update after')
  expect(await mentions(next, 'Update after')).toEqual(['alice'])
  await until(async () => (await bot.channel(next)).members.includes(bot.user('dave')), 'who was called, in the next channel')
})
