/** Tells everybody of locks and of the switch that stops all actions, each once. */
import { defineJob } from '../define.ts'
import { controlMessage } from '../incident/acting/control-post.ts'

export default defineJob({
  summary: 'Announces locks and freezes of actions',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 1,
  coalesce: false,
  run: async ({ retryCount }, context) => {
    await context.shared('controls', retryCount > 0, async (session) => {
      for (const control of await context.actions.said()) {
        const message = controlMessage(control)
        const present = session.items.get(message.key)
        if (present?.state === 'done') continue
        const channel = await context.announceChannel()
        await context.mayCall('chat.postMessage', channel)
        const marker = `controls/${message.key}`
        if (present === undefined) await session.intend(message.key)
        const posted = present === undefined ? null : await context.chat.findPosted(channel, marker, present.at)
        const { ts } = posted ?? (await context.chat.post(channel, message, marker))
        await session.done(message.key, ts, message.key)
      }
    })
  },
})
