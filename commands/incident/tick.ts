import { takeNumber, whichAction } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf } from '../../src/incident/acting/request.ts'

export default defineCommand({
  summary: 'Say that you have done by hand what an action asks for',
  usage: 'tick [n]',
  examples: ['/incident tick', '/incident tick 3'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action: number, rest } = takeNumber(ask.words)
    const waiting = incident.actions.filter(({ task }) => task !== null)
    const action = ask.words === '' && waiting.length === 1 ? (waiting[0]?.action ?? null) : number
    if (action === null) return whichAction(incident, { verb: 'tick', what: 'waits for a step by hand' }, ({ task }) => task !== null)
    const next = (actionOf(incident, action)?.ticks.length ?? 0) + 1
    const tick = /^\d+$/.test(rest) ? Number(rest) : next
    return tell(await context.handle(incident.id, { type: 'tick-action', action, tick }, ask.by), () =>
      say(`✅ Ticked off in action ${action}; it goes on.`),
    )
  },
})
