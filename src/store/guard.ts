/** Keeps work inside a transaction on that transaction's connection. Touching the outer `db` inside one would wait for ever on
 *  PGlite (one connection) and on a full pool, so it throws at the only door to a connection: `acquireConnection`. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type DatabaseConnection, type Dialect, type Driver, PostgresAdapter } from 'kysely'

type Present = { open: boolean; failure: unknown; after: (() => void)[] }

export type Guard = {
  /** Runs `work` as the inside of a transaction; `commit` is called only when no statement failed unseen. */
  inside<T>(present: Present, work: () => Promise<T>): Promise<T>
  begin(): Present
  end(present: Present, committed: boolean): void
  /** Throws when called inside a transaction of this store. */
  assertOutside(): void
  /** Calls `then` once the present transaction has committed; at once when there is none. */
  afterCommit(then: () => void): void
  /** Remembers that a statement failed in the present transaction. */
  statementFailed(error: unknown): void
}

/** One guard per store. */
export const createGuard = (): Guard => {
  const storage = new AsyncLocalStorage<Present>()
  // A promise that was started inside a transaction and outlives it is outside again.
  const present = (): Present | null => {
    const found = storage.getStore()
    return found?.open === true ? found : null
  }
  return {
    begin: () => ({ open: true, failure: null, after: [] }),
    async inside(state, work) {
      const result = await storage.run(state, work)
      // PostgreSQL has aborted the transaction, and PGlite would report a commit that did not happen.
      if (state.failure !== null) {
        throw new Error('A failed SQL statement was caught inside a transaction; let it throw, or use "on conflict do nothing"', {
          cause: state.failure,
        })
      }
      return result
    },
    end(state, committed) {
      state.open = false
      if (committed) for (const then of state.after) then()
    },
    assertOutside() {
      if (present() !== null) {
        throw new Error(
          'The outer database was used inside a transaction, which can wait for itself for ever: use the transaction that was passed in',
        )
      }
    },
    afterCommit(then) {
      const state = present()
      if (state === null) then()
      else state.after.push(then)
    },
    statementFailed(error) {
      const state = present()
      if (state !== null) state.failure ??= error
    },
  }
}

/** Lets one caller in at a time, in order. */
const createGate = () => {
  let last: Promise<void> = Promise.resolve()
  return async (): Promise<() => void> => {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    await before
    return resolve
  }
}

const guardDriver = (driver: Driver, guard: Guard, alive: () => void, exclusive: boolean): Driver => {
  const enter = createGate()
  let leave: (() => void) | null = null
  return {
    init: (options) => driver.init(options),
    async acquireConnection(options): Promise<DatabaseConnection> {
      guard.assertOutside()
      alive()
      if (!exclusive) return driver.acquireConnection(options)
      const mine = await enter()
      try {
        const connection = await driver.acquireConnection(options)
        leave = mine
        return connection
      } catch (error) {
        mine()
        throw error
      }
    },
    async releaseConnection(connection, options) {
      await driver.releaseConnection(connection, options)
      if (exclusive) {
        const mine = leave
        leave = null
        mine?.()
      }
    },
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: (connection) => driver.commitTransaction(connection),
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    destroy: (options) => driver.destroy(options),
  }
}

/** `dialect` with the guard at its door. `exclusive`: it has one connection, handed to one user at a time; kysely's own queue
 *  for that stands before the door, so it is switched off (by the adapter) and replaced by one behind it. `alive` may throw. */
export const guardDialect = (dialect: Dialect, guard: Guard, alive: () => void, exclusive: boolean): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => guardDriver(dialect.createDriver(), guard, alive, exclusive),
  createIntrospector: (db) => dialect.createIntrospector(db),
  createQueryCompiler: () => dialect.createQueryCompiler(),
})
