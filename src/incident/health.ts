/** What a health endpoint's JSON says of itself, as findings (D1). What it says is foreign: cut, and otherwise literal. Pure. */
import type { CheckStatus, Finding, Measurement } from './check.ts'
import { storable } from './foreign.ts'
import type { Instant } from './policy.ts'
import { shorten } from './text.ts'

export type HealthExpectations = {
  /** Seconds that `timestamp` may be old. */
  readonly freshFor: number
  /** Names that must be among `services`. */
  readonly services: readonly string[]
  /** The most that a metric may be; durations in milliseconds, sizes in MB, shares in per cent, whatever unit the body uses. */
  readonly performance: Readonly<Record<string, number>>
}

type Said = { readonly findings: readonly Finding[]; readonly measurements: readonly Measurement[] }

/** More than any product has; the rest is counted. */
const most = 50
/** Seconds that a product's clock may be ahead of ours. */
const skew = 5

const byWord: Readonly<Record<'ok' | 'warn' | 'fail', readonly string[]>> = {
  ok: 'ok okay healthy up online operational available connected pass passing passed good green normal ready running active alive success true'.split(
    ' ',
  ),
  warn: 'degraded warn warning slow partial impaired limited yellow maintenance unstable'.split(' '),
  fail: 'unhealthy down offline error errored fail failed failing failure critical unavailable disconnected dead outage red stopped timeout unreachable false'.split(
    ' ',
  ),
}

/** The status that a word stands for; null when it is not known. */
const statusOf = (word: string): CheckStatus | null => {
  const plain = word.trim().toLowerCase()
  return (['ok', 'warn', 'fail'] as const).find((status) => byWord[status].includes(plain)) ?? null
}

const foreign = (text: string, length = 120): string => shorten(storable(text).slice(0, length * 4), length)

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => (isFields(value) ? value : {})

/** The word in a state such as "healthy", true or {"status": "healthy", …}. */
const wordOf = (state: unknown): string | null => {
  if (typeof state === 'string' || typeof state === 'boolean') return String(state)
  const fields = fieldsOf(state)
  const inner = fields['status'] ?? fields['state'] ?? fields['healthy'] ?? fields['ok']
  return typeof inner === 'string' || typeof inner === 'boolean' ? String(inner) : null
}

const overall = (status: unknown): Finding => {
  const word = wordOf(status)
  if (word === null)
    return { status: 'warn', text: status === undefined ? 'The body gives no status.' : "The body's status is not a word." }
  const found = statusOf(word)
  if (found === null) return { status: 'warn', text: `The body's status is "${foreign(word)}", which is not a word known here.` }
  return { status: found, text: `The body's status is "${foreign(word)}".` }
}

const timeOf = (value: unknown): number => {
  if (typeof value === 'string') return Date.parse(value)
  // Seconds until the year 5138, milliseconds from 1973 on.
  return typeof value === 'number' ? (value < 1e11 ? value * 1000 : value) : Number.NaN
}

const age = (seconds: number): string => {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

const freshness = (timestamp: unknown, now: Instant, freshFor: number): Finding => {
  const old = (Date.parse(now) - timeOf(timestamp)) / 1000
  if (!Number.isFinite(old)) return { status: 'warn', text: "The body's timestamp is not a time." }
  if (old < -skew) return { status: 'warn', text: `The body's timestamp is ${age(-old)} in the future.` }
  if (old > freshFor) return { status: 'warn', text: `The body's timestamp is ${age(old)} old; at most ${age(freshFor)} is fresh.` }
  return { status: 'ok', text: `The body's timestamp is ${age(Math.max(0, old))} old.` }
}

/** Services as an object by name, or as a list of objects with a name. */
const servicesOf = (value: unknown): [string, unknown][] => {
  if (!Array.isArray(value)) return Object.entries(fieldsOf(value))
  return value.map((one: unknown, index): [string, unknown] => {
    const name = fieldsOf(one)['name']
    return [typeof name === 'string' ? name : String(index + 1), one]
  })
}

const services = (value: unknown, expected: readonly string[]): Finding[] => {
  const findings: Finding[] = []
  const fine: string[] = []
  const all = servicesOf(value)
  for (const [name, state] of all.slice(0, most)) {
    const word = wordOf(state)
    const status = word === null ? null : statusOf(word)
    if (status === 'ok') fine.push(foreign(name, 40))
    else if (word === null) findings.push({ status: 'warn', text: `Service ${foreign(name, 40)} gives no status.` })
    else if (status === null)
      findings.push({ status: 'warn', text: `Service ${foreign(name, 40)} is "${foreign(word)}", which is not a word known here.` })
    else findings.push({ status, text: `Service ${foreign(name, 40)} is "${foreign(word)}".` })
  }
  if (all.length > most) findings.push({ status: 'warn', text: `${all.length - most} more services were not read.` })
  if (value !== undefined && !isFields(value) && !Array.isArray(value))
    findings.push({ status: 'warn', text: "The body's services are not an object." })
  for (const name of expected)
    if (!all.some(([known]) => known === name))
      findings.push({ status: 'warn', text: `Service ${foreign(name, 40)} is expected but missing.` })
  if (fine.length > 0) findings.push({ status: 'ok', text: `Healthy: ${foreign(fine.join(', '), 300)}.` })
  return findings
}

/** Units by their lower-case spellings: how they are shown, and what one of them is in ms, MB or per cent. */
const units: Readonly<Record<string, readonly [shown: string, factor: number]>> = {
  '': ['', 1],
  '%': ['%', 1],
  ns: ['ns', 1e-6],
  us: ['µs', 1e-3],
  µs: ['µs', 1e-3],
  μs: ['µs', 1e-3],
  ms: ['ms', 1],
  s: ['s', 1000],
  sec: ['s', 1000],
  seconds: ['s', 1000],
  min: ['min', 60_000],
  h: ['h', 3_600_000],
  b: ['B', 1e-6],
  bytes: ['B', 1e-6],
  kb: ['KB', 1e-3],
  mb: ['MB', 1],
  gb: ['GB', 1000],
  tb: ['TB', 1e6],
  kib: ['KiB', 1024 / 1e6],
  mib: ['MiB', 1024 ** 2 / 1e6],
  gib: ['GiB', 1024 ** 3 / 1e6],
}

/** "150ms", "45%", "1.2 s", "512MB" or a number, as value and unit; `factor` turns it into ms, MB or per cent. Null when it is none. */
export const parseQuantity = (value: unknown): { value: number; unit: string; factor: number } | null => {
  if (typeof value === 'number') return Number.isFinite(value) ? { value, unit: '', factor: 1 } : null
  const match = typeof value === 'string' && value.length <= 40 ? /^([+-]?\d+(?:\.\d+)?)\s*([a-zµμ%]*)$/i.exec(value.trim()) : null
  const name = match?.[2]?.toLowerCase() ?? ''
  if (!match || !Object.hasOwn(units, name)) return null
  const [unit, factor] = units[name]!
  return { value: Number(match[1]), unit, factor }
}

const performance = (value: unknown, limits: HealthExpectations['performance']): Said => {
  const findings: Finding[] = []
  const measurements: Measurement[] = []
  const all = Object.entries(fieldsOf(value))
  for (const [sent, raw] of all.slice(0, most)) {
    const name = foreign(sent, 40)
    const quantity = parseQuantity(raw)
    if (quantity === null) {
      const literal = typeof raw === 'string' ? `"${foreign(raw)}"` : 'neither a text nor a number'
      findings.push({ status: 'warn', text: `${name} is ${literal}, which cannot be read as a quantity.` })
      continue
    }
    const { value: amount, unit, factor } = quantity
    const sentLimit = Object.hasOwn(limits, sent) ? limits[sent] : undefined
    const limit = sentLimit === undefined ? undefined : Number((sentLimit / factor).toPrecision(12))
    measurements.push({ name, value: amount, unit, ...(limit === undefined ? {} : { limit }) })
    const space = unit === '' || unit === '%' ? '' : ' '
    if (limit !== undefined && amount > limit)
      findings.push({ status: 'warn', text: `${name} is ${amount}${space}${unit}, above its limit of ${limit}${space}${unit}.` })
  }
  if (all.length > most) findings.push({ status: 'warn', text: `${all.length - most} more measurements were not read.` })
  for (const name of Object.keys(limits))
    if (!all.some(([known]) => known === name)) findings.push({ status: 'warn', text: `${foreign(name, 40)} has a limit but is missing.` })
  return { findings, measurements }
}

/** Reads a health body. Never throws: what cannot be read is a finding. */
export const readHealth = (body: string, expected: HealthExpectations, now: Instant): Said => {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    const begins = body.trim() === '' ? 'it is empty' : `it begins "${foreign(body.trim(), 60)}"`
    return { findings: [{ status: 'warn', text: `The body is not JSON: ${begins}.` }], measurements: [] }
  }
  if (!isFields(json)) return { findings: [{ status: 'warn', text: 'The body is JSON, but not an object.' }], measurements: [] }
  const findings: Finding[] = [overall(json['status'])]
  if (json['timestamp'] !== undefined) findings.push(freshness(json['timestamp'], now, expected.freshFor))
  const version = json['version']
  if (typeof version === 'string' || typeof version === 'number')
    findings.push({ status: 'ok', text: `Version ${foreign(String(version))}.` })
  findings.push(...services(json['services'], expected.services))
  const measured = performance(json['performance'], expected.performance)
  return { findings: [...findings, ...measured.findings], measurements: measured.measurements }
}
