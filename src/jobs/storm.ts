/** Keeps the one message that tells of a storm what it should be, for as long as the storm lasts. */
import { createHash } from 'node:crypto'
import { defineJob, type JobContext, type SurfaceItem, type SurfaceSession } from '../define.ts'
import type { Incident } from '../incident/incident.ts'
import { isStorm, stormMessage } from '../incident/storm.ts'
import type { Instant } from '../incident/policy.ts'
import { PortFault } from '../ports.ts'
import { editOrPost } from '../surfaces/message.ts'

/** How often the message is brought up to date. */
const everyMs = 5_000

/** Instants that everybody computes alike, so that jobs for them coalesce. */
const next = (now: Instant): Instant => new Date((Math.floor(Date.parse(now) / everyMs) + 1) * everyMs).toISOString()

/** What stands for the hash of a message whose storm is over. */
const over = 'over'

/** A storm's message is known by where it stands and when the storm began. One that was begun before places were recorded stands in the
 *  present channel. */
const standsIn = (channel: string, { key }: SurfaceItem): boolean => !key.includes('/') || key.startsWith(`${channel}/`)

const beganAt = ({ key }: SurfaceItem): Instant => key.slice(key.indexOf('/') + 1)

/** Makes the message of the storm in this channel what it should be. */
const show = async (
  channel: string,
  waiting: readonly Incident[],
  open: readonly SurfaceItem[],
  session: SurfaceSession,
  context: JobContext,
): Promise<void> => {
  // Each storm has its own message. What stands in a channel that is gone went with it.
  const present = open.findLast((item) => standsIn(channel, item))
  if (present === undefined && !isStorm(waiting)) return
  const message = stormMessage(waiting)
  const hash = createHash('sha256').update(JSON.stringify(message)).digest('hex')
  if (present?.hash === hash) return
  const key = present?.key ?? `${channel}/${await context.now()}`
  const marker = `storm/${key}`
  await context.mayCall('chat.postMessage', channel)
  if (present === undefined) await session.intend(key)
  const posted = present === undefined || present.ref !== null ? null : await context.chat.findPosted(channel, marker, beganAt(present))
  const known = present?.ref ?? posted?.ts
  const ts =
    known === undefined
      ? (await context.chat.post(channel, message, marker)).ts
      : await editOrPost(channel, known, message, marker, context.chat)
  await session.done(key, ts, waiting.length === 0 ? over : hash)
}

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
      again = waiting.length === 0 ? null : next(await context.now())
      const open = [...session.items.values()].filter(({ hash }) => hash !== over)
      if (open.length === 0 && !isStorm(waiting)) return
      const channel = await context.announceChannel()
      try {
        await show(channel, waiting, open, session, context)
      } catch (fault) {
        if (!(fault instanceof PortFault) || fault.code !== 'gone') throw fault
        // Found or made anew, or it is said what is in the way.
        await show(await context.announceChannel(channel), waiting, open, session, context)
      }
    })
    return again === null ? undefined : { again }
  },
})
