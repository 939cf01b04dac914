import { namedAction, takeNumber } from '../../src/asked-action.ts'
import { type Answer, defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf, type ActionRequest } from '../../src/incident/acting/request.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Part } from '../../src/incident/message.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { shorten } from '../../src/incident/text.ts'

/** So many are shown. */
const most = 5

/** What each waits for, with a button of that very step: the next may wait by the time that somebody types. */
const stepsOf = ({ id }: Incident, waiting: readonly ActionRequest[]): Answer => ({
  parts: waiting.slice(0, most).flatMap(({ action, title, task, ticks }): Part[] => [
    {
      kind: 'text',
      spans: [{ bold: `Action ${action}` }, ` ${shorten(title, 150)} waits for this:\n👉 ${shorten(task?.text ?? '', 1000)}`],
    },
    { kind: 'buttons', buttons: [{ label: 'Done', action: 'tick', value: `${id} ${action} ${ticks.length + 1}`, style: 'primary' }] },
    { kind: 'context', spans: ['Done? ', { code: `/incident tick ${id} ${action} ${ticks.length + 1}` }] },
  ]),
})

export default defineCommand({
  summary: 'Say that you have done by hand what an action asks for',
  usage: 'tick [n] [step]',
  examples: ['/incident tick', '/incident tick 3', '/incident tick 3 2'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) {
      const waiting = incident.actions.filter(({ task }) => task !== null)
      return waiting.length === 0 ? { refused: refuse('no_such_action', { what: 'waits for a step by hand' }) } : stepsOf(incident, waiting)
    }
    const request = namedAction(incident, action)
    if ('code' in request) return { refused: request }
    const tick = /^\d{1,4}$/.test(rest) ? Number(rest) : null
    // Whoever types no step may have read another than the one that waits by now.
    if (tick === null && request.task !== null) return stepsOf(incident, [request])
    return tell(await context.handle(incident.id, { type: 'tick-action', action, tick: tick ?? 0 }, ask.by), (after) =>
      say(`✅ Ticked off in action ${action}: ${shorten(actionOf(after, action)?.ticks.at(-1)?.text ?? '', 300)}\nIt goes on.`),
    )
  },
})
