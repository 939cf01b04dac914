/** Asks one check at one slot of its schedule, and keeps the answer. Slots that were slept through are not made up for. */
import { defineJob } from '../define.ts'

export default defineJob({
  summary: 'Asks a check on its schedule, for the digest',
  // A check may take five minutes.
  expireInSeconds: 330,
  retryLimit: 3,
  concurrency: 4,
  coalesce: false,
  keptSeconds: 86_400,
  run: async ({ data }, context) => {
    const [product, check, slot] = [String(data['product']), String(data['check']), String(data['slot'])]
    const turn = await context.samples.turn(product, check, slot)
    if (typeof turn === 'object') return turn
    if (turn === 'gone') return undefined
    const [result] = turn === 'ask' ? await context.runChecks(product, [check], { background: true }) : []
    await context.samples.keep(product, check, slot, result ?? null)
    return undefined
  },
})
