/** The results of a run in the order in which somebody wants to read them: the worst first, and once what several say alike. Pure. */
import { amount, limitWords } from './amount.ts'
import type { CheckResult, CheckStatus, Finding, Measurement } from './check.ts'
import { shorten } from './text.ts'

const order: readonly CheckStatus[] = ['fail', 'warn', 'unknown', 'ok']

/** The worst first; equally bad ones stay in their order. */
export const worstFirst = <Judged extends { readonly status: CheckStatus }>(judged: readonly Judged[]): Judged[] =>
  judged.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))

/** How the runner begins what it says of a check that cannot be asked before something is set. */
export const notConfigured = 'Not configured yet:'

/** Says nothing about the product. */
export const isUnset = ({ status, findings }: CheckResult): boolean =>
  status === 'unknown' && findings.length > 0 && findings.every(({ text }) => text.startsWith(notConfigured))

/** Checks that found the same wrong, or one. */
export type Group = readonly [CheckResult, ...CheckResult[]]

/** What was measured is each one's own. */
const likeness = (result: CheckResult): CheckResult | string => {
  const { status, findings, measurements } = result
  return status === 'ok' || measurements.length > 0 ? result : JSON.stringify([status, findings])
}

/** The worst first, and together what found the same wrong. */
export const grouped = (results: readonly CheckResult[]): Group[] =>
  [...Map.groupBy(worstFirst(results), likeness).values()].flatMap(([first, ...rest]): Group[] =>
    first === undefined ? [] : [[first, ...rest]],
  )

/** `p95 180 ms (limit 500 ms)`. */
export const measuredWords = (measurement: Measurement): string => `${measurement.name} ${amount(measurement)}${limitWords(measurement)}`

/** Titles in a row, at most `length` characters: `A, B, and 7 more`. */
export const titlesOf = (results: readonly CheckResult[], length: number): string => {
  let shown = 0
  let text = ''
  for (const { title } of results) {
    const longer = `${text}${shown === 0 ? '' : ', '}${shorten(title, 80)}`
    if (shown > 0 && longer.length > length) break
    text = longer
    shown += 1
  }
  return `${text}${shown < results.length ? `, and ${results.length - shown} more` : ''}`
}

/** Of findings, and of what stands behind them. */
const longestFinding = 250

/** How many findings of a check in a run are told, by how bad it is. */
const mostTold: Readonly<Record<CheckStatus, number>> = { fail: 3, warn: 2, unknown: 1, ok: 1 }

const sentences = (findings: readonly Finding[]): string => findings.map(({ text }) => shorten(text, longestFinding)).join(' ')

/** What is wrong, the worst first, and behind it what the check could say all the same: the figures that a limit was held against, broken
 *  down. `all`: as much as fits, for a result that stands alone. */
export const told = ({ status, findings }: CheckResult, all = false): string => {
  const wrong = worstFirst(findings.filter((finding) => finding.status !== 'ok'))
  const fine = findings.filter((finding) => finding.status === 'ok')
  if (status === 'ok') return sentences(all ? fine : fine.slice(0, 1))
  const most = all ? wrong.length : mostTold[status]
  const more = wrong.length - most
  const behind = sentences(all ? fine : fine.slice(0, 1))
  return `${sentences(wrong.slice(0, most))}${more > 0 ? ` (and ${more} more)` : ''}${behind === '' ? '' : ` ${behind}`}`
}

/** All that was found, for a file: each check with every finding and figure, the worst first. */
export const inFull = (results: readonly CheckResult[]): string =>
  worstFirst(results)
    .map(({ title, check, status, findings, measurements, link }) =>
      [
        `${status.toUpperCase()}  ${title} (${check})`,
        ...worstFirst(findings).map(({ text }) => `  ${text}`),
        ...measurements.map((measurement) => `  ${measuredWords(measurement)}`),
        ...(link === undefined ? [] : [`  ${link}`]),
      ].join('\n'),
    )
    .join('\n\n')
