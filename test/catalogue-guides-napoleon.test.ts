/** Napoleon AI's data and runbooks against its guide: rows C1, D, M4, M9, H of the mission and R20–R29. Facts are copied here by hand. */
import { describe, expect, test } from 'vitest'
import { guideOf, reachedBy, standIns } from './guide.ts'

const { product, runbooks, said } = guideOf('napoleon')

const variables = [
  'NODE_ENV',
  'NEXT_PUBLIC_APP_URL',
  'NEXTAUTH_URL',
  'NEXT_PUBLIC_SUPABASE_URL',
  'NEXT_PUBLIC_SUPABASE_ANON_KEY',
  'SUPABASE_SERVICE_ROLE_KEY',
  'NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY',
  'CLERK_SECRET_KEY',
  'OPENAI_API_KEY',
  'OPENAI_ORG_ID',
  'NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'GOOGLE_CLIENT_ID',
  'GOOGLE_CLIENT_SECRET',
  'MICROSOFT_CLIENT_ID',
  'MICROSOFT_CLIENT_SECRET',
  'SLACK_CLIENT_ID',
  'SLACK_CLIENT_SECRET',
  'MONITORING_WEBHOOK_URL',
  'ALERT_WEBHOOK_URL',
]

describe('every fact of the guide has its place', () => {
  test.each([
    // Health
    'https://napoleonai.app/api/health',
    'Every 30 seconds (auto-refresh)',
    '< 500ms expected',
    '200: healthy, 503: critical issues',
    ...variables,
    // Monitoring tools
    'Vercel Analytics',
    'Built-in performance monitoring',
    'Production dashboard',
    'Real-time metrics display',
    'automatic error reporting',
    // Deployment
    '`npm test`',
    '`npm run type-check`',
    '`npm run build`',
    'git revert HEAD',
    'git push origin main',
    // Security
    'unauthorized access attempts',
    'suspicious API usage',
    'database connection failures',
    'payment processing errors',
    // Reports
    '24-hour availability',
    'total errors in the last 24h',
    'average response times',
    'active users and sessions',
    'payment processing success',
    'trend analysis (performance over time)',
    'user feedback (support tickets, ratings)',
    'feature usage (most/least used features)',
    'technical debt (code quality metrics)',
    // Weekly, monthly
    'update dependencies',
    'review security advisories',
    'rotate API keys if needed',
    'review slow queries',
    'optimize images/assets',
    'clean up logs',
    'test database backups',
    'verify restore procedures',
    'check backup retention',
    'full security audit',
    'performance analysis',
    'user feedback review',
    'update deployment scripts',
    'review monitoring setup',
    'optimize resource usage',
    // Contacts
    'Lead Developer',
    'DevOps Engineer',
    'Security Officer',
    'https://vercel.com/support',
    'https://supabase.com/support',
    'https://stripe.com/support',
    'https://clerk.com/support',
    // Success
    'monthly active users',
    'monthly recurring revenue',
    'user retention rate',
    'user satisfaction score',
    '99.9% uptime',
    '< 2s page load',
    'zero critical vulnerabilities',
    '10x traffic increase',
  ])('%s', (fact) => expect(said).toContain(fact))
})

const hook = { url: 'https://napoleonai.app/api/webhooks/stripe' }

describe('every threshold of the guide is the limit of a check', () => {
  test.each([
    ['health', { url: 'https://napoleonai.app/api/health', status: 200, critical: [503], latency: 500 }],
    // Targets and warning signs
    ['uptime', { unit: '%', warn: { least: 99.9 }, prometheus: { query: expect.stringContaining('[30d]') } }],
    ['response.target', { unit: 's', warn: { most: 2 } }],
    ['response.time', { unit: 's', warn: { most: 5 } }],
    ['memory', { unit: '%', warn: { most: 80 } }],
    ['errors.target', { unit: '%', warn: { most: 1 } }],
    ['errors', { unit: '%', warn: { most: 5 } }],
    // Key performance indicators
    ['page.time', { unit: 's', warn: { most: 2 } }],
    ['api.time', { unit: 'ms', warn: { most: 500 } }],
    ['database.slow', { ask: 'slow', average: 100 }],
    ['ai.time', { unit: 's', warn: { most: 3 } }],
    // Security alerts
    ['access.refused', { against: { days: 7, warn: { rise: 100 } }, prometheus: { query: expect.stringContaining('401|403') } }],
    ['api.usage', { against: { days: 7, warn: { rise: 100 } } }],
    ['database.failures', { warn: { most: 0 } }],
    ['stripe.payments', { ask: 'payments', failures: { warn: 5, fail: 20 } }],
    // What the runbooks ask
    ['clerk', { mode: 'live' }],
    ['oauth.google', { issuer: 'https://accounts.google.com' }],
    ['oauth.microsoft', { issuer: 'https://login.microsoftonline.com/common/v2.0' }],
    ['oauth.slack', { issuer: 'https://slack.com' }],
    ['stripe.account', { ask: 'account', mode: 'live' }],
    ['stripe.webhooks', { ask: 'webhooks', ...hook }],
    ['stripe.receiver', { ...hook, sender: 'stripe' }],
    ['tls', { host: 'napoleonai.app', port: 443 }],
    ['database.rls', { ask: 'rls' }],
    ['supabase.backups', { ask: 'backups' }],
    [
      'secrets',
      {
        from: 'vercel',
        target: 'production',
        names: {
          ...Object.fromEntries(variables.map((name) => [name, {}])),
          NODE_ENV: { prefix: ['production'] },
          NEXT_PUBLIC_APP_URL: { prefix: ['https://napoleonai.app'] },
          NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: { prefix: ['pk_live_'] },
          CLERK_SECRET_KEY: { prefix: ['sk_live_'] },
          OPENAI_ORG_ID: { prefix: ['org-'] },
          NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY: { prefix: ['pk_live_'] },
          STRIPE_SECRET_KEY: { prefix: ['sk_live_'] },
          STRIPE_WEBHOOK_SECRET: { prefix: ['whsec_'] },
        },
      },
    ],
  ])('%s', (check, options) => expect(product.checks.get(check)?.options).toMatchObject(options))
})

/** The steps of each runbook in the guide, by words of theirs. */
const guide: readonly (readonly [id: string, slug: string, steps: readonly RegExp[]])[] = [
  [
    'R20',
    'service-unavailable',
    [/\/api\/health.*check: health/, /database.*check: supabase/, /external APIs.*check: status\./, /error logs.*check: vercel\.errors/],
  ],
  [
    'R21',
    'authentication-failures',
    [/Clerk.*check: clerk/, /environment variables.*check: secrets/, /OAuth flows.*oauth\.google.*oauth\.microsoft.*oauth\.slack/],
  ],
  [
    'R22',
    'payment-processing',
    [/Stripe webhook.*check: stripe\.webhooks/, /payment endpoint.*check: vercel\.errors/, /subscriptions.*check: stripe\.subscriptions/],
  ],
  ['R23', 'high-memory', [/memory leaks/, /application logs.*check: vercel\.errors/, /Consider scaling/]],
  ['R24', 'slow-responses', [/database.*check: database\.slow/, /times of the AI.*check: ai\.time/, /calls to external APIs/]],
  [
    'R25',
    'error-rate',
    [/recent deployments.*check: vercel\.deployment/, /configuration changes.*check: vercel\.changes/, /user feedback/],
  ],
  [
    'R26',
    'deployment-checklist',
    [
      /tests passing: `npm test`/,
      /Type check clean: `npm run type-check`/,
      /Build successful: `npm run build`/,
      /Environment variables configured/,
      /migrations applied/,
      /External services verified/,
      /Health check passing/,
      /Smoke test completed/,
    ],
  ],
  ['R27', 'immediate-rollback', [/git revert HEAD.*action: git\.revert/, /git push origin main/]],
  ['R28', 'gradual-rollback', [/previous stable version.*action: vercel\.rollback/, /health metrics.*check: health/, /user experience/]],
  [
    'R29',
    'security-checklist',
    [
      /Environment variables secured/,
      /API keys rotated regularly/,
      /Database access restricted/,
      /SSL certificates valid.*check: tls/,
      /CORS policies configured/,
      /Rate limiting active/,
      /Input validation working/,
    ],
  ],
]

test('R20–R29 are there, each once, and nothing else', () => {
  expect(runbooks.map(({ id, slug }) => `${id} ${slug}`).toSorted()).toEqual(guide.map(([id, slug]) => `${id} ${slug}`))
})

test.each(guide)('%s %s has the steps of the guide, in its order', (id, _, steps) => {
  const written = runbooks.find((runbook) => runbook.id === id)?.steps ?? []
  expect(written).toHaveLength(steps.length)
  for (const [index, step] of steps.entries()) expect(written[index]).toMatch(step)
})

test('what is asked by itself; health as often as samples can be taken', () => {
  const auto = [...product.checks.values()].filter((check) => check.auto).map(({ key }) => key)
  expect(auto).toEqual(['health', 'vercel.deployment', 'supabase', 'stripe.webhooks', 'stripe.payments'])
  const sampled = [...product.checks.values()].filter(({ sampleMinutes }) => sampleMinutes !== null)
  expect(sampled.map(({ key, sampleMinutes }) => [key, sampleMinutes])).toEqual([['health', 1]])
})

test('secrets are its own', () => expect([...product.secrets].filter((name) => !name.startsWith('NAPOLEON_'))).toEqual([]))

test('everything that is asked can be stood in for', () => {
  const { product: moved } = guideOf('napoleon', { ...standIns('napoleon'), NAPOLEON_DNS_RESOLVER: '127.0.0.1:4053' })
  expect(reachedBy(moved).filter(([, hosts]) => hosts.length === 0 || hosts.some((host) => !host.startsWith('127.0.0.1:')))).toEqual([])
})
