import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import backup from '../../src/actions/postgres.backup.ts'
import { startCutting } from './cutting-proxy.ts'
import { closedPort } from '../adapters/server.ts'
import { startAuthority } from '../checks/certificates.ts'
import { ensurePostgres, identity, type Postgres, startPostgres } from '../postgres.ts'
import { type Acting, hand } from './acting.ts'

const isThere = ensurePostgres()
let server: Postgres
let owner: Client
let folder: string

beforeAll(async () => {
  if (!isThere) return
  server = await startPostgres()
  await server.createDatabase('shop')
  owner = new Client({ connectionString: server.url('shop') })
  await owner.connect()
  await owner.query(`create table letters as select n as id, repeat(md5(n::text), 20) as body from generate_series(1, 3000) n;
    create table "odd name" (id int);
    create role reader login; grant select on letters to reader`)
})
afterAll(async () => {
  if (!isThere) return
  await owner.end()
  await server[Symbol.asyncDispose]()
})
beforeEach((context) => {
  folder = mkdtempSync(join(tmpdir(), 'backups-'))
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

type Given = Partial<z.input<typeof backup.options>>

const act = (given: Given = {}, { url, ...more }: Acting & { url?: string } = {}) =>
  hand(
    backup,
    { host: '127.0.0.1', port: server.port, secret: 'DATABASE_URL_SHOP', tls: 'none', directory: folder, free: 1, ...given },
    {},
    { secrets: { DATABASE_URL_SHOP: url ?? server.url('shop') }, ...more },
  )
const unable = async (given: Given, more: Parameters<typeof act>[1] = {}) => {
  const seen = await act(given, more).preview()
  return 'unable' in seen ? seen.unable : 'possible'
}

/** A `pg_dump` that does what `script` does, beside the real `pg_restore`. */
const programs = (script: string): string => {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'pg_dump'), `#!/bin/sh\nif [ "$1" = --version ]; then exec pg_dump --version; fi\n${script}\n`)
  writeFileSync(join(bin, 'pg_restore'), '#!/bin/sh\nexec pg_restore "$@"\n')
  for (const name of ['pg_dump', 'pg_restore']) chmodSync(join(bin, name), 0o755)
  return bin
}
const files = () => readdirSync(folder).filter((name) => name !== 'bin')

describe.skipIf(!isThere)('the right run', () => {
  test('a backup that can be restored, readable for the bot alone', async () => {
    const at = act()
    const seen = await at.plan()
    expect(seen.summary).toMatch(new RegExp(`^Backs shop up to ${folder}: 2 tables, \\d+(\\.\\d+)? MB at most\\.$`))
    expect(files()).toEqual([])
    const file = join(folder, 'inc-1-1.dump')
    const ran = await at.run(seen.plan)
    expect(ran).toEqual({
      outcome: 'done',
      text: expect.stringMatching(new RegExp(`^Backed up to ${file}: [1-9][\\d.]* (KB|bytes), data of 2 tables, read again and whole\\.$`)),
    })
    expect(files()).toEqual(['inc-1-1.dump'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await at.recover(seen.plan)).toEqual(ran)

    await server.createDatabase('restored')
    execFileSync('pg_restore', ['--no-owner', '--dbname', server.url('restored'), file])
    const client = new Client({ connectionString: server.url('restored') })
    await client.connect()
    expect((await client.query('select count(*)::int as many from letters')).rows).toEqual([{ many: 3000 }])
    await client.end()
  })

  test('what earlier tries left is removed; what others left is not', async () => {
    writeFileSync(join(folder, 'inc-1-1.0000.partial'), 'x')
    writeFileSync(join(folder, 'inc-1-11.0000.partial'), 'x')
    const at = act()
    expect(await at.run((await at.plan()).plan)).toMatchObject({ outcome: 'done' })
    expect(files().toSorted()).toEqual(['inc-1-1.dump', 'inc-1-11.0000.partial'])
  })
})

describe.skipIf(!isThere)('what cannot be', () => {
  test('no folder, no program, an old one, no room, too large, no right, nobody there', async () => {
    expect(await unable({ directory: join(folder, 'gone') })).toMatch(/^The bot cannot write to .*gone: make that folder/)
    expect(await unable({ programs: join(folder, 'gone') })).toMatch(/pg_dump is not installed where the bot runs\.$/)
    expect(await unable({ free: 1e12 })).toContain('too little for')
    expect(await unable({ most: 0.1 })).toContain('more than the 0.1 MB that service.yml allows')
    expect(await unable({}, { url: `postgres://reader@127.0.0.1:${server.port}/shop` })).toContain(
      'may not read everything, public."odd name" for one',
    )
    expect(await unable({}, { url: `postgres://tocsin@127.0.0.1:${server.port}/gone` })).toContain('no such database')
    await expect(act({ port: await closedPort() }, { url: 'postgres://tocsin@127.0.0.1:1/shop' }).preview()).resolves.toMatchObject({
      unable: expect.stringContaining('another server'),
    })
    expect(await unable({ programs: programs('') })).toBe('possible')
    writeFileSync(join(folder, 'bin/pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.1"\n')
    expect(await unable({ programs: join(folder, 'bin') })).toMatch(/^pg_dump 9 reads no server of version \d+: install postgresql-client-/)
  })

  test.each([
    ['pg_dump fails', 'echo "pg_dump: error: permission denied" >&2; exit 1', /^pg_dump ended with 1: pg_dump: error: permission denied/],
    [
      'it writes what cannot be read',
      'for w in "$@"; do case $w in --file=*) echo torn > "${w#--file=}";; esac; done',
      /^pg_restore ended with 1/,
    ],
    [
      'it grows too large',
      'for w in "$@"; do case $w in --file=*) head -c 60000000 /dev/zero > "${w#--file=}";; esac; done; exec sleep 60',
      /^It grew beyond 50 MB/,
    ],
  ])('%s: no file is left', async (_, script, why) => {
    const at = act({ programs: programs(script), most: 50 })
    const { plan } = await at.plan()
    expect(await at.run(plan)).toEqual({ outcome: 'failed', text: expect.stringMatching(why) })
    expect(files()).toEqual([])
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
  })

  test('it takes too long: ended, and no file is left', async () => {
    const at = act({ programs: programs('exec sleep 60') }, { timeoutMs: 2_500 })
    expect(await at.run({ directory: folder, tables: 2 })).toEqual({ outcome: 'failed', text: expect.stringContaining('not done in time') })
    expect(files()).toEqual([])
  })

  test('the connection is lost on the way', async () => {
    await using proxy = await startCutting(server.port)
    const at = act({ port: proxy.port }, { url: `postgres://tocsin@127.0.0.1:${proxy.port}/shop` })
    const { plan } = await at.plan()
    proxy.cut({ sees: /COPY public/, when: 'after' })
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: expect.stringMatching(/^pg_dump ended with 1.*There is no backup of this try\.$/),
    })
    expect(proxy.cuts()).toBe(1)
    expect(files()).toEqual([])
  })

  test('the secret is in no argument, and no file of somebody’s own is looked into', async () => {
    const at = act(
      { programs: programs(`printf '%s ' "$@" > ${folder}/words; env > ${folder}/environment; exit 3`) },
      { url: `postgres://tocsin:right-horse@127.0.0.1:${server.port}/shop` },
    )
    await at.run((await at.plan()).plan)
    const read = (name: string) => execFileSync('cat', [join(folder, name)]).toString()
    expect(read('words')).not.toContain('right-horse')
    expect(read('environment')).toContain('PGPASSWORD=right-horse')
    expect(read('environment')).not.toMatch(/DATABASE_URL|npm_/)
  })

  test('a name that reads as more than a name is a name', async () => {
    const at = act({}, { url: `postgres://tocsin@127.0.0.1:${server.port}/${encodeURIComponent('dbname=shop host=elsewhere')}` })
    expect(await at.run({ directory: folder, tables: 2 })).toEqual({
      outcome: 'failed',
      text: expect.stringContaining('database "dbname=shop host=elsewhere" does not exist'),
    })
  })
})

describe.skipIf(!isThere)('over TLS', () => {
  test('only to a server whose certificate is believed', async () => {
    using signing = startAuthority()
    const ca = signing.make({ name: 'root', until: 30 }).cert
    const other = signing.make({ name: 'another root', until: 30 }).cert
    const { key, cert } = signing.make({ name: 'database', names: ['localhost'], until: 30, by: 'root' })
    const as = identity()
    const keys = mkdtempSync(join(tmpdir(), 'keys-'))
    const file = (name: string, text: string): string => {
      const path = join(keys, name)
      writeFileSync(path, text, { mode: 0o600 })
      if (as.uid !== undefined) for (const each of [keys, path]) chownSync(each, as.uid, as.gid)
      return path
    }
    await using secure = await startPostgres({
      settings: { ssl: 'on', ssl_cert_file: file('cert.pem', cert), ssl_key_file: file('key.pem', key) },
    })
    const place = { host: 'localhost', port: secure.port, tls: 'verify' as const }
    const url = `postgres://tocsin@localhost:${secure.port}/postgres`
    const plan = { directory: folder, tables: 0 }
    expect(await act({ ...place, ca }, { url }).run(plan)).toMatchObject({ outcome: 'done' })
    for (const given of [{ ...place, ca: other }, place])
      expect(await act(given, { url, runKey: 'inc-2:1' }).run(plan)).toEqual({
        outcome: 'failed',
        text: expect.stringContaining('certificate verify failed'),
      })
    await expect(act(place, { url }).preview()).rejects.toThrow('is not trusted')
    // Its authority is believed, and the certificate is another's.
    const byAddress = act({ ...place, host: '127.0.0.1', ca }, { url: url.replace('localhost', '127.0.0.1'), runKey: 'inc-3:1' })
    expect(await byAddress.run(plan)).toEqual({ outcome: 'failed', text: expect.stringContaining('does not match host name') })
    rmSync(keys, { recursive: true, force: true })
  })
})

describe.skipIf(!isThere)('after a crash (faults 53)', () => {
  test('nothing was begun; begun and not done; done and not recorded', async () => {
    const at = act()
    const { plan } = await at.plan()
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    const torn = act({ programs: programs('exit 1') })
    await torn.run(plan)
    expect(await torn.recover(plan)).toEqual({ outcome: 'resume' })
    await at.run(plan)
    // Whoever takes over knows only what was remembered.
    expect(await act().recover(plan)).toMatchObject({ outcome: 'done', text: expect.stringContaining('read again and whole') })
    expect(existsSync(join(folder, 'inc-1-1.dump'))).toBe(true)
  })
})
