/** The digests that were made, each kind by its own dates. */
import { sql } from 'kysely'
import type { Digest } from '../incident/digest.ts'
import type { Instant, LocalDate } from '../incident/policy.ts'
import type { Db, Trx } from './database.ts'

const kind = 'daily'

export type DigestRow = { readonly date: LocalDate; readonly digest: Digest; readonly madeAt: Instant; readonly postedAt: Instant | null }

const read = (db: Db | Trx, product: string) =>
  db
    .selectFrom('digest')
    .select(['date', 'data as digest', 'made_at as madeAt', 'posted_at as postedAt'])
    .where('kind', '=', kind)
    .where('product', '=', product)

/** The digest of a date, or null. */
export const digestOn = async (db: Db | Trx, product: string, date: LocalDate): Promise<DigestRow | null> =>
  (await read(db, product).where('date', '=', date).executeTakeFirst()) ?? null

/** The newest digest before a date, posted or not. */
export const digestBefore = async (db: Db | Trx, product: string, date: LocalDate): Promise<DigestRow | null> =>
  (await read(db, product).where('date', '<', date).orderBy('date', 'desc').executeTakeFirst()) ?? null

/** The newest one before a date that people have seen. */
export const postedBefore = async (db: Db | Trx, product: string, date: LocalDate): Promise<DigestRow | null> =>
  (await read(db, product).where('date', '<', date).where('posted_at', 'is not', null).orderBy('date', 'desc').executeTakeFirst()) ?? null

/** Keeps what the digest of a date says, unless it was made already. */
export const saveDigest = async (db: Db | Trx, product: string, date: LocalDate, digest: Digest): Promise<void> => {
  await db
    .insertInto('digest')
    .values({ kind, product, date, data: JSON.stringify(digest) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

const change = (db: Db | Trx, product: string, date: LocalDate) =>
  db.updateTable('digest').where('kind', '=', kind).where('product', '=', product).where('date', '=', date)

/** It is posted. */
export const digestPosted = async (db: Db | Trx, product: string, date: LocalDate): Promise<void> => {
  await change(db, product, date)
    .set({ posted_at: sql<Instant>`clock_timestamp()`, problem: null })
    .execute()
}

/** Why it could not be posted. */
export const digestTrouble = async (db: Db, product: string, date: LocalDate, problem: string): Promise<void> => {
  await change(db, product, date).set({ problem }).execute()
}

/** The newest digest of each product that could not be posted, with why. One that a later one took the place of is past help. */
export const digestProblems = async (db: Db): Promise<{ product: string; date: LocalDate; problem: string }[]> => {
  const { rows } = await sql<{ product: string; date: LocalDate; problem: string | null }>`
    select distinct on (product) product, date, problem from tocsin.digest where kind = ${kind} order by product, date desc`.execute(db)
  return rows.flatMap(({ problem, ...row }) => (problem === null ? [] : [{ ...row, problem }]))
}

/** Forgets those that were made more than `days` days ago, and what is known of their messages. */
export const forgetDigests = async (db: Db, days = 400): Promise<void> => {
  await sql`delete from tocsin.digest where made_at < clock_timestamp() - make_interval(days => ${days}::int)`.execute(db)
  await sql`
    delete from tocsin.item
    where starts_with(surface, 'digest/') and at < clock_timestamp() - make_interval(days => ${days}::int)`.execute(db)
}
