/** `npm run catalogue`: what every product has, what is missing and what is wrong, a screen each; with names of products, these in full.
 *  Exit code 1 when something is wrong. */
import { resolve } from 'node:path'
import { loadCatalogue, problemText, type Product } from './catalogue.ts'
import { aheadLines, isOf, productLines } from './catalogue-report.ts'
import { kindsOf, loadRegistry } from './registry.ts'

// Empty is as good as unset, as it is for the bot.
const runbooks = process.env['TOCSIN_RUNBOOKS'] || 'runbooks'
const templates = process.env['TOCSIN_TEMPLATES'] || 'templates'
const registry = await loadRegistry(resolve(import.meta.dirname, '..'))
const { catalogue, problems } = loadCatalogue({ runbooks, templates, ...kindsOf(registry), sources: [...registry.alertSources.keys()] })

const wanted = process.argv.slice(2)
const unknown = wanted.filter((word) => catalogue !== null && catalogue.product(word) === null && !catalogue.broken.has(word))
const products = [...(catalogue?.products.values() ?? [])]
const isWanted = (product: Product) =>
  wanted.length === 0 ? product !== catalogue?.unassigned : wanted.some((word) => catalogue?.product(word) === product)
const shown = products.filter(isWanted)

const lines = [
  ...(catalogue === null
    ? []
    : shown.flatMap((product) =>
        productLines(
          product,
          { catalogue, problems, runbooks, kinds: registry.checks, actionKinds: registry.actions, environment: process.env },
          wanted.length > 0,
        ),
      )),
  ...aheadLines(shown),
]
for (const line of lines) console.log(line)
// Warnings of a product stand with it.
const errors = problems.filter(({ level }) => level === 'error')
const elsewhere = problems.filter((problem) => problem.level === 'warning' && !products.some((product) => isOf(product, runbooks)(problem)))
for (const [level, these] of [
  ['warning', problems.filter(({ level: of }) => of === 'warning')],
  ['error', errors],
] as const)
  console.log(`${these.length} ${level}${these.length === 1 ? '' : 's'}`)
for (const problem of [...elsewhere, ...errors]) console.log(`  ${problemText(problem)}`)
for (const word of unknown) {
  const meant = catalogue?.nearest(word) ?? null
  const known = products.map(({ key }) => key).join(', ')
  console.error(`No product is called ${JSON.stringify(word)}${meant === null ? `: there are ${known}` : `: did you mean ${meant}?`}`)
}
process.exitCode = errors.length > 0 || unknown.length > 0 ? 1 : 0
