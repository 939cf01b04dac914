/** Proposes the post-mortem as a pull request, and keeps its generated blocks up to date; what people wrote there is theirs. */
import { defineJob } from '../../define.ts'
import { postmortemPath, toldHead, writePostmortem } from '../../incident/document.ts'
import { mergeGenerated } from '../../incident/merge.ts'
import { shorten } from '../../incident/text.ts'
import { PortFault } from '../../ports.ts'

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
      // One that was merged is told by the post-mortem of the other.
      if (incident.stamps.resolve === null || incident.private || incident.mergedInto !== null) return
      // What was reviewed is finished: what still happens is in the record, and proposes no second document.
      if (incident.stamps.review !== null && incident.pullRequest !== null) return
      const key = 'pull-request'
      const head = toldHead(loaded)
      if (session.items.get(key)?.hash === head.hash) return
      await context.mayCall('pull-request', '')
      const fresh = writePostmortem(loaded, context.templates)
      try {
        const proposal = await codeHost.propose({
          branch: `postmortem/${incident.id.toLowerCase()}`,
          path: postmortemPath(incident),
          write: (present) => mergeGenerated(fresh, present),
          message: `Post-mortem of ${incident.id}, audit head ${head.hash}`,
          title: shorten(`Post-mortem ${incident.id}: ${incident.title}`, 200),
          body: `Written from the timeline of ${incident.id}. Fill in what only people know: impact, root cause, prevention, action items.\n\nAudit head \`${head.hash}\` (event ${head.seq}).`,
        })
        await context.handle(incident.id, { type: 'published', where: 'pull-request', url: proposal.url, head: head.hash })
        if (proposal.state === 'merged' && incident.stamps.review === null) await context.handle(incident.id, { type: 'review' })
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
