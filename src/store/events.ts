/** The streams of events and the row of each incident. An event is stored as the exact canonical text (RFC 8785) that was hashed
 *  over its predecessor, beside `jsonb`, which reorders keys and numbers. Nothing here is ever edited. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { sql } from 'kysely'
import type { Actor, Recorded } from '../incident/events.ts'
import type { Incident } from '../incident/incident.ts'
import type { Instant } from '../incident/policy.ts'
import { upcast } from '../incident/upcast.ts'
import type { Db, Trx } from './database.ts'
import { isOpen } from './reads.ts'

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** The hash before the first event of a stream. */
export const genesis = (incident: string): string => sha256(incident)

/** The text that is hashed and stored. Throws for what JSON cannot say, and for text that is not well-formed Unicode. */
export const canonicalText = ({ incident, seq, at, occurredAt, by, event }: Recorded): string => {
  const text = canonicalize({ incident, seq, at, occurredAt, by, event })
  if (text === undefined) throw new Error('The event is not JSON')
  return text
}

/** The hash of an event with this text after the event with hash `previous`. */
export const chainHash = (previous: string, text: string): string => sha256(`${previous}\n${text}`)

/** The next number for a record. Gap-free: the counter's row stays locked until the declaring transaction ends. */
export const nextNumber = async (trx: Trx): Promise<number> => {
  const { value } = await trx
    .updateTable('counter')
    .set((eb) => ({ value: eb('value', '+', 1) }))
    .where('name', '=', 'incident')
    .returning('value')
    .executeTakeFirstOrThrow()
  return value
}

/** Holds up declarations until the transaction ends, so that of a reopening and a declaration the later sees the other. */
export const holdDeclarations = async (trx: Trx): Promise<void> => {
  await trx.selectFrom('counter').select('value').where('name', '=', 'incident').forUpdate().executeTakeFirstOrThrow()
}

/** Locks the incident until the transaction ends; null when there is none. `now` is the database's clock after the lock was
 *  got, so it is never earlier than what was recorded before. */
export const lockIncident = async (trx: Trx, id: string): Promise<{ id: string; version: number; head: string; now: Instant } | null> => {
  // The clock stands outside of the locked part: in one select it would be read before the wait.
  const { rows } = await sql<{ id: string; version: number; head: string; now: Instant }>`
    with locked as materialized (select id, version, head from tocsin.incident where id = ${id} for update)
    select id, version, head, clock_timestamp() as now from locked`.execute(trx)
  return rows[0] ?? null
}

/** The events of an incident after `afterSeq`, in order, in today's shapes. */
export const readEvents = async (db: Db | Trx, id: string, afterSeq = 0): Promise<Recorded[]> => {
  const rows = await db.selectFrom('event').select('text').where('incident', '=', id).where('seq', '>', afterSeq).orderBy('seq').execute()
  return rows.map((row) => upcast(JSON.parse(row.text) as Recorded))
}

/** Appends events of one incident behind `head` (null or its `genesis` for the first) in one statement; gives the new head.
 *  Throws when one of their numbers is taken: somebody else appended without the lock. */
export const appendEvents = async (trx: Trx, head: string | null, events: readonly Recorded[]): Promise<string> => {
  const first = events[0]
  if (first === undefined) {
    if (head === null) throw new Error('A stream cannot start without an event')
    return head
  }
  let last = head ?? genesis(first.incident)
  const rows = events.map((recorded) => {
    const text = canonicalText(recorded)
    last = chainHash(last, text)
    return { incident: recorded.incident, seq: recorded.seq, text, hash: last }
  })
  await sql`
    insert into tocsin.event (incident, seq, text, data, hash)
    select incident, seq, text, text::jsonb, hash
    from json_to_recordset(${JSON.stringify(rows)}::json) as row (incident text, seq integer, text text, hash text)`.execute(trx)
  return last
}

/** Who declared, as a key: a person's id, or the kind and source of what else did. */
export const actorKey = (actor: Actor): string => {
  if (actor.kind === 'person') return actor.id
  return actor.kind === 'alert' ? `alert:${actor.source}` : 'bot'
}

/** Why a row could not be written: another incident has this id, is open for the rule, or has the channel. */
export type Taken = { readonly taken: 'id' | 'rule' | 'channel'; readonly by: string }

const findTaken = async (trx: Trx, incident: Incident): Promise<Taken> => {
  const row = await trx
    .selectFrom('incident')
    .select(['id', 'channel_id'])
    .where((eb) =>
      eb.or([
        eb('id', '=', incident.id),
        eb('number', '=', incident.number),
        eb('channel_id', '=', incident.channel?.id ?? null),
        eb.and([eb('product', '=', incident.product.key), eb('rule', '=', incident.rule), isOpen]),
      ]),
    )
    .orderBy((eb) => eb('id', '=', incident.id), 'desc')
    .executeTakeFirstOrThrow()
  if (row.id === incident.id) return { taken: 'id', by: row.id }
  return { taken: incident.channel !== null && row.channel_id === incident.channel.id ? 'channel' : 'rule', by: row.id }
}

/** Writes the incident's row, with the head of its events. For a new incident gives `taken` and writes nothing when a row is in
 *  the way: roll back then. Throws when the row has this version already, or when an incident that opens again finds its rule or
 *  channel taken: look with `openWithRule` first. */
export const saveIncident = async (trx: Trx, incident: Incident, head: string): Promise<Taken | null> => {
  const changing = {
    severity: incident.severity,
    status: incident.status,
    title: incident.title,
    private: incident.private,
    channel_id: incident.channel?.id ?? null,
    merged_into: incident.mergedInto,
    resolved_at: incident.stamps.resolve,
    version: incident.version,
    head,
  }
  const updated = await trx
    .updateTable('incident')
    .set(changing)
    .where('id', '=', incident.id)
    .where('version', '<', incident.version)
    .returning('id')
    .executeTakeFirst()
  if (updated !== undefined) return null
  const inserted = await trx
    .insertInto('incident')
    .values({
      ...changing,
      id: incident.id,
      number: incident.number,
      kind: incident.kind,
      product: incident.product.key,
      rule: incident.rule,
      declared_by: actorKey(incident.declaredBy),
      declared_at: incident.declaredAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted !== undefined) return null
  const taken = await findTaken(trx, incident)
  if (taken.taken === 'id') throw new Error(`${incident.id} has version ${incident.version} already, or was changed without its lock`)
  return taken
}

/** The open incident of a product's alert rule, locked; null when there is none. */
export const openWithRule = async (trx: Trx, product: string, rule: string): Promise<string | null> => {
  const row = await trx
    .selectFrom('incident')
    .select('id')
    .where('product', '=', product)
    .where('rule', '=', rule)
    .where(isOpen)
    .forUpdate()
    .executeTakeFirst()
  return row?.id ?? null
}

/** The open incident that the newest one of a product's alert rule was merged into, locked; null when there is none, or when that
 *  one is over, too. One that was merged may have gone into one that was merged later. */
export const openThroughMerge = async (trx: Trx, product: string, rule: string): Promise<string | null> => {
  const { rows } = await sql<{ id: string }>`
    with recursive gone (number, id) as (
      (select number, merged_into from tocsin.incident where product = ${product} and rule = ${rule} and merged_into is not null
        order by number desc limit 1)
      union
      select gone.number, next.merged_into from gone join tocsin.incident next on next.id = gone.id where next.merged_into is not null
    )
    select incident.id from tocsin.incident join gone on gone.id = incident.id where ${isOpen} for update of incident`.execute(trx)
  return rows[0]?.id ?? null
}
