import { defineCommand, given, say, tell } from '../../src/define.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'Where the post-mortem is; `done` marks it as reviewed',
  usage: 'postmortem [done]',
  examples: ['/incident postmortem', '/incident postmortem done'],
  needs: 'incident',
  run: async (ask, { handle }) => {
    const incident = given(ask)
    if (ask.words.toLowerCase() === 'done')
      return tell(await handle(incident.id, { type: 'review' }, ask.by), () => say(`✅ ${incident.id} is reviewed.`))
    if (ask.words !== '')
      return { refused: refuse('unreadable', { what: 'something this verb knows', word: ask.words, example: '/incident postmortem done' }) }
    if (incident.stamps.resolve === null) return { refused: refuse('not_resolved', { id: incident.id }) }
    if (incident.private)
      return say(`${incident.id} is private, so no pull request is opened: its post-mortem is in the published record only.`)
    return incident.pullRequest === null
      ? say('The post-mortem is being written. It is posted here when it is ready.')
      : say('📄 ', { link: incident.pullRequest, text: 'Post-mortem' }, '. Reviewed? ', { code: '/incident postmortem done' })
  },
})
