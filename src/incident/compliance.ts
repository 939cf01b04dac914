/** The clocks of an incident against their targets, for those who read of it afterwards (S4). */
import type { Deadline } from './areas/deadlines.ts'
import type { ClockName, EventType, Recorded } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import type { Instant } from './policy.ts'
import { stoodOverdue } from './standing.ts'
import { targetText } from './target.ts'
import { between, duration, when } from './timeline.ts'

export type ClockRow = {
  readonly clock: string
  /** Whose promise it is. */
  readonly severity: string
  readonly run: number
  readonly target: string
  /** What the run counts from, which is hardly ever the detection. */
  readonly from: string
  readonly started: string
  readonly due: string
  readonly outcome: 'met' | 'breached' | 'unacknowledged' | 'replaced' | 'dropped' | 'ended' | 'running'
  /** The outcome in words, with how long it took or how long it was over. */
  readonly text: string
  readonly over: string | null
  /** The record that it is of, where that is one that was merged into this. */
  readonly of?: string
}

/** When a run really began: a standstill moves what it counts from. */
const begun = (run: ClockRun): Instant => run.begunAt ?? run.startedAt

/** What only a deadline has; a run of the past keeps it. */
const deadlineOf = (run: ClockRun & Partial<Deadline>): Partial<Deadline> => run

type Run = { readonly clock: ClockName; readonly run: ClockRun }

/** Whether this run of a clock was not met in time. */
export const breached = (run: ClockRun): boolean =>
  run.due !== null && (run.breachedAt !== null || (run.metAt !== null && run.metAt > run.due))

/** What stopped the present response clock when it was not an acknowledgement; null when it was one, or while it runs. */
export const stoppedBy = (
  { acknowledged, stamps, mergedInto }: Incident,
  run: ClockRun | null,
): 'mitigated' | 'resolved' | 'merged' | null => {
  if (run === null || run.metAt === null || acknowledged !== null) return null
  if (mergedInto !== null && run.metAt === stamps.resolve) return 'merged'
  return run.metAt === stamps.mitigate ? 'mitigated' : 'resolved'
}

/** What stopped a run that is over, by the events: null for what it waited for. After a reopening the incident does not know of it any
 *  more. */
const stoppedIn = (events: readonly Recorded[], metAt: Instant | null): 'mitigated' | 'resolved' | 'merged' | null => {
  const types = events.filter(({ at, occurredAt }) => occurredAt === metAt || at === metAt).map(({ event }) => event.type)
  if (metAt === null || types.includes('acknowledged')) return null
  return (['mitigated', 'resolved', 'merged'] as const).find((type) => types.includes(type)) ?? null
}

/** Every run of the clocks that there was, in the order of their starts, then of their numbers. */
export const runsOf = (incident: Incident): Run[] =>
  [
    ...incident.pastRuns,
    ...(['response', 'update'] as const).flatMap((clock) => (incident[clock] === null ? [] : [{ clock, run: incident[clock] }])),
    ...Object.entries(incident.deadlines).map(([clock, run]) => ({ clock, run })),
  ].toSorted((a, b) => begun(a.run).localeCompare(begun(b.run)) || a.clock.localeCompare(b.clock) || a.run.run - b.run.run)

/** The first of the response runs that count from the same moment to the same end: a change of severity puts off nothing that was
 *  promised before. */
const promised = (runs: readonly Run[], { clock, run }: Run): ClockRun =>
  runs.find((each) => each.clock === 'response' && clock === 'response' && sameSpan(each.run, run))?.run ?? run

const sameSpan = (a: ClockRun, b: ClockRun) => a.startedAt === b.startedAt && a.due === b.due

/** The run that took the place of this one. */
const successor = (runs: readonly Run[], { clock, run }: Run): ClockRun | undefined =>
  runs.find((each) => each.clock === clock && each.run.run === run.run + 1)?.run

type Stream = { readonly incident: Incident; readonly events: readonly Recorded[]; readonly runs: readonly Run[]; readonly zone: string }

const fromText = ({ incident, events, runs }: Stream, { clock, run }: Run): string => {
  const from = begun(run)
  const at = (type: EventType) =>
    events.some((recorded) => recorded.event.type === type && (recorded.occurredAt === from || recorded.at === from))
  if (from === incident.declaredAt) return 'the declaration'
  const other = incident.absorbed.find(({ declaredAt }) => declaredAt === from)
  if (other !== undefined) return `the declaration of ${other.id}`
  if (clock === 'window') return 'its beginning'
  if (at('reopened')) return 'the reopening'
  if (at('phase-done')) return 'the end of the phase before'
  if (deadlineOf(run).until === 'reviewed') return 'the resolution'
  const updated = events.some(
    ({ event, occurredAt }) =>
      (event.type === 'updated' && occurredAt === from) || (event.type === 'absorbed' && event.brings?.lastUpdate?.occurredAt === from),
  )
  return clock === 'update' && updated ? 'the previous update' : `the change to ${promised(runs, { clock, run }).target.severity}`
}

const outcomeOf = ({ incident, events, runs }: Stream, { clock, run }: Run): Pick<ClockRow, 'outcome' | 'text' | 'over'> => {
  const { due, metAt, startedAt } = run
  const at = (type: 'severity-changed' | 'resolved') =>
    events.some((recorded) => recorded.event.type === type && (recorded.at === metAt || recorded.occurredAt === metAt))
  const next = at('severity-changed') ? successor(runs, { clock, run }) : undefined
  const { until, dropped = null } = deadlineOf(run)
  const by = stoppedIn(events, metAt)
  const stopped = next !== undefined || (until === 'resolved' && by === 'resolved') || by === until ? null : by
  const ended = next === undefined ? stopped : `the severity became ${next.target.severity}`
  if (breached(run)) {
    const stood = stoodOverdue(incident, run)
    const over = metAt === null || due === null ? null : duration(between(due, metAt) - stood)
    const without = stood === 0 ? '' : ', without the time that the clocks stood'
    if (over === null) return { outcome: 'breached', text: 'breached, not met', over }
    const never = clock === 'response' && stopped !== null ? 'breached and never acknowledged' : 'breached'
    return { outcome: 'breached', text: (ended === null ? `breached by ${over}` : `${never}; ${ended} ${over} later`) + without, over }
  }
  if (metAt === null) return { outcome: 'running', text: 'running', over: null }
  if (dropped !== null) return { outcome: 'dropped', text: `not due any more: ${dropped}`, over: null }
  const took = duration(between(startedAt, metAt))
  if (next !== undefined) return { outcome: 'replaced', text: `replaced after ${took}: ${ended}`, over: null }
  if (stopped === null) return { outcome: 'met', text: `met in ${took}`, over: null }
  if (clock !== 'response') return { outcome: 'ended', text: `not needed: ${stopped} first`, over: null }
  const word = { mitigated: 'mitigation', resolved: 'resolution', merged: 'merging' }[stopped]
  return { outcome: 'unacknowledged', text: `not acknowledged; stopped by ${word} after ${took}`, over: null }
}

const rowOf = (stream: Stream, each: Run & { run: { due: Instant } }): ClockRow => {
  const { clock, run } = each
  const { zone, runs } = stream
  const promise = promised(runs, each)
  return {
    clock: clock === 'response' ? 'Response' : (deadlineOf(run).title ?? 'Status update'),
    severity: promise.target.severity,
    run: run.run,
    target: clock === 'response' ? targetText(promise.target.response) : duration(between(run.startedAt, run.due)),
    from: fromText(stream, each),
    started: when(begun(run), zone),
    due: when(run.due, zone),
    ...outcomeOf(stream, each),
  }
}

/** A response run that was replaced within this time has nothing to tell. */
const momentMs = 60_000

/** Whether a run ended before anything could come of it: one of updates that was not due yet, or one of the response that was
 *  replaced in a moment or by one that counts from the same instant. */
const isNoise = (runs: readonly Run[], { clock, run }: Run, outcome: ClockRow['outcome']): boolean => {
  if (outcome === 'ended') return clock === 'update'
  if (outcome !== 'replaced') return false
  const next = successor(runs, { clock, run })
  const again = next?.due !== null && next?.startedAt === run.startedAt
  return clock === 'update' || again || between(run.startedAt, run.metAt ?? run.startedAt) < momentMs
}

/** What came of promises that were made for records which were merged into this one. */
export const broughtRows = (events: readonly Recorded[]): ClockRow[] =>
  events.flatMap(({ event }) => (event.type === 'absorbed' ? (event.brings?.clocks ?? []) : []))

/** The runs of the clocks that a reader has to know of: what was promised, from when, and what came of it. Instants are given in
 *  `zone` (IANA) and in UTC. What was promised for a record that was merged comes first. `leftOut` counts the runs that ended before they
 *  were due and say nothing. */
export const compliance = (
  incident: Incident,
  events: readonly Recorded[],
  zone: string,
): { readonly rows: readonly ClockRow[]; readonly leftOut: number } => {
  const runs = runsOf(incident)
  const due = runs.filter((each): each is Run & { run: { due: Instant } } => each.run.due !== null)
  const all = due.map((each) => ({ each, row: rowOf({ incident, events, runs, zone }, each) }))
  const told = all.filter(({ each, row }) => !isNoise(runs, each, row.outcome))
  return { rows: [...broughtRows(events), ...told.map(({ row }) => row)], leftOut: all.length - told.length }
}
