/** Times as people type them behind a text: `at 14:05`, `next 30m`. Three outcomes: a time, no time (the words stay a text), and
 *  `unreadable`: it looks like a time and is none, and is better refused than kept as words that nobody acts on. */
import { TZDate } from '@date-fns/tz'
import { subDays } from 'date-fns/subDays'
import type { Instant, LocalDate } from './policy.ts'

const hourMs = 3_600_000

/** The last instant at which the clock on the wall showed what it shows at `local`, but not after `now`: where a clock was put back,
 *  a time of day comes twice. */
const lastBefore = (local: TZDate, now: number): TZDate => {
  const shown = (date: TZDate) => `${date.getDate()} ${date.getHours()}:${date.getMinutes()}`
  const twins = [hourMs, 0, -hourMs].map((shift) => new TZDate(local.getTime() + shift, local.timeZone))
  const same = twins.filter((twin) => shown(twin) === shown(local))
  return same.find((twin) => twin.getTime() <= now) ?? same.at(-1) ?? local
}

/** The zone that a word behind a time names; null when it names none. An abbreviation is unreadable: CET may mean summer time or
 *  not. So is `-11:00` without a date: `10:00-11:00` is from when to when. */
const zoneOf = (word: string, dated: boolean): string | null => {
  if (/^(?:z|utc|gmt)$/i.test(word)) return 'UTC'
  const offset = /^(utc|gmt)?([-–+])(\d{1,2})(?::?([0-5]\d))?$/i.exec(word)
  if (offset !== null) {
    const [, utc, sign, hours = '', minutes = '00'] = offset
    const plain = sign === '+' || (sign === '-' && (dated || utc !== undefined))
    return plain && Number(hours) <= 14 ? `${sign}${hours.padStart(2, '0')}:${minutes}` : 'unreadable'
  }
  if (/^(?:[A-Z]{1,4}T|MSK)$/.test(word)) return 'unreadable'
  if (!/^[a-z_]+(?:\/[a-z_]+[-+\d]*)+$/i.test(word)) return null
  try {
    Intl.DateTimeFormat('en', { timeZone: word })
    return word
  } catch {
    return /^[A-Z]\w+\/[A-Z]\w+/.test(word) ? 'unreadable' : null
  }
}

/** What is longer is no time, whatever it begins with. */
const longest = 60

const atPattern = /^([\s\S]*\s)?at\s+(\d[\s\S]*)$/i
const date = String.raw`(?:(\d{4})-(\d{2})-(\d{2})(?:T|\s+))?`
const clock = String.raw`(\d{1,2})(?:([:.h])(\d{1,3})(?::(\d{1,3})(?:[.,]\d+)?)?)?`
const timePattern = new RegExp(`^${date}${clock}\\s*(?:([ap])\\.?m\\b\\.?)?\\s*(\\S*)$`, 'i')

/** Behind these words `at 14.05` is a value. */
const measured = /(?:^|\s)(?:is|are|was|were|be|been|still|now|load|rate|peaked|steady|stays|stayed|remains|remained)\s*$/i

/** The hour of the day, also of `2pm`; NaN when there is none such. */
const hourOf = (hour: number, half: string | undefined): number => {
  if (half === undefined) return hour <= 23 ? hour : Number.NaN
  return hour >= 1 && hour <= 12 ? (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : Number.NaN
}

/** The text without a time at its end, and that time: today, or yesterday when it has not come yet today; with a date, that date. It
 *  is a time of day in `zone`, or in the zone that stands behind it: `14:05 UTC`, `14:05 Europe/Vienna`, `14:05 +01:00`. `null`:
 *  there is none, as in `Queue is at 95%`. `unreadable`: e.g. `at 25:00`, `at 14:5`, `at 14.05`. */
// oxlint-disable-next-line typescript/no-redundant-type-constituents
export const parseAt = (words: string, now: Instant, zone: string): { text: string; at: Instant | null | 'unreadable' } => {
  const [, before = '', rest = ''] = atPattern.exec(words.trim()) ?? []
  const match = rest.length > longest ? null : timePattern.exec(rest.replace(/[.!]$/, ''))
  const none = { text: words.trim(), at: null }
  if (match === null) return none
  const [, year, month, day, hours, mark, minutes, seconds = '00', half, behind = ''] = match
  const named = behind === '' ? zone : zoneOf(behind, year !== undefined)
  const timely = mark === ':' || half !== undefined || year !== undefined
  // `14.05` and `14h05` are written for times, and for values.
  const ambiguous = /^(?:[01]\d|2[0-3])\.[0-5]\d$|^(?:[01]?\d|2[0-3])h[0-5]\d$/i.test(`${hours}${mark}${minutes}`) && !measured.test(before)
  if (named === null || !(timely || ambiguous)) return none
  const text = before.trim()
  const hour = hourOf(Number(hours), half)
  const written = mark === undefined ? half !== undefined : mark === ':' || half !== undefined
  const exact = [minutes ?? '00', seconds].every((part) => /^[0-5]\d$/.test(part))
  if (named === 'unreadable' || !written || !exact || Number.isNaN(hour)) return { text, at: 'unreadable' }

  const present = Date.parse(now)
  const at = (local: TZDate) => new Date(lastBefore(local, present).getTime()).toISOString()
  const time = [hour, Number(minutes ?? 0), Number(seconds)] as const
  if (year !== undefined) {
    const local = new TZDate(Number(year), Number(month) - 1, Number(day), ...time, named)
    const real = local.getFullYear() === Number(year) && local.getMonth() === Number(month) - 1 && local.getDate() === Number(day)
    return { text, at: real ? at(local) : 'unreadable' }
  }
  const today = new TZDate(now, named)
  const local = new TZDate(today.getFullYear(), today.getMonth(), today.getDate(), ...time, named)
  return { text, at: lastBefore(local, present).getTime() > present ? at(subDays(local, 1)) : at(local) }
}

const nextPattern = /^([\s\S]*\s)?(next)\s+(-?\d[\s\S]*)$/i

/** Minutes of a unit; 0: it is one, and nobody is told the next update in it. */
const units: readonly (readonly [RegExp, number])[] = [
  [/^(?:s|secs?|seconds?)$/i, 0],
  [/^(?:m|mins?|minutes?)$/i, 1],
  [/^(?:h|hrs?|hours?)$/i, 60],
  [/^(?:d|days?)$/i, 1440],
  [/^(?:w|weeks?)$/i, 10_080],
]

/** Between these words and what follows, `next` is not an order: `watching for the next 30m`. */
const described = /(?:^|\s)(?:the|these|those|in|within|for|over|during)\s+$/i
/** A bare number stands behind many more: `rolled back to next 14`. */
const numbered = /(?:^|\s)(?:to|from|on|of|with|by)\s+$/i

const piece = /\s*(?:and\s+)?(-?\d+(?:[.,:]\d+)?)\s*([a-z]*)/iy

/** The amounts that a text consists of, with their units; none when there is anything else in it. */
const amountsOf = (text: string): { number: string; unit: string }[] => {
  const found: { number: string; unit: string }[] = []
  piece.lastIndex = 0
  for (let end = 0; end < text.length; end = piece.lastIndex) {
    const [whole, number = '', unit = ''] = piece.exec(text) ?? []
    if (whole === undefined) return []
    found.push({ number, unit })
  }
  return found
}

/** Minutes, `unreadable` when it is an amount of time that cannot be meant, null when it is none. */
const minutesOf = (text: string): number | null | 'unreadable' => {
  const amounts = amountsOf(text)
  let total = 0
  let last = Infinity
  for (const [index, { number, unit }] of amounts.entries()) {
    // `30` is minutes, and so is what stands behind hours: `1h30`.
    const size = unit === '' ? (index === 0 || last === 60 ? 1 : 0) : units.find(([word]) => word.test(unit))?.[1]
    if (size === undefined) return null
    const plain = /^\d+$/.test(number) || (unit !== '' && amounts.length === 1 && /^\d+[.,]\d+$/.test(number))
    // From the larger to the smaller, each once.
    if (!plain || size === 0 || size >= last) return 'unreadable'
    total += Number(number.replace(',', '.')) * size
    last = size
  }
  const minutes = Math.round(total)
  return amounts.length === 0 ? null : minutes >= 1 && minutes <= 1440 ? minutes : 'unreadable'
}

/** The text without `next 30m` at its end, and those minutes: also `next 1.5h`, `next 1h30m`, `next 1 d` and, as minutes, `next 30`.
 *  `null` when there are none, as in `the next release`; `unreadable` outside 1 minute to 24 hours, and for `next 14:30`. */
// oxlint-disable-next-line typescript/no-redundant-type-constituents
export const parseNext = (words: string): { text: string; minutes: number | null | 'unreadable' } => {
  const [, before = '', next = '', rest = ''] = nextPattern.exec(words.trim()) ?? []
  const amount = rest.replace(/[.!]$/, '')
  const bare = !/[a-z:]/i.test(amount)
  // A product may be called Next, and have versions.
  const other = described.test(before) || (bare && (numbered.test(before) || next === 'Next'))
  const minutes = amount.length > longest || other ? null : minutesOf(amount)
  return minutes === null ? { text: words.trim(), minutes } : { text: before.trim(), minutes }
}

/** The date that the calendar on the wall shows at this instant. */
export const dateIn = (at: Instant, zone: string): LocalDate => new TZDate(at, zone).toISOString().slice(0, 10)
