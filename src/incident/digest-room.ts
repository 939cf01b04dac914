/** How much is said in a digest, so that nothing is pushed out of the message by what stands above it. Pure. */
import { statusIcon } from './check-report.ts'
import type { Asked } from './digest.ts'
import type { Part, Span } from './message.ts'
import { shorten } from './text.ts'

/** What is still read of a list. */
export const most = 15

/** So much is said in all, as parts are counted, and so much of that in one list. The checks that are sampled have what the others
 *  leave. */
export const room = {
  all: 10_500,
  asked: 2500,
  records: 1200,
  /** The names of those that are not told one by one. */
  names: 600,
  /** A check that was fine, and the least that is said of another. */
  fine: 300,
  ill: 600,
}

/** The longest name of a check that is told whole. */
export const longestTitle = 80

/** What a part, a row and a span take besides what they say. */
export const frame = { part: 100, row: 60, span: 35 }

/** What a row takes. */
export const rowSize = (spans: readonly Span[]): number =>
  spans.reduce((sum, span) => sum + JSON.stringify(span).length + frame.span, frame.row)

/** What a part takes. */
export const partSize = (part: Part): number => {
  if (part.kind === 'list') return part.items.reduce((sum, item) => sum + rowSize(item), frame.part)
  return frame.part + ('spans' in part ? rowSize(part.spans) : JSON.stringify(part).length)
}

/** In one line, each with how it is. */
export const namesOf = (others: readonly Pick<Asked, 'status' | 'title'>[]): string =>
  shorten(others.map(({ status, title }) => `${statusIcon[status]} ${shorten(title, longestTitle)}`).join(', '), 400)

/** As many as there is room for, in their order, at least one; and how many there are besides. `rest`: what is said of those. */
export const capped = <Item>(
  items: readonly Item[],
  size: number,
  words: (item: Item) => readonly Span[],
  rest: (others: readonly Item[]) => string = () => '',
): (readonly Span[])[] => {
  const shown: (readonly Span[])[] = []
  let left = size
  for (const item of items.slice(0, most)) {
    const row = words(item)
    left -= rowSize(row)
    if (left < 0 && shown.length > 0) break
    shown.push(row)
  }
  const others = items.slice(shown.length)
  return others.length === 0 ? shown : [...shown, [`and ${others.length} more${rest(others)}`]]
}
