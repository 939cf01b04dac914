/** Alerts as they came in. Identity is source + fingerprint + start, so a repeat, or the same from a second Alertmanager, changes
 *  nothing but a count (faults 22); an alert that is over never starts again under the same identity (faults 23). */
import { type Selectable, type SqlBool, sql } from 'kysely'
import type { ParsedAlert } from '../define.ts'
import type { AlertRef } from '../incident/events.ts'
import type { Instant } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'
import type { Tables } from './tables.ts'

/** The alerts of one product and rule are matched together. `product` is null when the alert named none. */
export type MatchKey = { readonly product: string | null; readonly rule: string }

export type AlertRow = AlertRef & {
  readonly product: string | null
  readonly state: 'firing' | 'resolved'
  readonly endsAt: Instant | null
  readonly receivedAt: Instant
  readonly repeats: number
  /** The incident that it opened or joined. */
  readonly incident: string | null
  /** What came of it, in words, for `/incident why`. */
  readonly outcome: string | null
}

/** What an alert is told apart by. */
export type AlertKey = Pick<AlertRef, 'source' | 'fingerprint' | 'startsAt'>

/** The outcome of an alert that was over before it was heard of. */
export const neverFired = 'resolved without having fired: opens nothing'

/** The same alerts, where one without a start of its own takes that of the open alert with its fingerprint: a sender that gives no
 *  times repeats and resolves what it has sent before, and opens nothing anew; its "resolved" ends every open one. An alert whose
 *  incident people have resolved is over, whatever its sender said last: what comes after that is new. Until the transaction ends
 *  other payloads of this source without starts wait, or two at once would each find nothing and begin an alert of their own. */
export const adoptStarts = async (trx: Trx, source: string, alerts: readonly ParsedAlert[]): Promise<ParsedAlert[]> => {
  const unknown = alerts.filter(({ startKnown }) => !startKnown).map(({ fingerprint }) => fingerprint)
  if (unknown.length === 0) return [...alerts]
  await sql`select pg_advisory_xact_lock(hashtextextended(${`tocsin alerts without starts from ${source}`}, 0))`.execute(trx)
  const open = await trx
    .selectFrom('alert')
    .leftJoin('incident', 'incident.id', 'alert.incident')
    .select(['alert.fingerprint', 'alert.starts_at'])
    .where('alert.source', '=', source)
    .where('alert.fingerprint', 'in', unknown)
    .where('alert.state', '=', 'firing')
    .where((eb) => eb.or([eb('incident.id', 'is', null), eb('incident.status', 'not in', ['resolved', 'reviewed'])]))
    .orderBy('alert.starts_at')
    .execute()
  const starts = Map.groupBy(open, (row) => row.fingerprint)
  return alerts.flatMap((alert) => {
    const known = alert.startKnown ? undefined : starts.get(alert.fingerprint)
    if (known === undefined) return [alert]
    return (alert.state === 'resolved' ? known : known.slice(-1)).map(({ starts_at: startsAt }) => ({
      ...alert,
      startsAt,
      endsAt: alert.endsAt !== null && alert.endsAt < startsAt ? startsAt : alert.endsAt,
    }))
  })
}

/** Writes the alerts of one payload in one statement; gives what has to be matched now. An alert stays to be matched until
 *  `markAlert`, so a repeat of it asks for its match job again. */
export const writeAlerts = async (db: Db | Trx, source: string, alerts: readonly ParsedAlert[]): Promise<MatchKey[]> => {
  if (alerts.length === 0) return []
  const rows = alerts.map((alert) => ({
    fingerprint: alert.fingerprint,
    starts_at: alert.startsAt,
    rule: alert.rule,
    product: alert.product,
    severity: alert.severity,
    state: alert.state,
    ends_at: alert.state === 'resolved' ? (alert.endsAt ?? alert.startsAt) : null,
    summary: alert.summary,
    labels: alert.labels,
    url: alert.url ?? null,
  }))
  // In the order of the key: two payloads with the same alerts would else wait for each other.
  const { rows: written } = await sql<{ product: string | null; rule: string }>`
    with given as (
      select distinct on (fingerprint, starts_at) *
      from json_to_recordset(${JSON.stringify(rows)}::json) as row (
        fingerprint text, starts_at timestamptz, rule text, product text, severity text, state text, ends_at timestamptz,
        summary text, labels jsonb, url text)
      order by fingerprint, starts_at, state desc
    ), written as (
      insert into tocsin.alert as kept (source, fingerprint, starts_at, rule, product, severity, state, ends_at, summary, labels,
        url, received_at, pending, outcome)
      select ${source}, fingerprint, starts_at, rule, product, severity, state, ends_at, summary, labels, url, clock_timestamp(),
        state = 'firing', case when state = 'resolved' then ${neverFired}::text end
      from given order by fingerprint, starts_at
      on conflict (source, fingerprint, starts_at) do update set
        repeats = kept.repeats + 1,
        pending = kept.pending or (kept.state = 'firing' and excluded.state = 'resolved'),
        state = case when excluded.state = 'resolved' then 'resolved' else kept.state end,
        ends_at = coalesce(kept.ends_at, excluded.ends_at)
      returning product, rule, pending
    )
    select distinct product, rule from written where pending order by rule, product`.execute(db)
  return written
}

const toAlert = (row: Selectable<Tables['alert']>): AlertRow => ({
  source: row.source,
  fingerprint: row.fingerprint,
  startsAt: row.starts_at,
  rule: row.rule,
  summary: row.summary,
  severity: row.severity,
  ...(row.url === null ? {} : { url: row.url }),
  labels: row.labels,
  product: row.product,
  state: row.state,
  endsAt: row.ends_at,
  receivedAt: row.received_at,
  repeats: row.repeats,
  incident: row.incident,
  outcome: row.outcome,
})

/** The alerts of a product and rule that nobody has looked at since they came or ended, oldest first, locked until the
 *  transaction ends. One that has ended and carries an incident is to be resolved there. */
export const alertsToMatch = async (trx: Trx, product: string | null, rule: string): Promise<AlertRow[]> => {
  const rows = await trx
    .selectFrom('alert')
    .selectAll()
    .where('product', 'is not distinct from', product)
    .where('rule', '=', rule)
    .where(sql<SqlBool>`pending`)
    .orderBy('starts_at')
    .orderBy('fingerprint')
    .orderBy('source')
    .forUpdate()
    .execute()
  return rows.map(toAlert)
}

/** Records what came of an alert: it is not matched again until it ends. Without `incident` the one it has stays. */
export const markAlert = async (trx: Trx, alert: AlertKey, mark: { incident?: string; outcome: string }): Promise<void> => {
  await trx
    .updateTable('alert')
    .set({ pending: false, outcome: mark.outcome, ...(mark.incident === undefined ? {} : { incident: mark.incident }) })
    .where('source', '=', alert.source)
    .where('fingerprint', '=', alert.fingerprint)
    .where('starts_at', '=', alert.startsAt)
    .execute()
}

/** The alerts that came in last, newest first. */
export const recentAlerts = async (db: Db | Trx, limit: number): Promise<AlertRow[]> => {
  const rows = await db.selectFrom('alert').selectAll().orderBy('received_at', 'desc').limit(limit).execute()
  return rows.map(toAlert)
}

/** Locks the alerts of an incident, as matching does before it locks the incident: who takes both takes them in this order. */
export const lockAlertsOf = async (trx: Trx, incident: string): Promise<void> => {
  await trx
    .selectFrom('alert')
    .select('fingerprint')
    .where('incident', '=', incident)
    .orderBy('starts_at')
    .orderBy('fingerprint')
    .orderBy('source')
    .forUpdate()
    .execute()
}

/** Gives the alerts of one incident to another. */
export const handOverAlerts = async (trx: Trx, from: string, to: string): Promise<void> => {
  await trx
    .updateTable('alert')
    .set({ incident: to, outcome: sql<string>`outcome || ${`; ${from} was merged into ${to}`}::text` })
    .where('incident', '=', from)
    .execute()
}
