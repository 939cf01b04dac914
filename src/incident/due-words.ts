/** When a clock is due, as long as nothing moves that: at a time, or so long after all goes on. */
import { workingMinutesBetween } from './calendar.ts'
import { runOf } from './clocks.ts'
import { between, duration } from './duration.ts'
import type { ClockName } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import type { Span } from './message.ts'
import type { Instant } from './policy.ts'
import { standsSince } from './standing.ts'
import { targetOf } from './target.ts'

/** Whether the clock counts round the clock, and not only while people work. */
export const always = (name: ClockName, run: ClockRun): boolean => {
  const target = targetOf(name, run)
  return target.kind === 'duration' && target.hours === 'always'
}

/** What is left at an instant: working time where that is what the clock counts. */
export const left = (name: ClockName, run: ClockRun & { due: Instant }, since: Instant): string =>
  always(name, run)
    ? duration(between(since, run.due))
    : `${duration(workingMinutesBetween(run.target.calendar, since, run.due) * 60_000)} of working hours`

/** `by 14:20`; `10 min after /incident resume` for a clock that stands: no time can be promised then. Null when nothing is due. */
export const dueWords = (incident: Incident, clock: ClockName): readonly Span[] | null => {
  const run = runOf(incident, clock)
  if (run === null || run.due === null || run.metAt !== null) return null
  const since = standsSince(incident, run)
  if (since === null) return ['by ', { time: run.due, zone: incident.policy.calendar.zone }]
  return [`${left(clock, { ...run, due: run.due }, since)} after `, { code: '/incident resume' }]
}
