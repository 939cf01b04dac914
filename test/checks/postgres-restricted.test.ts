/** What a user sees that may only read: less than there is. That must never look like good news. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import check from '../../src/checks/postgres.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { ask } from './asking.ts'

type Given = z.input<typeof check.options>
type Question = Given extends infer One ? (One extends Given ? Omit<One, 'host' | 'port' | 'secret' | 'tls' | 'ca'> : never) : never

let server: Postgres
let owner: Client

const setup = `
  create extension pg_stat_statements;
  create table letters (id int primary key, status text, updated_at timestamptz, ended_at timestamptz);
  insert into letters select n, case when n <= 30 then 'generating' else 'failed' end, now() - interval '3 hours', now() - interval '3 days'
    from generate_series(1, 40) n;
  alter table letters enable row level security;
  create table emptied (id int, status text, updated_at timestamptz);
  create table undated (status text, updated_at timestamptz);
  insert into undated values ('generating', null), ('sent', now());
  create table many (status text);
  insert into many select 'state ' || n from generate_series(1, 60) n, generate_series(1, 2);
  insert into many values ('failed');
  create type state as enum ('queued', 'written', 'sent');
  create table typed (state state, updated_at timestamptz);
  insert into typed values ('queued', now() - interval '3 hours');
  create view everything as select * from letters;
  create role reader login;
  create role policed login;
  create role watcher login bypassrls;
  create policy everything on letters for select to policed using (true);
  grant select on all tables in schema public to reader, policed, watcher;
  grant pg_monitor to watcher;`

beforeAll(async () => {
  server = await startPostgres({ settings: { shared_preload_libraries: 'pg_stat_statements', max_connections: '30' } })
  await server.createDatabase('shop')
  owner = new Client({ connectionString: server.url('shop') })
  await owner.connect()
  await owner.query(setup)
})

afterAll(async () => {
  await owner.end()
  await server[Symbol.asyncDispose]()
})

const asked = (user: 'reader' | 'policed' | 'watcher' | 'tocsin', question: Question) =>
  ask(
    check,
    { host: '127.0.0.1', port: server.port, secret: 'DATABASE_URL_SHOP', tls: 'none', ...question },
    { secrets: { DATABASE_URL_SHOP: `postgres://${user}@127.0.0.1:${server.port}/shop` } },
  )

describe('rows that row-level security hides', () => {
  const stuck = [{ value: 'generating', since: 'updated_at', after: '10m' }]
  const rate = "select coalesce(100.0 * count(*) filter (where status = 'failed') / nullif(count(*), 0), 0) from letters"

  test.each<[string, Question]>([
    ['counts', { ask: 'counts', table: 'letters', column: 'status', stuck, limits: { failed: 0 } }],
    ['query', { ask: 'query', name: 'failures', sql: rate, most: 5 }],
    ['job', { ask: 'job', name: 'letters', sql: 'select max(ended_at) from letters', within: '5m' }],
  ])('%s: refused, and it says what to do', async (_, question) => {
    for (const user of ['reader', 'policed'] as const) {
      const { status, texts, measurements } = await asked(user, question)
      expect([status, texts]).toEqual(['unknown', [expect.stringMatching(/Row-level security hides rows .*alter role … bypassrls/)]])
      expect(measurements).toEqual([])
    }
    expect((await asked('watcher', question)).status).not.toMatch(/ok|unknown/)
  })

  test('a view of its owner’s shows what he sees', async () => {
    const { texts } = await asked('reader', { ask: 'query', name: 'letters', sql: 'select count(*) from everything' })
    expect(texts).toEqual(['ok: letters: 40.'])
  })
})

describe('counts', () => {
  test('of nothing are no good news, unless it is often so', async () => {
    const question = { ask: 'counts', table: 'emptied', column: 'status' } as const
    const limits = { failed: 0 }
    const stuck = [{ value: 'generating', since: 'updated_at', after: '10m' }]
    for (const limit of [{ limits }, { stuck }])
      expect(await asked('reader', { ...question, ...limit })).toMatchObject({
        status: 'unknown',
        texts: [expect.stringContaining('emptied is empty')],
        measurements: [],
      })
    expect(await asked('reader', { ...question, limits, empty: 'ok' })).toMatchObject({ status: 'ok' })
    expect(await asked('reader', question)).toMatchObject({ status: 'ok', texts: ['ok: emptied is empty.'] })
  })

  test('a row without a time is stuck', async () => {
    const stuck = [{ value: 'generating', since: 'updated_at', after: '10m' }]
    const { status, texts } = await asked('reader', { ask: 'counts', table: 'undated', column: 'status', stuck })
    expect([status, texts[0]]).toEqual(['warn', 'warn: 1 row generating for more than 10 min, updated_at does not say since when.'])
  })

  test('a state that the column cannot have is not counted as none', async () => {
    const question = { ask: 'counts', table: 'typed', column: 'state' } as const
    const wrong = await asked('reader', {
      ...question,
      limits: { failed: 0, sent: 5 },
      stuck: [{ value: 'generating', since: 'updated_at', after: '10m' }],
    })
    expect([wrong.status, wrong.texts[0]]).toEqual([
      'unknown',
      'unknown: state of typed can never be failed, generating, so that nothing is held against its limit: it knows queued, written, sent. Look at service.yml.',
    ])
    expect(await asked('reader', { ...question, limits: { sent: 5 } })).toMatchObject({ status: 'ok' })
  })

  test('what has a limit is found among many', async () => {
    const { status, texts } = await asked('reader', { ask: 'counts', table: 'many', column: 'status', limits: { failed: 0 } })
    expect([status, texts[0]]).toEqual(['warn', 'warn: failed is 1, above the limit of 0.'])
  })
})

describe('a named query with more rows than are read', () => {
  const sql = (rows: number, last: number) =>
    `select 'row ' || n, case when n = ${rows} then ${last} else 1 end from generate_series(1, ${rows}) n`
  const rows = (text: string, more: object = { most: 5 }) => asked('reader', { ask: 'query', name: 'rows', sql: text, as: 'rows', ...more })

  test('rows: the last of them is judged', async () => {
    const { status, texts, measurements } = await rows(sql(300, 9))
    expect([status, texts[0], measurements.length]).toEqual(['warn', 'warn: row 300 is 9, above the limit of 5.', 20])
  })

  test('rows: a few of those past a limit are told, and how many more', async () => {
    const { texts } = await rows("select 'row ' || n, n from generate_series(1, 100) n", { limits: { 'row 1': { fail: 0 } }, most: 50 })
    expect(texts.slice(0, 7)).toEqual([
      'fail: row 1 is 1, above the limit of 0.',
      ...[51, 52, 53, 54, 55].map((n) => `warn: row ${n} is ${n}, above the limit of 50.`),
      'warn: rows: 45 more rows past a limit.',
    ])
    expect(texts).toHaveLength(8)
  })

  test('rows: what was not read is not well', async () => {
    expect(await rows(sql(600, 9))).toMatchObject({
      status: 'unknown',
      texts: [expect.stringContaining('only the first 500 rows'), expect.any(String)],
    })
    expect(await rows(sql(600, 9), {})).toMatchObject({ status: 'ok' })
  })

  test('table: neither', async () => {
    const table = (most: number) => asked('reader', { ask: 'query', name: 'rows', sql: sql(900, 1), as: 'table', most })
    expect(await table(500)).toMatchObject({ status: 'unknown' })
    expect(await table(100)).toMatchObject({ status: 'warn' })
  })
})

describe('sessions of others', () => {
  test('are counted by a user that may not look into them, and what they do stays open', async () => {
    const others = await Promise.all(
      Array.from({ length: 22 }, async () => {
        const client = new Client({ connectionString: server.url('shop') })
        await client.connect()
        return client
      }),
    )
    const [plain, monitor] = [
      await asked('reader', { ask: 'connections', used: 80 }),
      await asked('watcher', { ask: 'connections', used: 80 }),
    ]
    await Promise.all(others.map((client) => client.end()))
    expect(plain.measurements).toContainEqual({ name: 'connections', value: 24, unit: '' })
    expect(plain.texts).toEqual([
      'warn: connections used is 88.89 %, above the limit of 80 %.',
      expect.stringMatching(/^unknown: What 23 connections of other users do is not shown, .*grant pg_monitor/),
      'ok: 24 of 27 connections: 23 hidden, 1 active.',
    ])
    expect(monitor.texts.slice(1)).toEqual([expect.stringMatching(/^ok: 24 of 27 connections: 23 idle, 1 active\.$/)])
  })

  test('an idle one in a transaction is not taken for none', async () => {
    expect(await asked('reader', { ask: 'connections', used: 80 })).toMatchObject({ status: 'unknown' })
    expect(await asked('watcher', { ask: 'connections', used: 80 })).toMatchObject({ status: 'ok' })
  })
})

describe('the speed of statements', () => {
  test('is not that of BEGIN, SET and our own cursors, and it says since when', async () => {
    await owner.query('select pg_stat_statements_reset()')
    await owner.query('/* shop */ -- slow\n (select pg_sleep(0.2))')
    for (let n = 0; n < 50; n += 1) await owner.query("set application_name = 'shop'")
    for (let n = 0; n < 3; n += 1) await asked('watcher', { ask: 'size' })
    const { status, texts, detail } = await asked('watcher', { ask: 'slow', average: 50, calls: 1 })
    expect([status, texts]).toEqual([
      'warn',
      [
        expect.stringMatching(/^warn: average query is (9\d|1\d\d|2\d\d)(\.\d+)? ms, above the limit of 50 ms\.$/),
        expect.stringMatching(/^ok: 2 calls since the statistics began, 0? ?\S* ?\S* ago, [\d.]+ ms on average; the slowest takes /),
      ],
    ])
    expect(detail?.text).not.toMatch(/fetch|declare|set application/i)
  })

  test('of statements whose text is not shown is said to be mixed', async () => {
    const { status, texts } = await asked('reader', { ask: 'slow', average: 100_000 })
    expect([status, texts.join()]).toEqual([
      'unknown',
      expect.stringMatching(/statements? of other users cannot be told from BEGIN or SET: .*grant pg_monitor/),
    ])
  })
})
