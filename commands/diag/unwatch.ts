import { defineCommand, given, say, tell } from '../../src/define.ts'

export default defineCommand({
  summary: 'End a watch, or all of them',
  usage: 'unwatch [check]',
  examples: ['/diag unwatch', '/diag unwatch health'],
  needs: 'incident',
  run: async (ask, { handle }) => {
    const check = ask.words === '' || ask.words.toLowerCase() === 'all' ? null : ask.words.toLowerCase()
    return tell(await handle(given(ask).id, { type: 'stop-watch', check }, ask.by), () =>
      say(check === null ? '👁 Nothing is watched any more.' : `👁 ${check} is not watched any more.`),
    )
  },
})
