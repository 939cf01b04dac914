import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { refuse } from '../../src/incident/refusals.ts'

const form: Form = {
  title: 'Resolve',
  submit: 'resolve',
  fields: [{ key: 'summary', label: 'What was wrong, and what fixed it', kind: 'text', multiline: true, optional: false, most: 3000 }],
}

const said = (incident: Incident) => say(`✅ ${incident.id} resolved. The checks run once more, then the post-mortem is written.`)

export default defineCommand({
  summary: 'It is fixed: stops the clocks, writes the post-mortem',
  usage: 'resolve <summary>',
  examples: ['/incident resolve Rolled back to v141; a migration had locked the table'],
  needs: 'incident',
  says: true,
  run: async (ask, { handle }) => {
    if (ask.words === '')
      return ask.canShowForm
        ? { form }
        : { refused: refuse('missing', { what: 'The summary', example: '/incident resolve Rolled back to v141' }) }
    return tell(await handle(given(ask).id, { type: 'resolve', summary: ask.words }, ask.by), said)
  },
  submit: async (values, place, { handle }) =>
    tell(await handle(given(place).id, { type: 'resolve', summary: values['summary'] ?? '' }, place.by), said),
})
