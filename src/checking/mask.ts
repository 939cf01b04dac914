/** Secrets out of what a check found: those that it was given, by their value; the rest by the rules of secretlint and our own
 *  (faults 58). */
import { lintSource } from '@secretlint/core'
import { creator } from '@secretlint/secretlint-rule-preset-recommend'
import { knownSecrets, maskKnown } from '../incident/known-secrets.ts'
import { mask } from '../incident/text.ts'

const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] }

/** Masks a text. `values`: secrets that are known, whatever they look like. */
export const maskSecrets = async (text: string, values: readonly string[]): Promise<string> => {
  const own = mask(maskKnown(text, knownSecrets(values)))
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
