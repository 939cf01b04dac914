/** The words that can be typed behind a check, `key=value`, held against what its kind takes. */
import { z } from 'zod'

type Words = z.ZodObject | undefined

/** By their names as they are shown: `since=1h`, with the value that each has without. */
export const knownWords = (words: Words): ReadonlyMap<string, string> => {
  if (words === undefined) return new Map()
  const { properties = {} } = z.toJSONSchema(words, { io: 'input', unrepresentable: 'any' })
  return new Map(
    Object.keys(words.shape).map((name) => {
      const known = properties[name]
      const preset = typeof known === 'object' ? known.default : undefined
      return [name, `${name}=${typeof preset === 'string' || typeof preset === 'number' ? preset : '…'}`]
    }),
  )
}

/** The first that does not fit; `why` is null when there is no such word. */
export const wordFault = (
  words: Words,
  typed: Readonly<Record<string, string>>,
): { readonly name: string; readonly value: string; readonly why: string | null } | null => {
  const known = knownWords(words)
  const stranger = Object.keys(typed).find((name) => !known.has(name))
  if (stranger !== undefined) return { name: stranger, value: typed[stranger] ?? '', why: null }
  const issue = words?.safeParse(typed).error?.issues[0]
  if (issue === undefined) return null
  const name = String(issue.path[0] ?? '')
  return { name, value: typed[name] ?? '', why: issue.message.replaceAll('`', '') }
}
