/** Reading JSON of unknown shape, without trusting it. */
export type Json = { [key: string]: unknown }

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

export const object = (value: unknown): Json => (isJson(value) ? value : {})

export const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : [])

export const string = (value: unknown): string => (typeof value === 'string' ? value : '')

export const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

/** Null when it is not JSON. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
