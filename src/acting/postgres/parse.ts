/** SQL as PostgreSQL itself reads it: its own parser, compiled for here. */
import { loadModule, parseSync } from 'libpg-query'
import { z } from 'zod'

await loadModule()

const Parsed = z.object({
  stmts: z
    .array(
      z.object({
        stmt: z.record(z.string(), z.unknown()),
        stmt_location: z.int().optional(),
        stmt_len: z.int().optional(),
      }),
    )
    .default([]),
})

export type Statement = {
  readonly text: string
  /** As the parser calls it: `UpdateStmt`. */
  readonly kind: string
  /** What stands in it, by the parser's names. */
  readonly tree: Readonly<Record<string, unknown>>
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The statements of a text, or why it is none. */
export const parse = (sql: string): readonly Statement[] | { readonly wrong: string } => {
  // The parser would end there.
  if (sql.includes('\0')) return { wrong: 'it holds a NUL' }
  try {
    const { stmts } = Parsed.parse(parseSync(sql))
    const bytes = Buffer.from(sql)
    return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => {
      const [kind = ''] = Object.keys(stmt)
      const tree = stmt[kind]
      return {
        text: bytes
          .subarray(from, length === undefined ? undefined : from + length)
          .toString('utf8')
          .trim(),
        kind,
        tree: isObject(tree) ? tree : {},
      }
    })
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}

/** Every node below, by the parser's name of it: `['ParamRef', { number: 1 }]`. */
export function* nodes(tree: unknown): Generator<readonly [name: string, node: Readonly<Record<string, unknown>>]> {
  if (Array.isArray(tree)) {
    for (const item of tree) yield* nodes(item)
    return
  }
  if (!isObject(tree)) return
  for (const [name, value] of Object.entries(tree)) {
    if (isObject(value)) yield [name, value]
    yield* nodes(value)
  }
}

/** How many `$1` … it takes, without a gap; null where there is one. */
export const parametersOf = ({ tree }: Statement): number | null => {
  const numbers = new Set([...nodes(tree)].flatMap(([name, node]) => (name === 'ParamRef' ? [Number(node['number'])] : [])))
  const most = Math.max(0, ...numbers)
  return numbers.size === most && !numbers.has(0) ? most : null
}

/** The one statement of a text, or why it is not one. */
export const single = (sql: string): Statement | { readonly wrong: string } => {
  const found = parse(sql)
  if ('wrong' in found) return found
  const [first] = found
  return first === undefined || found.length > 1 ? { wrong: `it is ${found.length} statements, not one` } : first
}
