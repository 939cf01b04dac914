/** Words of others in our sentences. */
import { keepLine, shorten } from '../incident/text.ts'

/** On one line, cut, and without what reorders or hides text. What is cut away is not even looked at: it may be a megabyte. Masked before
 *  it is cut: half a secret does not look like one. */
export const foreign = (text: string, length = 80): string => shorten(keepLine(text.slice(0, length * 4)), length)
