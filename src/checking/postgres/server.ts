/** The server of a product's database: version, connections, statements, cache, locks. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { count, finding, hold, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { amount } from '../measure.ts'
import type { Limit } from '../option.ts'
import { ofRows } from './rows.ts'
import type { Session } from './session.ts'
import { quoted, shape } from './statement.ts'

export const askVersion = async (
  { read }: Session,
  wanted: { readonly least?: number | undefined; readonly latency?: Limit | undefined },
  elapsed: () => number,
): Promise<CheckAnswer> => {
  const started = elapsed()
  const [row] = ofRows(
    z.object({ version: z.string(), number: z.coerce.number() }),
    await read("select pg_catalog.version() as version, pg_catalog.current_setting('server_version_num') as number"),
  )
  const took = elapsed() - started
  const major = Math.floor((row?.number ?? Number.NaN) / 10_000)
  const short = foreign((row?.version ?? '').split(' on ')[0] ?? '')
  return together(
    hold('version', major, '', 'least', wanted.least),
    hold('query time', took, 'ms', 'most', wanted.latency),
    finding('ok', `Answers as ${short}.`),
  )
}

export const askConnections = async (
  { read }: Session,
  wanted: { readonly most?: number | undefined; readonly used?: Limit | undefined },
): Promise<CheckAnswer> => {
  const states = ofRows(
    z.object({ state: z.string(), many: z.coerce.number(), max: z.coerce.number(), oldest: z.coerce.number().nullable() }),
    await read(`select coalesce(state, 'unknown') as state, count(*) as many,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max,
        extract(epoch from max(now() - xact_start) filter (where state like 'idle in transaction%')) as oldest
      from pg_catalog.pg_stat_activity where backend_type = 'client backend' group by 1 order by 2 desc`),
  )
  const many = states.reduce((sum, state) => sum + state.many, 0)
  const max = wanted.most ?? states[0]?.max ?? Number.NaN
  const list = states.map(({ state, many: each }) => `${each} ${state}`).join(', ')
  const stuck = states.find(({ oldest }) => oldest !== null && oldest > 60)
  return together(
    hold('connections used', (many / max) * 100, '%', 'most', wanted.used),
    { findings: [], measurements: [{ name: 'connections', value: many, unit: '' }] },
    stuck?.oldest === undefined || stuck.oldest === null
      ? { findings: [], measurements: [] }
      : finding('warn', `A connection has been idle in a transaction for ${Math.round(stuck.oldest)} s: it holds its locks until it ends.`),
    finding('ok', `${many} of ${max} connections: ${list}.`),
  )
}

const slowest = 10

/** The extension, wherever it was put. */
const schemaOf = async ({ read }: Session): Promise<string | null> => {
  const [row] = ofRows(
    z.object({ schema: z.string() }),
    await read(`select n.nspname as schema from pg_catalog.pg_extension e
      join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`),
  )
  return row?.schema ?? null
}

export const askSlow = async (
  session: Session,
  wanted: { readonly average?: Limit | undefined; readonly slowest?: Limit | undefined; readonly calls: number },
): Promise<CheckAnswer> => {
  const schema = await schemaOf(session)
  if (schema === null)
    return finding(
      'unknown',
      'Statements are not counted here: the extension is missing. Once, as its owner: create extension pg_stat_statements; (in Supabase under Database → Extensions).',
    )
  // Utility commands are counted as well, and are none of the product's queries.
  const from = `from ${quoted(schema)}.pg_stat_statements s join pg_catalog.pg_database d on d.oid = s.dbid
    where d.datname = current_database()`
  const [all] = ofRows(
    z.object({ calls: z.coerce.number(), average: z.coerce.number().nullable() }),
    await session.read(`select coalesce(sum(calls), 0) as calls, sum(total_exec_time) / nullif(sum(calls), 0) as average ${from}`),
  )
  const list = ofRows(
    z.object({ mean: z.coerce.number(), calls: z.coerce.number(), query: z.string() }),
    await session.read(
      `select mean_exec_time as mean, calls, left(query, 4000) as query ${from} and calls >= $1 order by mean_exec_time desc limit ${slowest}`,
      [wanted.calls],
    ),
  )
  if (all === undefined || all.average === null || all.calls === 0)
    return finding('unknown', 'No statement was counted yet: nothing can be said of their speed.')
  const [first] = list
  const lines = list.map(({ mean, calls, query }) => `${amount(mean, 'ms')} × ${calls}: ${shape(query, 1000)}`)
  return together(
    hold('average query', all.average, 'ms', 'most', wanted.average),
    first === undefined ? { findings: [], measurements: [] } : hold('slowest query', first.mean, 'ms', 'most', wanted.slowest),
    first === undefined
      ? finding('ok', `${count(all.calls, 'call')}; no statement was called ${wanted.calls} times.`)
      : finding('ok', `${count(all.calls, 'call')}; the slowest takes ${amount(first.mean, 'ms')} on average: ${shape(first.query)}`),
    { findings: [], measurements: [], detail: { title: `The ${list.length} slowest statements, mean × calls`, text: lines.join('\n') } },
  )
}

export const askCache = async (
  { read }: Session,
  wanted: { readonly indexHits?: Limit | undefined; readonly tableHits?: Limit | undefined },
): Promise<CheckAnswer> => {
  const [row] = ofRows(
    z.object({ index: z.coerce.number().nullable(), table: z.coerce.number().nullable() }),
    await read(`select 100.0 * sum(i.hit) / nullif(sum(i.hit + i.read), 0) as index, 100.0 * sum(t.hit) / nullif(sum(t.hit + t.read), 0) as table
      from (select coalesce(sum(idx_blks_hit), 0) as hit, coalesce(sum(idx_blks_read), 0) as read from pg_catalog.pg_statio_user_indexes) i,
        (select coalesce(sum(heap_blks_hit), 0) as hit, coalesce(sum(heap_blks_read), 0) as read from pg_catalog.pg_statio_user_tables) t`),
  )
  const { index = null, table = null } = row ?? {}
  if (index === null) return finding('unknown', 'No index was read yet since the statistics began: there is no hit ratio.')
  const shown = table === null ? '' : `, ${amount(table, '%')} of tables`
  return together(
    hold('index hit ratio', index, '%', 'least', wanted.indexHits),
    table === null ? { findings: [], measurements: [] } : hold('table hit ratio', table, '%', 'least', wanted.tableHits),
    finding('ok', `${amount(index, '%')} of index reads came from memory${shown}, since the statistics began.`),
  )
}

const Wait = z.object({
  pid: z.coerce.number(),
  waited: z.coerce.number(),
  what: z.string(),
  query: z.string().nullable(),
  blocker: z.coerce.number().nullable(),
  state: z.string().nullable(),
  blocking: z.string().nullable(),
})

export const askLocks = async ({ read }: Session, wanted: { readonly wait?: Limit | undefined }): Promise<CheckAnswer> => {
  // By way of JSON, since servers before version 14 do not say when a wait began.
  const table = await read(
    `select w.pid, w.waited, w.what, w.query, b.pid as blocker, b.state, left(b.query, 4000) as blocking
      from (select l.pid, l.mode || ' on ' || coalesce(l.relation::regclass::text, l.locktype) as what, left(a.query, 4000) as query,
          extract(epoch from clock_timestamp() - coalesce((to_jsonb(l) ->> 'waitstart')::timestamptz, a.query_start)) * 1000 as waited
        from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid where not l.granted) w
      left join lateral unnest(pg_catalog.pg_blocking_pids(w.pid)) as blocked(by) on true
      left join pg_catalog.pg_stat_activity b on b.pid = blocked.by
      order by w.waited desc nulls last`,
    [],
    50,
  )
  const waits = ofRows(Wait, table)
  const [longest] = waits
  const held = hold('longest lock wait', longest?.waited ?? 0, 'ms', 'most', wanted.wait)
  if (longest === undefined) return together(held, finding('ok', 'Nobody waits for a lock.'))
  const lines = waits.map(({ pid, waited, what, query, blocker, state, blocking }) => {
    const by = blocker === null ? 'nobody that is still there' : `pid ${blocker} (${state ?? 'unknown'}): ${shape(blocking ?? '', 160)}`
    return `pid ${pid} waits ${Math.round(waited)} ms for ${foreign(what)}: ${shape(query ?? '', 160)}, blocked by ${by}`
  })
  const waiting = new Set(waits.map(({ pid }) => pid)).size
  return together(
    held,
    finding(
      wanted.wait === undefined ? 'warn' : 'ok',
      `${count(waiting, 'session waits', 'sessions wait')} for a lock${table.more ? ', at least' : ''}. ${lines[0]}`,
    ),
    { findings: [], measurements: [], detail: { title: 'Who waits for whom', text: lines.join('\n') } },
  )
}
