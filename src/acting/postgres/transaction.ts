/** One transaction that changes something, and how it is known afterwards what became of it.
 *
 *  The transaction's number is remembered before COMMIT is sent. PostgreSQL tells by that number whether it was committed
 *  (`pg_xact_status`, made for who lost the connection meanwhile): exact, in any database, and without a table of our own in a product’s. */
import type { Client } from 'pg'
import { connected, type Place, type Reach } from '../../checking/postgres/session.ts'
import { FetchFault } from '../../ports.ts'

export type Limits = { readonly statementMs: number; readonly lockMs: number }

/** `set local` ends with the transaction, so behind a pooler nobody inherits it. */
const begin = ({ statementMs, lockMs }: Limits): string =>
  [
    'begin',
    `set local statement_timeout = ${statementMs}`,
    `set local lock_timeout = ${lockMs}`,
    // Its locks must not stay when the process that holds them hangs.
    'set local idle_in_transaction_session_timeout = 15000',
    "set local timezone = 'UTC'",
    "set local datestyle = 'ISO, YMD'",
  ].join('; ')

/** Thrown to give up what was done: nothing of it stays. Its message is a sentence for people. */
export class GivenUp extends Error {}

/** What is sent as one statement: the server takes no second one with it. */
export const query = (client: Client, text: string, values: readonly unknown[] = []) => {
  const one = { queryMode: 'extended', rowMode: 'array' } as const
  return client.query<(string | null)[]>({ ...one, text, values: [...values] })
}

/** Runs `work` in one transaction, and commits it after `remember` has its number. A COMMIT whose answer is not plain is thrown as a fault
 *  of the network: `outcomeOf` tells what came of it. */
export const inTransaction = (
  place: Place,
  context: Reach,
  limits: Limits,
  work: (client: Client) => Promise<void>,
  remember: (transaction: string) => Promise<void>,
): Promise<void> =>
  connected(place, context, async (client) => {
    await client.query(begin(limits))
    const { rows } = await query(client, 'select pg_catalog.pg_current_xact_id()::text')
    await work(client)
    await remember(rows[0]?.[0] ?? '')
    // Whoever took over may read back already.
    if (context.signal.aborted) throw new FetchFault('timeout', 'The time was up before it was committed.')
    let tag: string
    try {
      tag = (await client.query('commit')).command
    } catch (error) {
      if (error instanceof FetchFault) throw error
      throw new FetchFault('reset', `The database did not confirm the commit: ${error instanceof Error ? error.message : ''}`, error)
    }
    // A transaction that had failed is rolled back by COMMIT, without an error.
    if (tag !== 'COMMIT') throw new FetchFault('reset', 'The database did not commit it.')
  })

/** What became of a transaction. `null`: the server no longer knows. Throws FetchFault while it is at it. */
export const outcomeOf = async (place: Place, context: Reach, transaction: string): Promise<'committed' | 'aborted' | null> =>
  connected(place, context, async (client) => {
    await client.query('begin transaction read only; set local statement_timeout = 8000')
    const { rows } = await query(client, 'select pg_catalog.pg_xact_status($1::text::pg_catalog.xid8)', [transaction])
    const status = rows[0]?.[0] ?? null
    if (status === 'in progress') throw new FetchFault('timeout', 'The transaction has not ended yet.')
    return status === 'committed' || status === 'aborted' ? status : null
  })
