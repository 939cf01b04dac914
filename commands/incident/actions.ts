import { defineCommand, say } from '../../src/define.ts'
import { actionRows } from '../../src/incident/acting/rows.ts'
import type { Span } from '../../src/incident/message.ts'
import { parsePeriod } from '../../src/incident/period-words.ts'
import { refuse, typedAgain } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'

/** What one message holds. */
const most = 20

export default defineCommand({
  summary: 'Which actions were asked for: by whom, approved by whom, what came of each; private records are left out',
  usage: 'actions [product] [period]',
  examples: ['/incident actions', '/incident actions <product> 12w'],
  needs: 'nothing',
  run: async ({ words }, { catalogue, history, now }) => {
    const { product: word, period, hours } = parsePeriod(words.trim())
    if (hours === null) {
      const example = ['/incident actions', typedAgain(word), '12w'].filter((each) => each !== '').join(' ')
      return { refused: refuse('unreadable', { what: 'a period from 1h to 104w', word: period, example }) }
    }
    const product = word === '' ? null : catalogue.product(word)
    if (word !== '' && product === null)
      return {
        refused: refuse('unknown_product', { word, nearest: catalogue.nearest(word), known: [...catalogue.products.keys()].join(', ') }),
      }
    const since = new Date(Date.parse(await now()) - hours * 3_600_000).toISOString()
    const what = `${product?.name ?? 'All products'}, records of the last ${period}`
    const rows = (await history(since, product?.key ?? null)).flatMap(({ incident }) =>
      actionRows(incident, incident.policy.calendar.zone).map((row) => ({ ...row, id: incident.id, of: incident.product.name })),
    )
    if (rows.length === 0) return say({ bold: what }, ': no action was asked for.')
    const forced = rows.filter((row) => row.forced !== null && row.ran !== 'did not run').length
    return {
      parts: [
        {
          kind: 'text',
          spans: [
            { bold: what },
            `: ${rows.length} asked for, ${rows.filter(({ ran }) => ran !== 'did not run').length} ran`,
            ...(forced === 0 ? [] : [`, 🔴 ${forced} without an approval`]),
            rows.length > most ? `. The last ${most}; each record has its own.` : '.',
          ],
        },
        {
          kind: 'list',
          items: rows
            .slice(-most)
            .map(({ id, action, of, title, asked, approved, forced: why, ran, outcome }): Span[] => [
              { bold: `${id} ${action}` },
              ` ${product === null ? `${of}: ` : ''}${shorten(title, 120)} – asked by ${shorten(asked, 120)} · `,
              why === null ? `approved by ${shorten(approved ?? 'nobody', 120)}` : `🔴 break-glass by ${shorten(why, 150)}`,
              ` · ${ran} · ${shorten(outcome, 150)}`,
            ]),
        },
      ],
    }
  },
})
