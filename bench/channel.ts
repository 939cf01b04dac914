/** Claims, for an incident with 500 kept messages and 200 events more: `/incident status` is answered within 150 ms at p99; showing one
 *  change costs two Slack calls in its channel at most, and one transaction that writes beside those that take and give back the lease;
 *  and a burst of 50 notes and 50 updates ends with the channel right, in order, with no call refused for its rate and the header edited
 *  once in 3 s at most. Baseline in the same run: the same of an incident with as good as no events.
 *  `node bench/channel.ts [messages] [events]` */
import { sql } from 'kysely'
import { startTestBot } from '../test/bot.ts'
import { baseline, claim, percentile, ratio, value } from './claim.ts'
import { startLoggingPostgres, type Transaction } from './transactions.ts'

const messages = Number(process.argv[2] ?? 500)
const events = Number(process.argv[3] ?? 200)
const asked = 300
const burst = 50
const calmMs = 3_000
const patienceMs = 300_000

const people = ['alice', 'bob', 'carol', 'dave']
const somebody = (index: number): string => people[index % people.length] ?? ''

await using postgres = await startLoggingPostgres()
await using bot = await startTestBot({ store: { url: await postgres.createDatabase('channel') } })

const each = async (count: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(people.map(lane))
}

const open = async (number: number): Promise<string> => {
  await bot.say('alice', 'general', `/incident new acme P4 Payments fail, seen by ${number}`)
  const channel = await bot.opened(`INC-${number}`)
  await bot.ask('POST', '/invite', { in: channel, users: people })
  return channel
}

/** No surface has anything left to show, now or later. */
const settled = () =>
  bot.until(
    async () => {
      const { rows } = await sql<{ waiting: number }>`
        select count(*)::int as waiting from tocsin_jobs.job where name like 'sync-%' and state < 'completed'`.execute(bot.store.db)
      return rows[0]?.waiting === 0
    },
    'nothing left to show',
    patienceMs,
  )

const [few, many] = [await open(1), await open(2)]
await each(messages, async (index) => {
  const { ts } = await bot.ask<{ ts: string }>('POST', '/say', { in: many, as: somebody(index), text: `Number ${index}: the queue grows` })
  await bot.ask('POST', '/pin', { in: many, as: somebody(index + 1), ts })
})
await each(events, (index) => {
  const verb = ['update We look at', 'suspect Cause', 'todo Task'][index % 10] ?? 'note Seen'
  return bot.say(somebody(index), many, `/incident ${verb} ${index}`)
})
await bot.until(async () => (await bot.incident('INC-2')).messages.length === messages, 'all messages kept', patienceMs)
await settled()
value('events of the large incident', (await bot.incident('INC-2')).version, '')
value('messages in its channel', (await bot.messages(many)).length, '')

const status = async (channel: string): Promise<number[]> => {
  const times: number[] = []
  for (let index = 0; index < asked; index += 1) times.push((await bot.say(somebody(index), channel, '/incident status')).took)
  return times
}
// The small one twice, so that what is slow at first is slow for neither.
await status(few)
const [small, large] = [await status(few), await status(many)]
baseline('/incident status, small incident, p99', percentile(small, 0.99), 'ms')
claim('/incident status, p50', percentile(large, 0.5), 'ms', { most: 150 })
claim('/incident status, p99', percentile(large, 0.99), 'ms', { most: 150 })
ratio('  of it, p50', percentile(large, 0.5) / percentile(small, 0.5))

/** Until the header may be edited at once again. */
const calm = async () => {
  await settled()
  const last = Math.max(0, ...(await bot.calls()).filter(({ method }) => method === 'chat.update').map(({ at }) => at))
  await bot.until(() => Date.now() > last + 2 * calmMs, 'a header that may be edited')
}

const writes = /^(?:insert|update|delete|with held)\b/i
const isOf =
  (surface: string, table: RegExp) =>
  ({ statements }: Transaction): boolean =>
    statements.some((statement) => writes.test(statement) && table.test(statement) && statement.includes(`'${surface}'`))

/** What showing one change costs: calls in the channel and elsewhere, transactions that write for the channel's surface, and how many of
 *  these are the lease's beginning. */
const cost = async (channel: string, text: string) => {
  await calm()
  await bot.forgetCalls()
  const transactions = await postgres.during(async () => {
    await bot.say('bob', channel, `/incident ${text}`)
    await settled()
  })
  const calls = (await bot.calls()).map((call) => ({ ...call, here: call.channel === channel }))
  return {
    here: calls.filter(({ here }) => here).map(({ method }) => method),
    elsewhere: calls.filter(({ here }) => !here).map(({ method }) => method),
    writing: transactions.filter(isOf('channel', /tocsin\.(?:lease|item)/)).length,
    runs: transactions.filter(isOf('channel', /^insert into tocsin\.lease/)).length,
  }
}

// Who takes the lead by acknowledging is told what that asks of them: a call more, to one person, that is none of the channel's.
for (const channel of [few, many]) await bot.say('bob', channel, '/incident role lead')
for (const text of ['ack', 'note Seen once more', 'update Seen once more', 'suspect The pool', 'todo Raise the pool']) {
  const verb = text.split(' ')[0] ?? ''
  const [little, much] = [await cost(few, text), await cost(many, text)]
  baseline(`${verb}, small incident: Slack calls in its channel`, little.here.length, '')
  claim(`${verb}: Slack calls in its channel`, much.here.length, '', { most: 2 })
  value('  elsewhere, for the announcement', much.elsewhere.length, '')
  // Each run takes the lease and gives it back.
  claim('  transactions that write, beside the lease', much.writing - 2 * much.runs, '', { most: 1 })
}

const shownOf = async (channel: string) => (await bot.messages(channel)).map(({ shown }) => shown)
await calm()
await bot.forgetCalls()
await bot.ask('PUT', '/limits', { on: true })
const began = performance.now()
const answers: { took: number; text: string }[] = []
await each(2 * burst, async (index) => {
  // Every tenth changes the header, too: somebody else is the scribe.
  if (index % 10 === 0) await bot.say(somebody(index / 10), many, '/incident role scribe')
  answers.push(await bot.say(somebody(index), many, `/incident ${index % 2 === 0 ? 'note' : 'update'} Burst ${index}`))
})
value(`burst of ${burst} notes and ${burst} updates, answered after`, performance.now() - began, 'ms')
value('  slowest answer', Math.max(...answers.map(({ took }) => took)), 'ms')
claim('  of them accepted', answers.filter(({ text }) => text.startsWith('✅')).length, '', { least: 2 * burst })
const stream = (await bot.load('INC-2'))?.events ?? []
const told = stream.flatMap(({ event }) => (event.type === 'updated' && event.text.startsWith('Burst ') ? [event.text] : []))
const burstShown = async () => (await shownOf(many)).flatMap((shown) => /Update (Burst \d+)/.exec(shown)?.[1] ?? [])
await bot.until(async () => (await burstShown()).length >= told.length, 'the burst in the channel', patienceMs)
value('  all shown after', performance.now() - began, 'ms')
await settled()
// A connection that was not used for some seconds may be closing.
await bot.until(() => bot.ask('PUT', '/limits', { on: false }), 'no limits')
const shown = await burstShown()
const calls = (await bot.calls()).filter(({ channel }) => channel === many)
const edits = calls.filter(({ method }) => method === 'chat.update').map(({ at }) => at)
const noted = stream.filter(({ event }) => event.type === 'noted' && event.text.startsWith('Burst ')).length
claim('  notes recorded', noted, '', { least: burst })
claim('  updates shown twice, or out of order', shown.filter((text, index) => told[index] !== text).length, '', { most: 0 })
claim('  calls refused for their rate', calls.filter(({ status: code }) => code === 429).length, '', { most: 0 })
value('  edits of the header', edits.length, '')
claim('  least time between two edits of the header', Math.min(...edits.slice(1).map((at, index) => at - (edits[index] ?? 0))), 'ms', {
  least: calmMs,
})
