/** Runs one suite on both databases. Each store that a test opens is a migrated database of its own and is closed after it. */
import { randomUUID } from 'node:crypto'
import { existsSync, openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, describe, inject } from 'vitest'
import { type Log, type Store, openStore } from '../src/store/database.ts'
import { type Queue, type QueueDefinition, openQueue } from '../src/store/queue.ts'
import { silent } from './silent.ts'

export type Open = {
  kind: 'pglite' | 'postgres'
  /** A fresh, migrated database. */
  store(): Promise<Store>
  /** A queue on a store, stopped after the test. */
  queue(store: Store, queues: readonly QueueDefinition[], log?: Log): Promise<Queue>
}

const waitForServer = async (): Promise<{ folder: string; port: number }> => {
  const folder = inject('stores')
  const file = join(folder, 'ready')
  while (!existsSync(file)) await sleep(50)
  // The file appears before it is filled.
  for (;;) {
    const text = await readFile(file, 'utf8')
    if (text !== '') {
      const { port, error } = JSON.parse(text) as { port?: number; error?: string }
      if (port === undefined) throw new Error(`The databases for tests could not be made: ${error}`)
      return { folder, port }
    }
    await sleep(10)
  }
}

/** The URL of a fresh, migrated database on the PostgreSQL of this test run. */
export const freshDatabase = async (): Promise<string> => {
  const { port } = await waitForServer()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const client = new Client(`postgres://tocsin@127.0.0.1:${port}/postgres`)
  await client.connect()
  try {
    await client.query(`create database ${name} template template_tocsin`)
  } finally {
    await client.end()
  }
  return `postgres://tocsin@127.0.0.1:${port}/${name}`
}

/** The dump of a migrated, empty PGlite, for `openStore({ memory })`. */
export const freshDump = async (): Promise<Blob> => {
  const { folder } = await waitForServer()
  return openAsBlob(join(folder, 'pglite.tar'))
}

/** A migrated, empty store of a kind. */
export const freshStore = async (kind: 'pglite' | 'postgres', log: Log = silent): Promise<Store> =>
  openStore(kind === 'pglite' ? { memory: await freshDump(), log } : { url: await freshDatabase(), log })

/** The suite, once on PGlite and once on PostgreSQL. */
export const eachStore = (suite: (open: Open) => void): void => {
  // Asked here: the benchmarks import this file, too, and there is no test run to ask.
  const hasPostgres = inject('postgres')
  for (const kind of ['pglite', 'postgres'] as const)
    describe.skipIf(kind === 'postgres' && !hasPostgres)(`on ${kind}`, () => {
      const opened: { close(): Promise<unknown> }[] = []
      afterEach(async () => {
        // Queues before the stores that they use.
        for (const each of opened.splice(0).toReversed()) await each.close()
      })
      suite({
        kind,
        async store() {
          const store = await freshStore(kind)
          opened.push(store)
          return store
        },
        async queue(store, queues, log = silent) {
          const queue = await openQueue(store, { queues, log })
          opened.push({ close: () => queue.stop(1_000) })
          return queue
        },
      })
    })
}
