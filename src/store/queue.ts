/** Jobs, by pg-boss in schema `tocsin_jobs`, enqueued in the transaction of what causes them. A job may run twice (its process died,
 *  or its claim lapsed): handlers look before they repeat. */
import { randomUUID } from 'node:crypto'
import { type JobWithMetadata, fromKysely } from 'pg-boss'
import { v5 } from 'uuid'
import type { Instant } from '../incident/policy.ts'
import { deadQueue, startBoss } from './boss.ts'
import type { Log, Store, Trx } from './database.ts'
import { type DeadJob, type QueueStats, deadJobs, lockQueued, mendDead, queueStats, runsField, unmendedJobs } from './jobs.ts'
import { createWaker } from './waker.ts'

export type { DeadJob, QueueStats } from './jobs.ts'

export type QueueDefinition = {
  readonly name: string
  /** A run that takes longer is given up and counts as failed. */
  readonly expireInSeconds: number
  /** How many times a failed job is run again before it is dead. */
  readonly retryLimit: number
  /** Seconds before the first repeat, at least 1; a job whose process died waits as long once that is noticed. */
  readonly retryDelay: number
  /** Doubles the delay each time, with jitter. */
  readonly retryBackoff: boolean
  /** Seconds that the delay grows to at most; only with `retryBackoff`. */
  readonly retryDelayMax: number
  /** Jobs of this queue that one process runs at a time. */
  readonly concurrency: number
  /** A job whose key is queued already is not queued again; one that runs already may be queued once more. */
  readonly coalesce: boolean
  /** How long its finished jobs, and with them the ids that say "once", are kept; a week without it. */
  readonly keptSeconds?: number
}

export type JobSpec = {
  readonly queue: string
  readonly data: object
  /** Says "once": a second job with this id is not enqueued, even after the first has run (for a week). See `timerId`. */
  readonly id?: string | undefined
  /** What a coalescing queue coalesces by. */
  readonly key?: string | undefined
  /** The database's time from which it may run; timers are exact to some milliseconds. */
  readonly startAfter?: Instant | undefined
  /** Higher runs first; 0 if not given. */
  readonly priority?: number | undefined
}

export type Job = {
  readonly id: string
  readonly data: Record<string, unknown>
  /** Runs of this job that began before: above 0 it may have had its effects already. */
  readonly retryCount: number
  /** Whether a failure of this run is the last one. */
  readonly isLast: boolean
  /** Aborted when the job's time is over or its claim was lost. */
  readonly signal: AbortSignal
}

/** `again`: this run is over, and the same job runs again at that instant, without counting as a failure. */
export type JobHandler = (job: Job) => Promise<void | { readonly again: Instant }>

export type Queue = {
  /** Enqueues in `trx`; workers wake when it commits. Throws for a queue that was not defined. */
  enqueue(trx: Trx, specs: readonly JobSpec[]): Promise<void>
  /** Starts to work on the queues that have a handler. `onDead` is called once for each job that failed for good, wherever it
   *  ran; when it throws it is called again. */
  work(handlers: Readonly<Record<string, JobHandler>>, onDead?: (dead: DeadJob) => Promise<void>): Promise<void>
  /** Counts of all queues, at most some seconds old. */
  stats(): Promise<QueueStats[]>
  /** Jobs that failed for good in the last 30 days, newest first, at most `limit`. */
  dead(limit?: number): Promise<DeadJob[]>
  /** Those of them whose work nobody has done since, the latest for each incident (or whatever else it was about). */
  unmended(limit?: number): Promise<DeadJob[]>
  /** A job has succeeded: those that died of the same queue and incident are mended. Gives how many. */
  mend(queue: string, data: object): Promise<number>
  /** Tries what is dead and unmended once more. Gives what was enqueued. */
  revive(): Promise<DeadJob[]>
  /** Takes no new jobs, waits at most `timeoutMs` for those that run, and gives the rest back to be run again. */
  stop(timeoutMs: number): Promise<void>
}

/** Dead jobs that are tried again at once, at most. */
const mostRevived = 100

const namespace = '6f8d3a52-0d0b-4c64-9d3b-746f6373696e'

/** The id of the one job that has this meaning, e.g. `clock:INC-12:response:80`. */
export const timerId = (meaning: string): string => v5(meaning, namespace)

/** A process that died is noticed when its jobs were not touched for `lapse` seconds. pg-boss allows queues no less than 10, too
 *  long to be running again within 10 s; a single job may have less. */
const heartbeat = { lapse: 5, refresh: 1.5 }
/** How often each worker looks by itself, in seconds: only for what the waker, which looks for all of them, would have missed. */
const pollSeconds = 10

const byQueue = (specs: readonly JobSpec[]): Map<string, JobSpec[]> => {
  // In one order for everybody: two transactions with the same keys would else wait for each other.
  const sorted = specs.toSorted((a, b) => (a.queue + (a.key ?? '') < b.queue + (b.key ?? '') ? -1 : 1))
  const grouped = new Map<string, JobSpec[]>()
  for (const spec of sorted) {
    const group = grouped.get(spec.queue)
    if (group === undefined) grouped.set(spec.queue, [spec])
    else group.push(spec)
  }
  return grouped
}

/** Delayed jobs coalesce with those for the same instant only: else a job that waits for a limit would swallow one that can run
 *  now, and the longer of two delays the shorter. */
const keyOf = (spec: JobSpec): string => `${spec.key ?? ''}${spec.startAfter === undefined ? '' : ` @${spec.startAfter}`}`

/** Creates the queues that do not exist yet and gives the others today's settings. Nothing may be enqueued before. */
export const openQueue = async (store: Store, options: { queues: readonly QueueDefinition[]; log: Log }): Promise<Queue> => {
  const { log } = options
  const definitions = new Map(options.queues.map((definition) => [definition.name, definition]))
  const boss = await startBoss(store, options.queues, log)
  const waker = createWaker(store, boss, log)

  const insert = async (trx: Trx, queue: string, specs: readonly JobSpec[], runs: number): Promise<void> => {
    const definition = definitions.get(queue)
    if (definition === undefined) throw new Error(`There is no queue ${queue}`)
    const db = fromKysely(trx)
    const unique = new Map(specs.map((spec) => [spec.id ?? (definition.coalesce ? keyOf(spec) : randomUUID()), spec]))
    let waiting = [...unique.values()].map((spec) => ({
      id: spec.id ?? randomUUID(),
      data: runs === 0 ? spec.data : { ...spec.data, [runsField]: runs },
      heartbeatSeconds: heartbeat.lapse,
      ...(definition.coalesce ? { singletonKey: keyOf(spec) } : {}),
      ...(spec.startAfter === undefined ? {} : { startAfter: spec.startAfter }),
      ...(spec.priority === undefined ? {} : { priority: spec.priority }),
    }))
    if (!definition.coalesce) {
      await boss.insert(queue, waiting, { db })
      return
    }
    for (let tries = 0; waiting.length > 0; tries += 1) {
      if (tries === 5) throw new Error(`Jobs of the queue ${queue} could not be enqueued`)
      const inserted = new Set(await boss.insert(queue, waiting, { db, returnId: true }))
      waiting = waiting.filter((job) => !inserted.has(job.id))
      if (waiting.length === 0) return
      // A job that is queued already will do, if it starts after this transaction commits: it is held back until then. One that
      // has started meanwhile does not count, so that nothing that is committed now goes unseen.
      const held = await lockQueued(
        trx,
        queue,
        waiting.map((job) => job.singletonKey ?? ''),
      )
      waiting = waiting.filter((job) => !held.has(job.singletonKey ?? ''))
    }
  }

  const enqueue = async (trx: Trx, specs: readonly JobSpec[], runs: number) => {
    for (const [queue, group] of byQueue(specs)) await insert(trx, queue, group, runs)
    store.afterCommit(() => waker.enqueued(specs))
  }

  const runner =
    (definition: { name: string; retryLimit: number }, handler: JobHandler) =>
    async (job: JobWithMetadata<Record<string, unknown> | null>): Promise<void> => {
      const { [runsField]: carried, ...data } = job.data ?? {}
      const earlier = typeof carried === 'number' ? carried : 0
      const result = await handler({
        id: job.id,
        data,
        retryCount: job.retryCount + earlier,
        isLast: job.retryCount >= definition.retryLimit,
        signal: job.signal,
      })
      if (result === undefined) return
      // Both in one: else a crash between them loses the job, or runs it twice.
      await store.transaction(async (trx) => {
        const settled = (await boss.complete(definition.name, job, null, { db: fromKysely(trx) })) as { affected?: number }
        // The claim was lost while it ran: another run of it decides what follows.
        if (settled.affected === 0) return
        const key = job.singletonKey?.replace(/ @[^ ]*$/, '')
        const spec: JobSpec = {
          queue: definition.name,
          data,
          key,
          id: timerId(`${job.id} ${result.again}`),
          startAfter: result.again,
          priority: job.priority,
        }
        await enqueue(
          trx,
          [definitions.get(definition.name)?.coalesce === true ? { ...spec, id: undefined } : spec],
          earlier + job.retryCount,
        )
      })
    }

  const startOne = async (name: string, run: (job: JobWithMetadata<Record<string, unknown> | null>) => Promise<void>) => {
    const worker = { id: '', busy: false }
    worker.id = await boss.work(
      name,
      {
        includeMetadata: true,
        batchSize: 1,
        pollingIntervalSeconds: pollSeconds,
        notifyPollingIntervalSeconds: pollSeconds,
        heartbeatRefreshSeconds: heartbeat.refresh,
      },
      async ([job]: JobWithMetadata<Record<string, unknown> | null>[]) => {
        worker.busy = true
        try {
          if (job !== undefined) await run(job)
        } finally {
          worker.busy = false
          // Look for the next at once, instead of at the next poll.
          boss.notifyWorker(worker.id)
        }
      },
    )
    waker.add(name, worker)
  }

  return {
    enqueue: (trx, specs) => enqueue(trx, specs, 0),
    async work(handlers, onDead) {
      for (const name of Object.keys(handlers)) if (!definitions.has(name)) throw new Error(`There is no queue ${name}`)
      for (const [name, handler] of Object.entries(handlers)) {
        const definition = definitions.get(name)!
        // One worker each, not one with many: only so is a worker's own id known, to wake it when its job ends.
        for (let i = 0; i < definition.concurrency; i += 1) await startOne(name, runner(definition, handler))
      }
      if (onDead !== undefined) {
        await startOne(deadQueue, async (job) => {
          const [dead] = await deadJobs(store.db, { id: job.id, limit: 1 })
          if (dead !== undefined) await onDead(dead)
        })
      }
      waker.start()
    },
    stats: () => queueStats(store.db, [...definitions.keys()]),
    dead: (limit = 100) => deadJobs(store.db, { limit }),
    unmended: (limit = 1_000) => unmendedJobs(store.db, limit),
    mend: (queue, data) => mendDead(store.db, queue, data),
    async revive() {
      const dead = (await unmendedJobs(store.db, mostRevived)).filter(({ queue }) => definitions.has(queue))
      const specs = dead.map(({ queue, data }) => ({ queue, data, key: `revived ${JSON.stringify(data)}` }))
      // As runs that follow others: what they were for may have been done.
      await store.transaction((trx) => enqueue(trx, specs, 1))
      return dead
    },
    async stop(timeoutMs) {
      waker.stop()
      await boss.stop({ graceful: timeoutMs > 0, timeout: timeoutMs, close: true })
    },
  }
}
