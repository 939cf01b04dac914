/** Metrics (D19): what a PromQL query gives, or what stands at a path of JSON over HTTP, against limits and against earlier days. */
import { z } from 'zod'
import { count, listed } from '../checking/answer.ts'
import { vendorFault } from '../checking/fault.ts'
import { foreign } from '../checking/foreign.ts'
import { askJson } from '../checking/json.ts'
import { at, numbersOf, stepsOf } from '../checking/metrics/path.ts'
import { askEarlier, askInstant } from '../checking/metrics/prometheus.ts'
import { judgeChange, judgeSeries } from '../checking/metrics/series.ts'
import { HttpAddress, hostOf } from '../checking/address.ts'
import { SecretName } from '../checking/option.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { duration } from '../incident/duration.ts'
import { FetchFault } from '../ports.ts'

const Path = z.string().refine((text) => stepsOf(text) !== null, 'must be a path such as `data.cpu` or `hosts[*].load`')
const Bound = z.strictObject({ most: z.number().optional(), least: z.number().optional() })
const Change = z.strictObject({ rise: z.number().positive().optional(), fall: z.number().positive().max(100).optional() })

const options = z
  .strictObject({
    /** What is measured, in the words of a sentence: `CPU`, `p95`. */
    name: z.string().trim().min(1).max(60),
    unit: z.string().max(12).default(''),
    prometheus: z
      .strictObject({
        /** Its base address. */
        url: HttpAddress,
        query: z.string().trim().min(1).max(4000),
        /** A selector whose samples must be fresh, such as `node_load1`: an average of old samples looks healthy. */
        fresh: z.string().trim().min(1).max(1000).optional(),
        /** The setting with its bearer token; with `user`, its password. */
        secret: SecretName.optional(),
        user: z.string().min(1).optional(),
      })
      .optional(),
    json: z
      .strictObject({
        url: HttpAddress,
        path: Path,
        /** Where the time of the numbers stands: ISO 8601, or seconds or milliseconds since 1970. */
        timestamp: Path.optional(),
        /** The setting whose value is sent as bearer token, or under `header`. */
        secret: SecretName.optional(),
        header: z
          .string()
          .regex(/^[A-Za-z0-9-]+$/)
          .optional(),
      })
      .optional(),
    warn: Bound.optional(),
    fail: Bound.optional(),
    /** Seconds that the numbers may be old, where their age is known. */
    freshFor: z.number().positive().default(300),
    /** No series at all is what is hoped for, as with a query for what is broken. */
    empty: z.enum(['unknown', 'ok']).default('unknown'),
    /** Against the mean of the same time of the last days, in per cent. Prometheus only. */
    against: z.strictObject({ days: z.int().min(1).max(31).default(7), warn: Change.optional(), fail: Change.optional() }).optional(),
  })
  .superRefine(({ prometheus, json, against }, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((prometheus === undefined) === (json === undefined)) complain('prometheus', 'give either `prometheus` or `json`')
    if (json !== undefined && against !== undefined) complain('against', 'earlier days are known to Prometheus only')
  })

type Options = z.infer<typeof options>

const none = (wanted: Options, what: string): CheckAnswer =>
  wanted.empty === 'ok'
    ? { findings: [{ status: 'ok', text: `${wanted.name}: no series, as hoped for.` }], measurements: [] }
    : { findings: [{ status: 'unknown', text: `${wanted.name}: ${what}.` }], measurements: [] }

/** Seconds that another clock may be ahead of ours. */
const skew = 60

const old = (name: string, seconds: number, most: number): Finding[] => {
  if (seconds < -skew)
    return [
      {
        status: 'unknown',
        text: `The numbers of ${name} are from ${duration(-seconds * 1000)} in the future: look at the clock that writes them, and at its zone.`,
      },
    ]
  if (seconds <= most) return []
  return [
    {
      status: 'unknown',
      text: `The numbers of ${name} are ${duration(seconds * 1000)} old, more than ${duration(most * 1000)}: they say nothing about now.`,
    },
  ]
}

const askPrometheus = async (wanted: Options, place: NonNullable<Options['prometheus']>, context: CheckContext): Promise<CheckAnswer> => {
  const now = context.now()
  const { name, unit, freshFor, against } = wanted
  const [current, age, earlier] = await Promise.all([
    askInstant(place, place.query, now, context),
    place.fresh === undefined ? null : askInstant(place, `time() - max(timestamp(${place.fresh}))`, now, context),
    against === undefined ? null : askEarlier(place, place.query, now, against.days, context),
  ])
  const stale =
    age === null
      ? []
      : age.findings.length > 0
        ? age.findings
        : age.series.length === 0
          ? [
              {
                status: 'unknown' as const,
                text: `Prometheus has no samples of ${foreign(place.fresh ?? '')}: its target is down or gone.`,
              },
            ]
          : old(name, age.series[0]?.value ?? 0, freshFor)
  if (current.series.length === 0 && current.findings.length === 0) {
    const { findings, measurements } = none(wanted, 'the query gives no series: look whether its target is scraped and the names are right')
    return { findings: [...findings, ...stale], measurements }
  }
  const judged = current.series.length === 0 ? { findings: [], measurements: [] } : judgeSeries(name, unit, current.series, wanted)
  const compared =
    against === undefined || earlier === null || earlier.findings.length > 0
      ? { findings: earlier?.findings ?? [], measurements: [] }
      : judgeChange(
          name,
          against.days,
          current.series.map((one) => ({ ...one, before: earlier.before.get(one.label) ?? [] })),
          against,
        )
  return {
    findings: [...judged.findings, ...compared.findings, ...current.findings, ...stale],
    measurements: [...judged.measurements, ...compared.measurements],
  }
}

/** Seconds since the time that stands in the answer. Without a zone it is taken for UTC, not for the zone of this machine. */
const ageOf = (value: unknown, now: string): number => {
  const zoned = (text: string) => (/(?:z|gmt|utc|[+-]\d\d(?::?\d\d)?)$/i.test(text) && /:/.test(text) ? text : `${text}Z`)
  const instant =
    typeof value === 'number' ? value * (value < 1e11 ? 1000 : 1) : typeof value === 'string' ? Date.parse(zoned(value.trim())) : Number.NaN
  return (Date.parse(now) - instant) / 1000
}

const askPath = async (wanted: Options, place: NonNullable<Options['json']>, context: CheckContext): Promise<CheckAnswer> => {
  const { secret, header } = place
  const value = secret === undefined ? '' : context.secret(secret)
  const headers: Record<string, string> =
    secret === undefined ? {} : header === undefined ? { authorization: `Bearer ${value}` } : { [header]: value }
  const vendor = hostOf(place.url)
  const asked = await askJson(context, { vendor, url: place.url, headers, secret: secret ?? null, schema: z.unknown() })
  if ('findings' in asked) return { findings: asked.findings, measurements: [] }
  const { found, lacking, cut } = at(asked.value, place.path)
  const { series, otherUnits } = numbersOf(found, wanted.unit)
  const times = place.timestamp === undefined ? [] : at(asked.value, place.timestamp).found
  // Of several the oldest, or the one that cannot be read: the others would hide it. One from the future hides as well.
  const ages = times.map(({ value: time }) => ageOf(time, context.now()))
  const age = ages.length === 0 || Math.min(...ages) < -skew ? Math.min(...ages) : Math.max(...ages)
  const stale: readonly Finding[] =
    place.timestamp === undefined
      ? []
      : Number.isFinite(age)
        ? old(wanted.name, age, wanted.freshFor)
        : [{ status: 'unknown', text: `${vendor} gives no time at ${place.timestamp}: how old the numbers are is not known.` }]
  const unread: readonly string[] = [
    ...(lacking > 0 && found.length > 0
      ? [`${count(lacking, 'item')} of ${vendor} ${lacking === 1 ? 'has' : 'have'} nothing at ${place.path}`]
      : []),
    ...(cut ? [`${vendor} gives more than ${count(found.length, 'value')} at ${place.path}: the rest was not read`] : []),
    ...(otherUnits.length > 0
      ? [
          `${vendor} gives ${listed(otherUnits, 3)} at ${place.path}, which is not in ${wanted.unit === '' ? 'a bare number' : wanted.unit}: look at \`unit\` in service.yml`,
        ]
      : []),
  ]
  // An empty list may be hoped for; a path that leads nowhere is not.
  const nothing = `${vendor} gives nothing at ${place.path}`
  const answer: CheckAnswer =
    found.length === 0
      ? lacking > 0
        ? { findings: [{ status: 'unknown', text: `${wanted.name}: ${nothing}.` }], measurements: [] }
        : none(wanted, nothing)
      : series.length === 0
        ? { findings: [], measurements: [] }
        : judgeSeries(wanted.name, wanted.unit, series, wanted)
  const open = unread.map((text): Finding => ({ status: 'unknown', text: `${wanted.name}: ${text}.` }))
  return { ...answer, findings: [...answer.findings, ...open, ...stale] }
}

export default defineCheck({
  summary: 'asks for a number, by PromQL or as JSON, against its limit and against earlier days',
  options,
  hosts: ({ prometheus, json }) => [prometheus, json].flatMap((place) => (place === undefined ? [] : [hostOf(place.url)])),
  needs: ({ prometheus, json }) => [prometheus?.secret, json?.secret].flatMap((name) => name ?? []),
  timeoutMs: 10_000,
  concurrency: 8,
  run: async (wanted, context) => {
    try {
      if (wanted.prometheus !== undefined) return await askPrometheus(wanted, wanted.prometheus, context)
      if (wanted.json !== undefined) return await askPath(wanted, wanted.json, context)
      throw new Error('the options of a metrics check name no source')
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      return { findings: [vendorFault(error)], measurements: [] }
    }
  },
})
