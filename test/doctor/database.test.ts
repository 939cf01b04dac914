/** What the doctor learns of a real PostgreSQL, directly and through a real PgBouncer. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inspectDatabase } from '../../src/store/inspect.ts'
import { identity } from '../postgres.ts'
import { freshDatabase } from '../stores.ts'
import { ensure, find } from '../system/debian.ts'
import { until } from '../until.ts'

const now = () => Date.now()
const sql = async (url: string, ...statements: string[]): Promise<void> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

describe('a PostgreSQL', () => {
  test('that the bot has used', async () => {
    const facts = await inspectDatabase(await freshDatabase(), now)
    expect(facts).toMatchObject({ listens: true, missing: [], unknown: [], mayCreate: true })
    expect(facts.version).toBeGreaterThanOrEqual(15)
    expect(Math.abs(facts.ahead)).toBeLessThan(5_000)
  })

  test('that a newer version has used, an older one, none; a user who may not make tables; a clock that is an hour off', async () => {
    const url = await freshDatabase()
    await sql(url, `insert into tocsin.migration (name) values ('999-later')`, `delete from tocsin.migration where name = '001-start'`)
    expect(await inspectDatabase(url, now)).toMatchObject({ missing: ['001-start'], unknown: ['999-later'] })
    await sql(url, 'drop schema tocsin cascade', `do $$ begin create role guest login; exception when duplicate_object then null; end $$`)
    expect(await inspectDatabase(url, now)).toMatchObject({ missing: expect.arrayContaining(['001-start']) as string[], unknown: [] })
    expect(await inspectDatabase(url.replace('tocsin@', 'guest@'), now)).toMatchObject({ mayCreate: false })
    expect((await inspectDatabase(url, () => now() + 3_600_000)).ahead).toBeGreaterThan(3_500_000)
  })

  test('that is not there', async () => {
    await expect(inspectDatabase('postgres://u:secret@127.0.0.1:1/x', now)).rejects.toThrow('ECONNREFUSED')
  })
})

const there = ensure([{ name: 'pgbouncer', binary: 'pgbouncer' }])

describe.skipIf(!there)('a PgBouncer', () => {
  let folder: string
  let direct: string
  let port: number
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-pgbouncer-'))
    direct = await freshDatabase()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as { port: number }).port
    server.close()
    await once(server, 'close')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const start = (mode: 'transaction' | 'session'): ChildProcess => {
    const { hostname, port: behind, username } = new URL(direct)
    const file = join(folder, `${mode}.ini`)
    writeFileSync(
      file,
      `[databases]\n* = host=${hostname} port=${behind} user=${username}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = any\npool_mode = ${mode}\n`,
    )
    const as = identity()
    for (const path of [folder, file]) if (as.uid !== undefined) chownSync(path, as.uid, as.gid)
    return spawn('setpriv', ['--pdeathsig', 'KILL', find('pgbouncer') ?? '', file], { ...as, stdio: 'ignore' })
  }

  test.each([
    ['transaction', false],
    ['session', true],
  ] as const)('that pools by %s', async (mode, listens) => {
    const pooler = start(mode)
    try {
      const url = direct.replace(new URL(direct).port, String(port))
      await until(async () => {
        await sql(url, 'select 1')
        return true
      }, 'the pooler')
      expect(await inspectDatabase(url, now)).toMatchObject({ listens, missing: [] })
    } finally {
      const exited = once(pooler, 'exit')
      pooler.kill('SIGKILL')
      await exited
    }
  })
})
