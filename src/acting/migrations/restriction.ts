/** Whether a WHERE keeps anything out. */
import { isDeepStrictEqual } from 'node:util'
import { nodes } from '../postgres/parse.ts'

/** Without where it stands in the text. */
const bare = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (key, inner: unknown) => (key === 'location' ? undefined : inner)))

const object = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? { ...value } : {})

/** What holds for every row that has the column is none: `true`, `1 = 1`, `id = id`, `id is not null`. One that is true of every row by what
 *  happens to be in the table cannot be told from here. */
export const restricts = (where: unknown): boolean => {
  const [kind, inner] = Object.entries(object(where))[0] ?? []
  const node = object(inner)
  if (![...nodes(where)].some(([name]) => name === 'ColumnRef' || name === 'CurrentOfExpr')) return false
  switch (kind) {
    case 'BoolExpr': {
      const parts: readonly unknown[] = Array.isArray(node['args']) ? node['args'] : []
      if (node['boolop'] === 'OR_EXPR') return parts.every(restricts)
      if (node['boolop'] === 'AND_EXPR') return parts.some(restricts)
      const [denied] = parts
      const test = object(object(denied)['NullTest'])
      return test['nulltesttype'] === undefined ? restricts(denied) : test['nulltesttype'] === 'IS_NOT_NULL'
    }
    case 'NullTest':
      return node['nulltesttype'] === 'IS_NULL'
    case 'A_Expr':
      return !isDeepStrictEqual(bare(node['lexpr']), bare(node['rexpr']))
    default:
      return true
  }
}
