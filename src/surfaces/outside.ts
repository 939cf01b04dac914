/** What to do when the bot was removed from an incident's channel: it goes back in where it may, and else says who can let it in. */
import { addSeconds } from 'date-fns/addSeconds'
import type { JobContext, Loaded, SurfaceSession } from '../define.ts'
import type { Incident } from '../incident/incident.ts'
import { line } from '../incident/message.ts'
import type { Contact } from '../incident/policy.ts'
import { PortFault } from '../ports.ts'

/** Who removes the bot this often in this time means it. */
const mostRemovals = 3
const removalsSeconds = 600

/** Who is told first: the lead, who declared it, who is called. */
const responsible = async ({ lead, declaredBy, policy }: Incident, { resolve }: JobContext): Promise<string | null> => {
  for (const who of [lead, declaredBy]) if (who?.kind === 'person' && who.slack !== undefined) return who.slack
  const found: Contact[] = await Promise.all(policy.ladder.map(resolve))
  return found.find(({ slackUser }) => slackUser !== undefined)?.slackUser ?? null
}

/** Tells one person, once for each removal. A message that does not arrive is not worth holding up the rest. */
const tellSomebody = async (session: SurfaceSession, { incident }: Loaded, removals: number, context: JobContext): Promise<void> => {
  const key = `outside:${removals}`
  if (session.items.get(key)?.state === 'done') return
  const user = await responsible(incident, context)
  if (user === null) return
  const where = incident.channel === null ? '' : ` #${incident.channel.name}`
  const message = line(key, `The bot is not in the channel of ${incident.id}`, [
    `⚠ The bot was removed from the channel of ${incident.id}${where} and cannot go back by itself. Type there: `,
    { code: '/invite @tocsin' },
    '. Until then nothing is posted there; all of it is kept, and follows. Verbs work from any other channel: ',
    { code: `/incident status ${incident.id}` },
  ])
  try {
    await context.chat.direct(user, message, `${incident.id}/${key}`)
    await session.done(key, null, user)
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') throw fault
    context.log.warn({ err: fault, incident: incident.id }, 'nobody could be told that the bot is outside of its channel')
    await session.failed(key, fault.message)
  }
}

/** Joins the channel again if that is possible. Of a resolved incident's channel the bot stays out: nobody wants it there. */
export const goBackIn = async (session: SurfaceSession, loaded: Loaded, channel: string, context: JobContext): Promise<void> => {
  const { incident, events } = loaded
  if (incident.stamps.resolve !== null) return
  const removed = events.filter(({ event }) => event.type === 'bot-removed')
  const recent = removed.filter(({ at }) => addSeconds(at, removalsSeconds).toISOString() > (removed.at(-1)?.at ?? at))
  let reason = `removed ${recent.length} times in a short time: invite it when it may stay`
  if (recent.length < mostRemovals) {
    try {
      await context.mayCall('conversations.join', channel)
      await context.chat.join(channel)
      await context.handle(incident.id, { type: 'bot-returned', channel })
      return
    } catch (fault) {
      if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') throw fault
      reason = 'the channel is private: somebody in it must type /invite @tocsin'
    }
  }
  await context.handle(incident.id, { type: 'step-failed', surface: 'channel', step: 'outside', reason })
  await tellSomebody(session, loaded, removed.length, context)
}
