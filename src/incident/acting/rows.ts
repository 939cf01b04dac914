/** Actions as the post-mortem shows them: who asked, who agreed, what ran, what the checks said before and after. */
import { amount } from '../amount.ts'
import { compare, step } from '../compare.ts'
import type { Actor, Recorded } from '../events.ts'
import type { Incident } from '../incident.ts'
import { between, duration } from '../duration.ts'
import { when } from '../when-shown.ts'
import { type ActionRequest, isPending } from './request.ts'
import { inputWords, statusWords } from './words.ts'

export type ActionRow = {
  readonly action: number
  /** The record that it comes from, where that is one that was merged into the reader's. */
  readonly of?: string
  readonly title: string
  readonly asked: string
  /** Null: nobody did. */
  readonly approved: string | null
  /** Why it ran without an approval; null: it did not. */
  readonly forced: string | null
  readonly ran: string
  readonly outcome: string
  /** Whether it still may run. */
  readonly pending: boolean
  /** Whether somebody must read it. */
  readonly bad: boolean
  /** What was to be called exactly. */
  readonly calls: readonly string[]
  readonly findings: readonly string[]
  /** What was measured before and after, a line each. */
  readonly measured: readonly string[]
}

const nameOf = (by: Actor): string => (by.kind === 'person' ? by.name : 'Tocsin')

const measuredOf = ({ before, after }: ActionRequest): string[] =>
  // Nothing was asked after what did not run to its end.
  (after.length === 0 ? [] : compare(before, after)).flatMap(({ title, was, is, measurements }) => [
    ...(was === is ? [] : [`${title}: ${was ?? 'not asked'} → ${is ?? 'not asked'}`]),
    ...measurements
      .filter((change) => change.was !== null && change.is !== null && change.was !== change.is)
      .map(
        (change) =>
          `${title}: ${step(change)}${change.limit === undefined ? '' : ` (limit ${amount({ value: change.limit, unit: change.unit })})`}`,
      ),
  ])

/** Sentences and parts of them as one row of parts. */
const strung = (parts: readonly string[]): string =>
  parts.map((part, index) => (index < parts.length - 1 ? part.replace(/\.$/, '') : part)).join('; ')

const outcomeOf = ({ status, ran, ended, undoneBy }: ActionRequest): string =>
  strung([
    [statusWords[status], ran?.text ?? ended?.why ?? ''].filter((part) => part !== '').join(': '),
    ...(undoneBy === null ? [] : [`taken back by action ${undoneBy}`]),
  ])

/** What ran without an approval. */
export const ranAlone = (rows: readonly ActionRow[]): ActionRow[] =>
  rows.filter(({ forced, ran }) => forced !== null && ran !== 'did not run')

/** Those that came with records that were merged into this one. */
export const rowsBrought = (events: readonly Recorded[]): ActionRow[] =>
  events.flatMap(({ event }) => (event.type === 'absorbed' ? (event.brings?.actionRows ?? []) : []))

/** As they go to the record that this one is merged into, those from others before them. */
export const rowsLeft = (incident: Incident, events: readonly Recorded[], zone: string): ActionRow[] => [
  ...rowsBrought(events),
  ...actionRows(incident, zone).map((row, index) => ({
    ...row,
    of: incident.id,
    ...(incident.actions[index]?.status === 'running' ? { outcome: `still ran when ${incident.id} was merged` } : {}),
  })),
]

/** In their order; instants are in `zone` (IANA). */
export const actionRows = ({ actions, kind }: Incident, zone: string): ActionRow[] =>
  actions.map((request) => {
    const { action, title, input, asked, reason, votes, forced, startedAt, ran, automatic, preview, findings } = request
    const words = inputWords(input)
    return {
      action,
      title: words === '' ? title : `${title} (${words})`,
      asked: `${automatic ? 'by itself, its time was over' : nameOf(asked.by)}, ${when(asked.at, zone)}${reason === null ? '' : `: ${reason}`}`,
      approved: votes.length === 0 ? null : votes.map(({ by, at }) => `${nameOf(by)}, ${when(at, zone)}`).join('; '),
      forced: forced === null ? null : `${nameOf(forced.by)}, ${when(forced.at, zone)}: ${forced.why}`,
      ran:
        startedAt === null ? 'did not run' : `${when(startedAt, zone)}${ran === null ? '' : `, ${duration(between(startedAt, ran.at))}`}`,
      outcome: outcomeOf(request),
      pending: isPending(request),
      bad: ['failed', 'unclear'].includes(request.status) || findings.some(({ status }) => status === 'fail'),
      calls: ran?.outcome === 'done' && kind !== 'drill' ? (preview?.calls ?? []) : [],
      findings: findings.map(({ text }) => text),
      measured: measuredOf(request),
    }
  })
