/** Claim: among 100 000 pending timers, one that comes due fires at most 100 ms late at p99, and at most 1 s late when the process
 *  that set it has died. The baseline is pg-boss alone, which looks twice a second.
 *  `node bench/clocks.ts [pending] [measured]` */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import { type Store, openStore } from '../src/store/database.ts'
import { openQueue, timerId } from '../src/store/queue.ts'
import { startPostgres } from '../test/postgres.ts'
import { silent } from '../test/silent.ts'
import { queueOf } from '../test/store/sample.ts'

const pending = Number(process.argv[2] ?? 100_000)
const measured = Number(process.argv[3] ?? 200)
const spreadMs = 10_000
const queues = [queueOf('timer'), queueOf('baseline')]

const setTimers = async (store: Store, name: string, firstMs: number) => {
  const queue = await openQueue(store, { queues, log: silent })
  const now = Date.parse(await store.now())
  for (let i = 0; i < measured; i += 1) {
    const due = new Date(now + firstMs + Math.floor((i * spreadMs) / measured)).toISOString()
    await store.transaction((trx) =>
      queue.enqueue(trx, [{ queue: name, id: timerId(`${name} ${firstMs} ${now} ${i}`), data: { due }, startAfter: due }]),
    )
  }
  return queue
}

if (process.argv[2] === 'child') {
  // Sets its timers, says so, and waits to be killed.
  const store = await openStore({ url: process.argv[4]!, log: silent })
  await setTimers(store, 'timer', 4_000)
  process.stdout.write('set\n')
  await sleep(60_000)
}

await using postgres = await startPostgres({ durable: true })
const url = await postgres.createDatabase('bench')
const store = await openStore({ url, log: silent })
const queue = await openQueue(store, { queues, log: silent })

const far = Date.parse(await store.now()) + 3_600_000
for (let from = 0; from < pending; from += 5_000) {
  const specs = Array.from({ length: Math.min(5_000, pending - from) }, (_, i) => ({
    queue: 'timer',
    id: timerId(`far ${from + i}`),
    data: { due: null },
    startAfter: new Date(far + (from + i) * 1_000).toISOString(),
  }))
  await store.transaction((trx) => queue.enqueue(trx, specs))
}

let late: number[] = []
const record = async ({ data }: { data: Record<string, unknown> }) => {
  // The database's clock, as that is what the timer is due by; reading it adds its way to the lateness.
  const now = Date.parse(await store.now())
  late.push(now - Date.parse(data['due'] as string))
}
const report = async (what: string, target: string) => {
  for (const started = performance.now(); late.length < measured && performance.now() - started < 30_000;) await sleep(50)
  const sorted = late.toSorted((a, b) => a - b)
  late = []
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  console.log(`${what.padEnd(34)} ${sorted.length} fired, late by p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms ${target}`)
  return { p99: at(0.99) ?? Infinity, max: at(1) ?? Infinity, fired: sorted.length }
}

// pg-boss alone, with the settings of its own workers.
const alone = new PgBoss({ connectionString: url, schema: 'tocsin_jobs', supervise: false, schedule: false, migrate: false })
alone.on('error', (error) => console.error(error.message))
await alone.start()
for (let i = 0; i < 4; i += 1) {
  await alone.work('baseline', { batchSize: 1, pollingIntervalSeconds: 0.5 }, async ([job]: { data: unknown }[]) =>
    record({ data: job!.data as Record<string, unknown> }),
  )
}
const setter = await setTimers(store, 'baseline', 2_000)
await report('pg-boss alone, its queue empty', '')
await alone.stop({ graceful: false })

await queue.work({ timer: record })
await sleep(1_500)
await setter.stop(0)
const again = await setTimers(store, 'timer', 2_000)
const own = await report(`set here, among ${pending}`, '(target 100 at p99)')
await again.stop(0)

const child: ChildProcess = spawn(process.execPath, [import.meta.filename, 'child', String(measured), url], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
await once(child.stdout!, 'data')
child.kill('SIGKILL')
await once(child, 'exit')
const died = await report('set by a process that was killed', '(target 1000 at p99)')

await queue.stop(0)
await store.close()
if (own.p99 > 100 || died.p99 > 1_000 || own.fired < measured || died.fired < measured) process.exitCode = 1
