import { defineCommand, given, say, tell } from '../../src/define.ts'

export default defineCommand({
  summary: 'The impact is over, the cause may not be',
  usage: 'mitigate [text]',
  examples: ['/incident mitigate', '/incident mitigate Traffic moved to the old deployment'],
  needs: 'incident',
  says: true,
  run: async (ask, { handle }) =>
    tell(await handle(given(ask).id, { type: 'mitigate', text: ask.words === '' ? null : ask.words }, ask.by), () =>
      say('✅ Mitigated. When the cause is fixed: ', { code: '/incident resolve <summary>' }),
    ),
})
