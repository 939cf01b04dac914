import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, truncate, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { verifyChain } from '../../src/store/chain.ts'
import { openStore } from '../../src/store/database.ts'
import { incidentRow } from '../../src/store/reads.ts'
import { openQueue } from '../../src/store/queue.ts'
import { recall, remember } from '../../src/store/settings.ts'
import { identity, startPostgres } from '../postgres.ts'
import { silent } from '../silent.ts'
import { freshDatabase } from '../stores.ts'
import { append, declare, noted, queueOf } from './sample.ts'

const cleaning: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const clean of cleaning.splice(0).toReversed()) await clean()
})

const startChild = (...args: string[]): { child: ChildProcess; lines: string[]; said: (line: RegExp) => Promise<unknown> } => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  cleaning.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
  return { child, lines, said: (line) => vi.waitFor(() => expect(lines.some((each) => line.test(each))).toBe(true), { timeout: 20_000 }) }
}

describe('processes that die', () => {
  test('kill -9 of a worker: its job runs again within 10 s, by another (faults 31, 33)', { timeout: 40_000 }, async () => {
    const url = await freshDatabase()
    const first = startChild('worker', url)
    await first.said(/ready/)
    const store = await openStore({ url, log: silent })
    cleaning.push(() => store.close())
    const queue = await openQueue(store, { queues: [queueOf('a')], log: silent })
    cleaning.push(() => queue.stop(0))
    await store.transaction((trx) => queue.enqueue(trx, [{ queue: 'a', data: { n: 1, ms: 60_000 } }]))
    await first.said(/ 1 0$/)
    const second = startChild('worker', url)
    await second.said(/ready/)
    first.child.kill('SIGKILL')
    await second.said(/ 1 1$/)
    expect(second.lines.filter((line) => / 1 /.test(line))).toHaveLength(1)
  })

  test('a folder is opened once; after kill -9 it is taken over within seconds (faults 41)', { timeout: 60_000 }, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'tocsin-folder-'))
    cleaning.push(() => rm(parent, { recursive: true, force: true }))
    const dataDir = join(parent, 'db')
    const { child, said } = startChild('folder', dataDir)
    await said(/open/)
    await expect(openStore({ dataDir, log: silent })).rejects.toThrow(
      new RegExp(`${dataDir} is in use by process ${child.pid} on .*Stop that process`),
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    const store = await openStore({ dataDir, log: silent })
    expect(await recall(store.db, 'held by')).toBe(String(child.pid))
    await remember(store.db, 'k', 'v')
    await store.close()
    const again = await openStore({ dataDir, log: silent })
    expect(await recall(again.db, 'k')).toBe('v')
    const dump = await again.dump()
    await again.close()
    const copy = await openStore({ memory: dump!, log: silent })
    expect(await recall(copy.db, 'k')).toBe('v')
    await copy.close()
  })

  test('a torn folder is refused with the way back (faults 41)', { timeout: 60_000 }, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'tocsin-folder-'))
    cleaning.push(() => rm(parent, { recursive: true, force: true }))
    const dataDir = join(parent, 'db')
    const store = await openStore({ dataDir, log: silent })
    await store.close()
    await truncate(join(dataDir, 'global', 'pg_control'), 100)
    await expect(openStore({ dataDir, log: silent })).rejects.toThrow(/is damaged and cannot be opened. Keep it: move it away/)
    expect(await readdir(dataDir)).toContain('PG_VERSION')
    // The lock is given back, and a folder that is something else is not touched.
    const other = join(parent, 'other')
    await mkdir(join(other, 'holiday pictures'), { recursive: true })
    await expect(openStore({ dataDir: other, log: silent })).rejects.toThrow(/is damaged/)
    expect(await readdir(other)).toEqual(['holiday pictures'])
    await expect(openStore({ dataDir, log: silent })).rejects.toThrow(/is damaged/)
  })
})

describe('a database that goes away', () => {
  test('it restarts during commits: nothing is lost or doubled, the queue goes on (faults 32)', { timeout: 60_000 }, async () => {
    const postgres = await startPostgres({ durable: true })
    cleaning.push(async () => postgres[Symbol.asyncDispose]())
    const store = await openStore({ url: await postgres.createDatabase('bot'), log: silent })
    cleaning.push(() => store.close())
    const queue = await openQueue(store, { queues: [queueOf('a', { retryLimit: 20 })], log: silent })
    cleaning.push(() => queue.stop(0))
    const done = new Set<number>()
    await queue.work({ a: async ({ data }) => void done.add(data['n'] as number) })
    await declare(store)

    const confirmed: number[] = []
    const failures: string[] = []
    const asked = { stop: false }
    const writing = (async () => {
      for (let n = 1; !asked.stop; n += 1) {
        // What a job does: the same command again until it is known to be recorded, told apart by its text.
        for (;;) {
          try {
            await store.transaction(async (trx) => {
              const { rows } = await sql`select 1 from tocsin.event where data->'event'->>'text' = ${`n${n}`}`.execute(trx)
              if (rows.length > 0) return
              await append(store, trx, 'INC-1', [noted(`n${n}`)])
              await queue.enqueue(trx, [{ queue: 'a', data: { n } }])
            })
            confirmed.push(n)
            break
          } catch (error) {
            failures.push((error as Error).message)
            await sleep(50)
          }
        }
      }
    })()
    for (const how of ['immediate', 'fast', 'immediate'] as const) {
      await sleep(400)
      await postgres.stop(how)
      await sleep(200)
      await postgres.start()
    }
    await sleep(400)
    asked.stop = true
    await writing
    expect(failures.length).toBeGreaterThan(0)
    const row = await incidentRow(store.db, 'INC-1')
    expect(row?.version).toBe(confirmed.length + 1)
    expect(await verifyChain(store.db, 'INC-1')).toMatchObject({ whole: true, events: confirmed.length + 1 })
    await vi.waitFor(() => expect(done.size).toBe(confirmed.length), { timeout: 20_000 })
  })

  test('it freezes: errors in time, no connection is used again in the middle of a transaction', { timeout: 60_000 }, async () => {
    const postgres = await startPostgres()
    cleaning.push(async () => postgres[Symbol.asyncDispose]())
    const store = await openStore({ url: await postgres.createDatabase('bot'), log: silent, connections: 2 })
    cleaning.push(() => store.close())
    await remember(store.db, 'k', 'before')
    const half = store.transaction(async (trx) => {
      await remember(trx, 'k', 'half')
      postgres.freeze()
      await remember(trx, 'k', 'more')
    })
    await expect(half).rejects.toThrow(/timeout/i)
    await expect(store.ping()).rejects.toThrow(/timeout/i)
    postgres.thaw()
    await vi.waitFor(() => store.ping(), { timeout: 5_000 })
    await store.transaction(async (trx) => remember(trx, 'other', 'x'))
    expect(await recall(store.db, 'k')).toBe('before')
  })

  const canMount = process.getuid?.() === 0
  test.skipIf(!canMount)('its disk is full: an error, no half state, and it recovers (faults 39)', { timeout: 60_000 }, async () => {
    const disk = await mkdtemp(join(tmpdir(), 'tocsin-disk-'))
    const { uid, gid } = identity()
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=40m,mode=700,uid=${uid},gid=${gid}`, 'tmpfs', disk])
    cleaning.push(async () => {
      execFileSync('umount', ['-l', disk])
      await rm(disk, { recursive: true, force: true })
    })
    const postgres = await startPostgres()
    cleaning.push(async () => postgres[Symbol.asyncDispose]())
    const admin = await openStore({ url: await postgres.createDatabase('admin'), log: silent })
    cleaning.push(() => admin.close())
    await sql.raw(`create tablespace small location '${disk}'`).execute(admin.db)
    await sql.raw(`create database bot tablespace small`).execute(admin.db)
    const store = await openStore({ url: postgres.url('bot'), log: silent })
    cleaning.push(() => store.close())
    const queue = await openQueue(store, { queues: [queueOf('a')], log: silent })
    cleaning.push(() => queue.stop(0))
    await declare(store)
    await sql`create table filler as select repeat(md5(i::text), 200) as text from generate_series(1, 10) i`.execute(store.db)
    await expect(
      sql`insert into filler select string_agg(md5((i * j)::text), '') from generate_series(1, 20000) i, generate_series(1, 200) j group by i`.execute(
        store.db,
      ),
    ).rejects.toMatchObject({ code: '53100' })
    await sql`insert into filler select string_agg(md5((i * j)::text), '') from generate_series(1, 20) i, generate_series(1, 200) j group by i`.execute(
      store.db,
    )
    // Everything that is left, page by page.
    for (;;) {
      try {
        await sql`insert into filler select md5(random()::text) from generate_series(1, 200)`.execute(store.db)
      } catch (error) {
        expect(error).toMatchObject({ code: '53100' })
        break
      }
    }
    let written = 1
    let refused: unknown = null
    for (let n = 0; n < 2_000; n += 1) {
      const outcome = await store
        .transaction(async (trx) => {
          await append(store, trx, 'INC-1', [noted('x'.repeat(2_000 + n))])
          await queue.enqueue(trx, [{ queue: 'a', data: { n } }])
        })
        .catch((error: unknown) => ({ error }))
      if (outcome !== undefined) {
        refused = outcome.error
        break
      }
      written += 1
    }
    expect(refused).toMatchObject({ code: '53100' })
    expect(await verifyChain(store.db, 'INC-1')).toMatchObject({ whole: true, events: written })
    await sql`drop table filler`.execute(store.db)
    await store.transaction((trx) => append(store, trx, 'INC-1', [noted('again')]))
    expect(await verifyChain(store.db, 'INC-1')).toMatchObject({ whole: true, events: written + 1 })
  })
})
