/** Once for a whole test run: one PostgreSQL with a migrated template database, and the dump of a migrated PGlite. Made in the
 *  background, so that tests that need neither do not wait; `stores.ts` waits for the file `ready`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { type Store, openStore } from '../src/store/database.ts'
import { openQueue } from '../src/store/queue.ts'
import { ensurePostgres, type Postgres, startPostgres } from './postgres.ts'
import { silent } from './silent.ts'

declare module 'vitest' {
  interface ProvidedContext {
    stores: string
    /** Whether there is a PostgreSQL; without one its suites are skipped. */
    postgres: boolean
  }
}

const prepare = async (store: Store) => {
  const queue = await openQueue(store, { queues: [], log: silent })
  await queue.stop(0)
}

const makeDump = async (): Promise<Blob | null> => {
  const store = await openStore({ memory: true, log: silent })
  await prepare(store)
  const dump = await store.dump()
  await store.close()
  return dump
}

/** Tried again when the store's own limits are too short for a machine that is busy with everything else at this moment. */
const makeTemplate = async (postgres: Postgres): Promise<void> => {
  const url = await postgres.createDatabase('template_tocsin')
  for (let tries = 5; ; tries -= 1) {
    try {
      const store = await openStore({ url, log: silent })
      await prepare(store)
      return await store.close()
    } catch (error) {
      if (tries === 1) throw error
    }
  }
}

const make = async (folder: string, has: boolean): Promise<Postgres | null> => {
  const postgres = has ? await startPostgres() : null
  const [dump] = await Promise.all([makeDump(), postgres === null ? null : makeTemplate(postgres)])
  if (dump === null) throw new Error('PGlite gave no dump')
  await writeFile(join(folder, 'pglite.tar'), Buffer.from(await dump.arrayBuffer()))
  return postgres
}

export default async (project: TestProject) => {
  const folder = await mkdtemp(join(tmpdir(), 'tocsin-stores-'))
  project.provide('stores', folder)
  const has = ensurePostgres()
  project.provide('postgres', has)
  const ready = make(folder, has)
  const told = ready.then(
    (postgres) => writeFile(join(folder, 'ready'), JSON.stringify({ port: postgres?.port ?? 0 })),
    (error: unknown) => writeFile(join(folder, 'ready'), JSON.stringify({ error: String(error) })),
  )
  return async () => {
    await told
    const postgres = await ready.catch(() => null)
    await postgres?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}
