import { defineCommand, given, type Reply, say, tell } from '../../src/define.ts'
import { recordAt } from '../../src/incident/areas/merging.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Span } from '../../src/incident/message.ts'
import { refuse } from '../../src/incident/refusals.ts'
import { failedStep } from '../../src/incident/report.ts'

const codeHostSettings: readonly Span[] = [{ code: 'GITHUB_TOKEN' }, ' and ', { code: 'GITHUB_REPOSITORY' }]
const recordSettings: readonly Span[] = [{ code: 'SUPABASE_URL' }, ' and ', { code: 'SUPABASE_SECRET_KEY' }]
const again = ', and start the bot again.'

/** Why there is no pull request, and where the post-mortem is instead. */
const elsewhere = ({ id, private: hidden }: Incident, on: { codeHost: boolean; record: boolean }): Reply => {
  const why = `${hidden ? `${id} is private` : 'GitHub is off'}, so no pull request is opened`
  const wish: readonly Span[] = hidden ? [] : [' For pull requests set ', ...codeHostSettings, again]
  if (on.record) return say(`${why}: the post-mortem is in Supabase only, in the table `, { code: 'postmortems' }, '.', ...wish)
  if (hidden) return say(`${why}, and Supabase is off: the post-mortem is nowhere yet. Set `, ...recordSettings, again)
  return say('GitHub and Supabase are off: the post-mortem is nowhere yet. Set ', ...codeHostSettings, ', or ', ...recordSettings, again)
}

export default defineCommand({
  summary: 'Where the post-mortem is; `done` marks it as reviewed',
  usage: 'postmortem [done]',
  examples: ['/incident postmortem', '/incident postmortem done'],
  needs: 'incident',
  run: async (ask, { handle, publishes: on }) => {
    const incident = given(ask)
    if (incident.mergedInto !== null)
      return say(
        `${incident.id} was merged into `,
        ...recordAt(incident.mergedInto, incident.mergedWhere),
        ': the post-mortem is written there.',
      )
    if (ask.words.toLowerCase() === 'done')
      return tell(await handle(incident.id, { type: 'review' }, ask.by), () => say(`✅ ${incident.id} is reviewed.`))
    if (ask.words !== '')
      return { refused: refuse('unreadable', { what: 'something this verb knows', word: ask.words, example: '/incident postmortem done' }) }
    if (incident.stamps.resolve === null && incident.pullRequest !== null)
      return say(
        '📄 ',
        { link: incident.pullRequest, text: 'Post-mortem' },
        `. ${incident.id} is open again: it says so, and is completed at the next resolution.`,
      )
    if (incident.stamps.resolve === null) return { refused: refuse('not_resolved', { id: incident.id }) }
    if (incident.pullRequest !== null)
      return say('📄 ', { link: incident.pullRequest, text: 'Post-mortem' }, '. Reviewed? ', { code: '/incident postmortem done' })
    if (incident.private || !on.codeHost) return elsewhere(incident, on)
    const failed = incident.failedSteps.find(({ surface }) => surface === 'pull-request' || surface === 'sync-pull-request')
    return failed === undefined
      ? say('The post-mortem is being written. It is posted here when it is ready.')
      : say(`⚠ ${failedStep(failed)}. It is tried again, and posted here when it is ready.`)
  },
})
