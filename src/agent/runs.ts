/** Runs operations: one at a time, and each key once. */
import { callOf } from './operations.ts'
import { type Ended, run as runProgram } from './program.ts'
import type { AgentRun, Args, OperationName, Refused, Said } from './protocol.ts'
import type { Child } from './processes.ts'
import type { Records } from './records.ts'
import type { AgentSettings } from './settings.ts'

export type Wanted = { readonly key: string; readonly operation: OperationName; readonly args: Args }

export type Runs = {
  /** Runs it, or follows it if it runs already, or tells its end if it has one. Resolves with the last line of the answer. */
  readonly run: (wanted: Wanted, onSaid: (said: Said) => void) => Promise<Said>
  readonly find: (key: string) => AgentRun | null
  /** Resolves when nothing runs any more; from now on nothing new does. */
  readonly close: () => Promise<void>
}

/** Of an output, in bytes as they are sent; what comes later is left out of the answer, but for its end. The bot reads twice as much. */
const mostSaid = 1024 * 1024
/** What a line costs besides its text. */
const lineOverhead = 150
const bytesOf = (text: string): number => Buffer.byteLength(JSON.stringify(JSON.stringify(text))) + lineOverhead
const tailLines = 40

const isSame = (a: Wanted, b: Wanted): boolean => {
  const text = ({ operation, args }: Wanted) => JSON.stringify([operation, Object.entries(args).toSorted(([x], [y]) => x.localeCompare(y))])
  return text(a) === text(b)
}

type Current = {
  readonly wanted: Wanted
  readonly said: string[]
  readonly followers: Set<(said: Said) => void>
  readonly ended: Promise<AgentRun>
}

const refused = (code: Refused['code'], why: string): Refused => ({ type: 'refused', code, why })

export const createRuns = (
  settings: AgentSettings,
  records: Records,
  child: Child,
  now: () => number,
  log: (text: string) => void,
): Runs => {
  let current: Current | null = null
  let closing = false
  // What is being looked at before it is started: no other may begin meanwhile.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const next = turn.then(work)
    turn = next.catch(() => undefined)
    return next
  }
  // Ends that could not be written down: known as long as the agent lives.
  const unwritten = new Map<string, AgentRun>()
  const time = () => new Date(now()).toISOString()

  const find = (key: string): AgentRun | null => {
    const run = unwritten.get(key) ?? records.find(key)
    return run?.state === 'running' && current?.wanted.key !== key ? { ...run, state: 'unclear' } : run
  }

  const finish = (started: AgentRun, { exit, why }: Ended, tail: readonly string[]): AgentRun => {
    const run: AgentRun = { ...started, state: 'ended', endedAt: time(), exit, why, tail }
    try {
      records.keep(run)
      child.ended()
    } catch (error) {
      unwritten.set(run.key, run)
      log(`the end of ${run.key} could not be written down: ${error instanceof Error ? error.message : String(error)}`)
    }
    current = null
    return run
  }

  const noteStart = (pid: number): void => {
    try {
      child.started(pid)
    } catch (error) {
      log(`process ${pid} could not be written down: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const begin = async (wanted: Wanted): Promise<Current | Refused> => {
    const call = await callOf(settings, wanted.operation, wanted.args)
    if ('type' in call) return call
    const { key, operation, args } = wanted
    const started: AgentRun = { key, operation, args, state: 'running', startedAt: time(), endedAt: null, exit: null, why: null, tail: [] }
    // Before anything is done: an agent that dies now must not do it a second time.
    records.keep(started)
    const said: string[] = []
    const tail: string[] = []
    const followers = new Set<(said: Said) => void>()
    let size = 0
    const onLine = (text: string) => {
      tail.push(text)
      if (tail.length > tailLines) tail.shift()
      size += bytesOf(text)
      if (size > mostSaid) return
      said.push(text)
      for (const follow of followers) follow({ type: 'line', text })
    }
    log(`${key} ${operation}: ${[call.program, ...call.argv].join(' ')}`)
    const ended = runProgram(settings, call, noteStart, onLine)
      .catch((error: unknown): Ended => ({
        exit: null,
        why: `It could not be started: ${error instanceof Error ? error.message : String(error)}`,
      }))
      .then((end) => finish(started, end, tail))
    current = { wanted, said, followers, ended }
    return current
  }

  const follow = async (going: Current, onSaid: (said: Said) => void): Promise<Said> => {
    onSaid({ type: 'started' })
    for (const text of going.said) onSaid({ type: 'line', text })
    going.followers.add(onSaid)
    try {
      return { type: 'run', run: await going.ended }
    } finally {
      going.followers.delete(onSaid)
    }
  }

  /** What runs under the key, its end, or why neither. */
  const enter = async (wanted: Wanted): Promise<Current | Said> => {
    const known = find(wanted.key)
    if (known !== null && !isSame(known, wanted)) return refused('key', 'Something else was run under this key.')
    if (known !== null && known.state !== 'running') return { type: 'run', run: known }
    if (current !== null)
      return known === null ? refused('busy', `The agent is at something else (${current.wanted.operation}): wait for its end.`) : current
    if (closing) return refused('busy', 'The agent is about to end.')
    return begin(wanted)
  }

  return {
    find,
    run: async (wanted, onSaid) => {
      const entered = await inTurn(() => enter(wanted))
      return 'type' in entered ? entered : follow(entered, onSaid)
    },
    close: async () => {
      closing = true
      await turn
      await current?.ended
    },
  }
}
