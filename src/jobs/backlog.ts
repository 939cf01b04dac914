/** Reads one incident's channel for what happened while Slack could not be heard, and has it treated as if it had been heard. */
import { defineJob } from '../define.ts'
import type { Incident } from '../incident/incident.ts'
import { PortFault, type Said } from '../ports.ts'

const lost = { archived: 'the channel was archived', gone: 'the channel is not there any more' } as const

/** Messages to look at again: those that somebody marked meanwhile, and all that the story holds, which may have been edited. */
const toFollow = ({ messages }: Incident, channel: string, said: readonly Said[]): Set<string> =>
  new Set([
    ...said.filter(({ user, marked }) => marked && user !== '').map(({ ts }) => ts),
    ...messages.filter((message) => message.channel === channel && !message.deleted).map(({ ts }) => ts),
  ])

export default defineJob({
  summary: 'Reads a channel for what was missed',
  expireInSeconds: 120,
  retryLimit: 20,
  concurrency: 2,
  coalesce: true,
  run: async ({ data }, context) => {
    const id = String(data['incident'])
    const loaded = await context.load(id)
    const channel = loaded?.incident.channel?.id
    // What is over needs no channel.
    if (channel === undefined || loaded?.incident.stamps.resolve !== null) return
    const { private: isPrivate, outside } = loaded.incident
    await context.mayCall('conversations.info', channel)
    const state = await context.chat.channelState(channel)
    if (state === 'gone' && isPrivate) {
      await context.handle(id, { type: 'bot-removed', channel, unsure: true })
      return
    }
    // Of a private channel the bot sees only those that it is in.
    if (state === 'open' && isPrivate && outside) await context.handle(id, { type: 'bot-returned', channel })
    if (state !== 'open') {
      await context.handle(id, { type: 'channel-lost', channel, why: lost[state] })
      return
    }
    await context.mayCall('conversations.history', channel)
    try {
      const said = await context.chat.said(channel, String(data['since']))
      context.log.info({ incident: id, channel, said: said.length }, 'a channel was read for what was missed')
      const startAfter = await context.now()
      for (const ts of toFollow(loaded.incident, channel, said))
        await context.enqueue({
          queue: 'keep',
          data: { incident: id, channel, ts, user: '', what: 'look' },
          key: `${id}/${channel}/${ts}/look`,
          startAfter,
        })
    } catch (fault) {
      // Who removed the bot from the channel hears of it by the next message that it cannot post.
      if (!(fault instanceof PortFault) || fault.code !== 'denied') throw fault
      context.log.warn({ err: fault, incident: id, channel }, 'a channel may not be read')
    }
    for (const { surface, step } of loaded.incident.failedSteps)
      if (surface === 'backlog') await context.handle(id, { type: 'step-mended', surface, step })
  },
})
