/** What Slack tells of channels themselves: renamed, archived, deleted, and the bot let in or put out. */
import type { App } from '@slack/bolt'

/** What became of a channel. */
export type ChannelChange =
  | { readonly type: 'lost'; readonly channel: string; readonly why: string }
  | { readonly type: 'renamed'; readonly channel: string; readonly name: string }
  | { readonly type: 'unarchived'; readonly channel: string }
  /** The bot, by itself or by somebody else. */
  | { readonly type: 'bot-removed'; readonly channel: string }
  | { readonly type: 'bot-returned'; readonly channel: string }

export type ChannelEvents = {
  /** The bot's own user. */
  readonly botUser: () => string | undefined
  /** Does nothing for an event that was seen in the last 24 h. Throws when it could not be recorded, so that Slack sends it again. */
  readonly changed: (eventId: string, change: ChannelChange) => Promise<void>
}

/** Passes on what is about a channel; whose channel it is, is found out later. */
export const listenToChannels = (app: App, { botUser, changed }: ChannelEvents): void => {
  for (const [type, why] of [
    ['channel_archive', 'archived'],
    ['channel_deleted', 'deleted'],
    ['group_archive', 'archived'],
    ['group_deleted', 'deleted'],
  ] as const) {
    app.event(type, async ({ event, body }) => {
      await changed(body.event_id, { type: 'lost', channel: event.channel, why: `the channel was ${why}` })
    })
  }
  for (const type of ['channel_rename', 'group_rename'] as const) {
    app.event(type, async ({ event, body }) => {
      await changed(body.event_id, { type: 'renamed', channel: event.channel.id, name: event.channel.name })
    })
  }
  for (const type of ['channel_unarchive', 'group_unarchive'] as const) {
    app.event(type, async ({ event, body }) => {
      await changed(body.event_id, { type: 'unarchived', channel: event.channel })
    })
  }
  // These two are about the bot, but Slack sometimes withholds them; the other two are about anybody.
  for (const type of ['channel_left', 'group_left'] as const) {
    app.event(type, async ({ event, body }) => {
      await changed(body.event_id, { type: 'bot-removed', channel: event.channel })
    })
  }
  for (const [type, change] of [
    ['member_left_channel', 'bot-removed'],
    ['member_joined_channel', 'bot-returned'],
  ] as const) {
    app.event(type, async ({ event, body }) => {
      if (event.user === botUser()) await changed(body.event_id, { type: change, channel: event.channel })
    })
  }
}
