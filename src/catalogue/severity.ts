/** The words that people and alerts use for severities. */
import { severities, type Severity } from '../incident/policy.ts'

/** Which words mean which severity, and which words in a report speak for one. */
export type SeverityWords = {
  readonly aliases: Readonly<Record<Severity, readonly string[]>>
  /** In order of weight: a product's own first. */
  readonly symptoms: readonly Readonly<Record<Severity, readonly string[]>>[]
}

/** Case, and how words are joined, do not count: `Level 1`, `level-1` and `LEVEL_1` are one word. */
export const normalised = (word: string): string =>
  word
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')

const numbered = /^(?:p|l|level|sev|severity)? ?([1-4])$/

/** The severity that a word stands for, or null. */
export const severityOf = (word: string, aliases: SeverityWords['aliases']): Severity | null => {
  const wanted = normalised(word)
  const number = numbered.exec(wanted)?.[1]
  if (number !== undefined) return severities[Number(number) - 1]!
  return severities.find((severity) => aliases[severity].some((alias) => normalised(alias) === wanted)) ?? null
}

/** Reads a meaning off the first words of a text, the longest that has one, and gives what remains. */
export const takeLeading = <Meaning>(text: string, meaning: (words: string) => Meaning | null): { found: Meaning | null; rest: string } => {
  const pieces = [...text.trim().matchAll(/\S+/g)].slice(0, 5)
  for (let count = pieces.length; count > 0; count -= 1) {
    const end = pieces[count - 1]!.index + pieces[count - 1]![0].length
    const found = meaning(
      text
        .trim()
        .slice(0, end)
        .replace(/[:,;]+$|(?<=\s)[-–—]+$/, ''),
    )
    if (found !== null)
      return {
        found,
        rest: text
          .trim()
          .slice(end)
          .replace(/^\s*[-–—:](?=\s)/, '')
          .trim(),
      }
  }
  return { found: null, rest: text.trim() }
}

/** The severity whose symptoms a text names, with the symptom; null when it names none. The longest symptom wins, then a
 *  product's own, then the worse severity. */
export const suggested = (text: string, words: SeverityWords): { severity: Severity; because: string } | null => {
  const said = significant(text)
  let best: { severity: Severity; because: string; weight: number } | null = null
  for (const [level, symptoms] of words.symptoms.entries())
    for (const severity of severities)
      for (const because of symptoms[severity]) {
        const needed = significant(because)
        if (needed.length === 0 || !needed.every((word) => said.some((other) => alike(word, other)))) continue
        const weight = needed.length * 10 - level
        if (best === null || weight > best.weight) best = { severity, because, weight }
      }
  return best === null ? null : { severity: best.severity, because: best.because }
}

/** Whether a text says what a symptom says, in whatever order and form of the words. A name such as `CheckoutErrors` has no other
 *  forms: it stands there as a whole, or not at all. */
export const names = (text: string, symptom: string): boolean => {
  const tokens = text.replace(/e-mail/gi, 'email').split(/[^\p{L}\p{N}_]+/u)
  const same = (word: string) => tokens.some((token) => token.toLowerCase() === word.toLowerCase())
  if (isName(symptom)) return same(symptom)
  const said = significant(tokens.filter((token) => !isName(token)).join(' '))
  const needed = significant(symptom)
  return needed.length > 0 && needed.every((word) => same(word) || said.some((other) => alike(word, other)))
}

/** One word that is joined of several. */
const isName = (word: string): boolean => /^[\p{L}\p{N}_]+$/u.test(word) && /[\p{Ll}\p{N}]\p{Lu}|[\p{L}\p{N}]_[\p{L}\p{N}]/u.test(word)

const fillers = new Set(
  'a an and are at be been for from has have in is it its of on or our s that the their this to was were with'.split(' '),
)

const significant = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/e-mail/g, 'email')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !fillers.has(word))

/** `payment` and `payments`, `fails` and `failure`, `degraded` and `degradation`; not `service` and `server`. */
const alike = (a: string, b: string): boolean => {
  if (a === b) return true
  const shorter = Math.min(a.length, b.length)
  if (shorter < 4) return false
  let shared = 0
  while (shared < shorter && a[shared] === b[shared]) shared += 1
  return shared >= Math.max(4, Math.ceil(shorter * 0.7))
}
