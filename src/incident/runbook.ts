/** A runbook's body as steps: the items of its top-level numbered lists, each with the checks and actions that it names. Pure. */
import type { Nodes, RootContent } from 'mdast'
import type { Sayable } from './acting/criteria.ts'
import { diagVerbs } from './command-words.ts'
import { parseMarkdown, wordsOf } from './markdown.ts'

/** A check of the product, with what would be typed behind it. `all`: every one of them. */
export type Question = { readonly check: string; readonly words: Readonly<Record<string, string>> }

export type RunbookStep = {
  /** Markdown that stands before it: the introduction, the heading of its group. */
  readonly before?: string
  /** Markdown, without its number. */
  readonly text: string
  readonly checks: readonly Question[]
  /** As they are written behind `action: `, with their words. */
  readonly actions: readonly string[]
  /** Those of them that could be asked for when it was opened. */
  readonly ready?: readonly string[]
  /** Keys of the criteria that a person can say hold. */
  readonly criteria?: readonly string[]
  /** The same as they were called when it was opened. */
  readonly sayable?: readonly Sayable[]
}

/** What inline code names, and the line of the body in which it stands, from 1. `step`: from 1; null outside of the steps. */
export type Named = { readonly line: number; readonly step: number | null } & (
  | { readonly kind: 'check'; readonly question: Question }
  | { readonly kind: 'action'; readonly action: string }
  | { readonly kind: 'criterion'; readonly criterion: string }
  /** It begins like one of them and goes on like neither. */
  | { readonly kind: 'unclear'; readonly text: string }
)

export type RunbookBody = {
  readonly steps: readonly RunbookStep[]
  /** The line of the body in which each step begins, from 1. */
  readonly lines: readonly number[]
  /** Markdown behind the last step; empty when there is none. */
  readonly after: string
  /** Everything that is named anywhere in the body. */
  readonly named: readonly Named[]
}

const written = /^(check|action|criterion):\s*(\S+)((?:\s+[\w-]+=\S+)*)\s*$/
const typed = /^\/diag\s+(?:(?:check|watch)\s+)?(\S+)((?:\s+[\w-]+=\S+)*)\s*$/
const wordsBehind = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/([\w-]+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]))

/** Null: code like any other. */
const nameOf = (code: string, line: number, step: number | null): Named | null => {
  const text = code.trim()
  if (/^(?:check|action|criterion):/.test(text)) {
    const [, kind, name = '', words = ''] = written.exec(text) ?? []
    if (kind === undefined || (kind === 'criterion' && words !== '')) return { line, step, kind: 'unclear', text }
    if (kind === 'criterion') return { line, step, kind, criterion: name }
    return kind === 'check'
      ? { line, step, kind, question: { check: name, words: wordsBehind(words) } }
      : { line, step, kind: 'action', action: `${name}${words}`.replace(/\s+/g, ' ') }
  }
  const [, check, words = ''] = typed.exec(text) ?? []
  return check === undefined || diagVerbs.has(check) ? null : { line, step, kind: 'check', question: { check, words: wordsBehind(words) } }
}

const namedIn = (node: Nodes, step: number | null): Named[] => {
  if (node.type === 'inlineCode') {
    const named = nameOf(node.value, node.position?.start.line ?? 1, step)
    return named === null ? [] : [named]
  }
  return 'children' in node ? node.children.flatMap((child) => namedIn(child, step)) : []
}

const startOf = (node: Nodes | undefined): number => node?.position?.start.offset ?? 0
const endOf = (node: Nodes | undefined): number => node?.position?.end.offset ?? 0

/** The source of some nodes, moved to the left by as much as the first of them stands to the right. */
const sourceOf = (body: string, nodes: readonly RootContent[]): string => {
  const indent = (nodes[0]?.position?.start.column ?? 1) - 1
  return body
    .slice(startOf(nodes[0]), endOf(nodes.at(-1)))
    .replace(new RegExp(`\\n {1,${Math.max(indent, 1)}}`, 'g'), indent === 0 ? '$&' : '\n')
    .trim()
}

/** Reads a body. */
export const parseRunbook = (source: string): RunbookBody => {
  const body = source.replace(/\r\n?/g, '\n')
  const root = parseMarkdown(body)
  const steps: RunbookStep[] = []
  const lines: number[] = []
  const all: Named[] = []
  let from = 0
  for (const list of root.children) {
    if (list.type !== 'list' || list.ordered !== true) {
      all.push(...namedIn(list, null))
      continue
    }
    for (const [index, item] of list.children.entries()) {
      const before = index === 0 ? body.slice(from, startOf(list)).trim() : ''
      const named = namedIn(item, steps.length + 1)
      all.push(...named)
      const criteria = named.flatMap((each) => (each.kind === 'criterion' ? [each.criterion] : []))
      steps.push({
        ...(before === '' ? {} : { before }),
        text: sourceOf(body, item.children),
        checks: named.flatMap((each) => (each.kind === 'check' ? [each.question] : [])),
        actions: named.flatMap((each) => (each.kind === 'action' ? [each.action] : [])),
        ...(criteria.length === 0 ? {} : { criteria }),
      })
      lines.push(item.position?.start.line ?? 1)
    }
    from = endOf(list)
  }
  return { steps, lines, after: steps.length === 0 ? '' : body.slice(from).trim(), named: all }
}

/** The first paragraph of a step, in Markdown. */
export const firstWords = (text: string): string =>
  (text.split(/\n(?=\s*(?:\n|[-*+] |\d+[.)] |```))/, 1)[0] ?? '').replace(/\s*\n\s*/g, ' ')

/** Names at the end of a step: for the bot rather than for a reader. */
const namesAtEnd = /(?:(?:\s|,|\band\b)*`(?:check|action|criterion):[^`]*`)+\s*$/

/** The same in plain words, for a sentence. */
export const stepWords = (text: string): string => {
  const paragraph = firstWords(text)
  const words = paragraph.replace(namesAtEnd, '').trim()
  return wordsOf(parseMarkdown(words === '' ? paragraph : words))
    .replace(/\s+/g, ' ')
    .trim()
}
