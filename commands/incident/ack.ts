import { defineCommand, given, say, tell } from '../../src/define.ts'
import { duration } from '../../src/incident/timeline.ts'

export default defineCommand({
  summary: 'Acknowledge: stops the response clock; you lead until somebody else does',
  usage: 'ack',
  examples: ['/incident ack', '/incident ack INC-12'],
  needs: 'incident',
  run: async (ask, { handle }) =>
    tell(await handle(given(ask).id, { type: 'acknowledge' }, ask.by), (incident) => {
      const run = incident.response
      const took = run === null || run.metAt === null ? '' : ` after ${duration(Date.parse(run.metAt) - Date.parse(run.startedAt))}`
      return say(`✅ ${incident.id} acknowledged${took}.`)
    }),
})
