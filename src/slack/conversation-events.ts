/** What people do with messages, as Slack tells of it: pins, reactions, edits, deletions. Each event is answered once it is recorded;
 *  the work is a job's. */
import type { App } from '@slack/bolt'
import type { Actor } from '../incident/events.ts'

/** A message, and who did something with it; `user` is empty where Slack does not say. */
type Deed = { readonly channel: string; readonly ts: string; readonly user: string }

export type Conversation = {
  /** `look`: whether somebody wants the message in the story has changed. Each event once, however often Slack sends it. */
  readonly follow: (eventId: string, deed: Deed & { readonly what: 'look' | 'todo' | 'done' | 'open' }) => Promise<void>
  /** A message was edited or deleted. */
  readonly changed: (eventId: string, deed: Deed) => Promise<void>
}

export type ConversationOptions = Conversation & {
  readonly identity: () => { readonly botUserId: string; readonly botId: string } | null
  readonly person: (user: string, name: string) => Actor
}

/** What a reaction asks for when it is set, and when it is taken away. */
const reactions: Readonly<Record<string, { readonly set: 'look' | 'todo' | 'done'; readonly taken: 'look' | 'open' | null }>> = {
  pushpin: { set: 'look', taken: 'look' },
  memo: { set: 'todo', taken: null },
  white_check_mark: { set: 'done', taken: 'open' },
}

type Written = { readonly user?: string; readonly bot_id?: string }

/** Listens; `changed` hears nothing of what the bot edits itself. */
export const listenToConversation = (app: App, options: ConversationOptions): void => {
  const { identity } = options
  const isOurs = (message: Written | undefined) => {
    const me = identity()
    return me !== null && (message?.user === me.botUserId || (me.botId !== '' && message?.bot_id === me.botId))
  }

  app.event('pin_added', async ({ event, body }) => {
    const item = event.item as { type: string; message?: Written & { ts?: string } }
    const ts = item.message?.ts
    // The bot pins its own header, and nobody wants that in the story.
    if (ts === undefined || isOurs(item.message)) return
    await options.follow(body.event_id, { channel: event.channel_id, ts, user: event.user, what: 'look' })
  })
  app.event('pin_removed', async ({ event, body }) => {
    const item = event.item as { type: string; message?: Written & { ts?: string } }
    const ts = item.message?.ts
    if (ts === undefined || isOurs(item.message)) return
    await options.follow(body.event_id, { channel: event.channel_id, ts, user: event.user, what: 'look' })
  })

  app.event('reaction_added', async ({ event, body }) => {
    const what = Object.hasOwn(reactions, event.reaction) ? reactions[event.reaction]?.set : undefined
    if (what === undefined || event.item.type !== 'message') return
    await options.follow(body.event_id, { channel: event.item.channel, ts: event.item.ts, user: event.user, what })
  })
  app.event('reaction_removed', async ({ event, body }) => {
    const what = Object.hasOwn(reactions, event.reaction) ? reactions[event.reaction]?.taken : undefined
    if (what === undefined || what === null || event.item.type !== 'message') return
    await options.follow(body.event_id, { channel: event.item.channel, ts: event.item.ts, user: event.user, what })
  })

  app.event('message', async ({ event, body }) => {
    if (event.subtype === 'message_changed') {
      const message = event.message as Written & { ts: string }
      if (!isOurs(message)) await options.changed(body.event_id, { channel: event.channel, ts: message.ts, user: message.user ?? '' })
    } else if (event.subtype === 'message_deleted') {
      const before = event.previous_message as Written | undefined
      if (!isOurs(before)) await options.changed(body.event_id, { channel: event.channel, ts: event.deleted_ts, user: before?.user ?? '' })
    }
  })
}
