/** Looks now and then whether every surface is as it should be, for what no event will come about: a job that was given up during
 *  an outage of hours, a workspace that was made anew. */
import type { Log } from './define.ts'
import type { Handle } from './handle.ts'
import type { QueueName } from './incident/react.ts'
import type { Store } from './store/database.ts'
import { openRuns } from './store/controls.ts'
import { forgetDigests } from './store/digests.ts'
import { forgetAlerts, forgetOld } from './store/limits.ts'
import { type Queue, timerId } from './store/queue.ts'
import { openIncidents, recentIncidents } from './store/reads.ts'
import { forgetSamples } from './store/samples.ts'
import { forget, incidentsOn } from './store/surfaces.ts'

/** How often it looks; a sync that finds nothing to do costs a read. */
const everyMs = 300_000

/** How often it tries dead jobs once more, forgets what is of no use any more, and looks who is still in the workspace. */
const tidyMs = 3_600_000

/** How many of the latest records are looked at besides the open ones. */
const latest = 50

const surfaces: readonly QueueName[] = ['sync-channel', 'sync-announcement', 'sync-record', 'sync-pull-request']

type Reconciling = {
  readonly store: Store
  readonly queue: Queue
  readonly handle: Handle
  /** Makes sure of what is to come by the clock. */
  readonly plan: () => Promise<void>
  readonly log: Log
}

export const createReconcile = ({ store, queue, handle, plan, log }: Reconciling) => {
  /** A run whose job was given up would stay one for ever, and nothing else could change its target. */
  const lookAtRuns = async (): Promise<void> => {
    const runs = await openRuns(store.db)
    if (runs.length === 0) return
    const round = Math.floor(Date.parse(await store.now()) / everyMs)
    await store.transaction((trx) =>
      queue.enqueue(
        trx,
        runs.map(({ incident, action }) => ({
          queue: 'action',
          data: { incident, action },
          id: timerId(`look:${incident}:${action}:${round}`),
        })),
      ),
    )
  }

  const look = async (): Promise<void> => {
    const present = await openIncidents(store.db)
    const past = (await recentIncidents(store.db, latest)).filter((row) => row.resolvedAt !== null)
    const jobs = [
      ...present.flatMap((row) =>
        (row.private ? surfaces.filter((name) => name !== 'sync-announcement') : surfaces).map((name) => ({ name, id: row.id })),
      ),
      ...past.flatMap((row) => surfaces.map((name) => ({ name, id: row.id }))),
    ]
    await store.transaction((trx) =>
      queue.enqueue(
        trx,
        jobs.map(({ name, id }) => ({ queue: name, data: { incident: id }, key: id })),
      ),
    )
    await lookAtRuns()
    await plan()
  }

  const tidy = async (): Promise<void> => {
    for (const dead of await queue.revive())
      log.info({ queue: dead.queue, job: dead.id, error: dead.error }, 'a dead job is tried once more')
    await forgetOld(store.db)
    await forgetSamples(store.db)
    await forgetDigests(store.db)
    const present = await openIncidents(store.db)
    await store.transaction((trx) =>
      queue.enqueue(
        trx,
        present.map(({ id }) => ({ queue: 'still-here', data: { incident: id }, key: id })),
      ),
    )
    const alerts = await forgetAlerts(store.db)
    if (alerts > 0) log.info({ alerts }, 'old alerts are forgotten')
  }

  const safely = (work: () => Promise<void>) => () => {
    work().catch((error: unknown) => log.warn({ err: error }, 'reconciling failed; it is tried again'))
  }

  /** One record that somebody damaged does not keep the bot from starting. */
  const tell = async (incident: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      log.error({ err: error, incident }, 'an incident could not be told that its workspace is new')
    }
  }

  /** The pull request is gone with the code host: its link is taken back, and the post-mortem is proposed again. */
  const proposeAgain = (id: string): Promise<void> =>
    store.transaction(async (trx) => {
      const [head] = await forget(trx, 'pull-request', id)
      await handle.within(trx).handle(id, { type: 'published', where: 'pull-request', url: null, head: head ?? '' }, { kind: 'bot' })
      await queue.enqueue(trx, [{ queue: 'sync-pull-request', data: { incident: id }, key: id }])
    })

  return {
    look,
    tidy,
    /** Looks at once and then every five minutes; tidies up once an hour. Gives what stops it. */
    start: (): (() => void) => {
      const timers = [setInterval(safely(look), everyMs), setInterval(safely(tidy), tidyMs)]
      safely(look)()
      safely(tidy)()
      return () => timers.forEach(clearInterval)
    },
    /** Tells every incident that its channel is gone with the workspace, and with `codeHost` that its pull request is, too. */
    forgetWorkspace: async (codeHost: boolean): Promise<void> => {
      for (const { id, channelId } of await recentIncidents(store.db, Number.MAX_SAFE_INTEGER)) {
        if (channelId === null) continue
        await tell(id, () =>
          handle.handle(id, { type: 'channel-lost', channel: channelId, why: 'the local workspace was started anew' }, { kind: 'bot' }),
        )
      }
      if (codeHost) for (const id of await incidentsOn(store.db, 'pull-request')) await tell(id, () => proposeAgain(id))
    },
  }
}
