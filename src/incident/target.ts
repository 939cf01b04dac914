/** What a run of a clock counts. */
import type { ClockName } from './events.ts'
import type { ClockRun } from './incident.ts'
import type { Target } from './policy.ts'

/** Only the response clock has working hours, all others are minutes round the clock. */
export const targetOf = (clock: ClockName, run: Pick<ClockRun, 'target'>): Target =>
  clock === 'response' && run.target.response !== null ? run.target.response : { kind: 'duration', minutes: 0, hours: 'always' }
