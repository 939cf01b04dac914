import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { parseAt } from '../../src/incident/when.ts'
import { refuse } from '../../src/incident/refusals.ts'

const form: Form = {
  title: 'Note',
  submit: 'note',
  fields: [
    { key: 'text', label: 'What happened', kind: 'text', multiline: true, optional: false, most: 3000 },
    { key: 'at', label: 'When', kind: 'time', optional: true, before: 'at', hint: 'Empty: now. In the product’s time zone' },
  ],
}

export default defineCommand({
  summary: 'Add to the timeline, back-dated if you say so',
  usage: 'note <text> [at 14:05]',
  examples: ['/incident note Restarted the worker', '/incident note Deploy of v142 went out at 14:05'],
  needs: 'incident',
  says: true,
  form: async (place, { now }) => refusalNow(given(place), { type: 'note', text: ellipsis }, place.by, await now()) ?? form,
  run: async (ask, { handle, now }) => {
    const incident = given(ask)
    const example = '/incident note Restarted the worker at 14:05'
    if (ask.words === '') return { refused: refuse('missing', { what: 'The text', example }) }
    const { text, at } = parseAt(ask.words, await now(), incident.policy.calendar.zone)
    if (at === 'unreadable')
      return {
        refused: refuse('unreadable', {
          what: 'a time of day such as 14:05, 2pm or 14:05 UTC',
          word: ask.words.slice(text.length).trim(),
          example,
        }),
      }
    return tell(await handle(incident.id, { type: 'note', text }, ask.by, at ?? undefined), () =>
      at === null ? say('✅ Noted.') : say('✅ Noted for ', { time: at, zone: incident.policy.calendar.zone }, '.'),
    )
  },
})
