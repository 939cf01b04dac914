/** Claim: no check blocks the event loop for more than 50 ms, whatever is answered. Baseline in the same run: what the loop is held up
 *  by while it waits for an answer of nothing. */
import { Worker } from 'node:worker_threads'
import { setImmediate as next } from 'node:timers/promises'
import { durationIn } from '../src/checking/docker/duration.ts'
import { createMask } from '../src/checking/mask.ts'
import github from '../src/checks/github.ts'
import http from '../src/checks/http.ts'
import metrics from '../src/checks/metrics.ts'
import openai from '../src/checks/openai.ts'
import postgres from '../src/checks/postgres.ts'
import sentry from '../src/checks/sentry.ts'
import statuspage from '../src/checks/statuspage.ts'
import stripe from '../src/checks/stripe.ts'
import supabase from '../src/checks/supabase.ts'
import upstash from '../src/checks/upstash.ts'
import vercel from '../src/checks/vercel.ts'
import { ask } from '../test/checks/asking.ts'
import { startPostgres } from '../test/postgres.ts'
import { baseline, claim, percentile } from './claim.ts'

const mebibyte = 1024 * 1024
const most = 50
const rounds = 5

/** As many items as fit, between what comes before and after them; `size` is what the guard lets through at most. */
const filled = (size: number, before: string, item: (index: number) => object, after: string): string => {
  const parts: string[] = []
  let length = before.length + after.length
  for (let index = 0; ; index += 1) {
    const part = JSON.stringify(item(index))
    length += part.length + 1
    if (length > size) return `${before}${parts.join(',')}${after}`
    parts.push(part)
  }
}

const now = '2026-11-20T10:15:00.000Z'
const small = mebibyte - 100
const large = 2 * mebibyte - 100
const page = (size: number, item: (index: number) => object) => filled(size, '{"object":"list","has_more":false,"data":[', item, ']}')
const bodies: Record<string, string> = {
  '/nothing': '{}',
  '/html': `<!doctype html>${'<p>Sign in</p>'.repeat(large / 14 - 2)}`,
  '/health': filled(small, '{"status":"healthy","services":[', (index) => ({ name: `s${index}`, status: 'healthy' }), ']}'),
  '/numbers': filled(small, '{"items":[', (index) => ({ v: index }), ']}'),
  '/prometheus/api/v1/query': filled(
    small,
    '{"status":"success","data":{"resultType":"vector","result":[',
    (index) => ({ metric: { instance: `i${index}` }, value: [Date.parse(now) / 1000, String(index)] }),
    ']}}',
  ),
  // Without one nothing is delivered, and no event is looked at.
  '/v1/webhook_endpoints':
    '{"object":"list","has_more":false,"data":[{"id":"we_1","object":"webhook_endpoint","url":"https://a.example/","enabled_events":["*"],"status":"enabled"}]}',
  '/v1/events': page(large, (index) => ({
    id: `evt_${index}`,
    object: 'event',
    type: 'charge.succeeded',
    created: Date.parse(now) / 1000 - 600,
    pending_webhooks: 1,
    data: { object: { id: `ch_${index}`, amount: index, metadata: { order: `${index}` } } },
  })),
  '/v1/models': page(large, (index) => ({ id: `model-${index}`, object: 'model', created: 1, owned_by: 'x' })),
  '/v9/projects': '{"id":"prj_1","name":"shop","accountId":"team_1","targets":{}}',
  '/v10/projects': '{"envs":[]}',
  '/v6/deployments': filled(
    large,
    '{"pagination":{"count":1,"next":null,"prev":null},"deployments":[',
    (index) => ({
      uid: `dpl_${index}`,
      name: 'shop',
      created: Date.parse(now) - index,
      readyState: 'READY',
      target: 'production',
      meta: {},
    }),
    ']}',
  ),
  '/repos/acme/shop/commits': filled(
    large,
    '[',
    (index) => ({
      sha: `${index}`.padStart(40, '0'),
      html_url: 'https://x.example/',
      commit: { message: `m${index}`, committer: { name: 'a', date: now }, author: { name: 'a', date: now } },
      author: null,
    }),
    ']',
  ),
  '/repos/acme/shop/pulls': '[]',
  '/repos/acme/shop/actions/runs': '{"total_count":0,"workflow_runs":[]}',
  '/rest/v1/profiles': filled(large, '[', (index) => ({ id: index }), ']'),
  '/api/0/organizations/acme/issues': filled(
    small,
    '[',
    (index) => ({
      shortId: `W-${index}`,
      title: `t${index}`,
      level: 'error',
      status: 'unresolved',
      count: '1',
      userCount: 1,
      firstSeen: now,
      lastSeen: now,
    }),
    ']',
  ),
  '/status': filled(
    small,
    '{"page":{"id":"x","name":"X","url":"https://x.example"},"status":{"indicator":"minor","description":"x"},"components":[',
    (index) => ({ id: `${index}`, name: `c${index}`, status: 'partial_outage' }),
    '],"incidents":[],"scheduled_maintenances":[]}',
  ),
  '/PING': '{"result":"PONG"}',
  '/INFO': JSON.stringify({ result: Array.from({ length: 40_000 }, (_, index) => `key_${index}:${index}`).join('\r\n') }),
  '/SCAN': filled(small, '{"result":["0",[', (index) => [`a:${index}`], ']]}').replaceAll(/\[("a:\d+")\]/g, '$1'),
}

const worker = new Worker(new URL('./blocking-server.ts', import.meta.url), { workerData: bodies })
const port = await new Promise<number>((resolve) => worker.once('message', resolve))
const url = `http://127.0.0.1:${port}`

/** The longest time for which nothing else came to its turn while `work` was done. */
const longestBlock = async (work: () => Promise<unknown>): Promise<number> => {
  const state = { longest: 0, last: performance.now(), ended: false }
  const beat = () => {
    const at = performance.now()
    state.longest = Math.max(state.longest, at - state.last)
    state.last = at
    if (!state.ended) setImmediate(beat)
  }
  beat()
  await work()
  await next()
  state.ended = true
  return state.longest
}

const measured = async (work: () => Promise<unknown>): Promise<number> => {
  await work()
  const blocks: number[] = []
  for (let round = 0; round < rounds; round += 1) blocks.push(await longestBlock(work))
  return percentile(blocks, 0.5)
}

await using server = await startPostgres()
const database = {
  host: '127.0.0.1',
  port: server.port,
  tls: 'none',
  secret: 'KEY',
  ask: 'query',
  name: 'rows',
  as: 'table',
  sql: "select repeat('x', 30000) from generate_series(1, 10000)",
} as const
const key = { secrets: { KEY: 'key-of-the-bench-0123' } }
const lines = '2026-11-20T10:00:00Z ERROR card_declined for customer cus_123 password: hunter22! at /api/checkout\n'
/** As many lines as one piece of a log has, made to be slow for whoever looks for a duration in them. */
const mask = createMask(['correct horse battery', ...Array.from({ length: 30 }, (_, index) => `Kz8mVq2LpW9xTn4RbYc7Jd5F${index}`)])

const slowLines = () => {
  for (let line = 0; line < 16; line += 1) durationIn(`duration${' '.repeat(4096)}!`)
  return Promise.resolve()
}
const cases: readonly (readonly [what: string, work: () => Promise<unknown>])[] = [
  ['a health body of 1 MiB', () => ask(http, { url: `${url}/health`, json: true })],
  ['30 000 numbers of JSON', () => ask(metrics, { name: 'v', json: { url: `${url}/numbers`, path: 'items[*].v' } })],
  ['10 000 series of Prometheus', () => ask(metrics, { name: 'v', prometheus: { url: `${url}/prometheus`, query: 'up' } })],
  ['a status page of 1 MiB', () => ask(statuspage, { url: `${url}/status` })],
  ['issues of Sentry of 1 MiB', () => ask(sentry, { apiUrl: url, organization: 'acme', secret: 'KEY' }, key)],
  [
    'Redis with much to say of itself, and keys of 1 MiB',
    () => ask(upstash, { apiUrl: url, secret: 'KEY', keys: [{ pattern: 'a:*' }] }, key),
  ],
  ['events of Stripe of 2 MiB', () => ask(stripe, { ask: 'deliveries', apiUrl: url, secret: 'KEY' }, key)],
  ['models of OpenAI of 2 MiB', () => ask(openai, { apiUrl: `${url}/v1`, secret: 'KEY', model: 'x' }, key)],
  ['deployments of Vercel of 2 MiB', () => ask(vercel, { ask: 'changes', apiUrl: url, secret: 'KEY', project: 'shop' }, key)],
  ['commits of GitHub of 2 MiB', () => ask(github, { ask: 'changes', apiUrl: url, secret: 'KEY', repository: 'acme/shop' }, key)],
  ['rows of Supabase of 2 MiB', () => ask(supabase, { url, secret: 'KEY', parts: ['rest'] }, key)],
  ['10 000 long rows of PostgreSQL', () => ask(postgres, database, { secrets: { KEY: server.url() } })],
  ['HTML where JSON should be of 2 MiB', () => ask(openai, { apiUrl: `${url}/html`, secret: 'KEY', model: 'x' }, key)],
  ['64 KiB of a log, made to be slow', slowLines],
  ['masking 200 000 characters of a log', () => mask(lines.repeat(2000).slice(0, 200_000))],
  ['masking 200 000 characters without a word', () => mask('A'.repeat(200_000))],
]

baseline('an answer of nothing', await measured(() => ask(http, { url: `${url}/nothing` })), 'ms')
for (const [what, work] of cases) {
  if (process.env['VERBOSE'] !== undefined) console.log(((await work()) as { texts?: string[] }).texts?.join(' ').slice(0, 200))
  claim(what, await measured(work), 'ms', { most })
}
await worker.terminate()
