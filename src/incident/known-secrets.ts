/** Secrets that are known by their value, whatever they look like. Pure. */

/** Shorter values would be found by chance in text that is no secret. */
const shortest = 6

/** The password of an address such as `postgres://user:password@host/name`. */
const passwordOf = (value: string): string[] => {
  const password = URL.parse(value)?.password ?? ''
  if (password === '') return []
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    // A bare % stands for itself.
    return [password]
  }
}

/** Every form in which these values may stand in a text, the longest first. */
export const knownSecrets = (values: readonly string[]): string[] => {
  const plain = values.flatMap((value) => [value.trim(), ...passwordOf(value)]).filter((value) => value.length >= shortest)
  const forms = plain.flatMap((value) => [
    value,
    encodeURIComponent(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
    base64(value),
  ])
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length)
}

const base64 = (value: string): string => btoa(String.fromCodePoint(...new TextEncoder().encode(value)))

/** A text without them. */
export const maskKnown = (text: string, known: readonly string[]): string =>
  known.reduce((masked, value) => masked.replaceAll(value, '***'), text)
