import { defineCommand } from '../../src/define.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'What can be asked about this product',
  usage: '[product]',
  examples: ['/diag', '/diag <product>'],
  needs: 'nothing',
  run: async (ask, { catalogue }) => {
    const { product: named, rest } = catalogue.takeProduct(ask.words)
    const known = [...catalogue.products.keys()].filter((key) => key !== catalogue.unassigned.key).join(', ')
    if (rest !== '') return { refused: refuse('unknown_product', { word: rest, nearest: catalogue.nearest(rest), known }) }
    const product = named ?? (ask.incident === null ? null : catalogue.product(ask.incident.product.key))
    if (product === null) return { refused: refuse('product_needed', { example: '/diag <product>', known }) }
    const checks = [...product.checks].map(([key, check]): Span[] => [{ code: `/diag ${product.key} ${key}` }, ` ${check.title}`])
    const list: Part[] =
      checks.length === 0
        ? [{ kind: 'text', spans: ['It has no checks yet.'] }]
        : [{ kind: 'list', items: [...checks, [{ code: `/diag ${product.key} all` }, ' all of them']] }]
    return { parts: [{ kind: 'text', spans: [{ bold: product.name }, ' can be asked:'] }, ...list] }
  },
})
