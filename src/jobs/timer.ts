/** Tells an incident that one of its timers came due. Whether that still means anything is for `decide` to say. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Lets clocks warn, breach and escalate',
  expireInSeconds: 30,
  retryLimit: 1000,
  concurrency: 8,
  coalesce: false,
  run: async ({ data }, context) => {
    // A clock that was set back since would find nothing due yet, and the timer would be lost (faults 43).
    const at = data['at']
    if (typeof at === 'string' && (await context.now()) < at) return { again: at }
    const run = Number(data['run'])
    const clock = data['clock']
    await context.handle(
      String(data['incident']),
      clock === 'response' || clock === 'update'
        ? { type: 'clock-due', clock, run }
        : { type: 'escalation-due', run, level: Number(data['escalation']) },
    )
    return undefined
  },
})
