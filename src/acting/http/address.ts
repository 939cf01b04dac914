/** What is called, made of what the catalogue wrote and the values that were typed: those get into a piece of the path, the query or the
 *  body, and never become more than one of these. Pure. */
import type { Parameter } from '../parameters.ts'

/** The pieces of an address's path that stand for something, `:name`. */
export const piecesIn = (url: string): string[] =>
  new URL(url).pathname.split('/').flatMap((piece) => (piece.startsWith(':') ? [piece.slice(1)] : []))

/** Why a value cannot be a piece of a path, or null: servers and proxies read some of them as more than that, escaped or not. */
const unfit = (value: string): string | null =>
  value === '' || /^\.{1,2}$/.test(value) || /[/\\\p{Cc}]/u.test(value) ? 'cannot be a piece of an address' : null

/** The name of the first value that cannot be put into the path, or null. */
export const misplaced = (url: string, values: ReadonlyMap<string, string>): string | null => {
  for (const name of piecesIn(url)) {
    const why = unfit(values.get(name) ?? '')
    if (why !== null) return `\`${name}\` ${why}.`
  }
  return null
}

/** The address with its pieces filled in, each escaped, and the query added to what it has. */
export const filled = (url: string, values: ReadonlyMap<string, string>, query: Readonly<Record<string, string>> = {}): string => {
  const to = new URL(url)
  to.pathname = to.pathname
    .split('/')
    .map((piece) => (piece.startsWith(':') ? encodeURIComponent(values.get(piece.slice(1)) ?? '') : piece))
    .join('/')
  for (const [name, value] of Object.entries(query)) to.searchParams.set(name, value)
  return to.href
}

/** A value as JSON has it: numbers as numbers. */
export const typed = ({ type }: Parameter, value: string): string | number =>
  type === 'integer' || type === 'number' ? Number(value) : value
