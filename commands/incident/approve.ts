import { namedAction, takeNumber, whichAction } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf } from '../../src/incident/acting/request.ts'
import { votesMissing } from '../../src/incident/acting/words.ts'
import { refuse } from '../../src/incident/refusals.ts'

export default defineCommand({
  summary: 'Approve an action that somebody else has asked for',
  usage: 'approve [n]',
  examples: ['/incident approve', '/incident approve 3', '/incident approve INC-12 3'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    // Even the only one is not taken at once: it may have come in the place of another just now. The button is of what is shown.
    if (action === null)
      return whichAction(
        incident,
        { verb: 'approve', what: 'waits for an approval' },
        ({ status }) => status === 'waiting',
        (request) => `${incident.id} ${request.action} ${request.hash ?? ''}`,
      )
    const request = namedAction(incident, action)
    if ('code' in request) return { refused: request }
    // What could not start with the rule of now is said here: a vote that does not count would be the end of the request.
    const wanted = context.requests.anew(incident, request)
    const rule = 'code' in wanted ? request.rule : wanted.rule
    const asked = await context.approvers.standing(ask.by, request.rule.approvers)
    if ('unknown' in asked) return { refused: refuse('not_told_apart', { why: asked.unknown }) }
    const standing = asked.basis === null || rule.approvers.length === 0 ? asked : await context.approvers.standing(ask.by, rule.approvers)
    if ('unknown' in standing) return { refused: refuse('not_told_apart', { why: standing.unknown }) }
    const lapsed = request.votes.length === 0 ? null : await context.approvers.lapsed(request, rule.approvers)
    // A button carries what its card showed; whoever types the number has read the card, which never changes what it is about.
    // What looks like a hash is held against the request, whole or not.
    const hash = /^[0-9a-f]{16,}$/i.test(rest) ? rest : null
    const outcome = await context.actions.vote(
      incident.id,
      { type: 'approve-action', action, hash, ...standing, rule, ...(lapsed === null ? {} : { lapsed }) },
      ask.by,
    )
    return tell(outcome, (after) => {
      const now = actionOf(after, action)
      if (now === undefined || now.status === 'waiting')
        return say(`✅ Approved action ${action}, ${request.title}. It needs ${now === undefined ? 'more' : votesMissing(now)}.`)
      return say(
        `✅ Approved action ${action}, ${request.title}: it starts now, if nothing has changed. Its card in the channel says how it goes.`,
      )
    })
  },
})
