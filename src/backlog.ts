/** What happened while Slack could not be heard: when it is heard again, the channels of all open incidents are read. When it was
 *  last heard is kept in the database, so that it makes no difference whether the network was away or the bot. */
import type { Log } from './define.ts'
import type { Instant } from './incident/policy.ts'
import type { Members } from './members.ts'
import type { Store } from './store/database.ts'
import type { Queue } from './store/queue.ts'
import { openIncidents } from './store/reads.ts'
import { recall, remember } from './store/settings.ts'

const key = 'slack-heard'

/** How often it is written down that Slack is heard. */
const everyMs = 20_000

/** A connection may have been dead for a while before anybody noticed. */
const marginMs = 60_000

/** Slack repeats nothing that is older, and nobody would act on it. */
const longestMs = 24 * 3_600_000

type Backlog = { readonly store: Store; readonly queue: Queue; readonly members: Pick<Members, 'forget'>; readonly log: Log }

export const createBacklog = ({ store, queue, members, log }: Backlog) => {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  /** Something may have been missed, and has not been read yet. */
  let missed = true
  let writing = Promise.resolve()

  /** Has the channels of all open incidents read from `since` on, and looks who is still there. The jobs are durable; throws when they
   *  cannot be written. */
  const read = (since: Instant): Promise<void> =>
    store.transaction(async (trx) => {
      const open = await openIncidents(trx)
      const channels = open.filter(({ channelId }) => channelId !== null)
      log.info({ since, channels: channels.length }, 'reading what happened while Slack was not heard')
      members.forget()
      await queue.enqueue(trx, [
        ...channels.map(({ id }) => ({ queue: 'backlog', data: { incident: id, since }, key: id })),
        ...open.map(({ id }) => ({ queue: 'still-here', data: { incident: id }, key: id })),
      ])
    })

  const write = async (): Promise<void> => {
    const unread = missed
    missed = false
    try {
      const now = await store.now()
      if (unread) {
        const earliest = Date.parse(now) - longestMs
        const last = await recall(store.db, key)
        await read(new Date(last === null ? earliest : Math.max(earliest, Date.parse(last) - marginMs)).toISOString())
      }
      await remember(store.db, key, now)
    } catch (error) {
      missed ||= unread
      log.warn({ err: error, missed }, 'that Slack is heard could not be written down; it is tried again')
    }
  }
  const heard = (): Promise<void> => (writing = writing.then(write))

  return {
    /** Told how many sockets are open. */
    sockets: (open: number): void => {
      if (stopped) return
      if (open > 0 && timer === undefined) {
        timer = setInterval(() => void heard(), everyMs)
        void heard()
      } else if (open === 0 && timer !== undefined) {
        clearInterval(timer)
        timer = undefined
        missed = true
      }
    },
    /** Writes down for the last time that Slack was heard. */
    stop: async (): Promise<void> => {
      stopped = true
      const listening = timer !== undefined
      clearInterval(timer)
      timer = undefined
      await (listening ? heard() : writing)
    },
  }
}
