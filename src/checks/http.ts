/** HTTP health (D1): what an address answers, how fast, and what its health body says. */
import { z } from 'zod'
import { productFault } from '../checking/fault.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'
import type { Finding, Measurement } from '../incident/check.ts'
import { readHealth } from '../incident/health.ts'
import { FetchFault, type GuardedResponse } from '../ports.ts'

const status = z.int().min(200).max(599)

const options = z.strictObject({
  /** What is asked, by GET. Redirects to the same product are followed. */
  url: z.url({ protocol: /^https?$/ }),
  /** What a healthy product answers, after redirects. */
  status: status.refine((code) => code < 300 || code >= 400, 'redirects are followed: give the status at their end').default(200),
  /** Statuses that the product's guide calls critical. */
  critical: z.array(status).default([503]),
  /** Milliseconds from the request to the end of the answer. */
  latency: z.number().positive().optional(),
  /** The body is health JSON: `status`, `timestamp`, `version`, `services`, `performance`. */
  json: z.boolean().default(false),
  /** Seconds that the body's `timestamp` may be old. */
  freshFor: z.number().positive().default(300),
  /** Names that the body's `services` must have. */
  services: z.array(z.string().min(1)).optional(),
  /** The most that each of the body's `performance` may be: durations in ms, sizes in MB, shares in per cent. */
  performance: z.record(z.string(), z.number()).optional(),
})

type Options = z.infer<typeof options>

/** What a status means to who was just woken. */
const meanings: Readonly<Record<number, string>> = {
  400: 'it calls the request malformed',
  401: 'it wants credentials',
  403: 'it forbids access',
  404: 'nothing is at that address',
  405: 'it does not take GET',
  410: 'the address was removed',
  429: 'it limits our rate',
  500: 'the application failed',
  501: 'the application cannot do this',
  502: 'the proxy got no good answer from the application',
  503: 'the application says it is unavailable',
  504: 'the proxy got no answer from the application in time',
}

const answered = (response: GuardedResponse, wanted: Options): Finding => {
  const took = `in ${Math.round(response.took)} ms`
  if (response.status === wanted.status) return { status: 'ok', text: `Answered ${response.status} ${took}.` }
  const meaning = meanings[response.status]
  const because = meaning === undefined ? '' : `: ${meaning}`
  const critical = wanted.critical.includes(response.status) ? ', which is critical' : ''
  return { status: 'fail', text: `Answered ${response.status}${critical}${because}; ${wanted.status} was expected (${took}).` }
}

const redirected = (urls: readonly string[]): Finding[] => {
  const last = urls.length > 1 ? URL.parse(urls.at(-1)!) : null
  // Without its query, which may hold a token.
  return last === null ? [] : [{ status: 'ok', text: `Redirected to ${`${last.origin}${last.pathname}`.slice(0, 200)}.` }]
}

const speed = (response: GuardedResponse, limit: number | undefined): { findings: Finding[]; measurement: Measurement } => {
  const value = Math.round(response.took)
  const measurement = { name: 'latency', value, unit: 'ms', ...(limit === undefined ? {} : { limit }) }
  const late = limit !== undefined && response.took > limit
  return { measurement, findings: late ? [{ status: 'warn', text: `Took ${value} ms, above the limit of ${limit} ms.` }] : [] }
}

const judge = (response: GuardedResponse, wanted: Options, now: string): CheckAnswer => {
  const { findings, measurement } = speed(response, wanted.latency)
  const expected = { freshFor: wanted.freshFor, services: wanted.services ?? [], performance: wanted.performance ?? {} }
  const body = wanted.json ? readHealth(response.body, expected, now) : { findings: [], measurements: [] }
  return {
    findings: [answered(response, wanted), ...redirected(response.urls), ...findings, ...body.findings],
    measurements: [measurement, ...body.measurements],
  }
}

export default defineCheck({
  summary: 'asks an address for its health: status, speed, and what its body says',
  options,
  hosts: ({ url }) => [new URL(url).host],
  timeoutMs: 10_000,
  // A product has many of them, and one that hangs must not hold up the rest.
  concurrency: 16,
  run: async (wanted, context) => {
    try {
      const response = await context.fetch(wanted.url, {
        headers: { accept: wanted.json ? 'application/json' : '*/*' },
      })
      return judge(response, wanted, context.now())
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      return { findings: [productFault(error)], measurements: [] }
    }
  },
})
