/** How a due time was computed, in one line (S2, S4): the target, what it counts from, working hours, holidays, what it stood. */
import { TZDate } from '@date-fns/tz'
import { clockTitle } from './clock-words.ts'
import { runOf } from './clocks.ts'
import { stoppedBy } from './compliance.ts'
import { between, duration } from './duration.ts'
import type { ClockName } from './events.ts'
import type { ClockRun, Incident } from './incident.ts'
import type { Span } from './message.ts'
import type { Calendar, Instant, LocalDate } from './policy.ts'
import { targetOf } from './target.ts'

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** `Mon–Fri`, `Mon, Wed`, `Mon–Thu, Sat`. */
const daysText = (days: readonly number[]): string => {
  const sorted = [...new Set(days)].toSorted((a, b) => a - b)
  const stretches = sorted.reduce<number[][]>((all, day) => {
    const last = all.at(-1)
    if (last?.at(-1) === day - 1) last.push(day)
    else all.push([day])
    return all
  }, [])
  const name = (day: number | undefined) => dayNames[(day ?? 1) - 1] ?? ''
  return stretches
    .map((stretch) => (stretch.length > 2 ? `${name(stretch[0])}–${name(stretch.at(-1))}` : stretch.map(name).join(', ')))
    .join(', ')
}

const hoursText = ({ days, from, to, zone }: Calendar): string => `${daysText(days)} ${from}–${to} ${zone}`

const localDate = (at: Instant, zone: string): LocalDate => {
  const local = new TZDate(at, zone)
  return [local.getFullYear(), local.getMonth() + 1, local.getDate()].map((part) => String(part).padStart(2, '0')).join('-')
}

/** Holidays between two instants that would have been working days. */
const skipped = ({ holidays, days, zone }: Calendar, from: Instant, to: Instant): number =>
  holidays.filter((date) => {
    const weekday = new Date(`${date}T00:00:00.000Z`).getUTCDay()
    return date >= localDate(from, zone) && date <= localDate(to, zone) && days.includes(weekday === 0 ? 7 : weekday)
  }).length

/** That a night lies between in which the clocks are changed: who counts on the wall is an hour off. */
const clocksPut = (zone: string, from: Instant, to: Instant): string[] => {
  const [before, after] = [from, to].map((at) => new TZDate(at, zone).getTimezoneOffset())
  const minutes = (after ?? 0) - (before ?? 0)
  return minutes === 0 ? [] : [`with the clocks put ${minutes > 0 ? 'back' : 'forward'} ${duration(Math.abs(minutes) * 60_000)}`]
}

/** What a run counts from, in words. */
const beginning = (incident: Incident, clock: ClockName, run: ClockRun, from: Instant): string => {
  const deadline = incident.deadlines[clock]
  if (from === incident.declaredAt) return 'the declaration'
  const other = incident.absorbed.find(({ declaredAt }) => declaredAt === from)
  if (other !== undefined) return `the declaration of ${other.id}`
  if (incident.reopenings.some(({ at }) => at === from)) return 'the reopening'
  if (clock === 'update') return from === incident.lastUpdate?.occurredAt ? 'the last update' : `the change to ${run.target.severity}`
  if (clock === 'response') return `the change to ${run.target.severity}`
  if (clock === 'window') return 'its beginning'
  if (deadline?.until === 'reviewed') return 'the resolution'
  const began = (incident.policy.clocks ?? []).find(({ key }) => key === clock)?.from ?? 'declared'
  return began.startsWith('phase:')
    ? `the end of ${clockTitle(incident, began.slice('phase:'.length))}`
    : `the change to ${run.target.severity}`
}

/** What was promised. */
const promise = (clock: ClockName, run: ClockRun & { due: Instant }): string => {
  const target = targetOf(clock, run)
  if (target.kind === 'next-business-day') return 'the end of the next business day after'
  if (target.kind === 'next-sprint') {
    const { start, days } = run.target.calendar.sprint
    return `next sprint (${days} days each, since ${start}) after`
  }
  return target.hours === 'business'
    ? `${duration(target.minutes * 60_000)} of working hours from`
    : `${duration(between(run.startedAt, run.due))} from`
}

/** How long a run stood: paused, or while the record was taken for resolved. */
const stood = (incident: Incident, clock: ClockName, from: Instant, to: Instant): string[] => {
  const overlap = (spans: readonly { from: Instant; to: Instant }[]) =>
    spans.reduce((sum, span) => sum + Math.max(0, between(span.from > from ? span.from : from, span.to < to ? span.to : to)), 0)
  const paused = overlap(incident.pauses)
  const resolved =
    clock === 'response' || clock === 'update'
      ? 0
      : overlap(incident.reopenings.map(({ resolvedAt, at }) => ({ from: resolvedAt, to: at })))
  return [
    ...(paused === 0 ? [] : [`paused ${duration(paused)}`]),
    ...(resolved === 0 ? [] : [`resolved in between for ${duration(resolved)}`]),
  ]
}

/** What ended a clock that is over without what it waited for; null when it was met. */
const endedBy = (incident: Incident, clock: ClockName, run: ClockRun): 'mitigated' | 'resolved' | 'merged' | null => {
  if (clock === 'response') return stoppedBy(incident, run)
  if (run.metAt !== incident.stamps.resolve) return null
  if (incident.mergedInto !== null) return 'merged'
  const until = incident.deadlines[clock]?.until ?? 'update'
  return until === 'update' || until === 'mitigated' ? 'resolved' : null
}

const state = (incident: Incident, clock: ClockName, run: ClockRun & { due: Instant }, zone: string): Span[] => {
  const ended = run.metAt === null ? null : endedBy(incident, clock, run)
  if (run.metAt !== null && ended !== null)
    return [` none: ${ended} ${run.metAt > run.due ? 'after' : 'before'} it was due `, { time: run.due, zone }]
  if (run.metAt !== null) return [run.metAt > run.due ? ' met late, due ' : ' met, due ', { time: run.due, zone }]
  if (run.breachedAt !== null) return [' overdue since ', { time: run.due, zone }]
  if (incident.paused !== null) return [' due ', { time: run.due, zone }, ' but for the pause']
  return [' due ', { time: run.due, zone }]
}

/** `Acknowledgement due Mon 09:00: P4, next sprint (14 days each, since 2026-01-05) after the declaration 2026-…, Mon–Fri 09:00–17:00
 *  Europe/Berlin, 1 holiday skipped, paused 20 min`. Null for a clock that never ran, or that was dropped. */
export const explain = (incident: Incident, clock: ClockName): Span[] | null => {
  const run = runOf(incident, clock)
  if (run === null || run.due === null || (incident.deadlines[clock]?.dropped ?? null) !== null) return null
  const dueRun = { ...run, due: run.due }
  const { calendar, severity } = run.target
  const from = run.begunAt ?? run.startedAt
  const target = targetOf(clock, run)
  const working = target.kind !== 'duration' || target.hours === 'business'
  const holidays = working ? skipped(calendar, from, dueRun.due) : 0
  const rest = [
    ...(working ? [] : clocksPut(calendar.zone, from, dueRun.due)),
    ...(working ? [hoursText(calendar)] : []),
    ...(holidays === 0 ? [] : [`${holidays} ${holidays === 1 ? 'holiday' : 'holidays'} skipped`]),
    ...stood(incident, clock, from, dueRun.metAt ?? dueRun.due),
  ]
  return [
    { bold: clockTitle(incident, clock) },
    ...state(incident, clock, dueRun, calendar.zone),
    `: ${clock === 'window' ? '' : `${severity}, `}${promise(clock, dueRun)} ${beginning(incident, clock, run, from)} `,
    { time: from, zone: calendar.zone },
    ...rest.map((text) => `, ${text}`),
    '.',
  ]
}
