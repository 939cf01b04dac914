/** PostgreSQL (D3, D4, D17, D20, D21): a product's database, by SQL that can only read. */
import { z } from 'zod'
import { found } from '../checking/answer.ts'
import { Limit, Span } from '../checking/option.ts'
import { databaseFinding } from '../checking/postgres/fault.ts'
import { askJob, askQuery } from '../checking/postgres/query.ts'
import { askCache, askConnections, askLocks, askSlow, askVersion } from '../checking/postgres/server.ts'
import { inSession, place, type Session } from '../checking/postgres/session.ts'
import { askCounts, askMigrations, askRowSecurity, askSize } from '../checking/postgres/tables.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'

/** A name in the database, as it is written there. */
const Name = z.string().min(1).max(63, 'must be a name of at most 63 characters')
const Sql = z.string().trim().min(1).max(10_000, 'must be SQL of at most 10 000 characters')
const parameters = z.array(z.union([z.string(), z.number(), z.boolean()])).max(20)
const Title = z.string().trim().min(1).max(60)

const options = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('version'),
    ...place,
    /** Major version, at least. */
    least: z.int().positive().optional(),
    /** Milliseconds for one small query. */
    latency: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('connections'),
    ...place,
    /** What there may be at most, where a pool has fewer than the server. */
    most: z.int().positive().optional(),
    /** Per cent of them in use, at most. */
    used: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('slow'),
    ...place,
    /** Milliseconds of all statements on average, at most. */
    average: Limit.optional(),
    /** Milliseconds of the slowest one on average, at most. */
    slowest: Limit.optional(),
    /** What was called less often is not listed. */
    calls: z.int().min(1).default(5),
  }),
  z.strictObject({
    ask: z.literal('cache'),
    ...place,
    /** Per cent that came from memory, at least. */
    indexHits: Limit.optional(),
    tableHits: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('locks'),
    ...place,
    /** Milliseconds that somebody waits, at most. */
    wait: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('size'),
    ...place,
    /** MB, at most. */
    most: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('migrations'),
    ...place,
    schema: Name.default('supabase_migrations'),
    table: Name.default('schema_migrations'),
    /** The columns: what orders them, what they are called, and when they ran. */
    version: Name.default('version'),
    name: Name.optional(),
    at: Name.optional(),
  }),
  z.strictObject({
    ask: z.literal('rls'),
    ...place,
    schema: Name.default('public'),
    /** Tables that are open on purpose. */
    except: z.array(Name).default([]),
  }),
  z.strictObject({
    ask: z.literal('counts'),
    ...place,
    schema: Name.default('public'),
    table: Name,
    column: Name,
    /** Rows by value of the column, at most. */
    limits: z.record(z.string(), Limit).default({}),
    /** Whether a table without rows is as it should be, where limits are given: a queue may be, letters of years not. */
    empty: z.enum(['unknown', 'ok']).default('unknown'),
    /** Rows that have had a value for too long, by the column `since`. */
    stuck: z
      .array(z.strictObject({ value: z.string(), since: Name, after: Span, most: Limit.default(0) }))
      .max(5)
      .default([]),
  }),
  z.strictObject({
    ask: z.literal('query'),
    ...place,
    /** One SELECT, with `$1` … for its parameters. */
    sql: Sql,
    parameters: parameters.default([]),
    /** What is counted, in the words of a sentence. */
    name: Title,
    unit: z.string().max(12).default(''),
    /** `number`: one value; `rows`: a label and a number each; `table`: rows to read, which are counted. */
    as: z.enum(['number', 'rows', 'table']).default('number'),
    most: Limit.optional(),
    least: Limit.optional(),
    /** For `rows`: at most, by label. */
    limits: z.record(z.string(), Limit).default({}),
  }),
  z.strictObject({
    ask: z.literal('job'),
    ...place,
    /** One SELECT that gives the time of the last success. */
    sql: Sql,
    parameters: parameters.default([]),
    name: Title,
    /** How long ago it may be. */
    within: Span,
    /** How long ago is critical. */
    failAfter: Span.optional(),
  }),
])
type Options = z.infer<typeof options>

const answer = (session: Session, wanted: Options, { elapsed }: CheckContext): Promise<CheckAnswer> => {
  switch (wanted.ask) {
    case 'version':
      return askVersion(session, wanted, elapsed)
    case 'connections':
      return askConnections(session, wanted)
    case 'slow':
      return askSlow(session, wanted)
    case 'cache':
      return askCache(session, wanted)
    case 'locks':
      return askLocks(session, wanted)
    case 'size':
      return askSize(session, wanted)
    case 'migrations':
      return askMigrations(session, wanted)
    case 'rls':
      return askRowSecurity(session, wanted)
    case 'counts':
      return askCounts(session, wanted)
    case 'query':
      return askQuery(session, wanted)
    case 'job':
      return askJob(session, wanted)
    default:
      return wanted satisfies never
  }
}

export default defineCheck({
  summary:
    'asks PostgreSQL: version, connections, slow statements, cache, locks, size, migrations, row security, counts, named queries, jobs',
  options,
  hosts: ({ host, port }) => [`${host}:${port}`],
  needs: ({ secret }) => [secret],
  tellsChanges: ({ ask }) => ask === 'migrations',
  waits: ({ statementTimeout }) => ({ statementTimeout }),
  timeoutMs: 15_000,
  concurrency: 3,
  run: async (wanted, context) => {
    try {
      return await inSession(wanted, context, (session) => answer(session, wanted, context))
    } catch (error) {
      return found(databaseFinding(error, wanted.secret))
    }
  },
})
