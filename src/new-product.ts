/** A new product's folder, made of `templates/product`: whole and right, or not at all. */
import { accessSync, constants, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { yaml } from './adapters/templates.ts'
import { type Catalogue, loadCatalogue, type Problem, problemText } from './catalogue.ts'
import { compact } from './catalogue/names.ts'
import { Slug } from './catalogue/values.ts'
import { meansSomethingForProducts } from './incident/command-words.ts'
import { kindsOf, type Registry } from './registry.ts'

/** Why no product was made, and what to do. */
export class NotMade extends Error {}

export type Wish = {
  readonly key: string
  /** What people call it; without one, made of the key. */
  readonly title?: string | undefined
  /** Where it runs; without one, a placeholder. */
  readonly url?: string | undefined
}

type Places = { readonly runbooks: string; readonly templates: string; readonly registry: Registry }

/** Channels are called after it, and have 80 characters for everything. */
const longestKey = 40

const longestTitle = 80

const keyed = (key: string): string => {
  const suggestion = key
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, longestKey)
  const instead = suggestion === '' || suggestion === key ? '' : ` Try ${suggestion}.`
  if (!Slug.safeParse(key).success)
    throw new NotMade(
      `${JSON.stringify(key)} cannot be the key of a product: it is made of small letters, digits and single dashes.${instead}`,
    )
  if (key.length > longestKey) throw new NotMade(`${key} has ${key.length} characters: a key has at most ${longestKey}.`)
  return key
}

const titled = (title: string): string => {
  const text = title.trim()
  if (text === '' || text.length > longestTitle || /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text))
    throw new NotMade(`--title must be one line of 1 to ${longestTitle} characters.`)
  return text
}

const addressed = (text: string): URL => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new NotMade(
      `--url must be an address such as https://shop.example.com, without user name, password, ? and #: not ${JSON.stringify(text)}.`,
    )
  return url
}

/** `web-shop` is `Web Shop`. */
const titleOf = (key: string): string =>
  key
    .split('-')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join(' ')

/** What the names of its variables begin with. Names of variables begin with a letter, and none looks like the name of a secret. */
const prefixOf = (key: string): string => {
  const plain = key.replaceAll('-', '_').toUpperCase()
  const name = /(^|_)(SECRET|TOKEN|KEY|PASSWORD|PASSWD|CREDENTIALS?)(_|$)/.test(plain) ? `${plain.replaceAll('_', '')}PRODUCT` : plain
  return /^[A-Z]/.test(name) ? name : `PRODUCT_${name}`
}

/** The template speaks of this product: its name, key, variables and address are put in place of the template's. */
const filled = (text: string, { key, title, url }: { key: string; title: string; url: URL | null }): string => {
  const address = url === null ? {} : { url: url.href.replace(/\/$/, ''), host: url.hostname, port: url.port === '' ? '443' : url.port }
  const whole: Readonly<Record<string, string>> = {
    'name: Example product': `name: ${yaml(title.replaceAll('${', () => '$${'))}`,
    'Example product': title,
    'example-product': key,
    EXAMPLE_PRODUCT: prefixOf(key),
    ...('url' in address && {
      'placeholder: "https://product.example"': `default: ${yaml(address.url)}`,
      'placeholder: product.example': `default: ${yaml(address.host)}`,
      'port: 443': `port: ${address.port}`,
    }),
  }
  return text.replace(
    /name: Example product|Example product|example-product|EXAMPLE_PRODUCT|placeholder: "https:\/\/product\.example"|placeholder: product\.example|port: 443/g,
    (found) => whole[found] ?? found,
  )
}

/** Whose a word is already. */
const ownerOf = (catalogue: Catalogue, word: string): string | null => {
  const severity = catalogue.severity(null, word)
  if (severity !== null) return `a word for ${severity}`
  if (meansSomethingForProducts(compact(word))) return 'a word of the commands'
  if (catalogue.broken.has(word)) return `the key of ${word}`
  const product = catalogue.product(word)
  return product === null ? null : `a name of ${product.name} (${product.key})`
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : String(error))

const load = (runbooks: string, { templates, registry }: Places) =>
  loadCatalogue({ runbooks, templates, ...kindsOf(registry), sources: [...registry.alertSources.keys()] })

/** Refuses what cannot be made, before anything is written. */
const look = (key: string, title: string, places: Places): void => {
  const { runbooks } = places
  const elsewhere = 'or set TOCSIN_RUNBOOKS to the folder of your products'
  if (statSync(runbooks, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new NotMade(`There is no folder ${runbooks}: make it, ${elsewhere}.`)
  const folder = join(runbooks, key)
  if (existsSync(folder))
    throw new NotMade(`${folder} is there already, and nothing in it was changed: choose another key, or edit what is there.`)
  try {
    accessSync(runbooks, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new NotMade(`${runbooks} cannot be written to (${codeOf(error)}): give yourself the right to, ${elsewhere}.`, { cause: error })
  }
  const { catalogue, problems } = load(runbooks, places)
  if (catalogue === null) throw new NotMade(`The templates cannot be used: ${problems.map(problemText).join('; ')}`)
  const words = [
    { word: key, instead: 'choose another key' },
    { word: title, instead: 'give another --title' },
  ]
  for (const { word, instead } of words) {
    const owner = ownerOf(catalogue, word)
    if (owner !== null) throw new NotMade(`${JSON.stringify(word)} is ${owner} already: ${instead}.`)
  }
}

/** What is wrong with a product below `stage`, as if it stood in its place. */
const problemsIn = (stage: string, key: string, places: Places): Problem[] =>
  load(stage, places).problems.flatMap((problem) =>
    problem.file.startsWith(join(stage, key)) ? [{ ...problem, file: problem.file.replace(stage, places.runbooks) }] : [],
  )

/** What the file system refuses is said of the folder that was wanted. */
const attempt = <Value>(folder: string, work: () => Value): Value => {
  try {
    return work()
  } catch (error) {
    throw new NotMade(`${folder} could not be written (${codeOf(error)}); nothing is left of it.`, { cause: error })
  }
}

/** Makes the folder and gives it, with what is still to be filled in. Throws NotMade. */
export const newProduct = (wish: Wish, places: Places): { folder: string; todo: readonly Problem[] } => {
  const key = keyed(wish.key)
  const title = titled(wish.title ?? titleOf(key))
  const url = wish.url === undefined ? null : addressed(wish.url)
  look(key, title, places)
  const template = join(places.templates, 'product')
  if (!existsSync(join(template, 'service.yml')))
    throw new NotMade(
      `There is no ${join(template, 'service.yml')} to begin with: copy it there from the templates that came with the bot.`,
    )
  const folder = join(places.runbooks, key)
  // Beside its place, so that it gets there in one move; with a dot, so that nobody takes it for a product.
  const stage = attempt(folder, () => mkdtempSync(join(places.runbooks, '.new-')))
  try {
    const todo = attempt(folder, () => {
      cpSync(template, join(stage, key), { recursive: true })
      const file = join(stage, key, 'service.yml')
      writeFileSync(file, filled(readFileSync(file, 'utf8'), { key, title, url }))
      return problemsIn(stage, key, places)
    })
    const errors = todo.filter(({ level }) => level === 'error')
    if (errors.length > 0) throw new NotMade(`${template} is not right as it stands: ${errors.map(problemText).join('; ')}`)
    attempt(folder, () => renameSync(join(stage, key), folder))
    return { folder, todo }
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}
