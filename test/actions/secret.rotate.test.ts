/** Against the emulator's Vercel and its front, which says when a variable was set. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import kind from '../../src/actions/secret.rotate.ts'
import type { World } from '../../src/embedded/world.ts'
import { closedPort } from '../adapters/server.ts'
import { control, testWorld } from '../embedded/world.ts'
import { type Acting, hand } from './acting.ts'

const token = 'vercel_token_of_actions'
const canary = 'Qz7KfWm2XpLt9RvB4nHs'
const setAt = Date.parse('2026-03-01T12:00:00Z')

let world: World
let variable: string
let options: z.input<typeof kind.options>
let clock: string
const secrets = { SHOP_VERCEL_TOKEN: token }
const at = (input: Record<string, string>, extra: Partial<typeof options> = {}, more: Acting = {}) =>
  hand(kind, { ...options, ...extra }, input, { secrets, now: () => clock, ...more })
const setVariable = (time: number) => control(world.url)('POST', '/vercel/variables', { id: variable, createdAt: setAt, updatedAt: time })

beforeAll(async () => {
  world = await testWorld({
    vercel: {
      token,
      projects: [
        { name: 'shop', variables: [{ key: 'STRIPE_SECRET_KEY', value: `sk_live_${canary}`, type: 'encrypted', target: ['production'] }] },
      ],
    },
  })
  const response = await fetch(`${world.vercelApiUrl}/v10/projects/shop/env?slug=local`, { headers: { authorization: `Bearer ${token}` } })
  const { envs } = z.object({ envs: z.array(z.object({ id: z.string() })) }).parse(await response.json())
  variable = envs[0]?.id ?? ''
})
afterAll(() => world.close())
beforeEach(async () => {
  clock = '2026-06-04T09:05:30.000Z'
  await setVariable(setAt)
  await control(world.url)('DELETE', '/calls')
  options = {
    product: 'shop',
    vercel: { secret: 'SHOP_VERCEL_TOKEN', apiUrl: world.vercelApiUrl, project: 'shop', team: 'local' },
    variables: 'https://vercel.com/local/shop/settings/environment-variables',
    deployLink: 'https://vercel.com/local/shop',
    secrets: {
      STRIPE_SECRET_KEY: {
        make: 'Stripe dashboard → Developers → API keys → Roll key',
        link: 'https://dashboard.stripe.com/apikeys',
        verify: ['stripe.account', 'stripe.payments'],
        copies: ['SHOP_STRIPE_SECRET_KEY'],
        remove: 'Stripe dashboard → Developers → API keys → the old key → Expire',
      },
      ADMIN_KEY: { make: 'a random one', way: 'swap', remove: 'it is gone with the deployment' },
      JWT_SECRET: {
        make: 'Supabase dashboard → JWT keys → Rotate',
        way: 'rolling',
        verify: ['supabase'],
        remove: 'Supabase dashboard → JWT keys → Revoke',
      },
    },
  }
})

const tasks = [
  'Make a new STRIPE_SECRET_KEY: Stripe dashboard → Developers → API keys → Roll key. Leave the old one valid.',
  'Put it in place of the old one under STRIPE_SECRET_KEY, Vercel, production of shop. Give the value there and nowhere else, never here.',
  'Deploy, so that the product runs with the new one.',
  'The bot holds it as well: set SHOP_STRIPE_SECRET_KEY in its environment and restart it.',
  'See that all works with the new one: `/diag shop stripe.account`, `/diag shop stripe.payments`.',
  'Remove the old one: Stripe dashboard → Developers → API keys → the old key → Expire.',
]

test('the preview lists the steps in their order, and how old the secret is; nothing is changed or decrypted', async () => {
  const seen = await at({ name: 'STRIPE_SECRET_KEY' }).plan()
  expect(seen.summary).toBe('STRIPE_SECRET_KEY is rotated by people, in 6 steps, within 1 d.')
  expect(seen.effects).toEqual([
    'STRIPE_SECRET_KEY was set 94 d 21 h ago at Vercel',
    ...tasks.map((task, index) => `${index + 1}. ${task}`),
  ])
  expect(seen.warnings).toEqual([])
  expect(seen.state).toEqual({ since: setAt })
  expect(JSON.stringify(seen)).not.toContain(canary)
  const calls = await control(world.url)<{ service: string; method: string }[]>('GET', '/calls')
  expect(calls.map(({ method }) => method)).toEqual(['GET /v10/projects/shop/env'])
})

test('each step waits to be ticked off, with its page and when all must be done', async () => {
  const here = at({ name: 'STRIPE_SECRET_KEY' })
  const { plan } = await here.plan()
  const links = [
    'https://dashboard.stripe.com/apikeys',
    options.variables,
    options.deployLink,
    undefined,
    undefined,
    'https://dashboard.stripe.com/apikeys',
  ]
  for (const [index, task] of tasks.entries()) {
    if (index === 2) await setVariable(Date.parse('2026-06-04T09:10:00Z'))
    const link = links[index]
    const step = {
      outcome: 'waits',
      task: `Step ${index + 1} of 6, all by 2026-06-05 09:05 UTC: ${task}`,
      ...(link === undefined ? {} : { link }),
    }
    expect(await here.run(plan)).toEqual(step)
    // Asked again without a tick, after a crash: the same step, and the same start.
    clock = `2026-06-04T10:0${index}:00.000Z`
    expect(await here.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await here.run(plan)).toEqual(step)
    here.tick()
  }
  expect(await here.run(plan)).toEqual({
    outcome: 'done',
    text: 'STRIPE_SECRET_KEY was rotated by 2026-06-04 10:05 UTC, in 6 steps, begun 2026-06-04 09:05 UTC.',
  })
  expect(await here.verify(plan)).toEqual({
    findings: [{ status: 'ok', text: 'STRIPE_SECRET_KEY at Vercel was set 55 min ago.' }],
    settled: true,
  })
})

test('the old one is not to be removed while the deployment still has it', async () => {
  const here = at({ name: 'STRIPE_SECRET_KEY' })
  const { plan } = await here.plan()
  for (let step = 0; step < 5; step += 1) here.tick()
  expect(await here.run(plan)).toMatchObject({
    task: expect.stringContaining('Not yet: at Vercel STRIPE_SECRET_KEY is still the one from before') as string,
  })
  expect(await here.verify(plan)).toMatchObject({ settled: false, findings: [{ status: 'fail' }] })
  await setVariable(Date.parse('2026-06-04T09:10:00Z'))
  expect(await here.run(plan)).toMatchObject({ task: expect.not.stringContaining('Not yet') as string })
})

test('what somebody has rotated since the preview is another request', async () => {
  const here = at({ name: 'STRIPE_SECRET_KEY' })
  const before = await here.plan()
  await setVariable(Date.parse('2026-06-04T09:04:00Z'))
  expect((await here.plan()).state).not.toEqual(before.state)
})

test('after a breach the old one goes as soon as there is a new one, at once', async () => {
  const here = at({ name: 'STRIPE_SECRET_KEY', breach: 'yes' })
  const { effects, warnings, summary, reversible, plan } = await here.plan()
  expect(effects.slice(1)).toEqual([
    '1. Make a new STRIPE_SECRET_KEY: Stripe dashboard → Developers → API keys → Roll key.',
    '2. Remove the old one now: Stripe dashboard → Developers → API keys → the old key → Expire.',
    ...[tasks[1], tasks[2], tasks[3], tasks[4]].map((task, index) => `${index + 3}. ${task}`),
  ])
  expect([summary, warnings, reversible]).toEqual([
    'STRIPE_SECRET_KEY is rotated by people at once, in 6 steps: somebody else may have the old one, which is removed as soon as there is a new one.',
    ['What uses it fails from step 2 until the new one is deployed: that is meant so.'],
    null,
  ])
  here.tick()
  // The deployment has the old one still, and that keeps nobody from it.
  expect(await here.run(plan)).toMatchObject({ task: expect.stringMatching(/^Step 2 of 6, at once: Remove the old one now/) as string })
})

test('a rolling one is revoked at once after a breach, and one that is swapped stops with the new one', async () => {
  const rolling = await at({ name: 'JWT_SECRET', breach: 'yes' }).plan()
  expect(rolling.effects[1]).toBe('2. Remove the old one now: Supabase dashboard → JWT keys → Revoke.')
  const swap = await at({ name: 'ADMIN_KEY', breach: 'yes' }).plan()
  expect(swap.summary).toContain('at once, in 5 steps: somebody else may have the old one, which stops with the new one.')
  expect(swap.effects.slice(-2)).toEqual([
    '4. Remove the old one: it is gone with the deployment.',
    '5. See that all works with the new one.',
  ])
})

test.each([
  ['STRIPE_SECRET_KEY', 'no', 'low', 'people, who put the old one back, as long as it is not removed'],
  ['STRIPE_SECRET_KEY', 'yes', 'high', null],
  ['JWT_SECRET', 'no', 'low', 'people, who put the old one back, as long as it is not removed'],
  ['ADMIN_KEY', 'no', 'high', null],
])('%s, breach %s: how many must approve hangs on what becomes of the old one', async (name, breach, risk, reversible) => {
  expect(kind.risk(kind.options.parse(options), { name, breach } as never)).toBe(risk)
  expect((await at({ name, breach }).plan()).reversible).toBe(reversible)
})

test('a rolling update is its vendor’s; one that is swapped is told', async () => {
  const rolling = await at({ name: 'JWT_SECRET' }).plan()
  expect(rolling.effects).toEqual([
    '1. Make a new JWT_SECRET: Supabase dashboard → JWT keys → Rotate.',
    '2. See that all works with the new one: `/diag shop supabase`.',
    '3. Remove the old one: Supabase dashboard → JWT keys → Revoke.',
  ])
  const swap = await at({ name: 'ADMIN_KEY' }).plan()
  expect(swap.warnings).toEqual([
    'Vercel has no ADMIN_KEY there, or does not say when it was set: look whether it is called otherwise.',
    'The old one stops with the new one: whoever uses it must be told.',
  ])
})

test('what is over its time says so', async () => {
  const here = at({ name: 'ADMIN_KEY' }, { hours: 1 })
  const { plan } = await here.plan()
  await here.run(plan)
  clock = '2026-06-04T11:00:00.000Z'
  expect(await here.run(plan)).toMatchObject({ task: expect.stringContaining('all by 2026-06-04 10:05 UTC, which is over: ') as string })
})

test.each<[string, () => Promise<[Partial<z.input<typeof kind.options>>, Acting]>, RegExp]>([
  ['no token', () => Promise.resolve([{}, { secrets: {} }]), /not looked up: SHOP_VERCEL_TOKEN is not set\./],
  ['a wrong token', () => Promise.resolve([{}, { secrets: { SHOP_VERCEL_TOKEN: 'wrong' } }]), /look whether SHOP_VERCEL_TOKEN is current/],
  [
    'Vercel down',
    async () => [{ vercel: { secret: 'SHOP_VERCEL_TOKEN', apiUrl: `http://127.0.0.1:${await closedPort()}`, project: 'shop' } }, {}],
    /not looked up: .+/,
  ],
])('without Vercel’s word people rotate all the same: %s', async (_, given, why) => {
  const [extra, more] = await given()
  const here = at({ name: 'STRIPE_SECRET_KEY' }, extra, more)
  const { plan, warnings } = await here.plan()
  expect(warnings[0]).toMatch(why)
  for (let step = 0; step < 6; step += 1) {
    expect(await here.run(plan)).toMatchObject({ outcome: 'waits' })
    here.tick()
  }
  expect(await here.run(plan)).toMatchObject({ outcome: 'done' })
  expect(await here.verify(plan)).toEqual({ findings: [], settled: true })
})

test.each([
  ['name', 'STRIPE_PUBLISHABLE_KEY'],
  ['name', `sk_live_${canary}`],
  ['name', '__proto__'],
  ['breach', 'maybe'],
])('what is not among them is not taken (faults 57): %s=%s', (name, value) => {
  const parsed = kind.inputOf?.(kind.options.parse(options)).safeParse({ name: 'ADMIN_KEY', [name]: value })
  expect(parsed?.success).toBe(false)
})

test('one rotation of a secret at a time', () => {
  expect(kind.target(kind.options.parse(options), { name: 'ADMIN_KEY', breach: 'no' } as never)).toBe('secret:shop:ADMIN_KEY')
})
