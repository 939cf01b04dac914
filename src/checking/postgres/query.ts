/** Questions in a product's own SQL: a number, rows of numbers, a table, or when something last succeeded. */
import type { CheckAnswer } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { type Interval, judgeAge, neverStatus } from '../age.ts'
import { count, finding, found, hold, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { amount } from '../measure.ts'
import type { Limit } from '../option.ts'
import { instantOf, numeric } from './rows.ts'
import type { Session, Table } from './session.ts'

type Query = {
  readonly sql: string
  readonly parameters: readonly (string | number | boolean)[]
  readonly name: string
  readonly unit: string
  readonly as: 'number' | 'rows' | 'table'
  readonly most?: Limit | undefined
  readonly least?: Limit | undefined
  readonly limits: Readonly<Record<string, Limit>>
}

/** How many rows are read of each kind of answer. */
const mostRows = { number: 1, rows: 500, table: 200 } as const

/** Rows that are judged but not measured: numbers of so many names are compared by nobody. */
const mostMeasured = 20
/** How many rows that are past a limit are told one by one. */
const mostTold = 5

const held = (
  name: string,
  value: number,
  unit: string,
  { most, least }: { most?: Limit | undefined; least?: Limit | undefined },
): CheckAnswer => {
  const both = [
    ...(most === undefined ? [] : [hold(name, value, unit, 'most', most)]),
    ...(least === undefined ? [] : [hold(name, value, unit, 'least', least)]),
  ]
  const [first = hold(name, value, unit, 'most', undefined), ...rest] = both
  // One measurement, with the first limit.
  return together(first, ...rest.map(({ findings }) => ({ findings, measurements: [] })))
}

/** What was not read may be past a limit. */
const unread = (name: string, read: number): CheckAnswer =>
  finding(
    'unknown',
    `${name}: only the first ${read} rows were read, so that the limit was not held against all: let the query give fewer.`,
  )

const asNumber = (wanted: Query, { columns, rows, more }: Table): CheckAnswer => {
  const [row] = rows
  if (row === undefined) return finding('unknown', `${wanted.name}: the query gives no row.`)
  if (columns.length !== 1 || more)
    return finding('unknown', `${wanted.name}: the query must give one number, in one row and one column: look at service.yml.`)
  const [text = null] = row
  if (text === null) return finding('unknown', `${wanted.name}: the query gives null: there is nothing to count.`)
  const value = numeric(text)
  if (!Number.isFinite(value)) return finding('unknown', `${wanted.name} is not a number: ${foreign(text)}`)
  return together(held(wanted.name, value, wanted.unit, wanted), finding('ok', `${wanted.name}: ${amount(value, wanted.unit)}.`))
}

const asRows = (wanted: Query, { columns, rows, more }: Table): CheckAnswer => {
  if (columns.length !== 2)
    return finding('unknown', `${wanted.name}: the query must give two columns, a label and a number: look at service.yml.`)
  if (rows.length === 0) return finding('unknown', `${wanted.name}: the query gives no row.`)
  const parts = rows.map(([label = null, text = null]) => {
    const name = foreign(label ?? 'null', 60)
    const own = label !== null && Object.hasOwn(wanted.limits, label) ? wanted.limits[label] : undefined
    return held(name, numeric(text), wanted.unit, own === undefined ? wanted : { most: own })
  })
  const isLimited = wanted.most !== undefined || wanted.least !== undefined || Object.keys(wanted.limits).length > 0
  const list = rows.slice(0, 8).map(([label = null, text = null]) => `${foreign(label ?? 'null', 40)} ${foreign(text ?? 'null', 30)}`)
  const rest = more || rows.length > list.length ? ', and more' : ''
  const findings = parts.flatMap((part) => part.findings)
  const told = (['fail', 'warn', 'unknown'] as const).flatMap((status): Finding[] => {
    const past = findings.filter((one) => one.status === status)
    const untold = past.length - mostTold
    return [
      ...past.slice(0, mostTold),
      ...(untold > 0
        ? [{ status, text: `${wanted.name}: ${count(untold, 'more row')} ${status === 'unknown' ? 'without a number' : 'past a limit'}.` }]
        : []),
    ]
  })
  return together(
    { findings: told, measurements: parts.flatMap(({ measurements }) => measurements).slice(0, mostMeasured) },
    more && isLimited ? unread(wanted.name, rows.length) : found(),
    finding('ok', `${wanted.name}: ${list.join(', ')}${rest}.`),
  )
}

const cell = (text: string | null): string => foreign(text ?? 'null', 100)

const asTable = (wanted: Query, { columns, rows, more }: Table): CheckAnswer => {
  const lines = [columns, ...rows].map((row) => row.map(cell).join(' | '))
  const counted = held(wanted.name, rows.length, '', wanted)
  return together(
    counted,
    // More rows than a limit are more, however many they are.
    more && counted.findings.length === 0 && wanted.most !== undefined ? unread(wanted.name, rows.length) : found(),
    finding(
      'ok',
      rows.length === 0 ? `${wanted.name}: no row.` : `${wanted.name}: ${count(rows.length, 'row')}${more ? ', and more' : ''}.`,
    ),
    rows.length === 0
      ? { findings: [], measurements: [] }
      : { findings: [], measurements: [], detail: { title: wanted.name, text: lines.join('\n') } },
  )
}

export const askQuery = async ({ readForeign }: Session, wanted: Query): Promise<CheckAnswer> => {
  const table = await readForeign(wanted.sql, wanted.parameters, mostRows[wanted.as])
  const judge = { number: asNumber, rows: asRows, table: asTable }[wanted.as]
  return judge(wanted, table)
}

type Job = Interval & {
  readonly sql: string
  readonly parameters: readonly (string | number | boolean)[]
  readonly name: string
}

/** When a job last succeeded, by the database's own clock, which wrote it. */
export const askJob = async ({ read, readForeign }: Session, wanted: Job): Promise<CheckAnswer> => {
  const { name } = wanted
  const [table, clock] = [await readForeign(wanted.sql, wanted.parameters, 1), await read('select now()')]
  if (table.columns.length !== 1 || table.more)
    return finding('unknown', `${name}: the query must give one time, in one row and one column: look at service.yml.`)
  const text = table.rows[0]?.[0] ?? null
  if (text === null) return finding(neverStatus(wanted), `${name} has no success on record: it never ran, or its records were cleared.`)
  const age = instantOf(clock.rows[0]?.[0] ?? '') - instantOf(text)
  if (!Number.isFinite(age)) return finding('unknown', `${name}: the query gives no time: ${foreign(text)}`)
  return judgeAge(name, 'last succeeded', age, wanted)
}
