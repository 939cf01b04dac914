/** What happens to the channel itself while the incident runs. */
import { line } from '../message.ts'
import { refuse } from '../refusals.ts'
import type { Area } from './area.ts'

export type ChannelEvent =
  | { readonly type: 'channel-renamed'; readonly v: 1; readonly channel: string; readonly name: string }
  /** The bot was removed from its channel, or was let in again. `unsure`: or the channel was deleted; the chat does not say which. */
  | { readonly type: 'bot-removed'; readonly v: 1; readonly channel: string; readonly unsure?: true }
  | { readonly type: 'bot-returned'; readonly v: 1; readonly channel: string }

export type ChannelIntent =
  | { readonly type: 'channel-renamed'; readonly channel: string; readonly name: string }
  | { readonly type: 'bot-removed'; readonly channel: string; readonly unsure?: true }
  | { readonly type: 'bot-returned'; readonly channel: string }
  /** Somebody wants another channel in the place of one that the bot cannot get into. */
  | { readonly type: 'replace-channel' }

export type ChannelState = {
  /** Whether the bot is outside of the incident's present channel. */
  readonly outside: boolean
}

export const noChannel: ChannelState = { outside: false }

export const channelArea: Area<ChannelIntent, ChannelEvent> = {
  whileOpen: ['replace-channel'],
  decide: {
    'channel-renamed': (incident, { channel, name }) =>
      incident.channel?.id === channel && incident.channel.name !== name ? [{ type: 'channel-renamed', v: 1, channel, name }] : [],
    'bot-removed': (incident, { channel, unsure }) =>
      incident.channel?.id === channel && !incident.outside
        ? [{ type: 'bot-removed', v: 1, channel, ...(unsure === undefined ? {} : { unsure }) }]
        : [],
    'bot-returned': (incident, { channel }) =>
      incident.channel?.id === channel && incident.outside ? [{ type: 'bot-returned', v: 1, channel }] : [],
    'replace-channel': ({ id, channel, outside }, _, { by }) => {
      if (channel === null) return refuse('no_channel', { id })
      if (!outside) return refuse('channel_works', { id })
      const who = by.kind === 'person' ? by.name : 'the bot'
      return [{ type: 'channel-lost', v: 1, channel: channel.id, why: `${who} asked for another, because the bot was not in it` }]
    },
  },
  evolve: {
    'channel-renamed': (incident, { channel, name }) => ({ ...incident, channel: { id: channel, name } }),
    'bot-removed': (incident) => ({ ...incident, outside: true }),
    'bot-returned': (incident) => ({ ...incident, outside: false }),
  },
  tell: {
    'channel-renamed': ({ name }) => ({ kind: 'channel', text: `The channel is called #${name} now.` }),
    'bot-removed': ({ unsure }) => ({
      kind: 'channel',
      text:
        unsure === true
          ? 'The bot is not in the channel any more, or the channel was deleted: the chat does not say which.'
          : 'The bot was removed from the channel.',
    }),
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
