/** Foreign text at the edge: cleaned of what can deceive a reader, and masked of what must not be stored. */

// Bidirectional overrides and isolates, zero-width characters and tags reorder or hide text (faults 55). ZWJ and ZWNJ stay:
// emoji and several scripts need them. Control characters other than tab and newline have no place in a line of text.
// oxlint-disable-next-line no-control-regex
const deceptive = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

/** Well-formed Unicode without control, bidirectional and zero-width characters, trimmed. */
export const clean = (text: string): string => text.replaceAll('\r\n', '\n').toWellFormed().replace(deceptive, '').trim()

/** `clean`, on one line. */
export const cleanLine = (text: string): string => clean(text).replace(/\s+/gu, ' ')

/** At most `length` characters (code points, never half of one), ending in … when cut. */
export const shorten = (text: string, length: number): string => {
  const points = [...text]
  return points.length <= length ? text : `${points.slice(0, length - 1).join('').trimEnd()}…`
}

/** What credentials look like. Each keeps its prefix, so that a reader still sees which kind of secret it was. */
const secrets: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\b((?:sk|rk|pk)_(?:live|test)_)[A-Za-z0-9]{8,}/g, '$1***'],
  [/\b(whsec_)[A-Za-z0-9+/=_]{8,}/g, '$1***'],
  [/\b(xox[abeoprs]-|xapp-)[A-Za-z0-9-]{8,}/g, '$1***'],
  [/\b(gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}/g, '$1***'],
  [/\b(sk-(?:live-|proj-|ant-)?)[A-Za-z0-9_-]{16,}/g, '$1***'],
  [/\b(sb_secret_|re_|SG\.|xkeysib-|sbp_)[A-Za-z0-9._-]{16,}/g, '$1***'],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, '$1***'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, 'eyJ***'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '-----PRIVATE KEY***-----'],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{16,}/gi, '$1 ***'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]{0,64}:)[^\s@/]{1,256}@/gi, '$1***@'],
  [/\b((?:[A-Z0-9_]*_)?(?:password|passwd|secret|token|api[_-]?key|service_role_key|access[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&]{6,}/gi, '$1***'],
]

/** Credentials replaced by `***` behind their prefix (faults 58). Masking twice changes nothing. */
export const mask = (text: string): string => secrets.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text)

/** What is stored of a text that somebody wrote: cleaned and masked. */
export const keep = (text: string): string => mask(clean(text))

/** `keep`, on one line. */
export const keepLine = (text: string): string => mask(cleanLine(text))
