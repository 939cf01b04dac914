/** What happens to a channel, told to the record that runs in it. */
import type { Handle } from './handle.ts'
import type { ChannelEvents } from './slack/channels.ts'
import type { Store } from './store/database.ts'
import { firstSeen } from './store/limits.ts'
import type { Queue } from './store/queue.ts'
import { incidentByChannel } from './store/reads.ts'
import { madeAs } from './store/surfaces.ts'

/** In one transaction: an event that was seen but not recorded would be lost, because Slack's repeat of it counts as seen. */
export const createChannelWatch =
  ({ store, handle, queue }: { store: Store; handle: Handle; queue: Queue }): ChannelEvents['changed'] =>
  (eventId, change) =>
    store.transaction(async (trx) => {
      if (!(await firstSeen(trx, 'slack', eventId))) return
      const { channel } = change
      const scope = handle.within(trx)
      const row = await incidentByChannel(trx, channel)
      if (change.type === 'unarchived') {
        // What was missed while it was archived follows; one that was given up is taken again, unless another has taken its place.
        const known = row === null ? await madeAs(trx, channel) : { incident: row.id, name: null }
        if (known === null) return
        if (known.name !== null) await scope.handle(known.incident, { type: 'channel-opened', channel, name: known.name }, { kind: 'bot' })
        await queue.enqueue(trx, [{ queue: 'sync-channel', data: { incident: known.incident }, key: known.incident }])
        return
      }
      if (row === null) return
      if (change.type === 'renamed') await scope.handle(row.id, { type: 'channel-renamed', channel, name: change.name }, { kind: 'bot' })
      else if (change.type !== 'lost') await scope.handle(row.id, { type: change.type, channel }, { kind: 'bot' })
      else if (row.resolvedAt === null) await scope.handle(row.id, { type: 'channel-lost', channel, why: change.why }, { kind: 'bot' })
    })
