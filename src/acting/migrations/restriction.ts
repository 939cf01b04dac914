/** Whether a WHERE keeps anything out. */
import { isDeepStrictEqual } from 'node:util'
import { nodes } from '../postgres/parse.ts'

/** Without where it stands in the text. */
const bare = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (key, inner: unknown) => (key === 'location' ? undefined : inner)))

const isAlike = (one: unknown, other: unknown): boolean => isDeepStrictEqual(bare(one), bare(other))

const object = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? { ...value } : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const bothWays = (pairs: readonly (readonly [string, string])[]) =>
  new Map(
    pairs.flatMap(([one, other]): [string, string][] => [
      [one, other],
      [other, one],
    ]),
  )

const operators = bothWays([
  ['=', '<>'],
  ['<', '>='],
  ['>', '<='],
])
const tests = bothWays([
  ['IS_NULL', 'IS_NOT_NULL'],
  ['IS_TRUE', 'IS_NOT_TRUE'],
  ['IS_FALSE', 'IS_NOT_FALSE'],
  ['IS_UNKNOWN', 'IS_NOT_UNKNOWN'],
])

/** The opposite of a condition, with NOT as far inside as it goes. */
const denied = (condition: unknown): unknown => {
  const [kind, inner] = Object.entries(object(condition))[0] ?? []
  const node = object(inner)
  const opposite = (key: string) => tests.get(String(node[key]))
  if (kind === 'BoolExpr') {
    const [first, ...more] = list(node['args'])
    if (node['boolop'] === 'NOT_EXPR') return inwards(first)
    return { BoolExpr: { boolop: node['boolop'] === 'AND_EXPR' ? 'OR_EXPR' : 'AND_EXPR', args: [first, ...more].map(denied) } }
  }
  if (kind === 'NullTest') return { NullTest: { ...node, nulltesttype: opposite('nulltesttype') } }
  if (kind === 'BooleanTest') return { BooleanTest: { ...node, booltesttype: opposite('booltesttype') } }
  const operator = operators.get(String(object(object(list(node['name'])[0])['String'])['sval']))
  if (kind === 'A_Expr' && node['kind'] === 'AEXPR_OP' && operator !== undefined)
    return { A_Expr: { ...node, name: [{ String: { sval: operator } }] } }
  return { BoolExpr: { boolop: 'NOT_EXPR', args: [condition] } }
}

/** A condition with every NOT as far inside as it goes. */
const inwards = (condition: unknown): unknown => {
  const node = object(object(condition)['BoolExpr'])
  if (node['boolop'] === undefined) return condition
  const args = list(node['args'])
  return node['boolop'] === 'NOT_EXPR' ? denied(args[0]) : { BoolExpr: { boolop: node['boolop'], args: args.map(inwards) } }
}

/** The parts of an OR, and of those within it. */
const either = (condition: unknown): readonly unknown[] => {
  const { boolop, args } = object(object(condition)['BoolExpr'])
  return boolop === 'OR_EXPR' ? list(args).flatMap(either) : [condition]
}

/** Of what has NOT as far inside as it goes. */
const keepsOut = (condition: unknown): boolean => {
  const [kind, inner] = Object.entries(object(condition))[0] ?? []
  const node = object(inner)
  if (![...nodes(condition)].some(([name]) => name === 'ColumnRef' || name === 'CurrentOfExpr')) return false
  switch (kind) {
    case 'BoolExpr': {
      const args = list(node['args'])
      if (node['boolop'] === 'AND_EXPR') return args.some(keepsOut)
      // What is not understood under a NOT is no restriction.
      if (node['boolop'] === 'NOT_EXPR')
        return ['ColumnRef', 'SubLink', 'A_Expr'].some((name) => name in object(args[0])) && keepsOut(args[0])
      const parts = either(condition)
      return parts.every(keepsOut) && !parts.some((part) => parts.some((other) => isAlike(denied(part), other)))
    }
    case 'NullTest':
      return node['nulltesttype'] === 'IS_NULL'
    case 'BooleanTest': {
      const test = node['booltesttype']
      if (test === 'IS_UNKNOWN') return true
      return test !== 'IS_NOT_UNKNOWN' && restricts(test === 'IS_TRUE' || test === 'IS_NOT_FALSE' ? node['arg'] : denied(node['arg']))
    }
    case 'A_Expr': {
      const { lexpr, rexpr } = node
      const items = node['kind'] === 'AEXPR_IN' ? list(object(object(rexpr)['List'])['items']) : []
      return ![rexpr, ...items].some((other) => isAlike(lexpr, other))
    }
    default:
      return true
  }
}

/** What holds for every row that has the column is none: `true`, `1 = 1`, `id = id`, `id is not null`, `id = 1 or id <> 1`. One that is true
 *  of every row by what happens to be in the table cannot be told from here. */
export const restricts = (where: unknown): boolean => keepsOut(inwards(where))
