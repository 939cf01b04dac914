import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { ellipsis, refusalNow } from '../../src/incident/possible.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident reopen Payments fail again since 15:20'

const form: Form = {
  title: 'Open it again',
  submit: 'reopen',
  fields: [{ key: 'why', label: 'What is not over', kind: 'text', multiline: true, optional: false, most: 1000 }],
}

const said = (incident: Incident) => {
  const due = incident.response?.due ?? null
  return due === null
    ? say(`🔁 ${incident.id} is open again.`)
    : say(`🔁 ${incident.id} is open again. Acknowledge by `, { time: due, zone: incident.policy.calendar.zone }, ': ', {
        code: '/incident ack',
      })
}

export default defineCommand({
  summary: 'It is not over: open it again, with a new response clock',
  usage: 'reopen <why>',
  examples: [example, '/incident reopen INC-12 It is back since the second deployment'],
  needs: 'incident',
  says: true,
  run: async (ask, { handle }) => {
    const incident = given(ask)
    if (ask.words === '') return { refused: refuse('missing', { what: 'The reason', example }) }
    return tell(await handle(incident.id, { type: 'reopen', why: ask.words }, ask.by), said)
  },
  form: async (place, { now }) => refusalNow(given(place), { type: 'reopen', why: ellipsis }, place.by, await now()) ?? form,
})
