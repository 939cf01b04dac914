/** Rows, migrations and a backup of a real PostgreSQL. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { until } from '../bots.ts'
import { startDatabaseProxy } from '../database-proxy.ts'
import { type Builder, type Stage, temporary } from './scene.ts'

/** A database, and its owner; with a proxy, where its answers are kept. */
const owned = async ({ postgres, stack }: Stage, name: string, sql: string) => {
  const url = await postgres.createDatabase(name)
  const owner = new Client({ connectionString: url })
  await owner.connect()
  stack.defer(() => owner.end())
  await owner.query(sql)
  return { url, owner, said: async (query: string) => (await owner.query<{ said: string }>(query)).rows.map(({ said }) => said) }
}
const proxied = async ({ stack }: Stage, url: string, host?: string) => {
  const proxy = await startDatabaseProxy(url, host)
  stack.defer(() => proxy.close())
  return { ...proxy, port: Number(new URL(proxy.url).port) }
}

export const statement: Builder = async (stage) => {
  const { url, said } = await owned(
    stage,
    'letters',
    `create table letters (id int, status text not null, changes int not null default 0);
    insert into letters select n, 'generating' from generate_series(1, 3) n`,
  )
  const proxy = await proxied(stage, url)
  return {
    kind: 'sql.update',
    options: {
      host: '127.0.0.1',
      port: proxy.port,
      secret: 'KIOSK_LETTERS_URL',
      tls: 'none',
      what: 'Letters that are stuck become drafts',
      rows: 'letters',
      target: 'database:letters',
      most: 10,
      statement: "update letters set status = 'draft', changes = changes + 1 where id > 1",
      count: 'select count(*) from letters where id > 1',
    },
    target: 'database:letters',
    environment: { KIOSK_LETTERS_URL: proxy.url },
    keep: () => Promise.resolve({ happened: proxy.park({ sql: /^\s*update letters/, of: 'commit', when: 'after' }) }),
    deeds: () => said(`select id || ' ' || status || ' ' || changes as said from letters order by id`),
  }
}

const history = `create schema supabase_migrations;
  create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
  create table letters (id int primary key)`
/** Neither can be applied twice. */
const migrations = {
  '20260201000000_tags.sql': 'create table tags (id int primary key);',
  '20260202000000_due.sql': 'alter table letters add column due timestamptz;',
}
const applied = `select version || ' ' || name as said from supabase_migrations.schema_migrations order by version`

/** Killed at the commit of that migration: of the last one on staging, before anything of it is in production; or in production, with more to
 *  come. `host`: of its own, since the host is what is locked. */
export const migration =
  (environment: 'staging' | 'production', version: string, host: string): Builder =>
  async (stage) => {
    const folder = temporary(stage.stack, 'kiosk-migrations-')
    for (const [name, text] of Object.entries(migrations)) writeFileSync(join(folder, name), text)
    // Pieces of a database's address are masked wherever they stand, so it must not be called as where it is.
    const scene = environment === 'staging' ? 'first' : 'second'
    const [staging, production] = [await owned(stage, `tried-${scene}`, history), await owned(stage, `served-${scene}`, history)]
    if (environment === 'production')
      await staging.owner.query(`insert into supabase_migrations.schema_migrations (version, name) values ('20260201000000', 'tags'),
        ('20260202000000', 'due')`)
    const urls = { staging: staging.url, production: production.url }
    const proxy = await proxied(stage, urls[environment], host)
    urls[environment] = proxy.url
    const place = (of: 'staging' | 'production') => {
      const { hostname, port } = new URL(urls[of])
      return { host: hostname, port: Number(port), secret: `KIOSK_${of}_URL_${environment}`.toUpperCase(), tls: 'none' }
    }
    return {
      kind: 'supabase.migrate',
      options: { source: { from: 'folder', path: folder }, staging: place('staging'), production: place('production') },
      target: `postgres:${place('production').host}`,
      input: `environment=${environment}`,
      environment: { [place('staging').secret]: urls.staging, [place('production').secret]: urls.production },
      keep: () =>
        Promise.resolve({
          happened: proxy.park({ sql: new RegExp(`^\\s*insert into supabase_migrations[^]*${version}`), of: 'commit', when: 'after' }),
        }),
      deeds: async () => [
        ...(await staging.said(applied)).map((said) => `staging ${said}`),
        ...(await production.said(applied)).map((said) => `production ${said}`),
      ],
    }
  }

/** The file has its name already, and is read once more: that does not end. */
export const backup: Builder = async (stage) => {
  const { postgres, stack } = stage
  const folder = temporary(stack, 'kiosk-backup-')
  const [bin, kept, dumped, goOn] = ['bin', 'kept', 'dumped', 'go-on'].map((name) => join(folder, name)) as [string, string, string, string]
  mkdirSync(bin)
  const real = execFileSync('sh', ['-c', 'command -v pg_dump pg_restore'], { encoding: 'utf8' }).trim().split('\n')
  const program = (name: string, before: string) => {
    const path = real.find((one) => one.endsWith(name)) ?? name
    writeFileSync(join(bin, name), `#!/bin/sh\n${before}\nexec ${path} "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
  program('pg_dump', `[ "$1" = --version ] || echo dumped >> ${dumped}`)
  // Nothing waits for ever: with the folder it goes, too.
  program(
    'pg_restore',
    `case "$2" in *.dump) [ -e ${goOn} ] || { touch ${kept}; while [ -d ${folder} ] && [ ! -e ${goOn} ]; do sleep 0.1; done; };; esac`,
  )
  const { url } = await owned(stage, 'kept', 'create table letters as select n as id from generate_series(1, 30) n')
  return {
    kind: 'postgres.backup',
    options: {
      host: '127.0.0.1',
      port: postgres.port,
      secret: 'KIOSK_KEPT_URL',
      tls: 'none',
      directory: folder,
      free: 1,
      programs: bin,
    },
    target: 'backup:127.0.0.1',
    environment: { KIOSK_KEPT_URL: url },
    keep: () => Promise.resolve({ happened: until(() => existsSync(kept), 'the backup') }),
    goOn: () => writeFileSync(goOn, ''),
    deeds: () => readFileSync(dumped, 'utf8').trim().split('\n'),
  }
}
