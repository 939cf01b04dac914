/** Words of others in our sentences. */
import { cleanLine, shorten } from '../incident/text.ts'

/** On one line, cut, and without what reorders or hides text. What is cut away is not even looked at: it may be a megabyte. */
export const foreign = (text: string, length = 80): string => shorten(cleanLine(text.slice(0, length * 4)), length)
