/** What showing a change costs, and what a burst of changes ends with. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'

const people = ['alice', 'bob', 'carol', 'dave']

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())

/** No surface has anything left to show, now or later: the header may wait for its time. */
const settled = () =>
  bot.until(async () => {
    const waiting = await bot.store.db
      .withSchema('tocsin_jobs')
      // pg-boss's table is none of ours, so its columns are not known to the types.
      .selectFrom('job' as never)
      .select('name' as never)
      .where('name' as never, 'like', 'sync-%' as never)
      .where('state' as never, 'in', ['created', 'active', 'retry'] as never)
      .execute()
    return waiting.length === 0
  }, 'nothing left to show')

const open = async (number: number, severity: string): Promise<string> => {
  await bot.say('alice', 'general', `/incident new acme ${severity} Payments fail ${number}`)
  const channel = await bot.opened(`INC-${number}`)
  await bot.sees(channel, 'Checks at opening')
  await bot.ask('POST', '/invite', { in: channel, users: people })
  await settled()
  return channel
}

/** The calls that what is typed costs: those in its channel, and the others. */
const costs = async (channel: string, text: string): Promise<{ here: string[]; elsewhere: string[] }> => {
  await settled()
  await bot.forgetCalls()
  const { text: answer } = await bot.say('bob', channel, text)
  expect(answer).toMatch(/^✅/)
  await settled()
  const calls = await bot.calls()
  const named = (here: boolean) => calls.filter((call) => (call.channel === channel) === here).map(({ method }) => method)
  return { here: named(true).toSorted(), elsewhere: named(false) }
}

test('field 19: a change costs two calls in its channel, one more where it ticks the checklist, and none elsewhere unless the announcement changes', async () => {
  const channel = await open(1, 'P1')
  // Who takes the lead is told what that asks of them; and what ticks an item of the checklist edits that, once in the record's life.
  expect(await costs(channel, '/incident role lead')).toEqual({
    here: ['chat.postEphemeral', 'chat.postMessage', 'chat.update', 'chat.update'],
    elsewhere: [],
  })
  expect(await costs(channel, '/incident note The pool is empty')).toEqual({ here: [], elsewhere: [] })
  expect(await costs(channel, '/incident todo Raise the pool size')).toEqual({ here: ['chat.postMessage'], elsewhere: [] })
  expect(await costs(channel, '/incident suspect The last deploy')).toEqual({ here: ['chat.postMessage'], elsewhere: [] })
  expect(await costs(channel, '/incident suspect The pool')).toEqual({ here: ['chat.update'], elsewhere: [] })
  // The header says by when the next update is due.
  expect((await costs(channel, '/incident update The first one ticks the checklist, too')).elsewhere).toEqual([])
  expect(await costs(channel, '/incident update We look next 20m')).toEqual({ here: ['chat.postMessage', 'chat.update'], elsewhere: [] })
  // Confirms the severity, which is an item of the checklist.
  expect(await costs(channel, '/incident ack')).toEqual({
    here: ['chat.postMessage', 'chat.update', 'chat.update'],
    elsewhere: ['chat.update'],
  })
  expect(await costs(channel, '/incident mitigate Rolled back')).toEqual({
    here: ['chat.postMessage', 'chat.update'],
    elsewhere: ['chat.update'],
  })
})

test('faults 35: a burst of notes and updates by four people is shown once, in order, within Slack’s limits, the header edited once in 3 s', async () => {
  const channel = await open(2, 'P3')
  await bot.ask('PUT', '/limits', { on: true })
  await bot.forgetCalls()
  const answers: string[] = []
  // Each types one after the other, all at the same time.
  await Promise.all(
    people.map(async (person, lane) => {
      for (let index = lane; index < 75; index += people.length)
        answers.push((await bot.say(person, channel, `/incident ${index % 3 === 0 ? 'update' : 'note'} Burst ${index}`)).text)
    }),
  )
  // The header follows who is the scribe.
  for (const person of people) await bot.say(person, channel, '/incident role scribe')
  expect(answers.filter((text) => !text.startsWith('✅'))).toEqual([])
  const stream = (await bot.load('INC-2'))?.events ?? []
  const told = stream.flatMap(({ event }) => (event.type === 'updated' ? [event.text] : []))
  expect(told).toHaveLength(25)
  expect(stream.filter(({ event }) => event.type === 'noted')).toHaveLength(50)
  await bot.sees(channel, told.at(-1) ?? '', 120_000)
  await bot.sees(channel, /Scribe.*@dave/, 120_000)
  await settled()
  await bot.until(() => bot.ask('PUT', '/limits', { on: false }), 'no limits')

  const shown = await bot.texts(channel)
  expect(shown.flatMap((text) => /Update (Burst \d+)/.exec(text)?.[1] ?? [])).toEqual(told)
  expect(shown.filter((text) => text.includes('Scribe @dave'))).toHaveLength(1)
  const calls = await bot.calls()
  expect(calls.filter(({ status }) => status === 429)).toEqual([])
  const edits = calls.filter((call) => call.method === 'chat.update' && call.channel === channel).map(({ at }) => at)
  expect(edits.length).toBeGreaterThan(0)
  expect(edits.slice(1).filter((at, index) => at - (edits[index] ?? 0) < 3_000)).toEqual([])
}, 300_000)
