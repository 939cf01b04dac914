/** Wakes workers the moment that there is something to do, so that they need not look by themselves: thirty of them would ask the
 *  database sixty times a second for nothing. Jobs of the near future are learned when they are enqueued here. Once a second one look
 *  at the database tells what comes due soon and what could run now: timers set by a process that died are on time, and a job that
 *  is tried again, or that nobody told of, waits at most that long. Other processes are told of new jobs after the commit: a NOTIFY
 *  within the transaction makes all commits of the database wait for each other, and one that is lost costs a second. */
import type { PgBoss } from 'pg-boss'
import type { Instant } from '../incident/policy.ts'
import type { Log, Store } from './database.ts'
import { dueSoon, notifyQueues } from './jobs.ts'

/** Milliseconds between looks at the database, and how far one looks ahead: further, so that a late look misses nothing. */
const look = { every: 1_000, ahead: 3_000 }
/** Due times remembered at most; what is beyond comes with a later look. */
const mostDue = 5_000
/** A timer of Node may fire up to a millisecond early, and the job is not there a moment before its time. */
const margin = 1

/** Milliseconds in which new jobs are gathered before other processes are told. */
const gather = 10

/** `busy`: it runs a job, and looks for the next by itself. */
export type Worker = { id: string; busy: boolean }

export type Waker = {
  /** A worker that is woken for its queue's jobs. */
  add(queue: string, worker: Worker): void
  /** Jobs that were just committed. */
  enqueued(specs: readonly { queue: string; startAfter?: Instant | undefined }[]): void
  start(): void
  stop(): void
}

export const createWaker = (store: Store, boss: PgBoss, log: Log): Waker => {
  const workers = new Map<string, Worker[]>()
  /** By queue: due times in milliseconds of the database's clock, unordered. */
  const due = new Map<string, Set<number>>()
  /** The database's clock minus this process's monotonic one; null before the first look. */
  let offset: number | null = null
  let alarm: NodeJS.Timeout | null = null
  let looking: NodeJS.Timeout | null = null
  let running = false

  const told = new Set<string>()

  // A different worker each time: one that was just woken does not look busy until it has a job.
  const wake = (queue: string, jobs: number) => {
    const all = workers.get(queue) ?? []
    const idle = all.filter((worker) => !worker.busy).slice(0, jobs)
    for (const worker of idle) boss.notifyWorker(worker.id)
    if (all.length > 1 && idle.length > 0) workers.set(queue, [...all.filter((worker) => !idle.includes(worker)), ...idle])
  }

  const tellOthers = (queue: string) => {
    if (store.kind === 'pglite') return
    if (told.size === 0) {
      setTimeout(() => {
        const queues = [...told]
        told.clear()
        notifyQueues(store.db, queues).catch((error: unknown) => log.debug({ error: String(error) }, 'could not tell of new jobs'))
      }, gather).unref()
    }
    told.add(queue)
  }

  const ring = () => {
    const now = performance.now() + (offset ?? 0)
    for (const [queue, times] of due) {
      let jobs = 0
      for (const time of times) {
        if (time + margin > now) continue
        times.delete(time)
        jobs += 1
      }
      if (jobs > 0) wake(queue, jobs)
    }
    arm()
  }

  const arm = () => {
    if (alarm !== null) clearTimeout(alarm)
    alarm = null
    if (!running || offset === null) return
    let next = Infinity
    for (const times of due.values()) for (const time of times) next = Math.min(next, time)
    if (next === Infinity) return
    alarm = setTimeout(ring, Math.max(0, next + margin - performance.now() - offset))
  }

  const lookAhead = async () => {
    try {
      const queues = [...workers.keys()]
      if (queues.length === 0) return
      const most = { limit: mostDue, workers: Math.max(...[...workers.values()].map((all) => all.length)) }
      const found = await dueSoon(store.db, queues, { seconds: look.ahead / 1_000, ...most })
      // The clock was read before the answer came: alarms are late by at most the way, never early.
      offset = found.now - performance.now()
      for (const { queue, at } of found.due) remember(queue, at)
      arm()
      for (const { queue, jobs } of found.ready) wake(queue, jobs)
    } catch (error) {
      // The next look may find the database again; alarms that are set ring meanwhile.
      log.warn({ error: (error as Error).message }, 'could not look for due jobs')
    } finally {
      if (running) looking = setTimeout(() => void lookAhead(), look.every)
    }
  }

  const remember = (queue: string, at: number) => {
    const times = due.get(queue) ?? new Set()
    due.set(queue, times)
    if (times.size < mostDue) times.add(at)
  }

  return {
    add(queue, worker) {
      workers.set(queue, [...(workers.get(queue) ?? []), worker])
    },
    enqueued(specs) {
      let learned = false
      const ready = new Map<string, number>()
      for (const { queue, startAfter } of specs) {
        if (startAfter === undefined) {
          ready.set(queue, (ready.get(queue) ?? 0) + 1)
          continue
        }
        if (!workers.has(queue)) continue
        const at = Date.parse(startAfter)
        if (offset === null || at - offset - performance.now() > look.ahead) continue
        remember(queue, at)
        learned = true
      }
      if (learned) arm()
      for (const [queue, jobs] of ready) {
        wake(queue, jobs)
        tellOthers(queue)
      }
    },
    start() {
      if (running) return
      running = true
      void lookAhead()
    },
    stop() {
      running = false
      if (alarm !== null) clearTimeout(alarm)
      if (looking !== null) clearTimeout(looking)
    },
  }
}
