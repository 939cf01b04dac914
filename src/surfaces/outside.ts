/** What to do when the bot was removed from an incident's channel: it goes back in where it may, and else says who can let it in. */
import { addSeconds } from 'date-fns/addSeconds'
import type { JobContext, Loaded, SurfaceSession } from '../define.ts'
import type { Incident } from '../incident/incident.ts'
import { line, type Message, type Span } from '../incident/message.ts'
import type { Contact } from '../incident/policy.ts'
import { PortFault } from '../ports.ts'

/** Who removes the bot this often in this time means it. */
const mostRemovals = 3
const removalsSeconds = 600

const passes = (fault: unknown): boolean => !(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable'

/** Who is told: the lead and who declared it; without them, the first who can be called. */
const responsible = async ({ lead, declaredBy, policy }: Incident, { resolve }: JobContext): Promise<string[]> => {
  const own = [lead, declaredBy].flatMap((who) => (who?.kind === 'person' && who.slack !== undefined ? [who.slack] : []))
  if (own.length > 0) return [...new Set(own)]
  const found: Contact[] = await Promise.all(policy.ladder.map(resolve))
  return found.flatMap(({ slackUser }) => slackUser ?? []).slice(0, 1)
}

/** Why nothing can be posted, and what to do. */
const outsideMessage = ({ id, channel }: Incident, key: string, unsure: boolean): Message => {
  const where = channel === null ? '' : ` #${channel.name}`
  const what = unsure
    ? `Slack does not show the bot the channel of ${id}${where} any more: it was removed from it, or the channel was deleted. If it is there, type in it: `
    : `The bot was removed from the channel of ${id}${where} and cannot go back by itself. Type there: `
  const spans: Span[] = [
    `⚠ ${what}`,
    { code: '/invite @tocsin' },
    '. Until then nothing is posted there; all of it is kept, and follows. Verbs work from any other channel: ',
    { code: `/incident status ${id}` },
    ...(unsure ? ['. If the channel was deleted, have another made: ', { code: `/incident channel ${id} new` }] : []),
  ]
  return line(
    key,
    `The bot is not in the channel of ${id}`,
    spans,
    unsure
      ? [{ kind: 'buttons', buttons: [{ label: 'Make another channel', action: 'channel', value: `${id} new`, style: 'danger' }] }]
      : [],
  )
}

/** Tells those responsible, once for each removal. A message that does not arrive is not worth holding up the rest. */
const tellThem = async (
  session: SurfaceSession,
  { incident }: Loaded,
  removals: number,
  unsure: boolean,
  context: JobContext,
): Promise<void> => {
  for (const user of await responsible(incident, context)) {
    const key = `outside:${removals}:${user}`
    if (session.items.get(key)?.state === 'done') continue
    try {
      await context.chat.direct(user, outsideMessage(incident, key, unsure), `${incident.id}/${key}`)
      await session.done(key, null, user)
    } catch (fault) {
      if (passes(fault)) throw fault
      context.log.warn({ err: fault, incident: incident.id, user }, 'somebody could not be told that the bot is outside of its channel')
      await session.failed(key, String(fault))
    }
  }
}

/** Whether the bot is in its channel again: it joins a public one; into a private one somebody lets it, and it sees only those it is in. */
const isBack = async ({ private: isPrivate }: Incident, channel: string, context: JobContext): Promise<boolean> => {
  if (isPrivate) {
    await context.mayCall('conversations.info', channel)
    // Posting finds out whether it is archived.
    return (await context.chat.channelState(channel)) !== 'gone'
  }
  try {
    await context.mayCall('conversations.join', channel)
    await context.chat.join(channel)
    return true
  } catch (fault) {
    if (passes(fault)) throw fault
    return false
  }
}

/** Goes back into the channel if that is possible. Of a resolved incident's channel the bot stays out: nobody wants it there. */
export const goBackIn = async (session: SurfaceSession, loaded: Loaded, channel: string, context: JobContext): Promise<void> => {
  const { incident, events } = loaded
  if (incident.stamps.resolve !== null) return
  const removed = events.filter(({ event }) => event.type === 'bot-removed')
  const last = removed.at(-1)
  const recent = removed.filter(({ at }) => addSeconds(at, removalsSeconds).toISOString() > (last?.at ?? at))
  const wanted = recent.length < mostRemovals
  if (wanted && (await isBack(incident, channel, context))) {
    await context.handle(incident.id, { type: 'bot-returned', channel })
    return
  }
  const unsure = last?.event.type === 'bot-removed' && last.event.unsure === true
  const reason = !wanted
    ? `removed ${recent.length} times in a short time: invite it when it may stay`
    : unsure
      ? `somebody in it must type /invite @tocsin; if it was deleted: /incident channel ${incident.id} new`
      : 'the channel is private: somebody in it must type /invite @tocsin'
  await context.handle(incident.id, { type: 'step-failed', surface: 'channel', step: 'outside', reason })
  await tellThem(session, loaded, removed.length, unsure, context)
}
