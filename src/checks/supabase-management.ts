/** Supabase's Management API (D2, D18): backups, health, requests and errors of the product's project. */
import { z } from 'zod'
import { vendorFault } from '../checking/fault.ts'
import { type Asked, askJson } from '../checking/json.ts'
import { below, HttpAddress, hostOf } from '../checking/address.ts'
import { SecretName } from '../checking/option.ts'
import { Backups, judgeBackups } from '../checking/supabase-management/backups.ts'
import { Health, judgeHealth, Project } from '../checking/supabase-management/health.ts'
import { countErrors, judgeLogs, judgeUsage, listErrors, Logs, logSources, Usage } from '../checking/supabase-management/usage.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { FetchFault } from '../ports.ts'

const place = {
  /** The project's reference, the first part of its address. */
  ref: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be the reference of a project, such as `abcdefghijklmnopqrst`'),
  /** The setting with a personal access token. */
  secret: SecretName,
  apiUrl: HttpAddress.default('https://api.supabase.com'),
}

const options = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('backups'),
    ...place,
    /** Hours that the newest backup may be old. */
    warnAge: z.number().positive().optional(),
    failAge: z.number().positive().optional(),
    /** Point-in-time recovery must be on. */
    pitr: z.boolean().optional(),
    /** Days that backups must reach back, unless the project is younger. */
    retentionDays: z.number().positive().optional(),
  }),
  z.strictObject({
    ask: z.literal('health'),
    ...place,
    services: z
      .array(z.enum(['auth', 'db', 'db_postgres_user', 'pooler', 'realtime', 'rest', 'storage', 'pg_bouncer']))
      .min(1)
      .default(['db', 'rest', 'auth', 'storage']),
  }),
  z.strictObject({
    ask: z.literal('usage'),
    ...place,
    /** Requests of a day that are more than usual. */
    most: z.number().positive().optional(),
  }),
  z.strictObject({
    ask: z.literal('logs'),
    ...place,
    sources: z
      .array(z.enum(logSources))
      .min(1)
      .default([...logSources]),
    /** Errors of the window that are too many. */
    most: z.number().nonnegative().optional(),
  }),
])

type Options = z.infer<typeof options>
type Of<Question extends Options['ask']> = Extract<Options, { ask: Question }>

/** The API gives logs of 24 h at most. */
const words = z.object({
  since: z
    .string()
    .regex(/^([1-9]|1\d|2[0-4])h$|^([1-9]\d?|[1-9]\d\d)m$/, 'must be a time such as `30m` or `2h`, 24h at most')
    .default('1h'),
})

const msOf = (since: string): number => Number(since.slice(0, -1)) * (since.endsWith('h') ? 3_600_000 : 60_000)

const ask = <Schema extends z.ZodType>({ apiUrl, ref, secret }: Options, path: string, schema: Schema, context: CheckContext) =>
  askJson(context, {
    vendor: 'Supabase',
    url: below(apiUrl, `/v1/projects/${ref}${path}`),
    headers: { authorization: `Bearer ${context.secret(secret)}` },
    secret,
    schema,
  })

const asAnswer = (findings: readonly Finding[]): CheckAnswer => ({ findings, measurements: [] })
const findingsOf = (asked: Asked<unknown>): readonly Finding[] => ('findings' in asked ? asked.findings : [])

const backups = async (wanted: Of<'backups'>, context: CheckContext): Promise<CheckAnswer> => {
  const [list, project] = await Promise.all([
    ask(wanted, '/database/backups', Backups, context),
    wanted.retentionDays === undefined ? null : ask(wanted, '', Project, context),
  ])
  if ('findings' in list) return asAnswer(list.findings)
  const unknown = project === null ? [] : findingsOf(project)
  const created = project === null || 'findings' in project ? null : project.value.created_at
  const { findings, measurements } = judgeBackups(list.value, wanted, created, context.now())
  return { findings: [...findings, ...unknown], measurements }
}

const health = async (wanted: Of<'health'>, context: CheckContext): Promise<CheckAnswer> => {
  const query = wanted.services.map((name) => `services=${name}`).join('&')
  const [project, services] = await Promise.all([ask(wanted, '', Project, context), ask(wanted, `/health?${query}`, Health, context)])
  if ('findings' in project) return asAnswer(project.findings)
  // Of a project that is paused or moving there is no health to ask for.
  if ('findings' in services) {
    const about = judgeHealth(project.value.status, [], [])
    return asAnswer([...about.filter(({ status }) => status !== 'ok'), ...services.findings])
  }
  return asAnswer(judgeHealth(project.value.status, services.value, wanted.services))
}

const usage = async (wanted: Of<'usage'>, context: CheckContext): Promise<CheckAnswer> => {
  const counts = await ask(wanted, '/analytics/endpoints/usage.api-counts?interval=1day', Usage, context)
  return 'findings' in counts ? asAnswer(counts.findings) : judgeUsage(counts.value, '24 h', wanted.most)
}

const logs = async (wanted: Of<'logs'>, since: string, context: CheckContext): Promise<CheckAnswer> => {
  const end = context.now()
  const start = new Date(Date.parse(end) - msOf(since)).toISOString()
  const query = (sql: string) =>
    `/analytics/endpoints/logs?${new URLSearchParams({ sql, iso_timestamp_start: start, iso_timestamp_end: end }).toString()}`
  const [counts, lines] = await Promise.all([
    ask(wanted, query(countErrors(wanted.sources)), Logs, context),
    ask(wanted, query(listErrors(wanted.sources)), Logs, context),
  ])
  if ('findings' in counts) return asAnswer(counts.findings)
  if ('findings' in lines) return asAnswer(lines.findings)
  return judgeLogs(counts.value, lines.value, wanted.sources, since.replace('m', ' min').replace('h', ' h'), wanted.most)
}

export default defineCheck({
  summary: 'asks Supabase about the project: its backups, its health, its requests, errors in its logs (since=1h)',
  options,
  words,
  hosts: ({ apiUrl }) => [hostOf(apiUrl)],
  needs: ({ secret }) => [secret],
  timeoutMs: 15_000,
  concurrency: 2,
  run: async (wanted, context, { since }) => {
    try {
      if (wanted.ask === 'backups') return await backups(wanted, context)
      if (wanted.ask === 'health') return await health(wanted, context)
      if (wanted.ask === 'usage') return await usage(wanted, context)
      return await logs(wanted, since, context)
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      return asAnswer([vendorFault(error)])
    }
  },
})
