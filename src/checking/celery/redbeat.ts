/** RedBeat's schedule in Redis: when beat last sent a task. Pure. */
import { TZDate } from '@date-fns/tz'
import { z } from 'zod'

const Time = z.object({
  year: z.int(),
  month: z.int(),
  day: z.int(),
  hour: z.int().default(0),
  minute: z.int().default(0),
  second: z.int().default(0),
  /** A zone's name, or its offset in seconds. */
  timezone: z.union([z.string(), z.number()]).default('UTC'),
})
const Meta = z.object({ last_run_at: Time.nullable() })

/** The instant in milliseconds; null when it was never sent; undefined when that cannot be read. */
export const lastSent = (text: string): number | null | undefined => {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = Meta.safeParse(data)
  if (!parsed.success) return undefined
  const time = parsed.data.last_run_at
  if (time === null) return null
  const { year, month, day, hour, minute, second, timezone } = time
  const ms =
    typeof timezone === 'number'
      ? Date.UTC(year, month - 1, day, hour, minute, second) - timezone * 1000
      : new TZDate(year, month - 1, day, hour, minute, second, timezone).getTime()
  return Number.isFinite(ms) ? ms : undefined
}
