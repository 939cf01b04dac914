/** Frees the roles of somebody who was deactivated in the chat, in every open incident. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Frees the roles of who is gone from the workspace',
  expireInSeconds: 120,
  retryLimit: 20,
  concurrency: 1,
  coalesce: false,
  run: async ({ data }, context) => {
    const person = String(data['person'])
    // Where they have no role, or have none any more, nothing happens.
    for (const id of await context.openIncidents()) await context.handle(id, { type: 'person-gone', id: person })
  },
})
