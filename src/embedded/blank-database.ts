/** Creating a PGlite database takes seconds, loading a copy of a new one a tenth of that: one is kept for the next time. */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PGlite } from '@electric-sql/pglite'
import { object, parsed, string } from './json.ts'

/** A database of one version must not be loaded by another. */
const version = async (): Promise<string> => {
  const manifest = join(dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite'))), '..', 'package.json')
  return string(object(parsed(await readFile(manifest, 'utf8')))['version'])
}

const cacheFile = async (): Promise<string> =>
  join(import.meta.dirname, '..', '..', 'node_modules', '.cache', `blank-pglite-${await version()}-node${process.versions.node}.tar`)

/** What a new database is loaded from, or undefined when it must be created. */
export const blankDatabase = async (): Promise<Blob | undefined> => {
  const bytes = await readFile(await cacheFile()).catch(() => undefined)
  return bytes && new Blob([new Uint8Array(bytes)])
}

/** Keeps a database in which nothing was done yet. Where nothing can be kept, the next one is created as this was. */
export const keepBlankDatabase = async (database: PGlite): Promise<void> => {
  const file = await cacheFile()
  const dump = await database.dumpDataDir('none')
  const partial = `${file}.${randomUUID()}`
  await mkdir(dirname(file), { recursive: true })
    .then(async () => writeFile(partial, Buffer.from(await dump.arrayBuffer())))
    .then(() => rename(partial, file))
    .catch(() => undefined)
}
