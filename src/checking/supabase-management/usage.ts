/** How much a Supabase project was asked, and what its logs complain of, by the Management API. Pure. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { cleanLine } from '../../incident/text.ts'
import { foreign } from '../foreign.ts'
import { measure } from '../measure.ts'

/** A count, as JSON or as ClickHouse writes large ones. */
const Count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().nonnegative())

/** GET /v1/projects/{ref}/analytics/endpoints/usage.api-counts. */
export const Usage = z.object({
  result: z
    .array(
      z.object({
        total_auth_requests: Count,
        total_realtime_requests: Count,
        total_rest_requests: Count,
        total_storage_requests: Count,
      }),
    )
    .nullish(),
  error: z.unknown().optional(),
})

const services = ['auth', 'realtime', 'rest', 'storage'] as const

/** What an analytics endpoint says went wrong, in an answer of 200. */
export const analyticsError = (error: unknown): Finding[] => {
  if (error === undefined || error === null || error === '') return []
  const said = typeof error === 'string' ? error : JSON.stringify(error)
  return [{ status: 'unknown', text: `Supabase’s analytics could not answer: ${foreign(said, 200)}.` }]
}

/** Requests of the window, by service. */
export const judgeUsage = ({ result, error }: z.infer<typeof Usage>, window: string, most: number | undefined): CheckAnswer => {
  const failed = analyticsError(error)
  if (failed.length > 0) return { findings: failed, measurements: [] }
  if (result === undefined || result === null || result.length === 0)
    return {
      findings: [{ status: 'unknown', text: `Supabase counts no requests for the last ${window}: it may be behind.` }],
      measurements: [],
    }
  const sums = services.map((name) => ({
    name,
    sum: result.reduce((sum, row) => sum + row[`total_${name}_requests`], 0),
  }))
  const total = sums.reduce((sum, one) => sum + one.sum, 0)
  const { measurement, finding } = measure('requests', total, '', { most })
  const by = sums.map(({ name, sum }) => `${name} ${sum}`).join(', ')
  const good: Finding = { status: 'ok', text: `${total} requests in the last ${window}: ${by}.` }
  return {
    findings: [...finding, good],
    measurements: [...measurement, ...sums.flatMap(({ name, sum }) => measure(`${name} requests`, sum, '').measurement)],
  }
}

/** GET /v1/projects/{ref}/analytics/endpoints/logs, in which all sources stand in one ClickHouse table `logs`. */
export const Logs = z.object({ result: z.array(z.record(z.string(), z.unknown())).nullish(), error: z.unknown().optional() })

const failing = {
  api: `source = 'edge_logs' and toInt32OrZero(log_attributes['response.status_code']) >= 500`,
  functions: `source = 'function_edge_logs' and toInt32OrZero(log_attributes['response.status_code']) >= 500`,
  postgres: `source = 'postgres_logs' and log_attributes['parsed.error_severity'] in ('ERROR', 'FATAL', 'PANIC')`,
  auth: `source = 'auth_logs' and log_attributes['level'] in ('error', 'fatal', 'panic')`,
} as const

export const logSources = ['api', 'functions', 'postgres', 'auth'] as const
export type LogSource = (typeof logSources)[number]

const sourceOf: Readonly<Record<string, LogSource>> = {
  edge_logs: 'api',
  function_edge_logs: 'functions',
  postgres_logs: 'postgres',
  auth_logs: 'auth',
}

const whereOf = (sources: readonly LogSource[]): string => sources.map((source) => `(${failing[source]})`).join(' or ')

/** All lines by source, and the errors among them: logs without a line tell of no error, and of nothing else. */
export const countErrors = (sources: readonly LogSource[]): string => {
  const names = Object.entries(sourceOf).flatMap(([name, source]) => (sources.includes(source) ? [`'${name}'`] : []))
  return `select source, count() as lines, countIf(${whereOf(sources)}) as errors from logs where source in (${names.join(', ')}) group by source`
}

/** The API gives at most 1000 rows. */
export const mostLines = 200

/** The latest of them. */
export const listErrors = (sources: readonly LogSource[]): string =>
  `select timestamp, source, event_message from logs where ${whereOf(sources)} order by timestamp desc limit ${mostLines}`

const Counted = z.object({ source: z.string(), lines: Count, errors: Count })
const Line = z.object({ timestamp: z.union([z.string(), z.number()]), source: z.string(), event_message: z.string() })

/** The longest line that is kept of a log. */
const longestLine = 600

/** Errors of the window by source, with the latest lines. */
export const judgeLogs = (
  counts: z.infer<typeof Logs>,
  lines: z.infer<typeof Logs>,
  sources: readonly LogSource[],
  window: string,
  most: number | undefined,
): CheckAnswer => {
  const failed = [...analyticsError(counts.error), ...analyticsError(lines.error)]
  if (failed.length > 0) return { findings: failed.slice(0, 1), measurements: [] }
  const unread = (): CheckAnswer => ({
    findings: [{ status: 'unknown', text: 'Supabase’s logs answer in another shape.' }],
    measurements: [],
  })
  // No row at all is no error; no list is no answer.
  const counted = z.array(Counted).safeParse(counts.result)
  if (!counted.success) return unread()
  const by = sources.map((name) => ({
    name,
    sum: counted.data.filter(({ source }) => sourceOf[source] === name).reduce((sum, { errors }) => sum + errors, 0),
  }))
  const strange = counted.data.flatMap(({ source }) => (Object.hasOwn(sourceOf, source) ? [] : [foreign(source, 40)]))
  if (strange.length > 0)
    return {
      findings: [
        {
          status: 'unknown',
          text: `Supabase’s logs count errors of ${strange.slice(0, 3).join(', ')}, which is none of the sources known here.`,
        },
      ],
      measurements: [],
    }
  if (!counted.data.some(({ lines: written }) => written > 0))
    return {
      findings: [
        {
          status: 'unknown',
          text: `Supabase’s logs hold no line of the last ${window} (${sources.join(', ')}): either nobody asked anything of the project, or they are behind.`,
        },
      ],
      measurements: [],
    }
  const total = by.reduce((sum, one) => sum + one.sum, 0)
  const { measurement, finding } = measure('log errors', total, '', { most })
  const list = by.map(({ name, sum }) => `${name} ${sum}`).join(', ')
  const text = (lines.result ?? [])
    .flatMap((row) => {
      const line = Line.safeParse(row)
      if (!line.success) return []
      const { timestamp, source, event_message } = line.data
      return [
        `${String(timestamp).slice(0, 30)} ${sourceOf[source] ?? cleanLine(source.slice(0, 40))} ${foreign(event_message, longestLine)}`,
      ]
    })
    .join('\n')
  return {
    findings: [
      ...finding,
      { status: total > 0 && most === undefined ? 'warn' : 'ok', text: `${total} errors in the logs of the last ${window}: ${list}.` },
    ],
    measurements: [...measurement, ...by.flatMap(({ name, sum }) => measure(`${name} errors`, sum, '').measurement)],
    ...(text === '' ? {} : { detail: { title: `Errors in Supabase’s logs, last ${window}`, text } }),
  }
}
