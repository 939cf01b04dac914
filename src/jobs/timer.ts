/** Tells an incident that one of its timers came due. Whether that still means anything is for `decide` to say. */
import { defineJob } from '../define.ts'
import type { Intent } from '../incident/commands.ts'

/** What a timer asks: each kind carries what tells it apart. */
const intentOf = (data: Readonly<Record<string, string | number>>): Intent => {
  const run = Number(data['run'])
  if (data['checks'] !== undefined)
    return { type: 'finish-checks', run: Number(data['checks']), why: 'Not finished: whoever asked it stopped. Ask again.' }
  if (data['expiry'] !== undefined) return { type: 'expire-action', action: Number(data['action']) }
  if (data['unanswered'] !== undefined && data['action'] !== undefined) return { type: 'unanswered-action', action: Number(data['action']) }
  if (data['search'] !== undefined) return { type: 'lead-due', search: Number(data['search']), count: Number(data['count']) }
  if (data['window'] !== undefined) return { type: 'window-due' }
  if (data['snooze'] !== undefined) return { type: 'snooze-due', run, until: String(data['snooze']) }
  if (data['unanswered'] !== undefined) return { type: 'unanswered-due', run, round: Number(data['unanswered']) }
  if (data['escalation'] !== undefined) return { type: 'escalation-due', run, level: Number(data['escalation']) }
  return { type: 'clock-due', clock: String(data['clock']), run }
}

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
    await context.handle(String(data['incident']), intentOf(data))
    return undefined
  },
})
