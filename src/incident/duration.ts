/** How long something took, in milliseconds and in words. */
import type { Instant } from './policy.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** A duration in milliseconds, cut (never rounded up) to its two largest units: `45 s`, `3 min`, `1 h 05 min`, `2 d 03 h`.
 *  Days have no upper bound, so nothing wraps; a negative duration is `0 s`. */
export const duration = (ms: number): string => {
  const whole = (unit: number) => Math.floor(ms / unit)
  const rest = (of: number, unit: number, name: string) => {
    const count = Math.floor((ms % of) / unit)
    return count === 0 ? '' : ` ${String(count).padStart(2, '0')} ${name}`
  }
  if (ms < second) return '0 s'
  if (ms < minute) return `${whole(second)} s`
  if (ms < hour) return `${whole(minute)} min`
  if (ms < day) return `${whole(hour)} h${rest(hour, minute, 'min')}`
  return `${whole(day)} d${rest(day, hour, 'h')}`
}

/** Milliseconds from one instant to a later one. */
export const between = (from: Instant, to: Instant): number => Date.parse(to) - Date.parse(from)
