/** Days as people write them: `2026-12-01`, `today`, `tomorrow`, `friday`, `in 3d`. */
import type { LocalDate } from './policy.ts'

const week = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

const dayMs = 86_400_000

const dateOf = (ms: number): LocalDate => new Date(ms).toISOString().slice(0, 10)

/** Midnight of a date that there is; NaN for 30 February. */
const midnight = (date: string): number => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN
  return Number.isNaN(ms) || dateOf(ms) !== date ? Number.NaN : ms
}

/** The weekday that a word names by at least three letters: 0 for Sunday; -1 for none. */
const weekday = (word: string): number => (word.length < 3 ? -1 : week.findIndex((name) => name.startsWith(word)))

const named = '(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)'
const written = '\\d{1,4}[-./]\\d{1,2}(?:[-./]\\d{0,4})?'
const spoken = `(?:(?:next\\s+|this\\s+)?${named}|(?:next|this)\\s+(?:week|month)|to(?:day|night|morrow)|(?:the\\s+)?end\\s+of|eod|eow|\\d{1,2}(?:st|nd|rd|th))\\b`

/** What is meant as a day, whether there is such a day or not: a date, or words with at most two more behind them. */
export const dayPattern = `(?:${written}|${spoken}(?:\\s+[^\\s@]\\S*){0,2}?)`

/** The day that a text means, seen from `today`: a weekday is the next one, today among them. Null when it means none, or none that is
 *  certain. */
export const dayOf = (text: string, today: LocalDate): LocalDate | null => {
  const word = text.trim().toLowerCase()
  const start = midnight(today)
  if (!Number.isNaN(midnight(word))) return word
  if (word === 'today') return today
  if (word === 'tomorrow') return dateOf(start + dayMs)
  const [, amount, unit] = /^in\s+(\d{1,3})\s*(d|days?|w|weeks?)$/.exec(word) ?? []
  if (amount !== undefined) return dateOf(start + Number(amount) * (unit?.startsWith('w') === true ? 7 : 1) * dayMs)
  const wanted = weekday(word)
  return wanted < 0 ? null : dateOf(start + ((wanted - new Date(start).getUTCDay() + 7) % 7) * dayMs)
}
