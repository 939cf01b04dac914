/** Values of one or several series, held against limits and against what they were before. Pure. */
import type { CheckAnswer } from '../../define/check.ts'
import type { CheckStatus, Finding } from '../../incident/check.ts'
import { foreign } from '../foreign.ts'
import { amount, measure } from '../measure.ts'

export type Series = {
  /** What tells it from the others, `instance=a`; empty for the only one. */
  readonly label: string
  readonly value: number
}

export type Bound = { readonly most?: number | undefined; readonly least?: number | undefined }

export type Limits = { readonly warn?: Bound | undefined; readonly fail?: Bound | undefined }

/** Per cent that a value may have risen or fallen. */
export type Change = { readonly rise?: number | undefined; readonly fall?: number | undefined }

export type ChangeLimits = { readonly warn?: Change | undefined; readonly fail?: Change | undefined }

/** How many series a finding names. */
const mostNamed = 5

const isPast = (value: number, { most, least }: Bound = {}): boolean =>
  (most !== undefined && value > most) || (least !== undefined && value < least)

const statusOf = (value: number, { warn, fail }: Limits): CheckStatus =>
  isPast(value, fail) ? 'fail' : isPast(value, warn) ? 'warn' : 'ok'

/** How far past, the worst first; the highest first where there is nothing to be past. */
const byWorst =
  ({ warn, fail }: Limits) =>
  (a: Series, b: Series): number =>
    (warn?.least ?? fail?.least) !== undefined && (warn?.most ?? fail?.most) === undefined ? a.value - b.value : b.value - a.value

const named = ({ label, value }: Series, unit: string): string =>
  label === '' ? amount(value, unit) : `${amount(value, unit)} (${foreign(label)})`

const bound = ({ most, least }: Bound, value: number, unit: string): string =>
  most !== undefined && value > most ? `above the limit of ${amount(most, unit)}` : `below the limit of ${amount(least ?? 0, unit)}`

/** Several series are as good as the worst of them. `name`: what is measured. */
export const judgeSeries = (name: string, unit: string, series: readonly Series[], limits: Limits): CheckAnswer => {
  const numbers = series.filter(({ value }) => Number.isFinite(value)).toSorted(byWorst(limits))
  const odd = series.length - numbers.length
  const none: Finding[] =
    odd === 0
      ? []
      : [
          {
            status: 'unknown',
            text: `${odd === series.length ? `${name} has no value` : `${odd} of ${series.length} series of ${name} have no value`}: not a number, as when nothing was there to divide by.`,
          },
        ]
  const graded = (['fail', 'warn'] as const).flatMap((status): Finding[] => {
    const past = numbers.filter(({ value }) => statusOf(value, limits) === status)
    const [first] = past
    if (first === undefined) return []
    const more = past.length > mostNamed ? `, and ${past.length - mostNamed} more` : ''
    const list = past.slice(0, mostNamed).map((one) => named(one, unit))
    return [{ status, text: `${name} is ${list.join(', ')}${more}, ${bound(limits[status] ?? {}, first.value, unit)}.` }]
  })
  const [first] = numbers.toSorted((a, b) => rank(statusOf(a.value, limits)) - rank(statusOf(b.value, limits)))
  if (first === undefined) return { findings: none, measurements: [] }
  const held = limits.warn ?? limits.fail ?? {}
  // Which of the two limits is shown: the one that the value is past, else the upper.
  const shown =
    held.most !== undefined && !(held.least !== undefined && first.value < held.least) ? { most: held.most } : { least: held.least }
  const { measurement } = measure(name, first.value, unit, shown)
  const of = numbers.length > 1 ? `, the worst of ${numbers.length} series` : ''
  const good: Finding[] = graded.length > 0 ? [] : [{ status: 'ok', text: `${name} is ${named(first, unit)}${of}.` }]
  return { findings: [...graded, ...good, ...none], measurements: measurement }
}

const rank = (status: CheckStatus): number => (status === 'fail' ? 0 : status === 'warn' ? 1 : 2)

export type Compared = Series & {
  /** What it was at the same time of earlier days. */
  readonly before: readonly number[]
}

/** Percent change of each series against the mean of what it was. `days`: how many days were looked at. */
export const judgeChange = (name: string, days: number, series: readonly Compared[], limits: ChangeLimits): CheckAnswer => {
  const title = `${name} change`
  const lacking: string[] = []
  const changes = series.flatMap(({ label, value, before }): Series[] => {
    const known = before.filter(Number.isFinite)
    const mean = known.reduce((sum, one) => sum + one, 0) / known.length
    // Half of the days at least: one odd day is no baseline. A baseline of nothing has no per cent.
    if (!Number.isFinite(value) || known.length * 2 < days || mean === 0) {
      lacking.push(known.length * 2 < days ? `has values of only ${known.length} of ${days} days` : 'was 0 before')
      return []
    }
    return [{ label, value: ((value - mean) / Math.abs(mean)) * 100 }]
  })
  const asBound = (change: Change | undefined): Bound | undefined =>
    change === undefined ? undefined : { most: change.rise, least: change.fall === undefined ? undefined : -change.fall }
  const none: Finding[] =
    lacking.length === 0
      ? []
      : [
          {
            status: 'unknown',
            text: `${name} cannot be compared with the last ${days} days: ${lacking.length === 1 ? 'it' : 'a series'} ${lacking[0]!}.`,
          },
        ]
  if (changes.length === 0) return { findings: none, measurements: [] }
  const { findings, measurements } = judgeSeries(title, '%', changes, { warn: asBound(limits.warn), fail: asBound(limits.fail) })
  return {
    findings: [
      ...findings.map((finding) => ({ ...finding, text: `${finding.text.slice(0, -1)}, against the same time of the last ${days} days.` })),
      ...none,
    ],
    measurements,
  }
}
