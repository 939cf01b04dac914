/** A local Supabase: its REST and auth API on a PGlite of its own, with row-level security as on the real one. */
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { PGlite } from '@electric-sql/pglite'
import { App, getAuthSchemaSql, SUPABASE_AUTH_HELPERS_SQL } from '@supabase/lite'
import { createPgliteConnection } from '@supabase/lite/pglite'
import PQueue from 'p-queue'
import { blankDatabase, keepBlankDatabase } from './blank-database.ts'
import { lockFolder } from './folder-lock.ts'
import { object, parsed, string } from './json.ts'

export type SupabaseOptions = {
  /** Where the database and the keys are kept; without it everything is in memory. */
  dataDir?: string
  /** Folder of `*.sql`, each run once, in the order of their names. */
  migrations?: string
}

export type Supabase = {
  secretKey: string
  publishableKey: string
  /** A signed-in user's token, to be sent as `Authorization: Bearer` beside the publishable key. The user is made. */
  signUserToken(claims?: { sub?: string; email?: string; [claim: string]: unknown }): Promise<string>
  /** Past row-level security. */
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>
  fetch(request: Request): Promise<Response>
  close(): Promise<void>
}

type Keys = { secretKey: string; publishableKey: string; jwtSecret: string }

const KEYS_FILE = 'keys.json'

const newKeys = (): Keys => ({
  secretKey: `sb_secret_${randomBytes(24).toString('base64url')}`,
  publishableKey: `sb_publishable_${randomBytes(24).toString('base64url')}`,
  jwtSecret: randomBytes(32).toString('hex'),
})

const keptKeys = async (dataDir: string): Promise<Keys> => {
  const path = join(dataDir, KEYS_FILE)
  const kept = object(parsed(await readFile(path, 'utf8').catch(() => '')))
  if (kept['secretKey'] && kept['publishableKey'] && kept['jwtSecret'])
    return { secretKey: string(kept['secretKey']), publishableKey: string(kept['publishableKey']), jwtSecret: string(kept['jwtSecret']) }
  const keys = newKeys()
  await writeFile(path, JSON.stringify(keys, null, 2), { mode: 0o600 })
  return keys
}

/** As on a new Supabase project: the three roles may do everything in `public` that row-level security lets them. */
const ROLES = `
  do $$ begin
    if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin noinherit; end if;
    if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin noinherit; end if;
    if not exists (select from pg_roles where rolname = 'service_role') then create role service_role nologin noinherit bypassrls; end if;
  end $$;
  grant usage on schema public to anon, authenticated, service_role;
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on routines to anon, authenticated, service_role;
  alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
  create schema if not exists local;
  create table if not exists local.migration (name text primary key, hash text not null, at timestamptz not null default now());`

const AUTH_GRANTS = `grant usage on schema auth to anon, authenticated, service_role;`

const migrate = async (database: PGlite, folder: string): Promise<void> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const { rows } = await database.query<{ name: string; hash: string }>('select name, hash from local.migration')
  const applied = new Map(rows.map((row) => [row.name, row.hash]))
  for (const name of names) {
    const sql = await readFile(join(folder, name), 'utf8')
    const hash = createHash('sha256').update(sql).digest('hex')
    if (applied.get(name) === hash) continue
    if (applied.has(name))
      throw new Error(
        `${join(folder, name)} was changed after it had been applied: put it back and add a new migration, or delete the data folder`,
      )
    await database
      .transaction(async (transaction) => {
        await transaction.exec(sql)
        await transaction.query('insert into local.migration (name, hash) values ($1, $2)', [name, hash])
      })
      .catch((cause: unknown) => {
        throw new Error(`migration ${join(folder, name)} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      })
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const jwt = (claims: object, secret: string): string => {
  const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

export const openSupabase = async (options: SupabaseOptions): Promise<Supabase> => {
  const release = options.dataDir ? await lockFolder(options.dataDir) : undefined
  const keys = options.dataDir ? await keptKeys(options.dataDir) : newKeys()
  const folder = options.dataDir ? join(options.dataDir, 'database') : undefined
  const isNew = folder === undefined || !existsSync(join(folder, 'PG_VERSION'))
  const blank = isNew ? await blankDatabase() : undefined
  const connection = await createPgliteConnection({
    ...(folder ? { url: folder } : {}),
    ...(blank ? { pgliteOptions: { loadDataDir: blank } } : {}),
  })
  const database = connection.driver
  try {
    if (isNew && !blank) await keepBlankDatabase(database)
    await database.exec(ROLES)
    // Migrations refer to `auth.users` and `auth.uid()`.
    await database.exec(getAuthSchemaSql() + SUPABASE_AUTH_HELPERS_SQL + AUTH_GRANTS)
    if (options.migrations) await migrate(database, options.migrations)
  } catch (error) {
    await connection.close()
    await release?.()
    throw error
  }
  const app = new App({
    connection,
    api: { schemas: ['public'], max_rows: 1000 },
    auth: { enabled: true, jwt_secret: keys.jwtSecret, publishable_key: keys.publishableKey, secret_key: keys.secretKey },
    options: { server: { disableStudio: true } },
  })
  await app.init()
  await app.ensureSystemSchema()

  // Two requests at once would share one transaction, and with it the role.
  const queue = new PQueue({ concurrency: 1 })

  return {
    secretKey: keys.secretKey,
    publishableKey: keys.publishableKey,
    async signUserToken(claims = {}) {
      const sub = claims.sub ?? randomUUID()
      const email = claims.email ?? `${sub}@example.test`
      await queue.add(() =>
        database.query('insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now()) on conflict (id) do nothing', [
          sub,
          email,
        ]),
      )
      const now = Math.floor(Date.now() / 1000)
      return jwt({ aud: 'authenticated', role: 'authenticated', iat: now, exp: now + 3600, ...claims, sub, email }, keys.jwtSecret)
    },
    query: async <Row>(sql: string, parameters: unknown[] = []) => (await queue.add(() => database.query<Row>(sql, parameters))).rows,
    fetch: (request) => queue.add(async () => app.fetch(request)),
    async close() {
      await queue.onIdle()
      await connection.close()
      await release?.()
    },
  }
}

const serve = async (supabase: Supabase, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await buffer(incoming)
  const headers = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  const answer = await supabase.fetch(
    new Request(new URL(incoming.url ?? '/', 'http://127.0.0.1'), {
      method: incoming.method ?? 'GET',
      headers,
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    }),
  )
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(Buffer.from(await answer.arrayBuffer()))
}

/** The same, served over HTTP by itself. */
export const startSupabase = async (options: SupabaseOptions & { port?: number }): Promise<Supabase & { url: string }> => {
  const supabase = await openSupabase(options)
  const server = createServer((incoming, response) => {
    serve(supabase, incoming, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    ...supabase,
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      await supabase.close()
    },
  }
}
