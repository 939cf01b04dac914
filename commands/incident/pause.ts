import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident pause Waiting for the provider'

const form: Form = {
  title: 'Pause the clocks',
  submit: 'pause',
  fields: [
    {
      key: 'why',
      label: 'Why nothing can be done for now',
      kind: 'text',
      multiline: false,
      optional: false,
      most: 500,
      hint: 'Everybody reads it',
    },
  ],
}

const said = () => say('⏸ The clocks stand. To let them run again: ', { code: '/incident resume' })

export default defineCommand({
  summary: 'Stop all clocks, with a reason; what is left of them stays left',
  usage: 'pause <why>',
  examples: [example],
  needs: 'incident',
  says: true,
  run: async (ask, { handle }) => {
    const incident = given(ask)
    if (ask.words === '') return { refused: refuse('missing', { what: 'The reason', example }) }
    return tell(await handle(incident.id, { type: 'pause', why: ask.words }, ask.by), said)
  },
  form: async (place, { now }) => refusalNow(given(place), { type: 'pause', why: ellipsis }, place.by, await now()) ?? form,
})
