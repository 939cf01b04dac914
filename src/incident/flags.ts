/** Flags among the words of a verb: `--private`. A dash that a keyboard has made of two counts as two, and case does not count. */
import { nearest } from './nearest.ts'
import { type Refusal, refuse } from './refusals.ts'

const flag = /(?<=^|\s)(--|[-–—―])([\p{L}][^\s]*)/gu

/** The flags, and the text without them. What looks like a flag and is none is refused: a slip must not open to everybody what was
 *  meant to be private. After a single or a long dash, which texts have too, only what nearly is a flag looks like one. */
export const takeFlags = <Flag extends string>(
  words: string,
  known: readonly Flag[],
): { readonly flags: ReadonlySet<Flag>; readonly rest: string } | Refusal => {
  const flags = new Set<Flag>()
  let refusal: Refusal | null = null
  const rest = words.replace(flag, (typed: string, dash: string, name: string) => {
    const word = name.toLowerCase().replace(/[.,;:!?]+$/, '')
    const found = known.find((each) => each === word)
    if (found !== undefined && dash !== '-') {
      flags.add(found)
      return ''
    }
    const near = found ?? nearest(word, known)
    if (dash !== '--' && (near === null || word.length < 3)) return typed
    refusal ??= refuse('unknown_flag', {
      word: typed,
      nearest: near === null ? null : `--${near}`,
      known: known.map((each) => `--${each}`),
    })
    return typed
  })
  return refusal ?? { flags, rest: rest.replace(/[^\S\n]{2,}/g, ' ').trim() }
}
