/** One variable of a project's production, known by the names of its values only: what they are is compared where it is read, and goes no
 *  further. */
import { z } from 'zod'
import type { Unable } from '../../incident/acting/action.ts'
import { foreign } from '../../checking/foreign.ts'
import { SecretName } from '../../checking/option.ts'
import { askVariables } from '../../checking/vercel/environment.ts'
import { type ActingVercel, lostOf, unableOf } from './call.ts'

/** A value: as it is, or the name of the bot's setting that holds it. */
export const Value = z.union([z.string().max(1000), z.strictObject({ secret: SecretName })])
export type Value = z.infer<typeof Value>

/** Values by the names that people choose from. */
export type Values = Readonly<Record<string, Value>>

/** Settings that values are read from. */
export const secretsOf = (values: Values): string[] =>
  Object.values(values).flatMap((value) => (typeof value === 'string' ? [] : [value.secret]))

/** The value behind a name. */
export const valueOf = (values: Values, name: string, secret: (name: string) => string): string => {
  const value = values[name]
  if (value === undefined) throw new Error(`no value is called ${name}`)
  return typeof value === 'string' ? value : secret(value.secret)
}

/** A variable of production: where it is kept, and which of the values it has; `name` is null for any other. */
export type Variable = { readonly id: string; readonly name: string | null; readonly elsewhere: readonly string[] }

const Read = z.object({ value: z.string().optional() })

/** The name of the value that the variable has now; null: none of them. Throws FetchFault when Vercel does not say. */
export const askName = async (
  vercel: ActingVercel,
  project: string,
  id: string,
  values: Values,
  secret: (name: string) => string,
): Promise<string | null> => {
  const asked = await vercel.get(`/v1/projects/${encodeURIComponent(project)}/env/${encodeURIComponent(id)}`, Read)
  if ('findings' in asked) throw lostOf(asked.findings)
  const { value } = asked.value
  return Object.keys(values).find((name) => value !== undefined && valueOf(values, name, secret) === value) ?? null
}

/** Finds the variable, and which value it has; or why it cannot be switched. */
export const askVariable = async (
  vercel: ActingVercel,
  project: string,
  key: string,
  values: Values,
  secret: (name: string) => string,
): Promise<Variable | Unable> => {
  const asked = await askVariables(vercel, () => null)
  if ('findings' in asked) return unableOf(asked.findings)
  const found = asked.value.list.filter((one) => one.key === key && one.branch === null && one.target.includes('production'))
  const [first, ...others] = found
  if (first === undefined) return { unable: `Production has no variable ${key} of its own: set it once by hand, then it can be switched.` }
  if (others.length > 0)
    return { unable: `Production has ${found.length} variables ${key}: nobody knows which one counts, so none is switched.` }
  if (first.type === 'sensitive')
    return {
      unable: `${key} is a sensitive variable, which nobody can read: its former value could not be put back. Make it an encrypted one.`,
    }
  if (!['plain', 'encrypted', 'secret'].includes(first.type))
    return { unable: `${key} is a ${foreign(first.type, 20)} variable, which cannot be switched.` }
  return {
    id: first.id,
    name: await askName(vercel, project, first.id, values, secret),
    elsewhere: first.target.filter((target) => target !== 'production'),
  }
}
