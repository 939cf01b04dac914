import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import sqlUpdate from '../../src/actions/sql.update.ts'
import { inputOf, type ActionDefinition } from '../../src/define/action.ts'
import type { Ran, Waits } from '../../src/incident/acting/action.ts'
import { FetchFault } from '../../src/ports.ts'
import { closedPort } from '../adapters/server.ts'
import { startSilent } from '../checks/silent-port.ts'
import { poolerPackages, startPooler } from '../checks/pgbouncer.ts'
import { ensurePostgres, type Postgres, startPostgres } from '../postgres.ts'
import { ensure } from '../system/debian.ts'
import { type Acting, hand, handBack } from './acting.ts'
import { startCutting } from './cutting-proxy.ts'

const isThere = ensurePostgres()
let server: Postgres
let owner: Client

beforeAll(async () => {
  if (!isThere) return
  server = await startPostgres()
  await server.createDatabase('shop')
  owner = new Client({ connectionString: server.url('shop') })
  await owner.connect()
  await owner.query(`
    create table letters (id int primary key, status text not null, updated_at timestamptz not null default now());
    create table credits (id int generated always as identity primary key, owner text not null, amount int not null check (amount > 0));
    create table users (name text primary key);
    insert into users values ('ada'), ('bob');
    create role reader login;
    grant select on letters to reader;
    create role frozen login;
    grant all on letters to frozen;
    alter role frozen set default_transaction_read_only = on`)
})
afterAll(async () => {
  if (!isThere) return
  await owner.end()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  if (!isThere) return
  await owner.query(`truncate letters, credits;
    insert into letters select n, case when n <= 5 then 'generating' else 'sent' end, now() - n * interval '10 minutes' from generate_series(1, 9) n`)
})
afterEach(async () => {
  if (isThere) await owner.query('rollback')
})

type Given = z.input<typeof sqlUpdate.options>

const unstick = {
  what: 'Letters that are stuck become drafts',
  rows: 'letters',
  target: 'database:letters',
  statement: `update letters set status = 'draft', updated_at = now()
    where status = 'generating' and updated_at < now() - $1 * interval '1 minute' returning id`,
  count: `select count(*) from letters where status = 'generating' and updated_at < now() - $1 * interval '1 minute'`,
  parameters: [{ name: 'minutes', type: 'integer', least: 5, most: 1440, default: 10, label: 'Older than, in minutes' }],
  most: 100,
  left: 0,
  undo: {
    statement: `update letters set status = 'generating' where id = any($1) and status = 'draft'`,
    count: `select count(*) from letters where id = any($1) and status = 'draft'`,
  },
} satisfies Partial<Given>

const credit = {
  what: 'A credit is added',
  statement: 'insert into credits (owner, amount) values ($1, $2) returning id',
  count: 'select count(*) from users where name = $1',
  parameters: [
    { name: 'user', type: 'text', pattern: '[a-z]{1,20}' },
    { name: 'amount', type: 'integer', least: 1, most: 50 },
  ],
  most: 1,
  undo: { statement: 'delete from credits where id = any($1)', count: 'select count(*) from credits where id = any($1)' },
} satisfies Partial<Given>

type More = Acting & { readonly as?: string; readonly port?: number }

const place = (port: number) => ({ host: '127.0.0.1', port, secret: 'DATABASE_URL_SHOP', tls: 'none' as const })
const secretsOf = (port: number, as: string) => ({ DATABASE_URL_SHOP: `postgres://${as}@127.0.0.1:${port}/shop` })

const act = (given: object, input: Record<string, string> = {}, { as = 'tocsin', port = server.port, ...more }: More = {}) =>
  hand(sqlUpdate, { ...place(port), ...given } as Given, input, { secrets: secretsOf(port, as), ...more })

/** The way back from what a run left. */
const actBack = (given: object, ran: Ran | Waits) =>
  handBack(sqlUpdate, { ...place(server.port), ...given } as Given, 'undo' in ran ? (ran.undo ?? null) : null, {
    secrets: secretsOf(server.port, 'tocsin'),
  })

const statuses = async () =>
  (await owner.query<{ status: string }>('select status from letters order by id')).rows.map(({ status }) => status)
const stuck = ['generating', 'generating', 'generating', 'generating', 'generating', 'sent', 'sent', 'sent', 'sent']

describe.skipIf(!isThere)('the right run', () => {
  test('letters that are stuck become drafts, and are put back', async () => {
    const at = act(unstick, { minutes: '25' })
    const seen = await at.plan()
    expect(seen).toMatchObject({
      summary: 'Letters that are stuck become drafts: 3 letters.',
      calls: [expect.stringMatching(/^update letters set status = 'draft', .* returning id; \$1 = "25"$/)],
      effects: [
        '3 letters now; should it be more than 3 when it runs, nothing is changed',
        'nor should triggers or cascades change more than 3 rows besides',
      ],
      plan: { values: ['25'], most: 3 },
    })
    expect(await statuses()).toEqual(stuck)
    const ran = await at.run(seen.plan)
    expect(ran).toEqual({ outcome: 'done', text: 'Changed 3 letters.', undo: { keys: ['3', '4', '5'], values: ['25'] } })
    expect((await statuses()).filter((status) => status === 'draft')).toHaveLength(3)
    expect(await at.verify(seen.plan)).toEqual({ findings: [{ status: 'ok', text: '0 letters left that it is for.' }], settled: true })

    // One of them was sent meanwhile: that stays.
    await owner.query(`update letters set status = 'sent' where id = 4`)
    const back = actBack(unstick, ran)
    const before = await back.plan()
    expect(before).toMatchObject({
      effects: ['2 of 3 letters that were changed'],
      warnings: ['1 row of letters is no longer as it left it, and stays as it is.'],
    })
    expect(await back.run(before.plan)).toEqual({ outcome: 'done', text: 'Changed 2 letters.' })
    expect((await statuses()).slice(2, 5)).toEqual(['generating', 'sent', 'generating'])
  })

  test('a credit is added once, and taken away again', async () => {
    const at = act(credit, { user: 'ada', amount: '5' })
    const { plan, effects } = await at.plan()
    expect(effects[0]).toBe('1 row now; should it be more than 1 when it runs, nothing is changed')
    const ran = await at.run(plan)
    expect(ran).toMatchObject({ outcome: 'done', text: 'Changed 1 row.' })
    expect((await owner.query('select owner, amount from credits')).rows).toEqual([{ owner: 'ada', amount: 5 }])
    const back = actBack(credit, ran)
    await back.run((await back.plan()).plan)
    expect((await owner.query('select from credits')).rowCount).toBe(0)
    expect(await back.preview()).toEqual({ unable: 'There is nothing to do: it is for none of the rows now.' })
  })

  test('rows that come and go by themselves: the number that is allowed stays the same for a while', async () => {
    const seen = async () => (await act({ ...unstick, predicted: 'step' }, { minutes: '25' }).plan()).plan
    const first = await seen()
    expect(first).toMatchObject({ most: 5 })
    await owner.query(`insert into letters values (20, 'generating', now() - interval '3 hours')`)
    expect(await seen()).toEqual(first)
  })

  test('through a pooler that pools transactions', async () => {
    if (!ensure(poolerPackages)) return
    await using pooler = await startPooler({ port: server.port, database: 'shop', user: 'tocsin' })
    const at = act(unstick, { minutes: '25' }, { port: pooler.port })
    const { plan } = await at.plan()
    expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
    expect(await at.recover(plan)).toMatchObject({ outcome: 'done', text: 'Changed 3 letters.' })
  })
})

describe.skipIf(!isThere)('what is not done', () => {
  test('more rows than were predicted are rolled back', async () => {
    const at = act(unstick, { minutes: '25' })
    const { plan } = await at.plan()
    await owner.query(`insert into letters values (20, 'generating', now() - interval '3 hours')`)
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: 'It would have changed 4 letters, and 3 were predicted: it was rolled back, and nothing was changed.',
    })
    expect((await statuses()).slice(0, 9)).toEqual(stuck)
    expect(at.memo()).toBeNull()
  })

  test('rows that a cascade would take along are rolled back with the rest; one record a row is not many', async () => {
    await owner.query(`create table owners (id int primary key);
      create table pets (owner int references owners on delete cascade);
      insert into owners values (1); insert into pets select 1 from generate_series(1, 40)`)
    const one = {
      what: 'An owner goes',
      statement: 'delete from owners where id = 1',
      count: 'select count(*) from owners where id = 1',
      most: 1,
    }
    const at = act(one)
    expect(await at.run((await at.plan()).plan)).toEqual({
      outcome: 'failed',
      text: 'Triggers or cascades would have changed 40 rows besides, and at most 1 are allowed: it was rolled back, and nothing was changed.',
    })
    expect((await owner.query('select from pets')).rowCount).toBe(40)
    const wide = act({ ...one, others: 40 })
    expect(await wide.run((await wide.plan()).plan)).toMatchObject({ outcome: 'done' })
    expect((await owner.query('select from pets')).rowCount).toBe(0)
  })

  test('more rows than the catalogue allows, and none at all', async () => {
    expect(await act({ ...unstick, most: 2 }, { minutes: '25' }).preview()).toEqual({
      unable: 'It would change 3 letters, more than the 2 that service.yml allows: narrow it, or do it by hand.',
    })
    expect(await act(unstick, { minutes: '1000' }).preview()).toEqual({
      unable: 'There is nothing to do: it is for none of the letters now.',
    })
    expect(await act(credit, { user: 'nobody', amount: '5' }).preview()).toMatchObject({ unable: expect.stringContaining('nothing to do') })
  })

  test('a preview changes nothing, whatever the catalogue counts with', async () => {
    await owner.query(`create or replace function wipe() returns bigint language plpgsql as $$ begin delete from letters; return 1; end $$;
      create or replace function sly() returns bigint language plpgsql stable as $$ begin delete from letters; return 1; end $$`)
    expect(await act({ ...unstick, count: 'select wipe()' }).preview()).toMatchObject({ unable: expect.stringContaining('VOLATILE') })
    expect(await act({ ...unstick, count: 'select sly()' }).preview()).toMatchObject({
      unable: expect.stringContaining('would change something'),
    })
    expect(await statuses()).toEqual(stuck)
  })

  test('who may not write, what is not there, and a count that is none: each is said before anybody approves', async () => {
    const said = async (given: object, more: More = {}) => {
      const seen = await act({ ...unstick, ...given }, {}, more).preview()
      return 'unable' in seen ? seen.unable : 'possible'
    }
    expect(await said({}, { as: 'reader' })).toMatch(/^The user in DATABASE_URL_SHOP may not change that: grant it.*42501/)
    expect(await said({ statement: 'update gone set x = 1 where y = $1 returning 1' })).toContain('no such table')
    expect(await said({ count: 'select 1.5' })).toContain('`count` of service.yml must give one whole number')
    expect(await said({ count: 'select 1, 2' })).toContain('one row and one column')
    expect(await said({}, { secrets: { DATABASE_URL_SHOP: `postgres://tocsin@127.0.0.1:${server.port}/gone` } })).toContain(
      'no such database',
    )
    expect(await said({}, { secrets: { DATABASE_URL_SHOP: 'postgres://tocsin@127.0.0.2:5/shop' } })).toContain('another server')
  })

  test('sessions that are read-only by their user’s setting, then and meanwhile', async () => {
    const at = act(unstick, { minutes: '25' }, { as: 'frozen' })
    expect(await at.preview()).toEqual({ unable: expect.stringMatching(/^The database takes no changes on this connection/) })
    const { plan } = await act(unstick, { minutes: '25' }).plan()
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: expect.stringMatching(/takes no changes.*25006\) Nothing was changed\.$/),
    })
  })

  test('a lock that another holds, and a rule of the table', async () => {
    const at = act(unstick, { minutes: '25' })
    const { plan } = await at.plan()
    await owner.query('begin; update letters set updated_at = updated_at where id = 4')
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: expect.stringMatching(/^What would be changed is locked by another session.*Nothing was changed\.$/),
    })
    await owner.query('rollback')
    const bad = act(
      { ...credit, parameters: [credit.parameters[0], { name: 'amount', type: 'integer', least: -9, most: 50 }] },
      { user: 'ada', amount: '-5' },
    )
    expect(await bad.run((await bad.plan()).plan)).toEqual({
      outcome: 'failed',
      text: expect.stringMatching(/^A rule of the table forbids it.*23514\) Nothing was changed\.$/),
    })
  })

  test.each([
    ['pg_cancel_backend', /^The database did not get done with it in time.*57014\) Nothing was changed\.$/],
    ['pg_terminate_backend', /57P01\) Nothing was changed\.$/],
  ])('%s while it runs, as a limit of time or a restart does', async (end, text) => {
    const at = act(unstick, { minutes: '25' })
    const { plan } = await at.plan()
    await owner.query('begin; update letters set updated_at = updated_at where id = 4')
    const other = new Client({ connectionString: server.url('shop') })
    await other.connect()
    const running = at.run(plan)
    await expect
      .poll(
        async () =>
          (await other.query(`select ${end}(pid) from pg_stat_activity where application_name = 'tocsin' and wait_event_type = 'Lock'`))
            .rowCount,
      )
      .toBe(1)
    expect(await running).toEqual({ outcome: 'failed', text: expect.stringMatching(text) })
    await other.end()
    await owner.query('rollback')
    expect(await statuses()).toEqual(stuck)
  })

  test('a server that is down, or does not answer, is a fault of the network', async () => {
    await expect(act(unstick, {}, { port: await closedPort() }).preview()).rejects.toThrow(FetchFault)
    await using silent = await startSilent()
    await expect(act(unstick, {}, { port: silent.port, timeoutMs: 300 }).preview()).rejects.toThrow('did not answer in time')
  })
})

describe.skipIf(!isThere)('lost on the way (faults 53)', () => {
  test.each([
    ['before the statement', /draft/, 'before', 'undone', false],
    ['before COMMIT', /commit/, 'before', 'undone', true],
    ['after COMMIT', /commit/, 'after', 'done', true],
  ] as const)('%s', async (_, sees, when, outcome, remembered) => {
    await using proxy = await startCutting(server.port)
    const at = act(unstick, { minutes: '25' }, { port: proxy.port })
    const { plan } = await at.plan()
    proxy.cut({ sees, when })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(proxy.cuts()).toBe(1)
    expect(at.memo() !== null).toBe(remembered)
    // The server notices that nobody is there any more.
    await expect.poll(async () => at.recover(plan).catch(() => null)).toMatchObject({ outcome })
    expect((await statuses()).filter((status) => status === 'draft')).toHaveLength(outcome === 'done' ? 3 : 0)
    if (outcome === 'done') expect(await at.recover(plan)).toMatchObject({ undo: { keys: ['3', '4', '5'], values: ['25'] } })
  })

  test('while it is still at it nobody decides; what the server no longer knows is unclear', async () => {
    const running = new Client({ connectionString: server.url('shop') })
    await running.connect()
    await running.query('begin')
    const { rows } = await running.query<{ id: string }>('select pg_current_xact_id()::text as id')
    const at = act(unstick, { minutes: '25' })
    const { plan } = await at.plan()
    const asked = (transaction: string) =>
      sqlUpdate.recover(sqlUpdate.options.parse({ ...place(server.port), ...unstick }), plan, {
        address: () => Promise.resolve({ address: '127.0.0.1', family: 4 }),
        secret: () => secretsOf(server.port, 'tocsin').DATABASE_URL_SHOP,
        signal: AbortSignal.timeout(10_000),
        memo: { transaction, rows: 3, keys: [] },
      } as unknown as Parameters<typeof sqlUpdate.recover>[2])
    await expect(asked(rows[0]?.id ?? '')).rejects.toThrow('has not ended yet')
    await running.end()
    await expect.poll(() => asked(rows[0]?.id ?? '').catch(() => null)).toEqual({ outcome: 'undone' })
    expect(await asked('99999999')).toMatchObject({ outcome: 'unclear' })
  })
})

describe('what can be typed, and what the catalogue may say', () => {
  const parsed = (given: object) => sqlUpdate.options.parse({ ...place(5432), ...given })
  const typed = (given: object, input: object) => inputOf(sqlUpdate as unknown as ActionDefinition, parsed(given)).safeParse(input)

  test.each([
    '-5',
    '4',
    '1441',
    '1e2',
    '0x10',
    ' 10',
    '10 ',
    '１０',
    '10.5',
    '',
    '99999999999999999999',
    'NaN',
    "10'; drop table letters; --",
  ])('minutes=%s is refused (faults 57)', (minutes) => {
    const { success, error } = typed(unstick, { minutes })
    expect([success, error?.issues[0]?.message]).toEqual([false, 'must be a whole number from 5 to 1440'])
  })

  test('the bounds themselves, the preset, texts, and what is not known', () => {
    for (const minutes of ['5', '1440']) expect(typed(unstick, { minutes }).success).toBe(true)
    expect(typed(unstick, {}).data).toEqual({ minutes: '10' })
    expect(typed(credit, { user: 'ada', amount: '5' }).success).toBe(true)
    for (const user of ['Ada', 'a b', "a'", 'ada\n', 'ada\0', '', 'a'.repeat(300)])
      expect(typed(credit, { user, amount: '5' }).success).toBe(false)
    expect(typed(credit, { user: 'ada', amount: '5', statement: 'x' }).success).toBe(false)
    expect(typed(credit, { user: 'ada' }).success).toBe(false)
  })

  const messages = (given: object) => {
    const { error } = sqlUpdate.options.safeParse({ ...place(5432), ...unstick, ...given })
    return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
  }

  test('the examples are right', () => {
    expect(messages({})).toEqual([])
    expect(messages({ ...credit })).toEqual([])
  })

  test.each([
    [{ statement: 'select $1 returning id' }, /^statement: cannot be used: syntax error/],
    [{ statement: 'select $1' }, /^statement: cannot be used: it is no UPDATE, INSERT or DELETE$/],
    [{ statement: 'drop table letters' }, /no UPDATE/],
    [{ statement: 'update letters set id = $1; delete from letters' }, /it is 2 statements, not one/],
    [{ statement: '-- nothing' }, /it is 0 statements/],
    [{ statement: 'delete from letters' }, /it has no WHERE/],
    [
      {
        statement:
          'with gone as (delete from letters returning id) update letters set id = $1 where id in (select id from gone) returning id',
      },
      /its WITH changes/,
    ],
    [{ statement: 'update letters set id = $2 where id = 1 returning id' }, /^statement: uses its parameters with a gap/],
    [{ statement: 'update letters set id = $2 where id = $1 returning id' }, /uses \$2, and there are only 1 parameter/],
    [{ statement: 'update letters set id = 1 where id = 2 returning id' }, /^parameters: has more than the statement uses/],
    [{ statement: 'update letters set id = $1 where id = 2' }, /^undo: needs what the statement changed/],
    [{ count: 'delete from letters' }, /^count: cannot be used: it is no SELECT$/],
    [{ most: 5000 }, /^most: must be at most 1000 where it can be taken back/],
    [{ undo: { statement: 'drop table letters', count: 'select 1' } }, /^undo.statement: cannot be used/],
    [{ parameters: [unstick.parameters[0], unstick.parameters[0]] }, /same name/],
    [{ parameters: [{ ...unstick.parameters[0], least: 10, most: 5 }] }, /`least` is more than `most`/],
    [{ parameters: [{ name: 'a', type: 'text', pattern: '(' }] }, /must be a regular expression/],
  ])('%j is refused when the catalogue is read', (given, message) => expect(messages(given).join('\n')).toMatch(message))
})
