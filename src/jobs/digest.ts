/** Posts a product's digest of one date in its channel, once. */
import { defineJob, type JobContext } from '../define.ts'
import { PortFault } from '../ports.ts'

/** What people are to do about it; null for what passes by itself. */
const reasonOf = (fault: unknown): string | null => {
  if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') return null
  return fault.code === 'outside' ? `${fault.message}: invite the bot to the channel` : fault.message
}

/** Has a channel that is gone made anew, for the next run. Gives what is in the way. */
const replaced = async (fault: unknown, gone: string, channel: (gone?: string) => Promise<string>): Promise<unknown> => {
  if (!(fault instanceof PortFault) || fault.code !== 'gone') return fault
  try {
    await channel(gone)
    return fault
  } catch (obstacle) {
    return obstacle
  }
}

const post = (product: string, date: string, repeated: boolean, context: JobContext): Promise<void> =>
  context.shared(`digest/${product}/${date}`, repeated, async (session) => {
    const digest = await context.digests.make(product, date)
    if (digest === null) return
    const known = session.items.get('message')
    const { message, marker } = digest
    let channel: string | undefined
    try {
      if (known?.ref === undefined || known.ref === null) {
        channel = await digest.channel()
        await context.mayCall('chat.postMessage', channel)
        if (known === undefined) await session.intend('message')
        const found = known === undefined ? null : await context.chat.findPosted(channel, marker, digest.madeAt)
        const { ts } = found ?? (await context.chat.post(channel, message, marker))
        await session.done('message', ts, '')
      }
    } catch (error) {
      const fault = channel === undefined ? error : await replaced(error, channel, digest.channel)
      const why = reasonOf(fault)
      if (why !== null) await context.digests.troubled(product, date, why)
      throw fault
    }
    await context.digests.posted(product, date)
  })

export default defineJob({
  summary: 'Posts a product’s daily digest',
  expireInSeconds: 600,
  retryLimit: 25,
  concurrency: 2,
  coalesce: false,
  run: async ({ data, retryCount }, context) => {
    const [product, date] = [String(data['product']), String(data['date'])]
    const turn = await context.digests.turn(product, date)
    if (typeof turn === 'object') return turn
    if (turn === 'post') await post(product, date, retryCount > 0, context)
    return undefined
  },
})
