/** What the doctor asks of a PostgreSQL server, on connections of its own. Changes nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { ownMigrations } from './migrations.ts'

export type DatabaseFacts = {
  /** The major version, such as 15. */
  readonly version: number
  /** How far the asking clock is ahead of the database's, in milliseconds. */
  readonly ahead: number
  /** Whether this connection has a server process of its own, and hears notifications: behind a transaction pooler it has not. */
  readonly listens: boolean
  /** Migrations of this version that are not applied, and applied ones that this version does not know. */
  readonly missing: readonly string[]
  readonly unknown: readonly string[]
  /** Whether a schema can be made, which the first start and an upgrade need. */
  readonly mayCreate: boolean
}

const patienceMs = 5_000
const hearingMs = 2_000
const channel = 'tocsin_doctor'

const connection = (url: string): Client => {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: 'tocsin-doctor',
  })
  // Without a listener a connection that is lost ends the process.
  client.on('error', () => undefined)
  return client
}

const ask = async <Row extends object>(client: Client, text: string): Promise<Row[]> => (await client.query<Row>(text)).rows

const processOf = async (client: Client): Promise<number | undefined> =>
  (await ask<{ pid: number }>(client, 'select pg_backend_pid() as pid'))[0]?.pid

/** Whether two clients ever have the same server process. A notification alone would not tell: a pooler with one client passes it on. */
const isPooled = async (client: Client, other: Client): Promise<boolean> => {
  const before = await processOf(client)
  await other.query('begin')
  const others = await processOf(other)
  const now = await processOf(client)
  await other.query('rollback')
  return others === before || now !== before
}

/** Listens, notifies, and waits for what comes back. */
const hears = async (client: Client, other: Client): Promise<boolean> => {
  const heard = new Promise<boolean>((resolve) => {
    client.once('notification', () => resolve(true))
  })
  await client.query(`listen ${channel}`)
  await other.query(`notify ${channel}`)
  const result = await Promise.race([heard, sleep(hearingMs, false, { ref: false })])
  await client.query(`unlisten ${channel}`)
  return result
}

const migrationsOf = async (client: Client): Promise<{ missing: string[]; unknown: string[] }> => {
  const own = (await ownMigrations()).map(({ name }) => name)
  const [table] = await ask<{ there: boolean }>(client, `select to_regclass('tocsin.migration') is not null as there`)
  const applied =
    table?.there === true ? (await ask<{ name: string }>(client, 'select name from tocsin.migration')).map(({ name }) => name) : []
  return { missing: own.filter((name) => !applied.includes(name)), unknown: applied.filter((name) => !own.includes(name)) }
}

/** `now`: the asking clock, in milliseconds since 1970. Throws what the driver throws. */
export const inspectDatabase = async (url: string, now: () => number): Promise<DatabaseFacts> => {
  const client = connection(url)
  const other = connection(url)
  try {
    await client.connect()
    await other.connect()
    const before = now()
    const [clock] = await ask<{ at: number }>(client, 'select extract(epoch from clock_timestamp())::float8 * 1000 as at')
    const ahead = (before + now()) / 2 - (clock?.at ?? 0)
    const [server] = await ask<{ version: number; create: boolean }>(
      client,
      `select current_setting('server_version_num')::int / 10000 as version, has_database_privilege(current_database(), 'CREATE') as create`,
    )
    return {
      version: server?.version ?? 0,
      ahead,
      listens: !(await isPooled(client, other)) && (await hears(client, other)),
      ...(await migrationsOf(client)),
      mayCreate: server?.create === true,
    }
  } finally {
    await Promise.allSettled([client.end(), other.end()])
  }
}
