/** What jobs may use, made from the store and the adapters. */
import type { JobContext, Loaded } from './define.ts'
import type { Actor } from './incident/events.ts'
import type { Handle } from './handle.ts'
import { PortFault, type StormContext } from './ports.ts'
import type { Store } from './store/database.ts'
import { fileContent, saveFile } from './store/files.ts'
import { pausedUntil } from './store/limits.ts'
import type { Queue } from './store/queue.ts'
import { createStorm } from './storm.ts'
import { openIncidents } from './store/reads.ts'

/** A pause that another job was told of. Long enough a wait that the clock's resolution does not matter. */
const leastWaitSeconds = 0.1

export type JobWorld = Omit<
  JobContext,
  | 'now'
  | 'handle'
  | 'saveFile'
  | 'fileContent'
  | 'mayCall'
  | 'openIncidents'
  | 'enqueue'
  | 'load'
  | 'surface'
  | 'shared'
  | keyof StormContext
> & {
  /** Surfaces for a run that is over when the signal is aborted. */
  readonly surface: (signal: AbortSignal) => JobContext['surface']
  readonly shared: (signal: AbortSignal) => JobContext['shared']
  readonly store: Store
  readonly queue: Queue
  readonly handle: Handle
  readonly load: (id: string) => Promise<Loaded | null>
}

/** Gives the context of one run. */
export const createJobContext = ({ store, queue, handle, surface, shared, ...rest }: JobWorld): ((signal: AbortSignal) => JobContext) => {
  const bot: Actor = { kind: 'bot' }
  const same: Omit<JobContext, 'surface' | 'shared'> = {
    ...rest,
    ...createStorm(store),
    now: () => store.now(),
    handle: (id, intent, by = bot, occurredAt) => handle.handle(id, intent, by, occurredAt),
    saveFile: (incident, file, content) => saveFile(store.db, incident, file, content),
    fileContent: (incident, id) => fileContent(store.db, incident, id),
    mayCall: async (method, scope) => {
      const until = await pausedUntil(store.db, method, scope)
      if (until === null) return
      const seconds = Math.max(leastWaitSeconds, (Date.parse(until) - Date.parse(await store.now())) / 1000)
      throw new PortFault('limited', method, `${method} is paused until ${until}`, { scope, retryAfter: seconds })
    },
    openIncidents: async () => (await openIncidents(store.db)).map(({ id }) => id),
    enqueue: (job) => store.transaction((trx) => queue.enqueue(trx, [job])),
  }
  return (signal) => ({ ...same, surface: surface(signal), shared: shared(signal) })
}
