/** The catalogue: what is wrong in its files, which secrets are missing and what does not work without them, and P1s that reach nobody. */
import { type Catalogue, isMissing, isUnset, type Missing, missingOf, type Problem, type Product } from '../catalogue.ts'
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

/** What kinds of actions say of their settings. */
type Named = ((options: never) => readonly string[]) | undefined
type ActionKinds = ReadonlyMap<string, { readonly needs?: Named; readonly uses?: Named }>

/** Whether the options of a check name a secret that they cannot do without: where it stands otherwise, it is only spoken of. */
const names = (options: unknown, secret: string): boolean =>
  typeof options === 'object' &&
  options !== null &&
  Object.entries(options).some(([key, value]) => (value === secret ? /^secret$|Secret$/.test(key) : names(value, secret)))

/** `a`, `a, and b`. */
const joined = (parts: readonly string[]): string => parts.join(', and ')

const withoutIt = ({ checks, actions, poorer, links, contacts, alerts }: Missing, key: string): string[] => [
  ...alerts.map((source) => `alerts to /alerts/${source}/${key} are refused`),
  ...(checks.length === 0 ? [] : [`${checks.length === 1 ? 'the check' : 'the checks'} ${checks.join(', ')} cannot ask`]),
  ...(actions.length === 0 ? [] : [`${actions.length === 1 ? 'the action' : 'the actions'} ${actions.join(', ')} cannot run`]),
  ...(poorer.length === 0
    ? []
    : [
        `${poorer.length === 1 ? 'the action' : 'the actions'} ${poorer.join(', ')} ${poorer.length === 1 ? 'runs' : 'run'} and can tell less`,
      ]),
  ...(links.length === 0
    ? []
    : [`${links.length === 1 ? 'the link' : 'the links'} ${links.join(', ')} ${links.length === 1 ? 'is' : 'are'} not shown`]),
  ...(contacts.length === 0 ? [] : [`${contacts.join(', ')} cannot be told`]),
]

/** One finding for each setting that is missing, with everything that it is missing for. */
const missingSettings = (
  product: Product,
  own: readonly Problem[],
  catalogue: Catalogue,
  environment: Environment,
  kinds: ActionKinds,
): Finding[] => {
  const secrets = [...product.secrets].filter((secret) => isUnset(environment, secret))
  const named = ({ kind, options }: { readonly kind: string; readonly options: unknown }, by: 'needs' | 'uses'): string[] =>
    (kinds.get(kind)?.[by]?.(options as never) ?? []).filter((name) => isUnset(environment, name))
  const missing = missingOf(product, {
    unassigned: catalogue.unassigned,
    problems: own,
    environment,
    lacking: ({ options, unset }) => [...unset, ...secrets.filter((secret) => names(options, secret))],
    unable: (action) => [...new Set([...action.unset, ...named(action, 'needs')])],
    used: (action) => named(action, 'uses'),
  })
  return missing.map((each) => {
    const declared = own.find(({ path }) => path === `variables.${each.name}`)
    const without = withoutIt(each, product.key)
    const so = without.length === 0 ? '' : `: without it ${joined(without)}`
    return warning(
      declared === undefined ? each.name : placeOf(declared),
      `${declared === undefined ? 'is not set' : declared.message}${so}`,
      each.isSecret
        ? `Set it to ${product.name}’s secret in the environment of the bot.`
        : `Set ${each.name} in the environment of the bot.`,
    )
  })
}

/** `problems`: as `loadCatalogue` gives them. */
export const examineCatalogue = (
  catalogue: Catalogue | null,
  problems: readonly Problem[],
  environment: Environment,
  kinds: ActionKinds,
): Finding[] => {
  const products = [...(catalogue?.products.values() ?? [])].filter(({ key }) => key !== catalogue?.unassigned.key)
  const owner = ({ file }: Problem) => products.find(({ key }) => file.endsWith(`/${key}/service.yml`))
  const said = problems.filter((problem) => !isMissing(problem) || owner(problem) === undefined)
  const found = said.map((problem) => (problem.level === 'error' ? error : warning)(placeOf(problem), problem.message, todoOf(problem)))
  if (catalogue === null) return found
  const checks = products.reduce((sum, product) => sum + product.checks.size, 0)
  return [
    ok('catalogue', `${plural(products.length, 'product')}, ${plural(checks, 'check')}`),
    ...found,
    ...products.flatMap((product) =>
      missingSettings(
        product,
        problems.filter((each) => owner(each) === product),
        catalogue,
        environment,
        kinds,
      ),
    ),
  ]
}

/** Variables that the catalogue asks for: a name that stands here is no slip. */
export const variablesOf = (catalogue: Catalogue | null, texts: readonly string[]): Set<string> =>
  new Set([
    ...[...(catalogue?.products.values() ?? [])].flatMap(({ secrets }) => [...secrets]),
    ...texts.flatMap((text) => [...text.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g)].map(([name]) => name)),
  ])
