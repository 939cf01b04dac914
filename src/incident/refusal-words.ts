/** Words that the sentences of refusals share. */
import { cleanLine, shorten } from './text.ts'

/** At most `most` characters, cut between words where that leaves something to read. */
const wholeWords = (text: string, most: number): string => {
  const cut = shorten(text, most)
  const end = cut.lastIndexOf(' ')
  return cut === text || end < most / 3 ? cut : `${cut.slice(0, end)}…`
}

/** A foreign word in a sentence: it cannot end the code that it stands in, nor become a channel. */
export const foreign = (text: string, most = 40): string => wholeWords(cleanLine(text), most).replaceAll('`', 'ˋ').replaceAll('<', '‹')

/** What somebody typed, to be typed again in an example. */
export const typedAgain = (words: string): string => foreign(words, 80)

export const meant = (nearest: string | null) => (nearest === null ? '' : `Did you mean \`${foreign(nearest)}\`? `)

/** A sentence without parameters. */
export const always =
  (text: string): ((params: Record<string, never>) => string) =>
  () =>
    text
