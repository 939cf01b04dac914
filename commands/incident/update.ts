import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import { dueWords } from '../../src/incident/due-words.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
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
      kind: 'choice',
      optional: true,
      before: 'next',
      options: ['10m', '15m', '30m', '1h', '2h', '4h', '8h', '1d'].map((value) => ({ value, label: value })),
      hint: 'Empty: as the severity asks',
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
    if (ask.words === '') return { refused: refuse('missing', { what: 'The text', example }) }
    const { text, minutes } = parseNext(ask.words)
    if (minutes === 'unreadable')
      return { refused: refuse('unreadable', { what: 'a time from 1m to 24h', word: ask.words.slice(text.length).trim(), example }) }
    return tell(await handle(incident.id, { type: 'update', text, nextMinutes: minutes }, ask.by), said)
  },
  form: async (place, { now }) =>
    refusalNow(given(place), { type: 'update', text: ellipsis, nextMinutes: null }, place.by, await now()) ?? form,
})
