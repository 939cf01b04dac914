/** The records of what was run, a file each: what was asked under a key is never run again, also by an agent that was started anew. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { AgentRun } from './protocol.ts'

export type Records = {
  readonly find: (key: string) => AgentRun | null
  /** Written to the disk when it returns. Throws when it cannot be. */
  readonly keep: (run: AgentRun) => void
}

/** How long a record is kept, in days. */
const keptDays = 180

const sync = (path: string, flags: string, act: (file: number) => void): void => {
  const file = openSync(path, flags, 0o600)
  try {
    act(file)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Opens the folder. What was running when the last agent ended is unclear from now on. */
export const openRecords = (data: string, now: () => number): Records => {
  const folder = join(data, 'runs')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pathOf = (key: string) => join(folder, `${createHash('sha256').update(key).digest('hex')}.json`)
  const read = (path: string): AgentRun => {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as AgentRun
    } catch (error) {
      throw new Error(`the record ${path} cannot be read: look at it, and remove it only if what it tells of is over`, { cause: error })
    }
  }
  const keep = (run: AgentRun): void => {
    const path = pathOf(run.key)
    sync(`${path}.new`, 'w', (file) => writeSync(file, JSON.stringify(run)))
    renameSync(`${path}.new`, path)
    sync(folder, 'r', () => undefined)
  }
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    // Half a file is one that never took the place of its record.
    if (name.endsWith('.new') || now() - statSync(path).mtimeMs > keptDays * 86_400_000) {
      rmSync(path)
      continue
    }
    const run = read(path)
    if (run.state === 'running')
      keep({
        ...run,
        state: 'unclear',
        endedAt: new Date(now()).toISOString(),
        why: 'The agent ended while it ran, so nobody saw its end.',
      })
  }
  return { keep, find: (key) => (existsSync(pathOf(key)) ? read(pathOf(key)) : null) }
}
