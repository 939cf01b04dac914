import { defineCommand } from '../../src/define.ts'
import { helpOn, verbList } from '../../src/verb-help.ts'

export default defineCommand({
  summary: 'This list, or one verb with examples',
  usage: 'help [verb]',
  examples: ['/incident help', '/incident help update'],
  needs: 'nothing',
  run: async ({ words }, { verbs }) =>
    words === ''
      ? {
          parts: [
            {
              kind: 'text',
              spans: [{ bold: '/incident' }, ' – in an incident’s channel, or with its id first: ', { code: '/incident ack INC-12' }],
            },
            verbList('incident', verbs),
            { kind: 'context', spans: [{ code: '/diag' }, ' runs read-only checks.'] },
          ],
        }
      : helpOn('incident', words, verbs),
})
