/** What a run of a clock counts. */
import { duration } from './duration.ts'
import type { ClockName } from './events.ts'
import type { ClockRun } from './incident.ts'
import type { Target } from './policy.ts'

/** Only the response clock has working hours, all others are minutes round the clock. */
export const targetOf = (clock: ClockName, run: Pick<ClockRun, 'target'>): Target =>
  clock === 'response' && run.target.response !== null ? run.target.response : { kind: 'duration', minutes: 0, hours: 'always' }

/** What was promised, in words: `15 min`, `2 h of working hours`, `next business day`. */
export const targetText = (target: Target | null): string => {
  if (target === null) return 'none'
  if (target.kind !== 'duration') return target.kind.replaceAll('-', ' ')
  return `${duration(target.minutes * 60_000)}${target.hours === 'business' ? ' of working hours' : ''}`
}
