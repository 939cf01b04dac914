import type { Askable } from '../../src/askable.ts'
import { productOf } from '../../src/asked-check.ts'
import { defineCommand } from '../../src/define.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { noProduct } from '../../src/which.ts'

/** One check: what is typed, and what it asks. */
const line = ({ key, title, words, auto, tellsChanges }: Askable, typed: string): Span[] => [
  { code: `/diag ${typed}${key}${words.map((word) => ` [${word}]`).join('')}` },
  ` ${title}${auto ? ' · by itself, too' : tellsChanges ? ' · at opening, too' : ''}`,
]

/** What cannot be asked yet, by what must be set for it. */
const lacking = (checks: readonly Askable[]): Span[][] =>
  [...Map.groupBy(checks, ({ missing }) => missing.join(', '))].map(([missing, those]): Span[] => [
    `⚪ not configured yet: set ${missing} for `,
    ...those.flatMap(({ key }, index): Span[] => [index === 0 ? '' : ', ', { code: key }]),
  ])

export default defineCommand({
  summary: 'What can be asked about this product',
  usage: '[product]',
  examples: ['/diag', '/diag <product>'],
  needs: 'nothing',
  run: async (ask, context) => {
    const { catalogue } = context
    const { product: named, rest } = catalogue.takeProduct(ask.words)
    const known = [...catalogue.products.keys()].filter((key) => key !== catalogue.unassigned.key).join(', ')
    if (rest !== '') return { refused: refuse('unknown_product', { word: rest, nearest: catalogue.nearest(rest), known }) }
    const product = named ?? productOf(ask, context)
    if (product === null) return noProduct(catalogue, '', (some) => `/diag ${some}`)
    // In its own channel the product need not be named.
    const typed = ask.incident?.product.key === product.key ? '' : `${product.key} `
    const all = [...context.askable(product.key).values()]
    const checks = all.filter(({ missing }) => missing.length === 0).map((check) => line(check, typed))
    const unset = lacking(all.filter(({ missing }) => missing.length > 0))
    const watching: Span[][] =
      typed === ''
        ? [
            [{ code: '/diag watch <check> [every 2m]' }, ' says when one changes'],
            [{ code: '/diag diff' }, ' now against the opening'],
          ]
        : []
    const digest: Span[] = [{ code: `/diag digest${typed === '' ? '' : ` ${product.key}`}` }, ' the last 24 h in one message']
    const list: Part[] =
      all.length === 0
        ? [{ kind: 'text', spans: ['It has no checks yet.'] }]
        : [{ kind: 'list', items: [...checks, [{ code: `/diag ${typed}all` }, ' all of them'], digest, ...watching, ...unset] }]
    return { parts: [{ kind: 'text', spans: [{ bold: product.name }, ' can be asked:'] }, ...list] }
  },
})
