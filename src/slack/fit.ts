/** Messages within Slack's sizes: what is too long is shortened at its end and says so, never dropped (faults 18). Pure. */
import type { Part, Span } from '../incident/message.ts'
import { cut, literal } from './literal.ts'

/** Slack's sizes in UTF-16 units (limits.md). `total` is our own: Slack counts some 13 000 characters over all blocks, the markup of
 *  `rich_text` among them, so the JSON is counted and room is left. */
export const limits = {
  blocks: 50,
  total: 12_000,
  heading: 150,
  context: 3000,
  field: 2000,
  fields: 10,
  buttons: 25,
  buttonLabel: 75,
  buttonValue: 2000,
  actionId: 255,
  plain: 3900,
  plainLine: 1200,
  notice: '…shortened; of an incident, the whole text is in its timeline',
} as const

/** What the parts will look like: given, because only what is rendered can be measured. */
export type Measures = {
  readonly blocks: (part: Part) => readonly object[]
  readonly text: (spans: readonly Span[]) => string
  readonly field: (label: string, value: readonly Span[]) => string
}

const noticePart: Part = { kind: 'context', spans: [limits.notice] }

/** A mention, a time, a channel: never cut, and as long as it is shown. */
const solid = 24

const cutSpan = (span: Span, room: number): Span | null => {
  if (typeof span === 'string') return cut(span, room)
  if ('bold' in span) return { bold: cut(span.bold, room) }
  if ('code' in span) return { code: cut(span.code, room) }
  if ('link' in span) return { ...span, text: cut(span.text, room) }
  return room < solid ? null : span
}

const spanLength = (span: Span): number => {
  if (typeof span === 'string') return span.length
  if ('bold' in span) return span.bold.length
  if ('code' in span) return span.code.length
  return 'link' in span ? span.text.length : solid
}

/** The first rows and spans within `length` characters; the one that goes beyond is cut. A row counts one more. */
const cutRows = (rows: readonly (readonly Span[])[], length: number): Span[][] => {
  const kept: Span[][] = []
  let room = length
  for (const row of rows) {
    if (room <= 0) return kept
    const spans: Span[] = []
    kept.push(spans)
    room -= 1
    for (const span of row) {
      const piece = cutSpan(span, room)
      if (piece !== null) spans.push(piece)
      room -= spanLength(span) + 1
      if (room <= 0) break
    }
  }
  return kept
}

const cutPart = (part: Part, length: number): Part => {
  switch (part.kind) {
    case 'heading':
    case 'quote':
      return { ...part, text: cut(part.text, length) }
    case 'text':
    case 'context':
      return { ...part, spans: cutRows([part.spans], length).flat() }
    case 'list':
      return { ...part, items: cutRows(part.items, length) }
    case 'fields': {
      const values = cutRows(
        part.fields.map(({ value }) => value),
        length,
      )
      return { ...part, fields: part.fields.slice(0, values.length).map(({ label }, index) => ({ label, value: values[index] ?? [] })) }
    }
    case 'buttons':
      return { ...part, buttons: part.buttons.slice(0, Math.floor(length / 100)) }
    case 'divider':
      return part
    default:
      return part satisfies never
  }
}

/** What `cutTo` makes of the greatest length at which it fits. */
const longest = <T>(most: number, cutTo: (length: number) => T, fits: (candidate: T) => boolean): T => {
  let [low, high] = [0, most]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(cutTo(middle))) low = middle
    else high = middle - 1
  }
  return cutTo(low)
}

/** The spans, cut at the end until `length` of them is at most `most`; the very same ones when they fit. */
export const within = (spans: readonly Span[], most: number, length: (spans: readonly Span[]) => number): readonly Span[] =>
  length(spans) <= most
    ? spans
    : longest(
        most,
        (to) => cutRows([spans], to).flat(),
        (candidate) => length(candidate) <= most,
      )

/** The part with every piece within the limits of its block; the very same one when it was already. */
const inLimits = (part: Part, { text, field }: Measures): Part => {
  switch (part.kind) {
    case 'heading':
      return part.text.length <= limits.heading ? part : cutPart(part, limits.heading)
    case 'context': {
      const spans = within(part.spans, limits.context, (each) => text(each).length)
      return spans === part.spans ? part : { ...part, spans }
    }
    case 'fields': {
      const fields = part.fields.map(({ label, value }) => {
        const name = cut(label, 100)
        return { label: name, value: within(value, limits.field, (each) => field(name, each).length) }
      })
      const same = fields.every(({ label, value }, index) => label === part.fields[index]?.label && value === part.fields[index].value)
      return same ? part : { ...part, fields }
    }
    case 'buttons': {
      // A value that is cut would mean something else, so such a button is not shown.
      const buttons = part.buttons.filter(
        ({ value, action, label }) =>
          value.length <= limits.buttonValue && action.length <= limits.actionId && action !== '' && literal(label).trim() !== '',
      )
      return buttons.length === part.buttons.length ? part : { ...part, buttons }
    }
    default:
      return part
  }
}

const sizeOf = (blocks: readonly object[]): number => JSON.stringify(blocks).length

/** The parts within every limit. The same parts when they are already; otherwise the text ends early, with a line that says so, and
 *  buttons and what is firm stay, as far as each takes no more than half the room. */
export const fit = (parts: readonly Part[], measures: Measures): readonly Part[] => {
  // Nothing longer can fit, and measuring is not free.
  const bounded = parts.slice(0, 1000).map((part) => (part.kind === 'buttons' ? part : shorter(part)))
  const legal = bounded.map((part) => inLimits(part, measures))
  const blocks = legal.flatMap(measures.blocks)
  const same = legal.length === parts.length && legal.every((part, index) => part === parts[index])
  if (same && blocks.length <= limits.blocks && sizeOf(blocks) <= limits.total) return parts
  return shortened(legal, measures)
}

const shorter = (part: Part): Part => {
  const short = cutPart(part, limits.total)
  return JSON.stringify(short) === JSON.stringify(part) ? part : short
}

const isFirm = (part: Part): boolean => part.kind === 'buttons' || ('firm' in part && part.firm)

const shortened = (parts: readonly Part[], { blocks }: Measures): Part[] => {
  const room = { size: limits.total - sizeOf(blocks(noticePart)), blocks: limits.blocks - 1 }
  const fits = (part: Part, share: number): boolean =>
    sizeOf(blocks(part)) <= room.size * share && blocks(part).length <= room.blocks * share
  const take = (part: Part): void => {
    room.size -= sizeOf(blocks(part))
    room.blocks -= blocks(part).length
  }
  const shrunk = (part: Part, share: number): Part =>
    fits(part, share)
      ? part
      : longest(
          limits.total,
          (to) => cutPart(part, to),
          (each) => fits(each, share),
        )

  const staying = new Map<Part, Part>()
  for (const part of parts) {
    if (!isFirm(part)) continue
    const piece = shrunk(part, 0.5)
    if (!fits(piece, 1) || (piece.kind === 'buttons' && piece.buttons.length === 0)) continue
    staying.set(part, piece)
    take(piece)
  }
  const kept: Part[] = []
  let full = false
  for (const part of parts) {
    const piece: Part | null = staying.get(part) ?? (isFirm(part) || full ? null : shrunk(part, 1))
    if (piece === null) continue
    if (isFirm(part)) {
      kept.push(piece)
      continue
    }
    full = piece !== part
    if (fits(piece, 1)) {
      kept.push(piece)
      take(piece)
    }
    // Where the text ends, what follows being what stays.
    if (full) kept.push(noticePart)
  }
  if (full) return kept
  const end = kept.findLastIndex((part) => part.kind !== 'buttons') + 1
  return [...kept.slice(0, end), noticePart, ...kept.slice(end)]
}
