/** Questions to a Prometheus, or to what speaks its API. */
import { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { foreign } from '../foreign.ts'
import { askJson } from '../json.ts'
import { below } from '../address.ts'
import type { Series } from './series.ts'

const Labels = z.record(z.string(), z.string())
/** Seconds and a number in words: `NaN` and `+Inf` are no JSON. */
const Sample = z.tuple([z.number(), z.string()])

const Answer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: Labels, value: Sample.optional() })) }),
    z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric: Labels, values: z.array(Sample).optional() })) }),
    z.object({ resultType: z.literal('scalar'), result: Sample }),
    z.object({ resultType: z.literal('string'), result: z.unknown() }),
  ]),
  /** Of the question, such as that not all stores answered. */
  warnings: z.array(z.string()).optional(),
})

export type PrometheusAt = {
  readonly url: string
  readonly secret?: string | undefined
  readonly user?: string | undefined
}

type Context = Pick<CheckContext, 'fetch' | 'secret'>

const authorization = ({ secret, user }: PrometheusAt, context: Context): Record<string, string> => {
  if (secret === undefined) return {}
  const value = context.secret(secret)
  return { authorization: user === undefined ? `Bearer ${value}` : `Basic ${Buffer.from(`${user}:${value}`).toString('base64')}` }
}

const numberOf = (text: string): number => (/^[+-]?Inf$/.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text || 'NaN'))

/** The same labels have the same words, whatever their order. */
const labelOf = (labels: z.infer<typeof Labels>): string =>
  Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (name === '__name__' ? value : `${name}=${value}`))
    .join(', ')

const ask = async (at: PrometheusAt, path: string, query: Record<string, string>, context: Context) =>
  askJson(context, {
    vendor: 'Prometheus',
    url: `${below(at.url, path)}?${new URLSearchParams(query).toString()}`,
    headers: authorization(at, context),
    secret: at.secret ?? null,
    schema: Answer,
  })

const warned = (warnings: readonly string[] | undefined): Finding[] =>
  warnings === undefined || warnings.length === 0
    ? []
    : [{ status: 'unknown', text: `Prometheus warns that its answer may not be whole: ${foreign(warnings.join('; '), 200)}.` }]

export type Instantly = { readonly series: readonly Series[]; readonly findings: readonly Finding[] }

/** What a query gives at an instant. */
export const askInstant = async (at: PrometheusAt, query: string, time: string, context: Context): Promise<Instantly> => {
  const asked = await ask(at, '/api/v1/query', { query, time }, context)
  if ('findings' in asked) return { series: [], findings: asked.findings }
  const { data, warnings } = asked.value
  const unfit = (text: string): Instantly => ({ series: [], findings: [{ status: 'unknown', text }] })
  if (data.resultType === 'scalar') return { series: [{ label: '', value: numberOf(data.result[1]) }], findings: warned(warnings) }
  if (data.resultType !== 'vector')
    return unfit(
      `The query gives a ${data.resultType}, not one value for each series: wrap it, as in rate(…[5m]) or last_over_time(…[5m]).`,
    )
  return {
    series: data.result.map(({ metric, value }) => ({ label: labelOf(metric), value: numberOf(value?.[1] ?? '') })),
    findings: warned(warnings),
  }
}

/** What it gave at the same time of earlier days, by the words of the series' labels. */
export const askEarlier = async (
  at: PrometheusAt,
  query: string,
  time: string,
  days: number,
  context: Context,
): Promise<{ readonly before: ReadonlyMap<string, readonly number[]>; readonly findings: readonly Finding[] }> => {
  const day = 86_400
  const now = Date.parse(time) / 1000
  const range = { query, start: String(now - days * day), end: String(now - day), step: String(day) }
  const asked = await ask(at, '/api/v1/query_range', range, context)
  if ('findings' in asked) return { before: new Map(), findings: asked.findings }
  const { data, warnings } = asked.value
  if (data.resultType !== 'matrix')
    return { before: new Map(), findings: [{ status: 'unknown', text: `Prometheus answers a ${data.resultType} for earlier days.` }] }
  const before = new Map(data.result.map(({ metric, values = [] }) => [labelOf(metric), values.map(([, text]) => numberOf(text))]))
  return { before, findings: warned(warnings) }
}
