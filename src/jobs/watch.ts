/** Asks a watched check again and again, until its watch ends. What it found is in the record, so that any process goes on with it. */
import { addMinutes } from 'date-fns/addMinutes'
import { defineJob } from '../define.ts'
import { crossed } from '../incident/acting/criteria.ts'
import { beganAt } from '../incident/areas/checking.ts'
import { watching } from '../incident/areas/watching.ts'

export default defineJob({
  summary: 'Asks a watched check again, and says when it has changed',
  expireInSeconds: 120,
  retryLimit: 25,
  concurrency: 4,
  coalesce: false,
  run: async ({ data }, context) => {
    const id = String(data['incident'])
    const number = Number(data['watch'])
    const incident = (await context.load(id))?.incident
    const watch = incident === undefined ? undefined : watching(incident).find((each) => each.watch === number)
    if (incident === undefined || watch === undefined) return undefined
    const end = async (why: 'resolved' | 'time' | 'gone') => {
      await context.handle(id, { type: 'end-watch', watch: number, why })
      return undefined
    }
    if (incident.stamps.resolve !== null || incident.mergedInto !== null) return end('resolved')
    const now = await context.now()
    if (now >= watch.until) return end('time')
    const [result] = await context.runChecks(incident.product.key, [watch.check], { words: watch.words, around: beganAt(incident) })
    if (result === undefined) return end('gone')
    await context.handle(id, { type: 'answer-watch', watch: number, result })
    for (const suggestion of crossed(context.catalogue.product(incident.product.key)?.acting.criteria ?? [], [result]))
      await context.handle(id, { type: 'suggest-action', ...suggestion })
    const next = addMinutes(now, watch.minutes).toISOString()
    return { again: next < watch.until ? next : watch.until }
  },
})
