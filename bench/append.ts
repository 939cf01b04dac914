/** Claim: appending an event with two jobs runs at 1 000 a second at least on 8 connections of a PostgreSQL that waits for the
 *  disk, and at 0.35 at least of the same rows hand-written in one transaction with one NOTIFY.
 *  `node bench/append.ts [seconds]` */
import { randomUUID } from 'node:crypto'
import { Pool } from 'pg'
import type { Recorded } from '../src/incident/events.ts'
import type { Incident } from '../src/incident/incident.ts'
import { openStore } from '../src/store/database.ts'
import { appendEvents, canonicalText, chainHash, lockIncident, saveIncident } from '../src/store/events.ts'
import { openQueue } from '../src/store/queue.ts'
import { startPostgres } from '../test/postgres.ts'
import { silent } from '../test/silent.ts'
import { declare, noted, alice, queueOf } from '../test/store/sample.ts'
import { baseline, claim } from './claim.ts'

const seconds = Number(process.argv[2] ?? 5)
const lanes = 8

await using postgres = await startPostgres({ durable: true })
const url = await postgres.createDatabase('bench')
const store = await openStore({ url, log: silent, connections: lanes })
const queue = await openQueue(store, {
  queues: [queueOf('channel', { coalesce: true }), queueOf('record', { coalesce: true })],
  log: silent,
})
const incidents = await Promise.all(Array.from({ length: lanes }, () => declare(store)))

/** Runs `once` on all lanes for a while; gives runs a second. */
const measure = async (once: (lane: number, turn: number) => Promise<void>): Promise<number> => {
  const started = performance.now()
  let runs = 0
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let turn = 0; performance.now() - started < seconds * 1_000; turn += 1) {
        await once(lane, turn)
        runs += 1
      }
    }),
  )
  return runs / ((performance.now() - started) / 1_000)
}

/** What `handle` does: lock, append, save, enqueue. The keys differ each time, so that both jobs are really inserted. */
const ours = async (lane: number): Promise<void> => {
  const present = incidents[lane]!
  incidents[lane] = await store.transaction(async (trx): Promise<Incident> => {
    const locked = await lockIncident(trx, present.id)
    const recorded: Recorded = {
      incident: present.id,
      seq: locked!.version + 1,
      at: locked!.now,
      occurredAt: locked!.now,
      by: alice,
      event: noted('Payments fail for some'),
    }
    const head = await appendEvents(trx, locked!.head, [recorded])
    const after = { ...present, version: recorded.seq }
    await saveIncident(trx, after, head)
    const key = `${present.id} ${recorded.seq}`
    await queue.enqueue(trx, [
      { queue: 'channel', data: { incident: present.id }, key },
      { queue: 'record', data: { incident: present.id }, key },
    ])
    return after
  })
}

const pool = new Pool({ connectionString: url, max: lanes })
pool.on('error', (error) => console.error(error.message))
const heads = incidents.map(() => 'x')
/** The same rows and the same lock by hand: one statement a table, one NOTIFY. */
const byHand = async (lane: number, turn: number): Promise<void> => {
  const id = `HAND-${lane}`
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query('select clock_timestamp() as now from tocsin.incident where id = $1 for update', [id])
    const at = (rows[0] as { now: Date }).now.toISOString()
    const text = canonicalText({ incident: id, seq: turn + 1, at, occurredAt: at, by: alice, event: noted('Payments fail for some') })
    heads[lane] = chainHash(heads[lane]!, text)
    await client.query('insert into tocsin.event (incident, seq, text, data, hash) values ($1, $2, $3::text, $3::text::jsonb, $4)', [
      id,
      turn + 1,
      text,
      heads[lane],
    ])
    await client.query('update tocsin.incident set version = $2, head = $3, status = $4, severity = $5, title = $6 where id = $1', [
      id,
      turn + 1,
      heads[lane],
      'declared',
      'P1',
      'Payments fail',
    ])
    await client.query(
      `insert into tocsin_jobs.job_common (id, name, data, singleton_key, policy, retry_limit, retry_delay, expire_seconds, deletion_seconds, dead_letter, heartbeat_seconds)
       values ($1, 'channel', $3, $4, 'short', 3, 1, 60, 3600, 'dead', 6), ($2, 'record', $3, $4, 'short', 3, 1, 60, 3600, 'dead', 6)`,
      [randomUUID(), randomUUID(), JSON.stringify({ incident: id }), `${id} ${turn}`],
    )
    await client.query(`select pg_notify('bench', 'channel')`)
    await client.query('commit')
  } finally {
    client.release()
  }
}
for (let lane = 0; lane < lanes; lane += 1) {
  await pool.query(
    `insert into tocsin.incident (id, number, kind, product, severity, status, title, private, declared_by, declared_at, version, head)
     values ($1, $2, 'incident', 'hand', 'P1', 'declared', 'Payments fail', false, 'hand', now(), 0, 'x')`,
    [`HAND-${lane}`, 1_000 + lane],
  )
}

// A short run first, for plans and pages; then the two in turn, so that a slow moment of the machine meets both.
const warm = async () => {
  const started = performance.now()
  for (let turn = 1_000_000; performance.now() - started < 500; turn += 1) await byHand(0, turn)
  while (performance.now() - started < 1_000) await ours(0)
}
await warm()
const turns = { ours: [] as number[], hand: [] as number[] }
let from = 0
for (let round = 0; round < 2; round += 1) {
  turns.hand.push(await measure((lane, turn) => byHand(lane, from + turn)))
  from += 100_000
  turns.ours.push(await measure(ours))
}
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const [hand, mine] = [mean(turns.hand), mean(turns.ours)]
baseline('the same rows by hand, one NOTIFY', hand, '/s')
claim(`an event with two jobs, ${lanes} connections`, mine, '/s', { least: 1_000 })
claim('ratio to the baseline', mine / hand, '', { least: 0.35 })
await pool.end()
await queue.stop(0)
await store.close()
