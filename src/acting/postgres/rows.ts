/** Rows changed by one statement: predicted by a count, held to in the transaction, and read back by the transaction's number. */
import type { Client } from 'pg'
import { z } from 'zod'
import { foreign } from '../../checking/foreign.ts'
import { databaseFinding, Refusal } from '../../checking/postgres/fault.ts'
import { numeric } from '../../checking/postgres/rows.ts'
import { inSession, type Place, type Session } from '../../checking/postgres/session.ts'
import type { ActContext, LookContext } from '../../define/action.ts'
import type { Json, Ran, Unable, Verification } from '../../incident/acting/action.ts'
import { step } from '../step.ts'
import { readOnly, refusedBy } from './fault.ts'
import { parametersOf, single } from './parse.ts'
import { GivenUp, inTransaction, outcomeOf, query } from './transaction.ts'

export type Values = readonly (string | readonly string[])[]

/** It gives up long before a run is given up. */
const limits = { statementMs: 30_000, lockMs: 3_000 }

/** `3 letters`, `1 row of letters`: the catalogue has the plural only. */
export const described = (many: number, called: string): string =>
  many === 1 ? `1 row${called === 'rows' ? '' : ` of ${called}`}` : `${many} ${called}`

/** The values that a statement takes: the server refuses more. */
const taken = (sql: string, values: Values): Values => {
  const one = single(sql)
  return 'wrong' in one ? values : values.slice(0, parametersOf(one) ?? values.length)
}

/** How many rows the catalogue's count gives. */
export const countRows = async (session: Session, sql: string, values: Values): Promise<number> => {
  const { columns, rows, more } = await session.readForeign(sql, taken(sql, values), 1)
  const many = numeric(rows[0]?.[0])
  if (columns.length !== 1 || more || !Number.isInteger(many) || many < 0)
    throw new Refusal('`count` of service.yml must give one whole number, in one row and one column.')
  return many
}

/** Whether another session of this user would be one that writes, on a server that takes changes. */
export const mayWrite = async ({ read }: Session): Promise<boolean> => {
  const { rows } = await read("select pg_catalog.pg_is_in_recovery() or pg_catalog.current_setting('default_transaction_read_only') = 'on'")
  return rows[0]?.[0] === 'f'
}

const callOf = (statement: string, values: Values): string => {
  const shown = taken(statement, values).map((value, index) => `$${index + 1} = ${foreign(JSON.stringify(value), 200)}`)
  return [statement.replaceAll(/\s+/g, ' '), ...shown].join('; ')
}

type Wanted = {
  readonly statement: string
  readonly count: string
  readonly values: Values
  readonly most: number
  readonly predicted: 'exact' | 'step'
  readonly called: string
}

/** How many rows it would change now, and how many it may. Nothing is changed: the server counts, and plans the statement, which tells
 *  whether it could. */
export const predict = async (
  place: Place,
  { statement, count, values, most, predicted, called }: Wanted,
  context: LookContext,
): Promise<Unable | { readonly rows: number; readonly most: number; readonly call: string }> => {
  try {
    const rows = await inSession(place, context, async (session) => {
      if (!(await mayWrite(session))) throw new Refusal(readOnly(place.secret))
      await session.plan(statement, taken(statement, values))
      return countRows(session, count, values)
    })
    if (rows === 0) return { unable: `There is nothing to do: it is for none of the ${called} now.` }
    if (rows > most)
      return {
        unable: `It would change ${described(rows, called)}, more than the ${most} that service.yml allows: narrow it, or do it by hand.`,
      }
    return { rows, most: predicted === 'exact' ? rows : Math.min(step(rows), most), call: callOf(statement, values) }
  } catch (error) {
    const why = refusedBy(error, place.secret)
    if (why === null) throw error
    return { unable: why }
  }
}

const Memo = z.object({ transaction: z.string(), rows: z.int(), keys: z.array(z.string()) })

const done = (rows: number, called: string, undo: Json | undefined): Ran => ({
  outcome: 'done',
  text: `Changed ${described(rows, called)}.`,
  ...(undo === undefined ? {} : { undo }),
})

type Planned = {
  readonly statement: string
  readonly values: Values
  readonly most: number
  /** Rows that triggers and cascades may change with them. */
  readonly others: number
  readonly called: string
}

/** Rows changed by this connection so far, in all tables: by triggers and cascades as well. An earlier transaction of a pooled connection may
 *  be among them, so only the difference counts. */
const rowsTouched = async (client: Client): Promise<number> => {
  const { rows } = await query(
    client,
    'select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text from pg_catalog.pg_stat_xact_user_tables',
  )
  return numeric(rows[0]?.[0])
}

/** Changes them, all in one transaction, or none. `undoOf`: what is kept to take it back, of the first column that the statement returned. */
export const changeRows = async (
  place: Place,
  { statement, values, most, others, called }: Planned,
  context: ActContext,
  undoOf: (keys: readonly string[]) => Json | undefined,
): Promise<Ran> => {
  let rows = 0
  let keys: string[] = []
  try {
    await inTransaction(
      place,
      context,
      { statementMs: place.statementTimeout ?? limits.statementMs, lockMs: limits.lockMs },
      async (client) => {
        const before = await rowsTouched(client)
        const changed = await query(client, statement, taken(statement, values))
        rows = changed.rowCount ?? 0
        const more = (await rowsTouched(client)) - before - rows
        if (rows > most)
          throw new GivenUp(
            `It would have changed ${described(rows, called)}, and ${most} ${most === 1 ? 'was' : 'were'} predicted: it was rolled back, and nothing was changed.`,
          )
        if (more > others)
          throw new GivenUp(
            `Triggers or cascades would have changed ${described(more, 'rows')} besides, and at most ${others} are allowed: it was rolled back, and nothing was changed.`,
          )
        keys = undoOf([]) === undefined ? [] : changed.rows.flatMap(([key]) => key ?? [])
      },
      (transaction) => context.remember({ transaction, rows, keys }),
    )
  } catch (error) {
    if (error instanceof GivenUp) return { outcome: 'failed', text: error.message }
    const why = refusedBy(error, place.secret)
    if (why === null) throw error
    return { outcome: 'failed', text: `${why} Nothing was changed.` }
  }
  return done(rows, called, undoOf(keys))
}

/** What became of it, by the number of its transaction. */
export const readBackRows = async (
  place: Place,
  called: string,
  context: ActContext,
  undoOf: (keys: readonly string[]) => Json | undefined,
): Promise<Ran | { readonly outcome: 'undone' }> => {
  const memo = Memo.safeParse(context.memo)
  // It is remembered before the commit is sent.
  if (!memo.success) return { outcome: 'undone' }
  const { transaction, rows, keys } = memo.data
  try {
    const status = await outcomeOf(place, context, transaction)
    if (status === 'aborted') return { outcome: 'undone' }
    if (status === 'committed') return done(rows, called, undoOf(keys))
    return {
      outcome: 'unclear',
      text: `The database no longer knows what became of transaction ${transaction}: look at the ${called} themselves.`,
    }
  } catch (error) {
    const why = refusedBy(error, place.secret)
    if (why === null) throw error
    return { outcome: 'unclear', text: `Nobody knows whether ${described(rows, called)} ${rows === 1 ? 'was' : 'were'} changed: ${why}` }
  }
}

/** How many rows there still are that it is for. */
export const judgeLeft = async (
  place: Place,
  wanted: { readonly count: string; readonly values: Values; readonly left: number; readonly called: string },
  context: LookContext,
): Promise<Verification> => {
  const { count, values, left, called } = wanted
  try {
    const rows = await inSession(place, context, (session) => countRows(session, count, values))
    const text = `${described(rows, called)} left that it is for${rows > left ? `, and ${left} may be` : ''}.`
    return { findings: [{ status: rows <= left ? 'ok' : 'fail', text }], settled: rows <= left }
  } catch (error) {
    return { findings: [databaseFinding(error, place.secret)], settled: false }
  }
}
