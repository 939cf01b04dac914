/** Rows of incidents, for lists and to find one. What is shown of an incident itself is computed from its events. */
import { type Selectable, type SqlBool, sql } from 'kysely'
import type { Kind } from '../incident/events.ts'
import type { Status } from '../incident/incident.ts'
import type { Instant, Severity } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'
import type { Tables } from './tables.ts'

export type IncidentRow = {
  readonly id: string
  readonly number: number
  readonly kind: Kind
  /** The product's key. */
  readonly product: string
  readonly rule: string | null
  readonly severity: Severity
  readonly status: Status
  readonly title: string
  readonly private: boolean
  readonly channelId: string | null
  /** The record that this one became part of. */
  readonly mergedInto: string | null
  /** A person's id, or what else declared it (see `actorKey`). */
  readonly declaredBy: string
  readonly declaredAt: Instant
  readonly resolvedAt: Instant | null
  readonly version: number
  readonly head: string
}

/** The condition of the partial indexes of open incidents, word for word. */
export const isOpen = sql<SqlBool>`status not in ('resolved', 'reviewed')`

const toRow = (row: Selectable<Tables['incident']>): IncidentRow => ({
  id: row.id,
  number: row.number,
  kind: row.kind,
  product: row.product,
  rule: row.rule,
  severity: row.severity,
  status: row.status,
  title: row.title,
  private: row.private,
  channelId: row.channel_id,
  mergedInto: row.merged_into,
  declaredBy: row.declared_by,
  declaredAt: row.declared_at,
  resolvedAt: row.resolved_at,
  version: row.version,
  head: row.head,
})

/** One incident by its id, or null. */
export const incidentRow = async (db: Db | Trx, id: string): Promise<IncidentRow | null> => {
  const row = await db.selectFrom('incident').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : toRow(row)
}

/** The incident that runs in this channel now, or null. */
export const incidentByChannel = async (db: Db | Trx, channelId: string): Promise<IncidentRow | null> => {
  const row = await db.selectFrom('incident').selectAll().where('channel_id', '=', channelId).executeTakeFirst()
  return row === undefined ? null : toRow(row)
}

/** All that are neither resolved nor reviewed: the gravest first, then the oldest. */
export const openIncidents = async (db: Db | Trx): Promise<IncidentRow[]> => {
  const rows = await db.selectFrom('incident').selectAll().where(isOpen).orderBy('severity').orderBy('number').execute()
  return rows.map(toRow)
}

/** The newest first, at most `limit`; of one product if named. */
export const recentIncidents = async (db: Db | Trx, limit: number, product?: string): Promise<IncidentRow[]> => {
  const all = db.selectFrom('incident').selectAll().orderBy('number', 'desc').limit(limit)
  const rows = await (product === undefined ? all : all.where('product', '=', product)).execute()
  return rows.map(toRow)
}

/** The ids of the records declared since that are not private, oldest first; of one product if named. */
export const publicSince = async (db: Db | Trx, since: Instant, product: string | null): Promise<string[]> => {
  const all = db.selectFrom('incident').select('id').where('declared_at', '>=', since).where('private', '=', false).orderBy('number')
  const rows = await (product === null ? all : all.where('product', '=', product)).execute()
  return rows.map(({ id }) => id)
}

/** Records of a product that are over and may still be owed something: their review, a to-do that was to be done by some day; and those
 *  in which a promise was not kept since. Without private ones and those that are part of another; the newest first, at most `limit`. */
export const closedAndOwed = async (db: Db | Trx, product: string, since: Instant, limit: number): Promise<string[]> => {
  const { rows } = await sql<{ id: string }>`
    select id from tocsin.incident
    where product = ${product} and not private and merged_into is null and status in ('resolved', 'reviewed') and (
      status = 'resolved' or resolved_at >= ${since}::timestamptz or id in (
        select incident from tocsin.event
        where data -> 'event' ->> 'type' = 'todo-added' and data -> 'event' ->> 'due' is not null
      )
    ) order by number desc limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/** An open incident of the same product and title that the same author declared in the last `sinceMinutes` minutes. */
export const duplicateDeclaration = async (
  trx: Db | Trx,
  product: string,
  title: string,
  declaredBy: string,
  sinceMinutes: number,
): Promise<IncidentRow | null> => {
  const row = await trx
    .selectFrom('incident')
    .selectAll()
    .where('product', '=', product)
    .where('title', '=', title)
    .where('declared_by', '=', declaredBy)
    .where(isOpen)
    .where('declared_at', '>', sql<Instant>`clock_timestamp() - make_interval(mins => ${sinceMinutes}::int)`)
    .orderBy('number', 'desc')
    .executeTakeFirst()
  return row === undefined ? null : toRow(row)
}

/** The incidents in whose story this message is, or once was, or in which something is to be done because of it. */
export const incidentsKeeping = async (db: Db | Trx, channel: string, ts: string): Promise<string[]> => {
  const { rows } = await sql<{ incident: string }>`
    select incident from tocsin.event
    where data -> 'event' ->> 'type' = 'message-kept'
      and data -> 'event' ->> 'channel' = ${channel} and data -> 'event' ->> 'ts' = ${ts}
    union
    select incident from tocsin.event
    where data -> 'event' ->> 'type' = 'todo-added'
      and data -> 'event' -> 'source' ->> 'channel' = ${channel} and data -> 'event' -> 'source' ->> 'ts' = ${ts}`.execute(db)
  return rows.map(({ incident }) => incident)
}

/** Records that are over and in which this person was given something to do, the newest first. */
export const closedWithTodosOf = async (db: Db | Trx, person: string, limit: number): Promise<string[]> => {
  const { rows } = await sql<{ id: string }>`
    select id from tocsin.incident
    where status in ('resolved', 'reviewed') and id in (
      select incident from tocsin.event
      where data -> 'event' ->> 'type' = 'todo-added' and data -> 'event' -> 'owner' ->> 'id' = ${person}
    ) order by number desc limit ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}
