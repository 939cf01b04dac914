/** What the outside asked to leave alone for a while, and what it has sent already. Shared by all processes. */
import { sql } from 'kysely'
import type { Instant } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'

/** Leaves `method` alone until `until`: in one scope (a channel), or everywhere with an empty one. A longer pause stays. Gives
 *  the instant at which the pause ends. */
export const pause = async (db: Db | Trx, method: string, scope: string, until: Instant): Promise<Instant> => {
  const { rows } = await sql<{ until: Instant }>`
    insert into tocsin.pause as kept (method, scope, until) values (${method}, ${scope}, ${until}::timestamptz)
    on conflict (method, scope) do update set until = greatest(kept.until, excluded.until)
    returning until`.execute(db)
  return rows[0]!.until
}

/** When `method` may be used again in `scope`, if it may not now: its own pause or the whole method's. */
export const pausedUntil = async (db: Db | Trx, method: string, scope: string): Promise<Instant | null> => {
  const { rows } = await sql<{ until: Instant | null }>`
    select max(until) as until from tocsin.pause where method = ${method} and scope in (${scope}, '') and until > clock_timestamp()`.execute(
    db,
  )
  return rows[0]?.until ?? null
}

/** When the last pause of this very scope ends or ended; null when there was none, or when it is forgotten. */
export const lastPause = async (db: Db | Trx, method: string, scope: string): Promise<Instant | null> => {
  const row = await db.selectFrom('pause').select('until').where('method', '=', method).where('scope', '=', scope).executeTakeFirst()
  return row?.until ?? null
}

/** Whether nothing of this kind happened in this scope in the last `seconds`; from now on it has. */
export const firstIn = async (db: Db | Trx, kind: string, scope: string, seconds: number): Promise<boolean> => {
  const { rows } = await sql`
    insert into tocsin.pause as kept (method, scope, until)
    values (${kind}, ${scope}, clock_timestamp() + make_interval(secs => ${seconds}::float8))
    on conflict (method, scope) do update set until = excluded.until where kept.until <= clock_timestamp()
    returning 1`.execute(db)
  return rows.length === 1
}

/** Whether this is the first time that `source` sent `id`; it is remembered until `forgetOld`. */
export const firstSeen = async (db: Db | Trx, source: string, id: string): Promise<boolean> => {
  const { rows } = await sql`
    insert into tocsin.seen (source, id, at) values (${source}, ${id}, clock_timestamp()) on conflict do nothing returning id`.execute(db)
  return rows.length === 1
}

/** So many rows are deleted at once, so many times in a row at most: others get in between, and the next hour does the rest. */
const batch = { rows: 1_000, most: 100 }

const inBatches = async (remove: () => Promise<{ rows: unknown[] }>): Promise<number> => {
  let removed = 0
  for (let count = 0; count < batch.most; count += 1) {
    const { rows } = await remove()
    removed += rows.length
    if (rows.length < batch.rows) break
  }
  return removed
}

/** Forgets what was seen more than `hours` hours ago, and pauses that are over. Senders repeat for less than a day. */
export const forgetOld = async (db: Db, hours = 24): Promise<void> => {
  await inBatches(() =>
    sql`
      delete from tocsin.seen where (source, id) in (
        select source, id from tocsin.seen where at < clock_timestamp() - make_interval(hours => ${hours}::int)
        limit ${batch.rows} for update skip locked
      ) returning 1`.execute(db),
  )
  await sql`delete from tocsin.pause where until < clock_timestamp()`.execute(db)
}

/** Forgets alerts that came and ended more than `days` days ago and belong to no open incident; what they did is told by the events.
 *  One that still fires is kept however old it is: its next repeat would open an incident anew. Gives how many. */
export const forgetAlerts = (db: Db, days = 90): Promise<number> =>
  inBatches(() =>
    sql`
      delete from tocsin.alert where (source, fingerprint, starts_at) in (
        select alert.source, alert.fingerprint, alert.starts_at
        from tocsin.alert left join tocsin.incident on incident.id = alert.incident
        where alert.state = 'resolved' and not alert.pending
          and greatest(alert.received_at, alert.ends_at) < clock_timestamp() - make_interval(days => ${days}::int)
          and (incident.id is null or incident.status in ('resolved', 'reviewed'))
        limit ${batch.rows} for update of alert skip locked
      ) returning 1`.execute(db),
  )
