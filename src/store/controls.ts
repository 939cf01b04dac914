/** Locks, freezes, and which actions run. */
import { sql } from 'kysely'
import type { Control } from '../incident/acting/controls.ts'
import type { Actor } from '../incident/events.ts'
import type { Instant } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'

/** Any number that nobody else uses: the bytes of "action". */
const lock = 0x616374696f6en

/** Waits until nobody else starts an action or says what stands against one, until the transaction ends. */
export const holdActions = async (trx: Trx): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${lock.toString()}::bigint)`.execute(trx)
}

/** Nobody can tell any more whether a record was private that is gone: it stays so. */
const hiding = (hidden: boolean): { readonly private?: true } => (hidden ? { private: true } : {})

/** All that was said, oldest first. */
export const controlsSaid = async (db: Db | Trx): Promise<Control[]> => {
  const rows = await db
    .selectFrom('control')
    .leftJoin('incident', 'incident.id', 'control.incident')
    .selectAll('control')
    .select('incident.private')
    .orderBy('seq')
    .execute()
  return rows.map(({ seq, at, author, what, target, why, incident, private: hidden }) => ({
    seq: Number(seq),
    at,
    by: author,
    what,
    target,
    why,
    incident,
    ...hiding(incident !== null && (hidden ?? true)),
  }))
}

/** Adds to it. */
export const sayControl = async (trx: Trx, { at, by, what, target, why, incident }: Omit<Control, 'seq' | 'private'>): Promise<void> => {
  await trx
    .insertInto('control')
    .values({ at, author: JSON.stringify(by satisfies Actor), what, target, why, incident })
    .execute()
}

export type Run = { readonly incident: string; readonly action: number; readonly target: string; readonly started_at: Instant }

/** A run that changes one of these targets now, or null. */
export const runOn = async (db: Db | Trx, targets: readonly string[]): Promise<(Run & { readonly private?: true }) | null> => {
  const run = await db
    .selectFrom('action_run')
    .leftJoin('incident', 'incident.id', 'action_run.incident')
    .select(['action_run.incident', 'action_run.action', 'action_run.target', 'action_run.started_at', 'incident.private'])
    .where('action_run.target', 'in', targets)
    .where('action_run.ended_at', 'is', null)
    .executeTakeFirst()
  if (run === undefined) return null
  const { private: hidden, ...open } = run
  return { ...open, ...hiding(hidden ?? true) }
}

/** Runs that have begun, and of which nobody has recorded the end. */
export const openRuns = async (db: Db): Promise<Run[]> =>
  db.selectFrom('action_run').select(['incident', 'action', 'target', 'started_at']).where('ended_at', 'is', null).execute()

/** When the runs of the product began since then, oldest first. */
export const runsSince = async (db: Db | Trx, product: string, since: Instant): Promise<Instant[]> => {
  const rows = await db
    .selectFrom('action_run')
    .select('started_at')
    .where('product', '=', product)
    .where('started_at', '>', since)
    .orderBy('started_at')
    .execute()
  return rows.map((row) => row.started_at)
}

/** A run begins. Throws when one of its target runs. */
export const beginRun = async (
  trx: Trx,
  run: { incident: string; action: number; product: string; key: string; target: string; started_at: Instant },
): Promise<void> => {
  await trx
    .insertInto('action_run')
    .values({ ...run, ended_at: null })
    .execute()
}

/** A run is over. */
export const endRun = async (trx: Trx, incident: string, action: number, at: Instant): Promise<void> => {
  await trx.updateTable('action_run').set({ ended_at: at }).where('incident', '=', incident).where('action', '=', action).execute()
}
