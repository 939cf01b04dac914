import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
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
    // Whether they stand already is said before anybody fills in a form.
    if (ask.words === '' && incident.paused !== null)
      return { refused: refuse('already_paused', { at: incident.paused.at, why: incident.paused.why }) }
    if (ask.words === '') return ask.canShowForm ? { form } : { refused: refuse('missing', { what: 'The reason', example }) }
    return tell(await handle(incident.id, { type: 'pause', why: ask.words }, ask.by), said)
  },
  submit: async (values, place, { handle }) =>
    tell(await handle(given(place).id, { type: 'pause', why: values['why'] ?? '' }, place.by), said),
})
