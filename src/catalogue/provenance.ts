/** Where each field of a product comes from: its guide, an assumption with its reason, or the templates. */
import { severities } from '../incident/policy.ts'
import { pathText } from './problems.ts'
import { Service, Template } from './schema.ts'
import type { Source } from './source.ts'

export type Provenance = {
  readonly path: string
  readonly from: 'given' | 'assumed' | 'inherited'
  /** Why it is assumed; for an inherited field, why the template assumes it. */
  readonly why: string | null
  /** As it is written in the file that it comes from. */
  readonly value: string
}

/** Keys whose members each have a row of their own. */
const opened: Readonly<Record<string, number>> = {
  severities: 2,
  calendar: 1,
  links: 1,
  contacts: 1,
  checks: 1,
  disaster: 1,
  notifications: 1,
  environments: 1,
  digest: 1,
  variables: 1,
}

const severityFields = Object.keys(Template.shape.severities.shape.P1.shape).filter((field) => field !== 'aliases')

/** What a product may leave to the templates. */
const inheritable: readonly (readonly string[])[] = [
  ['defaultSeverity'],
  ['immediate'],
  ['ladder'],
  ['fallback'],
  ...Object.keys(Template.shape.calendar.shape).map((field) => ['calendar', field]),
  ...Object.keys(Template.shape.notifications.shape).map((field) => ['notifications', field]),
  ...severities.flatMap((severity) => severityFields.map((field) => ['severities', severity, field])),
]

/** One row for each field, in the order of the schema; what is assumed inside a field has a row besides. */
export const provenanceOf = (own: Source, template: Source): readonly Provenance[] => {
  const rows: Provenance[] = []

  const add = (value: unknown, path: readonly (string | number)[]): void => {
    const depth = opened[String(path[0])] ?? 0
    if (path.length <= depth && typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) add(item, [...path, Array.isArray(value) ? Number(key) : key])
      return
    }
    const at = pathText(path)
    const why = own.assumed.get(at) ?? path.map((_, length) => own.assumed.get(pathText(path.slice(0, length)))).find(Boolean) ?? null
    rows.push({ path: at, from: why === null ? 'given' : 'assumed', why, value: written(value) })
    for (const [inner, reason] of own.assumed)
      if (why === null && inner.length > at.length && inner.startsWith(at) && /[.[]/.test(inner[at.length]!))
        rows.push({ path: inner, from: 'assumed', why: reason, value: written(lookUp(value, inner.slice(at.length))) })
  }

  for (const key of Object.keys(Service.shape)) {
    const value = lookUp(own.data, key)
    if (value !== undefined) add(value, [key])
  }
  for (const path of inheritable) {
    const at = pathText(path)
    if (lookUp(own.data, at) !== undefined) continue
    const value = lookUp(template.data, at)
    rows.push({ path: at, from: 'inherited', why: template.assumed.get(at) ?? null, value: value === undefined ? '–' : written(value) })
  }
  return rows
}

const lookUp = (data: unknown, path: string): unknown =>
  [...path.matchAll(/[^.[\]]+/g)].reduce<unknown>((value, [step]) => (Object(value) as Record<string, unknown>)[step], data)

const written = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(written).join(' · ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, item]) => `${key}: ${typeof item === 'object' ? `(${written(item)})` : String(item)}`)
    .join(', ')
}
