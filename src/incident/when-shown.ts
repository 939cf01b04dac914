/** Instants for people. */
import type { Instant } from './policy.ts'

const formats = new Map<string, Intl.DateTimeFormat[]>()

// No single locale knows all abbreviations: British English says CET but GMT-5, American English EST but GMT+1.
const formatsOf = (zone: string): Intl.DateTimeFormat[] => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = ['en-GB', 'en-US', 'en-AU'].map(
    (locale) =>
      new Intl.DateTimeFormat(locale, {
        timeZone: zone,
        calendar: 'iso8601',
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        timeZoneName: 'short',
      }),
  )
  formats.set(zone, made)
  return made
}

const inZone = (instant: Instant, zone: string): { date: string; time: string; zone: string } => {
  const read = formatsOf(zone).map((format) => new Map(format.formatToParts(Date.parse(instant)).map(({ type, value }) => [type, value])))
  const part = (type: Intl.DateTimeFormatPartTypes) => read[0]?.get(type) ?? ''
  const names = read.map((parts) => parts.get('timeZoneName') ?? '')
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
    zone: names.find((name) => !/^(GMT|UTC)[+-]/.test(name)) ?? names[0] ?? zone,
  }
}

const utc = (instant: Instant) => ({ date: instant.slice(0, 10), time: instant.slice(11, 16) })

/** An instant for people, to the minute, in `zone` (IANA) and in UTC, always with its date: `2026-11-21 14:05 CET (13:05 UTC)`. The
 *  date stands twice where the two differ. Throws RangeError for a zone that does not exist. */
export const when = (instant: Instant, zone: string): string => {
  const universal = utc(instant)
  if (zone === 'UTC' || zone === 'Etc/UTC') return `${universal.date} ${universal.time} UTC`
  const local = inZone(instant, zone)
  const other = local.date === universal.date ? universal.time : `${universal.date} ${universal.time}`
  return `${local.date} ${local.time} ${local.zone} (${other} UTC)`
}
