/** Verifies a stream of events: whether each is what was once hashed over its predecessor, and none is missing or added. */
import canonicalize from 'canonicalize'
import { replay } from '../incident/evolve.ts'
import type { Recorded } from '../incident/events.ts'
import { upcast } from '../incident/upcast.ts'
import type { Db, Trx } from './database.ts'
import { chainHash, genesis } from './events.ts'

export type ChainReport =
  | { readonly whole: true; readonly head: string; readonly events: number }
  /** `seq`: the first event that is not as it was recorded. */
  | { readonly whole: false; readonly seq: number; readonly why: string }

type Row = { seq: number; text: string; data: unknown; hash: string }

const inspect = (id: string, row: Row, expected: number, previous: string): string | null => {
  if (row.seq !== expected) return `event ${expected} is missing`
  let parsed: { incident?: unknown; seq?: unknown }
  try {
    parsed = JSON.parse(row.text) as typeof parsed
  } catch {
    return 'its text is not JSON any more'
  }
  if (chainHash(previous, row.text) !== row.hash) return 'its text or its hash was changed, or the event before it was replaced'
  if (parsed.incident !== id || parsed.seq !== row.seq) return 'it belongs to another place'
  if (canonicalize(row.data) !== row.text) return 'its data differs from the text that was hashed'
  return null
}

/** What the incident's row says of it beside its events. */
const columns = ['severity', 'status', 'title', 'private', 'product', 'rule'] as const

/** The first column of the row that differs from what the events make, in words; null when none does. */
const differing = (texts: readonly string[], row: { readonly [Column in (typeof columns)[number]]: unknown }): string | null => {
  let incident
  try {
    incident = replay(texts.map((text) => upcast(JSON.parse(text) as Recorded)))
  } catch (error) {
    // As it was recorded, and yet not to be read: a later version wrote it.
    return `this version of the bot cannot read it: ${error instanceof Error ? error.message : String(error)}`
  }
  if (incident === null) return 'it has no events'
  const made = { ...incident, product: incident.product.key }
  const column = columns.find((name) => made[name] !== row[name])
  return column === undefined
    ? null
    : `the incident's row was changed: its ${column} is ${String(row[column])}, the events say ${String(made[column])}`
}

/** Checks every event of an incident against its hash, its data and the incident's row, and against `published`, a head that
 *  was made known earlier, when one is given: it finds out a stream that was rewritten as a whole. */
export const verifyChain = async (db: Db | Trx, id: string, published?: { seq: number; head: string }): Promise<ChainReport> => {
  // One statement, so that an event that is appended meanwhile is in both or in neither.
  const rows = await db
    .selectFrom('incident')
    .fullJoin('event', 'event.incident', 'incident.id')
    .select(['event.seq', 'event.text', 'event.data', 'event.hash', 'incident.version', 'incident.head'])
    .select(['incident.severity', 'incident.status', 'incident.title', 'incident.private', 'incident.product', 'incident.rule'])
    .where((eb) => eb.or([eb('incident.id', '=', id), eb('event.incident', '=', id)]))
    .orderBy('event.seq')
    .execute()
  const kept = rows[0]
  if (kept === undefined) return { whole: false, seq: 1, why: 'there is no such incident' }
  let previous = genesis(id)
  let expected = 1
  for (const row of rows) {
    if (row.seq === null || row.text === null || row.hash === null) break
    const why = inspect(id, { seq: row.seq, text: row.text, data: row.data, hash: row.hash }, expected, previous)
    if (why !== null) return { whole: false, seq: expected, why }
    if (kept.version !== null && row.seq > kept.version)
      return { whole: false, seq: row.seq, why: `it was added: the incident's row ends with event ${kept.version}` }
    if (published?.seq === row.seq && published.head !== row.hash)
      return { whole: false, seq: row.seq, why: 'its hash is not the one that was published' }
    previous = row.hash
    expected += 1
  }
  const last = expected - 1
  if (kept.version === null) return { whole: false, seq: last, why: "the incident's row is missing" }
  if (kept.version !== last)
    return { whole: false, seq: expected, why: `it is missing: the incident's row ends with event ${kept.version}` }
  if (kept.head !== previous) return { whole: false, seq: last, why: "the head in the incident's row is another one" }
  if (published !== undefined && published.seq > last)
    return { whole: false, seq: expected, why: `it is missing: event ${published.seq} was published` }
  const changed = differing(
    rows.map((row) => row.text ?? ''),
    kept,
  )
  return changed === null ? { whole: true, head: previous, events: last } : { whole: false, seq: last, why: changed }
}
