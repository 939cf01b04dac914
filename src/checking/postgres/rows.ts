/** Rows of a table of text in our shape. */
import type { z } from 'zod'
import type { Table } from './session.ts'

/** Each row by its columns' names. For our own queries: another shape is a bug. */
export const ofRows = <Schema extends z.ZodType>(schema: Schema, { columns, rows }: Table): z.infer<Schema>[] =>
  rows.map((row) => schema.parse(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null]))))

/** A number that stands there as text; NaN for what is none. */
export const numeric = (text: string | null | undefined): number =>
  text === null || text === undefined || text.trim() === '' ? Number.NaN : Number(text)

/** A time as the server writes it (ISO, in UTC), in milliseconds; NaN for what is none, such as `infinity`. */
export const instantOf = (text: string): number => {
  const [, day, time = '00:00:00', zone = '+00'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d+)?))?([+-]\d\d)?$/.exec(text.trim()) ?? []
  return day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone}:00`)
}
