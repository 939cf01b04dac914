/** What the checks say of an incident, as the post-mortem shows it: opening against resolution, and what was changed before it began. */
import { amount } from './amount.ts'
import { beganAt, type CheckRun, changesOf, judging } from './areas/checking.ts'
import { changeLine, rankChanges } from './changes.ts'
import type { CheckResult } from './check.ts'
import { type CheckChange, compare, type MeasurementChange, step } from './compare.ts'
import type { Incident } from './incident.ts'

type MeasurementRow = {
  readonly name: string
  readonly before: string
  readonly after: string
  /** Empty where there is none. */
  readonly limit: string
  /** All of it in one line. */
  readonly text: string
}

export type CheckRow = {
  readonly title: string
  readonly before: string
  readonly after: string
  readonly measurements: readonly MeasurementRow[]
  /** What was found wrong, before and after. */
  readonly findings: readonly { readonly when: 'opening' | 'resolution'; readonly text: string }[]
}

/** The most changes that are listed. */
const mostChanges = 10

const wrong = (phase: 'opening' | 'resolution', results: readonly CheckResult[], check: string) =>
  results
    .filter((result) => result.check === check)
    .flatMap(({ findings }) => findings.filter(({ status }) => status !== 'ok').map(({ text }) => ({ when: phase, text })))

const measurementRow = (change: MeasurementChange): MeasurementRow => {
  const { name, unit, was, is, limit, bound } = change
  const words = (value: number | null) => (value === null ? '–' : amount({ value, unit }))
  const held = limit === undefined ? '' : `${bound === 'least' ? 'at least ' : ''}${amount({ value: limit, unit })}`
  return { name, before: words(was), after: words(is), limit: held, text: `${step(change)}${held === '' ? '' : ` (limit ${held})`}` }
}

/** The first checks that the bot ran at opening against the last that it ran at resolution. */
export const checkRows = ({ checks }: Incident): CheckRow[] => {
  const resultsOf = (run: CheckRun | undefined) => (run === undefined ? [] : judging(run).results)
  const opening = resultsOf(checks.find(({ phase }) => phase === 'opening'))
  const resolution = resultsOf(checks.findLast(({ phase }) => phase === 'resolution'))
  return compare(opening, resolution).map(({ check, title, was, is, measurements }: CheckChange) => ({
    title,
    before: was ?? 'not run',
    after: is ?? 'not run',
    measurements: measurements.map(measurementRow),
    findings: [...wrong('opening', opening, check), ...wrong('resolution', resolution, check)],
  }))
}

/** Changes before the start, the likeliest cause first; null when no check looked for any, or none was found and not all could look. */
export const changeRows = (incident: Incident): { readonly text: string; readonly url: string | null }[] | null => {
  const seen = changesOf(incident)
  const start = beganAt(incident)
  if (seen === null) return null
  const ranked = rankChanges(seen.changes, start)
  if (ranked.length === 0 && seen.unseen.length > 0) return null
  return ranked.slice(0, mostChanges).map((change) => ({ text: changeLine(change, start), url: change.url }))
}
