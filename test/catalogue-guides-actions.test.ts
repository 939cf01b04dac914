/** The products' actions against their guides: rows A1–A18 of the mission. Facts are copied here by hand. */
import { describe, expect, test } from 'vitest'
import type { Product } from '../src/catalogue.ts'
import { crossed, sayable } from '../src/incident/acting/criteria.ts'
import { changedBy, guideOf, standIns, typedBehind } from './guide.ts'

type Rows = Readonly<Record<string, readonly string[]>>

/** By the row of the mission; `key: kind` where the kind has another name. */
const vercel = ['vercel.rollback', 'vercel.promote']
const products: Readonly<Record<string, Rows>> = {
  invoice2e: {
    A1: vercel,
    A4: ['database.restart: manual'],
    A10: ['credits.add: sql.update'],
    A11: ['secret.rotate'],
    A13: ['database.restore: manual', 'isolate: manual'],
    A16: ['postgres.backup'],
    A17: ['vercel.deploy'],
  },
  'talk-to-my-lawyer': {
    A1: vercel,
    A5: ['email-queue.process: http.call', 'redis.flush'],
    A6: ['letters.unstick: sql.update'],
    A7: ['email-provider.switch: env.switch', 'rate-limit.raise: env.switch'],
    A11: ['secret.rotate'],
    A13: ['database.restore: manual', 'database.scale: manual'],
  },
  napoleon: {
    A1: vercel,
    A2: ['git.revert'],
    A11: ['secret.rotate'],
    A13: ['functions.scale: manual', 'cors.configure: manual', 'database.restore: manual'],
  },
  'fair-edge': {
    A3: ['compose.rollback'],
    A4: ['compose.restart', 'compose.scale'],
    A5: ['redis.flush'],
    A9: ['maintenance'],
    A11: ['secret.rotate'],
    A13: ['database.restore: manual', 'capacity.extend: manual', 'system.update: manual'],
    A18: ['compose.update'],
  },
  schnittwerk: {
    A1: vercel,
    A8: ['reservations.cleanup: http.call'],
    A11: ['secret.rotate'],
    A12: ['supabase.migrate'],
    A13: ['feature-flags.set: manual', 'account.anonymize: manual', 'database.restore: manual'],
    A17: ['vercel.deploy', 'vercel.deploy.staging: vercel.deploy'],
  },
}

const rotated: Readonly<Record<string, readonly string[]>> = {
  invoice2e: [
    'GEMINI_API_KEY',
    'DEEPSEEK_API_KEY',
    'STRIPE_SECRET_KEY',
    'PAYPAL_CLIENT_SECRET',
    'SUPABASE_SERVICE_ROLE_KEY',
    'SUPABASE_JWT_SECRET',
    'STRIPE_WEBHOOK_SECRET',
    'PAYPAL_WEBHOOK_ID',
  ],
  // Its six.
  'talk-to-my-lawyer': [
    'ADMIN_PORTAL_KEY',
    'OPENAI_API_KEY',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'RESEND_API_KEY',
    'SUPABASE_SERVICE_ROLE_KEY',
  ],
  napoleon: [
    'SUPABASE_SERVICE_ROLE_KEY',
    'CLERK_SECRET_KEY',
    'OPENAI_API_KEY',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'GOOGLE_CLIENT_SECRET',
    'MICROSOFT_CLIENT_SECRET',
    'SLACK_CLIENT_SECRET',
  ],
  'fair-edge': ['SUPABASE_SERVICE_ROLE_KEY', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  schnittwerk: ['SUPABASE_SERVICE_ROLE_KEY', 'STRIPE_SECRET_KEY', 'RESEND_API_KEY', 'STRIPE_WEBHOOK_SECRET'],
}

type Rotations = { secrets: Record<string, { verify: string[]; way: string; copies: string[] }> }

const rotationsOf = ({ acting }: Product): Rotations => {
  const action = acting.actions.get('secret.rotate')
  if (action === undefined) throw new Error('there is no secret.rotate')
  return action.options as Rotations
}

describe.each(Object.entries(products))('%s', (key, rows) => {
  const { product, runbooks } = guideOf(key)
  const { actions, approvals, freezes } = product.acting

  test.each(Object.entries(rows))('%s', (_, wanted) => {
    for (const one of wanted) {
      const [name = '', kind = name] = one.split(': ')
      expect([name, actions.get(name)?.kind]).toEqual([name, kind])
    }
  })

  test('a card of Vercel’s tells the commits in between, as soon as somebody says whose', () => {
    const shown = [...actions.values()].filter(({ kind }) => ['vercel.rollback', 'vercel.promote'].includes(kind))
    expect(shown.filter(({ options }) => !('github' in (options as object))).map((action) => action.key)).toEqual([])
  })

  test('there are no others', () => {
    const keys = Object.values(rows).flatMap((wanted) => wanted.map((one) => one.split(': ')[0] ?? ''))
    expect(new Set(actions.keys())).toEqual(new Set(keys))
  })

  test('A14: somebody else approves each, two what is dangerous; none is frozen', () => {
    expect([approvals.low, approvals.high, approvals.breakGlassMinutes]).toEqual([1, 2, 5])
    expect(freezes).toEqual([])
  })

  test('what its runbooks ask for is there, and takes what is typed behind it', () => {
    const asked = runbooks.flatMap(({ slug, intro, steps }) =>
      [intro, ...steps].flatMap((text) => [...text.matchAll(/`action: ([^`]+)`/g)].map(([, words = '']) => [slug, words] as const)),
    )
    expect(asked.length).toBeGreaterThan(5)
    const wrong = asked.flatMap(([slug, written]) => {
      const [name = '', ...words] = written.split(' ')
      const given = Object.fromEntries(words.map((word) => word.split(/=(.*)/s).slice(0, 2) as [string, string]))
      const schema = typedBehind(product, name)
      if (schema === null) return [`${slug}: no ${name}`]
      // What is not typed is asked for in a form.
      const issues = schema.safeParse(given).error?.issues ?? []
      return issues
        .filter(({ code, path }) => code === 'unrecognized_keys' || String(path[0] ?? '') in given)
        .map(({ message }) => `${slug}: ${written}: ${message}`)
    })
    expect(wrong).toEqual([])
  })

  test('every action can be stood in for', () => {
    const { product: moved } = guideOf(key, standIns(key))
    expect(changedBy(moved).filter(([, hosts]) => hosts.some((host) => !host.startsWith('127.0.0.1:')))).toEqual([])
  })

  test('A11: each of its secrets, verified by checks that it has', () => {
    const { secrets } = rotationsOf(product)
    expect(Object.keys(secrets)).toEqual(rotated[key])
    expect(Object.values(secrets).flatMap(({ verify }) => verify.filter((check) => !product.checks.has(check)))).toEqual([])
    expect(Object.values(secrets).flatMap(({ verify }) => verify)).not.toEqual([])
    // What the bot holds as well is among its settings.
    expect(Object.values(secrets).flatMap(({ copies }) => copies.filter((copy) => !product.secrets.has(copy)))).toEqual([])
  })

  test('what is done by hand has its steps and where to go', () => {
    for (const { kind, options, link } of actions.values()) {
      if (kind !== 'manual') continue
      const { steps } = options as { steps: string[] }
      expect(steps.length).toBeGreaterThan(0)
      expect(link === null || /^https?:/.test(link)).toBe(true)
    }
  })
})

test('A11: the JWT secret by Supabase’s rolling update', () => {
  const { secrets } = rotationsOf(guideOf('invoice2e').product)
  expect(secrets['SUPABASE_JWT_SECRET']?.way).toBe('rolling')
})

describe('A5, A6, A8: bounds', () => {
  test.each([
    ['talk-to-my-lawyer', 'letters.unstick', { minutes: '-5' }],
    ['talk-to-my-lawyer', 'letters.unstick', { minutes: '0' }],
    ['talk-to-my-lawyer', 'email-queue.process', { url: 'https://example.com' }],
    ['schnittwerk', 'reservations.cleanup', { minutes: '5' }],
    ['fair-edge', 'redis.flush', { pattern: '*' }],
    ['invoice2e', 'credits.add', { user: 'everybody', credits: '1' }],
    ['napoleon', 'git.revert', { commit: 'HEAD~3' }],
  ])('%s %s takes no %j', (key, action, given) => {
    expect(typedBehind(guideOf(key).product, action)?.safeParse(given).success).toBe(false)
  })
})

test.each([
  ['talk-to-my-lawyer', 'email-queue.process', 'email-queue', { table: 'email_queue', stuck: [{ value: 'pending' }] }],
  ['schnittwerk', 'reservations.cleanup', 'cleanup-reservations', { ask: 'query', most: 0 }],
])(
  'A5, A8: %s %s shows how many by its check before and after, and an answer that says it failed is no success',
  (key, name, check, asks) => {
    const { product } = guideOf(key)
    const action = product.acting.actions.get(name)
    expect(action?.checks).toContain(check)
    expect(product.checks.get(check)?.options).toMatchObject(asks)
    expect(action?.options).toMatchObject({ answer: expect.arrayContaining([{ path: 'success', is: true, required: false }]) as unknown })
  },
)

test('A12: migrations are tried on staging from its branch, before they are in production', () => {
  expect(guideOf('schnittwerk').product.acting.actions.get('supabase.migrate')?.options).toMatchObject({
    source: { branch: 'main', stagingBranch: 'develop' },
  })
})

describe('A15: when to consider a rollback', () => {
  const { product, runbooks } = guideOf('talk-to-my-lawyer')
  const measured = (check: string, name: string, value: number) => [{ check, measurements: [{ name, value, unit: '%' }] }]

  test.each([
    ['stripe.payments', 'failure rate', 10.1, 'payment-failures'],
    ['letters.failures', 'letter failures', 51, 'letter-generation'],
    ['api.degradation', 'API p95 change', 51, 'degradation'],
  ])('%s beyond its limit', (check, name, value, criterion) => {
    expect(product.checks.has(check)).toBe(true)
    expect(crossed(product.acting.criteria, measured(check, name, value))).toMatchObject([{ criterion, suggests: 'vercel.rollback' }])
    expect(crossed(product.acting.criteria, measured(check, name, 10))).toEqual([])
  })

  test('what no check can measure stands where people decide, each with a button, and the action behind it', () => {
    expect(sayable(product.acting.criteria).map(({ key, action }) => [key, action])).toEqual([
      ['admin-access', 'vercel.rollback'],
      ['vulnerability', 'vercel.rollback'],
      ['corruption', 'vercel.rollback'],
    ])
    const rollback = product.runbooks.find(({ slug }) => slug === 'rollback')
    expect(rollback?.steps[0]?.criteria).toEqual(['admin-access', 'vulnerability', 'corruption'])
    const { steps = [] } = runbooks.find(({ slug }) => slug === 'rollback') ?? {}
    for (const words of [
      /Payment processing failure rate > 10%/,
      /Critical functionality broken, letter generation or admin access/,
      /Security vulnerability discovered/,
      /Database corruption detected/,
      /Performance degradation > 50%/,
    ])
      expect(steps[0]).toMatch(words)
    expect(steps[1]).toContain('`action: vercel.rollback`')
  })

  test('no other product has criteria', () => {
    for (const key of ['invoice2e', 'napoleon', 'fair-edge', 'schnittwerk']) expect(guideOf(key).product.acting.criteria).toEqual([])
  })
})
