import { takeNumber, whichAction } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf, type ActionRequest, isPending } from '../../src/incident/acting/request.ts'

const canBeDenied = (request: ActionRequest): boolean => (isPending(request) && !request.automatic) || request.task !== null

export default defineCommand({
  summary: 'Deny an action, or call off your own; one that waits for a step by hand is given up',
  usage: 'deny <n> [why]',
  examples: ['/incident deny 3', '/incident deny 3 v143 with the fix is about to go out'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return whichAction(incident, { verb: 'deny', what: 'waits for an approval or for a step by hand' }, canBeDenied)
    const why = rest === '' ? null : rest
    const running = actionOf(incident, action)
    if (running?.status === 'running')
      return tell(await context.actions.abandon(incident.id, action, why, ask.by), () =>
        say(`🔴 Action ${action} was given up. What was done before stays as it is: its card says how far it came.`),
      )
    // Whoever calls it off may, whether or not the chat says now who they are.
    const known = await context.approvers.identify(ask.by)
    const identities = 'unknown' in known ? [] : known.identities
    const intent = { type: 'deny-action', action, why, identities } as const
    return tell(await context.handle(incident.id, intent, ask.by), (after) =>
      say(
        actionOf(after, action)?.status === 'withdrawn'
          ? `🚫 Called off action ${action}; it does not run.`
          : `🚫 Denied action ${action}; it does not run.`,
      ),
    )
  },
})
