/** The clocks in one line of the header: only what stays true without editing, because the header is changed by events, never by the
 *  passing of time. */
import { stoppedBy } from './compliance.ts'
import { always, left } from './due-words.ts'
import { between, duration } from './duration.ts'
import type { ClockName } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import type { Span } from './message.ts'
import type { Instant } from './policy.ts'
import { standsSince, stoodOverdue } from './standing.ts'
import { targetOf, targetText } from './target.ts'

/** How long it took, of what was promised: the time until a due instant says little where nights and weekends do not count. */
const share = (incident: Incident, name: ClockName, run: ClockRun & { due: Instant; metAt: Instant }): string => {
  const took = duration(between(run.startedAt, run.metAt) - stoodOverdue(incident, run))
  return always(name, run)
    ? `${took} of ${duration(between(run.startedAt, run.due))}`
    : `${took}, promised: ${targetText(targetOf(name, run))}`
}

/** One clock: `Ack ✅ 3 min of 15 min`, `Ack ✅ 3 min, promised: 2 h of working hours`, `Ack none: resolved after 3 min of 15 min`,
 *  `Update due 14:20`, `Fix by Mon 09:00`, `Ack ⏰ overdue since 14:20`, `Update ⏸ 12 min left`. `instead`: what stopped the clock, if
 *  it was not met. */
const clock = (
  incident: Incident,
  name: ClockName,
  run: ClockRun | null,
  words: { readonly title: string; readonly due: string; readonly instead?: string | null },
): Span[] => {
  if (run === null || run.due === null) return []
  const { title, due, instead = null } = words
  if (run.metAt !== null) {
    const late = run.metAt > run.due
    const took = share(incident, name, { ...run, due: run.due, metAt: run.metAt })
    if (instead !== null) return [`${title} ${late ? '⏰ ' : ''}none: ${instead} after ${took}`]
    return [`${title} ${late ? '⏰' : '✅'} ${took}`]
  }
  const { zone } = incident.policy.calendar
  if (run.breachedAt !== null) return [`${title} ⏰ overdue since `, { time: run.due, zone }]
  const since = standsSince(incident, run)
  if (since !== null) return [`${title} ⏸ ${left(name, { ...run, due: run.due }, since)} left`]
  return [`${title} ${due} `, { time: run.due, zone }]
}

/** A deadline, in the order in which they were set. What was dropped, or met before the end, is no news in the header. */
const deadlines = (incident: Incident): Span[][] =>
  Object.entries(incident.deadlines)
    .filter(([, { metAt }]) => metAt === null)
    .map(([name, run]) => clock(incident, name, run, { title: run.title, due: 'by' }))

const paused = ({ paused: now, pauses, policy }: Incident): Span[] => {
  if (now !== null) return [' · ⏸ paused since ', { time: now.at, zone: policy.calendar.zone }]
  const stood = pauses.reduce((sum, { from, to }) => sum + Math.max(0, between(from, to)), 0)
  return stood === 0 ? [] : [`, paused ${duration(stood)}`]
}

/** The clocks in one line: `Ack ✅ 3 min of 15 min · Update due 14:20 · Fix by Mon 09:00, paused 20 min`. */
export const clockLine = (incident: Incident): Span[] => {
  const { response, update, stamps } = incident
  const instead = stoppedBy(incident, response)
  const all = [
    clock(incident, 'response', response, { title: 'Ack', due: 'due', instead }),
    stamps.resolve === null ? clock(incident, 'update', update, { title: 'Update', due: 'due' }) : [],
    ...deadlines(incident),
  ].filter((spans) => spans.length > 0)
  if (all.length === 0) return ['no clock runs', ...paused(incident)]
  return [...all.flatMap((spans, index): Span[] => (index === 0 ? spans : [' · ', ...spans])), ...paused(incident)]
}
