/** Results of checks as a message, for `/diag` and for the channel: worst first, what is fine in one line, what is still asked. */
import { amount } from './amount.ts'
import type { CheckResult, CheckStatus } from './check.ts'
import { type Group, grouped, isUnset, measuredWords, titlesOf, told, worstFirst } from './check-groups.ts'
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

/** More fine ones than this are summed up in one line; beside others, more than one. */
const mostFine = 3
/** More that cannot be asked yet than this, too. */
const mostUnset = 2
/** So many buttons for more lines are shown at most. */
const mostButtons = 5

/** What a result says among others. */
export const gist = (result: CheckResult): string => shorten(told(result), 600)

/** Milliseconds, as short as they can be said. */
const took = (ms: number): string => (ms < 60_000 ? amount({ value: ms, unit: 'ms' }) : duration(ms))

const small = ({ link, took: ms }: CheckResult): Span[] => [
  ...(link === undefined ? [] : ([{ link, text: 'dashboard' }, ' · '] satisfies Span[])),
  `took ${took(ms)}`,
]

const resultSpans = (result: CheckResult, alone: boolean): Span[] => {
  const numbers = shorten(result.measurements.map(measuredWords).join(' · '), 300)
  return [
    `${statusIcon[result.status]} `,
    { bold: result.title },
    ` ${alone ? shorten(told(result, true), 1500) : gist(result)}\n`,
    ...(numbers === '' ? [] : [`${numbers} · `]),
    ...small(result),
  ]
}

const groupSpans = (group: Group, alone: boolean): Span[] => {
  const [first, ...others] = group
  return others.length === 0
    ? resultSpans(first, alone)
    : [`${statusIcon[first.status]} `, { bold: `${group.length} checks` }, ` ${gist(first)}\n${titlesOf(group, 300)}`]
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
  /** What gets all that the message has no room for. */
  readonly everything?: Button
  /** What is typed to see what can be asked, and what must be set for it. */
  readonly list?: string
}

/** What the results of a phase are headed with. */
export const headingOf = (phase: CheckPhase): string => phaseWord[phase]

const counted = ({ results, waiting }: Pick<Report, 'results' | 'waiting'>): string =>
  waiting.length === 0 ? '' : ` · ${results.length} of ${results.length + waiting.length} have answered`

const stillRunning = (waiting: readonly string[]): Part[] =>
  waiting.length === 0 ? [] : [{ kind: 'text', firm: true, spans: [`⏳ Still running: ${shorten(waiting.join(', '), 400)}`] }]

const asked = ({ at, results, zone }: Report): Part[] => {
  const time = at ?? results[0]?.startedAt
  return time === undefined ? [] : [{ kind: 'context', firm: true, spans: ['asked ', { time, zone }] }]
}

/** So much of a message is for what is not fine, as its parts are counted: the rest is for what always stands below it. */
const room = 7000
/** Of more checks in a group some names may be left out. */
const mostNamed = 5
/** What a part takes besides its text. */
const partSize = 250

/** As many as there is room for, in their order, and the others. */
const inRoom = <Item>(items: readonly Item[], toPart: (item: Item) => Part): { readonly shown: Part[]; readonly others: Item[] } => {
  const shown: Part[] = []
  let left = room
  for (const item of items) {
    const part = toPart(item)
    left -= JSON.stringify(part).length + partSize
    if (left < 0 && shown.length > 0) break
    shown.push(part)
  }
  return { shown, others: items.slice(shown.length) }
}

const named = (others: readonly CheckResult[]): Part[] =>
  [...Map.groupBy(others, ({ status }) => status)].map(([status, results]): Part => ({
    kind: 'text',
    firm: true,
    spans: [`${statusIcon[status]} `, { bold: `${results.length} more` }, `: ${titlesOf(results, 400)}`],
  }))

const buttonsOf = ({ results, lines, everything }: Report, isCut: boolean): Part[] => {
  const more = results.filter(({ detail }) => detail !== undefined).slice(0, mostButtons)
  const isTwice = (label: string) => more.filter(({ detail }) => detail?.title === label).length > 1
  const ofLines = more.flatMap((result): Button[] => {
    const label = result.detail?.title ?? 'Lines'
    return lines === undefined ? [] : [{ ...lines(result), label: isTwice(label) ? `${label}: ${result.title}` : label }]
  })
  const buttons = [...(isCut && everything !== undefined ? [everything] : []), ...ofLines]
  return buttons.length === 0 ? [] : [{ kind: 'buttons', buttons }]
}

/** The results as a message, worst first. What cannot be asked before something is set says nothing about the product: one line. */
export const checkParts = (report: Report): Part[] => {
  const { heading, results, waiting, list = '/diag' } = report
  const sorted = worstFirst(results)
  const fine = sorted.filter(({ status }) => status === 'ok')
  const summed = fine.length > (fine.length === sorted.length ? mostFine : 1)
  const alone = results.length === 1 && waiting.length === 0
  const lacking = sorted.filter(isUnset)
  const unset = lacking.length > mostUnset ? lacking : []
  const groups = grouped(sorted.filter((result) => !(summed && result.status === 'ok') && !unset.includes(result)))
  const { shown, others } = inRoom(groups, (group): Part => ({ kind: 'text', spans: groupSpans(group, alone) }))
  const isCut = others.length > 0 || groups.some(({ length }) => length > mostNamed)
  return [
    { kind: 'text', spans: ['🩺 ', { bold: heading }, counted(report)] },
    ...shown,
    ...named(others.flat()),
    ...(summed ? [{ kind: 'text' as const, firm: true, spans: [`✅ ${fine.length} fine: ${titlesOf(fine, 600)}`] }] : []),
    ...(unset.length === 0
      ? []
      : [
          {
            kind: 'text' as const,
            firm: true,
            spans: [`⚪ ${unset.length} not configured yet: ${titlesOf(unset, 300)}. What to set: `, { code: list }],
          },
        ]),
    ...stillRunning(waiting),
    ...buttonsOf({ ...report, results: sorted }, isCut),
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

/** What was at `before` against what is now: changed ones first, the worst before the others, and what is as it was in one line. */
export const compareParts = (report: Report, before: readonly CheckResult[]): Part[] => {
  const { heading, results, waiting } = report
  const answered = new Set(results.map(({ check }) => check))
  const changes = compare(
    before.filter(({ check }) => answered.has(check)),
    results,
  )
  const names = (those: readonly CheckChange[]) => shorten(those.map(({ title, is }) => `${icon(is)} ${title}`).join(', '), 600)
  const [different, same] = [changes.filter(differs), changes.filter((change) => !differs(change))]
  const { shown, others } = inRoom(
    worstFirst(different.map((change) => ({ change, status: change.is ?? ('unknown' as const) })))
      .map(({ change }) => change)
      .toSorted((a, b) => Number(a.was === a.is) - Number(b.was === b.is)),
    (change) => changed(change, results),
  )
  return [
    { kind: 'text', spans: ['🩺 ', { bold: heading }, counted(report)] },
    ...shown,
    ...(others.length === 0
      ? []
      : [{ kind: 'text' as const, firm: true, spans: [`${others.length} more are not as before: ${names(others)}`] }]),
    ...(same.length === 0 ? [] : [{ kind: 'text' as const, firm: true, spans: [`As before: ${names(same)}`] }]),
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
