/** Shows what stands against the actions that wait for an approval, and that it has passed. */
import { defineJob, type JobContext } from '../define.ts'
import { sameObstacle } from '../incident/acting/obstacle.ts'

const lookAt = async (id: string, context: JobContext): Promise<void> => {
  const loaded = await context.load(id)
  for (const request of loaded?.incident.actions ?? []) {
    if (loaded === null || request.status !== 'waiting') continue
    const against = await context.actions.against(loaded.incident, request)
    if (!sameObstacle(request.against, against)) await context.handle(id, { type: 'hold-action', action: request.action, against })
  }
}

export default defineJob({
  summary: 'Shows what stands against actions where they wait for an approval',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 1,
  // However many locks and ends of runs there were, one look tells what stands now.
  coalesce: true,
  run: async ({ data }, context) => {
    if (data['incident'] !== undefined) return lookAt(String(data['incident']), context)
    const failed: unknown[] = []
    for (const id of await context.openIncidents()) {
      try {
        await lookAt(id, context)
      } catch (error) {
        // A record that cannot be read keeps nothing from the others.
        failed.push(error)
      }
    }
    if (failed.length > 0) throw new AggregateError(failed, `What stands against actions could not be shown in ${failed.length} records`)
  },
})
