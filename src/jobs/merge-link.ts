/** Tells a record where one that it is linked with by a merge is now: its channel was opened, renamed or lost. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Leads from a record to the present channel of one that is merged with it',
  expireInSeconds: 60,
  retryLimit: 20,
  concurrency: 2,
  coalesce: true,
  run: async ({ data }, context) => {
    const [id, record] = [String(data['incident']), String(data['record'])]
    const other = await context.load(record)
    if (other !== null) await context.handle(id, { type: 'move-link', record, channel: other.incident.channel })
  },
})
