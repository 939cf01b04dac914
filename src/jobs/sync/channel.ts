/** Makes an incident's channel what `conversation` says: the channel itself, the header, the side steps, and each message in order. */
import { createHash } from 'node:crypto'
import { addDays } from 'date-fns/addDays'
import { addSeconds } from 'date-fns/addSeconds'
import { defineJob, type JobContext, type Loaded, type SurfaceSession } from '../../define.ts'
import { channelName } from '../../incident/channel-name.ts'
import { conversation, type Item } from '../../incident/conversation.ts'
import type { Incident } from '../../incident/incident.ts'
import type { Message } from '../../incident/message.ts'
import type { Instant } from '../../incident/policy.ts'
import { type Chat, PortFault } from '../../ports.ts'
import { goBackIn } from '../../surfaces/outside.ts'
import { methodOf, sideStep } from '../../surfaces/steps.ts'

/** The header is edited at most once in this time, so that a burst of events costs one edit. */
const calmSeconds = 3

/** After this many lost channels, one that is younger than this is not replaced at once. */
const mostQuickLosses = 2
const quickLossSeconds = 600

/** A channel that was lost is made again until so long after the resolution. */
const rebuiltDays = 7

/** A message whose event is older than this says that it is late. */
const lateSeconds = 120

const hashOf = (item: object): string => createHash('sha256').update(JSON.stringify(item)).digest('hex')

/** Whether the channel was lost and is not made again: nobody looks for one that is over for so long. */
const isForgotten = ({ lostChannels, stamps }: Incident, now: Instant): boolean =>
  lostChannels.length > 0 && stamps.resolve !== null && addDays(stamps.resolve, rebuiltDays).toISOString() < now

/** Finds or makes the channel, and tells the incident. */
const openChannel = async (session: SurfaceSession, { incident }: Loaded, context: JobContext): Promise<void> => {
  const { chat } = context
  await context.mayCall('conversations.create', '')
  const generation = incident.lostChannels.length
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    const name = channelName(incident, attempt)
    const key = `channel:${generation}:${name}`
    const known = session.items.get(key)
    if (known?.state === 'failed') continue
    // An earlier run made it, and died before it could tell.
    if (known?.state === 'done' && known.ref !== null) {
      await context.handle(incident.id, { type: 'channel-opened', channel: known.ref, name })
      return
    }
    // An earlier run was about to make it: a channel of ours that is younger than that intention is the one it made.
    const made = known?.state === 'intent' ? await chat.findChannel(name) : null
    if (made !== null && made.ours && !made.archived && made.createdAt >= addSeconds(known?.at ?? made.createdAt, -2).toISOString()) {
      await session.done(key, made.id, name)
      await context.handle(incident.id, { type: 'channel-opened', channel: made.id, name })
      return
    }
    try {
      if (known === undefined) await session.intend(key)
      const channel = await chat.createChannel(name, incident.private)
      await session.done(key, channel.id, name)
      await context.handle(incident.id, { type: 'channel-opened', channel: channel.id, name: channel.name })
      return
    } catch (fault) {
      if (!(fault instanceof PortFault) || fault.code !== 'taken') throw fault
      await session.failed(key, fault.message)
    }
  }
  throw new PortFault('invalid', 'conversations.create', `no free name for the channel of ${incident.id}`)
}

/** Takes back that these steps failed. */
const mend = async (
  { incident }: Loaded,
  steps: (failed: Incident['failedSteps'][number]) => boolean,
  context: JobContext,
): Promise<void> => {
  for (const { surface, step } of incident.failedSteps.filter(steps))
    await context.handle(incident.id, { type: 'step-mended', surface, step })
}

/** Edits a message, or posts it again when somebody has deleted it. If the channel is gone, posting says so. */
const editOrPost = async (channel: string, ts: string, message: Message, marker: string, chat: Chat): Promise<string> => {
  try {
    await chat.edit(channel, ts, message, marker)
    return ts
  } catch (fault) {
    if (!(fault instanceof PortFault) || fault.code !== 'gone') throw fault
    return (await chat.post(channel, message, marker)).ts
  }
}

/** Posts a message, or edits it. One that an earlier run was about to post is looked for first. */
const showMessage = async (
  item: Item & { step: 'message' },
  key: string,
  hash: string,
  channel: string,
  session: SurfaceSession,
  { incident }: Loaded,
  { chat }: JobContext,
  now: Instant,
): Promise<void> => {
  const known = session.items.get(key)
  const marker = `${incident.id}/${item.key}`
  if (known?.ref !== null && known?.ref !== undefined) {
    await session.done(key, await editOrPost(channel, known.ref, item.message, marker, chat), hash)
    return
  }
  const posted = known === undefined ? null : await chat.findPosted(channel, marker, addSeconds(known.at, -lateSeconds).toISOString())
  if (known === undefined) await session.intend(key)
  const { ts } = posted ?? (await chat.post(channel, lateness(item, now, incident.policy.calendar.zone), marker))
  // What was found may have been posted from an older state of the incident.
  if (posted !== null) await chat.edit(channel, ts, item.message, marker)
  await session.done(key, ts, hash)
}

const syncItems = async (session: SurfaceSession, loaded: Loaded, channel: string, context: JobContext): Promise<void> => {
  const { incident, events } = loaded
  await context.mayCall('chat.postMessage', channel)
  const now = await context.now()
  let failure: unknown = null
  let refused = false
  for (const item of conversation(events)) {
    const key = `${channel}/${item.key}`
    const known = session.items.get(key)
    if (item.step !== 'message') {
      // A pin is of a message, which may have been posted anew.
      const hash = hashOf(item.step === 'pin' ? { ...item, ref: session.items.get(`${channel}/${item.of}`)?.ref } : item)
      if (known?.state === 'done' && known.hash === hash) continue
      try {
        await context.mayCall(methodOf[item.step], channel)
        const problem = await sideStep(item, key, channel, session, context)
        // Told before it is recorded as done: whoever stops in between does it again and tells it then.
        if (problem === null) await mend(loaded, (failed) => failed.surface === 'channel' && failed.step === item.key, context)
        else await context.handle(incident.id, { type: 'step-failed', surface: 'channel', step: item.key, reason: problem })
        await session.done(key, null, hash)
      } catch (fault) {
        // A side step does not hold up the conversation: it is tried again by itself and shown in the header meanwhile.
        if (!(fault instanceof PortFault) || fault.code === 'gone' || fault.code === 'outside') throw fault
        await session.failed(key, fault.message)
        if (fault.code !== 'limited')
          await context.handle(incident.id, { type: 'step-failed', surface: 'channel', step: item.key, reason: fault.message })
        if (fault.code === 'unavailable' || fault.code === 'limited') failure = fault
      }
      continue
    }
    const hash = hashOf(item.message)
    if (known?.state === 'done' && known.hash === hash) continue
    const calmUntil = item.calm && known?.ref ? addSeconds(known.at, calmSeconds).toISOString() : now
    if (calmUntil > now) {
      await context.enqueue({ queue: 'sync-channel', data: { incident: incident.id }, key: `${incident.id}:calm`, startAfter: calmUntil })
      continue
    }
    try {
      await showMessage(item, key, hash, channel, session, loaded, context, now)
    } catch (fault) {
      // One message that will never be accepted as it is does not hold up those after it.
      if (!(fault instanceof PortFault) || fault.code !== 'invalid' || item.calm) throw fault
      await session.failed(key, fault.message)
      await context.handle(incident.id, { type: 'step-failed', surface: 'channel', step: 'message', reason: fault.message })
      refused = true
    }
  }
  if (failure !== null) throw failure
  // All is as it should be, so what kept an earlier run from it is over: no channel, a job that was given up.
  const over = refused ? ['channel', 'outside'] : ['channel', 'outside', 'message']
  await mend(loaded, (failed) => failed.surface === 'sync-channel' || (failed.surface === 'channel' && over.includes(failed.step)), context)
}

const lateness = (item: Item & { step: 'message' }, now: Instant, zone: string) =>
  item.calm || addSeconds(item.at, lateSeconds).toISOString() > now
    ? item.message
    : {
        ...item.message,
        parts: [...item.message.parts, { kind: 'context' as const, spans: ['🕓 Late: this happened ', { time: item.at, zone }] }],
      }

export default defineJob({
  summary: 'Makes the incident’s channel what its events say',
  expireInSeconds: 120,
  retryLimit: 25,
  concurrency: 6,
  coalesce: true,
  run: async ({ data, retryCount }, context) => {
    const id = String(data['incident'])
    await context.surface('channel', id, retryCount > 0, async (session, loaded) => {
      const { channel } = loaded.incident
      if (channel === null) {
        if (isForgotten(loaded.incident, await context.now())) return
        // The event that tells of the channel is what the next look works on.
        try {
          await openChannel(session, loaded, context)
        } catch (fault) {
          if (fault instanceof PortFault && fault.code !== 'limited')
            await context.handle(id, { type: 'step-failed', surface: 'channel', step: 'channel', reason: fault.message })
          throw fault
        }
        return
      }
      if (loaded.incident.outside) return goBackIn(session, loaded, channel.id, context)
      try {
        await syncItems(session, loaded, channel.id, context)
      } catch (fault) {
        if (!(fault instanceof PortFault)) throw fault
        // Nobody said that the bot was removed; the event that says it now is what the next look works on.
        if (fault.code === 'outside') {
          await context.handle(id, { type: 'bot-removed', channel: channel.id })
          return
        }
        if (fault.code !== 'gone') {
          // Of a side step the header tells already.
          if (fault.code !== 'limited' && fault.method.startsWith('chat.'))
            await context.handle(id, { type: 'step-failed', surface: 'channel', step: 'message', reason: fault.message })
          throw fault
        }
        // A channel that people archived after the incident is left in peace.
        if (loaded.incident.stamps.resolve !== null) return
        // Channels that keep disappearing are not made again and again: the job backs off, and the header's place says why.
        const opened = loaded.events.findLast(({ event }) => event.type === 'channel-opened')?.at ?? loaded.incident.declaredAt
        if (
          loaded.incident.lostChannels.length >= mostQuickLosses &&
          addSeconds(opened, quickLossSeconds).toISOString() > (await context.now())
        ) {
          await context.handle(id, { type: 'step-failed', surface: 'channel', step: 'channel', reason: fault.message })
          throw fault
        }
        await context.handle(id, { type: 'channel-lost', channel: channel.id, why: fault.message })
      }
    })
  },
})
