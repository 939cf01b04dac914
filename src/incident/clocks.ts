/** The clocks of an incident (S1–S4): when they are due, and what has to be said at an instant. Due instants are computed
 *  when an event is decided and stored in it; nothing here looks at today's catalogue. */
import { addMinutes } from 'date-fns/addMinutes'
import { dueAt, pointAt } from './calendar.ts'
import type { ClockName, Kind } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import { type Instant, type Policy, type Severity, severities } from './policy.ts'

/** Whether records of this kind have clocks: planned work has none (S9). */
export const clocked = (kind: Kind): boolean => kind !== 'change' && kind !== 'maintenance'

/** Whether `to` is graver than `from`. */
export const isGraver = (to: Severity, from: Severity): boolean => severities.indexOf(to) < severities.indexOf(from)

/** When the response clock of `policy`, started at `from`, runs out; null without one. */
export const responseDue = (policy: Policy, from: Instant): Instant | null =>
  policy.response === null ? null : dueAt(policy.response, policy.calendar, from)

/** When the next status update is due: `minutes` if the person named them, else what the severity asks for; null when none is. */
export const updateDue = (policy: Policy, from: Instant, minutes: number | null = null): Instant | null => {
  const after = minutes ?? policy.update
  return after === null ? null : addMinutes(from, after).toISOString()
}

/** The response clock after a change of severity. A graver one is a new promise, made when it became known; a lighter one is
 *  counted from the declaration, so that time already spent is not given again. But no change puts off what was promised before:
 *  an earlier run of the same severity, or of a lighter one, that runs out sooner goes on with its own start. */
export const responseAfter = (incident: Incident, to: Policy, now: Instant): { from: Instant; due: Instant | null } => {
  const from = isGraver(to.severity, incident.severity) ? now : incident.declaredAt
  const due = responseDue(to, from)
  if (due === null) return { from, due }
  const runs = [...incident.pastRuns, { clock: 'response', run: incident.response }].flatMap(({ clock, run }) =>
    clock === 'response' && run !== null && run.due !== null && !isGraver(run.target.severity, to.severity)
      ? [{ from: run.startedAt, due: run.due }]
      : [],
  )
  return runs.reduce((first, run) => (run.due < first.due ? run : first), { from, due })
}

/** Whether this clock still runs. */
export const running = (run: ClockRun | null): run is ClockRun & { due: Instant } => run !== null && run.due !== null && run.metAt === null

/** The instants at which a running clock has something to say, in order; 100 is the breach. */
export const thresholds = (clock: ClockName, run: ClockRun & { due: Instant }): { percent: number; at: Instant }[] => {
  // A status update is counted in minutes round the clock; only the response clock has working hours.
  const target =
    clock === 'response' && run.target.response !== null
      ? run.target.response
      : { kind: 'duration' as const, minutes: 0, hours: 'always' as const }
  return [
    ...run.target.warnAt.map((percent) => ({ percent, at: pointAt(target, run.target.calendar, run.startedAt, run.due, percent) })),
    { percent: 100, at: run.due },
  ]
}

/** What a timer that came due at `now` has to say: the highest threshold that has passed and is not said yet; null when there is
 *  none. After two hours asleep this gives the breach only, not four messages (faults 44). */
export const passed = (clock: ClockName, run: ClockRun & { due: Instant }, now: Instant): { percent: number; at: Instant } | null =>
  thresholds(clock, run).findLast((threshold) => threshold.at <= now && threshold.percent > run.warned) ?? null
