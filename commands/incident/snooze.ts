import { defineCommand, given, say, tell } from '../../src/define.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { parseNext } from '../../src/incident/when.ts'

const example = '/incident snooze 15m'

export default defineCommand({
  summary: 'Be reminded of the status update later; it stays due when it was',
  usage: 'snooze [15m]',
  examples: ['/incident snooze', example],
  needs: 'incident',
  run: async (ask, { handle }) => {
    const incident = given(ask)
    const words = ask.words === '' ? '15m' : ask.words
    const { text, minutes } = parseNext(`next ${words}`)
    if (typeof minutes !== 'number' || text !== '')
      return { refused: refuse('unreadable', { what: 'a time from 1m to 24h', word: ask.words, example }) }
    return tell(await handle(incident.id, { type: 'snooze', minutes }, ask.by), (after) =>
      say('💤 You are reminded at ', { time: after.snoozed?.until ?? '', zone: incident.policy.calendar.zone }, '.'),
    )
  },
})
