/** Times as people type them behind a text: `at 14:05`, `next 30m`. */
import { TZDate } from '@date-fns/tz'
import { subDays } from 'date-fns/subDays'
import type { Instant } from './policy.ts'

const atPattern = /\s+at\s+(?:(\d{4})-(\d{2})-(\d{2})[ T])?(\d{1,2}):(\d{2})\s*$/i
const hourMs = 3_600_000

/** The last instant at which the clock on the wall showed what it shows at `local`, but not after `now`: where a clock was put back,
 *  a time of day comes twice. */
const lastBefore = (local: TZDate, now: number): TZDate => {
  const shown = (date: TZDate) => `${date.getDate()} ${date.getHours()}:${date.getMinutes()}`
  const twins = [hourMs, 0, -hourMs].map((shift) => new TZDate(local.getTime() + shift, local.timeZone))
  const same = twins.filter((twin) => shown(twin) === shown(local))
  return same.find((twin) => twin.getTime() <= now) ?? same.at(-1) ?? local
}

/** The text without a time at its end, and that time: today in `zone`, or yesterday when it has not come yet today; with a
 *  date, that date. `null`: no time was given. `unreadable`: it looks like one but is none, e.g. `at 25:00`. */
// oxlint-disable-next-line typescript/no-redundant-type-constituents
export const parseAt = (words: string, now: Instant, zone: string): { text: string; at: Instant | null | 'unreadable' } => {
  const match = atPattern.exec(` ${words}`)
  if (match === null) return { text: words.trim(), at: null }
  const text = ` ${words}`.slice(0, match.index).trim()
  const [hour, minute] = [Number(match[4]), Number(match[5])]
  if (hour > 23 || minute > 59) return { text, at: 'unreadable' }
  const present = Date.parse(now)
  const at = (local: TZDate) => new Date(lastBefore(local, present).getTime()).toISOString()
  if (match[1] !== undefined) {
    const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
    const local = new TZDate(year, month - 1, day, hour, minute, zone)
    const real = local.getFullYear() === year && local.getMonth() === month - 1 && local.getDate() === day
    return { text, at: real ? at(local) : 'unreadable' }
  }
  const today = new TZDate(now, zone)
  const local = new TZDate(today.getFullYear(), today.getMonth(), today.getDate(), hour, minute, zone)
  return { text, at: lastBefore(local, present).getTime() > present ? at(subDays(local, 1)) : at(local) }
}

const nextPattern = /\s+next\s+(\d{1,4})\s*(m|min|minutes?|h|hours?)\s*$/i

/** The text without `next 30m` at its end, and those minutes; `null` when none are given, `unreadable` outside 1 minute to 24 hours. */
export const parseNext = (words: string): { text: string; minutes: number | null | 'unreadable' } => {
  const match = nextPattern.exec(` ${words}`)
  if (match === null) return { text: words.trim(), minutes: null }
  const minutes = Number(match[1]) * (match[2]?.toLowerCase().startsWith('h') === true ? 60 : 1)
  return { text: ` ${words}`.slice(0, match.index).trim(), minutes: minutes >= 1 && minutes <= 1440 ? minutes : 'unreadable' }
}
