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

/** Whether this is the first time that `source` sent `id`; it is remembered until `forgetOld`. */
export const firstSeen = async (db: Db | Trx, source: string, id: string): Promise<boolean> => {
  const { rows } = await sql`
    insert into tocsin.seen (source, id, at) values (${source}, ${id}, clock_timestamp()) on conflict do nothing returning id`.execute(db)
  return rows.length === 1
}

/** Forgets what was seen more than `hours` hours ago, and pauses that are over. Senders repeat for less than a day. */
export const forgetOld = async (db: Db | Trx, hours = 24): Promise<void> => {
  await sql`delete from tocsin.seen where at < clock_timestamp() - make_interval(hours => ${hours}::int)`.execute(db)
  await sql`delete from tocsin.pause where until < clock_timestamp()`.execute(db)
}
