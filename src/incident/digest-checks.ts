/** The checks of a digest that are sampled, in words: how each was, when it was not well, and when nobody looked. Pure. */
import { TZDate } from '@date-fns/tz'
import { amount } from './amount.ts'
import { addDays } from './calendar.ts'
import type { CheckStatus } from './check.ts'
import { worstFirst } from './check-groups.ts'
import { statusIcon } from './check-report.ts'
import type { Digest } from './digest.ts'
import { frame, longestTitle, most, namesOf, room, rowSize } from './digest-room.ts'
import { between } from './duration.ts'
import type { Part, Span } from './message.ts'
import type { Instant } from './policy.ts'
import { shorten } from './text.ts'
import { type Gap, type Period, percent, type Trouble, type Uptime } from './uptime.ts'
import { dateIn } from './when.ts'

/** So many times of trouble, and so many gaps, are named of one check. */
const mostTimes = 5

/** `09:00`. */
export const timeIn = (at: Instant, zone: string): string => new TZDate(at, zone).toISOString().slice(11, 16)

/** `09:00`, `yesterday 09:00`; other days by their date. */
const clock = (at: Instant, { during, zone }: Digest): string => {
  const [date, today] = [dateIn(at, zone), dateIn(during.to, zone)]
  const time = timeIn(at, zone)
  if (date === today) return time
  return date === addDays(today, -1) ? `yesterday ${time}` : `${date} ${time}`
}

/** `yesterday 23:40–23:50`, `yesterday 23:40–today 00:20`. */
const times = ({ from, to }: Period, digest: Digest): string => {
  const [first, last] = [clock(from, digest), clock(to, digest)]
  const both = 'yesterday '
  if (first.startsWith(both) && last.startsWith(both)) return `${first}–${last.slice(both.length)}`
  const today = dateIn(digest.during.to, digest.zone)
  return `${first}–${dateIn(from, digest.zone) < today && dateIn(to, digest.zone) === today ? 'today ' : ''}${last}`
}

/** `1 sample`, `2 samples`. */
export const several = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** `120 ms`. */
export const ms = (value: number): string => amount({ value: Math.round(value), unit: 'ms' })

const speed = ({ response }: Uptime): string =>
  response === null ? '' : ` · ${ms(response.average)} on average, 95 % within ${ms(response.p95)}`

/** `100 % of 288 samples healthy`; what was never measured is said in words. */
export const health = ({ samples, healthy }: Uptime): string => {
  if (samples === 0) return 'was not measured at all'
  const failed = samples - healthy
  return `${percent(healthy, samples)} of ${several(samples, 'sample')} healthy${failed === 0 ? '' : `, ${failed} failed (${Math.ceil((failed / samples) * 10_000) / 100} %)`}`
}

/** How it was in all. */
export const statusOf = ({ samples, troubles, gaps }: Uptime): CheckStatus => {
  if (samples === 0) return 'unknown'
  if (troubles.some(({ status }) => status === 'fail')) return 'fail'
  return troubles.length > 0 || gaps.length > 0 ? 'warn' : 'ok'
}

const worstChecks = ({ checks }: Digest): Digest['checks'] =>
  worstFirst(checks.map((check) => ({ check, status: statusOf(check.uptime) }))).map(({ check }) => check)

/** Failures first, and of each sort the longest. */
const gravest = <Time extends Period>(periods: readonly Time[], isFailure: (period: Time) => boolean): Time[] =>
  periods.toSorted((a, b) => Number(isFailure(b)) - Number(isFailure(a)) || between(b.from, b.to) - between(a.from, a.to))

/** The gravest of these times that there is room for, in the order in which they were, and how many more there are. */
const named = <Time extends Period>(
  periods: readonly Time[],
  size: number,
  words: (period: Time) => string,
  isFailure: (period: Time) => boolean = () => false,
): string[] => {
  const chosen = new Set<Time>()
  let left = size
  for (const period of gravest(periods, isFailure).slice(0, mostTimes)) {
    left -= words(period).length + frame.span
    if (left < 0 && chosen.size > 0) break
    chosen.add(period)
  }
  const rest = periods.length - chosen.size
  return [...periods.filter((period) => chosen.has(period)).map(words), ...(rest > 0 ? [`\nand ${rest} more`] : [])]
}

/** One check: how it was, and below it when it was not well and when nobody looked. */
const checkPart = ({ title, uptime }: Digest['checks'][number], size: number, digest: Digest): Part => {
  const { troubles, gaps, samples } = uptime
  const head: Span[] = [`${statusIcon[statusOf(uptime)]} `, { bold: shorten(title, longestTitle) }, ` ${health(uptime)}${speed(uptime)}`]
  const longest = Math.max(40, Math.min(200, Math.floor(size / 5)))
  const trouble = (time: Trouble) => `\n${statusIcon[time.status]} ${times(time, digest)}: ${shorten(time.finding, longest)}`
  // Where nothing at all was measured, that is said already.
  const gap = (time: Gap) => {
    const why = time.why === null ? '' : `: ${shorten(time.why, longest)}`
    return samples === 0 ? why : `\n⚪ not measured ${times(time, digest)}${why}`
  }
  const left = size - frame.part - rowSize(head)
  const ofTroubles = named(troubles, gaps.length === 0 ? left : (left * 2) / 3, trouble, ({ status }) => status === 'fail')
  const used = ofTroubles.reduce((sum, words) => sum + words.length + frame.span, 0)
  return { kind: 'text', spans: [...head, ...ofTroubles, ...named(gaps, left - used, gap)] }
}

const isFine = ({ uptime }: Digest['checks'][number]): boolean => statusOf(uptime) === 'ok'

/** The worst first. What there is no room for is named all the same. */
export const checkParts = (digest: Digest, size: number): Part[] => {
  const sorted = worstChecks(digest)
  const shown: Digest['checks'][number][] = []
  let left = size - room.names
  for (const check of sorted.slice(0, most)) {
    left -= isFine(check) ? room.fine : room.ill
    if (left < 0 && shown.length > 0) break
    shown.push(check)
  }
  const fine = shown.filter(isFine).length
  const share = (size - room.names - fine * room.fine) / Math.max(1, shown.length - fine)
  const others = sorted.slice(shown.length).map(({ title, uptime }) => ({ title, status: statusOf(uptime) }))
  const rest: Part[] = others.length === 0 ? [] : [{ kind: 'text', spans: [`and ${others.length} more: ${namesOf(others)}`] }]
  return [...shown.map((check) => checkPart(check, share, digest)), ...rest]
}
