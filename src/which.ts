/** Which product is meant: what is said where words name none, and how a form asks for one. */
import type { Catalogue } from './catalogue.ts'
import type { Field, Place } from './define.ts'
import { type Refusal, refuse } from './incident/refusals.ts'

/** The refusal of words that should begin with a product and do not. `example`: what is typed with a product that there is. */
export const noProduct = (catalogue: Catalogue, words: string, example: (known: string) => string): { readonly refused: Refusal } => {
  const keys = [...catalogue.products.keys()].filter((key) => key !== catalogue.unassigned.key)
  const known = keys.join(', ')
  const word = words.trim().split(/\s+/)[0] ?? ''
  if (catalogue.broken.has(word.toLowerCase())) return { refused: refuse('broken_product', { word }) }
  const nearest = catalogue.nearest(word)
  return {
    refused:
      nearest === null
        ? refuse('product_needed', { example: example(keys[0] ?? '<product>'), known })
        : refuse('unknown_product', { word, nearest, known }),
  }
}

/** The field that asks for a product: that of the record in whose channel it is asked, or the only one that there is. */
export const productField = ({ products, unassigned }: Catalogue, { incident }: Place): Field => {
  const known = [...products.values()]
  const named = known.filter(({ key }) => key !== unassigned.key)
  const chosen = incident?.product.key ?? (named.length === 1 ? named[0]?.key : undefined)
  return {
    key: 'product',
    label: 'Product',
    kind: 'choice',
    optional: false,
    options: known.map(({ key, name }) => ({ value: key, label: name })),
    ...(chosen === undefined ? {} : { initial: chosen }),
  }
}
