/** An incident as it is read for showing: its events, folded, with the chain's hash at each of them. */
import type { Loaded } from '../define.ts'
import { replay } from '../incident/evolve.ts'
import type { Recorded } from '../incident/events.ts'
import { upcast } from '../incident/upcast.ts'
import type { Db, Trx } from './database.ts'

/** Null when there is no such incident. `head(seq)` throws for an event that does not exist. */
export const readStream = async (db: Db | Trx, id: string): Promise<Loaded | null> => {
  const rows = await db.selectFrom('event').select(['text', 'hash']).where('incident', '=', id).orderBy('seq').execute()
  const events = rows.map((row) => upcast(JSON.parse(row.text) as Recorded))
  const incident = replay(events)
  if (incident === null) return null
  return {
    incident,
    events,
    head: (seq) => {
      const row = rows[seq - 1]
      if (row === undefined) throw new RangeError(`${id} has no event ${seq}`)
      return row.hash
    },
  }
}
