/** Runbooks in the catalogue: read strictly, named with their place, suggested by symptom. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadCatalogue, problemText } from '../src/catalogue.ts'
import http from '../src/checks/http.ts'
import { told } from './fixture-check.ts'
import { loadRepository } from './guide.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbooks-'))
afterAll(() => rmSync(folder, { recursive: true }))

const shop = `name: Shop
checks:
  health: { kind: http, title: Health, options: { url: "https://shop.test" } }
  told: { kind: told, title: Told, options: { url: "https://shop.test" } }
`
let count = 0
const load = (files: Record<string, string>) => {
  count += 1
  const root = join(folder, String(count))
  for (const [name, text] of Object.entries({ 'shop/service.yml': shop, ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const { catalogue, problems } = loadCatalogue({ runbooks: root, templates: 'templates', kinds: { http, told }, environment: {} })
  if (catalogue === null) throw new Error('no catalogue')
  const errors = problems.filter(({ level }) => level === 'error').map((problem) => problemText(problem).replace(`${root}/`, ''))
  return { catalogue, errors, runbooks: catalogue.product('shop')?.runbooks ?? [] }
}
const front = (more: string) => `---\ntitle: Payments\nwhen: [payments fail]\n${more}---\n`

test('is read: front matter apart from the steps', () => {
  const { runbooks, errors } = load({
    'shop/payments.md': `${front('id: R10\nseverity: [P1]\nurl: https://wiki.test/p\n')}\nFirst.\n\n1. Look. \`check: health\`\n2. \`action: vercel.rollback\`\n`,
  })
  expect(errors).toEqual([])
  expect(runbooks).toEqual([
    {
      slug: 'payments',
      id: 'R10',
      title: 'Payments',
      when: ['payments fail'],
      severity: ['P1'],
      url: 'https://wiki.test/p',
      steps: [
        { before: 'First.', text: 'Look. `check: health`', checks: [{ check: 'health', words: {} }], actions: [] },
        { text: '`action: vercel.rollback`', checks: [], actions: ['vercel.rollback'] },
      ],
      after: '',
      actions: [{ action: 'vercel.rollback', line: 12 }],
    },
  ])
})

describe('what is wrong is said with its place, and the product works without it', () => {
  test.each([
    ['payments.md', '1. Look\n', 'shop/payments.md:1:1: a runbook begins with front matter: `---`, `title: …`, `when: […]`, `---`'],
    ['payments.md', front('severty: [P1]\n') + '1. x', 'shop/payments.md:4:1 severty: unknown key; did you mean `severity`?'],
    [
      'payments.md',
      front('severity: [P7]\n') + '1. x',
      'shop/payments.md:4:12 severity[0]: must be one of P1, P2, P3, P4; did you mean `P1`?',
    ],
    ['payments.md', '---\ntitle: X\nwhen: []\n---\n1. x', 'shop/payments.md:3:7 when: must name at least one symptom'],
    [
      'payments.md',
      front('url: ftp://x\n') + '1. x',
      'shop/payments.md:4:6 url: must be an http(s) address, with no user name or password in it',
    ],
    ['payments.md', front('id: ten\n') + '1. x', 'shop/payments.md:4:5 id: must be capital letters and a number, such as `R10`'],
    ['payments.md', front(''), 'shop/payments.md:5:1: a runbook needs steps below its front matter: a list numbered `1.`, `2.`, …'],
    [
      'payments.md',
      `${front('')}Look at it.\n\n- 1. Here\n`,
      'shop/payments.md:5:1: a runbook needs steps below its front matter: a list numbered `1.`, `2.`, …',
    ],
    [
      'payments.md',
      `${front('')}1. Look\n2. ${'x'.repeat(2001)}\n`,
      'shop/payments.md:6:1: a step has at most 2000 characters, this one has 2001: make two of it',
    ],
    [
      'payments.md',
      `${front('')}1. Look\n2. \`/diag heatlh\`\n`,
      'shop/payments.md:6:1: the product has no check `heatlh`; did you mean `health`?',
    ],
    [
      'payments.md',
      `${front('')}1. Look\n   - \`check: healt since=1h\`\n`,
      'shop/payments.md:6:1: the product has no check `healt`; did you mean `health`?',
    ],
    ['payments.md', `${front('')}\`check: stripe\`\n\n1. Look\n`, 'shop/payments.md:5:1: the product has no check `stripe`'],
    [
      'payments.md',
      `${front('')}1. \`check: health of it\`\n`,
      'shop/payments.md:5:1: `check: health of it` is not understood: write `check: <name>` or `action: <name>`, with nothing behind but `key=value`, or `criterion: <name>`',
    ],
    [
      'payments.md',
      `${front('')}1. Look\n2. \`criterion: breach\`\n`,
      'shop/payments.md:6:1: the product has no criterion `breach` that a person says holds: one without a `check`',
    ],
    [
      'payments.md',
      `${front('')}1. Look\n\n   \`check: told sinc=1h\`\n`,
      'shop/payments.md:7:1: step 1: `sinc` cannot be said of `told`, which takes since=1h; did you mean `since`?',
    ],
    [
      'payments.md',
      `${front('')}1. Look\n1. \`check: told\` \`check: told since=soon\`\n`,
      'shop/payments.md:6:1: step 2: `since=soon`: must be hours, such as 2h; `told` takes since=1h',
    ],
    [
      'payments.md',
      `${front('')}\`check: told since=1h since=2\`\n1. x\n`,
      'shop/payments.md:5:1: `since=2`: must be hours, such as 2h; `told` takes since=1h',
    ],
    [
      'payments.md',
      `${front('')}1. \`check: health since=1h\`\n`,
      'shop/payments.md:5:1: step 1: `since` cannot be said of `health`, which takes no words',
    ],
    [
      'payments.md',
      `${front('')}1. \`check: all since=1h\`\n`,
      'shop/payments.md:5:1: step 1: `since` cannot be said of `all`, which takes no words',
    ],
    [
      'Payments Fail.md',
      `${front('')}1. x`,
      'shop/Payments Fail.md:1:1: the file of a runbook is named in small letters, digits and dashes, such as `payment-failures.md`',
    ],
  ])('%s %#', (name, text, error) => {
    const { errors, runbooks, catalogue } = load({
      [`shop/${name}`]: text,
      'shop/other.md': '---\ntitle: Other\nwhen: [x]\n---\n1. x',
    })
    expect(errors).toEqual([error])
    expect(runbooks.map(({ slug }) => slug)).toEqual(['other'])
    expect(catalogue.broken.size).toBe(0)
  })

  test('two of the same name in a product', () => {
    const of = (id: string, title: string) => `---\nid: ${id}\ntitle: ${title}\nwhen: [x]\n---\n1. x`
    const { errors, runbooks } = load({
      'shop/a.md': of('R1', 'Payments fail'),
      'shop/b.md': of('R1', 'Other'),
      'shop/c.md': of('R2', 'payments-fail'),
      'market/service.yml': 'name: Market\n',
      'market/a.md': of('R1', 'Payments fail'),
    })
    expect(errors).toEqual([
      'shop/b.md:2:5 id: `R1` is the id of a.md already',
      'shop/c.md:3:8 title: `payments-fail` is the title of a.md already',
    ])
    expect(runbooks.map(({ slug }) => slug)).toEqual(['a'])
  })
})

describe('those that may help are suggested', () => {
  const { catalogue } = load({
    'shop/payments.md': `${front('severity: [P1, P2]\n')}1. Look. \`check: health\`\n   - twice\n`,
    'shop/database.md': '---\nid: R2\ntitle: Database slow\nwhen: [connection pool, PoolExhausted]\n---\n1. Look\n',
    'shop/stripe.md': '---\ntitle: Stripe\nwhen: [payments fail, webhooks fail]\n---\n1. Look\n',
  })
  const product = catalogue.product('shop') ?? catalogue.unassigned
  const suggest = (severity: 'P1' | 'P3', text: string, alert?: { rule: string; runbook: string | null }) =>
    catalogue.suggestRunbooks(product, { severity, text, ...(alert === undefined ? {} : { alert }) }).map(({ slug }) => slug)

  test('that name the symptom, for their severities only: first who names more, then who is for this severity', () => {
    expect(suggest('P1', 'A payment failed in Bern')).toEqual(['payments', 'stripe'])
    expect(suggest('P1', 'Stripe: payments and webhooks fail')).toEqual(['stripe', 'payments'])
    expect(suggest('P3', 'A payment failed in Bern')).toEqual(['stripe'])
    expect(suggest('P3', 'the database is slow again')).toEqual(['database'])
    expect(suggest('P1', 'something else')).toEqual([])
  })

  test('the one that the alert means comes first, at any severity', () => {
    expect(suggest('P1', 'payments fail', { rule: 'PoolExhausted', runbook: null })).toEqual(['database', 'payments', 'stripe'])
    expect(suggest('P3', 'webhooks fail', { rule: 'x', runbook: 'payments' })).toEqual(['payments', 'stripe'])
    expect(suggest('P3', 'x', { rule: 'x', runbook: 'r2' })).toEqual(['database'])
  })

  test.each([
    ['a part of it', 'Pool'],
    ['its beginning', 'PoolExhauste'],
    ['more than it', 'PoolExhaustedOnReplica'],
    ['other case', 'poolexhausted'],
    ['joined otherwise', 'pool_exhausted'],
    ['a word with something before it', 'StripeWebhookFailures'],
    ['a symptom, joined', 'PaymentsFail'],
  ])('the name of an alert is whole, or another: %s', (_, rule) => expect(suggest('P1', '', { rule, runbook: null })).toEqual([]))

  test('a rule that is a phrase is read like one', () =>
    expect(suggest('P3', '', { rule: 'Webhooks failing', runbook: null })).toEqual(['stripe']))

  test.each([
    ['PoolExhausted fires again', ['database']],
    ['poolexhausted, again', ['database']],
    ['PoolExhaustedOnReplica fires', []],
    ['PoolExhaust fires', []],
    ['poolexhaustion again', []],
    ['StripeWebhooks are late', []],
    ['stripe is late', ['stripe']],
    ['“Stripe”: late', ['stripe']],
  ])('a name in a text is whole, too: %s', (text, slugs) => expect(suggest('P3', text)).toEqual(slugs))

  test('with its first step', () =>
    expect(catalogue.suggestRunbooks(product, { severity: 'P1', text: 'payments fail' })[0]).toEqual({
      slug: 'payments',
      title: 'Payments',
      first: 'Look. `check: health`',
      runs: true,
    }))
})

test('every product has runbooks, and one of them helps with its gravest troubles', () => {
  const { catalogue, problems } = loadRepository()
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  const products = [...(catalogue?.products.values() ?? [])].filter(({ key }) => key !== 'unassigned')
  expect(products.map(({ runbooks }) => runbooks.length >= 2)).toEqual([true, true, true, true, true])
  for (const product of products)
    expect(
      catalogue?.suggestRunbooks(product, { severity: 'P1', text: 'Payments fail and the site is down' }).length,
      product.key,
    ).toBeGreaterThan(0)
})
