/** What becomes of people who come to a channel or leave the workspace: a job each, recorded together with having seen the event. */
import type { Members } from './members.ts'
import type { Store } from './store/database.ts'
import { firstSeen } from './store/limits.ts'
import type { Queue } from './store/queue.ts'
import { incidentByChannel } from './store/reads.ts'

export type ArrivalsWorld = {
  readonly store: Store
  readonly queue: Queue
  readonly members: Pick<Members, 'forget'>
  /** Who a user is to the bot. */
  readonly person: (user: string, name: string) => { readonly id: string }
  readonly botUser: () => string | undefined
}

/** Listeners for `people-events.ts`. */
export const createArrivals = ({ store, queue, members, person, botUser }: ArrivalsWorld) => ({
  joined: async (eventId: string, user: string, channel: string): Promise<void> => {
    if (user === botUser()) return
    await store.transaction(async (trx) => {
      const row = await incidentByChannel(trx, channel)
      // Most channels are none of ours: of them nothing is kept.
      if (row === null || row.resolvedAt !== null || !(await firstSeen(trx, 'slack', eventId))) return
      const at = await store.now(trx)
      await queue.enqueue(trx, [{ queue: 'welcome', data: { incident: row.id, user, channel, at } }])
    })
  },
  changed: async (eventId: string, user: string, gone: boolean): Promise<void> => {
    members.forget(user)
    if (!gone) return
    await store.transaction(async (trx) => {
      if (await firstSeen(trx, 'slack', eventId)) await queue.enqueue(trx, [{ queue: 'gone', data: { person: person(user, user).id } }])
    })
  },
})
