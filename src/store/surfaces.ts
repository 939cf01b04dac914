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

/** What is recorded of a surface, in the order of its keys. */
export const items = async (db: Db | Trx, surface: string, incident: string): Promise<Item[]> =>
  db
    .selectFrom('item')
    .select(['key', 'ref', 'hash', 'state', 'attempts', 'error', 'at'])
    .where('surface', '=', surface)
    .where('incident', '=', incident)
    .orderBy('key')
    .execute()

/** What becomes of an item. `intent`: it is about to be made or changed, which counts as an attempt; what it showed before stays
 *  recorded until `done`. */
export type Write =
  | { readonly key: string; readonly state: 'intent' }
  | { readonly key: string; readonly state: 'done'; readonly ref: string | null; readonly hash: string }
  | { readonly key: string; readonly state: 'failed'; readonly error: string }

/** The rows of these writes, one for each key: a statement can write a row only once. */
const rowsOf = (writes: readonly Write[]): string => {
  const rows = new Map<string, object>()
  for (const write of writes)
    rows.set(write.key, { ...rows.get(write.key), error: null, ...write, attempts: write.state === 'intent' ? 1 : 0 })
  return JSON.stringify([...rows.values()])
}

/** Writes the items for whoever has the row of `held`, which stands in the same statement and is locked meanwhile: nobody can take the
 *  surface in between. A token whose time is over but whose surface nobody took may still record what it did. */
const written = ({ surface, incident }: Lease, writes: readonly Write[]) => sql`
  written as (
    insert into tocsin.item as kept (surface, incident, key, ref, hash, state, attempts, error, at)
    select ${surface}, ${incident}, key, ref, hash, state, attempts, error, clock_timestamp()
    from held, json_to_recordset(${rowsOf(writes)}::json) as row (key text, ref text, hash text, state text, attempts integer, error text)
    on conflict (surface, incident, key) do update set
      ref = coalesce(excluded.ref, kept.ref),
      hash = coalesce(excluded.hash, kept.hash),
      state = excluded.state,
      attempts = kept.attempts + excluded.attempts,
      error = excluded.error,
      at = excluded.at
  )`

/** Records what became of items, and makes the lease last `seconds` from now, in one statement. Gives the database's clock; null
 *  when the lease was lost: nothing is recorded then, so leave it. */
export const record = async (db: Db | Trx, held: Lease, writes: readonly Write[], seconds: number): Promise<Instant | null> => {
  const { surface, incident, token } = held
  const { rows } = await sql<{ now: Instant }>`
    with held as materialized (
      update tocsin.lease set expires_at = clock_timestamp() + make_interval(secs => ${seconds}::float8)
      where surface = ${surface} and incident = ${incident} and token = ${token} returning token
    ), ${written(held, writes)}
    select clock_timestamp() as now from held`.execute(db)
  return rows[0]?.now ?? null
}

/** Records what became of items and gives the surface back, in one statement. `again`: it is still held, because somebody wanted it
 *  meanwhile and left, or the incident is past `version`: look again and release again. `lost`: somebody else has it, and nothing was
 *  recorded. */
export const release = async (
  db: Db | Trx,
  held: Lease,
  { writes = [], version }: { readonly writes?: readonly Write[]; readonly version?: number } = {},
): Promise<'released' | 'again' | 'lost'> => {
  const { surface, incident, token } = held
  const { rows } = await sql<{ held: boolean; gone: boolean }>`
    with held as materialized (
      select wanted from tocsin.lease where surface = ${surface} and incident = ${incident} and token = ${token} for update
    ), ${written(held, writes)}, gone as (
      delete from tocsin.lease using held
      where surface = ${surface} and incident = ${incident} and token = ${token} and not held.wanted
        and not exists (select from tocsin.incident where id = ${incident} and version > ${version ?? null}::integer)
      returning token
    )
    select exists (select from held) as held, exists (select from gone) as gone`.execute(db)
  if (rows[0]?.gone === true) return 'released'
  if (rows[0]?.held !== true) return 'lost'
  await sql`
    update tocsin.lease set wanted = false where surface = ${surface} and incident = ${incident} and token = ${token}`.execute(db)
  return 'again'
}

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
