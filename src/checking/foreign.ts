/** Words of others in our sentences. */
import { cleanLine, mask, shorten } from '../incident/text.ts'

/** Shorter words are cut without a look: what is left of them gives no secret away. */
const shortWord = 6

/** Whether a word that may be a secret goes on beyond `at`. */
const cutsWord = (text: string, at: number): boolean => {
  const begin = text.lastIndexOf(' ', at - 1) + 1
  const end = text.indexOf(' ', at)
  return (end === -1 ? text.length : end) - begin >= shortWord
}

/** On one line, cut, and without what reorders or hides text. What is cut away is not even looked at: it may be a megabyte. Where a word
 *  is cut, secrets are masked first: half of one does not look like one. */
export const foreign = (text: string, length = 80): string => {
  const line = cleanLine(text.slice(0, length * 4))
  return shorten(line.length > length && cutsWord(line, length - 1) ? mask(line) : line, length)
}
