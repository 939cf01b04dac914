/** The daily digest of a product, over the templates. */
import type { Calendar, TimeOfDay } from '../incident/policy.ts'
import { typedWords } from '../incident/typed-words.ts'
import type { Check, CheckKinds } from './checks.ts'
import { nearest, type Report } from './problems.ts'
import { faultOf } from './runbooks.ts'
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
  kinds: CheckKinds,
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
      const found = checks.get(check)
      const typed = typedWords(words)
      if (found === undefined) report(path, `no check is called \`${check}\``, { suggestion: nearest(check, known) })
      if (typed.wrong !== null) report(path, `\`${typed.wrong}\` is not \`name=value\``)
      else if (found !== undefined) {
        const fault = faultOf(check, typed.words, kinds[found.kind]?.words)
        if (fault !== null) report(path, fault.message, { suggestion: fault.suggestion })
      }
      return { check, words }
    }),
  }
}
