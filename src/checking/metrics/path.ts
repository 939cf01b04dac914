/** A path into JSON, `data.hosts[*].cpu`: names, indexes, and `*` for every item. Own fields only. Pure. */
import { parseQuantity } from '../../incident/health.ts'
import type { Series } from './series.ts'

/** More than a page of a dashboard has. */
const mostValues = 1000

/** The steps of a path; null when it cannot be read. */
export const stepsOf = (path: string): string[] | null => {
  const steps = [...path.matchAll(/\.?([^.[\]"]+)|\[(\d+|\*)\]|\["([^"]+)"\]/g)]
  if (steps.length === 0 || steps.map(([text]) => text).join('') !== path) return null
  return steps.map(([, name, index, quoted]) => name ?? index ?? quoted ?? '')
}

type Found = { readonly label: string; readonly value: unknown }

const into = ({ label, value }: Found, step: string): Found[] => {
  if (typeof value !== 'object' || value === null) return []
  const inside = (key: string): string => (label === '' ? key : `${label}.${key}`)
  if (step === '*')
    return Object.entries(value)
      .slice(0, mostValues)
      .map(([key, item]) => ({ label: inside(key), value: item as unknown }))
  return Object.hasOwn(value, step) ? [{ label, value: (value as Record<string, unknown>)[step] }] : []
}

/** What stands at the path: labelled by the keys that `*` stood for. */
export const at = (json: unknown, path: string): Found[] =>
  (stepsOf(path) ?? []).reduce<Found[]>(
    (found, step) => found.flatMap((one) => into(one, step)).slice(0, mostValues),
    [{ label: '', value: json }],
  )

/** The numbers at the path. A text such as `45%` counts; what is no number is NaN. */
export const numbersAt = (json: unknown, path: string): Series[] =>
  at(json, path).map(({ label, value }) => ({ label, value: parseQuantity(value)?.value ?? Number.NaN }))
