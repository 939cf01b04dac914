/** Results of checks as a message, for `/diag` and for the channel: worst first, what is fine in one line, what is still asked. */
import { amount, limitWords } from './amount.ts'
import type { CheckResult, CheckStatus, Measurement } from './check.ts'
import { changeWords, type CheckChange, compare, differs } from './compare.ts'
import { duration } from './duration.ts'
import type { CheckPhase } from './events.ts'
import type { Button, Part, Span } from './message.ts'
import { shorten } from './text.ts'

export const statusIcon: Readonly<Record<CheckStatus, string>> = { ok: '🟢', warn: '🟡', fail: '🔴', unknown: '⚪' }

const phaseWord: Readonly<Record<CheckPhase, string>> = {
  opening: 'Checks at opening',
  severity: 'Checks at the change of severity',
  resolution: 'Checks at resolution',
  asked: 'Diagnosis',
}

const order: readonly CheckStatus[] = ['fail', 'warn', 'unknown', 'ok']

/** More fine ones than this are summed up in one line; beside others, more than one. */
const mostFine = 3
/** More that cannot be asked yet than this, too. */
const mostUnset = 2
/** So many buttons for more lines are shown at most. */
const mostButtons = 5

/** `p95 180 ms (limit 500 ms)`. */
export const measuredWords = (measurement: Measurement): string => `${measurement.name} ${amount(measurement)}${limitWords(measurement)}`

/** The finding that says most: the first of the result's own status. */
export const gist = ({ status, findings }: CheckResult): string => {
  const [first, ...rest] = findings.filter((finding) => finding.status === status)
  return `${shorten(first?.text ?? '', 250)}${rest.length === 0 || status === 'ok' ? '' : ` (and ${rest.length} more)`}`
}

/** Milliseconds, as short as they can be said. */
const took = (ms: number): string => (ms < 60_000 ? amount({ value: ms, unit: 'ms' }) : duration(ms))

const small = ({ link, took: ms }: CheckResult): Span[] => [
  ...(link === undefined ? [] : ([{ link, text: 'dashboard' }, ' · '] satisfies Span[])),
  `took ${took(ms)}`,
]

/** A result that stands alone is told with all that was found. */
const everything = ({ status, findings }: CheckResult): string =>
  shorten(
    findings
      .filter((finding) => finding.status !== 'ok' || status === 'ok')
      .map(({ text }) => shorten(text, 250))
      .join(' '),
    900,
  )

const resultSpans = (result: CheckResult, alone: boolean): Span[] => {
  const numbers = shorten(result.measurements.map(measuredWords).join(' · '), 300)
  return [
    `${statusIcon[result.status]} `,
    { bold: result.title },
    ` ${alone ? everything(result) : gist(result)}\n`,
    ...(numbers === '' ? [] : [`${numbers} · `]),
    ...small(result),
  ]
}

/** What a message of results is made of. */
export type Report = {
  readonly heading: string
  readonly results: readonly CheckResult[]
  /** Titles of what has not answered yet. */
  readonly waiting: readonly string[]
  readonly zone: string
  /** When it was asked; null: with the first result. */
  readonly at?: string
  /** What gets the lines behind a result; none where they are not kept. */
  readonly lines?: (result: CheckResult) => Omit<Button, 'label'>
}

/** What the results of a phase are headed with. */
export const headingOf = (phase: CheckPhase): string => phaseWord[phase]

const counted = ({ results, waiting }: Pick<Report, 'results' | 'waiting'>): string =>
  waiting.length === 0 ? '' : ` · ${results.length} of ${results.length + waiting.length} have answered`

const stillRunning = (waiting: readonly string[]): Part[] =>
  waiting.length === 0 ? [] : [{ kind: 'text', spans: [`⏳ Still running: ${shorten(waiting.join(', '), 400)}`] }]

const asked = ({ at, results, zone }: Report): Part[] => {
  const time = at ?? results[0]?.startedAt
  return time === undefined ? [] : [{ kind: 'context', spans: ['asked ', { time, zone }] }]
}

const buttonsOf = ({ results, lines }: Report): Part[] => {
  const more = results.filter(({ detail }) => detail !== undefined).slice(0, mostButtons)
  if (lines === undefined || more.length === 0) return []
  const isTwice = (label: string) => more.filter(({ detail }) => detail?.title === label).length > 1
  return [
    {
      kind: 'buttons',
      buttons: more.map((result) => {
        const label = result.detail?.title ?? 'Lines'
        return { ...lines(result), label: isTwice(label) ? `${label}: ${result.title}` : label }
      }),
    },
  ]
}

/** How the runner begins what it says of a check that cannot be asked before something is set. */
export const notConfigured = 'Not configured yet:'

/** Whether it says no more than what must be set before it can be asked. */
export const isUnset = ({ status, findings }: CheckResult): boolean =>
  status === 'unknown' && findings.length > 0 && findings.every(({ text }) => text.startsWith(notConfigured))

/** The results as a message, worst first. What cannot be asked before something is set says nothing about the product: one line. */
export const checkParts = (report: Report): Part[] => {
  const { heading, results, waiting } = report
  const sorted = results.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  const fine = sorted.filter(({ status }) => status === 'ok')
  const summed = fine.length > (fine.length === sorted.length ? mostFine : 1)
  const alone = results.length === 1 && waiting.length === 0
  const lacking = sorted.filter(isUnset)
  const unset = lacking.length > mostUnset ? lacking : []
  const shown = sorted.filter((result) => !(summed && result.status === 'ok') && !unset.includes(result))
  return [
    { kind: 'text', spans: ['🩺 ', { bold: heading }, counted(report)] },
    ...shown.map((result): Part => ({ kind: 'text', spans: resultSpans(result, alone) })),
    ...(summed
      ? [{ kind: 'text' as const, spans: [`✅ ${fine.length} fine: ${shorten(fine.map(({ title }) => title).join(', '), 600)}`] }]
      : []),
    ...(unset.length === 0
      ? []
      : [
          {
            kind: 'text' as const,
            spans: [
              `⚪ ${unset.length} not configured yet: ${shorten(unset.map(({ title }) => title).join(', '), 300)}. What to set: `,
              { code: '/diag' },
            ],
          },
        ]),
    ...stillRunning(waiting),
    ...buttonsOf(report),
    ...asked(report),
  ]
}

const icon = (status: CheckStatus | null): string => (status === null ? '–' : statusIcon[status])

const changed = (change: CheckChange, results: readonly CheckResult[]): Part => {
  const numbers = shorten(change.measurements.map(changeWords).join(' · '), 400)
  const now = results.find(({ check }) => check === change.check)
  return {
    kind: 'text',
    spans: [
      change.was === change.is ? `${icon(change.is)} ` : `${icon(change.was)} → ${icon(change.is)} `,
      { bold: change.title },
      now === undefined ? '' : ` ${gist(now)}`,
      numbers === '' ? '' : `\n${numbers}`,
    ],
  }
}

/** What was at `before` against what is now: changed ones first, the others in one line. */
export const compareParts = (report: Report, before: readonly CheckResult[]): Part[] => {
  const { heading, results, waiting } = report
  const answered = new Set(results.map(({ check }) => check))
  const changes = compare(
    before.filter(({ check }) => answered.has(check)),
    results,
  )
  const [different, same] = [changes.filter(differs), changes.filter((change) => !differs(change))]
  return [
    { kind: 'text', spans: ['🩺 ', { bold: heading }, counted(report)] },
    ...different.toSorted((a, b) => Number(a.was === a.is) - Number(b.was === b.is)).map((change) => changed(change, results)),
    ...(same.length === 0
      ? []
      : [{ kind: 'text' as const, spans: [`As before: ${shorten(same.map(({ title, is }) => `${icon(is)} ${title}`).join(', '), 600)}`] }]),
    ...stillRunning(waiting),
    ...asked(report),
  ]
}

/** One plain line for a notification. */
export const checkSummary = (heading: string, results: readonly CheckResult[], waiting: number): string =>
  shorten(
    results.length === 0
      ? `${heading}: asking ${waiting} ${waiting === 1 ? 'check' : 'checks'}`
      : `${heading}: ${results.map(({ title, status }) => `${title} ${status}`).join(', ')}`,
    150,
  )
