/** Text and times that strangers send, made fit to keep: what cannot be stored or shown is changed, and every change is said.
 *  Literal otherwise: escaping belongs to the surface that shows it. Pure. */
import type { Instant } from './policy.ts'
import { shorten } from './text.ts'

/** What a label set may hold: a sender with a million values must not become our memory's problem (fault 25). */
export const caps = { labels: 64, labelName: 128, labelValue: 1024, summary: 1000, word: 64, url: 2000 } as const

/** 2000-01-01: nothing that fires today began earlier, but zero times and epochs do. */
const earliest = Date.UTC(2000, 0, 1)
/** How far a sender's clock may be ahead of ours before we disbelieve it. */
const ahead = 24 * 60 * 60_000

/** Without NUL and lone surrogates, which neither Postgres nor UTF-8 can hold. */
export const storable = (text: string): string => text.replaceAll('\u0000', '').toWellFormed()

/** A string that can be stored and is at most `max` long. Changes are added to `cleaned` under `name`. */
export const cleanText = (text: string, max: number, name: string, cleaned: string[]): string => {
  const fit = storable(text)
  if (fit !== text) cleaned.push(`${name}: characters that cannot be stored were removed or replaced`)
  const short = shorten(fit, max)
  if (short !== fit) cleaned.push(`${name}: cut to ${max} characters`)
  return short
}

const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** A word such as a severity or a product's key, trimmed; null when it is missing, empty or not one word of at most 64 characters. */
export const cleanWord = (value: unknown, name: string, cleaned: string[]): string | null => {
  if (value === undefined || value === null) return null
  const text = textOf(value)?.trim()
  if (text === '') return null
  if (text === undefined || text.length > caps.word || storable(text) !== text) {
    cleaned.push(`${name}: not a word of at most ${caps.word} characters, ignored`)
    return null
  }
  return text
}

/** Labels that the design reads: they are kept first, so that no flood of others can push them out. */
const known = ['product', 'severity', 'alertname', 'summary', 'runbook', 'environment', 'env']

const entriesOf = (sets: readonly unknown[], what: string, cleaned: string[]): [string, unknown][] => {
  const merged = new Map<string, unknown>()
  for (const set of sets) {
    if (set === undefined || set === null) continue
    if (typeof set !== 'object' || Array.isArray(set)) cleaned.push(`${what}s: not an object, ignored`)
    else for (const [name, value] of Object.entries(set)) if (!merged.has(name)) merged.set(name, value)
  }
  const first = known.flatMap((name): [string, unknown][] => (merged.has(name) ? [[name, merged.get(name)]] : []))
  return [...first, ...[...merged].filter(([name]) => !known.includes(name))]
}

/** Labels as names with texts, an earlier set over a later one: at most 64, in the order sent; a value that is no text is dropped.
 *  `what` is how a change is named, e.g. "label". */
export const cleanLabels = (sets: readonly unknown[], what: string, cleaned: string[]): Record<string, string> => {
  const labels = new Map<string, string>()
  let dropped = 0
  for (const [sent, value] of entriesOf(sets, what, cleaned)) {
    const name = shorten(storable(sent), caps.labelName)
    const text = textOf(value)
    if (text === null || (labels.size >= caps.labels && !labels.has(name))) {
      dropped += 1
      continue
    }
    if (name !== sent) cleaned.push(`${what} ${shorten(name, 60)}: name cleaned or cut`)
    labels.set(name, cleanText(text, caps.labelValue, `${what} ${shorten(name, 60)}`, cleaned))
  }
  if (dropped > 0) cleaned.push(`${what}s: ${dropped} dropped (no text, or more than ${caps.labels}), ${labels.size} kept`)
  return Object.fromEntries(labels)
}

/** With a zone: without one, Date.parse would read it in the zone of the machine. */
const isoTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})$/i

/** An instant that a sender gives; null when it is missing, malformed or without a zone, before 2000 or more than a day after `now`. The changes are
 *  for the caller to say: what stands in for a start is not what stands in for an end. */
const cleanInstant = (value: unknown, now: Instant): Instant | null => {
  if (typeof value !== 'string' || value.length > 40 || !isoTime.test(value)) return null
  // Prometheus writes nanoseconds; a Date holds milliseconds.
  const ms = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
  if (Number.isNaN(ms) || ms < earliest || ms > Date.parse(now) + ahead) return null
  return new Date(ms).toISOString()
}

/** An http or https address without credentials; null, and said, when it is anything else. */
export const cleanUrl = (value: unknown, name: string, cleaned: string[]): string | null => {
  if (value === undefined || value === null || value === '') return null
  const url = typeof value === 'string' && value.length <= caps.url ? URL.parse(value) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    cleaned.push(`${name}: not an http address without credentials of at most ${caps.url} characters, dropped`)
    return null
  }
  return url.href
}

/** When an alert began and, if it is over, when it ended; what had to be replaced is said. An alert that is firing has no end. */
export const cleanSpan = (
  sent: { readonly startsAt: unknown; readonly endsAt: unknown },
  over: boolean,
  now: Instant,
  cleaned: string[],
): { startsAt: Instant; startKnown: boolean; endsAt: Instant | null } => {
  const given = cleanInstant(sent.startsAt, now)
  if (given === null) cleaned.push('startsAt: missing or not a time that can be, the time of arrival stands in')
  let startsAt = given ?? now
  if (startsAt > now) cleaned.push(`startsAt: ${Math.ceil((Date.parse(startsAt) - Date.parse(now)) / 1000)} s ahead of our clock`)
  const startKnown = given !== null
  if (!over) return { startsAt, startKnown, endsAt: null }
  const end = cleanInstant(sent.endsAt, now)
  if (end === null) cleaned.push('endsAt: missing or not a time that can be, the time of arrival stands in')
  let endsAt = end ?? now
  if (endsAt < startsAt) {
    if (given === null) startsAt = endsAt
    else endsAt = startsAt
    cleaned.push('endsAt: before startsAt, the two were made equal')
  }
  return { startsAt, startKnown, endsAt }
}
