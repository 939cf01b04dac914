/** From when to when, as people type it: `22:00 23:30`, `tomorrow 22:00 2h`, `2026-12-01 22:00 2h`, `now 30m`. Times of day are the next ones, in the product's
 *  zone; what is behind them is the text. */
import { TZDate } from '@date-fns/tz'
import { addDays } from 'date-fns/addDays'
import type { Window } from './areas/window.ts'
import { dayOf } from './day-words.ts'
import type { Instant } from './policy.ts'
import { dateIn } from './when.ts'

/** The longest window, in minutes: longer work is several. */
const longest = 14 * 24 * 60

const timePattern = /^(?:(\d{4}-\d{2}-\d{2}(?=[T ])|[a-z]+(?= ))[T ])?(\d{1,2}):(\d{2})(?=\s|$)/i
const spanPattern = /^\+?(\d{1,4})\s?(m|min|h|d)(?=\s|$)/i
const unit: Readonly<Record<string, number>> = { m: 1, min: 1, h: 60, d: 1440 }

type Taken = { readonly at: Instant; readonly rest: string }

/** The time of day that comes next after `after`, or the one with a date; null when there is none such. */
const timeIn = (words: string, after: Instant, zone: string): Taken | null => {
  const match = timePattern.exec(words)
  if (match === null) return null
  const [whole, day, hour = '', minute = ''] = match
  if (Number(hour) > 23 || Number(minute) > 59) return null
  const date = dayOf(day ?? 'today', dateIn(after, zone))
  // 30 February is no date; what a clock put forward skips is the time after it.
  if (date === null) return null
  const [year = 0, month = 0, dayOfMonth = 0] = date.split('-').map(Number)
  const local = new TZDate(year, month - 1, dayOfMonth, Number(hour), Number(minute), 0, zone)
  const instant = (at: TZDate) => new Date(at.getTime()).toISOString()
  return {
    at: day === undefined && instant(local) <= after ? instant(addDays(local, 1)) : instant(local),
    rest: words.slice(whole.length).trim(),
  }
}

const spanAfter = (words: string, from: Instant): Taken | null => {
  const match = spanPattern.exec(words)
  if (match === null) return null
  const [whole, amount = '', name = ''] = match
  const ms = Number(amount) * (unit[name.toLowerCase()] ?? 0) * 60_000
  return { at: new Date(Date.parse(from) + ms).toISOString(), rest: words.slice(whole.length).trim() }
}

/** The window at the beginning of a text, and the text behind it; `null` with what could not be read. A window that is over, ends
 *  before it begins or is longer than two weeks is none. */
export const parseWindow = (
  words: string,
  now: Instant,
  zone: string,
): { readonly window: Window; readonly rest: string } | { readonly window: null; readonly word: string } => {
  const text = words.trim()
  const nowWord = /^now(?=\s|$)/i.exec(text)
  const from = nowWord === null ? timeIn(text, now, zone) : { at: now, rest: text.slice(3).trim() }
  if (from === null) return { window: null, word: text.split(/\s+/).slice(0, 2).join(' ') }
  const to = spanAfter(from.rest, from.at) ?? timeIn(from.rest, from.at, zone)
  const length = to === null ? 0 : (Date.parse(to.at) - Date.parse(from.at)) / 60_000
  if (to === null || length <= 0 || length > longest || to.at <= now)
    return { window: null, word: text.slice(0, text.length - (to ?? from).rest.length).trim() }
  return { window: { from: from.at, to: to.at }, rest: to.rest }
}
