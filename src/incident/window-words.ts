/** From when to when, as people type it: `22:00 23:30`, `2026-12-01 22:00 2h`, `now 30m`. Times of day are the next ones, in the product's
 *  zone; what is behind them is the text. */
import { TZDate } from '@date-fns/tz'
import { addDays } from 'date-fns/addDays'
import type { Window } from './areas/window.ts'
import type { Instant } from './policy.ts'

/** The longest window, in minutes: longer work is several. */
const longest = 14 * 24 * 60

const timePattern = /^(?:(\d{4})-(\d{2})-(\d{2})[T ])?(\d{1,2}):(\d{2})(?=\s|$)/
const spanPattern = /^\+?(\d{1,4})\s?(m|min|h|d)(?=\s|$)/i
const unit: Readonly<Record<string, number>> = { m: 1, min: 1, h: 60, d: 1440 }

type Taken = { readonly at: Instant; readonly rest: string }

/** The time of day that comes next after `after`, or the one with a date; null when there is none such. */
const timeIn = (words: string, after: Instant, zone: string): Taken | null => {
  const match = timePattern.exec(words)
  if (match === null) return null
  const [whole, year, month, day, hour = '', minute = ''] = match
  if (Number(hour) > 23 || Number(minute) > 59) return null
  const near = new TZDate(after, zone)
  const date =
    year === undefined
      ? ([near.getFullYear(), near.getMonth(), near.getDate()] as const)
      : ([Number(year), Number(month) - 1, Number(day)] as const)
  const local = new TZDate(...date, Number(hour), Number(minute), 0, zone)
  // 30 February is no date; what a clock put forward skips is the time after it.
  if (year !== undefined && (local.getMonth() !== date[1] || local.getDate() !== date[2])) return null
  const instant = (at: TZDate) => new Date(at.getTime()).toISOString()
  return {
    at: year === undefined && instant(local) <= after ? instant(addDays(local, 1)) : instant(local),
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
