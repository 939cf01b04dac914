/** Brings schema `tocsin` up to date at start. Files in `migrations/` are applied in the order of their names, once, all in one
 *  transaction under an advisory lock, so that any number of processes may start at once. A migration only adds: the version
 *  before it runs beside it during an upgrade (faults 40). */
import { readFile, readdir } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Store } from './database.ts'
import type { Log } from './log.ts'

export type Migration = { readonly name: string; readonly text: string }

const folder = new URL('migrations/', import.meta.url)

/** The migrations of this version, in order. */
export const ownMigrations = async (): Promise<Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(names.map(async (name) => ({ name: name.slice(0, -4), text: await readFile(new URL(name, folder), 'utf8') })))
}

/** The statements of a file. PGlite takes one at a time; none of ours has a semicolon at the end of a line inside it. */
const statements = (text: string): string[] =>
  text
    .split(/;[ \t]*\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')

/** Any number that nobody else uses: the bytes of "tocsin". */
const lock = 0x746f6373696en

/** Applies what is missing. Migrations of a newer version are left alone. Throws what the database throws; then nothing is applied. */
export const migrate = async (store: Store, log: Log, given?: readonly Migration[]): Promise<void> => {
  const migrations = given ?? (await ownMigrations())
  await store.transaction(async (trx) => {
    await sql`select pg_advisory_xact_lock(${lock.toString()}::bigint)`.execute(trx)
    await sql`create schema if not exists tocsin`.execute(trx)
    await sql`create table if not exists tocsin.migration (name text primary key, applied_at timestamptz not null default now())`.execute(
      trx,
    )
    const { rows } = await sql<{ name: string }>`select name from tocsin.migration`.execute(trx)
    const applied = new Set(rows.map((row) => row.name))
    for (const migration of migrations) {
      if (applied.delete(migration.name)) continue
      for (const statement of statements(migration.text)) await sql.raw(statement).execute(trx)
      await sql`insert into tocsin.migration (name) values (${migration.name})`.execute(trx)
      log.info({ migration: migration.name }, 'migration applied')
    }
    if (applied.size > 0) log.warn({ migrations: [...applied] }, 'database is of a newer version')
  })
}
