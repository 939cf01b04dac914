import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import { clocked } from '../../src/incident/clocks.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'

const form = ({ kind }: Incident): Form => ({
  title: clocked(kind) ? 'Resolve' : 'Done',
  submit: 'resolve',
  fields: [
    {
      key: 'summary',
      label: clocked(kind) ? 'What was wrong, and what fixed it' : 'What was done, and how it went',
      kind: 'text',
      multiline: true,
      optional: false,
      most: 3000,
    },
  ],
})

const said = (incident: Incident) =>
  clocked(incident.kind)
    ? say(`✅ ${incident.id} resolved. The checks run once more, then the post-mortem is written.`)
    : say(`✅ ${incident.id} is done. The checks run once more, then its record is written.`)

export default defineCommand({
  summary: 'It is fixed: stops the clocks, writes the post-mortem',
  usage: 'resolve <summary>',
  examples: ['/incident resolve Rolled back to v141; a migration had locked the table'],
  needs: 'incident',
  says: true,
  run: async (ask, { handle }) => {
    if (ask.words === '') return { refused: refuse('missing', { what: 'The summary', example: '/incident resolve Rolled back to v141' }) }
    return tell(await handle(given(ask).id, { type: 'resolve', summary: ask.words }, ask.by), said)
  },
  form: async (place, { now }) =>
    refusalNow(given(place), { type: 'resolve', summary: ellipsis }, place.by, await now()) ?? form(given(place)),
})
