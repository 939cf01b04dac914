/** Pieces of known secrets: what is left of one that was cut, split or encoded before anybody masked it (faults 58). Pure. */

/** So many characters in a row of a secret are masked wherever they stand. */
const run = 8
/** Before an ellipsis somebody has cut: there fewer of its first characters are enough. */
const leastBeforeCut = 4

/** What is not space, seen or unseen. */
const solid = /[^\s\u200B-\u200D\u2060\uFEFF]+/g

/** What of a value is secret: of an address not its host, of a document only its long texts. */
const secretParts = (value: string): string[] => {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null
  if (url !== null) {
    // A name alone is a token; beside a password it is the name of a user.
    const user = url.password === '' ? url.username : ''
    const long = [...url.pathname.split('/'), ...url.searchParams.values()].filter((part) => part.length >= 16)
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

/** Words occur in any text, and so do numbers: only what mixes them, or small and capital letters, is known again. */
const tells = (gram: string): boolean => (/\d/.test(gram) && /[a-z]/i.test(gram)) || /[a-z][A-Z]/.test(gram)

const gramsOf = (text: string): string[] => {
  const dense = (text.match(solid) ?? []).join('')
  const grams = Array.from({ length: Math.max(0, dense.length - run + 1) }, (_, at) => dense.slice(at, at + run))
  const telling = grams.filter(tells)
  return telling.length > 0 ? telling : grams
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
  const starts = all.flatMap((part) => Array.from({ length: run - leastBeforeCut }, (_, index) => `${part.slice(0, run - 1 - index)}…`))

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
      if (begins[hash(dense, at)] === 0 || !grams.has(dense.slice(at, at + run))) continue
      let end = at + run
      while (end < dense.length && grams.has(dense.slice(end - run + 1, end + 1))) end += 1
      pieces.push(text.slice(shown, places[at]), '***')
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
