/** What Slack says about channels and what is in them. */
import type { WebClient } from '@slack/web-api'
import { type Chat, PortFault, type Said } from '../../ports.ts'

/** Of the metadata that marks the bot's messages. */
export const eventType = 'tocsin'

/** Our clock and Slack's may differ by this much, in seconds, when a repeated job looks for what it posted. */
const skew = 60

/** The part of the chat that only reads. `call` runs a method and turns its errors into PortFaults. */
export const channelReading = (
  client: WebClient,
  call: <T>(method: string, scope: string, work: () => Promise<T>) => Promise<T>,
  identity: () => Promise<{ readonly botUserId: string; readonly botId: string }>,
): Pick<Chat, 'findChannel' | 'findPosted' | 'channelState' | 'said'> => ({
  async findChannel(name) {
    const { botUserId } = await identity()
    let cursor = ''
    do {
      const page = await call('conversations.list', '', () =>
        client.conversations.list({
          types: 'public_channel,private_channel',
          exclude_archived: false,
          limit: 999,
          ...(cursor === '' ? {} : { cursor }),
        }),
      )
      const found = page.channels?.find((channel) => channel.name === name || channel.name_normalized === name)
      if (found?.id !== undefined) {
        const createdAt = new Date((found.created ?? 0) * 1000).toISOString()
        return { id: found.id, createdAt, ours: found.creator === botUserId, archived: found.is_archived === true }
      }
      cursor = page.response_metadata?.next_cursor ?? ''
    } while (cursor !== '')
    return null
  },

  async channelState(channel) {
    try {
      const { channel: found } = await call('conversations.info', channel, () => client.conversations.info({ channel }))
      return found?.is_archived === true ? 'archived' : 'open'
    } catch (fault) {
      if (fault instanceof PortFault && fault.code === 'gone') return 'gone'
      throw fault
    }
  },

  async said(channel, since) {
    const said: Said[] = []
    let cursor = ''
    do {
      const page = await call('conversations.history', channel, () =>
        client.conversations.history({
          channel,
          oldest: String(Date.parse(since) / 1000),
          inclusive: true,
          limit: 200,
          ...(cursor === '' ? {} : { cursor }),
        }),
      )
      for (const message of page.messages ?? []) {
        const { ts = '', user = '', text = '', bot_id, reactions = [] } = message
        // Slack tells of pins here, but its client's types do not.
        const { pinned_to: pins = [] } = message as { pinned_to?: readonly string[] }
        const marked = pins.length > 0 || reactions.some(({ name }) => name === 'pushpin')
        said.push({ ts, user: bot_id === undefined ? user : '', text, marked })
      }
      cursor = page.response_metadata?.next_cursor ?? ''
    } while (cursor !== '')
    return said.toReversed()
  },

  async findPosted(channel, marker, since) {
    const { botUserId, botId } = await identity()
    const oldest = Math.floor(Date.parse(since) / 1000) - skew
    let cursor = ''
    do {
      const page = await call('conversations.history', channel, () =>
        client.conversations.history({
          channel,
          oldest: String(oldest),
          inclusive: true,
          include_all_metadata: true,
          limit: 200,
          ...(cursor === '' ? {} : { cursor }),
        }),
      )
      for (const message of page.messages ?? []) {
        // Other apps may write the same metadata: only our own messages count.
        const ours = message.user === botUserId || (botId !== '' && message.bot_id === botId)
        const payload: { marker?: unknown } = message.metadata?.event_payload ?? {}
        const found = message.metadata?.event_type === eventType && payload.marker === marker
        if (ours && found && message.ts !== undefined && Number(message.ts) >= oldest) return { ts: message.ts }
      }
      cursor = page.response_metadata?.next_cursor ?? ''
    } while (cursor !== '')
    return null
  },
})
