/** Markdown as people write it in runbooks, as parts of a message: headings, lists, code, links. What is anything else stays text. */
import type { Part, Span } from './message.ts'

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g

const spansOf = (text: string): Span[] => {
  const spans: Span[] = []
  let end = 0
  for (const match of text.matchAll(inline)) {
    if (match.index > end) spans.push(text.slice(end, match.index))
    const [, code, bold, label = '', link] = match
    if (code !== undefined) spans.push({ code })
    else if (bold !== undefined) spans.push({ bold })
    else if (link !== undefined) spans.push({ link, text: label })
    end = match.index + match[0].length
  }
  return end < text.length ? [...spans, text.slice(end)] : spans
}

const heading = /^#{1,6}\s+(.*)$/
const item = /^\s*(?:[-*]|(\d+)[.)])\s+(?:\[[ x]\]\s+)?(.*)$/i

const numbered = /^\d+\. /

/** The parts, in order. */
export const partsOf = (markdown: string): Part[] => {
  const parts: Part[] = []
  let text: string[] = []
  let items: string[] = []
  let code: string[] | null = null
  const flush = () => {
    if (text.length > 0) parts.push({ kind: 'text', spans: spansOf(text.join('\n')) })
    if (items.length > 0) parts.push({ kind: 'list', items: items.map(spansOf) })
    text = []
    items = []
  }
  for (const line of markdown.split(/\r?\n/)) {
    if (/^\s*```/.test(line)) {
      if (code !== null && code.length > 0)
        parts.push({ kind: 'text', spans: code.flatMap((each, index): Span[] => [...(index === 0 ? [] : ['\n']), { code: each }]) })
      else flush()
      code = code === null ? [] : null
      continue
    }
    if (code !== null) {
      if (line.trim() !== '') code.push(line)
      continue
    }
    const title = heading.exec(line)?.[1]
    const entry = item.exec(line)
    if (title !== undefined) {
      flush()
      parts.push({ kind: 'text', spans: [{ bold: title.replaceAll('`', '') }] })
    } else if (entry?.[1] !== undefined) {
      // Numbers stand for themselves: a list has marks of its own.
      if (items.length > 0 || !numbered.test(text.at(-1) ?? '')) flush()
      text.push(`${entry[1]}. ${entry[2] ?? ''}`)
    } else if (entry !== null) {
      if (text.length > 0) flush()
      items.push(entry[2] ?? '')
    } else if (line.trim() === '') flush()
    else if (items.length > 0 && /^\s/.test(line)) items.push(`${items.pop() ?? ''} ${line.trim()}`)
    else if (numbered.test(text.at(-1) ?? '') && /^\s/.test(line)) text.push(`${text.pop() ?? ''} ${line.trim()}`)
    else {
      if (items.length > 0) flush()
      text.push(line.trim())
    }
  }
  flush()
  return parts
}
