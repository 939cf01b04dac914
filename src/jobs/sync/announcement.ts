/** Makes the one announcement of an incident what it should be, in the announcements channel. */
import { createHash } from 'node:crypto'
import { defineJob, type JobContext } from '../../define.ts'
import { announcement } from '../../incident/conversation.ts'
import type { Message } from '../../incident/message.ts'
import { type Chat, PortFault } from '../../ports.ts'

/** False when the message is not there any more: somebody deleted it. If the channel is gone, posting it anew says so. */
const edited = async (chat: Chat, channel: string, ts: string, message: Message, marker: string): Promise<boolean> => {
  try {
    await chat.edit(channel, ts, message, marker)
    return true
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code !== 'gone') throw fault
    return false
  }
}

/** Has a channel that is gone made anew, for the next run. Gives what people are to know of: the fault, or what is in the way. */
const replaced = async (gone: string, fault: unknown, context: JobContext): Promise<unknown> => {
  try {
    await context.announceChannel(gone)
    return fault
  } catch (obstacle) {
    return obstacle
  }
}

export default defineJob({
  summary: 'Posts and edits the incident’s announcement',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 2,
  coalesce: true,
  run: async ({ data, retryCount }, context) => {
    await context.surface('announcement', String(data['incident']), retryCount > 0, async (session, { incident }) => {
      const message = announcement(incident)
      if (message === null) return
      let channel: string | undefined
      try {
        channel = await context.announceChannel()
        await context.mayCall('chat.postMessage', channel)
        const key = `${channel}/announcement`
        const hash = createHash('sha256').update(JSON.stringify(message)).digest('hex')
        const known = session.items.get(key)
        // One that was announced in a channel that is gone, and is over, is no news.
        if (known === undefined && session.items.size > 0 && incident.stamps.resolve !== null) return
        if (known?.state === 'done' && known.hash === hash) return
        const marker = `${incident.id}/announcement`
        const found =
          known === undefined
            ? null
            : known.ref === null
              ? await context.chat.findPosted(channel, marker, incident.declaredAt)
              : { ts: known.ref }
        if (found === null && known === undefined) await session.intend(key)
        const ts =
          found !== null && (await edited(context.chat, channel, found.ts, message, marker))
            ? found.ts
            : (await context.chat.post(channel, message, marker)).ts
        for (const { surface, step } of incident.failedSteps) {
          if (surface === 'announcement' || surface === 'sync-announcement')
            await context.handle(incident.id, { type: 'step-mended', surface, step })
        }
        session.showed(key, ts, hash)
      } catch (error) {
        const isGone = error instanceof PortFault && error.code === 'gone'
        const fault = isGone && channel !== undefined ? await replaced(channel, error, context) : error
        if (fault instanceof PortFault && fault.code !== 'limited' && fault.code !== 'gone')
          await context.handle(incident.id, { type: 'step-failed', surface: 'announcement', step: 'announcement', reason: fault.message })
        throw fault
      }
    })
  },
})
