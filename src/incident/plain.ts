/** Messages as plain text, for a terminal: nothing in it can be clicked, so what can be typed is given as it is typed there. */
import type { Part, Span } from './message.ts'
import { when } from './timeline.ts'

export type PlainOptions = {
  /** What can be typed, as it is typed here: `/incident ack` may be something else on a terminal. */
  readonly typed: (code: string) => string
}

// Foreign text must not move the cursor, nor colour what stands behind it. New lines and tabs stay.
const controls = /[^\P{Cc}\t\n]/gu

const plainSpan = (span: Span, { typed }: PlainOptions): string => {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold
  if ('code' in span) return typed(span.code)
  if ('link' in span) return `${span.text} (${span.link})`
  if ('mention' in span) return span.mention.name
  if ('channel' in span) return `#${span.text}`
  return when(span.time, span.zone)
}

const plainSpans = (spans: readonly Span[], options: PlainOptions): string => spans.map((span) => plainSpan(span, options)).join('')

const plainPart = (part: Part, options: PlainOptions): string => {
  switch (part.kind) {
    case 'heading':
      return part.text
    case 'text':
    case 'context':
      return plainSpans(part.spans, options)
    case 'fields':
      return part.fields.map(({ label, value }) => `${label}: ${plainSpans(value, options)}`).join('\n')
    case 'list':
      return part.items.map((item) => `- ${plainSpans(item, options)}`).join('\n')
    case 'quote':
      return part.text.replace(/^/gm, '> ')
    case 'buttons':
    case 'divider':
      return ''
    default:
      return part satisfies never
  }
}

/** The parts, each on lines of its own. */
export const plainText = (parts: readonly Part[], options: PlainOptions): string =>
  parts
    .map((part) => plainPart(part, options))
    .filter((text) => text !== '')
    .join('\n')
    .replace(controls, '')
