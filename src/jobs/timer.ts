/** Tells an incident that one of its timers came due. Whether that still means anything is for `decide` to say. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Lets clocks warn, breach and escalate',
  expireInSeconds: 30,
  retryLimit: 1000,
  concurrency: 8,
  coalesce: false,
  run: async ({ data }, context) => {
    const run = Number(data['run'])
    const clock = data['clock']
    await context.handle(
      String(data['incident']),
      clock === 'response' || clock === 'update' ? { type: 'clock-due', clock, run } : { type: 'escalation-due', run, level: Number(data['escalation']) },
    )
  },
})
