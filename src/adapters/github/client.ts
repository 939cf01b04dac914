/** The client of GitHub's API: no retries of its own, every failure a PortFault. */
import { throttling } from '@octokit/plugin-throttling'
import { Octokit } from '@octokit/rest'
import { type FaultCode, PortFault } from '../../ports.ts'

export type GitHubOptions = {
  readonly token: string
  /** `owner/name`. */
  readonly repository: string
  readonly apiUrl: string
  readonly log: { warn(fields: object, message: string): void }
  /** Of one call, in milliseconds. */
  readonly timeoutMs?: number
}

export type Failure = { status: number; message: string; headers: Record<string, string | number | undefined> }

/** What the SDK throws, in the few words that matter here; null for a bug. It gives status 500 to a call without an answer. */
const failureOf = (error: unknown): Failure | null => {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return null
  const response = 'response' in error ? (error.response as { headers?: Failure['headers'] } | undefined) : undefined
  return { status: error.status, message: error.message, headers: response?.headers ?? {} }
}

/** Seconds to wait. The answer's own date is the clock that its reset is set by. */
const waitOf = ({ headers }: Failure): number => {
  const after = Number(headers['retry-after'])
  if (after > 0) return after
  const until = Number(headers['x-ratelimit-reset']) - Date.parse(String(headers['date'])) / 1000
  return until > 0 ? Math.ceil(until) + 1 : 60
}

const codeOf = (failure: Failure): FaultCode => {
  const { status, headers, message } = failure
  const limited = String(headers['x-ratelimit-remaining']) === '0' || headers['retry-after'] !== undefined || /rate limit/i.test(message)
  if (status === 429 || (status === 403 && limited)) return 'limited'
  if (status === 401 || status === 403) return 'denied'
  if (status === 404 || status === 410) return 'gone'
  // 409: the file or the branch has moved since it was read; reading it again is the way on.
  if (status === 408 || status === 409 || status >= 500) return 'unavailable'
  return 'invalid'
}

/** Runs one call; its failure becomes a PortFault, unless its status is one that the caller reads as an answer (null). */
export const call = async <Answer>(
  method: string,
  work: () => Promise<{ data: Answer }>,
  answers: (failure: Failure) => boolean = () => false,
): Promise<Answer | null> => {
  try {
    return (await work()).data
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    if (answers(failure)) return null
    const code = codeOf(failure)
    throw new PortFault(code, method, failure.message, { cause: error, ...(code === 'limited' ? { retryAfter: waitOf(failure) } : {}) })
  }
}

export const octokitOf = ({ token, apiUrl, log, timeoutMs = 10_000 }: GitHubOptions) => {
  // The job retries, so these only say that a limit was met.
  const limit = (kind: string) => (retryAfter: number, request: object) => {
    const { method, url } = request as { method?: string; url?: string }
    log.warn({ kind, retryAfter, method, url }, 'code host limits calls')
    return false
  }
  const told = (text: string) => log.warn({ text }, 'code host client warns')
  return new (Octokit.plugin(throttling))({
    auth: token,
    baseUrl: apiUrl,
    userAgent: 'incident-bot',
    log: { debug: () => undefined, info: () => undefined, warn: told, error: told },
    request: { fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }) },
    // A pace of its own: a process has one host.
    throttle: { id: crypto.randomUUID(), onRateLimit: limit('rate'), onSecondaryRateLimit: limit('secondary') },
  })
}
