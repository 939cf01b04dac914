import { takeNumber } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf } from '../../src/incident/acting/request.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'Say that you have done by hand what an action asks for',
  usage: 'tick <n>',
  examples: ['/incident tick 3'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return { refused: refuse('missing', { what: 'The number of the action', example: '/incident tick 3' }) }
    const next = (actionOf(incident, action)?.ticks.length ?? 0) + 1
    const tick = /^\d+$/.test(rest) ? Number(rest) : next
    return tell(await context.handle(incident.id, { type: 'tick-action', action, tick }, ask.by), () =>
      say(`✅ Ticked off in action ${action}; it goes on.`),
    )
  },
})
