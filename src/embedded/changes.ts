/** The workspace at one moment, and what has changed since another. */
import type { TrueChannel, TrueMessage } from './truth.ts'

type Seen = TrueChannel & { messages: TrueMessage[] }
export type Snapshot = ReadonlyMap<string, Seen>

export type ChannelChange = {
  channel: Seen
  isNew: boolean
  topic: string | null
  joined: string[]
  left: string[]
  archived: boolean
  pinned: string[]
  bookmarked: { title: string; link: string }[]
  messages: { message: TrueMessage; was: 'new' | 'edited' }[]
  deleted: number
}

/** Slack's own notes about a channel: the change itself is listed already. */
const NOTES = new Set([
  'channel_topic',
  'group_topic',
  'channel_purpose',
  'group_purpose',
  'channel_join',
  'group_join',
  'channel_archive',
  'group_archive',
])

const content = (message: TrueMessage): string => JSON.stringify([message.text, message.blocks, message.attachments])

export const changesBetween = (before: Snapshot, after: Snapshot): ChannelChange[] =>
  [...after.values()]
    .map((channel): ChannelChange => {
      const old = before.get(channel.id)
      const known = new Map(old?.messages.map((message) => [message.ts, content(message)]))
      const present = new Set(channel.messages.map((message) => message.ts))
      return {
        channel,
        isNew: old === undefined,
        topic: channel.topic === (old?.topic ?? '') ? null : channel.topic,
        joined: channel.members.filter((member) => !old?.members.includes(member)),
        left: (old?.members ?? []).filter((member) => !channel.members.includes(member)),
        archived: channel.isArchived && old?.isArchived !== true,
        pinned: (channel.pins ?? []).filter((pin) => !old?.pins?.includes(pin)),
        bookmarked: (channel.bookmarks ?? []).filter((bookmark) => !old?.bookmarks?.some((each) => each.link === bookmark.link)),
        messages: channel.messages.flatMap((message): ChannelChange['messages'] => {
          if (NOTES.has(message.subtype ?? '')) return []
          if (!known.has(message.ts)) return [{ message, was: 'new' }]
          return known.get(message.ts) === content(message) ? [] : [{ message, was: 'edited' }]
        }),
        deleted: [...known.keys()].filter((ts) => !present.has(ts)).length,
      }
    })
    .filter(
      (change) =>
        change.isNew ||
        change.topic !== null ||
        change.archived ||
        change.deleted > 0 ||
        [change.joined, change.left, change.pinned, change.bookmarked, change.messages].some((list) => list.length > 0),
    )
