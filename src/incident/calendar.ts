/** Working time: what a clock counts when it does not run round the clock. Pure; all arithmetic is in UTC milliseconds, and a
 *  zone is asked only for where a local day's working hours begin and end.
 *
 *  A local time that does not exist (a clock put forward) means the instant of the change; one that exists twice (a clock put
 *  back) means the first. So each day's working hours are one stretch, as long as the wall clock really takes to pass it. */
import { tzOffset } from '@date-fns/tz'
import type { Calendar, Instant, LocalDate, Target, TimeOfDay } from './policy.ts'

const minute = 60_000
const day = 86_400_000
/** No product's people rest for longer: a calendar without a working day in so many is a mistake in the product's file. */
const horizon = 400
/** The longest clock, in working minutes: ten years round the clock. */
const longest = 10 * 366 * 24 * 60

/** A day's working hours in UTC milliseconds, `end` exclusive. Empty when a change of the zone's clock swallows them. */
type Stretch = { readonly start: number; readonly end: number }

const millis = (instant: Instant): number => {
  const ms = Date.parse(instant)
  if (Number.isNaN(ms)) throw new RangeError(`not an instant: ${JSON.stringify(instant)}`)
  return ms
}

const instant = (ms: number): Instant => new Date(ms).toISOString()

/** Days since 1970-01-01 of a local date. */
const dayNumber = (date: LocalDate): number => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00.000Z`) : Number.NaN
  // Date.parse takes 2026-02-30 for 2 March in some engines and refuses it in others.
  if (Number.isNaN(ms) || dateOf(ms / day) !== date) throw new RangeError(`not a date: ${JSON.stringify(date)}`)
  return ms / day
}

const dateOf = (number: number): LocalDate => new Date(number * day).toISOString().slice(0, 10)

/** ISO weekday; 1970-01-01 was a Thursday. */
const weekday = (number: number): number => ((((number + 3) % 7) + 7) % 7) + 1

const minuteOfDay = (time: TimeOfDay): number => {
  const match = /^(\d{2}):(\d{2})$/.exec(time)
  const minutes = match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN
  if (!(minutes <= 24 * 60) || Number(match?.[2]) > 59) throw new RangeError(`not a time of day: ${JSON.stringify(time)}`)
  return minutes
}

/** What a clock on the wall shows at an instant, as if it were UTC. */
const wall = (zone: string, ms: number): number => {
  const offset = tzOffset(zone, new Date(ms))
  if (Number.isNaN(offset)) throw new RangeError(`not a time zone: ${JSON.stringify(zone)}`)
  return ms + Math.round(offset * minute)
}

/** The first instant at which the wall clock shows `shown` or, where that is skipped, more. */
const firstAt = (zone: string, shown: number): number => {
  // No zone has been more than 16 h from UTC, so the instant lies in between; a zone changes its clock at most once there.
  const before = shown - 16 * 60 * minute
  const after = shown + 16 * 60 * minute
  const candidates = [before, after].map((near) => shown - (wall(zone, near) - near)).filter((ms) => wall(zone, ms) === shown)
  if (candidates.length > 0) return Math.min(...candidates)
  let low = before
  let high = after
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (wall(zone, middle) < shown) low = middle
    else high = middle
  }
  return high
}

/** The instant at which a local date has this time of day: the instant of the change where that time is skipped, the first of two where
 *  it comes twice. Throws RangeError for a malformed date, time or zone. */
export const localInstant = (zone: string, date: LocalDate, time: TimeOfDay): Instant =>
  instant(firstAt(zone, dayNumber(date) * day + minuteOfDay(time) * minute))

/** The date so many days after another one. Throws RangeError for a malformed date. */
export const addDays = (date: LocalDate, days: number): LocalDate => dateOf(dayNumber(date) + days)

const stretchOf = (calendar: Calendar, number: number): Stretch | null => {
  if (!calendar.days.includes(weekday(number)) || calendar.holidays.includes(dateOf(number))) return null
  const from = minuteOfDay(calendar.from)
  const to = minuteOfDay(calendar.to)
  if (to <= from) return null
  const start = firstAt(calendar.zone, number * day + from * minute)
  const end = firstAt(calendar.zone, number * day + to * minute)
  return end > start ? { start, end } : null
}

const localDay = (calendar: Calendar, ms: number): number => Math.floor(wall(calendar.zone, ms) / day)

/** The first working day on or after a day. Throws RangeError when there is none within 400 days. */
const nextStretch = (calendar: Calendar, number: number): Stretch & { readonly number: number } => {
  for (let tried = 0; tried <= horizon; tried += 1) {
    const stretch = stretchOf(calendar, number + tried)
    if (stretch) return { ...stretch, number: number + tried }
  }
  throw new RangeError(
    `the calendar has no working day within ${horizon} days of ${dateOf(number)}: days ${JSON.stringify(calendar.days)}, ` +
      `${calendar.from}–${calendar.to} ${calendar.zone}, ${calendar.holidays.length} holidays`,
  )
}

/** Whether people work at this instant: `from` inclusive, `to` exclusive. Throws RangeError for a malformed calendar or instant. */
export const isWorking = (calendar: Calendar, at: Instant): boolean => {
  const ms = millis(at)
  const today = localDay(calendar, ms)
  // Where a clock is put back over midnight, an instant of one local date can lie in the working hours of the next.
  return [today - 1, today, today + 1].some((number) => {
    const stretch = stretchOf(calendar, number)
    return stretch !== null && stretch.start <= ms && ms < stretch.end
  })
}

/** The first instant at which so many working minutes (fractions allowed) have passed since `from`: `from` itself for 0, the end
 *  of a working day rather than the start of the next. Throws RangeError for minutes below 0 or above ten years, and when the
 *  calendar has no working day within 400 days. */
export const addWorkingMinutes = (calendar: Calendar, from: Instant, minutes: number): Instant => {
  if (!(minutes >= 0 && minutes <= longest)) throw new RangeError(`not a number of working minutes: ${minutes}`)
  const start = millis(from)
  let left = Math.round(minutes * minute)
  if (left === 0) return instant(start)
  let number = localDay(calendar, start) - 1
  for (;;) {
    const stretch = nextStretch(calendar, number)
    const begin = Math.max(stretch.start, start)
    const room = Math.max(0, stretch.end - begin)
    if (left <= room) return instant(begin + left)
    left -= room
    number = stretch.number + 1
  }
}

/** The last instant from which so many working minutes (fractions allowed) pass until `until`: the inverse of `addWorkingMinutes`, with
 *  `until` itself for 0 and the start of a working day rather than the end of the one before. Throws RangeError likewise. */
export const subtractWorkingMinutes = (calendar: Calendar, until: Instant, minutes: number): Instant => {
  if (!(minutes >= 0 && minutes <= longest)) throw new RangeError(`not a number of working minutes: ${minutes}`)
  const end = millis(until)
  let left = Math.round(minutes * minute)
  if (left === 0) return instant(end)
  let number = localDay(calendar, end) + 1
  for (let idle = 0; idle <= horizon; idle += 1) {
    const stretch = stretchOf(calendar, number)
    number -= 1
    if (stretch === null) continue
    idle = 0
    const room = Math.max(0, Math.min(stretch.end, end) - stretch.start)
    if (left <= room) return instant(Math.min(stretch.end, end) - left)
    left -= room
  }
  throw new RangeError(`the calendar has no working day within ${horizon} days before ${until}`)
}

/** The first instant at or after `from` at which people work. Throws RangeError as the functions above. */
export const startOfWork = (calendar: Calendar, from: Instant): Instant => {
  const start = millis(from)
  for (let number = localDay(calendar, start) - 1; ; number += 1) {
    const stretch = nextStretch(calendar, number)
    if (stretch.end > start) return instant(Math.max(stretch.start, start))
    number = stretch.number
  }
}

/** Working minutes (with fractions) from `a` to `b`; 0 when `b` is not after `a`. Throws RangeError for a malformed calendar or instant. */
export const workingMinutesBetween = (calendar: Calendar, a: Instant, b: Instant): number => {
  const start = millis(a)
  const end = millis(b)
  if (end <= start) return 0
  let total = 0
  for (let number = localDay(calendar, start) - 1; number <= localDay(calendar, end) + 1; number += 1) {
    const stretch = stretchOf(calendar, number)
    if (stretch) total += Math.max(0, Math.min(stretch.end, end) - Math.max(stretch.start, start))
  }
  return total / minute
}

/** "Next business day" (S2): the end of working hours of the next working day after the local date of `from`. Throws RangeError
 *  when there is none within 400 days. */
export const endOfNextWorkingDay = (calendar: Calendar, from: Instant): Instant =>
  instant(nextStretch(calendar, localDay(calendar, millis(from)) + 1).end)

/** "Next sprint" (S2): the start of working hours on the first day of the sprint after the one that the local date of `from` is in;
 *  on the next working day when that is none. Throws RangeError when there is none within 400 days or a sprint has no days. */
export const startOfNextSprint = (calendar: Calendar, from: Instant): Instant => {
  const { days } = calendar.sprint
  if (!Number.isInteger(days) || days < 1) throw new RangeError(`not a length of a sprint in days: ${days}`)
  const first = dayNumber(calendar.sprint.start)
  const sprint = Math.floor((localDay(calendar, millis(from)) - first) / days) + 1
  return instant(nextStretch(calendar, first + sprint * days).start)
}

/** When a clock that starts at `from` runs out. Throws RangeError as the functions above. */
export const dueAt = (target: Target, calendar: Calendar, from: Instant): Instant => {
  switch (target.kind) {
    case 'next-business-day':
      return endOfNextWorkingDay(calendar, from)
    case 'next-sprint':
      return startOfNextSprint(calendar, from)
    case 'duration':
      if (target.hours === 'business') return addWorkingMinutes(calendar, from, target.minutes)
      if (!(target.minutes >= 0 && target.minutes <= longest)) throw new RangeError(`not a number of minutes: ${target.minutes}`)
      return instant(millis(from) + Math.round(target.minutes * minute))
    default:
      return target satisfies never
  }
}

/** The instant at which `percent` (0–100) of a clock has run: counted in working minutes when the target is, otherwise in elapsed
 *  time. `due` is what was promised; it is taken as it is, also when it is not what `dueAt` would give today. Throws RangeError. */
export const pointAt = (target: Target, calendar: Calendar, startedAt: Instant, due: Instant, percent: number): Instant => {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`not a percentage of a clock: ${percent}`)
  const start = millis(startedAt)
  const end = millis(due)
  if (percent === 100 || end <= start) return instant(end)
  if (target.kind !== 'duration' || target.hours === 'always') return instant(start + Math.round(((end - start) * percent) / 100))
  const total = workingMinutesBetween(calendar, startedAt, due)
  return total === 0 ? instant(end) : addWorkingMinutes(calendar, startedAt, (total * percent) / 100)
}
