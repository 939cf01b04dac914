/** Runs the jobs: binds each queue's handler to the queue, logs every run, and sorts its failures. A limit of the outside is a
 *  pause and a surface that another run has is a hand-over, neither is a failure; anything else is tried again with growing delays,
 *  and goes to the dead letters in the end, loudly. */
import { PortFault } from './ports.ts'
import type { Log, Store } from './store/database.ts'
import { pause } from './store/limits.ts'
import type { DeadJob, Job, JobHandler, Queue } from './store/queue.ts'
import { LeaseLost, SurfaceTaken } from './store/surfaces.ts'

export type WorkerOptions = {
  readonly store: Store
  readonly queue: Queue
  /** By the name of their queue. */
  readonly handlers: Readonly<Record<string, JobHandler>>
  readonly log: Log
  /** Tells people of a job that failed for good; called again when it throws. */
  readonly onDead?: (dead: DeadJob) => Promise<void>
  /** Told of each run, for metrics; `ms` is how long it took. */
  readonly onRun?: (run: { queue: string; ms: number; outcome: 'done' | 'again' | 'limited' | 'failed' }) => void
}

/** How long a run that lost its surface to another waits until it looks again, in milliseconds. */
const handOverMs = 1_000

const inMs = async (store: Store, ms: number) => new Date(Date.parse(await store.now()) + ms).toISOString()

/** Leaves the method alone for as long as the outside asked, on all processes; the job runs again after that. */
const waitForLimit = async (store: Store, fault: PortFault) => {
  const until = await inMs(store, Math.ceil(fault.retryAfter * 1_000))
  return { again: await pause(store.db, fault.method, fault.scope, until) }
}

const logged =
  (queue: string, handler: JobHandler, { store, queue: jobs, log, onRun }: WorkerOptions): JobHandler =>
  async (job: Job) => {
    const started = performance.now()
    const took = () => Math.round((performance.now() - started) * 10) / 10
    const fields = { queue, job: job.id, ...(job.retryCount > 0 ? { retryCount: job.retryCount } : {}) }
    try {
      const result = await handler(job)
      const mended = result === undefined ? await jobs.mend(queue, job.data) : 0
      if (mended > 0) log.info({ ...fields, data: job.data, mended }, 'what dead jobs left undone is done')
      const ms = took()
      log.info({ ...fields, ms, ...(result === undefined ? {} : { again: result.again }) }, 'job done')
      onRun?.({ queue, ms, outcome: result === undefined ? 'done' : 'again' })
      return result
    } catch (error) {
      const ms = took()
      if (error instanceof PortFault && error.code === 'limited') {
        const limited = await waitForLimit(store, error)
        log.warn({ ...fields, ms, method: error.method, scope: error.scope, again: limited.again }, 'job limited')
        onRun?.({ queue, ms, outcome: 'limited' })
        return limited
      }
      if (error instanceof SurfaceTaken) {
        log.debug({ ...fields, ms, why: error.message }, 'job left to another run')
        onRun?.({ queue, ms, outcome: 'done' })
        return undefined
      }
      if (error instanceof LeaseLost) {
        const again = await inMs(store, handOverMs)
        log.debug({ ...fields, ms, again, why: error.message }, 'job handed over')
        onRun?.({ queue, ms, outcome: 'again' })
        return { again }
      }
      const fault = error instanceof PortFault ? { fault: error.code, method: error.method } : {}
      // A fault of the world is expected to pass; anything else is a bug until it is understood.
      if (error instanceof PortFault && !job.isLast) log.warn({ ...fields, ms, ...fault, error: error.message }, 'job failed')
      else log.error({ ...fields, ms, ...fault, err: error }, 'job failed')
      onRun?.({ queue, ms, outcome: 'failed' })
      throw error
    }
  }

/** Starts to work. Stop with `queue.stop`. */
export const startWorker = async (options: WorkerOptions): Promise<void> => {
  const { queue, handlers, log, onDead } = options
  const bound = Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, logged(name, handler, options)]))
  await queue.work(bound, async (dead) => {
    log.error({ queue: dead.queue, job: dead.id, error: dead.error }, 'job is dead')
    await onDead?.(dead)
  })
}
