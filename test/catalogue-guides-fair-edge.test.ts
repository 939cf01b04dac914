/** Fair-Edge's data and runbooks against its guide: rows C1, D, M5, H of the mission and R30–R41. Facts are copied here by hand. */
import { describe, expect, test } from 'vitest'
import { guideOf, reachedBy, standIns } from './guide.ts'

const { product, runbooks, said } = guideOf('fair-edge')

const compose = 'docker compose -f docker-compose.production.yml'

describe('every fact of the guide has its place', () => {
  test.each([
    // Health checks
    'curl https://your-domain.com/health',
    `${compose} ps`,
    String.raw`docker ps --format "table {{.Names}}\t{{.Status}}\t{{.Ports}}"`,
    'curl -H "Authorization: Bearer SERVICE_ROLE_KEY" "https://your-project.supabase.co/rest/v1/profiles?select=id&limit=1"',
    'curl -X POST https://your-domain.com/api/billing/stripe/webhook -H "Content-Type: application/json" -H "stripe-signature: test"`',
    // Logs
    `${compose} logs -f\``,
    `${compose} logs -f api`,
    'celery_worker',
    'celery_beat',
    'frontend',
    `${compose} logs --since 1h api`,
    `${compose} logs --since 10m api | grep ERROR`,
    String.raw`${compose} logs api | grep "stripe\|webhook"`,
    String.raw`${compose} logs api | grep "supabase\|Supabase"`,
    // Daily, weekly, monthly
    'check health endpoints',
    'review error logs',
    'monitor API quota usage',
    'database backup',
    'review performance metrics',
    'check disk usage',
    'security updates',
    'dependency updates',
    'performance optimization review',
    // Supabase
    `${compose} exec api python -c "from db import get_supabase; print(get_supabase().table('profiles').select('*').limit(1).execute())"`,
    `${compose} exec api python -c "from db import get_supabase; client = get_supabase(); print('Connection OK')"`,
    `${compose} exec api env | grep SUPABASE`,
    'no direct maintenance',
    'Settings > API > API Usage',
    'Authentication > Users',
    'Authentication > Policies',
    'Settings > Database > Database Health',
    'Settings > Database > Query Performance',
    'Settings > Database (connection pooling)',
    'Settings > Database > Backups',
    `${compose} logs api | grep "connection"`,
    // Stripe
    `${compose} logs api | grep "Received Stripe webhook"`,
    `${compose} logs api | grep "payment_failed"`,
    `${compose} logs api | grep "subscription"`,
    `${compose} logs api | grep "webhook" | grep "duration"`,
    `${compose} logs api | grep "checkout" | grep "ms"`,
    'https://dashboard.stripe.com/webhooks',
    'https://dashboard.stripe.com/customers',
    'https://dashboard.stripe.com/payments',
    'import stripe; from core.settings import settings; stripe.api_key = settings.stripe_secret_key; print(stripe.Account.retrieve())',
    `-d '{"type": "test"}'`,
    'https://status.stripe.com/',
    // Redis
    `${compose} exec redis redis-cli INFO memory | grep used_memory_human`,
    `${compose} exec redis redis-cli CONFIG GET maxmemory\``,
    `${compose} exec redis redis-cli CONFIG GET maxmemory-policy`,
    `${compose} exec redis redis-cli FLUSHALL`,
    `${compose} exec redis redis-cli --scan --pattern "fair-edge:*"`,
    `${compose} exec redis redis-cli INFO stats | grep keyspace`,
    `${compose} exec redis redis-cli INFO stats | grep evict`,
    'grep keyspace_hits',
    // Incidents and recovery
    'docker stats --no-stream',
    `${compose} restart celery_worker`,
    `${compose} restart\``,
    `${compose} restart api`,
    `${compose} down`,
    `${compose} up -d\``,
    'https://status.supabase.com/',
    // Performance
    `${compose} logs api | grep "duration" | sort -k5 -nr | head -20`,
    String.raw`${compose} logs api | grep "GET\|POST" | grep -o "[0-9]*ms"`,
    // Security
    'netstat -tlnp | grep LISTEN',
    'sudo ufw status',
    'echo | openssl s_client -connect your-domain.com:443 2>/dev/null | openssl x509 -noout -dates',
    'a signing secret is set',
    // Updates
    'sudo apt update && sudo apt upgrade',
    `${compose} pull`,
    'cd frontend && npm audit fix',
    'pip list --outdated',
    'Supabase: automatic updates',
    'changes of the API version',
    'dependabot',
    // Scaling
    `${compose} up -d --scale celery_worker=5`,
    `${compose} up -d --scale api=3`,
    'load balancer',
    'Supabase Pro plan',
    'Cloudflare, already in use',
    'Redis clustering',
    'api 2 CPU and 2G (512M and 0.5 CPU reserved)',
    'celery_worker 1 CPU and 1G (256M and 0.25 CPU reserved)',
    // Contacts
    'On-call (rotation)',
    'Development team lead',
    'DevOps team',
    'Supabase support portal',
    'Stripe support',
    'Cloudflare support',
    // Runbooks
    'git checkout <commit-hash>',
    `${compose} build --no-cache`,
    'Caddy configuration',
    `${compose} stop api`,
    `${compose} start api`,
    'Supabase Pro plans',
    'SQL Editor',
  ])('%s', (fact) => expect(said).toContain(fact))
})

const minute = 60_000
const hook = { url: 'https://your-domain.com/api/billing/stripe/webhook' }
const logs = (filter: readonly string[], since = 60) => ({ ask: 'logs', service: 'api', filter, since: since * minute })

describe('every threshold of the guide is the limit of a check', () => {
  test.each([
    ['health', { url: 'https://your-domain.com/health', latency: 100 }],
    // API
    ['api.time', { unit: 'ms', warn: { most: 100 }, prometheus: { query: expect.stringContaining('histogram_quantile(0.95') } }],
    ['api.errors', { unit: '%', warn: { most: 0.1 } }],
    ['redis', { hitRate: 80, maxmemory: 512, policy: 'allkeys-lru', keys: [{ pattern: 'fair-edge:*' }] }],
    // Background jobs
    ['celery', { waiting: 100, failures: 1 }],
    ['celery.scheduled', { scheduled: [{ within: 60 * minute }] }],
    // Billing
    ['stripe.deliveries', { ask: 'deliveries', success: 99 }],
    ['subscriptions.upgrades', { unit: '%', warn: { least: 95 } }],
    ['stripe.payments', { ask: 'payments', failures: 5 }],
    // Supabase
    ['auth.success', { unit: '%', warn: { least: 99 } }],
    ['database.slow', { ask: 'slow', average: 50 }],
    ['database.connections', { ask: 'connections', used: 80 }],
    // Limits of containers
    ['docker.resources', { limits: { api: { cpus: 2, memory: 2048 }, celery_worker: { cpus: 1, memory: 1024 } } }],
    ['docker.containers', { services: ['api', 'celery_worker', 'celery_beat', 'frontend', 'redis'] }],
    // Backups, ports
    ['supabase.backups', { ask: 'backups', warnAge: 7 * 24 }],
    ['ports', { open: [80, 443, 22] }],
    ['tls', { host: 'your-domain.com', port: 443 }],
    // What the runbooks ask
    ['stripe.webhooks', { ask: 'webhooks', ...hook, events: ['checkout.session.completed', 'customer.subscription.*'] }],
    ['stripe.receiver', { ...hook, sender: 'stripe' }],
    ['stripe.account', { ask: 'account', mode: 'live' }],
    ['supabase', { url: 'https://your-project.supabase.co', table: 'profiles', column: 'id' }],
    ['database.rls', { ask: 'rls' }],
    ['logs.errors', logs(['ERROR'], 10)],
    ['logs.supabase', logs(['supabase'])],
    ['logs.stripe', logs(['stripe', 'webhook'])],
    ['logs.received', logs(['Received Stripe webhook'])],
    ['logs.payments', logs(['payment_failed'])],
    ['logs.subscriptions', logs(['subscription'])],
    ['logs.connections', logs(['connection'])],
    ['logs.checkout', logs(['checkout', 'duration'])],
    ['logs.slow', logs(['duration'])],
    ['logs.webhook-time', logs(['webhook', 'duration'])],
    ['secrets', { from: 'docker', service: 'api', target: 'production', names: { STRIPE_SECRET_KEY: { prefix: ['sk_live_'] } } }],
  ])('%s', (check, options) => expect(product.checks.get(check)?.options).toMatchObject(options))
})

/** The steps of each runbook in the guide, by words of theirs. */
const guide: readonly (readonly [id: string, slug: string, steps: readonly RegExp[]])[] = [
  ['R30', 'high-memory', [/memory by container.*docker stats/, /Restart the service.*restart celery_worker/]],
  [
    'R31',
    'api-errors',
    [/last ten minutes.*check: logs\.errors/, /Supabase connection.*check: logs\.supabase/, /Stripe webhook failures.*check: logs\.stripe/],
  ],
  [
    'R32',
    'supabase-connection',
    [/Supabase connection.*check: supabase`/, /environment variables.*check: secrets/, /status\.supabase\.com/],
  ],
  [
    'R33',
    'payment-failures',
    [/Stripe API.*check: stripe\.account/, /webhook endpoint.*check: stripe\.receiver/, /dashboard\.stripe\.com\/webhooks/],
  ],
  [
    'R34',
    'service-recovery',
    [
      /Restart all services.*action: compose\.restart service=all`/,
      /restart hard.*hard=true.* down.* up -d/,
      /one service.*service=celery_worker/,
    ],
  ],
  ['R35', 'supabase-recovery', [/status\.supabase\.com/, /environment variables.*env \| grep SUPABASE/, /Restart the API.*restart api/]],
  [
    'R36',
    'stripe-recovery',
    [
      /status\.stripe\.com/,
      /checkout\.session\.completed.*customer\.subscription\.\*/,
      /Test the webhook endpoint.*check: stripe\.receiver/,
    ],
  ],
  ['R37', 'rollback', [/last working commit/, /git checkout <commit-hash>/, /build --no-cache/, /up -d/]],
  ['R38', 'maintenance-mode', [/Caddy configuration.*maintenance page/, /stop api/, /Perform the maintenance/, /start api/]],
  [
    'R39',
    'data-recovery',
    [/^Database.*Backups/, /^Point-in-time recovery.*Pro plans/, /^Manual export.*SQL Editor/, /Contact.*Supabase support/],
  ],
  ['R40', 'updates', [/apt update/, /pull.*up -d/, /npm audit fix.*pip list --outdated/, /dependabot/]],
  ['R41', 'scaling', [/celery_worker=5/, /api=3/, /Supabase is automatic.*Pro plan.*CDN.*clustering/]],
]

test('R30–R41 are there, each once, and nothing else', () => {
  expect(runbooks.map(({ id, slug }) => `${id} ${slug}`).toSorted()).toEqual(guide.map(([id, slug]) => `${id} ${slug}`))
})

test.each(guide)('%s %s has the steps of the guide, in its order', (id, _, steps) => {
  const written = runbooks.find((runbook) => runbook.id === id)?.steps ?? []
  expect(written).toHaveLength(steps.length)
  for (const [index, step] of steps.entries()) expect(written[index]).toMatch(step)
})

test('what is asked by itself', () => {
  const auto = [...product.checks.values()].filter((check) => check.auto).map(({ key }) => key)
  expect(auto).toEqual(['health', 'docker.containers', 'celery', 'stripe.deliveries', 'stripe.payments'])
  expect([...product.checks.values()].filter(({ sampleMinutes }) => sampleMinutes !== null).map(({ key }) => key)).toEqual(['health'])
})

test('secrets are its own', () => expect([...product.secrets].filter((name) => !name.startsWith('FAIR_EDGE_'))).toEqual([]))

test('everything that is asked can be stood in for; Docker is asked by a socket', () => {
  const { product: moved } = guideOf('fair-edge', {
    ...standIns('fair-edge'),
    FAIR_EDGE_SCHEME: 'http',
    FAIR_EDGE_DOMAIN: '127.0.0.1:4000',
    FAIR_EDGE_DNS_RESOLVER: '127.0.0.1:4053',
    FAIR_EDGE_DOCKER_SOCKET: '/tmp/engine.sock',
  })
  const bySocket = [...moved.checks.values()].filter(({ kind }) => kind === 'docker' || kind === 'secrets')
  for (const { options } of bySocket) expect(options).toMatchObject({ socket: '/tmp/engine.sock' })
  const byNetwork = reachedBy(moved).filter(([check]) => !bySocket.some(({ key }) => key === check))
  expect(byNetwork.filter(([, hosts]) => hosts.length === 0 || hosts.some((host) => !host.startsWith('127.0.0.1:')))).toEqual([])
})
