import { defineCommand, given, say, tell } from '../../src/define.ts'
import { checklistOf, checklistParts } from '../../src/incident/areas/checklist.ts'
import { shorten } from '../../src/incident/text.ts'

export default defineCommand({
  summary: 'The checklist of the severity; ticks an item off, or opens it again',
  usage: 'checklist [done|open <number or words>]',
  examples: ['/incident checklist', '/incident checklist done 2', '/incident checklist open 2'],
  needs: 'incident',
  bare: true,
  run: async (ask, { handle }) => {
    const incident = given(ask)
    const [, verb = '', item = ''] = /^(done|open)\s+(.+)$/is.exec(ask.words) ?? []
    if (verb === '') {
      const parts = checklistParts(incident)
      return parts.length === 0 ? say(`${incident.severity} of ${incident.product.name} has no checklist.`) : { parts }
    }
    const state = verb.toLowerCase() === 'done' ? 'done' : 'open'
    return tell(await handle(incident.id, { type: 'mark-item', item: item.trim(), state }, ask.by), (after) => {
      const left = checklistOf(after).filter(({ done }) => done === null)
      const rest =
        left.length === 0 ? 'All of the checklist is done.' : `Still to do: ${shorten(left.map((row) => row.item).join('; '), 300)}`
      return say(`${state === 'done' ? '✅ Ticked off.' : '☐ Open again.'} ${rest}`)
    })
  },
})
