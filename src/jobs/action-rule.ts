/** Tells the requests of a record what the product's rule asks of them now: another severity has other people who may approve. */
import { defineJob } from '../define.ts'
import { isPending } from '../incident/acting/request.ts'

export default defineJob({
  summary: 'Brings the rule of now to requests that wait for an approval',
  expireInSeconds: 60,
  retryLimit: 10,
  concurrency: 2,
  coalesce: false,
  run: async ({ data }, context) => {
    const id = String(data['incident'])
    const incident = (await context.load(id))?.incident
    if (incident === undefined) return
    for (const request of incident.actions.filter(isPending)) {
      const wanted = context.requests.anew(incident, request)
      // Where the catalogue does not have it any more, its start says so.
      if (!('code' in wanted)) await context.handle(id, { type: 'change-action-rule', action: request.action, rule: wanted.rule })
    }
  },
})
