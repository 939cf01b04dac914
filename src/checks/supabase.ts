/** Supabase (D2): whether the product's project answers, asked with its service key: its REST API, its sign-in, its storage. */
import { createClient } from '@supabase/supabase-js'
import { z } from 'zod'
import { networkFault, productFault } from '../checking/fault.ts'
import { foreign } from '../checking/foreign.ts'
import { atMost } from '../checking/json.ts'
import { below, HttpAddress, hostOf } from '../checking/address.ts'
import { SecretName } from '../checking/option.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'

const parts = ['rest', 'auth', 'storage'] as const
type Part = (typeof parts)[number]

const options = z.strictObject({
  /** The project's address, `https://<ref>.supabase.co`. */
  url: HttpAddress,
  /** The setting with its service key. */
  secret: SecretName,
  /** What is asked of it. */
  parts: z
    .array(z.enum(parts))
    .min(1)
    .default([...parts]),
  /** One row of it is read. */
  table: z
    .string()
    .regex(/^[A-Za-z_]\w*$/)
    .default('profiles'),
  column: z
    .string()
    .regex(/^[A-Za-z_]\w*$/)
    .default('id'),
  /** Names of buckets that storage must have. */
  buckets: z.array(z.string().min(1)).max(50).default([]),
  /** Milliseconds for each part, unless it is given for one alone. */
  latency: z.number().positive().optional(),
  restLatency: z.number().positive().optional(),
  authLatency: z.number().positive().optional(),
  storageLatency: z.number().positive().optional(),
})

type Options = z.infer<typeof options>

/** The client gives whatever came, typed as if it were right. */
const Rows = atMost(z.record(z.string(), z.unknown()), 1)
const Buckets = atMost(z.object({ id: z.string(), name: z.string() }), 1000)

const names: Readonly<Record<Part, string>> = { rest: 'REST', auth: 'Auth', storage: 'Storage' }

/** Statuses that Supabase and the proxy before it give a project that is not there. */
const meanings: Readonly<Record<number, string>> = {
  402: 'the project is over its quota: look at the usage and the bills of the organisation',
  503: 'the service is not available: look at the project’s health in the dashboard',
  521: 'the project’s server is down',
  522: 'the project’s server does not answer',
  540: 'the project is paused: restore it in the dashboard',
  544: 'the database did not answer in time',
  546: 'the project is out of resources',
}

/** What a refusal says; `code` is PostgREST's or PostgreSQL's. */
const refused = (part: Part, status: number, secret: string, code = '', message = ''): Finding => {
  const words = message === '' ? '' : ` It says: ${foreign(message, 160)}`
  const known = meanings[status]
  const begin = `${names[part]} answered ${status}`
  if (known !== undefined) return { status: 'fail', text: `${begin}: ${known}.${words}` }
  if (code === '57014')
    return { status: 'fail', text: `${names[part]} cancelled our question: the database takes too long for one row.${words}` }
  if (status >= 500)
    return { status: 'fail', text: `${begin}: look at the project’s health in the dashboard and at Supabase’s status page.${words}` }
  if (status === 401)
    return { status: 'unknown', text: `${names[part]} does not accept the key (401): look whether ${secret} is current.${words}` }
  if (status === 403 || code === '42501')
    return { status: 'unknown', text: `${names[part]} forbids it (${status}): ${secret} must hold the service key.${words}` }
  if (code === 'PGRST205' || code === '42P01' || code === '42703')
    return { status: 'unknown', text: `${names[part]} works, but not with the table or column in service.yml.${words}` }
  return { status: 'unknown', text: `${begin}, which was not expected.${words}` }
}

type Said = { readonly good: string; readonly findings: readonly Finding[] }

/** `{"version":"v2.180.0","name":"GoTrue","description":"…"}`: anything else, such as an error with a name, is no health. */
const Auth = z.object({ name: z.literal('GoTrue'), version: z.string() })
const isAuth = (body: string): boolean => {
  try {
    return Auth.safeParse(JSON.parse(body)).success
  } catch {
    // Not JSON, so not its health.
    return false
  }
}

const questions: Readonly<Record<Part, (wanted: Options, key: string, web: CheckContext['web']) => Promise<Said>>> = {
  rest: async ({ url, table, column, secret }, key, web) => {
    const { data, error, status } = await clientOf(url, key, web).from(table).select(column).limit(1).retry(false)
    if (error !== null) return { good: '', findings: [refused('rest', status, secret, error.code, error.message)] }
    const rows = Rows.safeParse(data).data
    if (rows === undefined) return { good: '', findings: [{ status: 'unknown', text: 'REST answered what are no rows.' }] }
    // Row-level security hides all rows from any other key.
    const empty: Finding[] =
      rows.length > 0
        ? []
        : [{ status: 'warn', text: `REST gives no row of ${table}: it is empty, or ${secret} does not hold the service key.` }]
    return { good: 'REST', findings: empty }
  },
  auth: async ({ url, secret }, key, web) => {
    // The client has no question for it.
    const answer = await web(below(url, '/auth/v1/health'), { headers: { apikey: key, accept: 'application/json' } })
    const body = await answer.text()
    if (!answer.ok) return { good: '', findings: [refused('auth', answer.status, secret)] }
    return isAuth(body)
      ? { good: 'Auth', findings: [] }
      : { good: '', findings: [{ status: 'unknown', text: 'Auth answered what is not its health.' }] }
  },
  storage: async ({ url, buckets, secret }, key, web) => {
    const { data, error } = await clientOf(url, key, web).storage.listBuckets()
    if (error !== null) {
      const status = 'status' in error && typeof error.status === 'number' ? error.status : 0
      return { good: '', findings: [refused('storage', status, secret, '', error.message)] }
    }
    const found = Buckets.safeParse(data).data
    if (found === undefined) return { good: '', findings: [{ status: 'unknown', text: 'Storage answered what are no buckets.' }] }
    const missing = buckets.filter((name) => !found.some((bucket) => bucket.name === name || bucket.id === name))
    const lacking: Finding[] =
      missing.length === 0
        ? []
        : [{ status: 'fail', text: `Storage has no bucket ${missing.map((name) => `“${foreign(name)}”`).join(', ')}.` }]
    return { good: `Storage (${found.length} ${found.length === 1 ? 'bucket' : 'buckets'})`, findings: lacking }
  },
}

const clientOf = (url: string, key: string, web: CheckContext['web']) =>
  createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: web },
  })

const askPart = async (part: Part, wanted: Options, context: CheckContext): Promise<{ good: string; answer: CheckAnswer }> => {
  let fault: unknown = null
  // The client turns a fault of the network into a text: it is kept here. The body is read here for the same reason.
  const web: CheckContext['web'] = async (input, init) => {
    try {
      const answer = await context.web(input, init)
      const body = await answer.text()
      return new Response(body === '' ? null : body, { status: answer.status, headers: answer.headers })
    } catch (error) {
      fault = error
      throw error
    }
  }
  const limit = wanted[`${part}Latency`] ?? wanted.latency
  const started = context.elapsed()
  const broken = (error: unknown) => {
    const network = networkFault(fault) ?? networkFault(error)
    if (network === null) throw error
    return {
      good: '',
      answer: { findings: [{ ...productFault(network), text: `${names[part]}: ${productFault(network).text}` }], measurements: [] },
    }
  }
  try {
    const { good, findings } = await questions[part](wanted, context.secret(wanted.secret), web)
    if (fault !== null) return broken(fault)
    const value = Math.round(context.elapsed() - started)
    const late: Finding[] =
      limit !== undefined && value > limit
        ? [{ status: 'warn', text: `${names[part]} took ${value} ms, above the limit of ${limit} ms.` }]
        : []
    const measurement = { name: `${part} latency`, value, unit: 'ms', ...(limit === undefined ? {} : { limit }) }
    return { good, answer: { findings: [...findings, ...late], measurements: good === '' ? [] : [measurement] } }
  } catch (error) {
    return broken(error)
  }
}

export default defineCheck({
  summary: 'asks the product’s Supabase project for a row, its sign-in and its buckets',
  options,
  hosts: ({ url }) => [hostOf(url)],
  needs: ({ secret }) => [secret],
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const asked = await Promise.all([...new Set(wanted.parts)].map((part) => askPart(part, wanted, context)))
    const findings = asked.flatMap(({ answer }) => answer.findings)
    const working = asked.flatMap(({ good, answer }) => (good === '' || answer.findings.length > 0 ? [] : [good]))
    const good: Finding[] = working.length === 0 ? [] : [{ status: 'ok', text: `Answering: ${working.join(', ')}.` }]
    return { findings: [...findings, ...good], measurements: asked.flatMap(({ answer }) => answer.measurements) }
  },
})
