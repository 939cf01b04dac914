/** Reads pg-boss's tables: how many jobs wait, which are dead, what is due next. */
import { type RawBuilder, sql } from 'kysely'
import type { Instant } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'

/** Runs that began under earlier ids of the same job (see `again`), kept in its data. */
export const runsField = '$runs'

export type QueueStats = {
  readonly queue: string
  /** Could run now. */
  readonly queued: number
  /** Wait for their time. */
  readonly delayed: number
  readonly active: number
  /** Failed for good in the last 30 days. */
  readonly dead: number
  /** Seconds that the oldest job that could run has been waiting; 0 when there is none. */
  readonly oldestSeconds: number
}

export type DeadJob = {
  readonly id: string
  readonly queue: string
  readonly data: Record<string, unknown>
  readonly error: string
  readonly at: Instant
}

/** Counts by queue. Those of waiting and running jobs are kept by pg-boss once a second. */
export const queueStats = async (db: Db, queues: readonly string[]): Promise<QueueStats[]> => {
  const { rows } = await sql<QueueStats>`
    select q.name as queue, q.ready_count as queued, q.deferred_count as delayed, q.active_count as active,
      (select count(*)::int from tocsin_jobs.job d where d.name = 'dead' and d.source_name = q.name) as dead,
      coalesce((
        select extract(epoch from clock_timestamp() - min(greatest(j.start_after, j.created_on)))::float8
        from tocsin_jobs.job j
        where j.name = q.name and j.state < 'active' and not j.blocked and j.start_after <= clock_timestamp()
      ), 0) as "oldestSeconds"
    from tocsin_jobs.queue q where q.name in (${sql.join(queues)}) order by q.name`.execute(db)
  return rows
}

const message = (output: unknown): string => {
  const given = (output ?? {}) as { message?: unknown; value?: unknown }
  if (typeof given.message === 'string') return given.message
  if (typeof given.value === 'object' && given.value !== null) return message(given.value)
  return typeof given.value === 'string' ? given.value : JSON.stringify(output)
}

type DeadRow = { id: string; queue: string; data: Record<string, unknown> | null; output: unknown; at: Instant }

const toDead = ({ id, queue, data, output, at }: DeadRow): DeadJob => ({ id, queue, data: data ?? {}, error: message(output), at })

const letter = sql`id, source_name as queue, data - ${sql.lit(runsField)} as data, source_output as output, created_on as at`

/** Dead letters, newest first; the one with `id` if it is given. */
export const deadJobs = async (db: Db, { id, limit }: { id?: string; limit: number }): Promise<DeadJob[]> => {
  const { rows } = await sql<DeadRow>`
    select ${letter} from tocsin_jobs.job
    where name = 'dead' ${id === undefined ? sql`` : sql`and id = ${id}::uuid`} order by created_on desc limit ${limit}`.execute(db)
  return rows.map(toDead)
}

/** What a job was for: its incident, or whatever else it was told. Jobs of a queue with the same subject do the same work. */
const subjectOf = (data: RawBuilder<unknown>) => sql`coalesce(${data} ->> 'incident', (${data} - ${sql.lit(runsField)})::text)`

/** Dead letters whose work nobody has done since, the latest of each queue and subject. */
export const unmendedJobs = async (db: Db, limit: number): Promise<DeadJob[]> => {
  const { rows } = await sql<DeadRow>`
    select distinct on (queue, ${subjectOf(sql`data`)}) * from (
      select ${letter} from tocsin_jobs.job where name = 'dead' and output ->> 'mended' is null
    ) letters order by queue, ${subjectOf(sql`data`)}, at desc limit ${limit}`.execute(db)
  return rows.map(toDead)
}

/** A job of this queue with this data has succeeded: dead letters with the same subject are no problem any more. They stay, with the
 *  time as their own result. Gives how many there were. */
export const mendDead = async (db: Db, queue: string, data: object): Promise<number> => {
  const { rows } = await sql`
    update tocsin_jobs.job set output = jsonb_build_object('mended', clock_timestamp())
    where name = 'dead' and source_name = ${queue} and output ->> 'mended' is null
      and ${subjectOf(sql`data`)} = ${subjectOf(sql`${JSON.stringify(data)}::jsonb`)}
    returning id`.execute(db)
  return rows.length
}

/** Locks the queued jobs of a coalescing queue with these keys, so that no worker takes them before the transaction ends; gives
 *  the keys that were still queued. */
export const lockQueued = async (trx: Trx, queue: string, keys: readonly string[]): Promise<Set<string>> => {
  const { rows } = await sql<{ key: string }>`
    select singleton_key as key from tocsin_jobs.job
    where name = ${queue} and state = 'created' and policy = 'short' and coalesce(singleton_key, '') in (${sql.join(keys)})
    order by singleton_key for update`.execute(trx)
  return new Set(rows.map((row) => row.key))
}

export type Due = {
  /** The database's clock, in milliseconds, read last: the answer is on its way since then. */
  readonly now: number
  /** Jobs that come due soon, soonest first. */
  readonly due: readonly { readonly queue: string; readonly at: number }[]
  /** How many jobs of a queue could run now; queues without any are left out. */
  readonly ready: readonly { readonly queue: string; readonly jobs: number }[]
}

/** What these queues have for their workers: the jobs of the next `seconds`, at most `limit`, and those that could run now, counted
 *  up to `workers` for each queue. */
export const dueSoon = async (
  db: Db,
  queues: readonly string[],
  { seconds, limit, workers }: { seconds: number; limit: number; workers: number },
): Promise<Due> => {
  // The range has two ends for the planner's sake: with one it takes a third of all jobs for likely, and reads the whole table.
  const { rows } = await sql<{ now: number; due: Due['due'] | null; ready: Due['ready'] | null }>`
    with clock as materialized (select clock_timestamp() as now)
    select (
      select json_agg(json_build_object('queue', soon.name, 'at', extract(epoch from soon.start_after)::float8 * 1000) order by soon.start_after)
      from (
        select name, start_after from tocsin_jobs.job
        where name in (${sql.join(queues)}) and state < 'active' and not blocked
          and start_after > now and start_after <= now + make_interval(secs => ${seconds}::float8)
        order by start_after limit ${limit}
      ) soon
    ) as due, (
      select json_agg(json_build_object('queue', waiting.name, 'jobs', waiting.jobs))
      from (
        select name, least(count(*), ${workers})::int as jobs from tocsin_jobs.job
        where name in (${sql.join(queues)}) and state < 'active' and not blocked
          and start_after > '-infinity' and start_after <= now
        group by name
      ) waiting
    ) as ready, extract(epoch from clock_timestamp())::float8 * 1000 as now
    from clock`.execute(db)
  const found = rows[0]!
  return { now: found.now, due: found.due ?? [], ready: found.ready ?? [] }
}

/** Tells the workers of all processes to look into these queues, on the channel that pg-boss listens to. */
export const notifyQueues = async (db: Db, queues: readonly string[]): Promise<void> => {
  await sql`
    select pg_notify('pgboss_' || left(encode(sha224('tocsin_jobs'::bytea), 'hex'), 24), name)
    from json_array_elements_text(${JSON.stringify(queues)}::json) as name`.execute(db)
}
