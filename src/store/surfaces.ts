/** What each surface of an incident shows, as far as the bot knows, and who may change it now. A surface is changed under a lease:
 *  a row with a token and an expiry, never an open transaction. Every write names its token, so that a holder that lost its
 *  lease while it was working changes nothing any more (faults 33). */
import { sql } from 'kysely'
import type { Instant } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'

/** One holder's right to a surface of an incident. */
export type Lease = { readonly surface: string; readonly incident: string; readonly token: string }

/** `intent`: it was about to be made, and may have been; look before making it again. `hash` is of what it shows. */
export type Item = {
  readonly key: string
  /** What the outside calls it: a message's `ts`, an address. */
  readonly ref: string | null
  readonly hash: string | null
  readonly state: 'intent' | 'done' | 'failed'
  readonly attempts: number
  readonly error: string | null
  readonly at: Instant
}

/** The surface is somebody else's now, or the time of this run is over: what it would still do must not happen (faults 33). An
 *  ordinary hand-over between two runs, no fault. */
export class LeaseLost extends Error {
  constructor({ surface, incident }: { surface: string; incident: string }) {
    super(`the lease of ${surface} of ${incident} was lost`)
    this.name = 'LeaseLost'
  }
}

/** Another run has the surface, and looks again before it lets go: there is nothing left to do for this one. */
export class SurfaceTaken extends Error {
  constructor({ surface, incident }: { surface: string; incident: string }) {
    super(`another run has ${surface} of ${incident}`)
    this.name = 'SurfaceTaken'
  }
}

/** Takes the surface for `seconds`, or for longer when the token has it already. False while somebody else has it: leave then, for
 *  the holder is told to look again by its `release`. */
export const lease = async (db: Db | Trx, surface: string, incident: string, token: string, seconds: number): Promise<boolean> => {
  const { rows } = await sql<{ token: string }>`
    insert into tocsin.lease as kept (surface, incident, token, expires_at)
    values (${surface}, ${incident}, ${token}, clock_timestamp() + make_interval(secs => ${seconds}::float8))
    on conflict (surface, incident) do update set
      wanted = kept.expires_at > clock_timestamp() and kept.token <> excluded.token,
      token = case when kept.expires_at > clock_timestamp() then kept.token else excluded.token end,
      expires_at = case when kept.expires_at > clock_timestamp() and kept.token <> excluded.token then kept.expires_at else excluded.expires_at end
    returning token`.execute(db)
  return rows[0]?.token === token
}

/** Makes the lease last `seconds` from now; false when it was lost. */
export const extend = async (db: Db | Trx, { surface, incident, token }: Lease, seconds: number): Promise<boolean> => {
  const { rows } = await sql`
    update tocsin.lease set expires_at = clock_timestamp() + make_interval(secs => ${seconds}::float8)
    where surface = ${surface} and incident = ${incident} and token = ${token} returning token`.execute(db)
  return rows.length === 1
}

/** Gives the surface back. False when somebody wanted it meanwhile and left: it is still held, so look again and release again.
 *  True when it was lost before, too. */
export const release = async (db: Db | Trx, { surface, incident, token }: Lease): Promise<boolean> => {
  const { rows: gone } = await sql`
    delete from tocsin.lease where surface = ${surface} and incident = ${incident} and token = ${token} and not wanted returning token`.execute(
    db,
  )
  if (gone.length === 1) return true
  const { rows: wanted } = await sql`
    update tocsin.lease set wanted = false where surface = ${surface} and incident = ${incident} and token = ${token} returning token`.execute(
    db,
  )
  return wanted.length === 0
}

/** What is recorded of a surface, in the order of its keys. */
export const items = async (db: Db | Trx, surface: string, incident: string): Promise<Item[]> =>
  db
    .selectFrom('item')
    .select(['key', 'ref', 'hash', 'state', 'attempts', 'error', 'at'])
    .where('surface', '=', surface)
    .where('incident', '=', incident)
    .orderBy('key')
    .execute()

type Write = { key: string; state: Item['state']; ref: string | null; hash: string | null; error: string | null; attempt: boolean }

/** The lease's row is locked while the item is written: nobody can take the surface in between. A token whose time is over but
 *  whose surface nobody took may still record what it did. */
const write = async (
  db: Db | Trx,
  { surface, incident, token }: Lease,
  { key, state, ref, hash, error, attempt }: Write,
): Promise<boolean> => {
  const { rows } = await sql`
    with held as materialized (
      select 1 from tocsin.lease where surface = ${surface} and incident = ${incident} and token = ${token} for update
    )
    insert into tocsin.item as kept (surface, incident, key, ref, hash, state, attempts, error, at)
    select ${surface}, ${incident}, ${key}, ${ref}::text, ${hash}::text, ${state}, ${attempt ? 1 : 0}::int, ${error}::text, clock_timestamp() from held
    on conflict (surface, incident, key) do update set
      ref = coalesce(excluded.ref, kept.ref),
      hash = coalesce(excluded.hash, kept.hash),
      state = excluded.state,
      attempts = kept.attempts + excluded.attempts,
      error = excluded.error,
      at = excluded.at
    returning key`.execute(db)
  return rows.length === 1
}

/** Records that the item is about to be made or changed, and counts the attempt. What it showed before stays recorded until
 *  `done`. False when the lease was lost: then leave it. */
export const intend = (db: Db | Trx, held: Lease, key: string): Promise<boolean> =>
  write(db, held, { key, state: 'intent', ref: null, hash: null, error: null, attempt: true })

/** Records that the item is there and what it shows. False when the lease was lost. */
export const done = (db: Db | Trx, held: Lease, key: string, made: { ref: string | null; hash: string }): Promise<boolean> =>
  write(db, held, { key, state: 'done', ref: made.ref, hash: made.hash, error: null, attempt: false })

/** Records why the item could not be made. False when the lease was lost. */
export const failed = (db: Db | Trx, held: Lease, key: string, error: string): Promise<boolean> =>
  write(db, held, { key, state: 'failed', ref: null, hash: null, error, attempt: false })

/** The incidents of which a surface is known to hold anything, oldest number first. */
export const incidentsOn = async (db: Db | Trx, surface: string): Promise<string[]> => {
  const rows = await db
    .selectFrom('incident')
    .select('id')
    .where((eb) => eb.exists(eb.selectFrom('item').where('surface', '=', surface).whereRef('item.incident', '=', 'incident.id')))
    .orderBy('number')
    .execute()
  return rows.map((row) => row.id)
}

/** Forgets what a surface of an incident held: the surface itself is gone. Gives the hash that each item had. */
export const forget = async (trx: Trx, surface: string, incident: string): Promise<(string | null)[]> => {
  const rows = await trx.deleteFrom('item').where('surface', '=', surface).where('incident', '=', incident).returning('hash').execute()
  return rows.map((row) => row.hash)
}

/** The incident that this channel was made for, and the name that it was given; null when it is none of the bot's. */
export const madeAs = async (db: Db | Trx, channel: string): Promise<{ incident: string; name: string } | null> => {
  const row = await db
    .selectFrom('item')
    .select(['incident', 'hash'])
    .where('surface', '=', 'channel')
    .where('ref', '=', channel)
    .where('key', 'like', 'channel:%')
    .executeTakeFirst()
  return row === undefined ? null : { incident: row.incident, name: row.hash ?? '' }
}
