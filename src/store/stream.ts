/** An incident as it is read for showing: its events, folded, with the chain's hash at each of them. */
import type { Loaded } from '../define.ts'
import { evolve, replay } from '../incident/evolve.ts'
import type { Recorded } from '../incident/events.ts'
import type { Incident } from '../incident/incident.ts'
import { upcast } from '../incident/upcast.ts'
import type { Db, Trx } from './database.ts'

/** The events of an incident cannot be read: they were damaged, or written by a later version. The cause says how. */
export class Unreadable extends Error {
  constructor(id: string, cause: unknown) {
    super(`${id} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

const read = (id: string, texts: readonly string[], before: Pick<Loaded, 'incident' | 'events'> | null = null) => {
  try {
    const events = texts.map((text) => upcast(JSON.parse(text) as Recorded))
    if (before === null) return { events, incident: replay(events) }
    return { events: [...before.events, ...events], incident: events.reduce<Incident>(evolve, before.incident) }
  } catch (error) {
    throw new Unreadable(id, error)
  }
}

/** Null when there is no such incident. `head(seq)` throws for an event that does not exist. Throws Unreadable. `before`: what was read
 *  earlier; only what came since is read then. */
export const readStream = async (db: Db | Trx, id: string, before: Loaded | null = null): Promise<Loaded | null> => {
  const start = before?.events.length ?? 0
  const rows = await db
    .selectFrom('event')
    .select(['text', 'hash'])
    .where('incident', '=', id)
    .where('seq', '>', start)
    .orderBy('seq')
    .execute()
  if (rows.length === 0 && before !== null) return before
  const { events, incident } = read(
    id,
    rows.map((row) => row.text),
    before,
  )
  if (incident === null) return null
  return {
    incident,
    events,
    head: (seq) => {
      if (before !== null && seq <= start) return before.head(seq)
      const row = rows[seq - start - 1]
      if (row === undefined) throw new RangeError(`${id} has no event ${seq}`)
      return row.hash
    },
  }
}

/** Several incidents with their events, in the order of the ids, read at once. One that cannot be read is left out. */
export const readStreams = async (db: Db | Trx, ids: readonly string[]): Promise<Pick<Loaded, 'incident' | 'events'>[]> => {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('event')
    .select(['incident', 'text'])
    .where('incident', 'in', ids)
    .orderBy('incident')
    .orderBy('seq')
    .execute()
  const texts = Map.groupBy(rows, (row) => row.incident)
  return ids.flatMap((id) => {
    try {
      const { events, incident } = read(
        id,
        (texts.get(id) ?? []).map(({ text }) => text),
      )
      return incident === null ? [] : [{ incident, events }]
    } catch (error) {
      if (error instanceof Unreadable) return []
      throw error
    }
  })
}

/** Whether anything is stored under this id, readable or not. */
export const hasEvents = async (db: Db | Trx, id: string): Promise<boolean> =>
  (await db.selectFrom('event').select('seq').where('incident', '=', id).limit(1).executeTakeFirst()) !== undefined
