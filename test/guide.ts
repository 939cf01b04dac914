/** What the catalogue says of a product, to be held against its guide: the loaded data, and its runbooks as they are written. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { loadCatalogue, problemText, type Product } from '../src/catalogue.ts'
import { inputOf } from '../src/define/action.ts'
import { kindsOf, loadRegistry } from '../src/registry.ts'

const registry = await loadRegistry(process.cwd())

/** The repository's own catalogue, with all kinds of check and of action. */
export const loadRepository = (environment: Readonly<Record<string, string>> = {}) =>
  loadCatalogue({
    runbooks: 'runbooks',
    templates: 'templates',
    ...kindsOf(registry),
    sources: [...registry.alertSources.keys()],
    environment,
  })

export type Written = { readonly slug: string; readonly id: string; readonly intro: string; readonly steps: readonly string[] }

const plain = (text: string): string => text.replace(/\s+/g, ' ')

const runbooksOf = (key: string): Written[] =>
  readdirSync(join('runbooks', key))
    .filter((name) => name.endsWith('.md'))
    .map((name) => {
      const text = readFileSync(join('runbooks', key, name), 'utf8')
      const [intro = '', ...steps] = text.replace(/^---\n[\s\S]*?\n---\n/, '').split(/^\d+\. /m)
      return { slug: name.slice(0, -'.md'.length), id: /^id: (R\d+)$/m.exec(text)?.[1] ?? '', intro: plain(intro), steps: steps.map(plain) }
    })

/** Every text of a value, at any depth, keys included: a name of a service or of a table may be one. */
const textsOf = (value: unknown): string[] => {
  if (value instanceof Map) return [...value].flatMap(textsOf)
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)])
  return typeof value === 'string' || typeof value === 'number' ? [plain(String(value))] : []
}

export type Guide = {
  readonly product: Product
  readonly runbooks: readonly Written[]
  /** Everything that is said anywhere, one text a line. */
  readonly said: string
}

/** One product, loaded. Throws when it is broken. */
export const guideOf = (key: string, environment: Readonly<Record<string, string>> = {}): Guide => {
  const { catalogue, problems } = loadRepository(environment)
  const product = catalogue?.products.get(key)
  if (product === undefined) {
    const wrong = problems.filter(({ level, file }) => level === 'error' && file.includes(key))
    throw new Error(`${key} is broken: ${wrong.map(problemText).join('; ')}`)
  }
  const runbooks = runbooksOf(key)
  const { links, unsetLinks, contacts, checks, severities, disaster, notifications } = product
  const { actions } = product.acting
  const data = textsOf({ links, unsetLinks, contacts, checks, actions, severities, disaster, notifications })
  return { product, runbooks, said: [...data, ...runbooks.flatMap(({ intro, steps }) => [intro, ...steps])].join('\n') }
}

/** What each check of a product would reach. */
export const reachedBy = ({ checks }: Product): readonly (readonly [check: string, hosts: readonly string[]])[] =>
  [...checks.values()].map(({ key, kind, options }) => [key, registry.checks.get(kind)?.hosts(options) ?? []])

/** What each action of a product could reach. */
export const changedBy = ({ acting }: Product): readonly (readonly [action: string, hosts: readonly string[]])[] =>
  [...acting.actions.values()].map(({ key, kind, options }) => [key, registry.actions.get(kind)?.hosts(options) ?? []])

/** What can be typed behind an action of a product; null where there is none of that name. */
export const typedBehind = ({ acting }: Product, key: string): z.ZodObject | null => {
  const action = acting.actions.get(key)
  const definition = action === undefined ? undefined : registry.actions.get(action.kind)
  return action === undefined || definition === undefined ? null : inputOf(definition, action.options)
}

/** An environment in which everything that a product's file names stands on this machine. */
export const standIns = (key: string): Record<string, string> => {
  const names = [...readFileSync(join('runbooks', key, 'service.yml'), 'utf8').matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name = '']) => name)
  const kindsOfValue = [
    [/_HOSTS?$/, '127.0.0.1'],
    [/_PORT$/, '4001'],
    [/_TLS$/, 'none'],
    [/_URL$/, 'http://127.0.0.1:4000'],
  ] as const
  return Object.fromEntries(
    names.flatMap((name) => kindsOfValue.filter(([pattern]) => pattern.test(name)).map(([, value]) => [name, value] as const)),
  )
}
