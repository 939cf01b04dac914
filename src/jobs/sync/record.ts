/** Publishes the incident, its timeline and its post-mortem for people to read. */
import { defineJob } from '../../define.ts'
import { published } from '../../incident/record.ts'
import { toldHead, toldOf, writePostmortem } from '../../incident/document.ts'
import { PortFault } from '../../ports.ts'

export default defineJob({
  summary: 'Publishes the incident in the record',
  expireInSeconds: 60,
  retryLimit: 100,
  concurrency: 2,
  coalesce: true,
  run: async ({ data, retryCount }, context) => {
    const { records } = context
    if (records === null) return
    await context.surface('record', String(data['incident']), retryCount > 0, async (session, loaded) => {
      const { incident, events } = loaded
      const key = 'record'
      const version = String(incident.version)
      if (session.items.get(key)?.hash === version) return
      await context.mayCall('record', '')
      const told = toldOf(loaded)
      const markdown = told === null ? null : writePostmortem(told, context.templates)
      try {
        await records.publish(published(incident, events, toldHead(loaded), markdown))
        for (const { surface, step } of incident.failedSteps) {
          if (surface === 'record' || surface === 'sync-record') await context.handle(incident.id, { type: 'step-mended', surface, step })
        }
        session.showed(key, null, version)
      } catch (fault) {
        if (fault instanceof PortFault && fault.code !== 'limited')
          await context.handle(incident.id, { type: 'step-failed', surface: 'record', step: 'record', reason: fault.message })
        throw fault
      }
    })
  },
})
