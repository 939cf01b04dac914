/** The embedded database: PGlite in a folder, or in memory. PGlite has no lock of its own, and a second process on its folder
 *  destroys it, so the folder is locked first. It survives `kill -9`, not a power cut. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import lockfile from 'proper-lockfile'

/** Milliseconds. A holder touches its lock every `touch`; one that has not for `stale` is dead. */
const lockTimes = { touch: 2_000, stale: 8_000 }

export type Embedded = { pglite: PGlite; release: () => Promise<void> }

/** Another process has the folder open. */
export class FolderInUse extends Error {
  /** The process, when it runs on this machine. */
  readonly pid: number | null
  constructor(folder: string, holder: string) {
    super(
      `The database folder ${folder} is in use by ${holder}. Stop that process, or set TOCSIN_DATA to another folder; several processes need DATABASE_URL.`,
    )
    this.name = 'FolderInUse'
    const [, pid, host] = /^process (\d+) on (.+)$/.exec(holder) ?? []
    this.pid = host === hostname() ? Number(pid) : null
  }
}

const touchedAt = async (path: string): Promise<number | null> => {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Takes the folder's lock. A holder that is seen alive is reported at once; a dead one's lock is taken over after `stale`. */
const lockFolder = async (folder: string, onLost: (error: Error) => void): Promise<() => Promise<void>> => {
  const lockfilePath = `${folder}.lock`
  const owner = `${folder}.owner`
  const seen = await touchedAt(lockfilePath)
  for (;;) {
    try {
      const release = await lockfile.lock(folder, {
        lockfilePath,
        realpath: false,
        stale: lockTimes.stale,
        update: lockTimes.touch,
        onCompromised: onLost,
      })
      await writeFile(owner, `process ${process.pid} on ${hostname()}\n`)
      return release
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
    }
    const now = await touchedAt(lockfilePath)
    if (now !== null && now !== seen) {
      throw new FolderInUse(folder, existsSync(owner) ? (await readFile(owner, 'utf8')).trim() : 'another process')
    }
    await sleep(250)
  }
}

/** What to say about a folder that cannot be opened. */
const torn = (folder: string, cause: unknown): Error =>
  new Error(
    `The database folder ${folder} is damaged and cannot be opened. Keep it: move it away (mv ${folder} ${folder}.damaged), then start again with an empty one, or unpack the last dump into ${folder} first (tar -xf <dump> -C ${folder}).`,
    { cause },
  )

/** Opens a database in `folder`, which is created if it does not exist. Throws FolderInUse, and when it is damaged, saying what to do. `onLost` is called if the lock is lost later: nothing may be written from then on. */
export const openFolder = async (folder: string, onLost: (error: Error) => void): Promise<Embedded> => {
  await mkdir(dirname(folder), { recursive: true })
  const release = await lockFolder(folder, onLost)
  try {
    const present = existsSync(folder) ? await readdir(folder) : []
    if (present.length === 0) {
      // Made aside and renamed, so that a kill during the first start leaves nothing half made.
      const fresh = `${folder}.new`
      await rm(fresh, { recursive: true, force: true })
      const made = await PGlite.create(fresh)
      await made.close()
      await rm(folder, { recursive: true, force: true })
      await rename(fresh, folder)
    } else if (!present.includes('PG_VERSION')) {
      throw torn(folder, new Error('PG_VERSION is missing'))
    }
    const pglite = await PGlite.create(folder).catch((error: unknown) => {
      throw torn(folder, error)
    })
    return { pglite, release }
  } catch (error) {
    await release()
    throw error
  }
}

/** Opens a database in memory: an empty one, or a dump's. */
export const openMemory = async (dump: true | Blob): Promise<Embedded> => ({
  pglite: await PGlite.create(dump === true ? {} : { loadDataDir: dump }),
  release: async () => {},
})
