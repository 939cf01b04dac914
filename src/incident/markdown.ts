/** Markdown (CommonMark) as parts of a message: headings, lists, code, links. What a message cannot show stays text. */
import type { List, ListItem, Nodes, PhrasingContent, Root, RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import type { Part, Span } from './message.ts'

/** The document that Markdown makes; each of its nodes knows where it stands. */
export const parseMarkdown = (markdown: string): Root => fromMarkdown(markdown)

const comment = /^<!--[\s\S]*-->$/

/** The words of a node, without what they look like. */
export const wordsOf = (node: Nodes): string => {
  if ('value' in node) return node.value
  if ('children' in node) return node.children.map(wordsOf).join('')
  return node.type === 'break' ? '\n' : 'alt' in node ? (node.alt ?? '') : ''
}

const spansOf = (nodes: readonly PhrasingContent[]): Span[] => {
  const spans: Span[] = []
  const say = (text: string) => {
    const last = spans.at(-1)
    if (typeof last === 'string') spans.splice(-1, 1, last + text)
    else if (text !== '') spans.push(text)
  }
  for (const node of nodes) {
    if (node.type === 'inlineCode') spans.push({ code: node.value })
    else if (node.type === 'strong') spans.push({ bold: wordsOf(node) })
    else if (node.type === 'link' && /^https?:\/\//.test(node.url)) spans.push({ link: node.url, text: wordsOf(node) })
    else if ('children' in node)
      for (const span of spansOf(node.children)) {
        if (typeof span === 'string') say(span)
        else spans.push(span)
      }
    else if (!comment.test(wordsOf(node))) say(wordsOf(node))
  }
  return spans
}

/** A box that a person ticks in the file means nothing here. */
const unboxed = ([first, ...rest]: readonly Span[]): Span[] =>
  typeof first === 'string' ? [first.replace(/^\[[ x]\]\s+/i, ''), ...rest] : first === undefined ? [] : [first, ...rest]

/** What an item says itself. */
const itemSpans = ({ children }: ListItem): Span[] =>
  unboxed(
    children
      .filter(({ type }) => type !== 'list')
      .flatMap(partsOfNode)
      .flatMap((part, index): Span[] => ('spans' in part ? [...(index === 0 ? [] : ['\n']), ...part.spans] : [])),
  )

/** The items of the lists in an item, deeper ones further in. */
const rowsBelow = ({ children }: ListItem, depth: number): Span[][] =>
  children.flatMap((child) =>
    child.type === 'list'
      ? child.children.flatMap((item) => [
          joined([...(depth === 0 ? [] : [`${'  '.repeat(depth)}– `]), ...itemSpans(item)]),
          ...rowsBelow(item, depth + 1),
        ])
      : [],
  )

/** Numbers stand for themselves: a list of a message has marks of its own. */
const numbered = (list: List): Part[] => {
  const parts: Part[] = []
  for (const [index, item] of list.children.entries()) {
    const line: Span[] = [`${(list.start ?? 1) + index}. `, ...itemSpans(item)]
    const last = parts.at(-1)
    if (last?.kind === 'text') parts.splice(-1, 1, { kind: 'text', spans: joined([...last.spans, '\n', ...line]) })
    else parts.push({ kind: 'text', spans: joined(line) })
    const items = rowsBelow(item, 0)
    if (items.length > 0) parts.push({ kind: 'list', items })
  }
  return parts
}

/** Text that stands side by side, as one. */
const joined = (spans: readonly Span[]): Span[] =>
  spans.reduce<Span[]>((all, span) => {
    const last = all.at(-1)
    return typeof span === 'string' && typeof last === 'string' ? [...all.slice(0, -1), last + span] : [...all, span]
  }, [])

const partsOfNode = (node: RootContent): Part[] => {
  switch (node.type) {
    case 'heading':
      return [{ kind: 'text', spans: [{ bold: wordsOf(node) }] }]
    case 'paragraph':
      return [{ kind: 'text', spans: spansOf(node.children) }]
    case 'list':
      return node.ordered === true
        ? numbered(node)
        : [{ kind: 'list', items: node.children.flatMap((item) => [joined(itemSpans(item)), ...rowsBelow(item, 1)]) }]
    case 'code': {
      const lines = node.value.split('\n').filter((line) => line.trim() !== '')
      const spans = lines.flatMap((line, index): Span[] => [...(index === 0 ? [] : ['\n']), { code: line }])
      return spans.length === 0 ? [] : [{ kind: 'text', spans }]
    }
    case 'blockquote':
      return node.children.flatMap(partsOfNode)
    case 'thematicBreak':
      return [{ kind: 'divider' }]
    case 'html':
      return comment.test(node.value) ? [] : [{ kind: 'text', spans: [node.value] }]
    default:
      return []
  }
}

/** The parts, in order. */
export const partsOf = (markdown: string): Part[] => parseMarkdown(markdown).children.flatMap(partsOfNode)
