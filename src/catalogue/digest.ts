/** The daily digest of a product, over the templates. */
import type { Calendar, TimeOfDay } from '../incident/policy.ts'
import { typedWords } from '../incident/typed-words.ts'
import type { Check } from './checks.ts'
import { nearest, type Report } from './problems.ts'
import type { Service, Template } from './schema.ts'

export type ProductDigest = {
  /** Name or id; null: the product's `announce`, or else where incidents are announced. */
  readonly channel: string | null
  readonly at: TimeOfDay
  readonly zone: string
  /** What is asked for it besides the samples, each with the words that are typed behind it. */
  readonly checks: readonly { readonly check: string; readonly words: string }[]
}

/** Null where the product has none. A check that does not exist is reported. */
export const resolveDigest = (
  { digest }: Service,
  template: Template,
  calendar: Calendar,
  checks: ReadonlyMap<string, Check>,
  report: Report,
): ProductDigest | null => {
  if (digest === undefined) return null
  const known = [...checks.keys()]
  return {
    channel: digest.channel ?? null,
    at: digest.at ?? template.digest.at,
    zone: digest.zone ?? calendar.zone,
    checks: digest.checks.map((text, index) => {
      const [check = '', ...rest] = text.split(/\s+/)
      const words = rest.join(' ')
      const path = ['digest', 'checks', index]
      if (!checks.has(check)) report(path, `no check is called \`${check}\``, { suggestion: nearest(check, known) })
      const { wrong } = typedWords(words)
      if (wrong !== null) report(path, `\`${wrong}\` is not \`name=value\``)
      return { check, words }
    }),
  }
}
