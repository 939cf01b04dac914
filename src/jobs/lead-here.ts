/** Answers the message that an incident was declared from with the way to its channel, in the message's thread. */
import { defineJob } from '../define.ts'
import { kept } from '../incident/areas/messages.ts'
import { line } from '../incident/message.ts'
import { PortFault } from '../ports.ts'

/** The thread that a message stands in: its link names it. */
const threadOf = (link: string | null, ts: string): string => (link === null ? ts : (URL.parse(link)?.searchParams.get('thread_ts') ?? ts))

export default defineJob({
  summary: 'Leads from the message that an incident was declared from to its channel',
  expireInSeconds: 60,
  retryLimit: 10,
  concurrency: 2,
  coalesce: false,
  run: async ({ data, retryCount }, context) => {
    const [id, ref] = [String(data['incident']), { channel: String(data['channel']), ts: String(data['ts']) }]
    const incident = (await context.load(id))?.incident
    const message = incident === undefined ? undefined : kept(incident, ref)
    const channel = incident?.channel
    if (incident === undefined || message === undefined || channel === null || channel === undefined) return
    // Who reads the message may not know of it.
    if (incident.private) return
    await context.mayCall('chat.postMessage', ref.channel)
    const answer = line('lead-here', `${id} was declared from this message`, [
      '🚨 ',
      { bold: `${id} ${incident.severity}` },
      ' was declared from this message. Go on in ',
      { channel: channel.id, text: channel.name },
      '.',
    ])
    try {
      await context.chat.reply(ref.channel, threadOf(message.link, ref.ts), answer, `${id}/lead-here`, retryCount === 0)
    } catch (fault) {
      if (!(fault instanceof PortFault) || fault.code === 'limited' || fault.code === 'unavailable') throw fault
      // A direct message, or a private channel without the bot.
      context.log.info(
        { incident: id, channel: ref.channel, error: fault.message },
        'the bot may not answer where an incident was declared from',
      )
    }
  },
})
