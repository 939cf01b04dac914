/** Settles the alerts of one product and rule: they open an incident, join one, or resolve in one. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Matches alerts to incidents',
  expireInSeconds: 60,
  retryLimit: 1000,
  concurrency: 4,
  coalesce: true,
  run: ({ data }, context) => context.matchAlerts(String(data['product']), String(data['rule'])),
})
