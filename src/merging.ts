/** Merging: two records change in one transaction, so that nobody ever sees only half of it. */
import type { CommandContext, Finder, Outcome } from './define.ts'
import { mayMerge } from './incident/areas/merging.ts'
import type { Actor } from './incident/events.ts'
import { mergedOf } from './incident/merged.ts'
import type { Incident } from './incident/incident.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import type { Handle } from './handle.ts'
import { handOverAlerts, lockAlertsOf } from './store/alerts.ts'
import type { Store } from './store/database.ts'
import { lockIncident } from './store/events.ts'
import { copyFiles } from './store/files.ts'
import { readStream } from './store/stream.ts'

type Merge = CommandContext['merge']

export const createMerge = ({ store, handle, find }: { store: Store; handle: Handle; find: Finder['byId'] }): Merge => {
  /** The record that is meant, or why this person cannot have it. */
  const meant = async (id: string, by: Actor, channel: string): Promise<{ readonly incident: Incident } | Refusal> => {
    const found = await find(id, by, channel)
    if (found === null) return refuse('unknown_incident', { id })
    if (!found.open) return refuse('private_incident', { id: found.id })
    return found.incident === null ? refuse('unreadable_record', { id: found.id }) : { incident: found.incident }
  }

  const together = (from: string, into: string, by: Actor): Promise<Outcome> =>
    store.transaction(async (trx): Promise<Outcome> => {
      await lockAlertsOf(trx, from)
      // In one order for everybody: two merges that cross would else wait for each other.
      for (const id of [from, into].toSorted()) await lockIncident(trx, id)
      const [source, target] = [await readStream(trx, from), await readStream(trx, into)]
      if (source === null || target === null) return { refused: refuse('unknown_incident', { id: source === null ? from : into }) }
      const refused = mayMerge(source.incident, target.incident)
      if (refused !== null) return { refused }
      const scope = handle.within(trx)
      const gone = await scope.handle(from, { type: 'merge', into, channel: target.incident.channel }, by)
      // What `mayMerge` lets pass is refused to neither: else one half would be recorded.
      if ('refused' in gone) throw new Error(`${from} could not be merged: ${gone.refused.code}`)
      const outcome = await scope.handle(into, { type: 'absorb', ...mergedOf([...source.events, ...gone.events]) }, by)
      if ('refused' in outcome) throw new Error(`${into} could not take in ${from}: ${outcome.refused.code}`)
      await handOverAlerts(trx, from, into)
      await copyFiles(trx, from, into)
      return outcome
    })

  return async (from, into, by, channel, confirmed) => {
    const [source, target] = [await meant(from, by, channel), await meant(into, by, channel)]
    if ('code' in source) return { refused: source }
    if ('code' in target) return { refused: target }
    const refused = mayMerge(source.incident, target.incident)
    if (refused !== null) return { refused }
    const pair = { source: source.incident, target: target.incident }
    if (!confirmed) return { asks: pair }
    const outcome = await together(source.incident.id, target.incident.id, by)
    return 'refused' in outcome ? outcome : { merged: { ...pair, target: outcome.incident } }
  }
}
