/** Tells people another way that Slack cannot be used, or that it can again: one message on one way. */
import { defineJob } from '../define.ts'
import { awayAlarm, backAlarm } from '../incident/alarm.ts'

export default defineJob({
  summary: 'Tells people by webhook and e-mail while Slack cannot be used',
  expireInSeconds: 90,
  retryLimit: 100,
  concurrency: 2,
  coalesce: false,
  run: async ({ data }, context) => {
    const alarm = context.alarms.find(({ name }) => name === data['way'])
    if (alarm === undefined) {
      context.log.warn({ way: data['way'] }, 'an alarm was to be sent on a way that is not configured any more')
      return
    }
    const { since, until, why } = data
    if (typeof until === 'string') {
      await alarm.send(backAlarm({ since: String(since), why: String(why), until }))
      return
    }
    const outage = await context.outage()
    // Over before it could be told: the message that Slack is back says so.
    if (outage?.since !== since || outage === null) return
    await alarm.send(awayAlarm(outage, Number(data['number']), outage))
  },
})
