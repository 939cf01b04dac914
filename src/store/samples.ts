/** What checks answered on their schedule. */
import { sql } from 'kysely'
import type { Instant } from '../incident/policy.ts'
import type { Sample } from '../incident/uptime.ts'
import type { Db, Trx } from './database.ts'

/** Keeps a sample; a second one of the same slot changes nothing. */
export const saveSample = async (trx: Trx, product: string, check: string, sample: Sample): Promise<void> => {
  const { slot, minutes, status, ms, finding, measurements } = sample
  await trx
    .insertInto('sample')
    .values({ product, check_key: check, slot, minutes, status, ms, finding, measurements: JSON.stringify(measurements) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Those of a product whose slots are in this time, by the keys of their checks, oldest first. */
export const samplesOf = async (db: Db, product: string, from: Instant, to: Instant): Promise<ReadonlyMap<string, readonly Sample[]>> => {
  const rows = await db
    .selectFrom('sample')
    .select(['check_key', 'slot', 'minutes', 'status', 'ms', 'finding', 'measurements'])
    .where('product', '=', product)
    .where('slot', '>=', from)
    .where('slot', '<', to)
    .orderBy('slot')
    .execute()
  return new Map([...Map.groupBy(rows, (row) => row.check_key)].map(([key, samples]) => [key, samples]))
}

/** Forgets those of more than `days` days ago. Gives how many. */
export const forgetSamples = async (db: Db, days = 35): Promise<number> => {
  const { rows } = await sql`
    delete from tocsin.sample where (product, check_key, slot) in (
      select product, check_key, slot from tocsin.sample where slot < clock_timestamp() - make_interval(days => ${days}::int)
      limit 10000 for update skip locked
    ) returning 1`.execute(db)
  return rows.length
}
