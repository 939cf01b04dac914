/** Statements of others: shown without what people put into them, and looked through for what is called. */
import { foreign } from '../foreign.ts'

/** Literals, comments, and what must not be taken for one. A server cuts long statements off, so the end may be missing. */
const parts =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\be'(?:\\[\s\S]|''|[^'\\])*(?:'|$)|'(?:''|[^'])*(?:'|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|"(?:""|[^"])*(?:"|$)|[\p{L}_][\p{L}\p{N}_$]*|\$\d+|\d+(?:\.\d*)?(?:e[+-]?\d+)?/giu

/** At most this much of a statement is looked at. */
const longest = 4000

/** A statement on one line, with `?` for each literal: what was sent may be somebody's address, or a password. */
export const shape = (statement: string, length = 120): string => {
  const masked = statement.slice(0, longest).replace(parts, (part: string) => {
    if (part.startsWith('--') || part.startsWith('/*')) return ' '
    if (/^(e?'|\$\w*\$|\d)/i.test(part)) return '?'
    return part
  })
  return foreign(masked, length)
}

/** Every word in it, in small letters, wherever it stands: more than what is called, never less. */
export const wordsOf = (statement: string): string[] => [
  ...new Set([...statement.matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu)].map(([word]) => word.toLowerCase())),
]

/** A name as an identifier. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
