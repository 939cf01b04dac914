/** Tells everybody of locks and of the switch that stops all actions, each once, and every record what stands against its actions now. */
import { defineJob, type JobContext } from '../define.ts'
import { controlMessage } from '../incident/acting/control-post.ts'
import { sameObstacle } from '../incident/acting/obstacle.ts'

/** What waits for approval says what stands against it. */
const lookAt = async (id: string, context: JobContext): Promise<void> => {
  const loaded = await context.load(id)
  for (const request of loaded?.incident.actions ?? []) {
    if (loaded === null || request.status !== 'waiting') continue
    const against = await context.actions.against(loaded.incident, request)
    if (!sameObstacle(request.against, against)) await context.handle(id, { type: 'hold-action', action: request.action, against })
  }
}

export default defineJob({
  summary: 'Announces locks and freezes of actions, and shows them where an action waits',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 1,
  coalesce: false,
  run: async ({ data, retryCount }, context) => {
    if (data['incident'] !== undefined) return lookAt(String(data['incident']), context)
    // Each by itself: a record that cannot be read keeps nothing from the others.
    const startAfter = await context.now()
    for (const id of await context.openIncidents())
      await context.enqueue({ queue: 'controls', data: { incident: id }, key: id, startAfter })
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
