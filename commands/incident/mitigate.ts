import { defineCommand, type Form, given, say, tell } from '../../src/define.ts'
import { refusalNow } from '../../src/incident/possible.ts'

const form: Form = {
  title: 'The impact is over',
  submit: 'mitigate',
  fields: [{ key: 'text', label: 'What ended it', kind: 'text', multiline: true, optional: true, most: 3000 }],
}

export default defineCommand({
  summary: 'The impact is over, the cause may not be',
  usage: 'mitigate [text]',
  examples: ['/incident mitigate', '/incident mitigate Traffic moved to the old deployment'],
  needs: 'incident',
  says: true,
  form: async (place, { now }) => refusalNow(given(place), { type: 'mitigate', text: null }, place.by, await now()) ?? form,
  run: async (ask, { handle }) =>
    tell(await handle(given(ask).id, { type: 'mitigate', text: ask.words === '' ? null : ask.words }, ask.by), () =>
      say('✅ Mitigated. When the cause is fixed: ', { code: '/incident resolve <summary>' }),
    ),
})
