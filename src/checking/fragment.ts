/** Pieces of known secrets: what is left of one that was cut, split or encoded before anybody masked it (faults 58). Pure. */

/** So many characters in a row of a secret are masked wherever they stand, when it tells them from words. */
const run = 8
/** As many of one that has words in it: so much of them in a row nobody writes by chance. */
const longRun = 12
/** Before an ellipsis somebody has cut: there fewer of its first characters are enough. */
const leastBeforeCut = 4

/** What is not space, seen or unseen. */
const solid = /[^\s\u200B-\u200D\u2060\uFEFF]+/g

/** Words occur in any text, and so do numbers: only what mixes them, or small and capital letters, is known again. */
const tells = (gram: string): boolean => (/\d/.test(gram) && /[a-z]/i.test(gram)) || /[a-z][A-Z]/.test(gram)

/** What of a value is secret: of an address not its host, of a document only its long texts. */
const secretParts = (value: string): string[] => {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null
  if (url !== null) {
    // A name alone is a token, when it is no word; beside a password it is the name of a user.
    const user = url.password === '' && tells(url.username) ? url.username : ''
    // Only on the web a path may be one that nobody knows; behind other schemes it is the name of a database.
    const path = /^https?:$/.test(url.protocol) ? url.pathname.split('/') : []
    const long = [...path, ...url.searchParams.values()].filter((part) => part.length >= 16)
    return [user, url.password, ...long]
  }
  if (!/^\s*[{[]/.test(value)) return [value]
  const parts: string[] = []
  try {
    JSON.parse(value, (_, held: unknown) => {
      if (typeof held === 'string' && held.length >= 16) parts.push(...secretParts(held))
      return held
    })
  } catch {
    // No document after all: then all of it is secret.
    return [value]
  }
  return parts
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** As it may be written: behind other text, base64 differs with where it begins. */
const writings = (value: string): string[] => {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return before === 0 ? text : text.slice(4, -4)
  })
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    ...base64.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')]),
  ].filter((text) => text.length > 0)
}

const runsOf = (text: string, length: number): string[] =>
  Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) => text.slice(at, at + length))

/** The pieces by which a secret is known again. */
const gramsOf = (text: string): string[] => {
  const dense = (text.match(solid) ?? []).join('')
  const grams = runsOf(dense, run)
  const telling = grams.filter(tells)
  // What a passphrase has around its one digit is as secret as the digit.
  return telling.length === 0 ? grams : [...telling, ...(telling.length === grams.length ? [] : runsOf(dense, longRun))]
}

const hash = (text: string, at: number): number =>
  (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) & 0xff_ff

/** Makes what replaces the pieces of these secrets by `***`. Space within a piece does not hide it. */
export const fragmentMask = (values: readonly string[]): ((text: string) => string) => {
  const parts = values.flatMap(secretParts).flatMap((part) => [part, decoded(part)])
  const all = [...new Set(parts)].filter((part) => part.length >= run)
  const grams = new Set(all.flatMap(writings).flatMap(gramsOf))
  // Nearly every place of a text is dismissed by this, without a string being made.
  const begins = new Uint8Array(0x1_00_00)
  for (const gram of grams) begins[hash(gram, 0)] = 1
  const starts = all.flatMap((part) =>
    Array.from({ length: longRun - leastBeforeCut }, (_, index) => `${part.slice(0, longRun - 1 - index)}…`),
  )
  /** How much of a secret begins here. */
  const foundAt = (dense: string, at: number): number => {
    if (begins[hash(dense, at)] === 0) return 0
    const long = dense.slice(at, at + longRun)
    if (long.length === longRun && grams.has(long)) return longRun
    return grams.has(long.slice(0, run)) ? run : 0
  }

  const withoutRuns = (text: string): string => {
    const places = new Uint32Array(text.length)
    let dense = ''
    for (const { 0: word, index } of text.matchAll(solid)) {
      for (let at = 0; at < word.length; at += 1) places[dense.length + at] = index + at
      dense += word
    }
    const pieces: string[] = []
    let shown = 0
    for (let at = 0; at + run <= dense.length; at += 1) {
      let end = at + foundAt(dense, at)
      if (end === at) continue
      pieces.push(text.slice(shown, places[at]), '***')
      // Pieces of one secret overlap, long and short ones.
      for (let next = at + 1; next < end; next += 1) end = Math.max(end, next + foundAt(dense, next))
      shown = (places[end - 1] ?? 0) + 1
      at = end - 1
    }
    return shown === 0 ? text : `${pieces.join('')}${text.slice(shown)}`
  }

  return (text) => {
    if (grams.size === 0) return text
    const without = withoutRuns(text)
    return without.includes('…') ? starts.reduce((masked, start) => masked.replaceAll(start, '***…'), without) : without
  }
}
