/** Answers put together from parts. */
import { type CheckAnswer, worst } from '../define/check.ts'
import type { CheckStatus, Finding } from '../incident/check.ts'
import { duration } from '../incident/duration.ts'
import { foreign } from './foreign.ts'
import { measure } from './measure.ts'
import type { Limit } from './option.ts'

/** Findings without a measurement. */
export const found = (...findings: readonly Finding[]): CheckAnswer => ({ findings, measurements: [] })

/** One finding. */
export const finding = (status: CheckStatus, text: string): CheckAnswer => found({ status, text })

/** Several parts in their order, with the first detail that one of them has. */
export const together = (...parts: readonly CheckAnswer[]): CheckAnswer => {
  const detail = parts.find((part) => part.detail !== undefined)?.detail
  return {
    findings: parts.flatMap(({ findings }) => findings),
    measurements: parts.flatMap(({ measurements }) => measurements),
    ...(detail === undefined ? {} : { detail }),
  }
}

/** Parts that say the same say it once: a key that is refused is refused for every part. */
export const once = (parts: readonly CheckAnswer[]): CheckAnswer[] => {
  const said = new Set<string>()
  return parts.map((part) => ({
    ...part,
    findings: part.findings.filter(({ text }) => {
      const isNew = !said.has(text)
      said.add(text)
      return isNew
    }),
  }))
}

/** A measurement, and the finding where it passes its limit: the worse one where it passes both. */
export const hold = (name: string, value: number, unit: string, bound: 'most' | 'least', limit: Limit | undefined): CheckAnswer => {
  const { warn, fail } = typeof limit === 'number' ? { warn: limit, fail: undefined } : { warn: limit?.warn, fail: limit?.fail }
  const first = measure(name, value, unit, { [bound]: warn ?? fail, status: warn === undefined ? 'fail' : 'warn' })
  const second = warn === undefined || fail === undefined ? null : measure(name, value, unit, { [bound]: fail, status: 'fail' })
  const findings = second !== null && second.finding.length > 0 ? second.finding : first.finding
  return { findings, measurements: first.measurement }
}

/** What is behind numbers that passed their limits, in one sentence and with the worst of their states: the numbers stand beside it. */
export const explained = (text: string, numbers: readonly CheckAnswer[], otherwise: CheckStatus = 'ok'): CheckAnswer => {
  const passed = numbers.flatMap(({ findings }) => findings.filter(({ status }) => status === 'warn' || status === 'fail'))
  const rest = numbers.flatMap(({ findings }) => findings.filter((one) => !passed.includes(one)))
  return {
    findings: [{ status: passed.length === 0 ? otherwise : worst(passed), text }, ...rest],
    measurements: numbers.flatMap(({ measurements }) => measurements),
  }
}

/** `1 event`, `3 events`. */
export const count = (many: number, one: string, several = `${one}s`): string => `${many} ${many === 1 ? one : several}`

const spans: Readonly<Record<string, string>> = { '1 h': 'hour', '1 d': 'day' }

/** `the last 15 min`, `the last hour`. */
export const lately = (ms: number): string => `the last ${spans[duration(ms)] ?? duration(ms)}`

/** How often each occurs, the most frequent first: `card_declined 7, expired_card 2`. */
export const tally = (names: readonly string[], most = 5): string => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  const rest = sorted.length > most ? `, and ${sorted.length - most} more` : ''
  return `${sorted
    .slice(0, most)
    .map(([name, many]) => `${foreign(name)} ${many}`)
    .join(', ')}${rest}`
}

/** Names in a row, not too many of them. */
export const listed = (names: readonly string[], most = 6): string =>
  `${names
    .slice(0, most)
    .map((name) => foreign(name))
    .join(', ')}${names.length > most ? `, and ${names.length - most} more` : ''}`

/** An address without its query, which may hold a token. */
export const shownUrl = (text: string): string => {
  const url = URL.parse(text)
  return foreign(url === null ? text : `${url.protocol}//${url.host}${url.pathname}`, 120)
}
