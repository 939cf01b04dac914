/** `npm run catalogue`: every product, where each of its fields comes from, and what is wrong. Exit code 1 when something is. */
import { resolve } from 'node:path'
import { loadCatalogue, problemText, type Catalogue } from './catalogue.ts'
import { loadRegistry } from './registry.ts'

const shorten = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`)

/** The table of one product. */
const table = (catalogue: Catalogue, key: string): string => {
  const product = catalogue.products.get(key)
  const rows = catalogue.provenance(key)
  const counted = (['given', 'assumed', 'inherited'] as const).map((from) => `${rows.filter((row) => row.from === from).length} ${from}`)
  const width = Math.max(...rows.map(({ path }) => path.length))
  const lines = rows.map(({ path, from, why, value }) => {
    const line = `  ${path.padEnd(width)}  ${from.padEnd(9)}  ${shorten(value, 80)}`
    return why === null ? line : `${line}\n  ${' '.repeat(width)}  ↳ ${why}`
  })
  return [`${product?.name} (${key}): ${counted.join(', ')}; ${product?.hash.slice(0, 12)}`, ...lines, ''].join('\n')
}

const { TOCSIN_RUNBOOKS: runbooks = 'runbooks', TOCSIN_TEMPLATES: templates = 'templates' } = process.env
const wanted = process.argv.slice(2)
const { checks, alertSources } = await loadRegistry(resolve(import.meta.dirname, '..'))
const kinds = Object.fromEntries(checks)
const { catalogue, problems } = loadCatalogue({ runbooks, templates, kinds, sources: [...alertSources.keys()] })

for (const key of catalogue?.products.keys() ?? []) {
  if (catalogue !== null && (wanted.length === 0 || wanted.includes(key))) console.log(table(catalogue, key))
}
// No warnings: nothing is wrong with a runbook that is ahead of the bot.
const ahead = [...(catalogue?.products.values() ?? [])].flatMap((product) =>
  product.runbooks.flatMap(({ slug, actions }) =>
    actions.map(({ action, line }) => ({ name: action.split(' ')[0] ?? action, place: `${runbooks}/${product.key}/${slug}.md:${line}` })),
  ),
)
if (ahead.length > 0) {
  const byName = Map.groupBy(ahead, ({ name }) => name)
  console.log(
    `${byName.size} action${byName.size === 1 ? '' : 's'} named in runbooks that ${byName.size === 1 ? 'is' : 'are'} not there yet`,
  )
  for (const [name, places] of byName) console.log(`  ${name}: ${places.map(({ place }) => place).join(', ')}`)
}
for (const level of ['warning', 'error'] as const) {
  const these = problems.filter((problem) => problem.level === level)
  console.log(`${these.length} ${level}${these.length === 1 ? '' : 's'}`)
  for (const problem of these) console.log(`  ${problemText(problem)}`)
}
process.exitCode = problems.some(({ level }) => level === 'error') ? 1 : 0
