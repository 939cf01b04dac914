/** What happens to the channel itself while the incident runs. */
import type { Area } from './area.ts'
import { line } from '../message.ts'

export type ChannelEvent =
  | { readonly type: 'channel-renamed'; readonly v: 1; readonly channel: string; readonly name: string }
  /** The bot was removed from its channel, or was let in again. */
  | { readonly type: 'bot-removed'; readonly v: 1; readonly channel: string }
  | { readonly type: 'bot-returned'; readonly v: 1; readonly channel: string }

export type ChannelIntent =
  | { readonly type: 'channel-renamed'; readonly channel: string; readonly name: string }
  | { readonly type: 'bot-removed'; readonly channel: string }
  | { readonly type: 'bot-returned'; readonly channel: string }

export type ChannelState = {
  /** Whether the bot is outside of the incident's present channel. */
  readonly outside: boolean
}

export const noChannel: ChannelState = { outside: false }

export const channelArea: Area<ChannelIntent, ChannelEvent> = {
  whileOpen: [],
  decide: {
    'channel-renamed': (incident, { channel, name }) =>
      incident.channel?.id === channel && incident.channel.name !== name ? [{ type: 'channel-renamed', v: 1, channel, name }] : [],
    'bot-removed': (incident, { channel }) =>
      incident.channel?.id === channel && !incident.outside ? [{ type: 'bot-removed', v: 1, channel }] : [],
    'bot-returned': (incident, { channel }) =>
      incident.channel?.id === channel && incident.outside ? [{ type: 'bot-returned', v: 1, channel }] : [],
  },
  evolve: {
    'channel-renamed': (incident, { channel, name }) => ({ ...incident, channel: { id: channel, name } }),
    'bot-removed': (incident) => ({ ...incident, outside: true }),
    'bot-returned': (incident) => ({ ...incident, outside: false }),
  },
  tell: {
    'channel-renamed': ({ name }) => ({ kind: 'channel', text: `The channel is called #${name} now.` }),
    'bot-removed': () => ({ kind: 'channel', text: 'The bot was removed from the channel.' }),
    'bot-returned': () => ({ kind: 'channel', text: 'The bot is in the channel again.' }),
  },
  posts: {
    'channel-renamed': () => [],
    'bot-removed': () => [],
    'bot-returned': (incident, _event, { seq }) => [
      line(`returned:${seq}`, 'The bot is back', ['👋 The bot is back. What happened meanwhile was posted above.']),
    ],
  },
}
