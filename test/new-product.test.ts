/** `npm run new-product` as somebody runs it: what it writes is whole, right and explained, or is not there. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadCatalogue, problemText } from '../src/catalogue.ts'
import { Service } from '../src/catalogue/schema.ts'
import { newProduct, NotMade, type Wish } from '../src/new-product.ts'
import { kindsOf, loadRegistry } from '../src/registry.ts'
import { root, startTestBot } from './bot.ts'

const folder = mkdtempSync(join(tmpdir(), 'new-product-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
/** A folder of products, with these files. */
const runbooksWith = (files: Record<string, string> = {}): string => {
  count += 1
  const runbooks = join(folder, String(count))
  mkdirSync(runbooks)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(runbooks, name)), { recursive: true })
    writeFileSync(join(runbooks, name), text)
  }
  return runbooks
}

type Ran = { readonly code: number; readonly out: string; readonly err: string }

const run = (program: string, runbooks: string, words: readonly string[], environment: Record<string, string> = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', TOCSIN_RUNBOOKS: runbooks, ...environment }
    execFile(process.execPath, [join(root, 'src', program), ...words], { cwd: root, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })
const make = (runbooks: string, ...words: string[]) => run('new-product-cli.ts', runbooks, words)

const registry = await loadRegistry(root)
const load = (runbooks: string) =>
  loadCatalogue({
    runbooks,
    templates: join(root, 'templates'),
    ...kindsOf(registry),
    sources: [...registry.alertSources.keys()],
    environment: {},
  })
const errorsIn = (runbooks: string) =>
  load(runbooks)
    .problems.filter(({ level }) => level === 'error')
    .map(problemText)

const files = ['service.yml', 'site-down.md']

test('what it makes has no errors, starts a bot, and an incident can be opened in it', async () => {
  const runbooks = runbooksWith()
  const made = await make(runbooks, 'web-shop')
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toContain('variables.WEB_SHOP_URL: not set in the environment')
  expect(made.out).toContain('npm run catalogue -- web-shop')
  expect(readdirSync(runbooks)).toEqual(['web-shop'])
  expect(readdirSync(join(runbooks, 'web-shop'))).toEqual(files)

  const shown = await run('catalogue-cli.ts', runbooks, ['web-shop'])
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('0 errors')])
  expect(shown.out).toContain('Web Shop (web-shop)')

  const written = Object.fromEntries(files.map((name) => [`web-shop/${name}`, readFileSync(join(runbooks, 'web-shop', name), 'utf8')]))
  await using bot = await startTestBot({ github: false, files: written })
  expect(bot.bot.problems).toEqual([])
  await bot.say('alice', 'general', '/incident new Web Shop P1 The site is down')
  expect(await bot.sees(await bot.opened('INC-1'), 'May help')).toContain('The site is down')
})

test('with a title and an address', async () => {
  const runbooks = runbooksWith()
  const title = 'Käse & “Wein” # 1: ${X}'
  expect(await make(runbooks, 'key-3', '--title', title, '--url', 'https://shop.test:8443/eu/')).toMatchObject({ code: 0 })
  expect(errorsIn(runbooks)).toEqual([])
  const product = load(runbooks).catalogue?.product('key-3')
  expect(product?.name).toBe(title)
  expect(product?.links[0]?.url).toBe('https://shop.test:8443/eu')
  expect([...(product?.checks.values() ?? [])].map(({ key, options }) => [key, options])).toEqual([
    ['health', expect.objectContaining({ url: 'https://shop.test:8443/eu' })],
    ['certificate', expect.objectContaining({ host: 'shop.test', port: 8443 })],
  ])
})

describe('is refused, with what is wrong and what to do, and nothing is left or changed', () => {
  const there = {
    'market/service.yml': 'name: Night Market\naliases: [bazaar]\n',
    'broken/service.yml': 'nam: x\n',
    'taken/notes.txt': 'mine\n',
    file: 'a file\n',
  }
  const untouched = (runbooks: string) => {
    expect(new Set(readdirSync(runbooks, { recursive: true, encoding: 'utf8' }))).toEqual(
      new Set(['broken', 'broken/service.yml', 'file', 'market', 'market/service.yml', 'taken', 'taken/notes.txt']),
    )
    for (const [name, text] of Object.entries(there)) expect(readFileSync(join(runbooks, name), 'utf8')).toBe(text)
  }

  test.each<[what: string, words: string[], code: number, says: string]>([
    ['no key', [], 2, 'The product needs a key.'],
    ['two keys', ['web', 'shop'], 2, 'One key is made at a time'],
    ['an unknown option', ['shop', '--tilte', 'Shop'], 2, "Unknown option '--tilte'"],
    ['capitals', ['Shop'], 1, '"Shop" cannot be the key of a product: it is made of small letters, digits and single dashes. Try shop.'],
    ['a folder that is there', ['taken'], 1, 'taken is there already, and nothing in it was changed'],
  ])('by the program: %s', async (_, words, code, says) => {
    const runbooks = runbooksWith(there)
    const { err, ...ran } = await make(runbooks, ...words)
    expect([ran, err]).toEqual([{ code, out: '' }, expect.stringContaining(says)])
    untouched(runbooks)
  })

  test.each<[what: string, wish: Wish, says: string]>([
    ['spaces', { key: 'web shop' }, 'Try web-shop.'],
    ['a way out of the folder', { key: '../shop' }, 'Try shop.'],
    ['a hidden folder', { key: '.shop' }, 'Try shop.'],
    ['nothing', { key: '' }, '"" cannot be the key of a product'],
    ['a line break', { key: 'shop\n' }, 'Try shop.'],
    ['too long', { key: 'a'.repeat(41) }, 'has 41 characters: a key has at most 40'],
    ['the reserved key', { key: 'unassigned' }, '"unassigned" is a name of Unassigned (unassigned) already: choose another key.'],
    ['a word for a severity', { key: 'critical' }, '"critical" is a word for P1 already: choose another key.'],
    ...['check', 'digest', 'help', 'watch', 'list', 'all', 'new', 'inc-1'].map((key): [string, Wish, string] => [
      `a word of the commands, ${key}`,
      { key },
      `"${key}" is a word of the commands already: choose another key.`,
    ]),
    ['a word of the commands as title', { key: 'shop', title: 'Di-Gest' }, '"Di-Gest" is a word of the commands already: give another'],
    ['a file that is there', { key: 'file' }, 'file is there already'],
    ['a broken product', { key: 'broken' }, 'broken is there already'],
    ['another product’s name', { key: 'night-market' }, '"night-market" is a name of Night Market (market) already: choose another key.'],
    ['another product’s alias', { key: 'baza-ar' }, '"baza-ar" is a name of Night Market (market) already: choose another key.'],
    [
      'another product’s name as title',
      { key: 'shop', title: 'BAZAAR' },
      '"BAZAAR" is a name of Night Market (market) already: give another --title.',
    ],
    ['a title of two lines', { key: 'shop', title: 'a\nb' }, '--title must be one line'],
    ['a title that turns the line around', { key: 'shop', title: 'a\u202eb' }, '--title must be one line'],
    ['an address that is none', { key: 'shop', url: 'shop.test' }, '--url must be an address such as https://'],
    ['an address with a password', { key: 'shop', url: 'https://a:b@shop.test' }, '--url must be an address such as https://'],
  ])('%s', (_, wish, says) => {
    const runbooks = runbooksWith(there)
    const places = { runbooks, templates: join(root, 'templates'), registry }
    expect(() => newProduct(wish, places)).toThrow(says)
    expect(() => newProduct(wish, places)).toThrow(NotMade)
    untouched(runbooks)
  })

  test('a folder of products that is not there, or cannot be written', async () => {
    const missing = await make(join(folder, 'missing'), 'shop')
    expect([missing.code, missing.err]).toEqual([
      1,
      `There is no folder ${join(folder, 'missing')}: make it, or set TOCSIN_RUNBOOKS to the folder of your products.\n`,
    ])
    // Nobody can, whoever runs the tests.
    const proc = await make('/proc', 'shop')
    expect([proc.code, proc.err]).toEqual([1, expect.stringMatching(/^\/proc(\/shop could not be written| cannot be written to) \(E/)])
  })

  test('a template that is not there, or not right', async () => {
    const runbooks = runbooksWith()
    const templates = runbooksWith({ 'severities.yml': readFileSync(join(root, 'templates/severities.yml'), 'utf8') })
    const without = await run('new-product-cli.ts', runbooks, ['shop'], { TOCSIN_TEMPLATES: templates })
    expect([without.code, without.err]).toEqual([1, expect.stringContaining(`There is no ${join(templates, 'product/service.yml')}`)])
    mkdirSync(join(templates, 'product'))
    writeFileSync(join(templates, 'product/service.yml'), 'name: Example product\nlader: []\n')
    const wrong = await run('new-product-cli.ts', runbooks, ['shop'], { TOCSIN_TEMPLATES: templates })
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('lader: unknown key; did you mean `ladder`?')])
    expect(readdirSync(runbooks)).toEqual([])
  })
})

describe('the template', () => {
  const text = readFileSync(join(root, 'templates/product/service.yml'), 'utf8')
  /** With everything on that is switched off. */
  const all = text.replace(/^( *)#(?! \S)/gm, '$1')

  test('explains every key of a product, and of a severity', () => {
    const keys = (schema: { shape: object }) => Object.keys(schema.shape)
    const missing = keys(Service).filter((key) => !new RegExp(`^#?${key}:`, 'm').test(text))
    expect(missing).toEqual([])
    const severity = Service.shape.severities.unwrap().shape.P1.unwrap().unwrap()
    expect(keys(severity).filter((key) => !new RegExp(`^    #?${key}:`, 'm').test(text))).toEqual([])
  })

  test('what is switched off can be switched on', () => {
    const runbooks = runbooksWith({ 'example-product/service.yml': all })
    expect(errorsIn(runbooks)).toEqual([])
    const product = load(runbooks).catalogue?.product('example-product')
    expect([...(product?.checks.keys() ?? [])]).toEqual([
      'health',
      'certificate',
      'stripe.webhooks',
      'database.connections',
      'vercel.deployment',
    ])
    expect(product?.disaster?.phases).toHaveProperty('restore')
    expect(product?.calendar.zone).toBe('Europe/Zurich')
  })
})
