/** The catalogue: what is wrong in its files, which secrets are missing and what does not work without them, and P1s that reach nobody. */
import type { Catalogue, Problem, Product } from '../catalogue.ts'
import { error, type Finding, ok, plural, warning } from './finding.ts'

type Environment = Readonly<Record<string, string | undefined>>

const todoOf = ({ level, path, suggestion }: Problem): string => {
  if (level === 'error')
    return suggestion === undefined ? 'Correct it: until then what is in it is left out.' : `Write \`${suggestion}\`, if that is meant.`
  const [first, second] = path.split('.')
  if (first === 'variables') return `Set ${second} in the environment of the bot.`
  if (first === 'contacts') return 'Give a telephone number, an e-mail or a Slack user there, or set the variable that stands for it.'
  if (first?.startsWith('links') === true) return 'Set the variable in the environment of the bot.'
  return first === 'ladder' ? 'Put somebody on the ladder who can be reached.' : 'Correct it there.'
}

const placeOf = ({ file, line, column, path }: Problem): string => `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}`

/** Where in the options of a check a secret is named. */
const names = (options: unknown, secret: string): boolean => {
  if (typeof options === 'string') return options === secret
  return typeof options === 'object' && options !== null && Object.values(options).some((each) => names(each, secret))
}

const missingSecrets = (product: Product, environment: Environment): Finding[] =>
  [...product.secrets]
    .filter((secret) => (environment[secret] ?? '').trim() === '')
    .map((secret) => {
      const sources = Object.entries(product.alerts.secrets).flatMap(([source, name]) => (name === secret ? [source] : []))
      const checks = [...product.checks.values()].filter(({ options }) => names(options, secret)).map(({ key }) => key)
      const without = [
        ...sources.map((source) => `alerts to /alerts/${source}/${product.key} are refused`),
        ...(checks.length === 0 ? [] : [`${checks.length === 1 ? 'the check' : 'the checks'} ${checks.join(', ')} cannot ask`]),
      ]
      const what = without.length === 0 ? `${product.name} names it` : `without it ${without.join(', and ')}`
      return warning(secret, `is not set: ${what}`, `Set it to ${product.name}’s secret in the environment of the bot.`)
    })

/** `problems`: as `loadCatalogue` gives them. */
export const examineCatalogue = (catalogue: Catalogue | null, problems: readonly Problem[], environment: Environment): Finding[] => {
  const found = problems.map((problem) => (problem.level === 'error' ? error : warning)(placeOf(problem), problem.message, todoOf(problem)))
  if (catalogue === null) return found
  const products = [...catalogue.products.values()].filter(({ key }) => key !== catalogue.unassigned.key)
  const checks = products.reduce((sum, product) => sum + product.checks.size, 0)
  return [
    ok('catalogue', `${plural(products.length, 'product')}, ${plural(checks, 'check')}`),
    ...found,
    ...products.flatMap((product) => missingSecrets(product, environment)),
  ]
}

/** Variables that the catalogue asks for: a name that stands here is no slip. */
export const variablesOf = (catalogue: Catalogue | null, texts: readonly string[]): Set<string> =>
  new Set([
    ...[...(catalogue?.products.values() ?? [])].flatMap(({ secrets }) => [...secrets]),
    ...texts.flatMap((text) => [...text.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g)].map(([name]) => name)),
  ])
