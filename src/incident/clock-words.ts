/** What people call a clock, and what they type to meet it. */
import type { ClockName } from './events.ts'
import type { Incident } from './incident.ts'

/** `Acknowledgement`, `Status update`, or the title of a deadline. */
export const clockTitle = (incident: Incident, clock: ClockName): string =>
  clock === 'response' ? 'Acknowledgement' : clock === 'update' ? 'Status update' : (incident.deadlines[clock]?.title ?? clock)

const meets = {
  update: '/incident update <text>',
  mitigated: '/incident mitigate',
  resolved: '/incident resolve <summary>',
  reviewed: '/incident postmortem done',
} as const

/** The command that meets a clock. */
export const clockHint = (incident: Incident, clock: ClockName): string => {
  if (clock === 'response') return '/incident ack'
  const until = incident.deadlines[clock]?.until ?? 'update'
  return until === 'phase' ? `/incident phase ${clock}` : meets[until]
}
