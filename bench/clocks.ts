/** Claim: among 100 000 pending timers, one that comes due fires at most 100 ms late at p99, and at most 1 s late when the process
 *  that set it has died. The baseline is pg-boss alone among as many, set as well as it can be: it looks twice a second, its least,
 *  with as many workers, and each takes all that is due.
 *  `node bench/clocks.ts [pending] [measured]` */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { PgBoss } from 'pg-boss'
import { type Store, openStore } from '../src/store/database.ts'
import { openQueue, type Queue, timerId } from '../src/store/queue.ts'
import { startPostgres } from '../test/postgres.ts'
import { silent } from '../test/silent.ts'
import { queueOf } from '../test/store/sample.ts'
import { baseline, claim, percentile, ratio } from './claim.ts'

const pending = Number(process.argv[2] ?? 100_000)
const measured = Number(process.argv[3] ?? 200)
const spreadMs = 10_000
const leadMs = 5_000
const queues = [queueOf('timer'), queueOf('baseline')]

/** Sets the timers that are measured; the first is due only when the last is set, on a slow machine, too. */
const setTimers = async (store: Store, queue: Queue, name: string) => {
  const now = Date.parse(await store.now())
  for (let i = 0; i < measured; i += 1) {
    const due = new Date(now + leadMs + Math.floor((i * spreadMs) / measured)).toISOString()
    await store.transaction((trx) =>
      queue.enqueue(trx, [{ queue: name, id: timerId(`${name} ${now} ${i}`), data: { due }, startAfter: due }]),
    )
  }
}

if (process.argv[2] === 'child') {
  // Sets its timers, says so, and waits to be killed.
  const store = await openStore({ url: process.argv[4]!, log: silent })
  await setTimers(store, await openQueue(store, { queues, log: silent }), 'timer')
  process.stdout.write('set\n')
  await sleep(60_000)
}

await using postgres = await startPostgres({ durable: true })
const url = await postgres.createDatabase('bench')
const store = await openStore({ url, log: silent })
const queue = await openQueue(store, { queues, log: silent })

const far = Date.parse(await store.now()) + 3_600_000
for (const name of ['timer', 'baseline']) {
  for (let from = 0; from < pending; from += 5_000) {
    const specs = Array.from({ length: Math.min(5_000, pending - from) }, (_, i) => ({
      queue: name,
      id: timerId(`far ${name} ${from + i}`),
      data: { due: null },
      startAfter: new Date(far + (from + i) * 1_000).toISOString(),
    }))
    await store.transaction((trx) => queue.enqueue(trx, specs))
  }
}
// As autovacuum would after so many rows: plans made without statistics would be measured instead.
await sql`analyze`.execute(store.db)

let late: number[] = []
const record = async ({ data }: { data: Record<string, unknown> }) => {
  // The database's clock, as that is what the timer is due by; reading it adds its way to the lateness.
  const now = Date.parse(await store.now())
  late.push(now - Date.parse(data['due'] as string))
}
/** How late they all were, once they have fired. One that has not fired is not on time either. */
const lateness = async (): Promise<number[]> => {
  for (const started = performance.now(); late.length < measured && performance.now() - started < 30_000;) await sleep(50)
  const found = [...late, ...Array.from({ length: Math.max(0, measured - late.length) }, () => Infinity)]
  late = []
  return found
}
const shown = (values: readonly number[]) => `p50 ${percentile(values, 0.5)} ms, most ${percentile(values, 1)} ms`

const alone = new PgBoss({ connectionString: url, schema: 'tocsin_jobs', supervise: false, schedule: false, migrate: false })
alone.on('error', (error) => console.error(error.message))
await alone.start()
for (let i = 0; i < queues[1]!.concurrency; i += 1) {
  const greedy = { batchSize: measured, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 }
  await alone.work('baseline', greedy, async (jobs: { data: unknown }[]) => {
    await Promise.all(jobs.map((job) => record({ data: job.data as Record<string, unknown> })))
  })
}
await setTimers(store, queue, 'baseline')
const bare = await lateness()
await alone.stop({ graceful: false })

await queue.work({ timer: record })
await setTimers(store, queue, 'timer')
const own = await lateness()

const child: ChildProcess = spawn(process.execPath, [import.meta.filename, 'child', String(measured), url], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
await once(child.stdout!, 'data')
child.kill('SIGKILL')
await once(child, 'exit')
const died = await lateness()

await queue.stop(0)
await store.close()

const p99 = (values: readonly number[]) => percentile(values, 0.99)
baseline(`late at p99, pg-boss alone among ${pending}`, p99(bare), 'ms')
claim(`late at p99, set here among ${pending}`, p99(own), 'ms', { most: 100 })
ratio('  set here', p99(own) / p99(bare))
claim('late at p99, set by a process that was killed', p99(died), 'ms', { most: 1_000 })
ratio('  killed', p99(died) / p99(bare))
console.log(`of ${measured} each: alone ${shown(bare)}; here ${shown(own)}; killed ${shown(died)}`)
