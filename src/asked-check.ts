/** Which check is meant by what was typed behind `/diag`, and with which words. */
import type { Askable, Words } from './askable.ts'
import type { CommandContext, Ask } from './define.ts'
import { nearest } from './incident/nearest.ts'
import { type Refusal, refuse } from './incident/refusals.ts'
import { typedWords } from './incident/typed-words.ts'

/** The checks of a product that are meant. `which`: `all`, or the one check's key. */
export type Meant = { readonly which: string; readonly checks: readonly Askable[]; readonly words: Words }

/** `text`: a check's key with its words, or `all`. */
export const meantChecks = (
  product: { readonly key: string; readonly name: string },
  text: string,
  { askable }: Pick<CommandContext, 'askable'>,
): Meant | Refusal => {
  const checks = askable(product.key)
  const [, first = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text.trim()) ?? []
  const key = first === '' ? 'all' : first.toLowerCase()
  const { words, wrong } = typedWords(rest)
  if (key === 'all') {
    const word = wrong ?? Object.keys(words)[0]
    return word === undefined
      ? { which: 'all', checks: [...checks.values()], words }
      : refuse('unknown_check_word', { word, check: 'all', known: '' })
  }
  const check = checks.get(key)
  if (check === undefined)
    return refuse('unknown_check', {
      word: first,
      product: product.name,
      nearest: nearest(first, [...checks.keys()]),
      known: [...checks.keys()].join(', '),
    })
  if (wrong !== null) return refuse('unknown_check_word', { word: wrong, check: key, known: check.words.join(', ') })
  return check.refusal(words) ?? { which: key, checks: [check], words }
}

/** As an event keeps them. */
export const askedOf = (checks: readonly Askable[]) => checks.map(({ key, kind, title }) => ({ check: key, kind, title }))

/** The product of the record that a verb works on; null when it is not in the catalogue any more. */
export const productOf = ({ incident }: Pick<Ask, 'incident'>, { catalogue }: Pick<CommandContext, 'catalogue'>) =>
  incident === null ? null : catalogue.product(incident.product.key)
