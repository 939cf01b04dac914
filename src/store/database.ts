/** The bot's database: PostgreSQL by its URL, or PGlite in a folder or in memory. Instants come out as ISO strings in UTC with
 *  milliseconds. The schema is `tocsin`; jobs are in `tocsin_jobs`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dialect, Kysely, type KyselyPlugin, PGliteDialect, PostgresDialect, type Transaction, sql } from 'kysely'
import type { PGlite } from '@electric-sql/pglite'
import type { Instant } from '../incident/policy.ts'
import { type Embedded, openFolder, openMemory } from './embedded.ts'
import { createGuard, guardDialect } from './guard.ts'
import type { Log } from './log.ts'
import { migrate } from './migrations.ts'
import { openPool } from './postgres.ts'
import type { Tables } from './tables.ts'

export type { Log } from './log.ts'
export type { Tables } from './tables.ts'

export type Db = Kysely<Tables>
export type Trx = Transaction<Tables>

export type Store = {
  kind: 'postgres' | 'pglite'
  /** Throws when used inside `transaction`. */
  db: Db
  /** Commits what `work` did, or nothing. Runs `work` again, at most three times, after a serialisation failure or a deadlock:
   *  it must have no effects outside. An error of the connection during the commit leaves open whether it was committed. */
  transaction<T>(work: (trx: Trx) => Promise<T>): Promise<T>
  /** Calls `then` after the present transaction has committed, never when it is rolled back; outside of one, at once. */
  afterCommit(then: () => void): void
  /** The database's clock at this moment, not at the start of the transaction. */
  now(trx?: Db | Trx): Promise<Instant>
  /** Throws when the database does not answer. */
  ping(): Promise<void>
  /** PGlite: a tar of the data folder, which `memory` takes and which can be unpacked into a folder. Null on PostgreSQL. */
  dump(): Promise<Blob | null>
  close(): Promise<void>
  /** What the queue connects with. */
  source: { kind: 'postgres'; url: string } | { kind: 'pglite'; pglite: PGlite }
}

export type StoreOptions = {
  /** A PostgreSQL URL. */
  url?: string | undefined
  /** A folder for PGlite. */
  dataDir?: string | undefined
  /** PGlite in memory, empty or from a dump. */
  memory?: true | Blob | undefined
  log: Log
  /** Connections of this store to PostgreSQL at most; the queue has its own. */
  connections?: number
  /** Called when the folder's lock is lost, because this process slept too long and another one took the folder over. */
  onLost?: (error: Error) => void
}

/** Dates become ISO strings, in the top level of each row. */
const instants: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: ({ result }) => {
    for (const row of result.rows) {
      for (const key in row) if (row[key] instanceof Date) row[key] = row[key].toISOString()
    }
    return Promise.resolve(result)
  },
}

const serializationFailure = '40001'
const deadlock = '40P01'
const most = 3

const isRetryable = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code
  return code === serializationFailure || code === deadlock
}

/** The database's clock. `clock_timestamp`, because a transaction that waited for a lock began before what it waited for. */
const readClock = async (db: Db | Trx): Promise<Instant> => {
  const { rows } = await sql<{ now: Instant }>`select clock_timestamp() as now`.execute(db)
  return rows[0]!.now
}

/** Opens the database named by exactly one of `url`, `dataDir` and `memory`, and migrates it. Throws when it cannot be reached
 *  or used, saying what to do. */
export const openStore = async (options: StoreOptions): Promise<Store> => {
  const { url, dataDir, memory, log } = options
  if ([url, dataDir, memory].filter((given) => given !== undefined).length !== 1)
    throw new Error('Give exactly one of url, dataDir and memory')

  let lost: Error | null = null
  const onLost = (error: Error) => {
    lost = error
    log.error({ folder: dataDir, error: error.message }, 'database folder lost to another process')
    options.onLost?.(error)
  }
  const alive = () => {
    if (lost !== null) throw new Error('The database folder was taken over by another process: restart this one', { cause: lost })
  }
  let embedded: Embedded | null = null
  if (dataDir !== undefined) embedded = await openFolder(dataDir, onLost)
  else if (memory !== undefined) embedded = await openMemory(memory)

  const guard = createGuard()
  const dialect: Dialect =
    embedded === null
      ? new PostgresDialect({ pool: openPool(url!, options.connections ?? 10, log) })
      : new PGliteDialect({ pglite: embedded.pglite })
  const db = new Kysely<Tables>({
    dialect: guardDialect(dialect, guard, alive, embedded !== null),
    plugins: [instants],
    log: (event) => {
      if (event.level === 'error') guard.statementFailed(event.error)
    },
  }).withSchema('tocsin')

  const once = async <T>(work: (trx: Trx) => Promise<T>): Promise<T> => {
    const present = guard.begin()
    let committed = false
    try {
      const result = await db.transaction().execute((trx) => guard.inside(present, () => work(trx)))
      committed = true
      return result
    } finally {
      guard.end(present, committed)
    }
  }

  const store: Store = {
    kind: embedded === null ? 'postgres' : 'pglite',
    db,
    async transaction(work) {
      for (let repeats = 0; ; repeats += 1) {
        try {
          return await once(work)
        } catch (error) {
          if (!isRetryable(error) || repeats === most) throw error
          log.debug({ repeats, code: (error as { code: string }).code }, 'transaction repeated')
          await sleep(Math.random() * 20 * (repeats + 1))
        }
      }
    },
    afterCommit: (then) => guard.afterCommit(then),
    now: (trx) => readClock(trx ?? db),
    async ping() {
      await sql`select 1`.execute(db)
    },
    dump: async () => (embedded === null ? null : embedded.pglite.dumpDataDir('none')),
    async close() {
      await db.destroy()
      // kysely closes what it has used; a store that was never used is closed here.
      if (embedded !== null && !embedded.pglite.closed) await embedded.pglite.close()
      if (lost === null) await embedded?.release()
    },
    source: embedded === null ? { kind: 'postgres', url: url! } : { kind: 'pglite', pglite: embedded.pglite },
  }
  try {
    await migrate(store, log)
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}
