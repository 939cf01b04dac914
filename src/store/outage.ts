/** The outage of the chat, as all processes know it: it outlives each of them, so that people are told of it once. */
import { sql } from 'kysely'
import type { Instant } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'
import { recall, remember } from './settings.ts'

const key = 'chat-outage'
/** From when to when the one before was. */
const lastKey = 'chat-outage-last'

/** `told`: the last event of each incident that people were told of, null before the first alarm. */
export type StoredOutage = {
  readonly since: Instant
  readonly why: string
  readonly final: boolean
  readonly told: Readonly<Record<string, number>> | null
  readonly toldAt: Instant | null
  /** How many times people were told. */
  readonly alarms: number
}

/** The outage that lasts, or null. */
export const readOutage = async (db: Db | Trx): Promise<StoredOutage | null> => {
  const row = await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst()
  return row === undefined ? null : (JSON.parse(row.value) as StoredOutage)
}

/** The outage that lasts, locked until the transaction ends; begun if there is none. */
export const beginOutage = async (trx: Trx, begun: Pick<StoredOutage, 'since' | 'why' | 'final'>): Promise<StoredOutage> => {
  const fresh: StoredOutage = { ...begun, told: null, toldAt: null, alarms: 0 }
  await trx
    .insertInto('setting')
    .values({ key, value: JSON.stringify(fresh) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const { value } = await trx.selectFrom('setting').select('value').where('key', '=', key).forUpdate().executeTakeFirstOrThrow()
  return JSON.parse(value) as StoredOutage
}

/** Writes the locked outage. */
export const saveOutage = async (trx: Trx, outage: StoredOutage): Promise<void> => {
  await trx
    .updateTable('setting')
    .set({ value: JSON.stringify(outage) })
    .where('key', '=', key)
    .execute()
}

/** Ends the outage at `until`; gives what it was, to one caller only. */
export const endOutage = async (trx: Trx, until: Instant): Promise<StoredOutage | null> => {
  const row = await trx.deleteFrom('setting').where('key', '=', key).returning('value').executeTakeFirst()
  if (row === undefined) return null
  const over = JSON.parse(row.value) as StoredOutage
  await remember(trx, lastKey, JSON.stringify({ since: over.since, until }))
  return over
}

/** Whether it was known then that the chat cannot be used, in the outage that lasts or in the one before. */
export const wasAway = async (db: Db | Trx, at: Instant): Promise<boolean> => {
  const present = await readOutage(db)
  if (present !== null && present.since <= at) return true
  const last = await recall(db, lastKey)
  if (last === null) return false
  const { since, until } = JSON.parse(last) as { since: Instant; until: Instant }
  return since <= at && at <= until
}

/** The last event of each open incident that calls somebody; planned work calls nobody. */
export const openCalls = async (db: Db | Trx): Promise<{ incident: string; seq: number }[]> => {
  const { rows } = await sql<{ incident: string; seq: number }>`
    select i.id as incident, max(e.seq)::int as seq
    from tocsin.incident i join tocsin.event e on e.incident = i.id
    where i.status not in ('resolved', 'reviewed') and i.kind not in ('change', 'maintenance')
      and e.data -> 'event' ->> 'type' in ('declared', 'escalated')
    group by i.id order by min(i.severity), min(i.number)`.execute(db)
  return rows
}
