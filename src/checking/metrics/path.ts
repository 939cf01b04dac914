/** A path into JSON, `data.hosts[*].cpu`: names, indexes, and `*` for every item. Own fields only. Pure. */
import { parseQuantity } from '../../incident/health.ts'
import { foreign } from '../foreign.ts'
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

export type Reached = {
  /** What stands at the path: labelled by the keys that `*` stood for. */
  readonly found: readonly Found[]
  /** How many items lack what the path names next. */
  readonly lacking: number
  /** There are more than were read. */
  readonly cut: boolean
}

const into = ({ label, value }: Found, step: string): Found[] | null => {
  if (typeof value !== 'object' || value === null) return null
  const inside = (key: string): string => (label === '' ? key : `${label}.${key}`)
  // One more than are kept tells that there are more.
  if (step === '*')
    return Object.entries(value)
      .slice(0, mostValues + 1)
      .map(([key, item]) => ({ label: inside(key), value: item as unknown }))
  return Object.hasOwn(value, step) ? [{ label, value: (value as Record<string, unknown>)[step] }] : null
}

/** Goes down the path. */
export const at = (json: unknown, path: string): Reached =>
  (stepsOf(path) ?? []).reduce<Reached>(
    ({ found, lacking, cut }, step) => {
      const inside = found.map((one) => into(one, step))
      const all = inside.flatMap((items) => items ?? [])
      return {
        found: all.slice(0, mostValues),
        lacking: lacking + inside.filter((items) => items === null).length,
        cut: cut || all.length > mostValues,
      }
    },
    { found: [{ label: '', value: json }], lacking: 0, cut: false },
  )

const times = ['ns', 'µs', 'ms', 's', 'min', 'h']

const kindOf = (unit: string): string => (unit === '' || unit === '%' ? unit : times.includes(unit) ? 'time' : 'size')

/** A value in the unit that is wanted: `1.5s` is 1500 in ms. A bare number has that unit already. Null when it is of another kind; NaN when
 *  it is no number. */
const inUnit = (value: unknown, wanted: string): number | null => {
  const quantity = parseQuantity(value)
  if (quantity === null) return Number.NaN
  const { value: number, unit, factor } = quantity
  // Per cent are often shown bare.
  if (unit === '' || (unit === '%' && wanted === '')) return number
  const own = wanted === '' ? null : parseQuantity(`1${wanted}`)
  if (own === null || kindOf(own.unit) !== kindOf(unit)) return null
  return Number(((number * factor) / own.factor).toPrecision(12))
}

/** The numbers among what was reached, and the values whose unit is none of the kind that is wanted. */
export const numbersOf = (found: readonly Found[], unit: string): { readonly series: Series[]; readonly otherUnits: string[] } => {
  const values = found.map(({ label, value }) => ({ label, value: inUnit(value, unit), sent: value }))
  return {
    series: values.flatMap(({ label, value }) => (value === null ? [] : [{ label, value }])),
    otherUnits: values.flatMap(({ value, sent }) => (value === null ? [foreign(String(sent), 40)] : [])),
  }
}
