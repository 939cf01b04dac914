/** Which migrations a database has, as Supabase's own tool records them; and one applied or taken back, in one transaction with its record. */
import type { Client } from 'pg'
import { inSession, type Place, type Reach } from '../../checking/postgres/session.ts'
import { readOnly } from '../postgres/fault.ts'
import type { Statement } from '../postgres/parse.ts'
import { mayWrite } from '../postgres/rows.ts'
import { inTransaction, query } from '../postgres/transaction.ts'
import { Impossible } from './impossible.ts'

const table = 'supabase_migrations.schema_migrations'

/** Building an index takes its time. */
const limits = { statementMs: 300_000, lockMs: 5_000 }

/** Their versions, in order. `writes`: it must be a session that could change something. */
export const appliedIn = (place: Place, context: Reach, writes: boolean): Promise<readonly string[]> =>
  inSession(place, context, async (session) => {
    const { rows: there } = await session.read('select to_regclass($1) is not null', [table])
    if (there[0]?.[0] !== 't')
      throw new Impossible(
        `The database at ${place.host} has no ${table}, so nobody knows what it has: record that first, with \`supabase migration repair\`.`,
      )
    if (writes) {
      if (!(await mayWrite(session))) throw new Impossible(readOnly(place.secret))
      const { rows: may } = await session.read("select has_table_privilege($1, 'INSERT, DELETE') and has_table_privilege($1, 'SELECT')", [
        table,
      ])
      if (may[0]?.[0] !== 't') throw new Impossible(`The user in ${place.secret} may not write ${table}: grant it, or name the owner.`)
    }
    const { rows, more } = await session.read(`select version::text from ${table} order by version`, [], 5000)
    if (more) throw new Impossible(`${table} has more than 5000 rows.`)
    return rows.flatMap(([version]) => version ?? [])
  })

/** Adds its row; false: it was there. The row comes first: whoever else applies the same waits here, and finds it done. */
const record = async (client: Client, version: string, name: string, statements: readonly Statement[]): Promise<boolean> => {
  const { rows: columns } = await query(
    client,
    `select attname::text from pg_catalog.pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped`,
    [table],
  )
  const has = (column: string) => columns.some(([known]) => known === column)
  const given = [
    ['version', version],
    ...(has('name') ? [['name', name]] : []),
    ...(has('statements') ? [['statements', statements.map((each) => each.text)]] : []),
  ] as const
  const { rowCount } = await query(
    client,
    `insert into ${table} (${given.map(([column]) => column).join(', ')}) values (${given.map((_, index) => `$${index + 1}`).join(', ')})
      on conflict do nothing`,
    given.map(([, value]) => value),
  )
  return rowCount === 1
}

const forget = async (client: Client, version: string): Promise<boolean> =>
  (await query(client, `delete from ${table} where version = $1`, [version])).rowCount === 1

/** Runs its statements and changes its record, both or neither. `at` hears which statement is next. */
export const migrate = (
  place: Place,
  context: Reach,
  { version, name, down, statements }: { version: string; name: string; down: boolean; statements: readonly Statement[] },
  at: (statement: number) => void,
): Promise<void> =>
  inTransaction(
    place,
    context,
    limits,
    async (client) => {
      const isMine = down ? await forget(client, version) : await record(client, version, name, statements)
      if (!isMine) return
      for (const [index, { text }] of statements.entries()) {
        at(index + 1)
        await client.query(text)
      }
    },
    // Its row in the history tells whether it was committed.
    () => Promise.resolve(),
  )
