/** Errors at run time, from the two logs that Vercel has: the live one of a deployment, which its API documents and which tells only what
 *  happens from now on; and the one of requests, which its dashboard and its command line read the past from. */
import { z } from 'zod'
import type { CheckAnswer, CheckContext } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { keepLine, shorten } from '../../incident/text.ts'
import { count, hold, together } from '../answer.ts'
import { networkFault } from '../fault.ts'
import { foreign } from '../foreign.ts'
import { atMost } from '../json.ts'
import type { Limit } from '../option.ts'
import type { Vercel } from './api.ts'

/** One request, or what was logged during it. */
export type LogLine = {
  readonly id: string
  readonly at: number
  readonly level: string
  readonly message: string
  readonly method: string
  readonly path: string
  /** 0 where there is none. */
  readonly status: number
}

export type Logged = {
  readonly errors: readonly LogLine[]
  /** Lines that were seen, errors or not; null where only errors were asked for. */
  readonly seen: number | null
  /** What was left out, as a sentence. */
  readonly note: string | null
}

const severe = ['error', 'fatal']
const isError = ({ level, status }: LogLine): boolean => severe.includes(level) || status >= 500

/** How many errors are kept, and how much of each message. */
const mostErrors = 500
const longestMessage = 1000

/** Masked, and on one line: what a product logs may hold anything. */
const kept = (line: LogLine): LogLine => ({
  ...line,
  message: keepLine(line.message.slice(0, longestMessage)),
  path: keepLine((line.path.split('?')[0] ?? '').slice(0, 200)),
})

const Row = z.object({
  requestId: z.string().nullish(),
  timestamp: z.union([z.string(), z.number()]),
  requestMethod: z.string().nullish(),
  requestPath: z.string().nullish(),
  statusCode: z.number().nullish(),
  logs: z
    .array(z.object({ level: z.string().nullish(), message: z.string().nullish() }))
    .nullish()
    .catch(null),
})
const Page = z.object({ rows: atMost(Row, 100), hasMoreRows: z.boolean().default(false) })

const lineOf = (row: z.infer<typeof Row>): LogLine => {
  const logs = row.logs ?? []
  const worst = logs.find(({ level }) => severe.includes(level ?? '')) ?? logs[0]
  return {
    id: row.requestId ?? '',
    at: typeof row.timestamp === 'number' ? row.timestamp : Date.parse(row.timestamp),
    level: worst?.level ?? '',
    message: worst?.message ?? '',
    method: row.requestMethod ?? '',
    path: row.requestPath ?? '',
    status: row.statusCode ?? 0,
  }
}

/** Pages of the log of requests that are read at most, of each kind. */
const mostPages = 5

type Past = { readonly logsUrl: string; readonly projectId: string; readonly ownerId: string; readonly from: number; readonly to: number }

/** Errors of a time that is over. A request that logs an error need not fail, and one that fails need not log: both are asked for. */
export const askPast = async (
  vercel: Vercel,
  { logsUrl, projectId, ownerId, from, to }: Past,
): Promise<Logged | { findings: readonly Finding[] }> => {
  const page = (query: Record<string, string>) =>
    vercel.get(
      '/api/logs/request-logs',
      Page,
      { projectId, ownerId, environment: 'production', startDate: String(from), endDate: String(to), ...query },
      logsUrl,
    )
  const found = new Map<string, LogLine>()
  let more = false
  let odd = 0
  for (const kind of [{ level: 'error,fatal' }, { statusCode: '5xx' }]) {
    for (let number = 0; ; number += 1) {
      const asked = await page({ ...kind, page: String(number) })
      if ('findings' in asked) return asked
      const { rows, hasMoreRows } = asked.value
      for (const [index, row] of rows.entries()) {
        const line = lineOf(row)
        if (!isError(line)) odd += 1
        else found.set(line.id === '' ? `${number} ${index} ${line.at}` : line.id, kept(line))
      }
      const enough = number + 1 === mostPages || found.size >= mostErrors
      if (hasMoreRows && enough) more = true
      if (!hasMoreRows || rows.length === 0 || enough) break
    }
  }
  if (found.size > 0) return { errors: [...found.values()], seen: null, note: more ? 'There are more: only the newest were read.' : null }
  if (odd > 0)
    return {
      findings: [
        {
          status: 'unknown',
          text: `Vercel’s log answers ${count(odd, 'request')} as ones with errors, but not as documented: no error can be read in them. Look at the log in Vercel.`,
        },
      ],
    }
  // None: it may be that nothing was asked of the product, or that the plan keeps no log of that time.
  const any = await page({ page: '0' })
  return 'findings' in any ? any : { errors: [], seen: any.value.rows.length, note: null }
}

const Live = z.object({
  rowId: z.string(),
  level: z.string(),
  message: z.string(),
  source: z.string(),
  timestampInMs: z.number(),
  requestMethod: z.string().nullish(),
  requestPath: z.string().nullish(),
  responseStatusCode: z.number().nullish(),
})

/** A line of the live log; null for what is none. */
const liveLine = (text: string): LogLine | 'end' | null => {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return null
  }
  const parsed = Live.safeParse(data).data
  if (parsed === undefined) return null
  const { rowId, source } = parsed
  // How Vercel says that it has listened long enough.
  if (source === 'delimiter' && rowId === '') return 'end'
  return {
    id: rowId,
    at: parsed.timestampInMs,
    level: parsed.level,
    message: parsed.message,
    method: parsed.requestMethod ?? '',
    path: parsed.requestPath ?? '',
    status: Math.max(parsed.responseStatusCode ?? 0, 0),
  }
}

/** Longer lines are dropped: Vercel cuts a message at 256 KB itself. */
const longestLine = 300_000

/** Lines of a stream as they come, each of bounded length. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  let skipping = false
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      if (!skipping && part.trim() !== '') yield part
      skipping = false
    }
    if (rest.length > longestLine) {
      rest = ''
      skipping = true
    }
  }
  if (!skipping && rest.trim() !== '') yield rest
}

/** Listens to a deployment for a while. */
export const listen = async (
  vercel: Vercel,
  context: Pick<CheckContext, 'signal'>,
  { projectId, deployment, ms }: { readonly projectId: string; readonly deployment: string; readonly ms: number },
): Promise<Logged | { findings: readonly Finding[] }> => {
  const over = AbortSignal.timeout(ms)
  const errors: LogLine[] = []
  let seen = 0
  let odd = 0
  let dropped = 0
  let note: string | null = null
  try {
    const path = `/v1/projects/${encodeURIComponent(projectId)}/deployments/${encodeURIComponent(deployment)}/runtime-logs`
    const response = await vercel.open(path, { format: 'lines' }, undefined, AbortSignal.any([over, context.signal]))
    const why = await vercel.refusal(response)
    if (why !== null) return { findings: [why] }
    for await (const text of linesOf(response.body ?? new Blob([]).stream())) {
      const line = liveLine(text)
      if (line === 'end') break
      if (line === null) {
        odd += 1
        continue
      }
      seen += 1
      if (!isError(line)) continue
      if (errors.length < mostErrors) errors.push(kept(line))
      else dropped += 1
    }
  } catch (error) {
    const fault = networkFault(error)
    if (fault?.code === 'too-large') note = 'It was too much to hear to the end.'
    else if (!over.aborted || context.signal.aborted) throw error
  }
  if (odd > 0 && seen === 0)
    return { findings: [{ status: 'unknown', text: 'What Vercel tells of the log is not as documented: no line of it could be read.' }] }
  if (dropped > 0) note = `${count(dropped, 'more error')} came than are kept.`
  return { errors, seen, note }
}

/** Numbers and ids say nothing about what kind of error it is. */
const kindOf = ({ status, method, path, message }: LogLine): string =>
  `${method} ${path} ${status} ${message}`.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,}\b|\d+/gi, '#').slice(0, 160)

const shown = ({ status, method, path, message }: LogLine): string =>
  [
    ...(method === '' ? [] : [foreign(method, 10)]),
    foreign(path, 60),
    ...(status > 0 ? [String(status)] : []),
    ...(message === '' ? [] : [`“${foreign(message, 100)}”`]),
  ].join(' ')

/** Kinds of errors that are told. */
const mostKinds = 5

/** Judges. `where`: what the errors were looked for in, such as `the last 1 h`. */
export const judgeLogged = ({ errors, seen, note }: Logged, where: string, limit: Limit | undefined): CheckAnswer => {
  if (errors.length === 0)
    return seen === 0
      ? {
          findings: [
            {
              status: 'unknown',
              text: `The log has nothing of ${where}: either nobody asked anything of production, or Vercel keeps no log of it (Hobby keeps an hour, Pro a day).`,
            },
          ],
          measurements: [],
        }
      : together(hold('runtime errors', 0, '', 'most', limit), {
          findings: [{ status: 'ok', text: `No runtime error in ${where}.` }],
          measurements: [],
        })
  const kinds = Map.groupBy(errors, kindOf)
  const told = [...kinds.values()]
    .toSorted((a, b) => b.length - a.length)
    .slice(0, mostKinds)
    .map((group) => `${group.length} × ${shown(group[0]!)}`)
  const rest = kinds.size > mostKinds ? `; and ${count(kinds.size - mostKinds, 'other kind')}` : ''
  const newest = errors.toSorted((a, b) => b.at - a.at)
  const time = (at: number) => (Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString() : 'at an unknown time')
  return {
    ...together(hold('runtime errors', errors.length, '', 'most', limit), {
      findings: [
        {
          status: limit === undefined ? 'warn' : 'ok',
          text: shorten(
            `${count(errors.length, 'runtime error')} in ${where}: ${told.join('; ')}${rest}.${note === null ? '' : ` ${note}`}`,
            500,
          ),
        },
      ],
      measurements: [],
    }),
    detail: {
      title: `Runtime errors in ${where}`,
      text: newest.map((line) => `${time(line.at)}  ${foreign(line.level, 10)}  ${shown(line)}`).join('\n'),
    },
  }
}
