/** Makes the one announcement of an incident what it should be, in the announcements channel. */
import { createHash } from 'node:crypto'
import { defineJob } from '../../define.ts'
import { announcement } from '../../incident/conversation.ts'
import { PortFault } from '../../ports.ts'

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
      const channel = await context.announceChannel()
      await context.mayCall('chat.postMessage', channel)
      const key = `${channel}/announcement`
      const hash = createHash('sha256').update(JSON.stringify(message)).digest('hex')
      const known = session.items.get(key)
      if (known?.state === 'done' && known.hash === hash) return
      const marker = `${incident.id}/announcement`
      try {
        const found = known === undefined ? null : known.ref === null ? await context.chat.findPosted(channel, marker, incident.declaredAt) : { ts: known.ref }
        if (found !== null) await context.chat.edit(channel, found.ts, message, marker)
        else if (known === undefined) await session.intend(key)
        const { ts } = found ?? (await context.chat.post(channel, message, marker))
        await session.done(key, ts, hash)
        if (incident.failedSteps.some((failed) => failed.surface === 'announcement')) await context.handle(incident.id, { type: 'step-mended', surface: 'announcement', step: 'announcement' })
      } catch (fault) {
        if (fault instanceof PortFault && fault.code === 'gone') await context.announceChannel(channel)
        else if (fault instanceof PortFault && fault.code !== 'limited') {
          await context.handle(incident.id, { type: 'step-failed', surface: 'announcement', step: 'announcement', reason: fault.message })
        }
        throw fault
      }
    })
  },
})
