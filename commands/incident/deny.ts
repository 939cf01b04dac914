import { takeNumber, whichAction } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf, isPending } from '../../src/incident/acting/request.ts'

export default defineCommand({
  summary: 'Deny an action, or call off your own',
  usage: 'deny <n> [why]',
  examples: ['/incident deny 3', '/incident deny 3 v143 with the fix is about to go out'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return whichAction(incident, 'deny', isPending, (request) => `${incident.id} ${request.action}`)
    const identities = await context.approvers.identify(ask.by)
    const intent = { type: 'deny-action', action, why: rest === '' ? null : rest, identities } as const
    return tell(await context.handle(incident.id, intent, ask.by), (after) =>
      say(
        actionOf(after, action)?.status === 'withdrawn'
          ? `🚫 Called off action ${action}; it does not run.`
          : `🚫 Denied action ${action}; it does not run.`,
      ),
    )
  },
})
