/** What happens once on each local date, at a time of day: the date that is due, and the one that comes next. Pure. */
import { addDays, localInstant } from './calendar.ts'
import type { Instant, LocalDate, TimeOfDay } from './policy.ts'
import { dateIn } from './when.ts'

/** A time of day, and the zone (IANA) in which it is that time. */
export type Daily = { readonly at: TimeOfDay; readonly zone: string }

/** When it is due on a date: where that time is skipped, the first instant after the change; where it comes twice, the first. */
export const dueOn = ({ at, zone }: Daily, date: LocalDate): Instant => localInstant(zone, date, at)

/** The newest date that is due at `now`. */
export const latestDate = (daily: Daily, now: Instant): LocalDate => {
  // Where a change of the clock moves an instant over midnight, the date of the instant and the date that is due are not the same.
  let date = addDays(dateIn(now, daily.zone), 1)
  while (dueOn(daily, date) > now) date = addDays(date, -1)
  return date
}

/** The first date that is not due yet. */
export const nextDate = (daily: Daily, now: Instant): LocalDate => addDays(latestDate(daily, now), 1)
