/** The server of a product's database: version, connections, statements, cache, locks. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { duration } from '../../incident/duration.ts'
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

/** What stands instead of a statement of another user's. */
const notShown = '<insufficient privilege>'
const monitor = 'Once, as an administrator: grant pg_monitor to our user; it changes nothing.'

export const askConnections = async (
  { read }: Session,
  wanted: { readonly most?: number | undefined; readonly used?: Limit | undefined },
): Promise<CheckAnswer> => {
  // Of the sessions of others a plain user sees only that they are there. What has no user is a process of the server's own.
  const states = ofRows(
    z.object({ state: z.string(), many: z.coerce.number(), max: z.coerce.number(), oldest: z.coerce.number().nullable() }),
    await read(`select case when query = '${notShown}' then 'hidden' else coalesce(state, 'unknown') end as state, count(*) as many,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true)::int, 0) as max,
        extract(epoch from max(now() - xact_start) filter (where state like 'idle in transaction%')) as oldest
      from pg_catalog.pg_stat_activity
      where backend_type = 'client backend' or (backend_type is null and usesysid is not null and datid is not null)
      group by 1 order by 2 desc`),
  )
  const many = states.reduce((sum, state) => sum + state.many, 0)
  const max = wanted.most ?? states[0]?.max ?? Number.NaN
  const list = states.map(({ state, many: each }) => `${each} ${state}`).join(', ')
  const stuck = states.find(({ oldest }) => oldest !== null && oldest > 60)
  const hidden = states.find(({ state }) => state === 'hidden')?.many ?? 0
  return together(
    hold('connections used', (many / max) * 100, '%', 'most', wanted.used),
    { findings: [], measurements: [{ name: 'connections', value: many, unit: '' }] },
    stuck?.oldest === undefined || stuck.oldest === null
      ? { findings: [], measurements: [] }
      : finding('warn', `A connection has been idle in a transaction for ${Math.round(stuck.oldest)} s: it holds its locks until it ends.`),
    hidden === 0
      ? { findings: [], measurements: [] }
      : finding(
          'unknown',
          `What ${count(hidden, 'connection')} of other users do is not shown, idle ones in a transaction among them. ${monitor}`,
        ),
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

/** BEGIN, SET, FETCH and other commands are counted as well, and are none of the product's queries: thousands of them, each in no time, make
 *  any average small. A query within a function is part of the one that called it. */
const isQuery = `coalesce((to_jsonb(s) ->> 'toplevel')::boolean, true) and (s.query = '${notShown}' or left(s.query, 2000) ~*
  '^(?:\\s|\\(|/[*](?:[^*]|[*]+[^*/])*[*]+/|--[^\\n]*\\n)*(?:select|insert|update|delete|merge|with|values|table)\\M')`

/** Since when statements are counted: the mean of weeks says little of the last minutes, so it is said with it. */
const sinceReset = async (session: Session, schema: string): Promise<string> => {
  const unknown = 'since the statistics began'
  const [there] = ofRows(
    z.object({ name: z.string().nullable() }),
    await session.read('select to_regclass($1)::text as name', [`${quoted(schema)}.pg_stat_statements_info`]),
  )
  if (there === undefined || there.name === null) return unknown
  const [row] = ofRows(
    z.object({ seconds: z.coerce.number().nullable() }),
    await session.read(`select extract(epoch from now() - stats_reset) as seconds from ${quoted(schema)}.pg_stat_statements_info`),
  )
  const { seconds = null } = row ?? {}
  return seconds === null ? unknown : `${unknown}, ${duration(Math.max(seconds, 0) * 1000)} ago`
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
  const own = `d.datname = current_database()`
  const from = `from ${quoted(schema)}.pg_stat_statements s join pg_catalog.pg_database d on d.oid = s.dbid where ${own} and ${isQuery}`
  const [all] = ofRows(
    z.object({ calls: z.coerce.number(), average: z.coerce.number().nullable(), hidden: z.coerce.number() }),
    await session.read(`select coalesce(sum(calls), 0) as calls, sum(total_exec_time) / nullif(sum(calls), 0) as average,
        count(*) filter (where query = '${notShown}') as hidden ${from}`),
  )
  const since = await sinceReset(session, schema)
  const list = ofRows(
    z.object({ mean: z.coerce.number(), calls: z.coerce.number(), query: z.string() }),
    await session.read(
      `select mean_exec_time as mean, calls, left(query, 4000) as query ${from} and calls >= $1 order by mean_exec_time desc limit ${slowest}`,
      [wanted.calls],
    ),
  )
  if (all === undefined || all.average === null || all.calls === 0)
    return finding('unknown', 'No query was counted yet: nothing can be said of their speed.')
  const [first] = list
  const lines = list.map(({ mean, calls, query }) => `${amount(mean, 'ms')} × ${calls}: ${shape(query, 1000)}`)
  return together(
    hold('average query', all.average, 'ms', 'most', wanted.average),
    first === undefined ? { findings: [], measurements: [] } : hold('slowest query', first.mean, 'ms', 'most', wanted.slowest),
    first === undefined
      ? finding('ok', `${count(all.calls, 'call')} ${since}; no statement was called ${wanted.calls} times.`)
      : finding(
          'ok',
          `${count(all.calls, 'call')} ${since}, ${amount(all.average, 'ms')} on average; the slowest takes ${amount(first.mean, 'ms')} on average: ${shape(first.query)}`,
        ),
    all.hidden === 0
      ? { findings: [], measurements: [] }
      : finding(
          'unknown',
          `${count(all.hidden, 'statement')} of other users cannot be told from BEGIN or SET: their text is not shown. ${monitor}`,
        ),
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
  waited: z.coerce.number().nullable(),
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
  if (longest === undefined)
    return together(hold('longest lock wait', 0, 'ms', 'most', wanted.wait), finding('ok', 'Nobody waits for a lock.'))
  // Servers before version 14 say how long only of one's own sessions. The longest stands first, what is not known last.
  const held =
    longest.waited === null
      ? finding('unknown', `How long sessions have waited is not shown to our user. ${monitor}`)
      : hold('longest lock wait', longest.waited, 'ms', 'most', wanted.wait)
  const lines = waits.map(({ pid, waited, what, query, blocker, state, blocking }) => {
    const by = blocker === null ? 'nobody that is still there' : `pid ${blocker} (${state ?? 'unknown'}): ${shape(blocking ?? '', 160)}`
    return `pid ${pid} waits ${waited === null ? 'for some time' : `${Math.round(waited)} ms`} for ${foreign(what)}: ${shape(query ?? '', 160)}, blocked by ${by}`
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
