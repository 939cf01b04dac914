/** Holds a file against its schema and says in plain words, key by key, what does not fit. */
import { z } from 'zod'
import { nearest, type Path, type Report } from './problems.ts'

/** The parsed data, or null when it cannot be used at all. Each problem has been reported; what did not fit is left out of the
 *  data where it can be, so that further problems are found in the same run. `at` is where `data` stands in its file. */
export const validate = <Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
  report: Report,
  at: Path = [],
): z.infer<Schema> | null => {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  for (const issue of result.error.issues) tell(issue, schema, data, report, at)
  const rest = structuredClone(data)
  for (const issue of result.error.issues) if (!leaveOut(issue, rest)) return null
  return schema.safeParse(rest).data ?? null
}

const leaveOut = (issue: z.core.$ZodIssue, data: unknown): boolean => {
  const path = issue.path as Path
  const holder = valueAt(data, issue.code === 'unrecognized_keys' ? path : path.slice(0, -1))
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : path.slice(-1)
  // Without an item of a list the others would stand elsewhere; without a whole map its key would seem to be missing.
  if (typeof holder !== 'object' || holder === null || Array.isArray(holder) || keys.length === 0) return false
  if (issue.code !== 'unrecognized_keys' && typeof valueAt(data, path) === 'object') return false
  return keys.every((key) => Reflect.deleteProperty(holder, key))
}

const tell = (issue: z.core.$ZodIssue, schema: z.ZodType, data: unknown, report: Report, at: Path): void => {
  const inner = issue.path as Path
  const path = [...at, ...inner]
  const value = valueAt(data, inner)
  // The key is there and its value could not be read: that has been reported where it was read.
  if (value === undefined && Object.hasOwn(Object(valueAt(data, inner.slice(0, -1))), inner.at(-1) ?? '')) return
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(schema, inner)).filter((key) => !Object.hasOwn(Object(value), key))
    for (const key of issue.keys) report([...path, key], 'unknown key', { key: true, suggestion: nearest(key, known) })
    return
  }
  if (issue.code === 'invalid_key') return report(path, issue.issues[0]?.message ?? 'not a valid key', { key: true })
  if (issue.code === 'invalid_value') {
    if (value === undefined) return report(path, 'is missing')
    const values = issue.values.map(String)
    return report(path, `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`, {
      suggestion: typeof value === 'string' ? nearest(value, values) : null,
    })
  }
  if (issue.code === 'invalid_type') {
    if (value === undefined) return report(path, 'is missing')
    return report(path, `must be ${words[issue.expected] ?? issue.expected}, not ${describe(value)}`)
  }
  if (issue.code === 'custom') {
    const suggestion = issue.params?.['suggestion']
    return report(path, issue.message, { suggestion: typeof suggestion === 'string' ? suggestion : null })
  }
  if (issue.code === 'invalid_format' && issue.message.startsWith('Invalid'))
    return report(path, `is not a valid ${formats[issue.format] ?? issue.format}`)
  return report(path, issue.message)
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
}

const formats: Readonly<Record<string, string>> = { url: 'http(s) address', email: 'e-mail address', regex: 'word here' }

const describe = (value: unknown): string => {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map of keys'
  return typeof value === 'string' ? 'text' : `the ${typeof value} ${JSON.stringify(value)}`
}

const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, step) => (typeof value === 'object' && value !== null ? (value as never)[step] : undefined), data)

/** The schema of what stands at a path, so that its known keys can be suggested. */
const schemaAt = (schema: unknown, path: Path): unknown => path.reduce<unknown>((at, step) => inside(unwrapped(at), step), schema)

const inside = (schema: unknown, step: string | number): unknown => {
  if (schema instanceof z.ZodObject) return schema.shape[step]
  if (schema instanceof z.ZodRecord) return schema.valueType
  return schema instanceof z.ZodArray ? schema.element : undefined
}

const unwrapped = (schema: unknown): unknown => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return unwrapped(schema.unwrap())
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema
}

const keysOf = (schema: unknown): string[] => {
  const object = unwrapped(schema)
  return object instanceof z.ZodObject ? Object.keys(object.shape) : []
}
