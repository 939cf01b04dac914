/** Which processes there are of an agent: one at a time on a folder of records, and what a killed one left running. A number of a process
 *  comes again; with the time of its start it does not. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { graceMs, signalGroup } from './program.ts'

/** When it was started, in ticks since the machine was; null: it is not there, or has ended and nobody has asked how. */
const startOf = (pid: number): string | null => {
  try {
    // The name of the program, in brackets, may hold anything.
    const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return state === 'Z' ? null : (rest[18] ?? null)
  } catch {
    return null
  }
}

const noted = (file: string): { readonly pid: number; readonly alive: boolean } | null => {
  try {
    const [, pid = '', start = ''] = /^(\d+) (\d+)$/.exec(readFileSync(file, 'utf8')) ?? []
    return pid === '' ? null : { pid: Number(pid), alive: startOf(Number(pid)) === start }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const note = (file: string, pid: number): void => writeFileSync(file, `${pid} ${startOf(pid) ?? 0}`, { mode: 0o600 })

/** Says that the folder is this process’s. Throws when another agent has it. */
export const claim = (data: string): void => {
  const file = join(data, 'agent')
  const other = noted(file)
  if (other?.alive === true && other.pid !== process.pid)
    throw new Error(`another agent (process ${other.pid}) keeps its records in ${data}: end it first, or give this one a folder of its own`)
  note(file, process.pid)
}

/** What runs for the agent is noted, so that whoever comes after can end it. */
export const openChild = (data: string) => {
  const file = join(data, 'child')
  return {
    started: (pid: number): void => note(file, pid),
    ended: (): void => rmSync(file, { force: true }),
    /** Ends what an agent left that was killed: nothing may be begun beside it. Gives its number, or null. */
    endLeftOver: async (): Promise<number | null> => {
      const left = noted(file)
      if (left?.alive !== true) return null
      signalGroup(left.pid, 'SIGTERM')
      const until = performance.now() + graceMs
      while (noted(file)?.alive === true && performance.now() < until) await sleep(50)
      signalGroup(left.pid, 'SIGKILL')
      rmSync(file, { force: true })
      return left.pid
    },
  }
}
export type Child = ReturnType<typeof openChild>
