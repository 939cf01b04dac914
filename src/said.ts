/** What becomes of what people say and do with messages: each event of the chat, once, in the transaction that remembers it. */
import type { Conversation } from './slack/conversation-events.ts'
import type { Store } from './store/database.ts'
import { firstSeen } from './store/limits.ts'
import type { Queue } from './store/queue.ts'
import { incidentByChannel, isRemembered } from './store/reads.ts'

export const createConversation = ({ store, queue }: { store: Store; queue: Queue }): Conversation => ({
  // In one transaction: an event that was seen but has no job would be lost, because its repeat counts as seen.
  follow: (eventId, { channel, ts, what, user }) =>
    store.transaction(async (trx) => {
      if (!(await firstSeen(trx, 'slack', eventId))) return
      const row = await incidentByChannel(trx, channel)
      if (row === null) return
      await queue.enqueue(trx, [{ queue: 'keep', data: { incident: row.id, channel, ts, what, user }, key: `${channel}/${ts}/${what}` }])
    }),
  changed: (eventId, { channel, ts, user }) =>
    store.transaction(async (trx) => {
      const row = await incidentByChannel(trx, channel)
      // Nearly all that people edit is in no story; what was not looked at need not be remembered.
      if (row === null || !(await isRemembered(trx, row.id, channel, ts)) || !(await firstSeen(trx, 'slack', eventId))) return
      await queue.enqueue(trx, [
        { queue: 'keep', data: { incident: row.id, channel, ts, what: 'look', user }, key: `${channel}/${ts}/look` },
      ])
    }),
})
