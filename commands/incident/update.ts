import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import { dueWords } from '../../src/incident/due-words.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { parseNext } from '../../src/incident/when.ts'

const example = '/incident update Rolled back, watching next 30m'

const form: Form = {
  title: 'Status update',
  submit: 'update',
  fields: [
    { key: 'text', label: 'What is known, what is being done', kind: 'text', multiline: true, optional: false, most: 3000 },
    {
      key: 'next',
      label: 'Next update in',
      kind: 'text',
      multiline: false,
      optional: true,
      most: 10,
      hint: '30m, 1h30m or 2h; empty: as the severity asks',
    },
  ],
}

const said = (incident: Incident) => {
  const due = dueWords(incident, 'update')
  return due === null ? say('✅ Update posted.') : say('✅ Update posted. The next is due ', ...due, '.')
}

export default defineCommand({
  summary: 'Post a status update; restarts the update clock',
  usage: 'update <text> [next 30m]',
  examples: ['/incident update Payments fail since 14:05, rolling back', example],
  needs: 'incident',
  says: true,
  run: async (ask, { handle }) => {
    const incident = given(ask)
    if (ask.words === '') return ask.canShowForm ? { form } : { refused: refuse('missing', { what: 'The text', example }) }
    const { text, minutes } = parseNext(ask.words)
    if (minutes === 'unreadable')
      return { refused: refuse('unreadable', { what: 'a time from 1m to 24h', word: ask.words.slice(text.length).trim(), example }) }
    return tell(await handle(incident.id, { type: 'update', text, nextMinutes: minutes }, ask.by), said)
  },
  submit: async (values, place, { handle }) => {
    const { minutes } = parseNext(`x next ${values['next'] ?? ''}`.trim())
    if ((values['next'] ?? '') !== '' && typeof minutes !== 'number')
      return { refused: refuse('unreadable', { what: 'a time from 1m to 24h', word: values['next'] ?? '', example: '30m' }) }
    return tell(
      await handle(
        given(place).id,
        { type: 'update', text: values['text'] ?? '', nextMinutes: typeof minutes === 'number' ? minutes : null },
        place.by,
      ),
      said,
    )
  },
})
