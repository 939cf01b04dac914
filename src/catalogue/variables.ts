/** `${NAME}` and `${NAME:-default}` in the text values of a file, filled from the environment. */
import { z } from 'zod'
import type { Path, Report } from './problems.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Names that may hold a secret. What is filled in here is shown in Slack and stored, so these are refused. */
const secretName = /(^|_)(SECRET|TOKEN|KEY|PASSWORD|PASSWD|CREDENTIALS?)(_|$)|DATABASE_URL$/

export const VariableName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of a variable is in capitals, such as `SHOP_URL`')
  .refine((name) => !secretName.test(name), 'this looks like the name of a secret: secrets are named in `secret:` keys and never filled in')

/** `default` is right until somebody says otherwise; `placeholder` only stands for a value that must still be given. */
export const Variable = z
  .strictObject({ default: z.string().optional(), placeholder: z.string().optional(), about: z.string().optional() })
  .refine((variable) => (variable.default === undefined) !== (variable.placeholder === undefined), {
    message: 'give either `default` or `placeholder`',
  })
export type Variable = z.infer<typeof Variable>

const reference = /\$(\$?)\{([^}]*)\}?/g
const inside = /^([A-Z][A-Z0-9_]*)(?::-(.*))?$/s

/** The variables that a value refers to, at any depth. */
export const variablesIn = (value: unknown): string[] => {
  if (typeof value === 'string')
    return [...value.matchAll(reference)].flatMap(([, escaped, body = '']) => (escaped === '' ? (inside.exec(body)?.[1] ?? []) : []))
  return typeof value === 'object' && value !== null ? [...new Set(Object.values(value).flatMap(variablesIn))] : []
}

/** Fills in all variables. A key whose whole value is one empty variable is left out. `unset` says, by the path of a value,
 *  which placeholders it still contains. `$${` writes a plain `${`. */
export const interpolate = (
  data: unknown,
  declared: Readonly<Record<string, Variable>>,
  environment: Environment,
  report: Report,
): { data: unknown; unset: ReadonlyMap<Path, readonly string[]> } => {
  const unset = new Map<Path, readonly string[]>()

  const fill = (text: string, path: Path): string => {
    const missing: string[] = []
    const filled = text.replace(reference, (whole, escaped: string, body: string) => {
      if (escaped !== '') return whole.slice(1)
      const [, name, fallback] = inside.exec(body) ?? []
      if (name === undefined || !whole.endsWith('}')) {
        report(path, `\`${whole}\` is not a variable: write \`\${NAME}\` or \`\${NAME:-default}\``)
        return whole
      }
      if (secretName.test(name)) {
        report(path, `\`${name}\` looks like the name of a secret: secrets are named in \`secret:\` keys and never filled in`)
        return whole
      }
      const set = environment[name]
      if (set !== undefined && set !== '') return set
      const value = fallback ?? declared[name]?.default ?? declared[name]?.placeholder
      if (value === undefined) report(path, `\`${name}\` is not set in the environment and has no default`)
      else if (fallback === undefined && declared[name]?.placeholder !== undefined) missing.push(name)
      return value ?? whole
    })
    if (missing.length > 0) unset.set(path, missing)
    return filled
  }

  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return value.includes('${') ? fill(value, path) : value
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key]), item] as const)
    return Object.fromEntries(
      entries.filter(([, filled, written]) => filled !== '' || written === '').map(([key, filled]) => [key, filled]),
    )
  }

  return { data: walk(data, []), unset }
}
