/** What people wrote in the channel and want in the story: pinned, marked, or the message that an incident was declared from. The
 *  author of the event is the author of the message, and it happened when it was written. */
import type { Actor } from '../events.ts'
import type { Incident } from '../incident.ts'
import type { Instant } from '../policy.ts'
import { author, type Span } from '../message.ts'
import type { Job } from '../react.ts'
import { cleanLine, keep, shorten } from '../text.ts'
import type { Area, Story, Told } from './area.ts'

/** A file at a message, kept apart from the events. */
export type FileRef = { readonly id: string; readonly name: string; readonly type: string; readonly bytes: number }

/** Where a message is; in Slack `ts` names it within its channel. */
export type MessageRef = { readonly channel: string; readonly ts: string }

/** A message that an incident is declared from, as it came with the wish: the bot may not be where it was written. */
export type Quoted = MessageRef & { readonly user: string; readonly text: string }

export type MessageEvent =
  | (MessageRef & {
      readonly type: 'message-kept'
      readonly v: 1
      readonly text: string
      readonly files: readonly FileRef[]
      /** Where it can be read. */
      readonly link: string | null
      readonly keptBy: Actor
      readonly how: 'pin' | 'reaction' | 'declared'
    })
  | (MessageRef & { readonly type: 'message-edited'; readonly v: 1; readonly text: string })
  | (MessageRef & { readonly type: 'message-deleted'; readonly v: 1 })
  /** Nobody wants it in the story any more. */
  | (MessageRef & { readonly type: 'message-dropped'; readonly v: 1 })

export type MessageIntent =
  | (MessageRef & {
      readonly type: 'keep-message'
      readonly text: string
      readonly files: readonly FileRef[]
      readonly link: string | null
      readonly keptBy: Actor
      readonly how: 'pin' | 'reaction' | 'declared'
    })
  | (MessageRef & { readonly type: 'edit-message'; readonly text: string })
  | (MessageRef & { readonly type: 'delete-message' })
  | (MessageRef & { readonly type: 'drop-message' })

export type KeptMessage = MessageRef & {
  readonly text: string
  readonly files: readonly FileRef[]
  readonly link: string | null
  readonly by: Actor
  readonly how: 'pin' | 'reaction' | 'declared'
  readonly writtenAt: Instant
  readonly deleted: boolean
  /** The record that it was kept for, where that one was merged into this. */
  readonly of?: string
}

export type MessageState = { readonly messages: readonly KeptMessage[] }

export const noMessages: MessageState = { messages: [] }

/** Whether a reference is to the same message. */
export const sameMessage = (a: MessageRef) => (b: MessageRef) => a.channel === b.channel && a.ts === b.ts

/** The message as it is kept, or undefined. */
export const kept = (incident: Incident, ref: MessageRef): KeptMessage | undefined => incident.messages.find(sameMessage(ref))

/** When a message was written: its `ts` says so. The chat's clock may be ahead of ours. */
export const writtenAt = (ts: string, now: Instant): Instant => {
  const at = new Date(Math.floor(Number(ts) * 1000)).toISOString()
  return at < now ? at : now
}

/** Where a message can be read, as long as the chat has it. Slack finds the workspace of who follows the second. */
export const linkTo = ({ link, channel, ts }: MessageRef & { readonly link: string | null }): string =>
  link ?? `https://slack.com/app_redirect?channel=${channel}&message_ts=${ts}`

/** A file as people ask for it: by its number among those of the record. */
export type NumberedFile = FileRef & { readonly number: number; readonly by: Actor; readonly writtenAt: Instant; readonly link: string }

/** The files at all kept messages, numbered from 1. */
export const keptFiles = ({ messages }: Pick<Incident, 'messages'>): NumberedFile[] =>
  messages
    .flatMap((message) => message.files.map((file) => ({ ...file, by: message.by, writtenAt: message.writtenAt, link: linkTo(message) })))
    .map((file, index) => ({ ...file, number: index + 1 }))

/** How large a file is, in words. */
export const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${Math.round(bytes / 100_000) / 10} MB`

/** A file in one line, with the way to its message. */
export const fileLine = ({ number, name, type, bytes, by, writtenAt: at, link }: NumberedFile, zone: string): Span[] => [
  { bold: `${number}` },
  ` ${shorten(cleanLine(name), 150)} · ${[type, sizeOf(bytes)].filter((word) => word !== '').join(' · ')} · `,
  author(by),
  ', ',
  { time: at, zone },
  ' · ',
  { link, text: 'message' },
]

const change = (incident: Incident, ref: MessageRef, more: Partial<KeptMessage>): Incident => ({
  ...incident,
  messages: incident.messages.map((message) => (sameMessage(ref)(message) ? { ...message, ...more } : message)),
})

/** What a message is in the story: people write longer than a line, and the whole stands behind the link. */
const longest = 1500

/** Larger files are only named, in bytes. */
export const largestFile = 10_000_000

/** The message that a public incident was declared from is answered with the way to its channel, once there is one. */
const leadHere = ({ id: incident, channel: opened, private: hidden, messages }: Incident): Job[] =>
  opened === null || hidden
    ? []
    : messages
        .filter(({ how, of }) => how === 'declared' && of === undefined)
        .map(({ channel, ts }) => ({ queue: 'lead-here', data: { incident, channel, ts }, once: `lead-here:${incident}:${channel}:${ts}` }))

const filesOf = (incident: string, files: readonly FileRef[]): Job[] =>
  files
    .filter(({ bytes }) => bytes <= largestFile)
    .map(({ id }) => ({ queue: 'file', data: { incident, file: id }, once: `file:${incident}:${id}` }))

/** What a kept message says in the story: as it stands after all that followed event `seq`; null when nobody wants it there any more. */
export const wrote = (
  message: Pick<KeptMessage, 'channel' | 'ts' | 'text' | 'files'> & { readonly deleted?: boolean },
  { events, seq }: Pick<Story, 'events' | 'seq'>,
): Told | null => {
  const later = events
    .filter(({ seq: at, event: other }) => at > seq && 'ts' in other && sameMessage(message)(other as MessageRef))
    .map(({ event: other }) => other)
  if (later.some(({ type }) => type === 'message-dropped')) return null
  const edited = later.findLast((other) => other.type === 'message-edited')
  const text = edited?.type === 'message-edited' ? edited.text : message.text
  const deleted = message.deleted === true || later.some(({ type }) => type === 'message-deleted') ? ' (deleted since)' : ''
  const files = message.files.length === 0 ? '' : ` [${message.files.map(({ name }) => name).join(', ')}]`
  return { kind: 'message', text: `Wrote: ${text}${files}${deleted}` }
}

export const messageArea: Area<MessageIntent, MessageEvent> = {
  whileOpen: [],
  decide: {
    'keep-message': (incident, { channel, ts, text, files, link, keptBy, how }) =>
      kept(incident, { channel, ts }) !== undefined
        ? []
        : [{ type: 'message-kept', v: 1, channel, ts, text: shorten(keep(text), longest), files, link, keptBy, how }],
    'edit-message': (incident, { channel, ts, text }) => {
      const known = kept(incident, { channel, ts })
      const clean = shorten(keep(text), longest)
      return known === undefined || known.deleted || known.text === clean
        ? []
        : [{ type: 'message-edited', v: 1, channel, ts, text: clean }]
    },
    'delete-message': (incident, { channel, ts }) => {
      const known = kept(incident, { channel, ts })
      return known === undefined || known.deleted ? [] : [{ type: 'message-deleted', v: 1, channel, ts }]
    },
    'drop-message': (incident, { channel, ts }) =>
      kept(incident, { channel, ts }) === undefined ? [] : [{ type: 'message-dropped', v: 1, channel, ts }],
  },
  evolve: {
    'message-kept': (incident, { channel, ts, text, files, link, how }, { by, occurredAt }) => ({
      ...incident,
      messages: [...incident.messages, { channel, ts, text, files, link, by, how, writtenAt: occurredAt, deleted: false }],
    }),
    'message-edited': (incident, { channel, ts, text }) => change(incident, { channel, ts }, { text }),
    'message-deleted': (incident, { channel, ts }) => change(incident, { channel, ts }, { deleted: true }),
    'message-dropped': (incident, ref) => ({ ...incident, messages: incident.messages.filter((message) => !sameMessage(ref)(message)) }),
  },
  tell: {
    'message-kept': wrote,
    'message-edited': () => null,
    'message-deleted': () => null,
    'message-dropped': () => null,
  },
  // The files are fetched apart from the message, which is in the story even when they cannot be had.
  react: (_, { event }, after) => [
    ...(event.type === 'message-kept' || event.type === 'channel-opened' ? leadHere(after) : []),
    ...(event.type === 'message-kept' ? filesOf(after.id, event.files) : []),
  ],
  posts: { 'message-kept': () => [], 'message-edited': () => [], 'message-deleted': () => [], 'message-dropped': () => [] },
}
