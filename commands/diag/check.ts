import { type Ask, type CommandContext, defineCommand, type Reply, say } from '../../src/define.ts'
import { nearest } from '../../src/incident/nearest.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { checkParts } from '../../src/incident/report.ts'
import { noProduct } from '../../src/which.ts'

/** Runs one check or all; in an incident's channel the results are posted there and kept as evidence. */
const diagnose = async (ask: Ask, context: CommandContext): Promise<Reply> => {
  const { catalogue } = context
  const { product: named, rest: which } = catalogue.takeProduct(ask.words)
  const first = ask.words.trim().split(/\s+/)[0]?.toLowerCase() ?? ''
  // Its name must not be taken for a check of the incident's own product.
  if (named === null && catalogue.broken.has(first)) return noProduct(catalogue, first, () => '')
  const product = named ?? (ask.incident === null ? null : catalogue.product(ask.incident.product.key))
  if (product === null) return noProduct(catalogue, ask.words, (some) => `/diag ${some} ${ask.words}`)
  const keys = [...product.checks.keys()]
  const key = which === '' ? 'all' : which.toLowerCase()
  if (key !== 'all' && !product.checks.has(key))
    return {
      refused: refuse('unknown_check', { word: which, product: product.name, nearest: nearest(which, keys), known: keys.join(', ') }),
    }
  const results = await context.runChecks(product.key, key)
  if (results.length === 0) return say(`${product.name} has no checks yet.`)
  // Only this incident's own product is evidence in it.
  if (ask.incident !== null && ask.incident.product.key === product.key) {
    const outcome = await context.handle(ask.incident.id, { type: 'record-checks', phase: 'asked', results }, ask.by)
    return 'refused' in outcome ? outcome : say('✅ The result is in ', { bold: ask.incident.id }, '’s channel and timeline.')
  }
  return { parts: checkParts('asked', results, product.calendar.zone) }
}

export default defineCommand({
  summary: 'Run one check, or `all`',
  usage: '[product] <check> | all',
  examples: ['/diag health', '/diag <product> health', '/diag <product> all'],
  needs: 'nothing',
  run: diagnose,
})
