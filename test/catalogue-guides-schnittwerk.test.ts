/** SCHNITTWERK's data and runbooks against its guide: rows C1, D, M10, H of the mission and R42–R50. Facts are copied here by hand. */
import { describe, expect, test } from 'vitest'
import { guideOf, reachedBy, standIns } from './guide.ts'

const { product, runbooks, said } = guideOf('schnittwerk')

describe('every fact of the guide has its place', () => {
  test.each([
    // Deployment
    '`main` is deployed to production, `develop` to staging, pull requests to preview environments',
    'vercel --prod',
    'use with caution',
    '`vercel` for staging',
    // Database
    'supabase db reset',
    'supabase db push --db-url $STAGING_DB_URL',
    'supabase db push --db-url $PRODUCTION_DB_URL',
    'requires approval',
    'never run destructive migrations directly',
    'expand-contract pattern',
    'test migrations in staging first',
    'have a rollback plan ready',
    'Automatic daily backups, point-in-time recovery',
    'document the recovery procedure before it is needed',
    // Monitoring
    '/api/health',
    '200 OK when the service is healthy',
    'UptimeRobot',
    'SENTRY_DSN',
    'Review errors daily',
    'Error rate',
    'Response time',
    'active users',
    'Connection pool usage',
    'Query performance',
    'Storage usage',
    'Bookings of the last day',
    'Orders of the last day',
    'Payment success rate',
    // Logging
    'debug (detailed debugging info, dev only)',
    'info (general operational messages)',
    'warn (warning conditions)',
    'error (error conditions)',
    'timestamp, level, message, context (salonId, customerId, appointmentId)',
    'Booking confirmed',
    'Project > Logs',
    'Project → Logs',
    // Scheduled jobs
    '/api/cron/cleanup-reservations',
    'every 5 minutes',
    'reserved_until',
    'run hourly, 24h before an appointment',
    // Rollback
    'Promote to Production',
    'down.sql',
    // Secrets
    'SUPABASE_SERVICE_ROLE_KEY',
    'STRIPE_SECRET_KEY',
    'RESEND_API_KEY` annually',
    'STRIPE_WEBHOOK_SECRET` when compromised',
    // Performance and cost
    'slow queries',
    'Add indexes for frequent query patterns',
    'use connection pooling',
    'generated at build time',
    'dynamic data is revalidated',
    'k6 or Artillery',
    'slot search under load, concurrent bookings, checkout flow',
    '2.9% + 0.30 CHF per transaction',
    'based on plan + usage',
    'based on volume',
    'bandwidth',
    'Optimize image sizes',
    'use appropriate caching',
    // Support and compliance
    'Admin → Customers',
    'Export Data',
    'JSON/ZIP',
    'right to access by customer data export',
    'to rectification by profile editing',
    'to erasure by account deletion',
    'portability by JSON export',
    'customer profile views by staff',
    'data exports',
    'role changes',
    'payment operations',
    'impersonation sessions',
    'orders and invoices 10 years (legal requirement)',
    'appointments 10 years (business records)',
    'kept until a deletion request (service provision)',
    'session data 30 days (security)',
    'notification logs 90 days (debugging)',
    'audit logs 10 years',
  ])('%s', (fact) => expect(said).toContain(fact))
})

const minute = 60_000

describe('everything that the guide watches is a check; it gives no thresholds, so most limits are assumed', () => {
  test.each([
    ['health', { url: 'https://schnittwerk.example/api/health', status: 200 }],
    // Application
    ['api.errors', { unit: '%', warn: { most: 1 } }],
    ['api.time', { unit: 's', warn: { most: 2 } }],
    ['users', { ask: 'query', sql: expect.stringContaining("interval '1 day'") }],
    // Database
    ['database.connections', { ask: 'connections', used: 80 }],
    ['database.slow', { ask: 'slow', average: 100 }],
    ['database.size', { ask: 'size', most: 6144 }],
    // Business
    ['bookings', { ask: 'query', name: 'bookings', least: 1 }],
    ['orders', { ask: 'query', name: 'orders' }],
    ['stripe.payments', { ask: 'payments', failures: { warn: 5, fail: 20 } }],
    // Jobs, backups, errors
    ['cleanup-reservations', { ask: 'query', sql: expect.stringContaining('reserved_until'), most: 0 }],
    ['cleanup-reservations.job', { ask: 'job', within: 10 * minute, failAfter: 30 * minute }],
    ['reminders.job', { ask: 'job', within: 120 * minute }],
    ['supabase.backups', { ask: 'backups', pitr: true, warnAge: 24 }],
    ['sentry', { query: 'is:unresolved', window: 24 * 60 * minute, environment: 'production' }],
    ['sentry.security', { security: 'is:unresolved category:security', securityIssues: 0 }],
    ['stripe.suspicious', { ask: 'suspicious' }],
    ['stripe.account', { ask: 'account', mode: 'live' }],
    ['database.rls', { ask: 'rls' }],
    ['audit', { ask: 'query', as: 'table', sql: expect.stringContaining('audit_logs') }],
    ['vercel.deployment', { ask: 'deployment', branch: 'main' }],
    [
      'secrets',
      {
        from: 'vercel',
        target: 'production',
        names: {
          SUPABASE_SERVICE_ROLE_KEY: { rotateDays: 365 },
          STRIPE_SECRET_KEY: { prefix: ['sk_live_'], rotateDays: 365 },
          RESEND_API_KEY: { rotateDays: 365 },
          STRIPE_WEBHOOK_SECRET: { prefix: ['whsec_'] },
          SENTRY_DSN: {},
        },
      },
    ],
    ['secrets.staging', { target: 'preview', names: { STRIPE_SECRET_KEY: { prefix: ['sk_test_'] } } }],
  ])('%s', (check, options) => expect(product.checks.get(check)?.options).toMatchObject(options))
})

/** The steps of each runbook in the guide, by words of theirs. */
const guide: readonly (readonly [id: string, slug: string, steps: readonly RegExp[]])[] = [
  ['R42', 'rollback', [/Vercel dashboard.*action: vercel\.rollback/, /Select the deployment/, /Promote to Production/]],
  ['R43', 'database-rollback', [/failing migration.*check: database\.migrations/, /down\.sql/, /previous version of the code/]],
  [
    'R44',
    'secret-rotation',
    [/Generate a new secret/, /environment variables/, /Deploy with both/, /Remove the old secret after verification/],
  ],
  [
    'R45',
    'pre-deployment',
    [/CI checks pass.*check: github\.workflows/, /migrations were tested in staging/, /vulnerabilities are pending/, /Feature flags/],
  ],
  ['R46', 'migrations', [/supabase db reset/, /\$STAGING_DB_URL/, /requires approval.*\$PRODUCTION_DB_URL.*action: supabase\.migrate/]],
  [
    'R47',
    'security-checklist',
    [
      /Sentry for security-related errors.*check: sentry\.security/,
      /suspicious activity.*check: stripe\.suspicious/,
      /audit logs.*check: audit\.unusual/,
      /RLS.*check: database\.rls/,
      /dependencies with security patches/,
    ],
  ],
  ['R48', 'data-export', [/Admin → Customers/, /Select the customer/, /Export Data/, /JSON\/ZIP/]],
  [
    'R49',
    'account-deletion',
    [/Verify the identity/, /pending orders and appointments/, /Cancel or complete/, /anonymization procedure/, /Confirm the deletion/],
  ],
  [
    'R50',
    'impersonation',
    [/audit_logs/, /customer portal view/, /Diagnose the issue/, /End the impersonation session/, /Document the findings/],
  ],
]

test('R42–R50 are there, each once, and nothing else', () => {
  expect(runbooks.map(({ id, slug }) => `${id} ${slug}`).toSorted()).toEqual(guide.map(([id, slug]) => `${id} ${slug}`))
})

test.each(guide)('%s %s has the steps of the guide, in its order', (id, _, steps) => {
  const written = runbooks.find((runbook) => runbook.id === id)?.steps ?? []
  expect(written).toHaveLength(steps.length)
  for (const [index, step] of steps.entries()) expect(written[index]).toMatch(step)
})

test('what is asked by itself', () => {
  const auto = [...product.checks.values()].filter((check) => check.auto).map(({ key }) => key)
  expect(auto).toEqual(['health', 'vercel.deployment', 'sentry', 'stripe.payments'])
  expect([...product.checks.values()].filter(({ sampleMinutes }) => sampleMinutes !== null).map(({ key }) => key)).toEqual(['health'])
})

test('secrets are its own', () => expect([...product.secrets].filter((name) => !name.startsWith('SCHNITTWERK_'))).toEqual([]))

test('everything that is asked can be stood in for', () => {
  const { product: moved } = guideOf('schnittwerk', standIns('schnittwerk'))
  expect(reachedBy(moved).filter(([, hosts]) => hosts.length === 0 || hosts.some((host) => !host.startsWith('127.0.0.1:')))).toEqual([])
})
