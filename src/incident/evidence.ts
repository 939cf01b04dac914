/** What the checks say of an incident, as the post-mortem shows it: opening against resolution, and what was changed before it began. */
import { amount } from './amount.ts'
import { beganAt, type CheckRun, changesOf, judging } from './areas/checking.ts'
import { changeLine, rankChanges } from './changes.ts'
import type { CheckResult } from './check.ts'
import { isUnset, worstFirst } from './check-groups.ts'
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
  /** What was found wrong, before and after, and what it is made of. */
  readonly findings: readonly { readonly when: 'opening' | 'resolution'; readonly text: string }[]
}

/** The most changes that are listed. */
const mostChanges = 10

/** What was found wrong, and behind it what the check could say all the same. What must be set before it can be asked is no finding. */
const wrong = (phase: 'opening' | 'resolution', results: readonly CheckResult[], check: string): CheckRow['findings'] => {
  const result = results.find((one) => one.check === check)
  if (result === undefined || result.status === 'ok' || isUnset(result)) return []
  const bad = worstFirst(result.findings.filter(({ status }) => status !== 'ok'))
  const behind = result.findings.find(({ status }) => status === 'ok')
  return [...bad, ...(behind === undefined ? [] : [behind])].map(({ text }) => ({ when: phase, text }))
}

/** How a check was at a phase, in a word. */
const standing = (results: readonly CheckResult[], check: string): string => {
  const result = results.find((one) => one.check === check)
  if (result === undefined) return 'not run'
  return isUnset(result) ? 'not configured' : result.status
}

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
  return compare(opening, resolution).map(({ check, title, measurements }: CheckChange) => ({
    title,
    before: standing(opening, check),
    after: standing(resolution, check),
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
