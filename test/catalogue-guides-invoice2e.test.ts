/** Invoice2E's data and runbooks against its guide: rows C1, D, M1, M9, H of the mission and R1–R9. Facts are copied here by hand. */
import { describe, expect, test } from 'vitest'
import { guideOf, reachedBy, standIns } from './guide.ts'

const { product, runbooks, said } = guideOf('invoice2e')

describe('every fact of the guide has its place', () => {
  test.each([
    // 1 Monitoring
    'https://invoice2e.com/api/health',
    'curl https://invoice2e.com/api/health',
    'version 1.0.0',
    'https://vercel.com/[team]/invoice2e',
    'Deployment status',
    'function invocations',
    'error logs',
    'Core Web Vitals',
    'https://supabase.com/dashboard',
    'Database metrics',
    'query performance',
    'storage usage',
    'auth events',
    // 2 Logging
    'INFO',
    'WARN',
    'ERROR',
    'DEBUG: development only',
    'timestamp, level, message, data',
    'Extraction failed',
    'Timeout exceeded',
    'vercel logs invoice2e --follow',
    'Functions > Select function > View logs',
    // 3 Backups
    'daily point-in-time kept 7 days',
    'weekly full backup kept 30 days',
    'on by default on the Pro tier',
    'Database > Backups',
    'pg_dump -h [host] -U [user] -d [database] > backup.sql',
    // 5 Performance
    'AI extraction target < 30s, about 15-25s',
    'XML generation < 2s, about 500ms',
    'LCP: target < 2.5s, about 1.5s',
    'API response < 500ms, about 200ms',
    'enable CDN caching',
    'optimize images',
    'minimize bundle size',
    'database query optimization',
    'connection pooling',
    // 6 Security
    'API keys are rotated quarterly',
    'the JWT secret annually',
    'webhook secrets on an incident, at once',
    // 7 Maintenance
    'Supabase updates monthly, 15 min',
    'dependency updates weekly, by a deploy',
    'schema migrations as needed, variable',
    // 8 Disaster recovery
    'within 1 hour (RTO',
    '24 hours are lost (RPO',
    // 9 Contacts
    'oncall@invoice2e.com',
    'tech@invoice2e.com',
    'security@invoice2e.com',
    'ops@invoice2e.com',
    // References
    '01-deployment.md',
    '02-architecture/01-software-architecture.md',
  ])('%s', (fact) => expect(said).toContain(fact))
})

const hour = 3_600_000

describe('every threshold of the guide is the limit of a check', () => {
  test.each([
    ['health', { url: 'https://invoice2e.com/api/health', latency: 5000 }],
    ['errors', { unit: '%', warn: { most: 1 } }],
    ['cpu', { unit: '%', warn: { most: 80 } }],
    ['memory', { unit: '%', warn: { most: 85 } }],
    ['database.connections', { ask: 'connections', used: 80 }],
    ['extraction.time', { unit: 's', warn: { most: 30 } }],
    ['xml.time', { unit: 's', warn: { most: 2 } }],
    ['page.time', { unit: 's', warn: { most: 2.5 } }],
    ['api.time', { unit: 'ms', warn: { most: 500 } }],
    ['supabase.backups', { ask: 'backups', pitr: true, failAge: 24, retentionDays: 7 }],
    ['supabase.backups.weekly', { ask: 'backups', warnAge: 7 * 24, retentionDays: 30 }],
    ['stripe.payments', { ask: 'payments', window: hour }],
    ['secrets', { names: { GEMINI_API_KEY: { rotateDays: 92 }, SUPABASE_JWT_SECRET: { rotateDays: 365 }, STRIPE_WEBHOOK_SECRET: {} } }],
    ['vercel.errors', { ask: 'errors', project: 'invoice2e' }],
  ])('%s', (check, options) => expect(product.checks.get(check)?.options).toMatchObject(options))
})

/** The steps of each runbook in the guide, by words of theirs. */
const guide: readonly (readonly [id: string, slug: string, steps: readonly RegExp[]])[] = [
  [
    'R1',
    'extraction-failures',
    [
      /Gemini or DeepSeek.*status\.deepseek/,
      /keys are valid.*gemini.*deepseek/,
      /credit balance/,
      /error logs.*vercel\.errors/,
      /escalate/,
    ],
  ],
  [
    'R2',
    'payment-failures',
    [
      /Stripe or PayPal.*status\.stripe/,
      /signature of the webhooks.*stripe\.receiver/,
      /logs of the payments.*vercel\.errors/,
      /credits.*by hand/,
    ],
  ],
  [
    'R3',
    'database-connections',
    [
      /Supabase says.*status\.supabase/,
      /connection pool/,
      /connections with their limit.*database\.connections/,
      /restart.*database\.restart/,
    ],
  ],
  ['R4', 'vulnerability-response', [/Assess the severity/, /Isolate.*critical/, /Patch, and deploy/, /Verify the fix/, /post-mortem/]],
  [
    'R5',
    'disaster-recovery',
    [/scope of the failure/, /Restore from the backup/, /integrity of the data/, /Resume operations/, /root cause/],
  ],
  ['R6', 'restore-backup', [/supabase\.com\/dashboard/, /Database → Backups/, /Select the backup point/, /Click "Restore"/]],
  ['R7', 'manual-backup', [/pg_dump.*postgres\.backup/]],
  [
    'R8',
    'key-rotation',
    [/Generate the new key/, /Update the environment/, /Retire the old key/, /Supabase.*rolling update/, /immediately/],
  ],
  ['R9', 'maintenance-notification', [/Notify the users 24h before/, /Post the status/, /low-traffic/, /Confirm completion/]],
]

test('R1–R9 are there, each once, and nothing else', () => {
  expect(runbooks.map(({ id, slug }) => `${id} ${slug}`).toSorted()).toEqual(guide.map(([id, slug]) => `${id} ${slug}`))
})

test.each(guide)('%s %s has the steps of the guide, in its order', (id, _, steps) => {
  const written = runbooks.find((runbook) => runbook.id === id)?.steps ?? []
  expect(written).toHaveLength(steps.length)
  for (const [index, step] of steps.entries()) expect(written[index]).toMatch(step)
})

test('what is asked by itself', () => {
  const auto = [...product.checks.values()].filter((check) => check.auto).map(({ key }) => key)
  expect(auto).toEqual(['health', 'stripe.webhooks', 'stripe.payments', 'vercel.deployment', 'database.connections'])
  expect([...product.checks.values()].filter(({ sampleMinutes }) => sampleMinutes !== null).map(({ key }) => key)).toEqual(['health'])
})

test('secrets are its own', () => expect([...product.secrets].filter((name) => !name.startsWith('INVOICE2E_'))).toEqual([]))

test('everything that is asked can be stood in for', () => {
  const { product: moved } = guideOf('invoice2e', standIns('invoice2e'))
  expect(reachedBy(moved).filter(([, hosts]) => hosts.length === 0 || hosts.some((host) => !host.startsWith('127.0.0.1:')))).toEqual([])
})
