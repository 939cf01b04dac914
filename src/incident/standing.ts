/** Clocks that stand still: what was left of them when they stood is left when they go on. Due instants move, promises do not. */
import { addWorkingMinutes, startOfWork, subtractWorkingMinutes, workingMinutesBetween } from './calendar.ts'
import { targetOf } from './target.ts'
import type { ClockName } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import type { Instant } from './policy.ts'

/** A clock as it goes on after it stood: as if it had been started at `from`, due at `due`. */
export type Shifted = { readonly clock: ClockName; readonly from: Instant; readonly due: Instant }

type Due = ClockRun & { readonly due: Instant }

const later = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString()

const latest = (...instants: readonly Instant[]): Instant => instants.reduce((a, b) => (b > a ? b : a))

/** A clock that stood from `a` to `b`. One of working hours has counted as much working time as before and has as much left, one that
 *  runs round the clock as much time. */
export const shifted = (clock: ClockName, run: Due, a: Instant, b: Instant): Shifted => {
  const target = targetOf(clock, run)
  const { calendar } = run.target
  if (target.kind === 'duration' && target.hours === 'always') {
    const stood = Date.parse(b) - Date.parse(a)
    return { clock, from: later(run.startedAt, stood), due: later(run.due, stood) }
  }
  const from = subtractWorkingMinutes(calendar, b, workingMinutesBetween(calendar, run.startedAt, a))
  // Between the end of work and a due time at its next beginning no working time is left, and yet it is not due.
  const spent = b > run.due && workingMinutesBetween(calendar, a, run.due) === 0
  return {
    clock,
    from,
    due: spent ? startOfWork(calendar, b) : addWorkingMinutes(calendar, run.due, workingMinutesBetween(calendar, a, b)),
  }
}

/** A run counted from, and due at, other instants. `begunAt` keeps when it really began. */
export const moved = <Run extends ClockRun>(run: Run, { from, due }: Pick<Shifted, 'from' | 'due'>): Run => ({
  ...run,
  startedAt: from,
  due,
  begunAt: run.begunAt ?? run.startedAt,
})

/** Since when a clock stands that stands now; null when it does not stand, or had run out before. One that was started while all
 *  stood has stood since then. */
export const standsSince = ({ paused }: Pick<Incident, 'paused'>, run: ClockRun): Instant | null => {
  if (paused === null || run.due === null || run.metAt !== null || run.breachedAt !== null) return null
  const since = latest(run.startedAt, paused.at, run.standsFrom ?? '')
  return run.due > since ? since : null
}

/** A run as it would be if it went on at `at`: moved by as long as it stands, or as it is. */
export const upTo = <Run extends ClockRun>(incident: Pick<Incident, 'paused'>, clock: ClockName, run: Run, at: Instant): Run => {
  const since = standsSince(incident, run)
  return since === null || run.due === null || at <= since ? run : moved(run, shifted(clock, { ...run, due: run.due }, since, at))
}

/** The run as it is met at `at`: one that stands then is not late, however long it stood. */
export const metRun = <Run extends ClockRun>(incident: Pick<Incident, 'paused'>, clock: ClockName, run: Run, at: Instant): Run =>
  run.metAt !== null ? run : { ...upTo(incident, clock, run, at), metAt: at }

/** How long all stood between the breach of a run and its end, in milliseconds: nothing moves what had run out, and yet none of that
 *  time counts. */
export const stoodOverdue = ({ paused, pauses }: Pick<Incident, 'paused' | 'pauses'>, { due, metAt }: ClockRun): number =>
  due === null || metAt === null
    ? 0
    : [...pauses, ...(paused === null ? [] : [{ from: paused.at, to: metAt }])]
        .map(({ from, to }) => Date.parse(to < metAt ? to : metAt) - Date.parse(latest(from, due)))
        .reduce((sum, ms) => sum + Math.max(0, ms), 0)

/** A run that was counted until `since` only, moved by all that has stood after that until `now`: pauses, and the time from a
 *  resolution to a reopening. */
export const throughStands = (incident: Incident, clock: ClockName, run: Due, since: Instant, now: Instant): Due =>
  [
    ...incident.pauses,
    ...incident.reopenings.map(({ resolvedAt, at }) => ({ from: resolvedAt, to: at })),
    ...(incident.paused === null ? [] : [{ from: incident.paused.at, to: now }]),
  ]
    .toSorted((x, y) => (x.from < y.from ? -1 : 1))
    .reduce<Due>((present, { from, to }) => {
      const a = latest(from, since)
      return to <= a || a >= present.due ? present : moved(present, shifted(clock, present, a, to))
    }, run)
