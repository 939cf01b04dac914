/** More records at once than the chat opens channels for: each waits for its turn, the gravest first (faults 13). */
import type { StormContext } from './ports.ts'
import type { Store } from './store/database.ts'
import { lastPause, pause } from './store/limits.ts'
import { openIncidents } from './store/reads.ts'
import { readStreams } from './store/stream.ts'

/** How long each leaves those before it to open their channel. */
const turnMs = 1_000

/** So long after the last limit nobody waits for others any more: whatever keeps a graver one, it keeps the rest no longer. */
const overMs = 60_000

const method = 'conversations.create'

export const createStorm = (store: Store): StormContext => {
  /** Without those that something else than a limit keeps from their channel: their announcement says what. */
  const waiting: StormContext['waiting'] = async () => {
    const rows = (await openIncidents(store.db)).filter(({ channelId }) => channelId === null)
    const loaded = await readStreams(
      store.db,
      rows.map(({ id }) => id),
    )
    return loaded
      .map(({ incident }) => incident)
      .filter(({ failedSteps }) => !failedSteps.some(({ surface, step }) => surface === 'sync-channel' || step === 'channel'))
  }
  return {
    waiting,
    turn: async (id, fault) => {
      const now = Date.parse(await store.now())
      if (fault !== undefined) await pause(store.db, method, '', new Date(now + Math.ceil(fault.retryAfter * 1000)).toISOString())
      const last = await lastPause(store.db, method, '')
      const end = last === null ? null : Date.parse(last)
      if (end === null || end + overMs < now) return null
      const before = (await waiting()).map((incident) => incident.id)
      const place = before.indexOf(id)
      // One that is over needs its channel least.
      const turn = Math.max(end, now) + (place < 0 ? before.length : place) * turnMs
      return turn > now ? new Date(turn).toISOString() : null
    },
  }
}
