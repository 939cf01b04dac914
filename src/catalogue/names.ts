/** Every word that names a product names one product only, and is no word for a severity. */
import { meansSomethingForProducts } from '../incident/command-words.ts'
import type { Report } from './problems.ts'
import type { Product } from './product.ts'
import { normalised, severityOf } from './severity.ts'

/** Case, spaces and dashes do not count. */
export const compact = (word: string): string => normalised(word).replaceAll(' ', '')

/** Collects names; a product that wants a taken one is told whose it is. */
export const claimNames = (first: Product): { claim: (product: Product, report: Report) => void } => {
  const owners = new Map([[compact(first.key), first]])
  const claim = (product: Product, report: Report): void => {
    const words = [
      { word: product.key, path: [] },
      { word: product.name, path: ['name'] },
      ...product.aliases.map((word, index) => ({ word, path: ['aliases', index] })),
    ]
    const own = new Set<string>()
    for (const { word, path } of words) {
      const name = compact(word)
      const owner = owners.get(name)
      const severity = severityOf(word, first.severityWords.aliases)
      if (severity !== null) report(path, `\`${word}\` is a word for ${severity}`)
      else if (meansSomethingForProducts(name)) report(path, `\`${word}\` means something to the commands: choose another`)
      else if (owner !== undefined && owner !== product) report(path, `\`${word}\` is the name of \`${owner.key}\` already`)
      else if (path[0] === 'aliases' && own.has(name)) report(path, `\`${word}\` is said already, by the key, the name or another alias`)
      else owners.set(name, product)
      own.add(name)
    }
  }
  return { claim }
}
