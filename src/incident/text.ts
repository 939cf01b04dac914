/** Foreign text at the edge: cleaned of what can deceive a reader, and masked of what must not be stored. */
import type { AlertRef } from './events.ts'

// Bidirectional overrides and isolates, zero-width characters, fillers and tags reorder or hide text (faults 55). ZWJ and ZWNJ
// stay: emoji and several scripts need them. Control characters other than tab and newline have no place in a line of text.
const deceptive =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

/** Well-formed Unicode without control, bidirectional and invisible characters, trimmed; every kind of line end is `\n`. */
export const clean = (text: string): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .toWellFormed()
    .replace(deceptive, '')
    .trim()

/** `clean`, on one line. */
export const cleanLine = (text: string): string => clean(text).replace(/\s+/gu, ' ')

/** Whether there is nothing in it that a reader would see: joiners and accents alone are nothing. */
export const isBlank = (text: string): boolean => !/[\p{L}\p{N}\p{P}\p{S}]/u.test(text)

/** At most `length` characters (code points, never half of one), ending in … when cut. */
export const shorten = (text: string, length: number): string => {
  const points = Array.from(text)
  return points.length <= length
    ? text
    : `${points
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`
}

/** What a setting that holds a credential is called, at its end. */
const secretName =
  '(?:password|passwd|pwd|secret|token|credentials?|(?:api|access|secret|private|service[_-]?role|service|signing|encryption|auth|account|shared)[_-]?key)'

/** What credentials look like. Each keeps its prefix, so that a reader still sees which kind of secret it was. */
const secrets: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b((?:sk|rk|pk)_(?:live|test)_)[A-Za-z0-9]{8,}/g, '$1***'],
  [/\b(whsec_)[A-Za-z0-9+/=_]{8,}/g, '$1***'],
  [/\b(xox[abeoprs]-|xapp-)[A-Za-z0-9-]{8,}/g, '$1***'],
  [/\b(gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}/g, '$1***'],
  [/\b(sk-(?:live-|proj-|ant-)?)[A-Za-z0-9_-]{16,}/g, '$1***'],
  [/\b(sb_secret_|re_|SG\.|xkeysib-|sbp_)[A-Za-z0-9._-]{16,}/g, '$1***'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '$1***'],
  [/\beyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,16384}\.[A-Za-z0-9_-]{8,}/g, 'eyJ***'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '-----PRIVATE KEY***-----'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{16,}/gi, '$1 ***'],
  [/\b(AIza)[A-Za-z0-9_-]{30,}/g, '$1***'],
  [/(hooks\.slack\.com\/services\/)[A-Za-z0-9/]{8,}/g, '$1***'],
  // A password may hold an @ itself: the last one before the host ends it.
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,64}:)[^\s/?#]{1,256}@/gi, '$1***@'],
  [
    new RegExp(`(?<![A-Z0-9_-])([A-Z0-9_-]{0,64}?${secretName}["']?\\s{0,8}(?:=\\s{0,8}["']?|:["']?|:\\s{1,8}["']))[^\\s"',;&]{6,}`, 'gi'),
    '$1***',
  ],
  // `password: x` in a sentence: a short word of letters only is more likely the sentence going on.
  [
    new RegExp(
      `(?<![A-Z0-9_-])([A-Z0-9_-]{0,64}?${secretName}:\\s{1,8})(?=[^\\s"',;&]*[^\\sA-Za-z.!?…"',;&]|[^\\s"',;&]{16})[^\\s"',;&]{6,}`,
      'gi',
    ),
    '$1***',
  ],
]

/** Credentials replaced by `***` behind their prefix (faults 58). Masking twice changes nothing. */
export const mask = (text: string): string => secrets.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)

/** What is stored of a text that somebody wrote: cleaned and masked. */
export const keep = (text: string): string => mask(clean(text))

/** `keep`, on one line. */
export const keepLine = (text: string): string => mask(cleanLine(text))

/** Labels without what must not be stored, in their values or, as with `password`, because of what they are called. */
export const maskLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, new RegExp(`${secretName}$`, 'i').test(name) ? '***' : mask(value)]),
  )

/** The longest summary of an alert that is kept. */
const longestSummary = 1000

/** An alert as it is kept. What it is known by stays as it is. */
export const keepAlert = (alert: AlertRef): AlertRef => ({
  ...alert,
  rule: keepLine(alert.rule),
  summary: shorten(keepLine(alert.summary), longestSummary),
  labels: maskLabels(alert.labels),
  ...(alert.url === undefined ? {} : { url: mask(alert.url) }),
})
