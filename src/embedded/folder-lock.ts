/** One process a folder: PGlite has no lock of its own, and a second process destroys the database. */
import { readFile, writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { object, parsed } from './json.ts'

/** A lock that was not renewed for so long is nobody's. Creating a database blocks the process for seconds. */
const STALE_MS = 10_000

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ELOCKED'

/** Waits for an owner that is just closing (`patience`), and for the lock of a dead one to become stale. */
export const lockFolder = async (folder: string, patience = 3_000): Promise<() => Promise<void>> => {
  await mkdir(folder, { recursive: true })
  const ownerFile = join(folder, 'owner.json')
  const started = performance.now()
  for (;;) {
    try {
      const release = await lockfile.lock(folder, { stale: STALE_MS, update: 2_000 })
      await writeFile(ownerFile, JSON.stringify({ pid: process.pid }))
      return release
    } catch (error) {
      if (!isTaken(error)) throw error
      const pid = Number(object(parsed(await readFile(ownerFile, 'utf8').catch(() => '')))['pid'] ?? 0)
      const limit = pid > 0 && isAlive(pid) ? patience : STALE_MS + patience
      if (performance.now() - started > limit)
        throw new Error(
          `${folder} is in use by ${pid > 0 ? `process ${pid}` : 'another process'}: stop that one first, or take another folder`,
          {
            cause: error,
          },
        )
      await sleep(200)
    }
  }
}
