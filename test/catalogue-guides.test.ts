/** The loaded data against the guides: rows S1, S2, S3, S5, S8, C1 and D1 of the mission. Facts are copied here by hand, word by
 *  word, so that a slip in a product's file is not repeated. */
import { describe, expect, test } from 'vitest'
import { disasterPolicy } from '../src/incident/kinds.ts'
import type { Catalogue, Product } from '../src/catalogue.ts'
import type { Severity, Target } from '../src/incident/policy.ts'
import { loadRepository } from './guide.ts'

const { catalogue, problems } = loadRepository()
const all = catalogue as Catalogue
const product = (key: string): Product => all.products.get(key) as Product

const minutes = (count: number): Target => ({ kind: 'duration', minutes: count, hours: 'always' })
const nextBusinessDay: Target = { kind: 'next-business-day' }

test('all five products load; nothing is wrong, placeholders warn', () => {
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  expect([...all.products.keys()]).toEqual(['fair-edge', 'invoice2e', 'napoleon', 'schnittwerk', 'talk-to-my-lawyer', 'unassigned'])
  const warned = problems.map(({ file, path }) => `${file.split('/')[1]} ${path}`)
  expect(warned).toEqual([
    'severities.yml ladder',
    'fair-edge variables.FAIR_EDGE_DOMAIN',
    'fair-edge variables.FAIR_EDGE_SUPABASE_URL',
    'fair-edge variables.FAIR_EDGE_DOCKER_SOCKET',
    'fair-edge variables.FAIR_EDGE_REDIS_HOST',
    'fair-edge variables.FAIR_EDGE_SCHEDULED_TASK',
    'fair-edge variables.FAIR_EDGE_SUPABASE_REF',
    'fair-edge variables.FAIR_EDGE_DATABASE_HOST',
    'fair-edge variables.FAIR_EDGE_GITHUB_REPOSITORY',
    'fair-edge variables.FAIR_EDGE_HOST',
    'fair-edge variables.FAIR_EDGE_PROMETHEUS_URL',
    'fair-edge variables.FAIR_EDGE_DOCKER_CONTROL_SOCKET',
    'fair-edge variables.FAIR_EDGE_AGENT_URL',
    'fair-edge variables.FAIR_EDGE_CADDY_ADMIN_URL',
    'fair-edge contacts.on-call',
    'fair-edge contacts.team-lead',
    'fair-edge contacts.devops',
    'fair-edge ladder',
    'fair-edge links[0].url',
    'fair-edge links[1].url',
    'fair-edge links[2].url',
    'fair-edge links[3].url',
    'invoice2e variables.INVOICE2E_VERCEL_TEAM',
    'invoice2e variables.INVOICE2E_SUPABASE_URL',
    'invoice2e variables.INVOICE2E_SUPABASE_REF',
    'invoice2e variables.INVOICE2E_DATABASE_HOST',
    'invoice2e variables.INVOICE2E_PROMETHEUS_URL',
    'invoice2e links[2].url',
    'invoice2e links[3].url',
    'napoleon variables.NAPOLEON_SUPABASE_URL',
    'napoleon variables.NAPOLEON_GITHUB_REPOSITORY',
    'napoleon variables.NAPOLEON_SUPABASE_REF',
    'napoleon variables.NAPOLEON_DATABASE_HOST',
    'napoleon variables.NAPOLEON_PROMETHEUS_URL',
    'napoleon contacts.lead-developer',
    'napoleon contacts.devops-engineer',
    'napoleon contacts.security-officer',
    'napoleon ladder',
    'napoleon links[2].url',
    'schnittwerk variables.SCHNITTWERK_URL',
    'schnittwerk variables.SCHNITTWERK_GITHUB_REPOSITORY',
    'schnittwerk variables.SCHNITTWERK_SENTRY_ORGANIZATION',
    'schnittwerk variables.SCHNITTWERK_SUPABASE_URL',
    'schnittwerk variables.SCHNITTWERK_SUPABASE_REF',
    'schnittwerk variables.SCHNITTWERK_DATABASE_HOST',
    'schnittwerk variables.SCHNITTWERK_PROMETHEUS_URL',
    'schnittwerk variables.SCHNITTWERK_STAGING_DATABASE_HOST',
    'schnittwerk ladder',
    'schnittwerk links[0].url',
    'schnittwerk links[1].url',
    'schnittwerk links[2].url',
    'schnittwerk links[10].url',
    'talk-to-my-lawyer variables.TTML_GITHUB_REPOSITORY',
    'talk-to-my-lawyer variables.TTML_DATABASE_HOST',
    'talk-to-my-lawyer variables.TTML_SUPABASE_URL',
    'talk-to-my-lawyer variables.TTML_SUPABASE_REF',
    'talk-to-my-lawyer variables.TTML_KV_URL',
    'talk-to-my-lawyer variables.TTML_PROMETHEUS_URL',
    'talk-to-my-lawyer contacts.emergency-sms',
  ])
})

describe('S1, S2: response', () => {
  test.each<[key: string, severity: Severity, response: Target, page: boolean, from: 'given' | 'inherited']>([
    ['invoice2e', 'P1', minutes(15), true, 'given'],
    ['invoice2e', 'P2', minutes(60), false, 'given'],
    ['invoice2e', 'P3', minutes(240), false, 'given'],
    ['invoice2e', 'P4', { kind: 'next-sprint' }, false, 'given'],
    ['talk-to-my-lawyer', 'P1', minutes(15), true, 'given'],
    ['talk-to-my-lawyer', 'P2', minutes(60), false, 'given'],
    ['talk-to-my-lawyer', 'P3', minutes(240), false, 'given'],
    ['talk-to-my-lawyer', 'P4', nextBusinessDay, false, 'given'],
    ['napoleon', 'P1', minutes(5), true, 'given'],
    ['napoleon', 'P2', minutes(60), false, 'inherited'],
    ['napoleon', 'P3', minutes(240), false, 'inherited'],
    ['napoleon', 'P4', nextBusinessDay, false, 'inherited'],
    ['fair-edge', 'P1', minutes(15), true, 'inherited'],
    ['fair-edge', 'P2', minutes(60), false, 'inherited'],
    ['fair-edge', 'P3', minutes(240), false, 'inherited'],
    ['fair-edge', 'P4', nextBusinessDay, false, 'inherited'],
    ['schnittwerk', 'P1', minutes(5), true, 'given'],
    ['schnittwerk', 'P2', minutes(60), false, 'given'],
    ['schnittwerk', 'P3', minutes(240), false, 'given'],
    ['schnittwerk', 'P4', nextBusinessDay, false, 'given'],
    ['unassigned', 'P1', minutes(15), true, 'inherited'],
  ])('%s %s', (key, severity, response, page, from) => {
    expect(product(key).policy(severity)).toMatchObject({ severity, response, page, warnAt: [50, 75, 90] })
    expect(all.provenance(key).find(({ path }) => path === `severities.${severity}.response`)?.from).toBe(from)
  })

  test.each([...all.products.keys()])('%s works by the calendar of the template', (key) => {
    const calendar = {
      zone: 'UTC',
      days: [1, 2, 3, 4, 5],
      from: '09:00',
      to: '17:00',
      holidays: [],
      sprint: { start: '2026-01-05', days: 14 },
    }
    for (const severity of ['P1', 'P4'] as const) expect(product(key).policy(severity).calendar).toEqual(calendar)
  })
})

describe('S3: further clocks', () => {
  test.each([...all.products.keys()])('%s owes updates as the template says', (key) => {
    expect((['P1', 'P2', 'P3', 'P4'] as const).map((severity) => product(key).policy(severity).update)).toEqual([30, 60, 240, null])
  })

  test('Talk-To-My-Lawyer', () => {
    const { severities, disaster } = product('talk-to-my-lawyer')
    expect(severities.P1.clocks).toEqual({
      'customer-communication': { title: 'Customer communication', within: 30, from: 'declared', until: 'update' },
      'post-incident-review': { title: 'Post-incident review', within: 24 * 60, from: 'resolved', until: 'reviewed' },
    })
    expect(severities.P3.clocks).toEqual({ fix: { title: 'Fix', within: 24 * 60, from: 'declared', until: 'resolved' } })
    expect([severities.P2.clocks, severities.P4.clocks]).toEqual([{}, {}])
    expect(disaster).toEqual({
      rto: 4 * 60,
      rpo: 6 * 60,
      phases: {
        assessment: { title: 'Assessment', task: 'Determine scope of outage', by: 15 },
        communication: { title: 'Communication', task: 'Notify stakeholders', by: 30 },
        recovery: { title: 'Recovery', task: 'Restore services', by: 4 * 60 },
        validation: { title: 'Validation', task: 'Verify system integrity', within: 2 * 60, after: 'recovery' },
        'post-mortem': { title: 'Post-Mortem', task: 'Document lessons learned', by: 48 * 60 },
      },
    })
  })

  test('Talk-To-My-Lawyer: they are in the policies that incidents are opened with', () => {
    const { policy } = product('talk-to-my-lawyer')
    expect(policy('P1').clocks).toEqual([
      { key: 'customer-communication', title: 'Customer communication', minutes: 30, from: 'declared', until: 'update' },
      { key: 'post-incident-review', title: 'Post-incident review', minutes: 24 * 60, from: 'resolved', until: 'reviewed' },
    ])
    expect(policy('P3').clocks).toEqual([{ key: 'fix', title: 'Fix', minutes: 24 * 60, from: 'declared', until: 'resolved' }])
    expect([policy('P2').clocks, policy('P4').clocks]).toEqual([undefined, undefined])
  })

  test('the disaster records: Talk-To-My-Lawyer by phases, Invoice2E by its RTO', () => {
    const of = (key: string) => {
      const { policy, disaster } = product(key)
      if (disaster === null) throw new Error(`${key} has no plan`)
      const { clocks = [], objectives } = disasterPolicy(policy('P1'), disaster)
      return { clocks: clocks.map((clock) => [clock.key, clock.minutes, clock.from, clock.until]), objectives }
    }
    expect(of('talk-to-my-lawyer')).toEqual({
      clocks: [
        ['assessment', 15, 'declared', 'phase'],
        ['communication', 30, 'declared', 'phase'],
        ['recovery', 240, 'declared', 'phase'],
        ['validation', 120, 'phase:recovery', 'phase'],
        ['post-mortem', 2880, 'declared', 'phase'],
      ],
      objectives: { rto: 240, rpo: 360 },
    })
    expect(of('invoice2e')).toEqual({ clocks: [['rto', 60, 'declared', 'mitigated']], objectives: { rto: 60, rpo: 1440 } })
  })

  test('Invoice2E', () => expect(product('invoice2e').disaster).toEqual({ rto: 60, rpo: 24 * 60, phases: {} }))

  test.each(['napoleon', 'fair-edge', 'schnittwerk'])('%s says nothing', (key) => {
    expect(product(key).disaster).toBeNull()
    expect(Object.values(product(key).severities).map(({ clocks }) => clocks)).toEqual([{}, {}, {}, {}])
  })
})

test.each<[Severity, string[]]>([
  [
    'P1',
    [
      'Page on-call engineer',
      'Emergency rollback if needed',
      'Customer communication within 30 minutes',
      'Post-incident review within 24 hours',
    ],
  ],
  ['P2', ['Investigate root cause', 'Implement temporary fix', 'Monitor for improvement', 'Customer update if customer-facing']],
  ['P3', ['Triage and prioritize', 'Assign to appropriate team', 'Fix within 24 hours', 'Test thoroughly before deployment']],
  ['P4', ['Add to backlog', 'Schedule for next sprint', 'Include in regular release cycle']],
])("S5: Talk-To-My-Lawyer's %s checklist", (severity, checklist) => {
  expect(product('talk-to-my-lawyer').policy(severity).checklist).toEqual(checklist)
})

test.each(['invoice2e', 'napoleon', 'fair-edge', 'schnittwerk'])('S5: %s has the checklists of the template', (key) => {
  for (const severity of ['P1', 'P2', 'P3', 'P4'] as const) {
    expect(product(key).policy(severity).checklist).toBe(all.unassigned.policy(severity).checklist)
    expect(product(key).policy(severity).checklist.length).toBeGreaterThan(0)
  }
})

describe('S8: meanings', () => {
  test.each([
    ['invoice2e', 'P1', 'Service down'],
    ['invoice2e', 'P2', 'Major feature broken'],
    ['invoice2e', 'P3', 'Minor bug'],
    ['invoice2e', 'P4', 'Enhancement'],
    ['talk-to-my-lawyer', 'P1', 'Payment processing down, database offline, site inaccessible'],
    ['talk-to-my-lawyer', 'P2', 'Slow response times, partial service outage, email delays'],
    ['talk-to-my-lawyer', 'P3', 'Letter generation errors, admin panel issues, email formatting'],
    ['talk-to-my-lawyer', 'P4', 'UI inconsistencies, documentation updates, minor bugs'],
    ['napoleon', 'P1', 'Service unavailable (503), authentication failures, payment processing issues'],
    ['schnittwerk', 'P1', 'Complete service outage, payment processing failure, data breach'],
    ['schnittwerk', 'P2', 'Partial service degradation, booking failures'],
    ['schnittwerk', 'P3', 'Non-critical feature broken, performance degradation'],
    ['schnittwerk', 'P4', 'Minor bugs, UI issues'],
  ] as const)('%s %s: %s', (key, severity, meaning) => expect(product(key).policy(severity).meaning).toBe(meaning))

  test.each([
    ['invoice2e', 'The service is down', 'P1'],
    ['invoice2e', 'A major feature is broken', 'P2'],
    ['invoice2e', 'Minor bug in the footer', 'P3'],
    ['invoice2e', 'An enhancement for exports', 'P4'],
    ['invoice2e', 'Payments fail', 'P1'],
    ['talk-to-my-lawyer', 'Payments are down', 'P1'],
    ['talk-to-my-lawyer', 'The database went offline', 'P1'],
    ['talk-to-my-lawyer', 'Site inaccessible since 3', 'P1'],
    ['talk-to-my-lawyer', 'Everything is slow', 'P2'],
    ['talk-to-my-lawyer', 'partial outage', 'P2'],
    ['talk-to-my-lawyer', 'E-mail delays', 'P2'],
    ['talk-to-my-lawyer', 'Errors when generating a letter', 'P3'],
    ['talk-to-my-lawyer', 'the admin panel has issues', 'P3'],
    ['talk-to-my-lawyer', 'wrong e-mail formatting', 'P3'],
    ['talk-to-my-lawyer', 'UI inconsistencies', 'P4'],
    ['schnittwerk', 'complete outage', 'P1'],
    ['schnittwerk', 'payment failures at checkout', 'P1'],
    ['schnittwerk', 'data breach', 'P1'],
    ['schnittwerk', 'bookings fail', 'P2'],
    ['schnittwerk', 'partially degraded', 'P2'],
    ['schnittwerk', 'performance degraded', 'P3'],
    ['schnittwerk', 'UI issue', 'P4'],
    ['napoleon', 'We see 503 everywhere', 'P1'],
    ['napoleon', 'authentication failing', 'P1'],
    ['napoleon', 'payment processing is odd', 'P1'],
    ['fair-edge', 'API unavailable', 'P1'],
  ] as const)('%s: %j suggests %s', (key, text, severity) => expect(all.suggestSeverity(product(key), text)?.severity).toBe(severity))
})

test.each(['invoice2e', 'napoleon', 'schnittwerk', 'talk-to-my-lawyer'])('%s: where payments fail, the first step can be run', (key) => {
  const [best] = all.suggestRunbooks(product(key), { severity: 'P1', text: 'Payments fail' })
  expect(best).toMatchObject({ runs: true })
  const [step] = product(key).runbooks.find(({ slug }) => slug === best?.slug)?.steps ?? []
  expect(step?.checks.map(({ check }) => product(key).checks.get(check)?.kind)).toContain('stripe')
})

test.each([
  ['invoice2e', ['P1', 'P2', 'P3', 'P4']],
  ['talk-to-my-lawyer', ['Level 1', 'level-2', 'LEVEL 3', 'level 4']],
  ['talk-to-my-lawyer', ['System Down', 'degraded performance', 'Feature Issues', 'minor issues']],
  ['talk-to-my-lawyer', ['Critical', 'High', 'Medium', 'Low']],
  ['napoleon', ['Critical', 'High', 'Medium', 'Low']],
  ['schnittwerk', ['critical', 'high', 'medium', 'low']],
  ['fair-edge', ['l1', '2', 'L3', '4']],
])('%s understands %j', (key, words) => {
  expect(words.map((word) => all.severity(product(key), word))).toEqual(['P1', 'P2', 'P3', 'P4'])
})

test.each([
  ['ttml', 'talk-to-my-lawyer'],
  ['TTML', 'talk-to-my-lawyer'],
  ['Talk to my lawyer', 'talk-to-my-lawyer'],
  ['invoice2e', 'invoice2e'],
  ['Napoleon AI', 'napoleon'],
  ['FairEdge', 'fair-edge'],
  ['SCHNITTWERK', 'schnittwerk'],
])('%s is %s', (word, key) => expect(all.product(word)?.key).toBe(key))

describe('C1: contacts and ladders', () => {
  const ladder = (key: string, severity: Severity) => product(key).policy(severity).ladder

  test('Invoice2E', () => {
    expect(ladder('invoice2e', 'P1')).toEqual([
      { name: 'On-call Engineer', email: 'oncall@invoice2e.com' },
      { name: 'Technical Lead', email: 'tech@invoice2e.com' },
    ])
    expect(product('invoice2e').contacts.get('support')?.email).toBe('ops@invoice2e.com')
    expect(product('invoice2e').contacts.get('security')?.email).toBe('security@invoice2e.com')
  })

  test('Talk-To-My-Lawyer', () => {
    expect(ladder('talk-to-my-lawyer', 'P1')).toEqual([
      { name: 'Critical alerts', email: 'admin@talk-to-my-lawyer.com' },
      { name: 'Emergency contact number (SMS)', unset: ['TTML_EMERGENCY_PHONE'] },
      { name: '#production-alerts', slackChannel: '#production-alerts' },
    ])
    expect(ladder('talk-to-my-lawyer', 'P2').map(({ email }) => email)).toEqual([
      'ops-team@talk-to-my-lawyer.com',
      'admin@talk-to-my-lawyer.com',
    ])
    const { critical, warning, status } = product('talk-to-my-lawyer').notifications
    expect(critical.map(({ email, slackChannel, name }) => email ?? slackChannel ?? name)).toEqual([
      'admin@talk-to-my-lawyer.com',
      'Emergency contact number (SMS)',
      '#production-alerts',
    ])
    expect(warning.map(({ email, url }) => email ?? url)).toEqual([
      'ops-team@talk-to-my-lawyer.com',
      'https://www.talk-to-my-lawyer.com/secure-admin-gateway',
    ])
    expect(status.map(({ email, url, handle }) => email ?? url ?? handle)).toEqual([
      'https://status.talk-to-my-lawyer.com',
      'support@talk-to-my-lawyer.com',
      '@talktomylawyer',
    ])
  })

  test('Napoleon', () => {
    expect(ladder('napoleon', 'P1')).toEqual([
      { name: 'DevOps Engineer', unset: ['NAPOLEON_DEVOPS_ENGINEER_EMAIL'] },
      { name: 'Lead Developer', unset: ['NAPOLEON_LEAD_DEVELOPER_EMAIL'] },
      { name: 'Security Officer', unset: ['NAPOLEON_SECURITY_OFFICER_EMAIL'] },
    ])
    expect(['vercel', 'supabase', 'stripe', 'clerk'].map((name) => product('napoleon').contacts.get(`${name}-support`)?.url)).toEqual([
      'https://vercel.com/support',
      'https://supabase.com/support',
      'https://stripe.com/support',
      'https://clerk.com/support',
    ])
  })

  test('Fair-Edge', () => {
    expect(ladder('fair-edge', 'P1').map(({ name }) => name)).toEqual(['On-call (rotation)', 'Development team lead', 'DevOps team'])
    expect(['supabase', 'stripe', 'cloudflare'].every((name) => product('fair-edge').contacts.has(`${name}-support`))).toBe(true)
  })

  test('SCHNITTWERK names nobody', () => {
    expect(ladder('schnittwerk', 'P1')).toEqual([])
    expect([...product('schnittwerk').contacts.keys()]).toEqual(['fallback'])
  })
})

/** Every address, e-mail address and domain in each guide, and every dashboard that it names. */
const mentioned: Readonly<Record<string, readonly string[]>> = {
  invoice2e: [
    'ops@invoice2e.com',
    'https://invoice2e.com/api/health',
    'https://vercel.com/[team]/invoice2e',
    'https://supabase.com/dashboard',
    'oncall@invoice2e.com',
    'tech@invoice2e.com',
    'security@invoice2e.com',
    'Vercel dashboard',
    'Supabase dashboard',
    'Gemini API status',
    'DeepSeek API status',
    'Stripe status',
    'PayPal status',
    'Supabase status',
  ],
  'talk-to-my-lawyer': [
    'https://www.talk-to-my-lawyer.com',
    'https://vercel.com/dashboard',
    'https://supabase.com/dashboard',
    'https://dashboard.stripe.com',
    'https://api.stripe.com/v1/webhook_endpoints',
    '/secure-admin-gateway',
    'https://api.openai.com/v1/models/gpt-4-turbo',
    'https://api.resend.com/domains',
    'https://www.talk-to-my-lawyer.com/api/health',
    'https://www.talk-to-my-lawyer.com/api/health/detailed',
    'admin@talk-to-my-lawyer.com',
    '#production-alerts',
    'ops-team@talk-to-my-lawyer.com',
    'status.talk-to-my-lawyer.com',
    'support@talk-to-my-lawyer.com',
    '@talktomylawyer',
    'OpenAI dashboard',
    'Upstash Redis dashboard',
    'Resend',
    'Brevo',
    'SendGrid',
  ],
  napoleon: [
    'https://napoleonai.app/api/health',
    'https://napoleonai.app',
    'https://your-project.supabase.co',
    'https://vercel.com/support',
    'https://supabase.com/support',
    'https://stripe.com/support',
    'https://clerk.com/support',
    'Vercel Analytics',
    'Production dashboard',
  ],
  'fair-edge': [
    'https://your-domain.com/health',
    'https://your-project.supabase.co/rest/v1/profiles?select=id&limit=1',
    'https://your-domain.com/api/billing/stripe/webhook',
    'https://supabase.com/dashboard',
    'https://dashboard.stripe.com/webhooks',
    'https://dashboard.stripe.com/customers',
    'https://dashboard.stripe.com/payments',
    'https://status.supabase.com/',
    'https://status.stripe.com/',
    'Settings > API > API Usage',
    'Authentication > Users',
    'Authentication > Policies',
    'Settings > Database > Database Health',
    'Settings > Database > Query Performance',
    'Settings > Database > Backups',
    'SQL Editor',
    'Supabase support portal',
    'Stripe support',
    'Cloudflare support',
  ],
  schnittwerk: ['/api/health', 'UptimeRobot', 'Sentry', 'Vercel dashboard', 'Supabase dashboard', 'Stripe dashboard'],
}

describe.each(Object.keys(mentioned))('every address in the guide of %s is in the catalogue', (key) => {
  const { links, unsetLinks, contacts } = product(key)
  const known = [...links, ...unsetLinks, ...contacts.values()].flatMap((entry) =>
    Object.values(entry).filter((text) => typeof text === 'string'),
  )
  const exact = known.flatMap((text) => (text.startsWith('https://') ? [text, text.slice('https://'.length)] : [text]))
  test.each(mentioned[key] ?? [])('%s', (text) => {
    const whole = /^https:|@|^#/.test(text)
    expect(
      whole
        ? exact
        : known
            .filter((candidate) => candidate.includes(text))
            .slice(0, 1)
            .map(() => text),
    ).toContain(text)
  })
})

test.each([
  ['invoice2e', { url: 'https://invoice2e.com/api/health', status: 200, critical: [503], json: true, freshFor: 300, latency: 5000 }],
  ['talk-to-my-lawyer', { url: 'https://www.talk-to-my-lawyer.com/api/health', status: 200, json: true, latency: 2000 }],
  ['napoleon', { url: 'https://napoleonai.app/api/health', status: 200, critical: [503], latency: 500 }],
  ['fair-edge', { url: 'https://your-domain.com/health', latency: 100 }],
  ['schnittwerk', { url: 'https://schnittwerk.example/api/health', status: 200 }],
])('D1: the health check of %s', (key, options) => {
  expect(product(key).checks.get('health')).toMatchObject({ kind: 'http', auto: true, options })
})

test('D1: the other checks of Talk-To-My-Lawyer', () => {
  const { checks } = product('talk-to-my-lawyer')
  expect(checks.get('detailed')?.options).toMatchObject({
    url: 'https://www.talk-to-my-lawyer.com/api/health/detailed',
    services: ['database', 'stripe', 'email', 'ai', 'redis'],
    performance: { avgResponseTime: 2000, memoryUsage: 80, cpuUsage: 80 },
  })
  expect(checks.get('admin-gateway')?.options).toMatchObject({ url: 'https://www.talk-to-my-lawyer.com/secure-admin-gateway' })
})

test('C1: whose P1 reaches nobody until somebody is named', () => {
  expect(all.unreached).toEqual(['fair-edge', 'napoleon', 'schnittwerk', 'unassigned'])
  const reached = (environment: Record<string, string>) => loadRepository(environment).catalogue?.unreached
  expect(reached({ NAPOLEON_SECURITY_OFFICER_EMAIL: 'security@example.com' })).toEqual(['fair-edge', 'schnittwerk', 'unassigned'])
  expect(reached({ FALLBACK_EMAIL: 'night@example.com' })).toEqual([])
})

test('a placeholder is shown to nobody', () => {
  for (const { links } of all.products.values()) expect(links.filter(({ url }) => /your-|\[|\.example/.test(url))).toEqual([])
  expect(product('fair-edge').links[0]?.name).toBe('Supabase dashboard')
})

test('a placeholder is never asked', () => {
  expect(product('fair-edge').checks.get('health')?.unset).toEqual(['FAIR_EDGE_DOMAIN'])
  expect(product('fair-edge').hosts).not.toContain('your-domain.com')
  expect(product('schnittwerk').hosts).not.toContain('schnittwerk.example')
  expect(product('invoice2e').hosts).toContain('invoice2e.com')
})

test.each([
  ['invoice2e', { INVOICE2E_URL: 'http://127.0.0.1:4000', INVOICE2E_PRIVATE_HOSTS: '127.0.0.1' }, 'http://127.0.0.1:4000/api/health'],
  ['talk-to-my-lawyer', { TTML_URL: 'http://127.0.0.1:4000', TTML_PRIVATE_HOSTS: '127.0.0.1' }, 'http://127.0.0.1:4000/api/health'],
  ['napoleon', { NAPOLEON_URL: 'http://127.0.0.1:4000', NAPOLEON_PRIVATE_HOSTS: '127.0.0.1' }, 'http://127.0.0.1:4000/api/health'],
  [
    'fair-edge',
    { FAIR_EDGE_SCHEME: 'http', FAIR_EDGE_DOMAIN: '127.0.0.1:4000', FAIR_EDGE_PRIVATE_HOSTS: '127.0.0.1' },
    'http://127.0.0.1:4000/health',
  ],
  ['schnittwerk', { SCHNITTWERK_URL: 'http://127.0.0.1:4000', SCHNITTWERK_PRIVATE_HOSTS: '127.0.0.1' }, 'http://127.0.0.1:4000/api/health'],
])('%s can be pointed at a test server', (key, environment, url) => {
  const moved = loadRepository(environment).catalogue?.products.get(key)
  expect(moved?.checks.get('health')).toMatchObject({ options: { url }, unset: [] })
  expect(moved).toMatchObject({ privateHosts: ['127.0.0.1'], hosts: expect.arrayContaining(['127.0.0.1']), hash: product(key).hash })
})

test('environments: a branch, and whose payment keys belong there', () => {
  const { environments } = product('schnittwerk')
  expect(environments.get('production')).toMatchObject({ branch: 'main', paymentKeys: 'live' })
  expect(environments.get('staging')).toMatchObject({ branch: 'develop', paymentKeys: 'test', highest: 'P2' })
  expect(environments.get('preview')).toMatchObject({ paymentKeys: 'test', highest: 'P2' })
  expect(product('invoice2e').environments.get('production')).toMatchObject({ paymentKeys: 'live', aliases: ['prod', 'live'] })
})

test('nothing is assumed without a word why', () => {
  const assumed = [...all.products.keys()].flatMap((key) => all.provenance(key).filter(({ from }) => from === 'assumed'))
  expect(assumed.length).toBeGreaterThan(20)
  expect(assumed.every(({ why }) => why !== null && why.length > 5)).toBe(true)
})
