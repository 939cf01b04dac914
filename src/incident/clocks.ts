/** The clocks of an incident (S1–S4): when they are due, and what has to be said at an instant. Due instants are computed
 *  when an event is decided and stored in it; nothing here looks at today's catalogue. */
import { addMinutes } from 'date-fns/addMinutes'
import { dueAt, pointAt } from './calendar.ts'
import type { ClockName, Kind } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import { type Instant, type Policy, type Severity, severities } from './policy.ts'
import { throughStands, upTo } from './standing.ts'
import { targetOf } from './target.ts'

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

/** The instant from which a promise that counts from the declaration counts since: the last reopening is a new beginning. */
const beginningOf = (incident: Incident): Instant => incident.reopenings.at(-1)?.at ?? incident.declaredAt

/** When a clock that a change of severity begins anew is due, and what it counts from. `began`: where a standstill has moved `from`. */
type Reckoned = { readonly from: Instant; readonly due: Instant | null; readonly began?: Instant }

type Due = ClockRun & { readonly due: Instant }

const reckoned = ({ startedAt, due, begunAt }: Due): Reckoned => ({
  from: startedAt,
  due,
  ...(begunAt === undefined ? {} : { began: begunAt }),
})

/** The runs of a clock that began at `since` or later, as if each had gone on until `now`. */
const runsSince = (incident: Incident, clock: 'response' | 'update', since: Instant, now: Instant): Due[] =>
  [...incident.pastRuns, { clock, run: incident[clock] }].flatMap(({ clock: name, run }) => {
    if (name !== clock || run === null || run.due === null || (run.begunAt ?? run.startedAt) < since) return []
    const dueRun = { ...run, due: run.due }
    return [run.metAt === null ? upTo(incident, clock, dueRun, now) : throughStands(incident, clock, dueRun, run.metAt, now)]
  })

const soonest = (first: Due, others: readonly Due[]): Reckoned => reckoned(others.reduce((a, b) => (b.due < a.due ? b : a), first))

/** A run that begins at `start`, moved by all that has stood since. */
const fresh = (incident: Incident, clock: 'response' | 'update', target: Policy, start: Instant, due: Instant, now: Instant): Due =>
  throughStands(incident, clock, { run: 0, startedAt: start, due, metAt: null, breachedAt: null, warned: 0, target }, start, now)

/** The response clock after a change of severity. A graver one is a new promise, made when it became known; a lighter one is
 *  counted from the declaration or the last reopening, so that time already spent is not given again. But no change puts off what was
 *  promised before: an earlier run of the same severity, or of a lighter one, that runs out sooner goes on with its own start. Time
 *  that stood is counted by none. */
export const responseAfter = (incident: Incident, to: Policy, now: Instant): Reckoned => {
  const since = beginningOf(incident)
  const start = isGraver(to.severity, incident.severity) ? now : since
  const due = responseDue(to, start)
  if (due === null) return { from: start, due }
  const earlier = runsSince(incident, 'response', since, now).filter(({ target }) => !isGraver(target.severity, to.severity))
  return soonest(fresh(incident, 'response', to, start, due, now), earlier)
}

/** The update clock after a change of severity, by the same rule, where the last update is what a lighter severity counts from. What
 *  somebody promised with it (`next 10m`) binds every severity: a graver one may ask for it sooner, none puts it off. */
export const updateAfter = (incident: Incident, to: Policy, now: Instant): Reckoned => {
  const beginning = beginningOf(incident)
  const said = incident.lastUpdate !== null && incident.lastUpdate.occurredAt >= beginning ? incident.lastUpdate : null
  const since = said?.occurredAt ?? beginning
  const runs = runsSince(incident, 'update', since, now)
  const promise = said?.promised === true ? runs[0] : undefined
  const graver = isGraver(to.severity, incident.severity)
  const start = graver ? now : since
  const due = updateDue(to, start)
  if (promise !== undefined && (due === null || !graver)) return reckoned(promise)
  if (due === null) return { from: start, due }
  const earlier = runs.filter((run) => run === promise || !isGraver(run.target.severity, to.severity))
  return soonest(fresh(incident, 'update', to, start, due, now), earlier)
}

/** The present run of a clock, whichever it is; null when it never began. */
export const runOf = (incident: Incident, clock: ClockName): ClockRun | null =>
  clock === 'response' || clock === 'update' ? incident[clock] : (incident.deadlines[clock] ?? null)

/** The incident with another run of a clock. */
export const withRun = (incident: Incident, clock: ClockName, change: (run: ClockRun) => ClockRun): Incident => {
  const run = runOf(incident, clock)
  if (run === null) return incident
  if (clock === 'response' || clock === 'update') return { ...incident, [clock]: change(run) }
  const deadline = incident.deadlines[clock]
  return deadline === undefined
    ? incident
    : { ...incident, deadlines: { ...incident.deadlines, [clock]: { ...deadline, ...change(deadline) } } }
}

/** All clocks that the incident has. */
export const clockNames = (incident: Incident): ClockName[] => ['response', 'update', ...Object.keys(incident.deadlines)]

/** The clocks that run, or that stand because the incident is paused. */
export const runningClocks = (incident: Incident): { clock: ClockName; run: ClockRun & { due: Instant } }[] =>
  clockNames(incident).flatMap((clock) => {
    const run = runOf(incident, clock)
    return running(run) ? [{ clock, run }] : []
  })

/** Whether this clock still runs. */
export const running = (run: ClockRun | null): run is ClockRun & { due: Instant } => run !== null && run.due !== null && run.metAt === null

/** The instants at which a running clock has something to say, in order; 100 is the breach. */
export const thresholds = (clock: ClockName, run: ClockRun & { due: Instant }): { percent: number; at: Instant }[] => {
  const target = targetOf(clock, run)
  return [
    ...run.target.warnAt.map((percent) => ({ percent, at: pointAt(target, run.target.calendar, run.startedAt, run.due, percent) })),
    { percent: 100, at: run.due },
  ]
}

/** What a timer that came due at `now` has to say: the highest threshold that has passed and is not said yet; null when there is
 *  none. After two hours asleep this gives the breach only, not four messages (faults 44). */
export const passed = (clock: ClockName, run: ClockRun & { due: Instant }, now: Instant): { percent: number; at: Instant } | null =>
  thresholds(clock, run).findLast((threshold) => threshold.at <= now && threshold.percent > run.warned) ?? null
