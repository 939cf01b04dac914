/** Backups of the embedded database. Only the process that has its folder open can make one while it runs: SIGUSR2 asks it to. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Instant } from './incident/policy.ts'

/** Where backups of the embedded database in this data folder are. */
export const backupFolder = (data: string): string => join(data, 'backups')

/** Keeps a dump, taken at this instant, in the data folder; gives the file. Only its owner may read it: everything is in it. */
export const writeBackup = async (data: string, dump: Blob, at: Instant): Promise<string> => {
  const file = join(backupFolder(data), `db-${at.replace(/[:.]/g, '-')}.tar.gz`)
  await mkdir(backupFolder(data), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.partial`, await promisify(gzip)(await dump.arrayBuffer()), { mode: 0o600 })
  await rename(`${file}.partial`, file)
  return file
}
