import { defineCommand } from '../../src/define.ts'
import type { Span } from '../../src/incident/message.ts'
import { helpOn, verbList } from '../../src/verb-help.ts'

export default defineCommand({
  summary: 'This list, or one verb with examples',
  usage: 'help [verb]',
  examples: ['/diag help', '/diag help watch'],
  needs: 'nothing',
  run: async ({ words }, { verbs, catalogue }) => {
    if (words !== '') return helpOn('diag', words, verbs)
    const products = [...catalogue.products.values()].filter(({ key, checks }) => key !== catalogue.unassigned.key && checks.size > 0)
    return {
      parts: [
        { kind: 'text', spans: [{ bold: '/diag' }, ' asks read-only checks: it changes nothing.'] },
        verbList('diag', verbs),
        {
          kind: 'context',
          spans: [
            'What each product can be asked: ',
            ...products.flatMap(({ key }, index): Span[] => [index === 0 ? '' : ' · ', { code: `/diag ${key}` }]),
          ],
        },
      ],
    }
  },
})
