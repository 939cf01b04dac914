/** Keeps the one message that tells of a storm what it should be, for as long as the storm lasts. */
import { createHash } from 'node:crypto'
import { defineJob, type SurfaceItem } from '../define.ts'
import { isStorm, stormMessage } from '../incident/storm.ts'
import type { Instant } from '../incident/policy.ts'
import { editOrPost } from '../surfaces/message.ts'

/** How often the message is brought up to date. */
const everyMs = 5_000

/** Instants that everybody computes alike, so that jobs for them coalesce. */
const next = (now: Instant): Instant => new Date((Math.floor(Date.parse(now) / everyMs) + 1) * everyMs).toISOString()

/** What stands for the hash of a message whose storm is over. */
const over = 'over'

export default defineJob({
  summary: 'Says that more records wait for a channel than Slack opens at once',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 1,
  coalesce: true,
  run: async ({ retryCount }, context) => {
    let again: Instant | null = null
    await context.shared('storm', retryCount > 0, async (session) => {
      const waiting = await context.waiting()
      const now = await context.now()
      again = waiting.length === 0 ? null : next(now)
      // Each storm has its own message, by the time at which it began.
      const present: SurfaceItem | undefined = [...session.items.values()].findLast(({ hash }) => hash !== over)
      if (present === undefined && !isStorm(waiting)) return
      const message = stormMessage(waiting)
      const hash = createHash('sha256').update(JSON.stringify(message)).digest('hex')
      if (present?.hash === hash) return
      const key = present?.key ?? now
      const marker = `storm/${key}`
      const channel = await context.announceChannel()
      await context.mayCall('chat.postMessage', channel)
      if (present === undefined) await session.intend(key)
      const posted = present === undefined || present.ref !== null ? null : await context.chat.findPosted(channel, marker, key)
      const known = present?.ref ?? posted?.ts
      const ts =
        known === undefined
          ? (await context.chat.post(channel, message, marker)).ts
          : await editOrPost(channel, known, message, marker, context.chat)
      await session.done(key, ts, waiting.length === 0 ? over : hash)
    })
    return again === null ? undefined : { again }
  },
})
