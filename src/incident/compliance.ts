/** The clocks of an incident against their targets, for those who read of it afterwards (S4). */
import type { ClockName, Recorded } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import type { Target } from './policy.ts'
import { between, duration, when } from './timeline.ts'

export type ClockRow = {
  readonly clock: string
  readonly run: number
  readonly target: string
  readonly started: string
  readonly due: string
  readonly outcome: 'met' | 'breached' | 'replaced' | 'ended' | 'running'
  /** The outcome in words, with how long it took or how long it was over. */
  readonly text: string
  readonly over: string | null
}

/** Whether this run of a clock was not met in time. */
export const breached = (run: ClockRun): boolean =>
  run.due !== null && (run.breachedAt !== null || (run.metAt !== null && run.metAt > run.due))

const targetText = (target: Target | null): string => {
  if (target === null) return 'none'
  if (target.kind !== 'duration') return target.kind.replaceAll('-', ' ')
  return `${duration(target.minutes * 60_000)}${target.hours === 'business' ? ' of working hours' : ''}`
}

/** Every run of the two clocks that there was, in the order of their starts. */
export const runsOf = (incident: Incident): { clock: ClockName; run: ClockRun }[] =>
  [
    ...incident.pastRuns,
    ...(['response', 'update'] as const).flatMap((clock) => (incident[clock] === null ? [] : [{ clock, run: incident[clock] }])),
  ].toSorted((a, b) => (a.run.startedAt === b.run.startedAt ? a.clock.localeCompare(b.clock) : a.run.startedAt < b.run.startedAt ? -1 : 1))

const clockRow = (events: readonly Recorded[], zone: string, { clock, run }: { clock: ClockName; run: ClockRun }): ClockRow[] => {
  const { due, metAt } = run
  if (due === null) return []
  const endedBy = (type: 'severity-changed' | 'resolved') =>
    events.some(({ event, at, occurredAt }) => event.type === type && (at === metAt || occurredAt === metAt))
  const over = breached(run) && metAt !== null ? duration(between(due, metAt)) : null
  const row = (outcome: ClockRow['outcome'], text: string): ClockRow[] => [
    {
      clock: clock === 'response' ? 'Response' : 'Status update',
      run: run.run,
      target: clock === 'response' ? targetText(run.target.response) : duration(between(run.startedAt, due)),
      started: when(run.startedAt, zone),
      due: when(due, zone),
      outcome,
      text,
      over,
    },
  ]
  if (breached(run)) return row('breached', over === null ? 'breached, never met' : `breached by ${over}`)
  if (metAt === null) return row('running', 'running')
  if (endedBy('severity-changed')) return row('replaced', 'replaced: the severity changed')
  if (clock === 'update' && endedBy('resolved')) return row('ended', 'not needed: resolved first')
  return row('met', `met in ${duration(between(run.startedAt, metAt))}`)
}

/** Each run of each clock: what was promised, and what came of it. Instants are given in `zone` (IANA) and in UTC. */
export const compliance = (incident: Incident, events: readonly Recorded[], zone: string): ClockRow[] =>
  runsOf(incident).flatMap((run) => clockRow(events, zone, run))
