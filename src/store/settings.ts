/** Small things that the bot found out and keeps, such as the id of the announcements channel. */
import type { Db, Trx } from './database.ts'

/** Keeps `value` under `key`, instead of what was there. */
export const remember = async (db: Db | Trx, key: string, value: string): Promise<void> => {
  await db
    .insertInto('setting')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/** Everything whose key begins with this. */
export const recallAll = (db: Db | Trx, prefix: string): Promise<{ key: string; value: string }[]> =>
  db
    .selectFrom('setting')
    .select(['key', 'value'])
    .where((where) => where.fn('starts_with', ['key', where.val(prefix)]))
    .orderBy('key')
    .execute()

/** Keeps it no longer. */
export const forgetSetting = async (db: Db | Trx, key: string): Promise<void> => {
  await db.deleteFrom('setting').where('key', '=', key).execute()
}

/** What is kept under `key`, or null. */
export const recall = async (db: Db | Trx, key: string): Promise<string | null> => {
  const row = await db.selectFrom('setting').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value ?? null
}
