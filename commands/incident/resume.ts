import { defineCommand, given, say, tell } from '../../src/define.ts'
import { clockTitle } from '../../src/incident/clock-words.ts'
import { runningClocks } from '../../src/incident/clocks.ts'
import type { Span } from '../../src/incident/message.ts'

export default defineCommand({
  summary: 'Let the clocks run again, with what was left of them',
  usage: 'resume',
  examples: ['/incident resume'],
  needs: 'incident',
  run: async (ask, { handle }) =>
    tell(await handle(given(ask).id, { type: 'resume' }, ask.by), (incident) => {
      const { zone } = incident.policy.calendar
      const due = runningClocks(incident).flatMap(({ clock, run }): Span[] => [
        ` ${clockTitle(incident, clock)} ${run.breachedAt === null ? 'due' : 'overdue since'} `,
        { time: run.due, zone },
        '.',
      ])
      return say('▶ The clocks run again.', ...due)
    }),
})
