/** The tables of a product's database: size, migrations, row-level security, rows by a column. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import type { Change } from '../../incident/check.ts'
import { duration } from '../../incident/duration.ts'
import { count, finding, found, hold, listed, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { amount } from '../measure.ts'
import type { Limit } from '../option.ts'
import { instantOf, numeric, ofRows } from './rows.ts'
import type { Session } from './session.ts'
import { quoted } from './statement.ts'

const megabyte = 1024 * 1024

export const askSize = async ({ read }: Session, wanted: { readonly most?: Limit | undefined }): Promise<CheckAnswer> => {
  const [row] = ofRows(z.object({ size: z.coerce.number() }), await read('select pg_catalog.pg_database_size(current_database()) as size'))
  const tables = ofRows(
    z.object({ name: z.string(), size: z.coerce.number(), rows: z.coerce.number() }),
    await read(
      `select format('%I.%I', n.nspname, c.relname) as name, pg_catalog.pg_total_relation_size(c.oid) as size, greatest(c.reltuples, 0)::bigint as rows
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'm', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        order by 2 desc limit 10`,
    ),
  )
  const size = (row?.size ?? Number.NaN) / megabyte
  const shown = tables.slice(0, 3).map((table) => `${foreign(table.name)} ${amount(table.size / megabyte, 'MB')}`)
  const lines = tables.map(
    (table) => `${amount(table.size / megabyte, 'MB')}  ${foreign(table.name, 130)}, about ${count(table.rows, 'row')}`,
  )
  return together(
    hold('database size', size, 'MB', 'most', wanted.most),
    finding('ok', `${amount(size, 'MB')}${shown.length === 0 ? ', without tables' : `; the largest: ${shown.join(', ')}`}.`),
    { findings: [], measurements: [], detail: { title: 'The largest tables, with their indexes', text: lines.join('\n') } },
  )
}

/** `20261120101500` as an instant, null when it is another kind of version. */
const timeOfVersion = (version: string): string | null => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? []
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null
}

const latest = 10

export const askMigrations = async (
  { read }: Session,
  wanted: {
    readonly schema: string
    readonly table: string
    readonly version: string
    readonly name?: string | undefined
    readonly at?: string | undefined
  },
): Promise<CheckAnswer> => {
  const { name, at } = wanted
  const rows = ofRows(
    z.object({ version: z.string(), name: z.string().nullable(), at: z.string().nullable() }),
    await read(
      `select ${quoted(wanted.version)}::text as version, ${name === undefined ? 'null' : `left(${quoted(name)}::text, 200)`} as name,
        ${at === undefined ? 'null' : `${quoted(at)}::timestamptz::text`} as at
        from ${quoted(wanted.schema)}.${quoted(wanted.table)} order by ${quoted(at ?? wanted.version)} desc limit ${latest}`,
    ),
  )
  const [last] = rows
  const where = foreign(`${wanted.schema}.${wanted.table}`)
  if (last === undefined) return finding('unknown', `${where} is empty: no migration is recorded there.`)
  const title = (row: typeof last) => foreign([row.version, row.name].flatMap((part) => part ?? []).join(' '), 160)
  const changes = rows.flatMap((row): Change[] => {
    const ms = row.at === null ? Number.NaN : instantOf(row.at)
    const time = Number.isFinite(ms) ? new Date(ms).toISOString() : at === undefined ? timeOfVersion(row.version) : null
    return time === null ? [] : [{ at: time, kind: 'migration', title: `Migration ${title(row)}`, by: null, url: null }]
  })
  // The number in the name says when a migration was written: it ran later.
  const note = at === undefined && changes.length > 0 ? ' The times are those of writing; when it ran is not recorded.' : ''
  return {
    ...finding('ok', `The last migration is ${title(last)}.${note}`),
    changes,
    detail: { title: 'The last migrations', text: rows.map(title).join('\n') },
  }
}

export const askRowSecurity = async (
  { read }: Session,
  wanted: { readonly schema: string; readonly except: readonly string[] },
): Promise<CheckAnswer> => {
  const table = await read(
    `select c.relname as name, c.relrowsecurity::text as secured from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relkind in ('r', 'p') order by 1`,
    [wanted.schema],
    5000,
  )
  const tables = ofRows(z.object({ name: z.string(), secured: z.enum(['true', 'false']) }), table)
  const schema = foreign(wanted.schema)
  if (tables.length === 0) return finding('unknown', `The schema ${schema} has no table, or the user may not see it.`)
  const open = tables.filter(({ name, secured }) => secured === 'false' && !wanted.except.includes(name)).map(({ name }) => name)
  const measured = { findings: [], measurements: [{ name: 'tables without row security', value: open.length, unit: '', limit: 0 }] }
  const spared = wanted.except.length === 0 ? '' : `, ${wanted.except.length} of them left out on purpose`
  return together(
    measured,
    table.more ? finding('unknown', `Only the first ${tables.length} tables of ${schema} were looked at.`) : found(),
    open.length === 0
      ? finding('ok', `Row-level security is on for ${count(tables.length, 'table')} of ${schema}${spared}.`)
      : finding(
          'fail',
          `Row-level security is off for ${count(open.length, 'table')} of ${schema}: ${listed(open)}. Whoever has the public key may read and change them: alter table … enable row level security, with policies.`,
        ),
  )
}

type Stuck = { readonly value: string; readonly since: string; readonly after: number; readonly most: Limit }

const mostValues = 50

/** Values that have a limit and that the column can never have: what is counted of them is always nothing. Where the column is no enum,
 *  nobody can tell. */
const impossible = async ({ read }: Session, place: { schema: string; table: string; column: string }, values: readonly string[]) => {
  const labels = await read(
    `select e.enumlabel::text from pg_catalog.pg_enum e join pg_catalog.pg_attribute a on a.atttypid = e.enumtypid
      join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2 and a.attname = $3 order by e.enumsortorder`,
    [place.schema, place.table, place.column],
  )
  const known = labels.rows.flatMap(([label]) => label ?? [])
  return { known, lacking: known.length === 0 ? [] : values.filter((value) => value !== 'null' && !known.includes(value)) }
}

export const askCounts = async (
  session: Session,
  wanted: {
    readonly schema: string
    readonly table: string
    readonly column: string
    readonly limits: Readonly<Record<string, Limit>>
    readonly stuck: readonly Stuck[]
    readonly empty: 'unknown' | 'ok'
  },
): Promise<CheckAnswer> => {
  const { read } = session
  const from = `from ${quoted(wanted.schema)}.${quoted(wanted.table)}`
  const column = `${quoted(wanted.column)}::text`
  const table = await read(
    // What has a limit stands first: of what is not among the rows that are read there is none.
    `select left(coalesce(${column}, 'null'), 200) as value, count(*) as many ${from} group by 1 order by left(coalesce(${column}, 'null'), 200) = any($1) desc, 2 desc`,
    [Object.keys(wanted.limits)],
    mostValues,
  )
  const counts = new Map(table.rows.map(([value, many]) => [value ?? '', numeric(many)]))
  const shownValues = [...new Set([...Object.keys(wanted.limits), ...counts.keys()])].slice(0, 20)
  const parts = shownValues.map((value) =>
    hold(foreign(value, 40), counts.get(value) ?? 0, '', 'most', Object.hasOwn(wanted.limits, value) ? wanted.limits[value] : undefined),
  )
  const stuck: CheckAnswer[] = []
  for (const { value, since, after, most } of wanted.stuck) {
    const { rows } = await read(
      `select count(*), extract(epoch from now() - min(${quoted(since)})) ${from}
        where ${column} = $1 and (${quoted(since)} is null or ${quoted(since)} < now() - $2 * interval '1 millisecond')`,
      [value, after],
    )
    const [many, oldest] = rows[0] ?? []
    const state = foreign(value, 40)
    const { measurements, findings } = hold(`stuck ${state}`, numeric(many), '', 'most', most)
    const age = numeric(oldest)
    const longest = Number.isFinite(age) ? `the oldest for ${duration(age * 1000)}` : `${foreign(since)} does not say since when`
    const text = `${count(numeric(many), 'row')} ${state} for more than ${duration(after)}, ${longest}.`
    stuck.push({ measurements, findings: findings.map(({ status }) => ({ status, text })) })
  }
  const total = [...counts.values()].reduce((sum, many) => sum + many, 0)
  const shown = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(([value, many]) => `${foreign(value, 40)} ${many}`)
  const where = foreign(wanted.table)
  const named = [...Object.keys(wanted.limits), ...wanted.stuck.map(({ value }) => value)]
  const { known, lacking } = await impossible(session, wanted, [...new Set(named)])
  if (total === 0 && wanted.empty === 'unknown' && wanted.stuck.length + Object.keys(wanted.limits).length > 0)
    return finding(
      'unknown',
      `${where} is empty, so there is nothing to hold against a limit: look whether this is the product’s database, and whether rows were lost. If it is often empty, set \`empty: ok\`.`,
    )
  return together(
    ...parts,
    ...stuck,
    lacking.length === 0
      ? found()
      : finding(
          'unknown',
          `${foreign(wanted.column)} of ${where} can never be ${listed(lacking)}, so that nothing is held against its limit: it knows ${listed(known, 12)}. Look at service.yml.`,
        ),
    finding(
      'ok',
      total === 0 ? `${where} is empty.` : `${count(total, 'row')} of ${where}${table.more ? ', at least' : ''}: ${shown.join(', ')}.`,
    ),
  )
}
