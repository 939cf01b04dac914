import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadCatalogue, problemText, startProblems, type Catalogue } from '../src/catalogue.ts'
import { nearest } from '../src/catalogue/problems.ts'
import { diagVerbs } from '../src/incident/command-words.ts'
import { Wait } from '../src/define/wait.ts'

const kinds = {
  http: {
    options: z.object({ url: z.url(), latency: z.number().optional(), secret: z.string().optional() }),
    words: z.object({
      since: z
        .string()
        .regex(/^\d+[mhd]$/, 'is no time such as `24h`')
        .default('1h'),
    }),
  },
  tcp: {
    options: z.object({ port: z.int(), pause: Wait.optional() }),
    timeoutMs: 10_000,
    waits: (options: unknown) => ({ pause: (options as { pause?: number }).pause }),
  },
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Writes files below a new `runbooks/` and loads them over the real templates. Paths in messages are relative to the folder. */
const load = (files: Record<string, string>, environment: Record<string, string> = {}, templates = 'templates') => {
  const folder = mkdtempSync(join(tmpdir(), 'catalogue-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const { catalogue, problems } = loadCatalogue({
    runbooks: folder,
    templates: templates === 'templates' ? templates : join(folder, templates),
    kinds,
    sources: ['alertmanager', 'generic'],
    environment,
  })
  const said = (level: 'error' | 'warning') =>
    problems
      // That the templates name nobody by themselves is so in every one of these tests.
      .filter((problem) => problem.level === level && !problem.message.startsWith('a P1 of Unassigned reaches nobody'))
      .map((problem) => problemText(problem).replace(`${folder}/`, ''))
  const start = startProblems(problems).map((line) => line.replace(`${folder}/`, ''))
  return { catalogue, errors: said('error'), warnings: said('warning'), start }
}

const shop = `name: Shop
links:
  - { name: Shop, url: "https://shop.test", kind: site }
contacts:
  response: { name: Response team, email: response@shop.test }
  lead: { name: Lead, email: lead@shop.test }
ladder: [response, lead]
`

const shopWith = (more: string, environment: Record<string, string> = {}) => load({ 'shop/service.yml': shop + more }, environment)

const loaded = (result: { catalogue: Catalogue | null; errors: readonly string[] }): Catalogue => {
  expect(result.errors).toEqual([])
  if (result.catalogue === null) throw new Error('no catalogue')
  return result.catalogue
}

const product = (result: ReturnType<typeof load>, key = 'shop') => {
  const found = loaded(result).products.get(key)
  if (found === undefined) throw new Error(`no ${key}`)
  return found
}

describe('the daily digest', () => {
  test('there is none where the product does not want one', () => expect(product(shopWith('')).digest).toBeNull())

  test('what it does not say is the templates’ and the product’s', () =>
    expect(product(shopWith('digest: {}\ncalendar: { zone: Europe/Zurich }\n')).digest).toEqual({
      channel: null,
      at: '09:00',
      zone: 'Europe/Zurich',
      checks: [],
    }))

  test('a check is asked with the words that are typed behind it', () =>
    expect(
      product(
        shopWith(
          'digest: { channel: shop-daily, at: "07:30", zone: Asia/Kolkata, checks: [web since=24h] }\nchecks: { web: { kind: http, title: Web, options: { url: "https://shop.test" } } }\n',
        ),
      ).digest,
    ).toEqual({ channel: 'shop-daily', at: '07:30', zone: 'Asia/Kolkata', checks: [{ check: 'web', words: 'since=24h' }] }))
})

describe('what is wrong is said with its place', () => {
  // `shop` has 7 lines: what is added begins on line 8.
  test.each<[title: string, more: string, ...errors: string[]]>([
    [
      'an unknown key, with the nearest known one',
      'severities:\n  P1:\n    respnse: 15 min\n',
      '10:5 severities.P1.respnse: unknown key; did you mean `response`?',
    ],
    [
      'a part of a check that may take longer than the whole',
      `checks:
  a: { kind: tcp, title: A, options: { port: 1, pause: 9 s } }
  b: { kind: tcp, title: B, options: { port: 1, pause: 10 s } }
  c: { kind: tcp, title: C, timeout: 1 min, options: { port: 1, pause: 10 s } }
  d: { kind: tcp, title: D, timeout: 5 s, options: { port: 1, pause: 9 s } }
`,
      '10:56 checks.b.options.pause: must be less than the 10 s that the whole check may take: give it a longer `timeout`',
      '12:70 checks.d.options.pause: must be less than the 5 s that the whole check may take: give it a longer `timeout`',
    ],
    ['an unknown key that is like nothing', 'xylophone: 1\n', '8:1 xylophone: unknown key'],
    [
      'a duration that is none',
      'severities:\n  P2: { response: soon }\n',
      '9:19 severities.P2.response: `soon` is neither a duration such as `15 min`, `4 h`, `1 h 30 min` or `2 d` nor one of immediate, next business day, next sprint, none',
    ],
    [
      'a mistyped word',
      'severities:\n  P4: { response: next bussiness day }\n',
      '9:19 severities.P4.response: `next bussiness day` is neither a duration such as `15 min`, `4 h`, `1 h 30 min` or `2 d` nor one of immediate, next business day, next sprint, none; did you mean `next business day`?',
    ],
    [
      'a ladder that names nobody',
      'severities:\n  P1: { ladder: [leed] }\n',
      '9:18 severities.P1.ladder[0]: no contact is called `leed`; did you mean `lead`?',
    ],
    ['somebody twice on the ladder', 'severities:\n  P1: { ladder: [lead, lead] }\n', '9:24 severities.P1.ladder[1]: `lead` stands twice'],
    [
      'a zone that is none',
      'calendar:\n  zone: Europe/Zürich\n',
      '9:9 calendar.zone: `Europe/Zürich` is not a time zone such as `Europe/Zurich`; did you mean `Europe/Zurich`?',
    ],
    [
      'a day that does not exist',
      'calendar:\n  holidays: [2026-02-29]\n',
      '9:14 calendar.holidays[0]: must be a date that exists, such as `2026-12-24`',
    ],
    ['a day that ends before it begins', 'calendar:\n  to: 08:00\n', '9:7 calendar.to: the day ends at 08:00, before it begins at 09:00'],
    ['a time that does not exist', 'calendar:\n  from: 25:00\n', '9:9 calendar.from: must be a time of day such as `09:00`'],
    ['no working days', 'calendar:\n  days: []\n', '9:9 calendar.days: at least one day must be a working day'],
    ['warnings out of order', 'severities:\n  P1: { warnAt: [90, 50] }\n', '9:17 severities.P1.warnAt: percentages must ascend'],
    [
      'a warning after the end',
      'severities:\n  P1: { warnAt: [100] }\n',
      '9:18 severities.P1.warnAt[0]: must be a percentage from 1 to 99',
    ],
    ['the same key twice', 'aliases: [a]\naliases: [b]\n', '9:1: not valid YAML: Map keys must be unique'],
    ['a word of another severity', 'severities:\n  P1: { aliases: [High] }\n', '9:19 severities.P1.aliases[0]: `High` means P2 already'],
    [
      'a word of two severities',
      'severities:\n  P1: { aliases: [Red] }\n  P2: { aliases: [red] }\n',
      '10:19 severities.P2.aliases[0]: `red` means P1 already',
    ],
    ['a word twice', 'severities:\n  P1: { aliases: [Red, red] }\n', '9:24 severities.P1.aliases[1]: `red` stands twice'],
    ['a product called as a severity', 'aliases: [critical]\n', '8:11 aliases[0]: `critical` is a word for P1'],
    [
      'an immediate response that does not page',
      'severities:\n  P1: { response: immediate, page: false }\n',
      '9:36 severities.P1.page: an immediate response pages at once',
    ],
    [
      'an unknown kind of check',
      'checks:\n  up: { kind: htpp, title: Up, options: {} }\n',
      '9:15 checks.up.kind: no kind of check is called `htpp`; did you mean `http`?',
    ],
    [
      'a kind like no other',
      'checks:\n  up: { kind: rainbow, title: Up, options: {} }\n',
      '9:15 checks.up.kind: no kind of check is called `rainbow`: there are http, tcp',
    ],
    [
      'an unknown option of a check',
      'checks:\n  up: { kind: http, title: Up, options: { url: "https://shop.test", latancy: 5 } }\n',
      '9:69 checks.up.options.latancy: unknown key; did you mean `latency`?',
    ],
    ['a missing option', 'checks:\n  up: { kind: http, title: Up, options: {} }\n', '9:41 checks.up.options.url: is missing'],
    [
      'an option of the wrong type',
      'checks:\n  up: { kind: tcp, title: Up, options: { port: many } }\n',
      '9:48 checks.up.options.port: must be a number, not text',
    ],
    [
      'an unknown sort of notification',
      'notifications: { critical: [], warnings: [] }\n',
      '8:32 notifications.warnings: unknown key; did you mean `warning`?',
    ],
    [
      'an unknown alert source',
      'alerts: { secrets: { alertmanger: SHOP_ALERTS } }\n',
      '8:22 alerts.secrets.alertmanger: no alert source is called `alertmanger`; did you mean `alertmanager`?',
    ],
    [
      'a secret in place of its name',
      'alerts: { secrets: { generic: whsec_abc123 } }\n',
      '8:31 alerts.secrets.generic: must be the name of an environment variable in capitals, never the secret itself',
    ],
    ['a variable that is not set', 'about: ${SHOP_ABOUT}\n', '8:8 about: `SHOP_ABOUT` is not set in the environment and has no default'],
    [
      'a variable that is a secret',
      'about: ${SHOP_API_KEY}\n',
      '8:8 about: `SHOP_API_KEY` looks like the name of a secret: secrets are named in `secret:` keys and never filled in',
    ],
    ['a variable that is not closed', 'about: ${SHOP\n', '8:8 about: `${SHOP` is not a variable: write `${NAME}` or `${NAME:-default}`'],
    ['an assumption without a reason', 'about: { value: x, assumed: "" }\n', '8:8 about: `assumed` must say why, in words'],
    [
      'an assumption with more beside',
      'about: { value: x, assumed: y, more: z }\n',
      '8:8 about: an assumed value is written `{ value: …, assumed: why }`, with nothing beside',
    ],
    [
      'a private host with a port',
      'privateHosts: ["127.0.0.1:80"]\n',
      '8:16 privateHosts[0]: `127.0.0.1:80` is not a host: give a name or an address, without port',
    ],
    [
      'a phase that follows no other',
      'disaster: { rto: 1 h, rpo: 1 h, phases: { a: { title: A, task: A, within: 1 h, after: b } } }\n',
      '8:87 disaster.phases.a.after: no other phase is called `b`',
    ],
    [
      'a clock with the name of another',
      'severities: { P1: { clocks: { update: { title: A, within: 1 h, until: update } } } }\n',
      '8:31 severities.P1.clocks.update: `update` is the name of another clock: choose another',
    ],
    [
      'a phase with the name of a clock',
      'disaster: { rto: 1 h, rpo: 1 h, phases: { response: { title: A, task: A, by: 1 h } } }\n',
      '8:53 disaster.phases.response: `response` is the name of a clock: choose another',
    ],
    [
      'a channel of the digest that cannot be',
      'digest: { channel: no spaces please }\n',
      '8:20 digest.channel: must be the name or the id of a channel',
    ],
    ['an hour that there is not', 'digest: { at: "25:00" }\n', '8:15 digest.at: must be a time of day such as `09:00`'],
    ['a check of the digest that there is not', 'digest: { checks: [revenue] }\n', '8:20 digest.checks[0]: no check is called `revenue`'],
    [
      'a check that is asked less often than a digest is posted',
      'checks:\n  web: { kind: http, title: Web, sample: 2 d, options: { url: "https://shop.test" } }\n' +
        '  www: { kind: http, title: Www, sample: 1 d, options: { url: "https://shop.test" } }\n' +
        '  old: { kind: http, title: Old, sample: soon, options: { url: "https://shop.test" } }\n',
      '9:42 checks.web.sample: must be no more than `1 d`: the digest tells of one day',
      '11:42 checks.old.sample: `soon` is not a duration such as `15 min`, `4 h`, `1 h 30 min` or `2 d`',
    ],
    [
      'words that a check of the digest does not take',
      'digest: { checks: [web sicne=24h, web since=soon, db all=yes, web 24h] }\nchecks:\n' +
        '  web: { kind: http, title: Web, options: { url: "https://shop.test" } }\n  db: { kind: tcp, title: Db, options: { port: 5432 } }\n',
      '8:20 digest.checks[0]: `sicne` cannot be said of `web`, which takes since=1h; did you mean `since`?',
      '8:35 digest.checks[1]: `since=soon`: is no time such as 24h; `web` takes since=1h',
      '8:51 digest.checks[2]: `all` cannot be said of `db`, which takes no words',
      '8:63 digest.checks[3]: `24h` is not `name=value`',
    ],
    [
      'a criterion that is measured by half',
      'checks:\n  web: { kind: http, title: Web, options: { url: "https://shop.test" } }\n' +
        'actions:\n  roll: { kind: vercel, title: Roll back }\n' +
        'criteria:\n  half: { title: Half, check: web, above: 1, action: roll }\n  none: { title: None, above: 1, action: roll }\n  said: { title: Said, action: roll }\n',
      '13:9 criteria.half: give a `check`, its `measurement`, and either `above` or `below`; or none of them, where a person says that it holds',
      '14:9 criteria.none: give a `check`, its `measurement`, and either `above` or `below`; or none of them, where a person says that it holds',
    ],
    ['a channel that cannot be', 'announce: no spaces please\n', '8:11 announce: must be the name or the id of a channel'],
    ['an alias', 'about: &x text\nhosting: [*x]\n', '9:11 hosting[0]: YAML aliases are not allowed here: write the value out'],
    [
      'several at once, of every sort',
      'abuot: x\nseverities:\n  P1: { page: maybe, ladder: [nobody] }\nchecks:\n  up: { kind: tpc, title: Up, options: {} }\n',
      '10:15 severities.P1.page: must be true or false, not text',
      '8:1 abuot: unknown key; did you mean `about`?',
      '10:31 severities.P1.ladder[0]: no contact is called `nobody`',
      '12:15 checks.up.kind: no kind of check is called `tpc`; did you mean `tcp`?',
    ],
  ])('%s', (_, more, ...errors) => {
    const result = shopWith(more)
    expect(result.errors).toEqual(errors.map((error) => `shop/service.yml:${error}`))
    expect(result.catalogue?.products.has('shop')).toBe(false)
    expect([...(result.catalogue?.broken.keys() ?? [])]).toEqual(['shop'])
  })

  test.each([
    ['an empty file', '', 'shop/service.yml:1:1: must be a map of keys, not empty'],
    ['no name', 'about: x\n', 'shop/service.yml:1:1 name: is missing'],
    ['broken YAML', 'name: [Shop\n', expect.stringMatching(/^shop\/service\.yml:2:1: not valid YAML: /)],
    ['a bomb of aliases', `a: &a [x,x,x,x]\nb: &b [*a,*a,*a]\nname: *b\n`, expect.stringContaining('YAML aliases are not allowed here')],
    ['a huge file', `name: Shop\n# ${'x'.repeat(300 * 1024)}\n`, 'shop/service.yml:1:1: the file has 301 KiB; at most 256 KiB are read'],
    ['brackets without end', `name: ${'['.repeat(100_000)}`, expect.stringMatching(/nested more than 30 levels deep|not valid YAML/)],
    ['a deep file', `name: ${'['.repeat(40)}${']'.repeat(40)}\n`, expect.stringContaining('nested more than 30 levels deep')],
    ['a prototype', '__proto__: { x: 1 }\nname: Shop\n', 'shop/service.yml:1:1: a key must be a plain word'],
  ])('%s', (_, text, error) => {
    expect(load({ 'shop/service.yml': text }).errors[0]).toEqual(error)
  })

  test('a broken product leaves the others alone', () => {
    const { catalogue, errors } = load({
      'shop/service.yml': 'nmae: Shop\n',
      'bank/service.yml': 'name: Bank\n',
      'empty/readme.md': '',
      'Big Shop/service.yml': '',
    })
    expect([...(catalogue?.products.keys() ?? [])]).toEqual(['bank', 'unassigned'])
    expect(catalogue?.product('shop')).toBeNull()
    expect(errors).toEqual([
      'Big Shop:1:1: the folder of a product is named in small letters, digits and dashes, such as `web-shop`',
      'empty:1:1: the folder has no `service.yml`',
      'shop/service.yml:1:1 name: is missing',
      'shop/service.yml:1:1 nmae: unknown key; did you mean `name`?',
    ])
  })

  test('a folder in place of a file', () => {
    const { errors } = load({ 'shop/service.yml/x': '' })
    expect(errors).toEqual([expect.stringMatching(/^shop\/service\.yml:1:1: the file cannot be read: EISDIR/)])
  })

  test('nothing is called by a word that means something to the commands', () => {
    expect(load({ 'digest/service.yml': 'name: Inc 1\naliases: [Watch, watches, new]\n' }).errors).toEqual([
      'digest/service.yml:1:1: `digest` means something to the commands: choose another',
      'digest/service.yml:1:7 name: `Inc 1` means something to the commands: choose another',
      'digest/service.yml:2:11 aliases[0]: `Watch` means something to the commands: choose another',
      'digest/service.yml:2:27 aliases[2]: `new` means something to the commands: choose another',
    ])
    for (const key of [...diagVerbs, 'all', 'auto', 'inc-1'])
      expect(shopWith(`checks: { ${key}: { kind: http, title: Web, options: { url: "https://shop.test" } } }\n`).errors).toEqual([
        expect.stringContaining('this word means something to /diag: choose another key'),
      ])
  })

  test('the verbs of /diag are those that there are', () => {
    const files = readdirSync('commands/diag').map((name) => name.replace(/\.ts$/, ''))
    expect([...diagVerbs].toSorted()).toEqual(files.toSorted())
  })

  test('two products cannot have one name', () => {
    const { catalogue, errors } = load({ 'bank/service.yml': 'name: Bank\naliases: [the-shop]\n', 'shop/service.yml': 'name: The Shop\n' })
    expect(errors).toEqual(['shop/service.yml:1:7 name: `The Shop` is the name of `bank` already'])
    expect(catalogue?.product('the shop')?.key).toBe('bank')
  })

  test('without usable templates there is no catalogue', () => {
    expect(load({ 'shop/service.yml': shop, 't/severities.yml': 'immediate: 5 min\n' }, {}, 't')).toMatchObject({ catalogue: null })
    expect(load({}, {}, 'nowhere').errors).toEqual(['nowhere/severities.yml:1:1: there is no such file'])
  })
})

describe('people', () => {
  const people = 'alice:\n  name: Alice\n  email: alice@shop.test\n  slack: U012AB3CD\n  github: alice\n'

  test('a contact may be a person', () => {
    const shopped = load({
      'people.yml': people,
      'shop/service.yml': 'name: Shop\ncontacts:\n  lead: { person: alice, name: The lead }\nladder: [lead]\n',
    })
    expect(product(shopped).ladder).toEqual([{ name: 'The lead', email: 'alice@shop.test', slackUser: 'U012AB3CD' }])
  })

  test('an unknown person is a problem', () => {
    const { errors } = load({ 'people.yml': people, 'shop/service.yml': 'name: Shop\ncontacts:\n  lead: { person: alcie }\n' })
    expect(errors).toEqual(['shop/service.yml:3:19 contacts.lead.person: nobody is called `alcie` in people.yml; did you mean `alice`?'])
  })
})

describe('inheritance', () => {
  test('goes field by field', () => {
    const { policy } = product(
      shopWith('immediate: 3 min\nseverities:\n  P1: { response: immediate }\n  P2: { update: none, hours: business }\n'),
    )
    expect(policy('P1')).toMatchObject({
      response: { kind: 'duration', minutes: 3, hours: 'always' },
      page: true,
      update: 30,
      warnAt: [50, 75, 90],
    })
    expect(policy('P2')).toMatchObject({ response: { kind: 'duration', minutes: 60, hours: 'business' }, page: false, update: null })
    expect(policy('P3').invite.map(({ name }) => name)).toEqual(['Response team'])
    expect(policy('P4')).toMatchObject({ response: { kind: 'next-business-day' }, update: null, invite: [] })
  })

  test('`immediate` pages even where the template does not', () => {
    expect(product(shopWith('severities:\n  P3: { response: immediate }\n')).policy('P3').page).toBe(true)
  })

  test('is told apart from what is given and what is assumed', () => {
    const catalogue = loaded(shopWith('calendar:\n  zone: { value: Europe/Zurich, assumed: "they pay in CHF" }\n'))
    const rows = catalogue.provenance('shop')
    const row = (path: string) => rows.find((candidate) => candidate.path === path)
    expect(row('name')).toEqual({ path: 'name', from: 'given', why: null, value: 'Shop' })
    expect(row('calendar.zone')).toEqual({ path: 'calendar.zone', from: 'assumed', why: 'they pay in CHF', value: 'Europe/Zurich' })
    expect(row('calendar.from')).toEqual({ path: 'calendar.from', from: 'inherited', why: null, value: '09:00' })
    expect(catalogue.provenance('unassigned').every(({ from }) => from === 'inherited')).toBe(true)
    expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length)
  })

  test('alerts of unknown products have the templates', () => {
    const { unassigned, products } = loaded(load({ 'shop/service.yml': shop }))
    expect(products.get('unassigned')).toBe(unassigned)
    expect(unassigned).toMatchObject({ key: 'unassigned', name: 'Unassigned', defaultSeverity: 'P3', hosts: [], ladder: [] })
    expect(unassigned.policy('P1').response).toEqual({ kind: 'duration', minutes: 15, hours: 'always' })
  })
})

describe('variables', () => {
  const withUrl =
    'variables:\n  SHOP_URL: { default: "https://shop.test" }\nchecks:\n  up: { kind: http, title: Up, options: { url: "${SHOP_URL}/health", secret: SHOP_HEALTH_TOKEN } }\nprivateHosts: ["${SHOP_PRIVATE_HOSTS:-}"]\n'

  test('are filled in, and point a check elsewhere', () => {
    const plain = product(shopWith(withUrl))
    expect(plain).toMatchObject({ hosts: ['shop.test'], privateHosts: [], secrets: new Set(['SHOP_HEALTH_TOKEN']) })
    const moved = shopWith(withUrl, { SHOP_URL: 'http://127.0.0.1:4000', SHOP_PRIVATE_HOSTS: '127.0.0.1, [::1]' })
    expect(product(moved)).toMatchObject({ hosts: ['127.0.0.1', 'shop.test'], privateHosts: ['127.0.0.1', '[::1]'], hash: plain.hash })
    expect(product(moved).checks.get('up')?.options).toMatchObject({ url: 'http://127.0.0.1:4000/health' })
    expect(moved.warnings).toEqual([])
  })

  test('a private address must be allowed', () => {
    expect(shopWith(withUrl, { SHOP_URL: 'http://127.0.0.1:4000' }).warnings).toEqual([
      'shop/service.yml:11:48 checks.up.options.url: `127.0.0.1` is a private address and will not be asked: list it under `privateHosts`',
    ])
  })

  test('a placeholder warns, and its host is not asked', () => {
    const more =
      'variables:\n  SHOP_URL: { placeholder: "https://your-shop.test" }\nchecks:\n  up: { kind: http, title: Up, options: { url: "${SHOP_URL}/health" } }\n'
    const result = shopWith(more)
    expect(result.warnings).toEqual([
      'shop/service.yml:9:3 variables.SHOP_URL: not set in the environment: the placeholder `https://your-shop.test` stands in for it',
    ])
    expect(product(result).hosts).toEqual(['shop.test'])
    expect(product(result).checks.get('up')?.unset).toEqual(['SHOP_URL'])
    expect(product(result).links.map(({ name }) => name)).toEqual(['Shop'])
    expect(product(shopWith(more, { SHOP_URL: 'https://real.test' })).checks.get('up')?.unset).toEqual([])
  })

  test('a link that still holds a placeholder is not shown, and what to set is said', () => {
    const written = `name: Shop
variables:
  SHOP_TEAM: { placeholder: "[team]" }
  SHOP_HOST: { placeholder: shop.example }
links:
  - { name: Dashboard, url: "https://\${SHOP_HOST}/\${SHOP_TEAM}/shop", kind: dashboard }
  - { name: Status, url: "https://status.test", kind: status }
contacts: { lead: { name: Lead, email: lead@shop.test } }
ladder: [lead]
checks:
  health: { kind: http, title: Health, link: Dashboard, options: { url: "https://shop.test" } }
`
    const result = load({ 'shop/service.yml': written })
    expect(product(result).checks.get('health')?.link).toBeNull()
    expect(product(result).links.map(({ url }) => url)).toEqual(['https://status.test'])
    expect(product(result).unsetLinks).toEqual([
      { name: 'Dashboard', url: 'https://shop.example/[team]/shop', kind: 'dashboard', unset: ['SHOP_HOST', 'SHOP_TEAM'] },
    ])
    expect(result.warnings.at(-1)).toBe('shop/service.yml:6:29 links[0].url: `Dashboard` is not shown: set SHOP_HOST and SHOP_TEAM')
    const set = load({ 'shop/service.yml': written }, { SHOP_HOST: 'shop.test', SHOP_TEAM: 'us' })
    expect(set.warnings).toEqual([])
    expect(product(set).checks.get('health')?.link).toBe('https://shop.test/us/shop')
    expect(product(set)).toMatchObject({ links: [{ url: 'https://shop.test/us/shop' }, {}], unsetLinks: [], hash: product(result).hash })
  })

  test('a placeholder is no way to tell anybody', () => {
    const written = `name: Shop
variables: { SHOP_LEAD: { placeholder: nobody@example.com } }
contacts: { lead: { name: Lead, email: "\${SHOP_LEAD}" } }
ladder: [lead]
`
    expect(product(load({ 'shop/service.yml': written })).ladder).toEqual([{ name: 'Lead', unset: ['SHOP_LEAD'] }])
    expect(product(load({ 'shop/service.yml': written }, { SHOP_LEAD: 'lead@shop.test' })).ladder).toEqual([
      { name: 'Lead', email: 'lead@shop.test' },
    ])
  })

  test('an empty one leaves its key out', () => {
    const more = `contacts:\n  lead: { name: Lead, email: "\${SHOP_LEAD:-}", placeholder: "[Contact Info]" }\nladder: [lead]\n`
    const empty = load({ 'shop/service.yml': `name: Shop\n${more}` })
    expect(empty.warnings).toEqual([
      'shop/service.yml:3:3 contacts.lead: nobody can be told: `[Contact Info]` is only a placeholder; set SHOP_LEAD',
      'shop/service.yml:4:1 ladder: a P1 of Shop reaches nobody: set SHOP_LEAD, or FALLBACK_EMAIL (`fallback` in templates/severities.yml)',
    ])
    expect(product(empty).ladder).toEqual([{ name: 'Lead', unset: ['SHOP_LEAD'] }])
    const set = load({ 'shop/service.yml': `name: Shop\n${more}` }, { SHOP_LEAD: 'lead@shop.test' })
    expect(set.warnings).toEqual([])
    expect(product(set).ladder).toEqual([{ name: 'Lead', email: 'lead@shop.test' }])
  })

  test('`$${` is a plain `${`', () => expect(product(shopWith('about: costs $${MUCH}\n')).about).toBe('costs ${MUCH}'))
})

describe('a ladder that reaches nobody', () => {
  const nobody = `name: Shop
contacts:
  first: { name: First, email: "\${SHOP_FIRST:-}", placeholder: "?" }
  second: { name: Second, phone: "\${SHOP_SECOND:-}", slackUser: "\${SHOP_SECOND_SLACK:-}", placeholder: "?" }
  room: { name: "#room", slackChannel: "#room" }
  page: { name: Page, url: "https://shop.test" }
`
  const withLadder = (ladder: string, environment: Record<string, string> = {}) =>
    load({ 'shop/service.yml': `${nobody}ladder: [${ladder}]\n` }, environment)
  const fallback = { FALLBACK_EMAIL: 'night@acme.test' }
  const told = [{ name: 'Fallback on-call', email: 'night@acme.test' }]

  test.each([
    ['first, second', 'set SHOP_FIRST, SHOP_SECOND or SHOP_SECOND_SLACK, or FALLBACK_EMAIL (`fallback` in templates/severities.yml)'],
    // A channel and a page call nobody.
    ['room, page', 'set FALLBACK_EMAIL (`fallback` in templates/severities.yml)'],
    ['', 'set FALLBACK_EMAIL (`fallback` in templates/severities.yml)'],
  ])('[%s] is said', (ladder, remedy) => {
    const result = withLadder(ladder)
    expect(result.warnings).toContain(`shop/service.yml:7:1 ladder: a P1 of Shop reaches nobody: ${remedy}`)
    expect(loaded(result).unreached).toEqual(['shop', 'unassigned'])
  })

  test.each(['first, second', 'room, page', ''])('[%s] is the fallback, if that reaches somebody', (ladder) => {
    const result = withLadder(ladder, fallback)
    expect(result.warnings.join()).not.toContain('reaches nobody')
    expect(loaded(result).unreached).toEqual([])
    for (const severity of ['P1', 'P4'] as const) expect(product(result).policy(severity).ladder).toEqual(told)
    expect(product(result)).toMatchObject({ ladder: told, notifications: { critical: told } })
    expect(product(result).policy('P1').invite).toEqual(told)
    expect(loaded(result).unassigned.policy('P1').ladder).toEqual(told)
  })

  test.each([
    ['first, room', { SHOP_FIRST: 'first@shop.test' }],
    ['room, second', { SHOP_SECOND: '+41 44 123 45 67' }],
  ])('[%s] with one who can be called stays as it is', (ladder, environment) => {
    const result = withLadder(ladder, { ...fallback, ...environment })
    expect(product(result).policy('P1').ladder).toHaveLength(2)
    expect(loaded(result).unreached).toEqual([])
    expect(loaded(withLadder(ladder, environment)).unreached).toEqual(['unassigned'])
  })

  test("a P1's own ladder counts, not the product's", () => {
    const more = 'severities: { P1: { ladder: [first] } }\n'
    const own = load({ 'shop/service.yml': `${nobody}  lead: { name: Lead, email: lead@shop.test }\nladder: [lead]\n${more}` })
    expect(own.warnings.at(-1)).toBe(
      'shop/service.yml:9:21 severities.P1.ladder: a P1 of Shop reaches nobody: set SHOP_FIRST, or FALLBACK_EMAIL (`fallback` in templates/severities.yml)',
    )
    expect(loaded(own).unreached).toEqual(['shop', 'unassigned'])
  })

  test('a fallback that names an unknown contact is a mistake of the templates', () => {
    const text = readFileSync('templates/severities.yml', 'utf8').replace(/^fallback:.*$/m, 'fallback: [falback]')
    expect(load({ 't/severities.yml': text }, {}, 't')).toMatchObject({
      catalogue: null,
      errors: [expect.stringMatching(/ fallback\[0\]: no contact is called `falback`; did you mean `fallback`\?$/)],
    })
  })

  test('without a `fallback` the templates are as before', () => {
    const text = readFileSync('templates/severities.yml', 'utf8').replace(/^(contacts|  fallback|fallback):.*$/gm, '')
    const result = load({ 't/severities.yml': text, 'shop/service.yml': 'name: Shop\n' }, {}, 't')
    expect(result.warnings).toEqual([
      'shop/service.yml:1:1 ladder: a P1 of Shop reaches nobody: set `fallback` in templates/severities.yml',
    ])
  })
})

describe('what a start says', () => {
  const consequence = (key: string) =>
    `: ${key} is left out until this is mended: it cannot be named in /incident, and its alerts open incidents of no product, or are answered with 503 if they have a secret of their own`

  test('every error, and once a product what follows', () => {
    const { start } = load({
      'bank/service.yml': 'nmae: Bank\n',
      'empty/readme.md': '',
      'shop/service.yml': `${shop}abuot: x\n`,
      'works/service.yml': 'name: Works\n',
    })
    expect(start).toEqual([
      'empty:1:1: the folder has no `service.yml`',
      'bank/service.yml:1:1 name: is missing',
      `bank/service.yml:1:1 nmae: unknown key; did you mean \`name\`?${consequence('bank')}`,
      `shop/service.yml:8:1 abuot: unknown key; did you mean \`about\`?${consequence('shop')}`,
    ])
  })

  test('a warning is no reason to leave anything out', () => expect(load({ 'shop/service.yml': 'name: Shop\n' }).start).toEqual([]))
})

describe('the hash', () => {
  test('changes with the content, not with its layout', () => {
    const hash = (text: string) => product(load({ 'shop/service.yml': text })).hash
    expect(hash('name: Shop\nabout: x\n')).toMatch(/^[0-9a-f]{64}$/)
    expect(hash('# hello\nabout: "x"\nname:   Shop\n')).toBe(hash('name: Shop\nabout: x\n'))
    expect(hash('name: Shop\nabout: y\n')).not.toBe(hash('name: Shop\nabout: x\n'))
  })
})

describe('words', () => {
  const words = () =>
    loaded(
      load({
        'web-shop/service.yml': 'name: The Web-Shop\naliases: [ws]\nseverities:\n  P1: { aliases: [Code Red], symptoms: [no bread] }\n',
      }),
    )

  test.each(['P1', 'p1', '1', 'L1', 'Level 1', 'level-1', 'LEVEL_1', 'sev1', 'Critical', ' critical '])('%s is P1', (word) =>
    expect(words().severity(null, word)).toBe('P1'),
  )

  test.each(['P0', 'P5', '', '10', 'level', 'hihg', 'P11', 'code red'])('%s is no severity', (word) =>
    expect(words().severity(null, word)).toBeNull(),
  )

  test("a product's own words are its own", () => {
    const catalogue = words()
    expect(catalogue.severity(catalogue.product('ws'), 'code-RED')).toBe('P1')
    expect(catalogue.severity(catalogue.unassigned, 'code red')).toBeNull()
  })

  test.each([
    ['Level 1 payments fail', 'P1', 'payments fail'],
    ['P2: slow again', 'P2', 'slow again'],
    ['high – memory at 90 %', 'P2', 'memory at 90 %'],
    ['code red no bread', 'P1', 'no bread'],
    ['L3', 'P3', ''],
    ['payments fail P1', null, 'payments fail P1'],
    ['  10 users cannot log in ', null, '10 users cannot log in'],
    ['', null, ''],
  ])('%j begins with %s', (text, severity, rest) => {
    const catalogue = words()
    expect(catalogue.takeSeverity(catalogue.product('ws'), text)).toEqual({ severity, rest })
  })

  test.each([
    ['web-shop P1 x', 'P1 x'],
    ['The Web Shop is down', 'is down'],
    ['WS', ''],
  ])('%j names the product', (text, rest) => {
    const { product: found, rest: remaining } = words().takeProduct(text)
    expect([found?.key, remaining]).toEqual(['web-shop', rest])
  })

  test('the nearest product is found', () => {
    expect(words().nearest('web-shpo')).toBe('web-shop')
    expect(words().nearest('zebra')).toBeNull()
  })

  test.each([
    ['There is no bread left', 'P1', 'no bread'],
    ['Payments failing since noon', 'P1', 'payments fail'],
    ['Partial outage of the cart', 'P2', 'partial outage'],
    ['typo on the front page', 'P4', 'typo'],
  ])('%j suggests %s', (text, severity, because) => {
    const catalogue = words()
    expect(catalogue.suggestSeverity(catalogue.product('ws'), text)).toEqual({ severity, because })
  })

  test('nothing is suggested for nothing', () => expect(words().suggestSeverity(null, 'hello there 👋')).toBeNull())

  test('no text breaks them', () => {
    const catalogue = words()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const { severity, rest } = catalogue.takeSeverity(null, text)
        expect(text.includes(rest)).toBe(true)
        expect(severity !== null || rest === text.trim()).toBe(true)
        catalogue.takeProduct(text)
        catalogue.suggestSeverity(null, text)
        catalogue.nearest(text)
      }),
    )
  })

  test('a mistyped word is still found', () => {
    expect(nearest('respnose', ['response', 'update'])).toBe('response')
    expect(nearest('x', ['response'])).toBeNull()
  })
})
