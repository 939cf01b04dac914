/** What can be asked of a product's checks: what each asks, what can be typed behind it, and what it still lacks. */
import type { Catalogue } from './catalogue.ts'
import type { Check } from './catalogue/checks.ts'
import type { Product } from './catalogue/product.ts'
import type { CheckDefinition } from './define/check.ts'
import { knownWords, wordFault } from './define/check-words.ts'
import { type Refusal, refuse } from './incident/refusals.ts'

export type Words = Readonly<Record<string, string>>

export type Askable = Pick<Check, 'key' | 'kind' | 'title' | 'auto' | 'link'> & {
  /** It tells what was changed near the start. */
  readonly tellsChanges: boolean
  /** What can be typed behind it: `since=1h`, with the value that it has without. */
  readonly words: readonly string[]
  /** What must be set before it can be asked. */
  readonly missing: readonly string[]
  /** Why it cannot be asked with these words, or null. */
  readonly refusal: (words: Words) => Refusal | null
}

/** By the key of each check, in the order of the product's file. None for a product that does not exist. */
export type AskableChecks = (product: string) => ReadonlyMap<string, Askable>

type Environment = Readonly<Record<string, string | undefined>>

/** The settings that this check needs and nobody has made. */
export const missingSettings = (
  product: Product,
  check: Pick<Check, 'unset' | 'options'>,
  definition: { readonly needs?: ((options: never) => readonly string[]) | undefined },
  environment: Environment,
): string[] => [
  ...check.unset,
  ...(check.unset.length > 0 ? [] : (definition.needs?.(check.options as never) ?? [])).filter(
    (name) => !product.secrets.has(name) || (environment[name] ?? '') === '',
  ),
]

const askable = (product: Product, check: Check, definition: CheckDefinition, environment: Environment): Askable => {
  const words = knownWords(definition.words)
  const { key, kind, title, auto, link } = check
  const known = [...words.values()].join(', ')
  return {
    key,
    kind,
    title,
    auto,
    link,
    tellsChanges: definition.tellsChanges?.(check.options) ?? false,
    words: [...words.values()],
    missing: missingSettings(product, check, definition, environment),
    refusal: (typed) => {
      const fault = wordFault(definition.words, typed)
      if (fault === null) return null
      const { name, value, why } = fault
      return why === null
        ? refuse('unknown_check_word', { word: name, check: key, known })
        : refuse('bad_check_word', { word: `${name}=${value}`, why, check: key, known })
    },
  }
}

/** Makes the list. */
export const createAskable =
  ({
    catalogue,
    kinds,
    environment,
  }: {
    catalogue: Catalogue
    kinds: ReadonlyMap<string, CheckDefinition>
    environment: Environment
  }): AskableChecks =>
  (key) => {
    const product = catalogue.product(key)
    return new Map(
      [...(product?.checks ?? [])].flatMap(([name, check]) => {
        const definition = kinds.get(check.kind)
        return product === null || definition === undefined ? [] : [[name, askable(product, check, definition, environment)] as const]
      }),
    )
  }
