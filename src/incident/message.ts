/** Messages in our own words. A string is always literal text: whoever renders it escapes it, so foreign text cannot
 *  mention anybody or disguise a link (faults 55). Only the other kinds of span carry meaning. */
import type { Actor, ClockName } from './events.ts'
import type { Incident } from './incident.ts'
import { type Contact, type Instant, mentionable } from './policy.ts'

export type Span =
  | string
  | { readonly bold: string }
  | { readonly code: string }
  | { readonly link: string; readonly text: string }
  | { readonly mention: Contact }
  | { readonly channel: string; readonly text: string }
  /** Shown in each reader's own zone where the surface can, else in `zone`. */
  | { readonly time: Instant; readonly zone: string }

export type Button = {
  readonly label: string
  /** `<verb>`: what is done when it is pressed, e.g. `ack`. */
  readonly action: string
  /** The incident's id, and what would be typed behind it: `INC-12`, `INC-12 lead`. */
  readonly value: string
  readonly style?: 'primary' | 'danger'
}

export type Part =
  | { readonly kind: 'heading'; readonly text: string }
  /** `firm`: it stays when the message is too long, as buttons do. */
  | { readonly kind: 'text'; readonly spans: readonly Span[]; readonly firm?: boolean }
  | { readonly kind: 'fields'; readonly fields: readonly { readonly label: string; readonly value: readonly Span[] }[] }
  | { readonly kind: 'list'; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'quote'; readonly text: string }
  /** Small print. */
  | { readonly kind: 'context'; readonly spans: readonly Span[]; readonly firm?: boolean }
  | { readonly kind: 'buttons'; readonly buttons: readonly Button[] }
  | { readonly kind: 'divider' }

/** What a message asks for: once that is settled, the message says so. */
export type Matter =
  | { readonly kind: 'clock'; readonly clock: ClockName; readonly run: number }
  | { readonly kind: 'lead' }
  /** To open it again, after so many times. */
  | { readonly kind: 'reopening'; readonly before: number }

export type Message = {
  /** Stable within its surface: the same key is the same message for ever. */
  readonly key: string
  /** One plain line for notifications and screen readers. */
  readonly summary: string
  readonly parts: readonly Part[]
  /** Known while the channel is computed; no surface shows it. */
  readonly waits?: Matter
  /** What stands below the other parts, in the incident as it is now: a list that is ticked off as it goes on. */
  readonly grows?: (now: Incident) => readonly Part[]
}

/** How an author is shown: as the chat shows people, or by name where the chat does not know them. */
export const author = (by: Actor): Span => {
  if (by.kind === 'person') return by.slack === undefined ? { bold: by.name } : { mention: { name: by.name, slackUser: by.slack } }
  return { bold: by.kind === 'alert' ? `Alert (${by.source})` : 'Tocsin' }
}

/** The message of something that somebody is asked for. */
export const asking = (waits: Matter, message: Message): Message => ({ ...message, waits })

/** A message of one paragraph, with more below it. */
export const line = (key: string, summary: string, spans: readonly Span[], more: readonly Part[] = []): Message => ({
  key,
  summary,
  parts: [{ kind: 'text', spans }, ...more],
})

const unmentioned = (spans: readonly Span[]): readonly Span[] =>
  spans.map((span) => (typeof span === 'object' && 'mention' in span && mentionable(span.mention) ? { bold: span.mention.name } : span))

const partWithNames = (part: Part): Part => {
  switch (part.kind) {
    case 'text':
    case 'context':
      return { ...part, spans: unmentioned(part.spans) }
    case 'list':
      return { ...part, items: part.items.map(unmentioned) }
    case 'fields':
      return { ...part, fields: part.fields.map(({ label, value }) => ({ label, value: unmentioned(value) })) }
    default:
      return part
  }
}

/** The same message with the names of those whom it mentions: it calls nobody. */
export const withNames = (message: Message): Message => ({ ...message, parts: message.parts.map(partWithNames) })
