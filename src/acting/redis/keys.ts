/** Keys by a pattern: which patterns are too wide, and the keys of one, piece by piece. */
import { z } from 'zod'
import { foreign } from '../../checking/foreign.ts'
import { type Read, RedisRefusal } from '../../checking/redis/commands.ts'

/** What all keys that may be removed begin with: plain text, without anything that a pattern gives a meaning. */
export const Prefix = z.string().regex(/^[^\s\p{C}*?[\]\\^]{2,100}$/u, 'must be 2 to 100 plain characters, none of * ? [ ] \\ ^')

/** Each `*` multiplies what Redis must try for a key. */
const mostStars = 4

const parts = /\\.|\[(?:\\.|[^\]\\])*\]|[*?]|[^\\[\]*?]/gsu

/** Why this pattern is not taken; null: it is. */
export const patternRefusal = (pattern: string, prefixes: readonly string[]): string | null => {
  if (pattern.length > 200 || !pattern.isWellFormed() || /[\s\p{C}]/u.test(pattern)) return 'must be at most 200 characters without spaces'
  const tokens = [...pattern.matchAll(parts)].map(([piece]) => piece)
  if (tokens.join('') !== pattern) return 'has a bracket or a backslash that belongs to nothing'
  if (tokens.every((piece) => piece === '*' || piece === '?' || piece.startsWith('[')))
    return 'matches every key, or every key of a length: begin with the prefix of those that are meant'
  if (tokens.filter((piece) => piece === '*').length > mostStars) return `must have at most ${mostStars} *`
  return prefixes.some((prefix) => pattern.startsWith(prefix)) ? null : `must begin with ${prefixes.join(' or ')}`
}

/** A key as an example: what stands behind its prefix may be somebody's name, or a token. */
export const example = (key: string, pattern: string): string => {
  const [plain = ''] = /^[^*?[\\]*/.exec(pattern) ?? []
  const open = plain.replace(/[\p{L}\p{N}_@.+-]+$/u, '')
  const known = key.startsWith(open) ? open : ''
  return foreign(
    `${known}${key.slice(known.length).replaceAll(/[\p{L}\p{N}_@.+-]{3,}/gu, (word) => `${Array.from(word).slice(0, 2).join('')}…`)}`,
    60,
  )
}

const Scanned = z.tuple([z.coerce.string(), z.array(z.string())])
const batch = 1000

/** The keys of a pattern, in pieces, as SCAN gives them: one may come twice, and KEYS would hold up everybody else. */
export async function* pieces(read: Read, pattern: string): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    const answer = Scanned.safeParse(await read('SCAN', cursor, 'MATCH', pattern, 'COUNT', batch))
    if (!answer.success) throw new RedisRefusal('ERR its answer to SCAN is not as documented')
    const [next, keys] = answer.data
    yield keys
    cursor = next
  } while (cursor !== '0')
}

/** About a million keys are looked at: more take longer than anybody waits. */
const mostPieces = 1000

/** How many there are, and a few of them. */
export const countKeys = async (read: Read, pattern: string): Promise<{ keys: number; some: readonly string[]; complete: boolean }> => {
  const found = new Set<string>()
  let looked = 0
  for await (const keys of pieces(read, pattern)) {
    for (const key of keys) found.add(key)
    looked += 1
    if (looked >= mostPieces) return { keys: found.size, some: [...found].slice(0, 3), complete: false }
  }
  return { keys: found.size, some: [...found].slice(0, 3), complete: true }
}

/** Whether any key matches. */
export const anyKey = async (read: Read, pattern: string): Promise<boolean> => {
  for await (const keys of pieces(read, pattern)) if (keys.length > 0) return true
  return false
}

/** How many keys a database has. */
export const sizeOf = async (read: Read): Promise<number> => {
  const size = z.coerce
    .number()
    .int()
    .min(0)
    .safeParse(await read('DBSIZE'))
  if (!size.success) throw new RedisRefusal('ERR its answer to DBSIZE is not as documented')
  return size.data
}

/** How many keys all databases of the server have. */
export const sizeOfAll = async (read: Read): Promise<number> => {
  const info = z.string().parse(await read('INFO', 'keyspace'))
  return [...info.matchAll(/^db\d+:keys=(\d+)/gm)].reduce((sum, [, keys]) => sum + Number(keys), 0)
}
