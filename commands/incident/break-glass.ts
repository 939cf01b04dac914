import { takeNumber } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { refuse } from '../../src/incident/refusals.ts'

const example = '/incident break-glass 3 Nobody answers, and every payment fails'

export default defineCommand({
  summary: 'In a P1 that nobody approves in time: the lead runs an action alone, with a reason',
  usage: 'break-glass <n> <why>',
  examples: [example],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return { refused: refuse('missing', { what: 'The number of the action', example }) }
    const identities = await context.approvers.identify(ask.by)
    return tell(await context.actions.vote(incident.id, { type: 'force-action', action, why: rest, identities }, ask.by), () =>
      say(`🔴 Action ${action} starts now without an approval, if nothing else stands against it. Everybody reads that it did, and why.`),
    )
  },
})
