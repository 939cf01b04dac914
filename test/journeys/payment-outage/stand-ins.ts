/** Stand-ins for every vendor that the five products' `auto` checks and changes are asked of, with a payment outage under way: the local
 *  world's Stripe, Vercel and GitHub, a real PostgreSQL, a Redis where there is one, Docker's API on a socket, and small servers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { Client } from 'pg'
import { startDockerEngine } from '../../../src/embedded/docker-engine.ts'
import type { World } from '../../../src/embedded/world.ts'
import { root, startTestBot, testWorld } from '../../bot.ts'
import { type Heard, startVendor } from '../../checks/vendor.ts'
import { redisPackages, startRedis } from '../../checks/redis.ts'
import { control } from '../../embedded/world.ts'
import { startPostgres } from '../../postgres.ts'
import { ensure } from '../../system/debian.ts'

const minute = 60_000
const ago = (minutes: number): string => new Date(Date.now() - minutes * minute).toISOString()

const stripeKey = 'sk_live_ofTheStandIns000'
const vercelToken = 'vercelTokenOfTheStandIns'
const projects = ['talk-to-my-lawyer', 'invoice2e', 'napoleon-ai', 'schnittwerk']
/** The prefix of each product's settings. */
const prefixes = ['TTML', 'INVOICE2E', 'NAPOLEON', 'SCHNITTWERK', 'FAIR_EDGE']

const webhook = '/api/webhooks/stripe'

/** The product's own site: well, but for its payments. It answers as the guide shows. */
const site = {
  '/api/health': () => ({ body: { status: 'healthy', timestamp: ago(0), version: '1.4.2' } }),
  '/health': { body: { status: 'healthy' } },
  '/api/health/detailed': () => ({
    body: {
      status: 'degraded',
      timestamp: ago(0),
      version: '1.4.2',
      services: { database: 'healthy', stripe: 'unhealthy', email: 'healthy', ai: 'healthy', redis: 'healthy' },
      performance: { avgResponseTime: '150ms', memoryUsage: '45%', cpuUsage: '23%' },
    },
  }),
  [webhook]: { status: 500, body: { error: 'Internal Server Error' } },
}

const vendors = {
  '/stripe-status/api/v2/summary.json': {
    body: {
      page: { id: 'x', name: 'Stripe', url: 'https://www.stripestatus.com', time_zone: 'Etc/UTC', updated_at: '2026-11-20T10:00:00Z' },
      status: { indicator: 'none', description: 'All Systems Operational' },
      components: [],
      incidents: [],
      scheduled_maintenances: [],
    },
  },
  '/supabase/rest/v1/profiles': { body: [{ id: 1 }] },
  '/supabase/auth/v1/health': { body: { name: 'GoTrue', version: 'v2', description: 'GoTrue is a user registration server' } },
  '/supabase/storage/v1/bucket': { body: [{ id: 'documents', name: 'documents', public: false }] },
  '/sentry/api/0/organizations/schnittwerk/issues/': ({ url }: Heard) => ({
    body: new URL(url, 'http://sentry').searchParams.has('cursor') ? [] : [issue()],
  }),
}
const issue = () => ({
  id: '1',
  shortId: 'WEB-7',
  title: 'StripeSignatureVerificationError: No signatures found matching the expected signature',
  level: 'error',
  status: 'unresolved',
  count: '214',
  userCount: 61,
  firstSeen: ago(9),
  lastSeen: ago(1),
})

const tables = `
create table email_queue (id int generated always as identity, status text, created_at timestamptz, sent_at timestamptz);
insert into email_queue (status, created_at, sent_at)
  select 'sent', now() - interval '2 hours', now() - interval '110 minutes' from generate_series(1, 412);
insert into email_queue (status, created_at) select 'pending', now() - interval '9 minutes' from generate_series(1, 37);
insert into email_queue (status, created_at) select 'failed', now() - interval '1 hour' from generate_series(1, 2);
create table letters (id int generated always as identity, status text, created_at timestamptz default now(), updated_at timestamptz default now());
insert into letters (status) values ('completed'), ('completed'), ('generating');
create table profiles (email text, role text);
create schema supabase_migrations;
create table supabase_migrations.schema_migrations (version text primary key, name text);
insert into supabase_migrations.schema_migrations values ('20260105083000', 'create_letters');
`

/** Payments that fail, and events that do not arrive, since a few minutes. */
const breakPayments = async (world: World, siteUrl: string) => {
  const put = (collection: string, item: object) => control(world.url)('POST', `/stripe/${collection}`, item)
  const stripe = (path: string, form: Readonly<Record<string, string>>) =>
    fetch(`${world.stripeApiUrl}/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stripeKey}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form),
    })
  const declined = (reason: string) => `pm_card_visa_chargeDeclined${reason}`
  const tried = [declined('ProcessingError'), declined('ProcessingError'), declined('InsufficientFunds')]
  for (const method of [...Array<string>(4).fill('pm_card_visa'), ...tried])
    await stripe('payment_intents', { amount: '4900', currency: 'usd', payment_method: method, confirm: 'true' })
  await stripe('webhook_endpoints', {
    url: `${siteUrl}${webhook}`,
    'enabled_events[0]': 'checkout.session.completed',
    'enabled_events[1]': 'payment_intent.succeeded',
    'enabled_events[2]': 'payment_intent.payment_failed',
  })
  const event = (type: string, minutes: number, pending: number) =>
    put('events', {
      type,
      api_version: '2026-10-28.endive',
      created: Math.floor((Date.now() - minutes * minute) / 1000),
      pending_webhooks: pending,
      data: { object: {} },
    })
  for (let index = 0; index < 6; index += 1) await event('payment_intent.succeeded', 13, 0)
  for (let index = 0; index < 12; index += 1) await event(index % 3 === 0 ? 'checkout.session.completed' : 'payment_intent.succeeded', 6, 1)
}

/** A deployment twelve minutes ago, and the commit that it brought. */
const deploy = async (world: World) => {
  const octokit = new Octokit({ auth: 'ghp_test', baseUrl: world.githubApiUrl })
  const who = (minutes: number) => ({ name: 'Ann', email: 'ann@example.test', date: ago(minutes) })
  await octokit.repos.createOrUpdateFileContents({
    owner: 'acme',
    repo: 'incidents',
    path: 'webhook.ts',
    message: 'Verify webhook signatures with the new secret',
    content: Buffer.from('export {}').toString('base64'),
    branch: 'main',
    author: who(16),
    committer: who(16),
  })
  for (const name of projects) {
    const make = async (message: string, minutes: number) => {
      const made = await fetch(`${world.vercelApiUrl}/v13/deployments?slug=local`, {
        method: 'POST',
        headers: { authorization: `Bearer ${vercelToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          name,
          target: 'production',
          meta: { githubCommitSha: 'abc1234def5678', githubCommitMessage: message, githubCommitRef: 'main', githubCommitAuthorName: 'Ann' },
        }),
      })
      const { id } = (await made.json()) as { id: string }
      const created = Date.now() - minutes * minute
      await control(world.url)('POST', '/vercel/deployments', { id, created, createdAt: created, aliasAssigned: created })
    }
    await make('Add a page for partners', 3 * 24 * 60)
    await make('Verify webhook signatures with the new secret', 12)
  }
}

const celeryKeys = async (redis: Awaited<ReturnType<typeof startRedis>>) => {
  const { client } = redis
  await client.sadd('_kombu.binding.celery.pidbox', 'worker')
  await client.lpush('celery', 'task', 'task', 'task')
  for (let index = 0; index < 20; index += 1) {
    const result = {
      status: 'SUCCESS',
      result: null,
      traceback: null,
      task_id: `${index}`,
      name: 'core.tasks.scheduled',
      date_done: ago(3),
    }
    await client.set(`celery-task-meta-${index}`, JSON.stringify(result))
  }
}

/** Starts all of them. `environment`: what makes the catalogue in `runbooks/` ask them. */
export const startStandIns = async () => {
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const databaseUrl = await postgres.createDatabase('product')
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query(tables)
  await client.end()
  const world = started.use(
    await testWorld({
      stripe: { key: stripeKey },
      vercel: { token: vercelToken, projects: projects.map((name) => ({ name })) },
    }),
  )
  const product = started.use(await startVendor(site))
  const small = started.use(await startVendor(vendors))
  const redis = ensure(redisPackages) ? started.use(await startRedis()) : null
  const folder = mkdtempSync(join(tmpdir(), 'stand-ins-'))
  started.defer(() => rmSync(folder, { recursive: true, force: true }))
  const socket = join(folder, 'docker.sock')
  const megabyte = 1024 * 1024
  const container = (service: string) => ({ service, memory: { used: 200 * megabyte, limit: 2048 * megabyte } })
  started.use(
    await startDockerEngine({
      socket,
      project: 'fair-edge',
      containers: ['api', 'celery_worker', 'celery_beat', 'frontend', 'redis'].map(container),
    }),
  )
  await breakPayments(world, product.url)
  await deploy(world)
  if (redis !== null) await celeryKeys(redis)

  const settings = {
    URL: product.url,
    HOST: '127.0.0.1',
    DOMAIN: new URL(product.url).host,
    SCHEME: 'http',
    PRIVATE_HOSTS: '127.0.0.1',
    STRIPE_API_URL: world.stripeApiUrl,
    STRIPE_SECRET_KEY: stripeKey,
    STRIPE_STATUS_URL: `${small.url}/stripe-status`,
    VERCEL_API_URL: world.vercelApiUrl,
    VERCEL_LOGS_URL: world.vercelApiUrl,
    VERCEL_TEAM: 'local',
    VERCEL_TOKEN: vercelToken,
    GITHUB_API_URL: world.githubApiUrl,
    GITHUB_REPOSITORY: 'acme/incidents',
    GITHUB_TOKEN: 'ghp_test',
    DATABASE_HOST: '127.0.0.1',
    DATABASE_PORT: String(postgres.port),
    DATABASE_TLS: 'none',
    DATABASE_URL: databaseUrl,
    SUPABASE_URL: `${small.url}/supabase`,
    SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_ofTheStandIns000',
    SENTRY_API_URL: `${small.url}/sentry`,
    SENTRY_TOKEN: 'sntrys_ofTheStandIns000',
    SENTRY_ORGANIZATION: 'schnittwerk',
    DOCKER_SOCKET: socket,
    ...(redis === null ? {} : { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) }),
  }
  const environment = Object.fromEntries(
    prefixes.flatMap((prefix) => Object.entries(settings).map(([name, value]) => [`${prefix}_${name}`, value])),
  )
  const running = started.move()
  return {
    world,
    product,
    environment,
    /** Another database on the same server. */
    createDatabase: (name: string) => postgres.createDatabase(name),
    hasRedis: redis !== null,
    secrets: [stripeKey, vercelToken, databaseUrl, settings.SUPABASE_SERVICE_ROLE_KEY, settings.SENTRY_TOKEN],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The bot, with the five products of this repository pointed at them. */
export const startProducts = (
  { world, environment }: Awaited<ReturnType<typeof startStandIns>>,
  more: { readonly store?: { readonly url: string } } = {},
) => startTestBot({ world, ...more, options: { runbooks: join(root, 'runbooks'), environment } })
