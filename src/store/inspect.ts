/** What the doctor asks of a PostgreSQL server, on one connection of its own. Changes nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { ownMigrations } from './migrations.ts'

export type DatabaseFacts = {
  /** The major version, such as 15. */
  readonly version: number
  /** How far the asking clock is ahead of the database's, in milliseconds. */
  readonly ahead: number
  /** Whether a notification comes back: a transaction pooler swallows it. */
  readonly listens: boolean
  /** Migrations of this version that are not applied, and applied ones that this version does not know. */
  readonly missing: readonly string[]
  readonly unknown: readonly string[]
  /** Whether a schema can be made, which the first start and an upgrade need. */
  readonly mayCreate: boolean
}

const patienceMs = 5_000
const channel = 'tocsin_doctor'

const ask = async <Row extends object>(client: Client, text: string): Promise<Row[]> => (await client.query<Row>(text)).rows

/** Listens, notifies, and waits for what comes back. */
const hears = async (client: Client): Promise<boolean> => {
  const heard = new Promise<boolean>((resolve) => {
    client.once('notification', () => resolve(true))
  })
  await client.query(`listen ${channel}`)
  await client.query(`notify ${channel}`)
  // A server sends what waits with the answer to the next statement at the latest.
  const answered = Promise.race([heard, sleep(1_000, false)])
  await client.query('select 1')
  const result = await answered
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
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: 'tocsin-doctor',
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
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
      listens: await hears(client),
      ...(await migrationsOf(client)),
      mayCreate: server?.create === true,
    }
  } finally {
    await client.end().catch(() => undefined)
  }
}
