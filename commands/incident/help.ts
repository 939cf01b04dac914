import { defineCommand } from '../../src/define.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { nearest } from '../../src/incident/nearest.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'This list, or one verb with examples',
  usage: 'help [verb]',
  examples: ['/incident help', '/incident help update'],
  needs: 'nothing',
  run: async ({ words }, { verbs }) => {
    const mine = verbs.filter((verb) => verb.command === 'incident')
    if (words !== '') {
      const found = mine.find((verb) => verb.name === words.toLowerCase())
      if (found === undefined)
        return {
          refused: refuse('unknown_verb', {
            verb: words,
            nearest: nearest(
              words,
              mine.map((verb) => verb.name),
            ),
          }),
        }
      const { usage, summary, examples } = found.definition
      return {
        parts: [
          { kind: 'text', spans: [{ code: `/incident ${usage}` }, ` ${summary}.`] },
          { kind: 'list', items: examples.map((example): Span[] => [{ code: example }]) },
        ],
      }
    }
    const list: Part = { kind: 'list', items: mine.map(({ definition }): Span[] => [{ code: definition.usage }, ` ${definition.summary}`]) }
    return {
      parts: [
        {
          kind: 'text',
          spans: [{ bold: '/incident' }, ' – in an incident’s channel, or with its id first: ', { code: '/incident ack INC-12' }],
        },
        list,
        { kind: 'context', spans: [{ code: '/diag' }, ' runs read-only checks.'] },
      ],
    }
  },
})
