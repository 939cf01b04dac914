import { performance } from 'node:perf_hooks'
import { startTestBot } from '../test/bot.ts'
import { startLoggingPostgres } from './transactions.ts'
import { percentile } from './claim.ts'

await using postgres = await startLoggingPostgres()
await using bot = await startTestBot({ store: { url: await postgres.createDatabase('channel') } })
const people = ['alice', 'bob', 'carol', 'dave']
const at = (i: number) => people[i % 4]!
const t0 = performance.now()
const lap = (what: string) => console.log(what, Math.round(performance.now() - t0))

const each = async (count: number, lanes: number, work: (i: number) => Promise<unknown>) => {
  let next = 0
  await Promise.all(Array.from({ length: lanes }, async () => { while (next < count) { const i = next; next += 1; await work(i) } }))
}
const open = async (n: number) => {
  await bot.say('alice', 'general', `/incident new acme P4 Payments fail ${n}`)
  const ch = await bot.opened(`INC-${n}`)
  await bot.ask('POST', '/invite', { in: ch, users: people })
  await bot.idle()
  return ch
}
const small = await open(1)
const large = await open(2)
lap('open')
const N = Number(process.argv[2] ?? 500)
await each(N, 4, async (i) => {
  const { ts } = await bot.ask<{ ts: string }>('POST', '/say', { in: large, as: at(i), text: `What we see, number ${i}: the queue is ${i} long` })
  await bot.ask('POST', '/pin', { in: large, as: at(i + 1), ts })
})
lap('said')
await each(200, 4, async (i) => {
  const verb = i % 10 === 0 ? `update We look at ${i}` : i % 10 === 1 ? `suspect Cause ${i}` : i % 10 === 2 ? `todo Task ${i}` : `note Seen ${i}`
  await bot.say(at(i), large, `/incident ${verb}`)
})
lap('commands')
await bot.until(async () => (await bot.incident('INC-2')).messages.length === N, 'messages', 600_000)
lap('kept')
await bot.idle()
console.log('version', (await bot.incident('INC-2')).version)
for (const [name, ch] of [['small', small], ['large', large]] as const) {
  const times: number[] = []
  for (let i = 0; i < 300; i += 1) times.push((await bot.say(at(i), ch, '/incident status')).took)
  console.log(name, percentile(times, 0.5), percentile(times, 0.99))
}
const settled = () =>
  bot.until(async () => {
    const { rows } = await (await import('kysely')).sql<{ n: number }>`select count(*)::int as n from tocsin_jobs.job where name like 'sync-%' and state < 'completed'`.execute(bot.store.db)
    return rows[0]?.n === 0
  }, 'settled')
for (const verb of ['note One', 'update One', 'suspect One', 'ack']) {
  await settled()
  await bot.until(async () => Date.now() - Math.max(0, ...(await bot.calls()).filter((c) => c.method === 'chat.update').map((c) => c.at)) > 3500, 'calm')
  await bot.forgetCalls()
  const all = await postgres.during(async () => { await bot.say('alice', large, `/incident ${verb}`); await settled() })
  const calls = await bot.calls()
  console.log('==', verb, calls.map((c) => `${c.method}${c.channel === large ? '' : ' elsewhere'}`).join(', '))
  for (const { statements } of all) {
    if (!statements.some((s) => s.includes('tocsin') || s.includes('clock_timestamp'))) continue
    console.log('  ', statements.map((s) => s.replaceAll(/\s+/g, ' ').slice(0, 90)).join(' ;; '))
  }
}
const lines = bot.lines.filter((l) => l['queue'] === 'sync-channel').map((l) => l['ms'])
console.log('sync ms last', lines.slice(-10))
