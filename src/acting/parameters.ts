/** What people may choose of an action that the catalogue wrote: a few named values, each of a type and within bounds. */
import { z } from 'zod'

const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text, 'u').unicode
  } catch {
    return false
  }
}

const common = {
  /** As it is typed: `minutes=10`. */
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,29}$/, 'must be a word of small letters and digits'),
  /** The field's label in the form; without one, its name. */
  label: z.string().trim().min(1).max(60).optional(),
}

/** One value that can be typed. */
export const Parameter = z.discriminatedUnion('type', [
  z
    .strictObject({ ...common, type: z.literal('integer'), least: z.int(), most: z.int(), default: z.int().optional() })
    .refine(({ least, most }) => least <= most, '`least` is more than `most`'),
  z
    .strictObject({
      ...common,
      type: z.literal('number'),
      least: z.number(),
      most: z.number(),
      decimals: z.int().min(1).max(6).default(2),
      default: z.number().optional(),
    })
    .refine(({ least, most }) => least <= most, '`least` is more than `most`'),
  z.strictObject({ ...common, type: z.literal('uuid') }),
  z.strictObject({
    ...common,
    type: z.literal('text'),
    /** The whole of it must look like this: a regular expression. */
    pattern: z.string().min(1).max(200).refine(isPattern, 'must be a regular expression'),
    default: z.string().max(200).optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal('choice'),
    values: z.array(z.string().min(1).max(60)).min(1).max(50),
    default: z.string().optional(),
  }),
])
export type Parameter = z.infer<typeof Parameter>

/** They, each name once. */
export const Parameters = z
  .array(Parameter)
  .max(10)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two of them have the same name')
  .default([])

/** In plain decimal digits: nothing that another reader takes for another number. */
const decimal = (digits: RegExp, least: number, most: number, what: string) =>
  z.string().refine((text) => {
    const value = Number(text)
    return digits.test(text) && value >= least && value <= most
  }, `must be ${what} from ${least} to ${most}`)

const schemaOf = (parameter: Parameter): z.ZodType => {
  switch (parameter.type) {
    case 'integer':
      return decimal(/^-?[0-9]{1,15}$/, parameter.least, parameter.most, 'a whole number')
    case 'number': {
      const { decimals, least, most } = parameter
      return decimal(new RegExp(`^-?[0-9]{1,12}(?:\\.[0-9]{1,${decimals}})?$`), least, most, `a number of at most ${decimals} decimals`)
    }
    case 'uuid':
      return z.uuid('must be an id such as 6ba7b810-9dad-41d1-80b4-00c04fd430c8')
    case 'text': {
      const whole = new RegExp(`^(?:${parameter.pattern})$`, 'u')
      return z
        .string()
        .max(200, 'must have at most 200 characters')
        .refine((text) => text.length <= 200 && text.isWellFormed() && whole.test(text), 'does not look as it must')
    }
    case 'choice':
      return z.enum(parameter.values, `must be one of ${parameter.values.join(', ')}`)
    default:
      return parameter satisfies never
  }
}

/** What can be typed: each value as the text that it was. */
export const inputOfParameters = (parameters: readonly Parameter[]): z.ZodObject =>
  z.strictObject(
    Object.fromEntries(
      parameters.map((parameter) => {
        const schema = schemaOf(parameter)
        const preset = 'default' in parameter ? parameter.default : undefined
        return [
          parameter.name,
          (preset === undefined ? schema : schema.default(String(preset))).describe(parameter.label ?? parameter.name),
        ]
      }),
    ),
  )

/** The values in the parameters' order. */
export const valuesOf = (parameters: readonly Parameter[], input: Readonly<Record<string, unknown>>): string[] =>
  parameters.map(({ name }) => String(input[name]))
