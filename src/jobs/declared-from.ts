/** Puts the message that an incident was declared from at the beginning of its story. */
import { defineJob, type JobContext } from '../define.ts'
import { writtenAt } from '../incident/areas/messages.ts'
import type { Actor } from '../incident/events.ts'
import { type ChatMessage, PortFault } from '../ports.ts'

/** The message as it is; null where the bot may not read it: then what came with the form stands for it. */
const readable = async (channel: string, ts: string, context: JobContext): Promise<ChatMessage | null> => {
  try {
    return await context.reading.message(channel, ts)
  } catch (fault) {
    if (fault instanceof PortFault && ['gone', 'outside', 'denied', 'invalid'].includes(fault.code)) return null
    throw fault
  }
}

export default defineJob({
  summary: 'Keeps the message that an incident was declared from',
  expireInSeconds: 60,
  retryLimit: 25,
  concurrency: 2,
  coalesce: false,
  run: async ({ data }, context) => {
    const [id, channel, ts] = [String(data['incident']), String(data['channel']), String(data['ts'])]
    const { reading, person } = context
    const nameOf = async (user: string): Promise<Actor> => person(user, (await reading.userName(user)) ?? 'somebody')
    const message = await readable(channel, ts, context)
    const user = message?.user ?? String(data['user'])
    const by =
      user === ''
        ? { kind: 'person' as const, id: `slack:${message?.name ?? 'somebody'}`, name: message?.name ?? 'somebody' }
        : await nameOf(user)
    const keptBy = String(data['by'] ?? '') === '' ? { kind: 'bot' as const } : person(String(data['by']), String(data['byName']))
    const intent = {
      type: 'keep-message' as const,
      channel,
      ts,
      text: message?.text ?? (await reading.plain(String(data['text']))),
      files: message?.files ?? [],
      link: await reading.permalink(channel, ts),
      keptBy,
      how: 'declared' as const,
    }
    await context.handle(id, intent, by, writtenAt(ts, await context.now()))
  },
})
