/** Runbooks in the catalogue: read strictly, named with their place, suggested by symptom. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadCatalogue, problemText } from '../src/catalogue.ts'
import http from '../src/checks/http.ts'
import { loadRepository } from './guide.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbooks-'))
afterAll(() => rmSync(folder, { recursive: true }))

const shop = `name: Shop
checks:
  health: { kind: http, title: Health, options: { url: "https://shop.test" } }
`
let count = 0
const load = (files: Record<string, string>) => {
  count += 1
  const root = join(folder, String(count))
  for (const [name, text] of Object.entries({ 'shop/service.yml': shop, ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const { catalogue, problems } = loadCatalogue({ runbooks: root, templates: 'templates', kinds: { http: http.options }, environment: {} })
  if (catalogue === null) throw new Error('no catalogue')
  const errors = problems.filter(({ level }) => level === 'error').map((problem) => problemText(problem).replace(`${root}/`, ''))
  return { catalogue, errors, runbooks: catalogue.product('shop')?.runbooks ?? [] }
}
const front = (more: string) => `---\ntitle: Payments\nwhen: [payments fail]\n${more}---\n`

test('is read: front matter apart from the steps', () => {
  const { runbooks, errors } = load({ 'shop/payments.md': `${front('severity: [P1]\nurl: https://wiki.test/p\n')}\n1. Look\n` })
  expect(errors).toEqual([])
  expect(runbooks).toEqual([
    { slug: 'payments', title: 'Payments', when: ['payments fail'], severity: ['P1'], url: 'https://wiki.test/p', text: '1. Look' },
  ])
})

describe('what is wrong is said with its place, and the product works without it', () => {
  test.each([
    ['payments.md', '1. Look\n', 'shop/payments.md:1:1: a runbook begins with front matter: `---`, `title: …`, `when: […]`, `---`'],
    ['payments.md', front('severty: [P1]\n') + 'x', 'shop/payments.md:4:1 severty: unknown key; did you mean `severity`?'],
    [
      'payments.md',
      front('severity: [P7]\n') + 'x',
      'shop/payments.md:4:12 severity[0]: must be one of P1, P2, P3, P4; did you mean `P1`?',
    ],
    ['payments.md', '---\ntitle: X\nwhen: []\n---\nx', 'shop/payments.md:3:7 when: must name at least one symptom'],
    [
      'payments.md',
      front('url: ftp://x\n') + 'x',
      'shop/payments.md:4:6 url: must be an http(s) address, with no user name or password in it',
    ],
    ['payments.md', front(''), 'shop/payments.md:5:1: a runbook needs steps below its front matter'],
    [
      'payments.md',
      `${front('')}1. Look\n2. \`/diag heatlh\`\n`,
      'shop/payments.md:6:1: the product has no check `heatlh`; did you mean `health`?',
    ],
    [
      'Payments Fail.md',
      `${front('')}x`,
      'shop/Payments Fail.md:1:1: the file of a runbook is named in small letters, digits and dashes, such as `payment-failures.md`',
    ],
  ])('%s %#', (name, text, error) => {
    const { errors, runbooks, catalogue } = load({ [`shop/${name}`]: text, 'shop/other.md': `${front('')}x` })
    expect(errors).toEqual([error])
    expect(runbooks.map(({ slug }) => slug)).toEqual(['other'])
    expect(catalogue.broken.size).toBe(0)
  })
})

test('those that name the symptom are suggested, for their severities only', () => {
  const { catalogue } = load({
    'shop/payments.md': `${front('severity: [P1, P2]\n')}x`,
    'shop/database.md': '---\ntitle: Database slow\nwhen: [connection pool]\n---\nx',
  })
  const product = catalogue.product('shop') ?? catalogue.unassigned
  const suggest = (severity: 'P1' | 'P3', text: string) => catalogue.suggestRunbooks(product, severity, text).map(({ slug }) => slug)
  expect(suggest('P1', 'A payment failed in Bern')).toEqual(['payments'])
  expect(suggest('P3', 'A payment failed in Bern')).toEqual([])
  expect(suggest('P3', 'the database is slow again')).toEqual(['database'])
  expect(suggest('P1', 'something else')).toEqual([])
})

test('every product has runbooks, and one of them helps with its gravest troubles', () => {
  const { catalogue, problems } = loadRepository()
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  const products = [...(catalogue?.products.values() ?? [])].filter(({ key }) => key !== 'unassigned')
  expect(products.map(({ runbooks }) => runbooks.length >= 2)).toEqual([true, true, true, true, true])
  for (const product of products)
    expect(catalogue?.suggestRunbooks(product, 'P1', 'Payments fail and the site is down').length, product.key).toBeGreaterThan(0)
})
