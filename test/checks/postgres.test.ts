import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import check from '../../src/checks/postgres.ts'
import { identity, type Postgres, startPostgres } from '../postgres.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { ensure } from '../system/debian.ts'
import { ask, type Asking } from './asking.ts'
import { startAuthority } from './certificates.ts'
import { poolerPackages, startPooler } from './pgbouncer.ts'

type Given = z.input<typeof check.options>
type Question = Given extends infer One ? (One extends Given ? Omit<One, 'host' | 'port' | 'secret' | 'tls' | 'ca'> : never) : never

let server: Postgres
let owner: Client
let folder: string
let authority: string

const setup = `
  create extension pg_stat_statements;
  create extension dblink;
  create table letters (id int primary key, status text, body text, updated_at timestamptz not null default now());
  insert into letters select n, case when n <= 4 then 'generating' when n <= 10 then 'draft' else 'sent' end, 'dear',
    now() - case when n <= 3 then interval '30 minutes' else interval '0' end from generate_series(1, 40) n;
  create table open_table (id int);
  alter table letters enable row level security;
  create sequence numbers;
  create function wipe() returns int language plpgsql as $$ begin delete from letters; return 1; end $$;
  create function sly() returns int language plpgsql stable as $$ begin delete from letters; return 1; end $$;
  create function letters_trigger() returns trigger language plpgsql as $$ begin return new; end $$;
  create view counting as select nextval('numbers') as n;
  create schema supabase_migrations;
  create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
  insert into supabase_migrations.schema_migrations values ('20260102030405', null, 'create_letters'), ('20261119170000', null, 'add_status');
  create table runs (job text, state text, ended_at timestamptz);
  insert into runs values ('cleanup', 'ok', now() - interval '3 minutes'), ('reminders', 'ok', now() - interval '3 hours');
  create role reader login password 'right-horse';
  grant select on runs to reader;`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postgres-check-'))
  using signing = startAuthority()
  authority = signing.make({ name: 'root', until: 30 }).cert
  const { key, cert } = signing.make({ name: 'database', names: ['db.test'], until: 30, by: 'root' })
  const as = identity()
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    if (as.uid !== undefined) chownSync(path, as.uid, as.gid)
    return path
  }
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid)
  server = await startPostgres({
    settings: {
      shared_preload_libraries: 'pg_stat_statements',
      ssl: 'on',
      ssl_cert_file: file('cert.pem', cert),
      ssl_key_file: file('key.pem', key),
    },
  })
  await server.createDatabase('shop')
  await server.createDatabase('bare')
  owner = new Client({ connectionString: server.url('shop') })
  await owner.connect()
  await owner.query(setup)
  const hba = 'host all reader 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust'
  await owner.query(`do $$ begin execute format('copy (select unnest(%L::text[])) to %L', '{${hba.replaceAll('\n', ',')}}',
    current_setting('hba_file')); end $$`)
  await owner.query('select pg_reload_conf()')
})

afterAll(async () => {
  await owner.end()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const asked = (question: Question, more: Asking & { database?: string; as?: string; place?: object } = {}) => {
  const { database = 'shop', as = 'tocsin', place = {} } = more
  return ask(
    check,
    { host: '127.0.0.1', port: server.port, secret: 'DATABASE_URL_SHOP', tls: 'none', ...place, ...question },
    {
      secrets: { DATABASE_URL_SHOP: `postgres://${as}@127.0.0.1:${server.port}/${database}` },
      ...more,
    },
  )
}

const query = (
  sql: string,
  { place, secrets, ...more }: { place?: object; secrets?: Record<string, string>; [option: string]: unknown } = {},
) => asked({ ask: 'query', sql, name: 'stuck letters', ...more }, { ...(place && { place }), ...(secrets && { secrets }) })

describe('postgres: what it is asked', () => {
  test('version and speed', async () => {
    const { status, texts, measurements } = await asked({ ask: 'version', least: 12, latency: 60_000 })
    expect(status).toBe('ok')
    expect(texts).toEqual([expect.stringMatching(/^ok: Answers as PostgreSQL \d+/)])
    expect(measurements.map(({ name, unit }) => [name, unit])).toEqual([
      ['version', ''],
      ['query time', 'ms'],
    ])
    const old = await asked({ ask: 'version', least: 99 })
    expect([old.status, old.texts[0]]).toEqual(['warn', expect.stringMatching(/^warn: version is \d+, below the limit of 99\.$/)])
  })

  test('connections against what there may be', async () => {
    const { status, texts, measurements } = await asked({ ask: 'connections', used: 80 })
    expect([status, texts[0]]).toEqual(['ok', expect.stringMatching(/^ok: \d+ of 197 connections: .*1 active/)])
    expect(measurements[0]).toMatchObject({ name: 'connections used', unit: '%', limit: 80 })
    const full = await asked({ ask: 'connections', most: 2, used: { warn: 80, fail: 95 } })
    expect([full.status, full.texts[0]]).toEqual(['fail', expect.stringContaining('above the limit of 95 %')])
  })

  test('the slowest statements, without what people typed', async () => {
    for (let n = 0; n < 6; n += 1) await owner.query("select pg_sleep(0.02), 'anna@example.com' as who")
    const { status, texts, measurements, detail } = await asked({ ask: 'slow', average: 100_000, slowest: 1 })
    expect(status).toBe('warn')
    expect(texts.join('\n')).toMatch(/slowest query is [\d.]+ ms, above the limit of 1 ms/)
    expect(texts.join('\n')).toMatch(/the slowest takes [\d.]+ ms on average: select pg_sleep\(\$1\), \$2 as who/)
    expect(measurements.map(({ name }) => name)).toEqual(['average query', 'slowest query'])
    expect(detail?.text).toMatch(/^[\d.]+ ms × 6: select pg_sleep/)
    expect(`${texts.join()}${detail?.text}`).not.toContain('anna')
  })

  test('without the extension it says how to get it', async () => {
    const { status, texts } = await asked({ ask: 'slow' }, { database: 'bare' })
    expect([status, texts]).toEqual(['unknown', [expect.stringContaining('create extension pg_stat_statements')]])
  })

  test('hits of indexes', async () => {
    await owner.query('set enable_seqscan = off')
    for (let n = 1; n < 20; n += 1) await owner.query('select body from letters where id = $1', [n])
    await owner.query('reset enable_seqscan')
    await owner.query('select pg_stat_force_next_flush()')
    await owner.query('select 1')
    const { status, measurements } = await asked({ ask: 'cache', indexHits: 0.1 })
    expect([status, measurements[0]]).toEqual(['ok', expect.objectContaining({ name: 'index hit ratio', bound: 'least' })])
    const strict = await asked({ ask: 'cache', indexHits: { fail: 100.1 } })
    expect(strict.status).toBe('fail')
    expect((await asked({ ask: 'cache' }, { database: 'bare' })).status).toBe('unknown')
  })

  test('who waits for whom, without what people typed', async () => {
    expect(await asked({ ask: 'locks', wait: 50 })).toMatchObject({ status: 'ok', texts: ['ok: Nobody waits for a lock.'] })
    const waiting = new Client({ connectionString: server.url('shop') })
    await waiting.connect()
    await owner.query('begin')
    await owner.query("update letters set body = 'my password is 12345' where id = 1")
    const update = waiting.query("update letters set body = 'swordfish' where id = 1")
    const { rows } = await owner.query<{ pid: number }>('select pg_backend_pid() as pid')
    await expect.poll(async () => (await asked({ ask: 'locks', wait: 50 })).status).toBe('warn')
    const { texts, measurements, detail } = await asked({ ask: 'locks', wait: { fail: 50 } })
    await owner.query('rollback')
    await update
    await waiting.end()
    expect(texts[0]).toMatch(/^fail: longest lock wait is [\d.]+ ms, above the limit of 50 ms\.$/)
    expect(texts[1]).toContain(`blocked by pid ${rows[0]?.pid} (idle in transaction)`)
    expect(texts[1]).toContain('update letters set body = ? where id = ?')
    expect(measurements[0]?.name).toBe('longest lock wait')
    expect(`${texts.join()}${detail?.text}`).not.toMatch(/swordfish|12345/)
  })

  test('size and the largest tables', async () => {
    const { status, texts, detail } = await asked({ ask: 'size', most: 1_000_000 })
    expect([status, texts[0]]).toEqual(['ok', expect.stringMatching(/^ok: [\d.]+ MB; the largest: /)])
    expect(detail?.text).toContain('public.letters')
    expect((await asked({ ask: 'size', most: 0.1 })).status).toBe('warn')
  })

  test('migrations, as what was changed too', async () => {
    const { status, texts, changes } = await asked({ ask: 'migrations', name: 'name' })
    expect([status, texts[0]]).toEqual(['ok', expect.stringMatching(/^ok: The last migration is 20261119170000 add_status\..*of writing/)])
    expect(changes?.[0]).toEqual({
      at: '2026-11-19T17:00:00.000Z',
      kind: 'migration',
      title: 'Migration 20261119170000 add_status',
      by: null,
      url: null,
    })
    expect(changes).toHaveLength(2)
    const own = await asked({ ask: 'migrations', schema: 'public', table: 'runs', version: 'job', at: 'ended_at' })
    expect(own.changes?.map(({ title }) => title)).toEqual(['Migration cleanup', 'Migration reminders'])
    const none = await asked({ ask: 'migrations' }, { database: 'bare' })
    expect([none.status, none.texts[0]]).toEqual(['unknown', expect.stringContaining('no such table')])
  })

  test('row-level security', async () => {
    const { status, texts } = await asked({ ask: 'rls' })
    expect([status, texts[0]]).toEqual(['fail', expect.stringContaining('off for 2 tables of public: open_table, runs')])
    expect(await asked({ ask: 'rls', except: ['open_table', 'runs'] })).toMatchObject({ status: 'ok' })
    expect(await asked({ ask: 'rls', schema: 'nowhere' })).toMatchObject({ status: 'unknown' })
  })

  test('rows by a column, and those that are stuck', async () => {
    const question = { ask: 'counts', table: 'letters', column: 'status' } as const
    const { status, texts, measurements } = await asked({ ...question, limits: { failed: 0, generating: 100 } })
    expect([status, texts]).toEqual(['ok', ['ok: 40 rows of letters: sent 30, draft 6, generating 4.']])
    expect(measurements).toContainEqual({ name: 'failed', value: 0, unit: '', limit: 0 })
    const stuck = await asked({ ...question, stuck: [{ value: 'generating', since: 'updated_at', after: '10m', most: { fail: 0 } }] })
    expect([stuck.status, stuck.texts[0]]).toEqual(['fail', 'fail: 3 rows generating for more than 10 min, the oldest for 30 min.'])
    expect(stuck.measurements).toContainEqual({ name: 'stuck generating', value: 3, unit: '', limit: 0 })
    const odd = await asked({ ask: 'counts', table: 'letters"; drop table letters; --', column: 'status' })
    expect([odd.status, odd.texts[0]]).toEqual(['unknown', expect.stringContaining('no such table')])
  })

  test('a named query: a number, rows, a table', async () => {
    const sql = "select count(*) from letters where status = $1 and updated_at < now() - $2 * interval '1 minute'"
    expect(await query(sql, { parameters: ['generating', 10], most: 2 })).toMatchObject({
      status: 'warn',
      measurements: [{ name: 'stuck letters', value: 3, unit: '', limit: 2 }],
    })
    const rows = await query('select status, count(*) from letters group by 1', { as: 'rows', limits: { draft: { fail: 5 } } })
    expect([rows.status, rows.texts[0]]).toEqual(['fail', 'fail: draft is 6, above the limit of 5.'])
    const table = await query('select id, status from letters where id < 3 order by 1; -- the first', { as: 'table', most: 10 })
    expect([table.status, table.detail?.text]).toEqual(['ok', 'id | status\n1 | generating\n2 | generating'])
    const large = await query('select n from generate_series(1, 100000) n', { as: 'table' })
    expect(large.texts).toEqual(['ok: stuck letters: 200 rows, and more.'])
  })

  test.each([
    ['select 1 where false', 'gives no row'],
    ['select null', 'gives null'],
    ["select 'NaN'::float8", 'is not a number'],
    ["select '<!channel>'", 'is not a number'],
    ['select 1, 2', 'in one row and one column'],
    ['select n from generate_series(1, 2) n', 'in one row and one column'],
    ['select nothing from letters', 'no such table, column or function'],
    ['selec 1', 'not one that can be asked'],
    ['select 1/0', 'refuses the question'],
    ["select repeat('x', 20000000)", 'larger than 8 MiB'],
  ])('%s is no number', async (sql, words) => {
    const { status, texts } = await query(sql)
    expect([status === 'ok', texts.join()]).toEqual([false, expect.stringContaining(words)])
  })

  test('the last success of a job', async () => {
    const job = (name: string, more: object = {}) =>
      asked({
        ask: 'job',
        sql: "select max(ended_at) from runs where state = 'ok' and job = $1",
        parameters: [name],
        name,
        within: '5m',
        ...more,
      })
    const good = await job('cleanup')
    expect([good.status, good.texts]).toEqual(['ok', ['ok: cleanup last succeeded 3 min ago.']])
    expect(good.measurements).toMatchObject([{ name: 'age of cleanup', unit: 's', limit: 300 }])
    expect(await job('reminders', { within: '1h' })).toMatchObject({ status: 'warn' })
    expect(await job('reminders', { within: '1h', failAfter: '2h' })).toMatchObject({
      status: 'fail',
      texts: [expect.stringMatching(/3 h ago, more than 2 h: look at its schedule/)],
    })
    expect(await job('never')).toMatchObject({ status: 'warn', texts: [expect.stringContaining('no success on record')] })
    expect(await asked({ ask: 'job', sql: "select 'infinity'::timestamptz", name: 'x', within: '5m' })).toMatchObject({ status: 'unknown' })
    expect(await asked({ ask: 'job', sql: "select now() + interval '1 day'", name: 'x', within: '5m' })).toMatchObject({
      status: 'unknown',
    })
  })
})

describe('postgres: nothing can be changed', () => {
  /** All that a query might have touched. */
  const state = async () => {
    const { rows } = await owner.query(`select (select count(*) from letters) as letters, (select last_value from numbers) as number,
      (select count(*) from pg_locks where locktype = 'advisory') as locks, (select count(*) from pg_class where relkind = 'r') as tables,
      (select count(*) from pg_largeobject_metadata) as objects, (select pg_backend_pid()) as pid`)
    return [rows[0], existsSync(join(folder, 'written'))]
  }
  const by = (pid: number) => `select pg_terminate_backend(${pid})`

  test.each([
    ['delete', 'delete from letters'],
    ['delete within', 'with gone as (delete from letters returning 1) select count(*) from gone'],
    ['a function that writes', 'select wipe()'],
    ['one that says it does not', 'select sly()'],
    ['a second statement', 'select 1; drop table letters'],
    ['an end of the transaction', 'select 1; commit; delete from letters'],
    ['commit', 'commit; delete from letters'],
    ['commit alone', 'commit'],
    ['read write', 'set transaction read write'],
    ['read write by a function', "select set_config('transaction_read_only', 'off', true)"],
    ['a program', () => `copy (select 1) to program 'touch ${join(folder, 'written')}'`],
    ['a file', () => `copy (select 1) to '${join(folder, 'written')}'`],
    ['a sequence', "select nextval('numbers')"],
    ['a sequence in a view', 'select n from counting'],
    ['a lock of the session', 'select pg_advisory_lock(1)'],
    ['the same in quotes', 'select pg_catalog . "pg_advisory_lock" (1)'],
    ['the same in disguise', 'select U&"\\0070g_advisory_lock"(1)'],
    ['the same as text', "select query_to_xml('select pg_advisory_lock(1)', true, true, '')"],
    ['another connection', () => `select * from dblink('${server.url('shop')}', 'delete from letters returning 1') as gone(n int)`],
    ['a large object', "select lo_from_bytea(0, 'x')"],
    ['into', 'select 1 as n into stolen'],
    ['locks of rows', 'select id from letters for update'],
    ['explain', 'explain analyze delete from letters'],
    ['a block', 'do $$ begin delete from letters; end $$'],
    ['the end of our own statement', 'select 1) select 2'],
    ['another session', () => by((owner as unknown as { processID: number }).processID)],
  ])('%s', async (_, sql) => {
    const before = await state()
    const { status, texts } = await query(typeof sql === 'string' ? sql : sql())
    expect(status, texts.join()).toBe('unknown')
    expect(await state()).toEqual(before)
  })

  test('words that are like functions of triggers, or in names of columns, are let through', async () => {
    expect(await query("select count(*) as letters_trigger from letters where status <> 'commit'")).toMatchObject({ status: 'ok' })
  })

  test('the server’s own refusal is what keeps a view from writing', async () => {
    const { texts } = await query('select n from counting')
    expect(texts[0]).toMatch(/would change something.*read-only transaction \(25006\)/)
  })
})

describe('postgres: when it does not answer', () => {
  const reader = (password: string, more: object = {}) =>
    asked(
      { ask: 'query', sql: 'select count(*) from runs', name: 'runs' },
      { secrets: { DATABASE_URL_SHOP: `postgres://reader:${password}@127.0.0.1:${server.port}/shop` }, ...more },
    )

  test('the right password, the wrong one, and none', async () => {
    expect(await reader('right-horse')).toMatchObject({ status: 'ok' })
    const { status, texts } = await reader('wrong-horse')
    expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/does not accept user or password.*DATABASE_URL_SHOP is current/)])
    expect(texts.join()).not.toContain('wrong-horse')
    const none = await asked({ ask: 'version' }, { as: 'reader' })
    expect([none.status, none.texts[0]]).toEqual(['unknown', expect.stringContaining('look at its password')])
  })

  test('what the user may not read', async () => {
    const secrets = { DATABASE_URL_SHOP: `postgres://reader:right-horse@127.0.0.1:${server.port}/shop` }
    const { status, texts } = await asked({ ask: 'counts', table: 'open_table', column: 'id' }, { secrets })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('may not read that')])
  })

  test.each([
    ['', 'no connection string'],
    ['not a url', 'no connection string'],
    ['https://user:pass@127.0.0.1/shop', 'no connection string'],
    ['postgres://user:pa#ss@127.0.0.1:5432/shop', 'no connection string'],
    ['postgres://user:hunter22@elsewhere.example:5432/shop', 'for another server'],
  ])('the setting %j', async (value, words) => {
    const { status, texts } = await asked({ ask: 'version' }, { secrets: { DATABASE_URL_SHOP: value } })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining(words)])
    expect(texts.join()).not.toContain('hunter22')
  })

  test('a port that came from a variable, and one that is none', () => {
    const at = (port: unknown) => check.options.safeParse({ ask: 'size', host: 'db.test', secret: 'URL', port })
    expect(at('6543').data?.port).toBe(6543)
    expect(['0', '65536', '1e3', '', 'x', null].map((port) => at(port).success)).toEqual(Array(6).fill(false))
  })

  test('no such database', async () => {
    const { status, texts } = await asked({ ask: 'version' }, { database: 'nowhere' })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('no such database')])
  })

  const at = (port: number, more: Asking & { place?: object } = {}) =>
    asked(
      { ask: 'version' },
      { ...more, place: { port, ...more.place }, secrets: { DATABASE_URL_SHOP: `postgres://tocsin@127.0.0.1:${port}/shop` } },
    )

  test('refused', async () => {
    const { status, texts } = await at(await closedPort())
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: Connection refused: /)])
  })

  test.each(['none', 'verify'])('a web server (%s)', async (tls) => {
    await using web = await startHttp((_, response) => void response.end('<html>'))
    const { status, texts } = await at(web.port, { place: { tls }, timeoutMs: 2000 })
    expect([status === 'ok', texts[0]]).toEqual([false, expect.stringMatching(/^fail: (Connection broken|Timeout|TLS failure): /)])
  })

  test('silence', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const { status, texts } = await at(port, { timeoutMs: 300 })
    silent.close()
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: Timeout: .*did not answer in time/)])
  })

  test('a query that takes too long is ended with its connection', async () => {
    const sql = 'select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b'
    const { status, texts } = await asked({ ask: 'query', sql, name: 'forever' }, { timeoutMs: 1000 })
    expect([status, texts[0]]).toEqual(['fail', expect.stringContaining('Timeout')])
  })

  test('a statement is given as long as the product says, and no longer than the check has', async () => {
    const sql = `select (extract(epoch from current_setting('statement_timeout')::interval) * 1000)::int`
    const given = async (place: object, timeoutMs?: number) => {
      const { measurements } = await asked({ ask: 'query', sql, name: 'ms' }, { place, ...(timeoutMs && { timeoutMs }) })
      return measurements[0]?.value
    }
    expect(await given({})).toBe(8000)
    expect(await given({ statementTimeout: '12 s' })).toBe(12_000)
    expect(await given({}, 5000)).toBe(5000)
    const long = 'select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b'
    const { status, texts } = await asked({ ask: 'query', sql: long, name: 'forever' }, { place: { statementTimeout: '200 ms' } })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('did not answer our question in time')])
  })

  test('an address that is not allowed (faults 56)', async () => {
    const { status, texts } = await asked({ ask: 'version' }, { isPrivate: false })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('Not allowed to ask')])
  })

  test('no connection left', async () => {
    await owner.query('alter role reader connection limit 0')
    const { status, texts } = await reader('right-horse')
    await owner.query('alter role reader connection limit -1')
    expect([status, texts[0]]).toEqual(['fail', expect.stringContaining('no connection left')])
  })
})

describe.skipIf(!ensure(poolerPackages))('postgres: behind a pooler of transactions', () => {
  test('it works, and leaves nothing to who comes next', async () => {
    await using pooler = await startPooler({ port: server.port, database: 'shop', user: 'tocsin' })
    const more = { place: { port: pooler.port }, secrets: { DATABASE_URL_SHOP: pooler.url } }
    expect(await query('select count(*) from letters where id < $1', { parameters: [10], ...more })).toMatchObject({ status: 'ok' })
    expect(await query('selec 1', more)).toMatchObject({ status: 'unknown' })
    expect(await query('select pg_advisory_lock(1)', more)).toMatchObject({ status: 'unknown' })
    expect(await asked({ ask: 'slow' }, more)).toMatchObject({ status: 'ok' })
    const next = new Client({ connectionString: pooler.url })
    await next.connect()
    const { rows } =
      await next.query(`select current_setting('statement_timeout') as timeout, current_setting('transaction_read_only') as read,
      (select count(*)::int from pg_cursors) as cursors, (select count(*)::int from pg_locks where locktype = 'advisory') as locks`)
    await next.end()
    expect(rows).toEqual([{ timeout: '0', read: 'off', cursors: 0, locks: 0 }])
  })
})

describe('postgres: TLS', () => {
  const over = (host: string, more: object) =>
    ask(
      check,
      {
        ask: 'query',
        sql: 'select ssl::int from pg_stat_ssl where pid = pg_backend_pid()',
        name: 'tls',
        host,
        port: server.port,
        secret: 'URL',
        ...more,
      },
      {
        secrets: { URL: `postgres://tocsin@${host}:${server.port}/shop` },
        lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
      },
    )

  test('a certificate of a known authority, for this name', async () => {
    const sql = 'select count(*) from pg_stat_ssl where ssl'
    const { status, measurements } = await over('db.test', { ca: authority, sql, least: 1 })
    expect([status, measurements[0]?.value]).toEqual(['ok', 1])
  })

  test.each([
    ['an authority that is not known', 'db.test', {}],
    ['another name', 'other.test', { ca: true }],
    ['an address that it is not for', '127.0.0.1', { ca: true }],
  ])('%s', async (_, host, { ca }: { ca?: boolean }) => {
    const { status, texts } = await over(host, ca === true ? { ca: authority } : {})
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: TLS failure: .*is not trusted/)])
  })
})
