/** Connections to a PostgreSQL server: a lost or frozen server gives errors, never a wait without end. */
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import type { Log } from './log.ts'

/** How long, in milliseconds, a statement, a free connection and a lock may be waited for. The server ends a statement first;
 *  the client's own limit is for a server that no longer answers at all. */
export const patience = { connect: 2_000, statement: 5_000, query: 6_000, idleInTransaction: 15_000 } as const

/** Errors after which the connection's state is unknown: the server said that it goes, or did not speak at all. */
const isBroken = (error: unknown): boolean => {
  const code = (error as { code?: unknown }).code
  // An error of SQL has a five-character state and leaves the connection usable; class 08 and 57P are about the connection.
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith('08') || code.startsWith('57P')
}

/** Statements that are prepared once a connection: planning pg-boss's long ones each time halves what can be written a second.
 *  `select *` is left out, because a newer version may add a column while this one runs, and the number is bounded, because the
 *  server keeps each. */
const createNames = (most = 300) => {
  const names = new Map<string, string>()
  return (text: string): string | undefined => {
    const name = names.get(text)
    if (name !== undefined || names.size >= most || /select \*|returning \*/i.test(text)) return name
    names.set(text, `tocsin_${names.size}`)
    return names.get(text)
  }
}

/** A client of the pool that is thrown away once its state is unknown. Giving it back would hand the next user a connection
 *  inside somebody else's transaction: pg forgets a rollback that timed out. */
const fenced = (client: PoolClient, nameOf: (text: string) => string | undefined): PostgresPoolClient => {
  let broken: unknown = null
  const query = async (text: string, values: unknown[]) => {
    if (broken !== null) {
      // The server rolls back what it loses; a rollback that fails here would hide why.
      if (text === 'rollback') return { command: 'ROLLBACK', rowCount: 0, rows: [] }
      throw new Error('The connection to the database was lost', { cause: broken })
    }
    try {
      const name = values.length === 0 ? undefined : nameOf(text)
      return await (name === undefined ? client.query(text, values) : client.query({ name, text, values }))
    } catch (error) {
      if (isBroken(error)) broken = error
      throw error
    }
  }
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy === true || broken !== null),
    ...('processID' in client ? { processID: client.processID as number } : {}),
  }
}

/** A pool for kysely. `connections`: how many at most. */
export const openPool = (url: string, connections: number, log: Log): PostgresPool => {
  const pool = new Pool({
    connectionString: url,
    application_name: 'tocsin',
    max: connections,
    connectionTimeoutMillis: patience.connect,
    statement_timeout: patience.statement,
    query_timeout: patience.query,
    idle_in_transaction_session_timeout: patience.idleInTransaction,
    keepAlive: true,
    // One plan for each prepared statement: PostgreSQL would plan pg-boss's inserts anew each time, which takes longer than to run
    // them. So what a partial index is chosen by stands in the text of a statement, never in a parameter.
    options: '-c timezone=UTC -c plan_cache_mode=force_generic_plan',
  })
  const onError = (error: Error) => log.warn({ error: error.message }, 'database connection lost')
  pool.on('error', onError)
  // Without a listener of its own, a client that loses its server while it is checked out ends the process.
  pool.on('connect', (client) => client.on('error', onError))
  const nameOf = createNames()
  const known = new WeakMap<PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect()
      const ours = known.get(client) ?? fenced(client, nameOf)
      known.set(client, ours)
      return ours
    },
  }
}
