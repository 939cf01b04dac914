/** Proposes the post-mortem as a pull request, and keeps its generated blocks up to date; what people wrote there is theirs. */
import { defineJob } from '../../define.ts'
import { postmortemPath, toldHead, toldOf, writePostmortem } from '../../incident/document.ts'
import type { Incident } from '../../incident/incident.ts'
import { mergeGenerated } from '../../incident/merge.ts'
import { shorten } from '../../incident/text.ts'
import { PortFault } from '../../ports.ts'

const messageOf = ({ id, stamps, mergedInto }: Incident, hash: string): string => {
  if (mergedInto !== null) return `Post-mortem of ${id}, which is merged into ${mergedInto}, audit head ${hash}`
  return stamps.resolve === null
    ? `${id} is open again: its post-mortem is not final, audit head ${hash}`
    : `Post-mortem of ${id}, audit head ${hash}`
}

const again = ({ id, reopenings }: Incident): string =>
  reopenings.length === 0
    ? ''
    : `\n\n${id} was opened again after it had been resolved: what was merged of it before is brought up to date.`

export default defineJob({
  summary: 'Proposes the post-mortem as a pull request',
  expireInSeconds: 120,
  retryLimit: 100,
  concurrency: 2,
  coalesce: true,
  run: async ({ data, retryCount }, context) => {
    const { codeHost } = context
    if (codeHost === null) return
    await context.surface('pull-request', String(data['incident']), retryCount > 0, async (session, loaded) => {
      const { incident } = loaded
      const told = toldOf(loaded)
      if (told === null || incident.private) return
      const key = 'pull-request'
      const over = incident.stamps.resolve !== null && incident.mergedInto === null
      // What is open again, or told by the post-mortem of another, is said only where one says otherwise.
      if (!over && incident.pullRequest === null && !session.items.has(key)) return
      // What was reviewed is finished: what still happens is in the record, and proposes no second document.
      if (incident.stamps.review !== null && incident.pullRequest !== null) return
      const head = toldHead(told)
      if (session.items.get(key)?.hash === head.hash) return
      await context.mayCall('pull-request', '')
      const fresh = writePostmortem(told, context.templates)
      await session.intend(key)
      try {
        const proposal = await codeHost.propose({
          branch: `postmortem/${incident.id.toLowerCase()}`,
          path: postmortemPath(incident),
          write: (present) => mergeGenerated(fresh, present),
          message: messageOf(incident, head.hash),
          title: shorten(`Post-mortem ${incident.id}: ${incident.title}`, 200),
          body: `Written from the timeline of ${incident.id}. Fill in what only people know: impact, root cause, prevention, action items.\n\nAudit head \`${head.hash}\` (event ${head.seq}).${again(incident)}`,
        })
        await context.handle(incident.id, { type: 'published', where: 'pull-request', url: proposal.url, head: head.hash })
        if (over && proposal.state === 'merged' && incident.stamps.review === null) await context.handle(incident.id, { type: 'review' })
        for (const { surface, step } of incident.failedSteps) {
          if (surface === 'pull-request' || surface === 'sync-pull-request')
            await context.handle(incident.id, { type: 'step-mended', surface, step })
        }
        // Last: a run that dies before it is done again, and what it told is not told twice.
        session.showed(key, proposal.url, head.hash)
      } catch (fault) {
        if (fault instanceof PortFault && fault.code !== 'limited')
          await context.handle(incident.id, { type: 'step-failed', surface: 'pull-request', step: 'post-mortem', reason: fault.message })
        throw fault
      }
    })
  },
})
