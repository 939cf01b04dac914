/** Options that many kinds of check have. */
import { z } from 'zod'
import { hostOf, HttpAddress } from './address.ts'

/** The name under which a secret stands in the environment: never the secret. */
export const SecretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable in capitals, never the secret itself')

/** Where a vendor's API is: the vendor's own address unless the product has another region, or a stand-in. */
export const apiUrl = (own: string) => HttpAddress.default(own)

/** The only host that a kind with one API reaches. */
export const apiHost = (options: { readonly apiUrl: string }): string[] => [hostOf(options.apiUrl)]

const units: Readonly<Record<string, number>> = { m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const longest = 30 * 86_400_000

/** How far back a question looks: `15m`, `1h`, `7d`. Gives milliseconds. */
export const Span = z.string().transform((text, context): number => {
  const [, count = '', unit = ''] = /^(\d{1,5}) ?(m|min|h|d)$/.exec(text.trim()) ?? []
  const ms = Number(count) * (units[unit] ?? 0)
  if (ms > 0 && ms <= longest) return ms
  context.addIssue({ code: 'custom', message: `\`${text.slice(0, 40)}\` is not a time such as \`15m\`, \`1h\` or \`7d\`, up to \`30d\`` })
  return z.NEVER
})

/** `since=2h` typed behind a check instead of its own span. */
export const sinceWord = z.object({ since: Span.optional() })

/** A limit: a number means a warning; `fail` is for what the product's guide calls critical. */
export const Limit = z.union([
  z.number(),
  z
    .strictObject({ warn: z.number().optional(), fail: z.number().optional() })
    .refine(({ warn, fail }) => warn !== undefined || fail !== undefined, 'give `warn`, `fail`, or both'),
])
export type Limit = z.infer<typeof Limit>

/** A part of a connection string. A bare % in a password is taken as it is. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
