/** How long a machine is waited for, as it is written in a file. */
import { z } from 'zod'

const shortUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 }

/** `500 ms`, `10 s`, `2 min`. Gives milliseconds. */
export const Wait = z.string().transform((text, context): number => {
  const [, count, unit] = /^(\d+) ?(ms|s|min)$/.exec(text) ?? []
  const ms = Number(count) * (shortUnits[unit ?? ''] ?? Number.NaN)
  if (ms >= 100 && ms <= 300_000) return ms
  context.addIssue({ code: 'custom', message: `\`${text}\` is not a time from \`100 ms\` to \`5 min\`, such as \`10 s\`` })
  return z.NEVER
})
