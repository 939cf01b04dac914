/** The jobs of the registry at work: each run is measured, a failed one casts doubt on its service, and one that is given up is told to
 *  its incident. */
import type { JobContext, Log } from './define.ts'
import type { Handle } from './handle.ts'
import { type Pulse, serviceOf } from './health.ts'
import type { Metrics } from './metrics.ts'
import type { Registry } from './registry.ts'
import type { Store } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import { startWorker } from './worker.ts'

type Working = {
  readonly registry: Registry
  readonly store: Store
  readonly queue: Queue
  readonly handle: Handle
  /** What one run may use; the signal is aborted when the run is over. */
  readonly contextOf: (signal: AbortSignal) => JobContext
  readonly metrics: Pick<Metrics, 'jobRan'>
  readonly pulse: Pick<Pulse, 'suspect'>
  readonly log: Log
}

/** Starts them all; they end with the queue. */
export const startWorkers = ({ registry, store, queue, handle, contextOf, metrics, pulse, log }: Working): Promise<void> =>
  startWorker({
    store,
    queue,
    handlers: Object.fromEntries(
      [...registry.jobs].map(([name, job]) => [
        name,
        async ({ data, retryCount, signal }) => {
          const outcome = await job.run({ data: data as Record<string, string | number>, retryCount, signal }, contextOf(signal))
          // What was given up once, and is done now, is no trouble of the incident any more.
          const incident = data['incident']
          if (retryCount > 0 && typeof incident === 'string')
            await handle.handle(incident, { type: 'step-mended', surface: name, step: name }, { kind: 'bot' })
          return outcome
        },
      ]),
    ),
    log,
    onRun: (run) => {
      metrics.jobRan(run)
      const service = serviceOf(run.queue)
      if (service !== undefined && run.outcome === 'failed') pulse.suspect(service)
    },
    onDead: async ({ queue: name, data, error }) => {
      const incident = data['incident']
      if (typeof incident === 'string')
        await handle.handle(incident, { type: 'step-failed', surface: name, step: name, reason: `given up: ${error}` }, { kind: 'bot' })
    },
  })
