/** Looks now and then whether every surface is as it should be, for what no event will come about: a job that was given up during
 *  an outage of hours, a workspace that was made anew. */
import type { Log } from './define.ts'
import type { Handle } from './handle.ts'
import type { QueueName } from './incident/react.ts'
import type { Store } from './store/database.ts'
import { forgetOld } from './store/limits.ts'
import type { Queue } from './store/queue.ts'
import { openIncidents, recentIncidents } from './store/reads.ts'

/** How often it looks; a sync that finds nothing to do costs a read. */
const everyMs = 300_000

/** How many of the latest records are looked at besides the open ones. */
const latest = 50

const open: readonly QueueName[] = ['sync-channel', 'sync-announcement', 'sync-record']
const over: readonly QueueName[] = ['sync-channel', 'sync-announcement', 'sync-record', 'sync-pull-request']

export const createReconcile = ({ store, queue, handle, log }: { store: Store; queue: Queue; handle: Handle; log: Log }) => {
  const look = async (): Promise<void> => {
    await forgetOld(store.db)
    const present = await openIncidents(store.db)
    const past = (await recentIncidents(store.db, latest)).filter((row) => row.resolvedAt !== null)
    const jobs = [
      ...present.flatMap((row) =>
        (row.private ? open.filter((name) => name !== 'sync-announcement') : open).map((name) => ({ name, id: row.id })),
      ),
      ...past.flatMap((row) => over.map((name) => ({ name, id: row.id }))),
    ]
    await store.transaction((trx) =>
      queue.enqueue(
        trx,
        jobs.map(({ name, id }) => ({ queue: name, data: { incident: id }, key: id })),
      ),
    )
  }
  const safely = () => {
    look().catch((error: unknown) => log.warn({ err: error }, 'reconciling failed; it is tried again'))
  }
  return {
    look,
    /** Looks at once and then every five minutes. Gives what stops it. */
    start: (): (() => void) => {
      safely()
      const timer = setInterval(safely, everyMs)
      return () => clearInterval(timer)
    },
    /** Tells every open incident that its channel is gone with the workspace. */
    forgetWorkspace: async (): Promise<void> => {
      for (const row of await openIncidents(store.db)) {
        if (row.channelId === null) continue
        try {
          await handle.handle(
            row.id,
            { type: 'channel-lost', channel: row.channelId, why: 'the local workspace was started anew' },
            { kind: 'bot' },
          )
        } catch (error) {
          // One record that somebody damaged does not keep the bot from starting.
          log.error({ err: error, incident: row.id }, 'an incident could not be told that its workspace is new')
        }
      }
    },
  }
}
