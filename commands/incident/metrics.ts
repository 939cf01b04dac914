import { defineCommand, say } from '../../src/define.ts'
import { duration } from '../../src/incident/duration.ts'
import type { Span } from '../../src/incident/message.ts'
import { metricsOf, type Spread } from '../../src/incident/metrics.ts'
import { parsePeriod } from '../../src/incident/period-words.ts'
import { refuse, typedAgain } from '../../src/incident/refusals.ts'

const spread = (title: string, of: Spread): Span[] => [
  { bold: title },
  of === null ? ' no data' : ` median ${duration(of.median)}, mean ${duration(of.mean)} (${of.count})`,
]

export default defineCommand({
  summary: 'How fast we are: times to acknowledge and resolve, clocks met; private records and drills are left out',
  usage: 'metrics [product] [period]',
  examples: ['/incident metrics', '/incident metrics 12w', '/incident metrics <product> 30d'],
  needs: 'nothing',
  run: async ({ words }, { catalogue, history, now }) => {
    const { product: word, period, hours: length } = parsePeriod(words.trim())
    if (length === null) {
      const example = ['/incident metrics', typedAgain(word), '12w'].filter((each) => each !== '').join(' ')
      return { refused: refuse('unreadable', { what: 'a period from 1h to 104w', word: period, example }) }
    }
    const product = word === '' ? null : catalogue.product(word)
    if (word !== '' && product === null)
      return {
        refused: refuse('unknown_product', {
          word,
          nearest: catalogue.nearest(word),
          known: [...catalogue.products.keys()].join(', '),
        }),
      }
    const since = new Date(Date.parse(await now()) - length * 3_600_000).toISOString()
    const of = metricsOf(await history(since, product?.key ?? null))
    const what = `${product?.name ?? 'All products'}, last ${period}`
    if (of.records === 0) return say({ bold: what }, ': no data, since nothing was declared.')
    const { responses } = of
    const counted = Object.entries(of.bySeverity).map(([severity, count]) => `${severity} ${count}`)
    return {
      parts: [
        { kind: 'text', spans: [{ bold: what }, `: ${of.records} declared, ${of.open} of them open · ${counted.join(' · ')}`] },
        {
          kind: 'list',
          items: [
            spread('Time to acknowledge (MTTA)', of.acknowledge),
            spread('Time to resolve (MTTR)', of.resolve),
            [
              { bold: 'Responses in time' },
              responses === null
                ? ' no data'
                : ` ${Math.floor((responses.met / responses.of) * 1000) / 10} % (${responses.met} of ${responses.of})`,
            ],
            ...(product === null
              ? [[{ bold: 'By product' }, ` ${of.byProduct.map((each) => `${each.product} ${each.records}`).join(' · ')}`]]
              : []),
          ],
        },
        {
          kind: 'context',
          spans: [
            `Counted from detection, without the time between a resolution and its reopening.${of.paused > 0 ? ` The clocks were paused for ${duration(of.paused)} in all; that counts here.` : ''}`,
          ],
        },
      ],
    }
  },
})
