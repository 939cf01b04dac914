/** What the bot and its agent on a product's host say to each other, and how each knows the other: both hold one secret, and sign with a
 *  key of it for their own direction. The one file that both programs share; it needs nothing but Node. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What the agent can be asked to run. Each is a fixed list of arguments: see `operations.ts`. */
export const operationNames = ['up', 'down', 'pull', 'build', 'scale', 'checkout'] as const
export type OperationName = (typeof operationNames)[number]

export type Args = Readonly<Record<string, string | number>>

/** One run of an operation, as the agent keeps it. `unclear`: the agent ended while it ran, so nobody saw its end. */
export type AgentRun = {
  readonly key: string
  readonly operation: OperationName
  readonly args: Args
  readonly state: 'running' | 'ended' | 'unclear'
  readonly startedAt: string
  readonly endedAt: string | null
  /** Null when it did not end by itself. */
  readonly exit: number | null
  /** Why it did not end by itself. */
  readonly why: string | null
  /** The last lines that it wrote. */
  readonly tail: readonly string[]
}

export type Commit = { readonly sha: string; readonly subject: string }

export type Refused = { readonly type: 'refused'; readonly code: 'argument' | 'busy' | 'key' | 'commit' | 'broken'; readonly why: string }

export type AgentState = {
  readonly type: 'state'
  readonly services: readonly string[]
  /** How many of a service there may be. */
  readonly scales: Readonly<Record<string, number>>
  /** What is checked out, and whether files of it were changed by hand; null: the agent has no repository. */
  readonly head: (Commit & { readonly changed: boolean }) | null
}

/** A commit against what is checked out. */
export type Compared = {
  readonly type: 'compared'
  readonly head: Commit
  readonly commit: Commit
  /** Whether it is on the branch that may be checked out. */
  readonly allowed: boolean
  /** `back`: what is checked out contains it. */
  readonly direction: 'same' | 'back' | 'forward' | 'aside'
  /** The commits that are lost by going back, or won by going forward, newest first; at most ten of them. */
  readonly between: readonly Commit[]
  readonly count: number
  readonly files: number
  /** Of those, files of migrations. */
  readonly migrations: number
}

/** One line of an answer. */
export type Said =
  | { readonly type: 'started' }
  | { readonly type: 'line'; readonly text: string }
  /** Nothing was written for a while, but it runs. */
  | { readonly type: 'alive' }
  | { readonly type: 'run'; readonly run: AgentRun | null }
  | AgentState
  | Compared
  | Refused

export const paths = { state: '/v1/state', commits: '/v1/commits', runs: '/v1/runs' } as const

/** The name of one run: who asks again under it asks for the same one. */
export const keyPattern = /^[a-z0-9][a-z0-9:-]{0,99}$/

export const headers = { at: 'x-agent-at', nonce: 'x-agent-nonce', signature: 'x-agent-signature' } as const

/** How far the two clocks may be apart, in milliseconds. */
export const toleranceMs = 300_000

const sign = (secret: string, direction: 'ask' | 'answer', parts: readonly string[]): string => {
  const key = createHmac('sha256', secret).update(`tocsin agent 1 ${direction}`).digest()
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex')
}

export const newNonce = (): string => randomBytes(16).toString('hex')

/** The signature of a request: method, path with query, time in milliseconds, nonce, body. */
export const signAsk = (
  secret: string,
  ask: { readonly method: string; readonly path: string; readonly at: string; readonly nonce: string; readonly body: string },
): string => sign(secret, 'ask', [ask.method, ask.path, ask.at, ask.nonce, createHash('sha256').update(ask.body).digest('hex')])

/** A line of the answer to the request with this nonce: neither its order nor what it answers can be changed. */
export const signLine = (secret: string, nonce: string, index: number, text: string): string =>
  sign(secret, 'answer', [nonce, String(index), text])

/** Whether two signatures are the same, in the same time whatever they are. */
export const isSame = (given: string, right: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
