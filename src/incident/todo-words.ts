/** What somebody types behind `/incident todo`: the text, and behind it who does it and by when, in either order. */
import { dayOf, dayPattern } from './day-words.ts'
import type { LocalDate } from './policy.ts'

/** What a mention looks like, at the end of a text. */
const mentionAtEnd = /(?:^|\s)(@[\p{L}\p{N}][\p{L}\p{N}._-]*)$/u

/** What is meant as a day, at the end of a text. */
const dueAtEnd = new RegExp(`(?:^|\\s)(?:(?:by|due)\\s+(?:on\\s+)?(${dayPattern})|(in\\s+\\d{1,3}\\s*(?:d|days?|w|weeks?)))[.!]?$`, 'i')

export type TodoWords = {
  readonly text: string
  /** The mention as it was typed. */
  readonly owner: string | null
  readonly due: LocalDate | { readonly unreadable: string } | null
}

/** `Add an alert on the pool @bob by friday`: only what stands at the end counts, so that a text may name people and dates. */
export const parseTodo = (words: string, today: LocalDate): TodoWords => {
  let text = words.trim()
  let owner: string | null = null
  let due: TodoWords['due'] = null
  for (;;) {
    const date: RegExpExecArray | null = due === null ? dueAtEnd.exec(text) : null
    const mention: RegExpExecArray | null = owner === null ? mentionAtEnd.exec(text) : null
    const day: string | undefined = date?.[1] ?? date?.[2]
    if (day !== undefined) due = dayOf(day, today) ?? { unreadable: day }
    else if (mention?.[1] !== undefined) owner = mention[1]
    else return { text, owner, due }
    text = text.slice(0, (date ?? mention)?.index ?? 0).trim()
  }
}

/** `done 3` and `open 3`; without a number `todo` is null. */
export const parseTick = (words: string): { readonly what: 'done' | 'open'; readonly todo: number | null } | null => {
  const [, what, number] = /^(done|open)(?:\s+#?(\d{1,6}))?$/i.exec(words.trim()) ?? []
  if (what === undefined) return null
  return { what: what.toLowerCase() === 'done' ? 'done' : 'open', todo: number === undefined ? null : Number(number) }
}
