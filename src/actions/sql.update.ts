/** A statement of the catalogue (A6, A7, A10): how many rows it changes is predicted, and held to in the transaction that changes them. */
import { z } from 'zod'
import { inputOfParameters, Parameters, valuesOf } from '../acting/parameters.ts'
import { nodes, parametersOf, single, type Statement } from '../acting/postgres/parse.ts'
import { changeRows, described, judgeLeft, predict, readBackRows } from '../acting/postgres/rows.ts'
import { count } from '../checking/answer.ts'
import { place } from '../checking/postgres/session.ts'
import { defineAction } from '../define/action.ts'

const Sql = z.string().trim().min(1).max(10_000, 'must be SQL of at most 10 000 characters')

/** Rows that can be taken back by what tells them apart. */
const mostKept = 1000

const changing = ['UpdateStmt', 'InsertStmt', 'DeleteStmt']

/** What is wrong with a statement that is to change rows; null: nothing. */
const wrongChange = (statement: Statement): string | null => {
  if (!changing.includes(statement.kind)) return 'it is no UPDATE, INSERT or DELETE'
  if (statement.kind !== 'InsertStmt' && statement.tree['whereClause'] === undefined)
    return 'it has no WHERE, so that it would change every row'
  // Their rows are not among those that the server counts for the statement.
  if ([...nodes(statement.tree['withClause'])].some(([name]) => changing.includes(name) || name === 'MergeStmt'))
    return 'its WITH changes something as well, which is not counted: write it as one statement'
  return null
}

type Problem = (path: readonly (string | number)[], message: string) => void

const Undo = z.strictObject({
  /** One UPDATE, INSERT or DELETE; `$1` is the list of what the statement returned, `$2` … are the parameters. */
  statement: Sql,
  /** One SELECT of a number: how many rows that changes. */
  count: Sql,
})

const Options = z
  .strictObject({
    ...place,
    /** What it is, in the words of a sentence: `Letters that are stuck become drafts`. */
    what: z.string().trim().min(1).max(120),
    /** What a row is called, in the plural: `letters`. */
    rows: z.string().trim().min(1).max(40).default('rows'),
    /** What is changed, for locks; without it, the server. */
    target: z.string().min(1).max(100).optional(),
    /** One UPDATE, INSERT or DELETE, with `$1` … for the parameters in their order. */
    statement: Sql,
    parameters: Parameters,
    /** One SELECT of a number: how many rows the statement changes. */
    count: Sql,
    /** Rows, at most. */
    most: z.int().min(1).max(10_000),
    /** Rows that triggers and cascades may change with them, at most. Without it, as many again: one record of each change. */
    others: z.int().min(0).max(100_000).optional(),
    /** `exact`: when another number of rows is predicted than was approved, it is asked for anew. `step`: it is when more are than the next of
     *  1, 2, 5, 10, 20, 50 …: for rows that come and go by themselves. */
    predicted: z.enum(['exact', 'step']).default('exact'),
    /** Rows that may be counted still, or again, after it ran. */
    left: z.int().min(0).optional(),
    undo: Undo.optional(),
  })
  .superRefine(({ statement, count: counting, parameters, undo, most }, context) => {
    const problem: Problem = (path, message) => context.addIssue({ code: 'custom', path: [...path], message })
    const checked = (path: readonly string[], sql: string, given: number, wrongOf: (one: Statement) => string | null): Statement | null => {
      const one = single(sql)
      const wrong = 'wrong' in one ? one.wrong : wrongOf(one)
      if (wrong !== null || 'wrong' in one) {
        problem(path, `cannot be used: ${wrong}`)
        return null
      }
      const used = parametersOf(one)
      if (used === null) problem(path, 'uses its parameters with a gap: $1, $2 … must all stand in it')
      else if (used > given) problem(path, `uses $${used}, and there are only ${count(given, 'parameter')}`)
      return one
    }
    const isRead = (one: Statement) => (one.kind === 'SelectStmt' ? null : 'it is no SELECT')
    const main = checked(['statement'], statement, parameters.length, wrongChange)
    if (main !== null && (parametersOf(main) ?? 0) < parameters.length)
      problem(['parameters'], 'has more than the statement uses: what is typed there would change nothing')
    checked(['count'], counting, parameters.length, isRead)
    if (undo === undefined) return
    const returned = main?.tree['returningList']
    if (main !== null && (!Array.isArray(returned) || returned.length !== 1))
      problem(['undo'], 'needs what the statement changed: let that end in RETURNING and the one column that tells the rows apart')
    if (most > mostKept) problem(['most'], `must be at most ${mostKept} where it can be taken back: what was changed is kept for that`)
    checked(['undo', 'statement'], undo.statement, parameters.length + 1, wrongChange)
    checked(['undo', 'count'], undo.count, parameters.length + 1, isRead)
  })

const Back = z.object({ keys: z.array(z.string()), values: z.array(z.string()) })
const BackPlan = Back.extend({ statement: z.string(), most: z.int(), others: z.int() })

/** What is kept to take it back, where the catalogue can. */
const undoOf = (options: z.infer<typeof Options>, values: readonly string[]) => (keys: readonly string[]) =>
  options.undo === undefined ? undefined : { keys, values }

/** Changes rows by a statement of the catalogue. */
export default defineAction({
  summary: 'A statement of the catalogue, with the rows that it changes predicted and held to',
  options: Options,
  input: z.looseObject({}),
  inputOf: ({ parameters }) => inputOfParameters(parameters),
  risk: () => 'high',
  target: ({ target, host }) => target ?? `postgres:${host}`,
  hosts: ({ host, port }) => [`${host}:${port}`],
  needs: ({ secret }) => [secret],
  timeoutMs: 60_000,
  verifyMs: 20_000,
  preview: async (options, input, context) => {
    const { what, statement, parameters, rows: called, undo } = options
    const values = valuesOf(parameters, input)
    const seen = await predict(options, { ...options, values, called }, context)
    if ('unable' in seen) return seen
    const { rows, most, call } = seen
    const others = options.others ?? most
    return {
      summary: `${what}: ${described(rows, called)}.`,
      calls: [call],
      effects: [
        `${described(rows, called)} now; should it be more than ${most} when it runs, nothing is changed`,
        `nor should triggers or cascades change more than ${described(others, 'rows')} besides`,
      ],
      reversible: undo === undefined ? null : `by a statement of the catalogue, for the ${called} that are still as it left them`,
      warnings: [],
      plan: { statement, values, most, others },
      state: { most },
    }
  },
  run: (options, plan, context) => changeRows(options, { ...plan, called: options.rows }, context, undoOf(options, plan.values)),
  recover: (options, { values }, context) => readBackRows(options, options.rows, context, undoOf(options, values)),
  verify: (options, { values }, context) => {
    const { left, count: counting, rows: called } = options
    return left === undefined
      ? Promise.resolve({ findings: [], settled: true })
      : judgeLeft(options, { count: counting, values, left, called }, context)
  },
  undo: {
    preview: async (options, back: z.infer<typeof Back>, context) => {
      const { undo, rows: called } = options
      const { keys, values } = Back.parse(back)
      if (undo === undefined) return { unable: 'The catalogue has no statement any more that takes it back.' }
      const seen = await predict(options, { ...undo, values: [keys, ...values], most: keys.length, predicted: 'exact', called }, context)
      if ('unable' in seen) return seen
      const { rows, call } = seen
      const others = keys.length - rows
      return {
        summary: `What was changed becomes as it was before: ${described(rows, called)}.`,
        calls: [call],
        effects: [`${rows} of ${described(keys.length, called)} that were changed`],
        reversible: null,
        warnings:
          others > 0
            ? [
                `${described(others, called)} ${others === 1 ? 'is no longer as it left it, and stays as it is' : 'are no longer as it left them, and stay as they are'}.`,
              ]
            : [],
        plan: { statement: undo.statement, keys, values, most: rows, others: options.others ?? rows },
        state: { most: rows },
      }
    },
    run: (options, plan, context) => {
      const { statement, keys, values, most, others } = BackPlan.parse(plan)
      return changeRows(options, { statement, values: [keys, ...values], most, others, called: options.rows }, context, () => undefined)
    },
    recover: (options, _, context) => readBackRows(options, options.rows, context, () => undefined),
  },
})
