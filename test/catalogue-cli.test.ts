/** `npm run catalogue` as somebody runs it: what a product has, what is missing, and what waits for it. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'catalogue-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const run = (files: Record<string, string>, words: readonly string[] = [], environment: Record<string, string> = {}) => {
  count += 1
  const runbooks = join(folder, String(count))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(runbooks, name)), { recursive: true })
    writeFileSync(join(runbooks, name), text)
  }
  const env = { PATH: process.env['PATH'] ?? '', TOCSIN_RUNBOOKS: runbooks, FALLBACK_EMAIL: 'a@example.test', ...environment }
  return new Promise<{ code: number; out: string[]; err: string }>((resolve) => {
    execFile(process.execPath, [join(root, 'src/catalogue-cli.ts'), ...words], { cwd: root, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out.replaceAll(`${runbooks}/`, '').trimEnd().split('\n'), err }),
    )
  })
}

const stripe = (key: string) => `  stripe.${key}: { kind: stripe, title: ${key}, options: { ask: ${key}, secret: SHOP_STRIPE_KEY } }\n`
const shop = `name: Shop
variables:
  SHOP_URL: { placeholder: "https://shop.example" }
links: [{ name: Site, url: "\${SHOP_URL}", kind: site }]
contacts:
  first: { name: First, email: first@example.test }
  second: { name: Second, email: "\${SHOP_SECOND:-}", placeholder: nobody yet }
  third: { name: Third, placeholder: nobody yet }
ladder: { value: [first], assumed: "for a test" }
alerts: { secrets: { generic: SHOP_ALERTS } }
checks:
  health: { kind: http, title: Health, auto: true, sample: 5 min, options: { url: "\${SHOP_URL}/health" } }
  fixed: { kind: http, title: Fixed, options: { url: "https://fixed.example" } }
${['account', 'webhooks', 'payments', 'revenue'].map(stripe).join('')}actions:
  restore: { kind: manual, title: Restore, options: { target: "database:shop", steps: [Do it] } }
  backup: { kind: manual, title: Back up, options: { target: "database:shop", steps: ["Open \${SHOP_URL}"] } }
`
const files = {
  'shop/service.yml': shop,
  'shop/payments.md':
    '---\nid: R2\ntitle: Payments fail\nwhen: [x]\n---\n1. `check: stripe.payments` `check: fixed`\n2. `action: vercel.rollback to=1`\n',
  'shop/other.md': '---\ntitle: Other\nwhen: [x]\n---\n1. Think\n',
  'market/service.yml': 'name: Market\n',
}

test('a screen for each product', async () => {
  const { code, out, err } = await run(files)
  expect([code, err]).toEqual([0, ''])
  expect(out).toEqual([
    'Market (market)',
    expect.stringMatching(/^ {2}values: 1 given, 0 assumed, \d+ inherited · [0-9a-f]{12}$/),
    '  no checks',
    '  no actions',
    '  no runbooks',
    '',
    'Shop (shop)',
    expect.stringMatching(/^ {2}values: \d+ given, 1 assumed, \d+ inherited · /),
    '  1 of 6 checks can ask: fixed',
    '  2 actions: restore, backup',
    '  not set in the environment of the bot, so that 5 checks cannot ask:',
    '    SHOP_STRIPE_KEY  secret    4 checks: stripe.account, stripe.webhooks, stripe.payments, stripe.revenue',
    '    SHOP_URL         variable  1 check: health · 1 action: backup · link Site',
    '    SHOP_SECOND      variable  contact Second',
    '    SHOP_ALERTS      secret    alerts to /alerts/generic/shop',
    '  contacts without a way to reach them: Second, Third',
    '  2 runbooks:',
    '        Other (other): 1 step',
    '    R2  Payments fail (payments): 2 steps; checks stripe.payments, fixed; actions vercel.rollback',
    '  besides:',
    expect.stringContaining('contacts.third: nobody can be told'),
    '',
    '1 action named in runbooks that is not there yet',
    '  vercel.rollback: shop/payments.md:7',
    '4 warnings',
    '0 errors',
  ])
})

test('what is set is not missing; empty is as good as unset', async () => {
  const { out } = await run(files, [], {
    SHOP_STRIPE_KEY: 'sk_test_hidden',
    SHOP_URL: 'https://a.example',
    SHOP_ALERTS: ' ',
    SHOP_SECOND: 'b@example.test',
  })
  expect(out).toContain('  6 of 6 checks can ask: health, fixed, stripe.account, stripe.webhooks, stripe.payments, stripe.revenue')
  expect(out).toContain('  not set in the environment of the bot:')
  expect(out).toContain('    SHOP_ALERTS  secret    alerts to /alerts/generic/shop')
  expect(out.join('\n')).not.toMatch(/SHOP_STRIPE_KEY|SHOP_URL|hidden/)
})

test('a product by its name, in full', async () => {
  const { code, out } = await run(files, ['SHOP'])
  expect(code).toBe(0)
  expect(out).toContain('    health           http    Health (by itself, every 5 min) – cannot ask: set SHOP_URL')
  expect(out).toContain('    fixed            http    Fixed')
  expect(out).toContain('    restore  manual  Restore')
  expect(out).toContain('    backup   manual  Back up – cannot run: set SHOP_URL')
  expect(out.find((line) => line.includes('ladder '))).toMatch(/^ {4}ladder +assumed +first$/)
  expect(out.join('\n')).toContain('↳ for a test')
  expect(out.join('\n')).not.toContain('Market')
})

test('a check that would ask a private address cannot ask until the product allows it', async () => {
  const inside = (allowed: string) => ({
    'shop/service.yml': `name: Shop
${allowed}checks:
  inside: { kind: http, title: Inside, options: { url: "http://10.0.0.7:8080/health" } }
  outside: { kind: http, title: Outside, options: { url: "https://shop.example" } }
`,
  })
  const { out } = await run(inside(''))
  expect(out).toContain('  1 of 2 checks can ask: outside')
  expect(out.join('\n')).toContain('`10.0.0.7` is a private address and will not be asked')
  expect(out.join('\n')).not.toContain('not set in the environment')
  expect((await run(inside(''), ['shop'])).out).toContain('    inside   http  Inside – cannot ask: list 10.0.0.7 under privateHosts')
  expect((await run(inside('privateHosts: [10.0.0.7]\n'))).out).toContain('  2 of 2 checks can ask: inside, outside')
})

test('errors are named and counted, and so is a product that there is not', async () => {
  const broken = await run({ ...files, 'market/service.yml': 'nam: Market\n', 'shop/bad.md': '1. x\n' })
  expect(broken.code).toBe(1)
  expect(broken.out).toContain('3 errors')
  expect(broken.out.join('\n')).toContain('market/service.yml:1:1 nam: unknown key; did you mean `name`?')
  expect(broken.out.join('\n')).toContain('shop/bad.md:1:1: a runbook begins with front matter')
  const wrong = await run(files, ['shpo'])
  expect([wrong.code, wrong.err]).toEqual([1, 'No product is called "shpo": did you mean Shop?\n'])
})
