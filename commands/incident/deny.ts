import { takeNumber, whichAction } from '../../src/asked-action.ts'
import { defineCommand, given, say, tell } from '../../src/define.ts'
import { actionOf, isPending } from '../../src/incident/acting/request.ts'

export default defineCommand({
  summary: 'Deny an action, or call off your own; one that waits for a step by hand is given up',
  usage: 'deny <n> [why]',
  examples: ['/incident deny 3', '/incident deny 3 v143 with the fix is about to go out'],
  needs: 'incident',
  run: async (ask, context) => {
    const incident = given(ask)
    const { action, rest } = takeNumber(ask.words)
    if (action === null) return whichAction(incident, 'deny', isPending, (request) => `${incident.id} ${request.action}`)
    const why = rest === '' ? null : rest
    const running = actionOf(incident, action)
    if (running?.status === 'running')
      return tell(await context.actions.abandon(incident.id, action, why, ask.by), () =>
        say(`🔴 Action ${action} was given up. What was done before stays as it is: its card says how far it came.`),
      )
    const identities = await context.approvers.identify(ask.by)
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
