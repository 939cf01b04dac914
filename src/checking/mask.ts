/** Secrets out of what a check found: those that it was given, by their value; the rest by the rules of secretlint and our own
 *  (faults 58). */
import { lintSource } from '@secretlint/core'
import { creator } from '@secretlint/secretlint-rule-preset-recommend'
import { knownSecrets, maskKnown } from '../incident/known-secrets.ts'
import { mask } from '../incident/text.ts'
import { fragmentMask } from './fragment.ts'
import { othersFirst } from './turn.ts'

/** From here on everything else comes to its turn in between. */
const long = 20_000

const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] }

export type Mask = (text: string) => Promise<string>

/** Makes what masks texts. `values`: secrets that are known, whatever they look like; pieces of them are masked, too. */
export const createMask = (values: readonly string[]): Mask => {
  const known = knownSecrets(values)
  const fragments = fragmentMask(values)
  return async (text) => {
    const without = maskKnown(text, known)
    if (text.length > long) await othersFirst()
    const whole = fragments(without)
    if (text.length > long) await othersFirst()
    return maskForms(whole)
  }
}

/** Masks what looks like a secret. */
const maskForms = async (text: string): Promise<string> => {
  const own = mask(text)
  const { messages } = await lintSource({
    source: { content: own, filePath: '/finding.txt', ext: '.txt', contentType: 'text' },
    options: { config, noPhysicFilePath: true },
  })
  return messages
    .toSorted((a, b) => b.range[0] - a.range[0])
    .reduce(
      (masked, { range: [from, to] }) =>
        masked.slice(from, to).includes('***') ? masked : `${masked.slice(0, from)}***${masked.slice(to)}`,
      own,
    )
}
