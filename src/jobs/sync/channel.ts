/** Makes an incident's channel what `conversation` says: the channel itself, the header, the side steps, and each message in order. */
import { createHash } from 'node:crypto'
import { addDays } from 'date-fns/addDays'
import { addSeconds } from 'date-fns/addSeconds'
import { max as latest } from 'date-fns/max'
import { startOfSecond } from 'date-fns/startOfSecond'
import { defineJob, type JobContext, type Loaded, type SurfaceSession } from '../../define.ts'
import { channelName } from '../../incident/channel-name.ts'
import { conversation, type Item } from '../../incident/conversation.ts'
import type { Incident } from '../../incident/incident.ts'
import { withNames } from '../../incident/message.ts'
import type { Instant } from '../../incident/policy.ts'
import { PortFault } from '../../ports.ts'
import { lateOrNot, lateSeconds } from '../../surfaces/late.ts'
import { editOrPost } from '../../surfaces/message.ts'
import { goBackIn } from '../../surfaces/outside.ts'
import { methodOf, sideStep } from '../../surfaces/steps.ts'

/** The header is edited at most once in this time, so that a burst of events costs one edit. */
const calmSeconds = 3

/** So many messages are posted at once, and as many in so many seconds: Slack takes one a second in a channel, and bears short bursts.
 *  Counted by what is recorded of the channel, so for all processes together. What comes on top is refused by Slack, and waits then. */
const posting = { most: 10, seconds: 10 }

/** After this many lost channels, one that is younger than this is not replaced at once. */
const mostQuickLosses = 2
const quickLossSeconds = 600

/** A channel that was lost is made again until so long after the resolution. */
const rebuiltDays = 7

const hashOf = (item: object): string => createHash('sha256').update(JSON.stringify(item)).digest('hex')

/** Whether the channel was lost and is not made again: nobody looks for one that is over for so long. */
const isForgotten = ({ lostChannels, stamps }: Incident, now: Instant): boolean =>
  lostChannels.length > 0 && stamps.resolve !== null && addDays(stamps.resolve, rebuiltDays).toISOString() < now

/** Finds or makes the channel, and tells the incident. */
const openChannel = async (session: SurfaceSession, { incident }: Loaded, context: JobContext): Promise<void> => {
  const { chat } = context
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
      if (known?.state !== 'intent') await session.intend(key)
      const channel = await chat.createChannel(name, incident.private)
      await session.done(key, channel.id, name)
      await context.handle(incident.id, { type: 'channel-opened', channel: channel.id, name: channel.name })
      return
    } catch (fault) {
      // A limit says that nothing was made, so nobody looks for it: in a storm everybody would walk the list of all channels.
      if (fault instanceof PortFault && fault.code === 'limited') await session.done(key, null, name)
      if (!(fault instanceof PortFault) || fault.code !== 'taken') throw fault
      await session.failed(key, fault.message)
    }
  }
  throw new PortFault('invalid', 'conversations.create', `no free name for the channel of ${incident.id}`)
}

/** Has it said that records wait for their channels. */
const tellOfStorm = async (context: JobContext): Promise<void> => {
  const soon = addSeconds(startOfSecond(await context.now()), 1).toISOString()
  // The same for all that meet a limit in this second, so that it is one job.
  await context.enqueue({ queue: 'storm', data: {}, key: 'storm', startAfter: soon })
}

/** Opens the channel, or gives the time at which it is this record's turn. */
const openInTurn = async (session: SurfaceSession, loaded: Loaded, context: JobContext): Promise<Instant | null> => {
  const { id } = loaded.incident
  const turn = await context.turn(id)
  if (turn !== null) return turn
  try {
    await openChannel(session, loaded, context)
    return null
  } catch (fault) {
    if (!(fault instanceof PortFault)) throw fault
    if (fault.code === 'limited' && fault.method === 'conversations.create') {
      await tellOfStorm(context)
      return context.turn(id, fault)
    }
    if (fault.code !== 'limited')
      await context.handle(id, { type: 'step-failed', surface: 'channel', step: 'channel', reason: fault.message })
    throw fault
  }
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

/** Posts a message, or edits it. One that an earlier run was about to post is looked for first. */
const showMessage = async (
  item: Item & { step: 'message' },
  key: string,
  hash: string,
  channel: string,
  session: SurfaceSession,
  { incident }: Loaded,
  context: JobContext,
  now: Instant,
): Promise<void> => {
  const { chat } = context
  const known = session.items.get(key)
  const marker = `${incident.id}/${item.key}`
  if (known !== undefined) await session.settle()
  if (known?.ref !== null && known?.ref !== undefined) {
    session.showed(key, await editOrPost(channel, known.ref, item.message, marker, chat), hash)
    return
  }
  const posted = known === undefined ? null : await chat.findPosted(channel, marker, addSeconds(known.at, -lateSeconds).toISOString())
  if (known === undefined) await session.intend(key)
  const { ts } = posted ?? (await chat.post(channel, await lateOrNot(item, now, incident.policy.calendar.zone, context), marker))
  // What was found may have been posted from an older state of the incident.
  if (posted !== null) await chat.edit(channel, ts, item.message, marker)
  session.showed(key, ts, hash)
}

/** When one more message may be posted in the channel; null for now. An edit counts like a post: which of the two it was is not recorded,
 *  and at worst a message waits as long as after a burst. */
const postableFrom = (channel: string, { items, now }: SurfaceSession): Instant | null => {
  const since = addSeconds(now, -posting.seconds).toISOString()
  const recent = [...items.values()]
    .filter(({ key, ref, state, at }) => at > since && key.startsWith(`${channel}/`) && (ref !== null || state === 'intent'))
    .map(({ at }) => at)
    .toSorted()
  const oldest = recent[recent.length - posting.most]
  // Not for each message that may follow one by one: each run costs.
  return oldest === undefined ? null : latest([addSeconds(oldest, posting.seconds), addSeconds(now, 1)]).toISOString()
}

/** What stood in a channel before this one is repeated here for the story: it names people, and calls only who is still asked. */
const repeated = (item: Item, { lostChannels }: Incident, { items }: SurfaceSession): Item =>
  item.step === 'message' && item.asks !== true && lostChannels.some((lost) => items.get(`${lost}/${item.key}`)?.ref != null)
    ? { ...item, message: withNames(item.message) }
    : item

const syncItems = async (session: SurfaceSession, loaded: Loaded, channel: string, context: JobContext): Promise<void> => {
  const { incident, events } = loaded
  await context.mayCall('chat.postMessage', channel)
  const { now } = session
  const later = (why: string, startAfter: Instant) =>
    context.enqueue({ queue: 'sync-channel', data: { incident: incident.id }, key: `${incident.id}:${why}`, startAfter })
  let failure: unknown = null
  let refused = false
  let waits = false
  const items = conversation(events).map((item) => repeated(item, incident, session))
  // Taking the buttons off what is settled comes after what is new.
  const isLast = (item: Item) =>
    item.step === 'message' && item.settled === true && session.items.get(`${channel}/${item.key}`)?.ref != null
  for (const item of [...items.filter((each) => !isLast(each)), ...items.filter(isLast)]) {
    const key = `${channel}/${item.key}`
    const known = session.items.get(key)
    if (item.step !== 'message') {
      // A pin or a file is of a message, which may have been posted anew.
      const hash = hashOf('of' in item && item.step !== 'gather' ? { ...item, ref: session.items.get(`${channel}/${item.of}`)?.ref } : item)
      if (known?.state === 'done' && known.hash === hash) continue
      try {
        await context.mayCall(methodOf[item.step], channel)
        await session.settle()
        const problem = await sideStep(item, key, channel, session, context)
        // Told before it is recorded as done: whoever stops in between does it again and tells it then.
        if (problem === null) await mend(loaded, (failed) => failed.surface === 'channel' && failed.step === item.key, context)
        else await context.handle(incident.id, { type: 'step-failed', surface: 'channel', step: item.key, reason: problem })
        session.showed(key, null, hash)
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
      await later('calm', calmUntil)
      continue
    }
    // Those behind one that waits wait, too: messages stand in the order of their events.
    if ((known?.ref ?? null) === null && !item.calm) {
      const from: Instant | null = waits ? null : postableFrom(channel, session)
      if (from !== null) await later('pace', from)
      waits ||= from !== null
      if (waits) continue
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
  if (waits) return
  // All is as it should be, so what kept an earlier run from it is over: no channel, a job that was given up.
  const over = refused ? ['channel', 'outside'] : ['channel', 'outside', 'message']
  await mend(loaded, (failed) => failed.surface === 'sync-channel' || (failed.surface === 'channel' && over.includes(failed.step)), context)
}

export default defineJob({
  summary: 'Makes the incident’s channel what its events say',
  expireInSeconds: 120,
  retryLimit: 25,
  concurrency: 6,
  coalesce: true,
  run: async ({ data, retryCount }, context) => {
    const id = String(data['incident'])
    let turn: Instant | null = null
    await context.surface('channel', id, retryCount > 0, async (session, loaded) => {
      const { channel } = loaded.incident
      turn = null
      if (channel === null) {
        if (isForgotten(loaded.incident, await context.now())) return
        // The event that tells of the channel is what the next look works on.
        turn = await openInTurn(session, loaded, context)
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
        // A private one may be there as ever, only without the bot: a second is made when somebody asks for it.
        if (fault.hidden && loaded.incident.private) {
          await context.handle(id, { type: 'bot-removed', channel: channel.id, unsure: true })
          return
        }
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
    return turn === null ? undefined : { again: turn }
  },
})
