/** Talk-To-My-Lawyer's data and runbooks against its guide: rows C1, D, M2, M3, M6, M9, H of the mission and R10–R19. Facts are copied here
 *  by hand. */
import { describe, expect, test } from 'vitest'
import { guideOf, reachedBy, standIns } from './guide.ts'

const { product, runbooks, said } = guideOf('talk-to-my-lawyer')

const secrets = [
  'ADMIN_PORTAL_KEY',
  'OPENAI_API_KEY',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'RESEND_API_KEY',
  'SUPABASE_SERVICE_ROLE_KEY',
]

describe('every fact of the guide has its place', () => {
  test.each([
    // Contacts and resources
    'https://www.talk-to-my-lawyer.com',
    'https://vercel.com/dashboard',
    'https://supabase.com/dashboard',
    'https://dashboard.stripe.com',
    // 1 Stripe payment failures
    'curl -H "Authorization: Bearer $STRIPE_SECRET_KEY" "https://api.stripe.com/v1/webhook_endpoints"',
    'vercel logs --app=talk-to-my-lawyer',
    'sk_live_',
    'checkout.session.completed',
    'payment_intent.*',
    // 2 Admin portal
    '/secure-admin-gateway',
    'Invalid portal key',
    'echo $ADMIN_PORTAL_KEY',
    `psql $DATABASE_URL -c "SELECT email, role FROM profiles WHERE role = 'admin';"`,
    "`role = 'admin'`",
    '30 minutes at most',
    // 3 Letters
    'curl -H "Authorization: Bearer $OPENAI_API_KEY" "https://api.openai.com/v1/models/gpt-4-turbo"',
    'psql $DATABASE_URL -c "SELECT status, COUNT(*) FROM letters GROUP BY status;"',
    "from 'generating' back to 'draft'",
    // 4 E-mail
    'psql $DATABASE_URL -c "SELECT status, COUNT(*) FROM email_queue GROUP BY status;"',
    'curl -H "Authorization: Bearer $RESEND_API_KEY" "https://api.resend.com/domains"',
    'Resend, Brevo, SendGrid',
    'POST /api/cron/process-email-queue',
    // 5 Database
    'psql $DATABASE_URL -c "SELECT version();"',
    'psql $DATABASE_URL -c "SELECT count(*) FROM pg_stat_activity;"',
    'psql $DATABASE_URL -c "SELECT query, mean_exec_time FROM pg_stat_statements ORDER BY mean_exec_time DESC LIMIT 10;"',
    // 6 Rate limiting
    'curl -H "Authorization: Bearer $KV_REST_API_TOKEN" "$KV_REST_API_URL/ping"',
    'FLUSHALL',
    // Key performance indicators
    'Monthly Recurring Revenue (MRR)',
    'Customer Acquisition Cost (CAC)',
    'letter generation success rate',
    'payment conversion rate',
    'customer satisfaction score',
    // Health
    'curl https://www.talk-to-my-lawyer.com/api/health',
    'https://www.talk-to-my-lawyer.com/api/health/detailed',
    'avgResponseTime 150ms, memoryUsage 45%, cpuUsage 23%',
    // Emergency procedures
    'vercel rollback --app=talk-to-my-lawyer',
    'Deployments → Select previous version → Promote to Production',
    'Payment processing failure rate > 10%',
    'Critical functionality broken, letter generation or admin access',
    'Security vulnerability discovered',
    'Database corruption detected',
    'Performance degradation > 50%',
    ...secrets,
    // Daily, weekly, monthly, quarterly
    'check error logs',
    'monitor payment processing',
    'review email queue status',
    'verify system health endpoints',
    'review performance metrics',
    'check database growth',
    'update security patches',
    'test backup recovery',
    'review admin activity logs',
    'rotate sensitive API keys',
    'review user access permissions',
    'update dependencies',
    'capacity planning review',
    'security audit',
    'full system audit',
    'disaster recovery drill',
    'performance optimization review',
    'user feedback analysis',
    'cost optimization review',
    // Backup and recovery
    'every 6 hours and kept 30 days',
    'recovery is tested weekly',
    '< 4 hours (RTO)',
    'the last 6 hours are lost (RPO',
    'Code is in Git at GitHub',
    'environment variables of Vercel',
    'lock files',
    'documentation under version control',
    'Database → Backups → Restore',
    'vercel rollback`',
    'curl https://www.talk-to-my-lawyer.com/api/health/detailed',
    // Channels
    'admin@talk-to-my-lawyer.com',
    'Emergency contact number',
    '#production-alerts',
    'ops-team@talk-to-my-lawyer.com',
    'Real-time alerts',
    'status.talk-to-my-lawyer.com',
    'support@talk-to-my-lawyer.com',
    '@talktomylawyer',
    // Capacity
    'users 20% a month',
    'letters 25% a month',
    '$10k MRR by Q2 2026',
    '10x the current size',
  ])('%s', (fact) => expect(said).toContain(fact))
})

const minute = 60_000
const hook = { url: 'https://www.talk-to-my-lawyer.com/api/webhooks/stripe' }

describe('every threshold of the guide is the limit of a check', () => {
  test.each([
    // Critical
    ['stripe.payments', { ask: 'payments', window: 60 * minute, failures: { fail: 5 } }],
    ['stripe.deliveries', { ask: 'deliveries', window: 15 * minute, failed: { fail: 10 } }],
    ['api.time', { unit: 's', warn: { most: 2 }, fail: { most: 5 } }],
    ['database.failures', { fail: { most: 3 }, prometheus: { query: expect.stringContaining('[5m]') } }],
    ['api.errors', { unit: '%', fail: { most: 2 }, prometheus: { query: expect.stringContaining('[15m]') } }],
    ['admin.logins', { ask: 'query', most: { fail: 5 }, sql: expect.stringContaining("interval '15 minutes'") }],
    ['stripe.suspicious', { ask: 'suspicious', warnings: { fail: 0 } }],
    ['rate-limit', { against: { days: 7, fail: { rise: 50 } } }],
    // Warning
    ['database.slow', { ask: 'slow', average: 100, slowest: 1000 }],
    ['resend', { delivery: 95, bounces: 2 }],
    ['brevo', { delivery: 95, bounces: 2 }],
    ['sendgrid', { delivery: 95, bounces: 2 }],
    ['letters.failures', { ask: 'query', unit: '%', most: 10, sql: expect.stringContaining("interval '1 hour'") }],
    ['tickets', { against: { warn: { rise: 200 } } }],
    ['users', { against: { warn: { fall: 20 } } }],
    // Baselines
    ['login.time', { unit: 'ms', warn: { most: 500 } }],
    ['letters.time', { unit: 's', warn: { most: 30 } }],
    ['payments.time', { unit: 's', warn: { most: 3 } }],
    ['admin.time', { unit: 's', warn: { most: 1 } }],
    ['downloads.time', { unit: 's', warn: { most: 2 } }],
    ['database.connections', { ask: 'connections', used: 80 }],
    ['database.locks', { ask: 'locks', wait: 50 }],
    ['database.cache', { ask: 'cache', indexHits: 99 }],
    ['email.time', { unit: 's', warn: { most: 5 * 60 } }],
    ['email-queue.time', { unit: 's', warn: { most: 2 * 60 } }],
    ['email-queue', { ask: 'counts', table: 'email_queue', column: 'status', stuck: [{ after: 5 * minute }] }],
    // Scaling, rollback, backups
    ['database.cpu', { unit: '%', warn: { most: 80 } }],
    ['database.size', { ask: 'size', most: 0.75 * 8 * 1024 }],
    ['bandwidth', { unit: '%', warn: { most: 70 } }],
    ['api.degradation', { against: { days: 7, warn: { rise: 50 } } }],
    ['supabase.backups', { ask: 'backups', failAge: 6, retentionDays: 30 }],
    [
      'secrets',
      {
        from: 'vercel',
        target: 'production',
        names: { ...Object.fromEntries(secrets.map((name) => [name, { rotateDays: 31 }])), STRIPE_SECRET_KEY: { prefix: ['sk_live_'] } },
      },
    ],
    // What the runbooks ask
    ['stripe.account', { ask: 'account', mode: 'live' }],
    ['stripe.webhooks', { ask: 'webhooks', ...hook, events: ['checkout.session.completed', 'payment_intent.*'] }],
    ['stripe.receiver', { ...hook, sender: 'stripe' }],
    ['openai', { model: 'gpt-4-turbo', apiUrl: 'https://api.openai.com/v1' }],
    ['letters', { ask: 'counts', table: 'letters', column: 'status', stuck: [{ value: 'generating', after: 10 * minute }] }],
    ['admins', { ask: 'query', sql: "SELECT email, role FROM profiles WHERE role = 'admin'", least: { fail: 1 } }],
  ])('%s', (check, options) => expect(product.checks.get(check)?.options).toMatchObject(options))
})

/** The steps of each runbook in the guide, by words of theirs. */
const guide: readonly (readonly [id: string, slug: string, steps: readonly RegExp[]])[] = [
  [
    'R10',
    'payment-failures',
    [
      /webhook endpoints.*check: stripe\.webhooks/,
      /application logs.*check: vercel\.errors/,
      /URL of the webhook endpoint/,
      /STRIPE_WEBHOOK_SECRET/,
      /STRIPE_SECRET_KEY.*sk_live_/,
      /checkout\.session\.completed.*payment_intent\.\*/,
    ],
  ],
  [
    'R11',
    'admin-portal',
    [/admin portal key/, /role of the admin user.*check: admins/, /ADMIN_PORTAL_KEY/, /role = 'admin'/, /cookies/, /30 minutes/],
  ],
  [
    'R12',
    'letters-stuck',
    [
      /OpenAI API.*check: openai/,
      /letters by status.*check: letters/,
      /OPENAI_API_KEY.*valid and has credits/,
      /rate limits/,
      /'generating' back to 'draft'.*action: letters\.unstick/,
      /content policy/,
    ],
  ],
  [
    'R13',
    'email-delivery',
    [
      /email queue.*check: email-queue/,
      /Resend API.*check: resend/,
      /API keys.*Resend, Brevo, SendGrid/,
      /domain is verified/,
      /POST \/api\/cron\/process-email-queue.*action: email-queue\.process/,
      /backup email provider/,
    ],
  ],
  [
    'R14',
    'database-connections',
    [
      /can be reached.*check: database`/,
      /active connections.*check: database\.connections/,
      /slow queries.*check: database\.slow/,
      /Supabase dashboard.*check: supabase\.health/,
      /connection pool/,
      /Optimize the slow queries/,
      /scaling the database/,
    ],
  ],
  [
    'R15',
    'rate-limiting',
    [
      /Upstash.*check: upstash/,
      /connectivity.*Upstash Redis dashboard/,
      /rate limit configurations/,
      /Increase the limits.*traffic spike/,
      /FLUSHALL/,
    ],
  ],
  ['R16', 'rollback', [/Decide/, /vercel rollback --app.*Promote to Production/, /Verify/]],
  ['R17', 'key-rotation', secrets.map((name) => new RegExp(`^\`${name}\``))],
  [
    'R18',
    'disaster-recovery',
    [
      /^Assessment \(0-15 minutes\): .*scope/,
      /^Communication \(15-30 minutes\): .*stakeholders/,
      /^Recovery \(30 minutes - 4 hours\): restore/,
      /^Validation \(1-2 hours\): .*integrity/,
      /^Post-mortem \(24-48 hours\): .*lessons/,
    ],
  ],
  [
    'R19',
    'recovery',
    [/point in time.*Database → Backups → Restore/, /Roll back the application.*vercel rollback/, /Verify.*api\/health\/detailed/],
  ],
]

test('R10–R19 are there, each once, and nothing else', () => {
  expect(runbooks.map(({ id, slug }) => `${id} ${slug}`).toSorted()).toEqual(guide.map(([id, slug]) => `${id} ${slug}`))
})

test.each(guide)('%s %s has the steps of the guide, in its order', (id, _, steps) => {
  const written = runbooks.find((runbook) => runbook.id === id)?.steps ?? []
  expect(written).toHaveLength(steps.length)
  for (const [index, step] of steps.entries()) expect(written[index]).toMatch(step)
})

test('R16 names its five criteria', () => {
  const [decide = ''] = runbooks.find(({ id }) => id === 'R16')?.steps ?? []
  expect(decide.split(' - ')).toHaveLength(1 + 5)
})

test('what is asked by itself', () => {
  const auto = [...product.checks.values()].filter((check) => check.auto).map(({ key }) => key)
  expect(auto).toEqual(['health', 'detailed', 'stripe.webhooks', 'stripe.deliveries', 'stripe.payments', 'email-queue'])
  const sampled = [...product.checks.values()].filter(({ sampleMinutes }) => sampleMinutes !== null)
  expect(sampled.map(({ key, sampleMinutes }) => [key, sampleMinutes])).toEqual([
    ['health', 5],
    ['detailed', 5],
  ])
})

test('secrets are its own', () => expect([...product.secrets].filter((name) => !name.startsWith('TTML_'))).toEqual([]))

test('everything that is asked can be stood in for', () => {
  const { product: moved } = guideOf('talk-to-my-lawyer', standIns('talk-to-my-lawyer'))
  expect(reachedBy(moved).filter(([, hosts]) => hosts.length === 0 || hosts.some((host) => !host.startsWith('127.0.0.1:')))).toEqual([])
})
