/** `runbooks/` and `templates/` as one validated catalogue of products. A broken product is left out, with its problems listed;
 *  without the templates there is no catalogue. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sayable } from './incident/acting/criteria.ts'
import type { RunbookRef } from './incident/areas/runbooks.ts'
import { reachable, type Severity } from './incident/policy.ts'
import type { ActionKinds } from './catalogue/actions.ts'
import type { CheckKinds } from './catalogue/checks.ts'
import { findContacts, resolveContacts } from './catalogue/contacts.ts'
import { failed, productFolders, readAs } from './catalogue/files.ts'
import { claimNames, compact } from './catalogue/names.ts'
import { nearest, type Path, type Problem, type Report } from './catalogue/problems.ts'
import { hashOf, resolveProduct, type Product } from './catalogue/product.ts'
import { provenanceOf, type Provenance } from './catalogue/provenance.ts'
import { People } from './catalogue/people.ts'
import { Service, Template } from './catalogue/schema.ts'
import { readRunbooks, suggestRunbooks, type Trouble } from './catalogue/runbooks.ts'
import { severityOf, suggested, takeLeading } from './catalogue/severity.ts'
import { readSource, type Source } from './catalogue/source.ts'
import type { Environment } from './catalogue/variables.ts'

export { problemText, startProblems, type Problem } from './catalogue/problems.ts'
export { isMissing, isUnset, type Missing, missingOf } from './catalogue/missing.ts'
export type { Product } from './catalogue/product.ts'

/** The key of the product that alerts of unknown products belong to. It has nothing but the templates. */
const unassigned = 'unassigned'

export type Catalogue = {
  /** By key, in alphabetical order; `unassigned` last. */
  readonly products: ReadonlyMap<string, Product>
  readonly unassigned: Product
  readonly people: People
  /** Products left out because of their problems. */
  readonly broken: ReadonlyMap<string, readonly Problem[]>
  /** Keys of the products of which a P1 reaches nobody; a warning among the problems says of each what to set. */
  readonly unreached: readonly string[]
  /** The product with this key, name or alias; case and how words are joined do not count. */
  readonly product: (word: string) => Product | null
  /** The product that the first words of a text name, and what remains. */
  readonly takeProduct: (text: string) => { product: Product | null; rest: string }
  /** The severity that a word stands for; a product's own words count for that product only. */
  readonly severity: (product: Product | null, word: string) => Severity | null
  /** `Level 1 payments fail` gives P1 and `payments fail`. */
  readonly takeSeverity: (product: Product | null, text: string) => { severity: Severity | null; rest: string }
  /** The severity that a text speaks for, with the symptom that it names (S8). */
  readonly suggestSeverity: (product: Product | null, text: string) => { severity: Severity; because: string } | null
  /** The runbooks that may help, the best first. */
  readonly suggestRunbooks: (product: Product, trouble: Trouble) => readonly RunbookRef[]
  /** The product's name, key or alias that was probably meant. */
  readonly nearest: (word: string) => string | null
  /** Where each field of a product comes from. */
  readonly provenance: (key: string) => readonly Provenance[]
  /** Over templates, people and products. */
  readonly hash: string
}

export type Folders = {
  /** The folder of products. */
  readonly runbooks: string
  readonly templates: string
  readonly kinds: CheckKinds
  /** Without them a product's actions are not looked at. */
  readonly actionKinds?: ActionKinds
  /** Names of the alert sources that exist; without them these names are not looked at. */
  readonly sources?: readonly string[]
  /** Where `${NAME}` comes from. */
  readonly environment?: Environment
}

/** Reads everything once. `catalogue` is null only when the templates cannot be used. */
export const loadCatalogue = ({
  runbooks,
  templates,
  kinds,
  actionKinds,
  sources: alertSources,
  environment = process.env,
}: Folders): { catalogue: Catalogue | null; problems: readonly Problem[] } => {
  const problems: Problem[] = []
  const templateSource = readSource(join(templates, 'severities.yml'))
  const template = readAs(Template, templateSource, environment)
  const peopleFile = join(runbooks, 'people.yml')
  const peopleSource = existsSync(peopleFile) ? readSource(peopleFile) : null
  const people = (peopleSource && readAs(People, peopleSource, environment)?.value) ?? {}

  const common = template && {
    template: template.value,
    people,
    shared: sharedContacts(template, templateSource, people),
    kinds,
    actionKinds,
    sources: alertSources,
  }
  const fallback = common && resolveProduct({ ...common, key: unassigned, service: bare, source: templateSource, unset: new Map() })
  problems.push(...templateSource.problems, ...(peopleSource?.problems ?? []))
  if (common === null || fallback === null || failed(templateSource)) return { catalogue: null, problems }

  const products = new Map<string, Product>()
  const sources = new Map<string, Source>([[unassigned, { ...templateSource, data: {}, assumed: new Map() }]])
  const broken = new Map<string, readonly Problem[]>()
  const names = claimNames(fallback)
  for (const key of productFolders(runbooks, problems)) {
    const source = readSource(join(runbooks, key, 'service.yml'))
    const service = readAs(Service, source, environment)
    const product = service && resolveProduct({ ...common, key, service: service.value, source, unset: service.unset })
    if (product !== null) names.claim(product, source.report)
    const isBroken = product === null || failed(source)
    problems.push(...source.problems.map((problem) => (isBroken ? { ...problem, leavesOut: key } : problem)))
    if (isBroken) broken.set(key, source.problems)
    else {
      const nameable = { asked: askedOf(product, kinds), criteria: sayable(product.acting.criteria).map((criterion) => criterion.key) }
      products.set(key, { ...product, runbooks: readRunbooks(join(runbooks, key), nameable, problems) })
      sources.set(key, source)
    }
  }
  products.set(unassigned, fallback)

  const byName = new Map([...products.values()].flatMap((product) => wordsOf(product).map((word) => [compact(word), product] as const)))
  const productOf = (word: string): Product | null => byName.get(compact(word)) ?? null
  const severityIn = (product: Product | null, word: string): Severity | null =>
    severityOf(word, (product ?? fallback).severityWords.aliases)

  const catalogue: Catalogue = {
    products,
    unassigned: fallback,
    people,
    broken,
    unreached: [...products.values()].filter(({ policy }) => !policy('P1').ladder.some(reachable)).map(({ key }) => key),
    product: productOf,
    takeProduct: (text) => {
      const { found, rest } = takeLeading(text, productOf)
      return { product: found, rest }
    },
    severity: severityIn,
    takeSeverity: (product, text) => {
      const { found, rest } = takeLeading(text, (words) => severityIn(product, words))
      return { severity: found, rest }
    },
    suggestSeverity: (product, text) => suggested(text, (product ?? fallback).severityWords),
    suggestRunbooks: (product, trouble) => suggestRunbooks(product.runbooks, trouble),
    nearest: (word) => nearest(word, [...products.values()].flatMap(wordsOf)),
    provenance: (key) => {
      const source = sources.get(key)
      return source === undefined ? [] : provenanceOf(source, templateSource)
    },
    hash: hashOf({
      template: templateSource.data,
      people,
      products: Object.fromEntries([...products].map(([key, { hash }]) => [key, hash])),
    }),
  }
  return { catalogue, problems }
}

/** What the checks of a product can be asked with. */
const askedOf = (product: Product, kinds: CheckKinds) => new Map([...product.checks].map(([key, { kind }]) => [key, kinds[kind]?.words]))

const bare = Service.parse({ name: 'Unassigned' })

const wordsOf = (product: Product): string[] => [product.name, product.key, ...product.aliases]

/** The contacts of the templates, and those of them that are the fallback. That one of them is only a placeholder is no news: what
 *  it leads to is said of each product. */
const sharedContacts = (
  { value, unset }: { value: Template; unset: ReadonlyMap<Path, readonly string[]> },
  source: Source,
  people: People,
) => {
  const errors: Report = (path, message, more) => (more?.level === 'warning' ? undefined : source.report(path, message, more))
  const contacts = resolveContacts({ contacts: value.contacts, data: source.data, unset }, people, errors)
  return { contacts, fallback: findContacts(value.fallback, contacts, [], ['fallback'], errors) }
}

/** One line when a P1 of some products reaches nobody, for the start and `/health`; none when all reach somebody. */
export const unreachedText = ({ unreached, products }: Catalogue): string[] =>
  unreached.length === 0
    ? []
    : [
        `A P1 of ${unreached.map((key) => products.get(key)?.name ?? key).join(', ')} reaches nobody: \`npm run catalogue\` says what to set.`,
      ]
