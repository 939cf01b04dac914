/** Runs a product's own checks when an incident opens and when it is resolved, or one that was asked for, and keeps the results as evidence. */
import { defineJob } from '../define.ts'
import { hasChecked } from '../incident/incident.ts'

export default defineJob({
  summary: 'Runs checks and records what they found',
  expireInSeconds: 120,
  retryLimit: 3,
  concurrency: 4,
  coalesce: false,
  run: async ({ data }, context) => {
    const id = String(data['incident'])
    const phase = data['phase'] === 'opening' || data['phase'] === 'resolution' ? data['phase'] : 'asked'
    const loaded = await context.load(id)
    if (loaded === null) return
    // A run that was interrupted after its results were recorded does not record them twice.
    if (hasChecked(loaded.incident, phase)) return
    const results = await context.runChecks(loaded.incident.product.key, 'auto')
    await context.handle(id, { type: 'record-checks', phase, results })
  },
})
