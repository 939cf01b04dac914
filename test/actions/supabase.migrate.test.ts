import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import migrate from '../../src/actions/supabase.migrate.ts'
import { FetchFault } from '../../src/ports.ts'
import { startVendor } from '../checks/vendor.ts'
import { ensurePostgres, type Postgres, startPostgres } from '../postgres.ts'
import { type Acting, hand } from './acting.ts'
import { startCutting } from './cutting-proxy.ts'

const isThere = ensurePostgres()
let server: Postgres
let folder: string
const clients: Record<string, Client> = {}

const history = `create schema supabase_migrations;
  create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
  insert into supabase_migrations.schema_migrations (version, name) values ('20260101000000', 'base');
  create table public.letters (id int primary key, status text)`

beforeAll(async () => {
  if (!isThere) return
  server = await startPostgres()
  await server.createDatabase('bare')
})
afterAll(async () => {
  if (!isThere) return
  await Promise.all(Object.values(clients).map((client) => client.end()))
  await server[Symbol.asyncDispose]()
})
beforeEach(async (context) => {
  if (!isThere) return
  folder = mkdtempSync(join(tmpdir(), 'migrations-'))
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['staging', 'production']) {
    await clients[name]?.end()
    const owner = new Client({ connectionString: server.url() })
    await owner.connect()
    await owner.query(`drop database if exists ${name} with (force)`)
    await owner.end()
    const client = new Client({ connectionString: await server.createDatabase(name) })
    await client.connect()
    await client.query(history)
    clients[name] = client
  }
  write({
    '20260101000000_base.sql': 'create table letters (id int primary key, status text);',
    '20260201000000_tags.sql': `-- Tags\ncreate table tags (id int primary key);\ncreate policy open on tags for select using (true);`,
    '20260202000000_due.sql': `alter table letters add column due timestamptz;\nupdate letters set due = now() where status = 'draft';`,
    '20260202000000_due.down.sql': 'alter table letters drop column due;',
  })
})

const write = (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

type Given = z.input<typeof migrate.options>
type More = Acting & { readonly given?: Partial<Given>; readonly port?: number; readonly database?: string; readonly as?: string }

const on = (
  environment: string,
  { given = {}, port = server.port, database = 'production', as = 'tocsin', down = 'no', ...more }: More & { down?: string } = {},
) => {
  const place = (secret: string, at = server.port) => ({ host: '127.0.0.1', port: at, secret, tls: 'none' as const })
  return hand(
    migrate,
    { source: { from: 'folder', path: folder }, staging: place('STAGING_URL'), production: place('PRODUCTION_URL', port), ...given },
    { environment, down },
    {
      secrets: {
        STAGING_URL: `postgres://tocsin@127.0.0.1:${server.port}/staging`,
        PRODUCTION_URL: `postgres://${as}@127.0.0.1:${port}/${database}`,
        GITHUB_TOKEN: 'token-of-github',
      },
      ...more,
    },
  )
}

const versions = async (name: string) =>
  (
    (await clients[name]?.query<{ version: string }>('select version from supabase_migrations.schema_migrations order by 1'))?.rows ?? []
  ).map(({ version }) => version.slice(0, 8))
const said = async (environment: string, more: Parameters<typeof on>[1] = {}) => {
  const seen = await on(environment, more).preview()
  return 'unable' in seen ? seen.unable : 'possible'
}
const apply = async (environment: string, more: Parameters<typeof on>[1] = {}) => {
  const at = on(environment, more)
  const { plan } = await at.plan()
  return { at, plan, ran: await at.run(plan) }
}

describe.skipIf(!isThere)('the right run', () => {
  test('on staging first, then in production, and the last one back', async () => {
    expect(await said('production')).toBe('Staging first: 20260201000000_tags, 20260202000000_due were not applied there yet.')
    const seen = await on('staging').plan()
    expect(seen).toMatchObject({
      summary: 'Applies 2 migrations to staging: 20260201000000_tags, 20260202000000_due.',
      calls: [expect.stringMatching(/^begin; 20260201000000_tags\.sql \(sha256 [0-9a-f]{12}…\), its record; commit$/), expect.any(String)],
      effects: ['20260201000000_tags: create table 1, create policy 1', '20260202000000_due: alter table add column 1, update 1'],
      warnings: ['Without a down.sql: 20260201000000_tags.'],
    })
    expect((await apply('staging')).ran).toEqual({
      outcome: 'done',
      text: 'Applied 2 migrations to staging: 20260201000000_tags, 20260202000000_due.',
    })
    expect(await versions('staging')).toEqual(['20260101', '20260201', '20260202'])
    expect(await versions('production')).toEqual(['20260101'])
    const { at, plan, ran } = await apply('production')
    expect(ran).toMatchObject({ outcome: 'done' })
    expect(await at.verify(plan)).toEqual({
      findings: [{ status: 'ok', text: '2 of 2 migrations in the history of production.' }],
      settled: true,
    })
    const { rows } = await clients['production']!.query(
      'select name, statements from supabase_migrations.schema_migrations where version = $1',
      ['20260202000000'],
    )
    expect(rows).toEqual([
      {
        name: 'due',
        statements: ['alter table letters add column due timestamptz', `update letters set due = now() where status = 'draft'`],
      },
    ])
    expect(await said('production')).toMatch(/^There is nothing to do: production has all 3 migrations/)

    const back = await on('production', { down: 'yes' }).plan()
    expect(back).toMatchObject({
      summary: 'Takes the last migration of production back: 20260202000000_due.',
      effects: ['20260202000000_due.down.sql: drop column 1'],
      warnings: [expect.stringContaining('not taken back on staging')],
    })
    expect((await apply('production', { down: 'yes' })).ran).toMatchObject({
      outcome: 'done',
      text: 'Took 20260202000000_due back on production.',
    })
    expect(await versions('production')).toEqual(['20260101', '20260201'])
    await expect(clients['production']!.query('select due from letters')).rejects.toThrow('does not exist')
    expect(await said('production', { down: 'yes' })).toMatch(/^20260201000000_tags has no down\.sql/)
  })

  test('from a repository', async () => {
    await using github = await startVendor({
      '/repos/acme/shop/contents/supabase/migrations': {
        body: [
          { name: '20260101000000_base.sql', type: 'file' },
          { name: '20260201000000_tags.sql', type: 'file' },
          { name: 'down', type: 'dir' },
        ],
      },
      '/repos/acme/shop/contents/supabase/migrations/down': { body: [{ name: '20260201000000_tags.sql', type: 'file' }] },
      '/repos/acme/shop/contents/supabase/migrations/20260201000000_tags.sql': {
        headers: { 'content-type': 'text/plain' },
        body: 'create table tags (id int)',
      },
      '/repos/acme/shop/contents/supabase/migrations/down/20260201000000_tags.sql': {
        headers: { 'content-type': 'text/plain' },
        body: 'drop table tags',
      },
    })
    const given = { source: { from: 'github' as const, repository: 'acme/shop', secret: 'GITHUB_TOKEN', apiUrl: github.url } }
    expect((await apply('staging', { given })).ran).toMatchObject({ outcome: 'done' })
    expect((await apply('staging', { given, down: 'yes' })).ran).toMatchObject({ outcome: 'done' })
    expect(await versions('staging')).toEqual(['20260101'])
    expect(github.heard.every(({ url, headers }) => url.endsWith('?ref=main') && headers.authorization === 'Bearer token-of-github')).toBe(
      true,
    )
    // Tried on staging from its own branch, before it is on that of production.
    const asked = github.heard.length
    const develop = { source: { ...given.source, stagingBranch: 'develop' } }
    expect((await apply('staging', { given: develop })).ran).toMatchObject({ outcome: 'done' })
    expect(github.heard.slice(asked).filter(({ url }) => !url.endsWith('?ref=develop'))).toEqual([])
    const tried = github.heard.length
    expect(await said('production', { given: develop })).toBe('possible')
    expect(github.heard.slice(tried).filter(({ url }) => !url.endsWith('?ref=main'))).toEqual([])
    const gone = { source: { ...given.source, repository: 'acme/gone' } }
    expect(await said('staging', { given: gone })).toMatch(/^GitHub knows nothing by that name \(404\)/)
  })
})

describe.skipIf(!isThere)('what is refused', () => {
  test.each([
    ['drop table letters', 'drop table (destructive)'],
    ['truncate letters', 'truncate (destructive)'],
    ['delete from letters', 'delete without where (destructive)'],
    ["update letters set status = 'draft' where status = 'sent'", 'update (not known)'],
    ['create policy open on letters using (true)', 'create policy (not known)'],
    ['with gone as (delete from letters returning 1) select 1', 'delete without where (destructive)'],
    ['alter table letters drop column status', 'drop column (destructive)'],
    ['alter table letters alter column status type int using 1', 'alter column type (destructive)'],
    ['alter table letters rename column status to state', 'rename column (destructive)'],
    ['alter table letters disable row level security', 'disable row level security (destructive)'],
    ['revoke all on letters from public', 'revoke (destructive)'],
    ["do $$ begin execute 'drop table letters'; end $$", 'do block (not known)'],
    ['select pg_terminate_backend(1)', 'select with a function (not known)'],
    ["copy letters from program 'id'", 'copy (not known)'],
  ])('%s', async (sql, label) => {
    write({ '20260203000000_bad.sql': `create table fine (id int); ${sql}` })
    const refused = await said('staging')
    expect(refused).toContain('20260203000000_bad.sql does what service.yml does not allow')
    expect(refused).toContain(label)
    const [allowed = ''] = label.split(' (')
    expect(await said('staging', { given: { allow: [allowed] } })).toBe('possible')
  })

  test.each(['begin; select 1; commit', 'create index concurrently i on letters (id)', 'vacuum', 'drop index concurrently i'])(
    '%s is no part of a transaction, and never allowed',
    async (sql) => {
      write({ '20260203000000_bad.sql': sql })
      expect(
        await said('staging', {
          given: { allow: ['transaction control', 'index concurrently', 'vacuum', 'drop concurrently', 'drop index'] },
        }),
      ).toContain('cannot run in one transaction')
    },
  )

  test.each([
    [{ '20260203000000_bad.sql': 'create tabel x' }, 'is not SQL that PostgreSQL reads: syntax error'],
    [{ '20260203000000_bad.sql': '-- nothing' }, 'has no statement'],
    [{ '20250101000000_old.sql': 'create table x (id int)' }, '20250101000000_old would come before 20260101000000'],
    [{ '20260201000000_other.sql': 'create table x (id int)' }, 'Two migrations have the version 20260201000000'],
  ])('%j', async (files: Record<string, string>, why) => {
    write(files)
    expect(await said('staging')).toContain(why)
  })

  test('what the database has and nobody wrote, no history, too many, another place', async () => {
    await clients['production']!.query(`insert into supabase_migrations.schema_migrations values ('20260115000000')`)
    expect(await said('production')).toContain('production has migrations that are not written in the source: 20260115000000')
    expect(await said('production', { database: 'bare' })).toContain('has no supabase_migrations.schema_migrations')
    expect(await said('staging', { given: { most: 1 } })).toContain('2 migrations are pending, more than the 1')
    expect(await said('staging', { given: { source: { from: 'folder', path: join(folder, 'gone') } } })).toContain(
      'There is no migration in that place',
    )
  })

  test('who may not write the history', async () => {
    await clients['production']!.query(`do $$ begin create role looker login; exception when duplicate_object then null; end $$;
      grant usage on schema supabase_migrations to looker; grant select on supabase_migrations.schema_migrations to looker`)
    expect(await said('production', { as: 'looker' })).toContain(
      'The user in PRODUCTION_URL may not write supabase_migrations.schema_migrations',
    )
    await clients['production']!.query('drop owned by looker')
  })

  test('a file that was changed after it was approved', async () => {
    const at = on('staging')
    const { plan } = await at.plan()
    write({ '20260202000000_due.sql': 'alter table letters add column sly int' })
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: '20260202000000_due.sql is no longer what was approved: ask for it again. It was rolled back; what came before stays applied: 20260201000000_tags.',
    })
  })

  test('a statement that fails takes its own migration back, and no other', async () => {
    write({ '20260203000000_bad.sql': 'create table half (id int); insert into half values (1); insert into gone values (1)' })
    const { ran } = await apply('staging')
    expect(ran).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(
        /^20260203000000_bad\.sql, statement 3: .*42P01\) It was rolled back; what came before stays applied: 20260201000000_tags, 20260202000000_due\.$/,
      ),
    })
    expect(await versions('staging')).toEqual(['20260101', '20260201', '20260202'])
    await expect(clients['staging']!.query('select from half')).rejects.toThrow('does not exist')
  })
})

describe.skipIf(!isThere)('lost on the way (faults 53)', () => {
  test.each([
    ['before the first COMMIT', /commit/, 'before', 'undone', 0],
    ['after the first COMMIT', /commit/, 'after', 'resume', 1],
    ['within the second', /add column/, 'after', 'resume', 1],
  ] as const)('%s: nothing is applied twice', async (_, sees, when, outcome, applied) => {
    await apply('staging')
    await using proxy = await startCutting(server.port)
    const at = on('production', { port: proxy.port })
    const { plan } = await at.plan()
    proxy.cut({ sees, when })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect.poll(() => versions('production')).toHaveLength(1 + applied)
    expect(await at.recover(plan)).toEqual({ outcome })
    expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
    expect(await at.recover(plan)).toMatchObject({ outcome: 'done' })
    expect(await versions('production')).toEqual(['20260101', '20260201', '20260202'])
  })

  test('broken off after the first: what is said of it is counted in the database, not in this try', async () => {
    const at = on('staging')
    const { plan } = await at.plan()
    expect(await at.run({ ...plan, files: plan.files.slice(0, 1) })).toMatchObject({ outcome: 'done' })
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    write({ '20260202000000_due.sql': 'alter table letters add column sly int' })
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: '20260202000000_due.sql is no longer what was approved: ask for it again. It was rolled back; what came before stays applied: 20260201000000_tags.',
    })
    await clients['staging']!.query('alter schema supabase_migrations rename to gone')
    expect(await at.run(plan)).toEqual({
      outcome: 'unclear',
      text: expect.stringMatching(/^It had broken off, and nobody can tell how far it was: The database at .* has no supabase_migrations/),
    })
    expect(await on('staging').run(plan)).toMatchObject({ outcome: 'failed', text: expect.stringMatching(/Nothing was changed\.$/) })
  })

  test('what is applied already is not read again', async () => {
    const at = on('staging')
    const { plan } = await at.plan()
    await at.run({ ...plan, files: plan.files.slice(0, 1) })
    rmSync(join(folder, '20260201000000_tags.sql'))
    expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
    expect(await versions('staging')).toEqual(['20260101', '20260201', '20260202'])
  })

  test('two at it at once: each migration is applied once', async () => {
    const [one, two] = [on('staging'), on('staging')]
    const { plan } = await one.plan()
    const ran = await Promise.all([one.run(plan), two.run(plan)])
    expect(ran.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
    expect(await versions('staging')).toHaveLength(3)
  })
})
