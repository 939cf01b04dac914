/** What each service's answers mean. The services themselves are asked in cli.test.ts; here are the answers that they rarely give. */
import { describe, expect, test } from 'vitest'
import { loadCatalogue } from '../../src/catalogue.ts'
import { examineAlarms } from '../../src/doctor/alarm.ts'
import { type Channel, examineChannels } from '../../src/doctor/channels.ts'
import { databaseClock, slackClock } from '../../src/doctor/clock.ts'
import { examineDatabase, type Facts } from '../../src/doctor/database.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { examineGitHub, type Repository } from '../../src/doctor/github.ts'
import { type Directory, examinePeople } from '../../src/doctor/people.ts'
import { examineSocket, examineToken } from '../../src/doctor/slack.ts'
import { examineSupabase, madeBy, type Project, publicKey } from '../../src/doctor/supabase.ts'
import { FetchFault, PortFault } from '../../src/ports.ts'
import { examineReach } from '../../src/doctor/reach.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { defineCheck } from '../../src/define/check.ts'

const lines = (found: readonly Finding[]) => found.map(({ level, where, what }) => `${level} ${where}: ${what}`)
const bad = (found: readonly Finding[]) => lines(found.filter(({ level }) => level !== 'ok'))
const refused = (code: PortFault['code'], message = 'no') => new PortFault(code, 'x', message)
const fails = (fault: Error) => () => Promise.reject(fault)
const nothing = () => Promise.resolve()

/** A catalogue of one product. */
const catalogueOf = (text: string, kinds: Record<string, { options: z.ZodType }> = {}) => {
  const runbooks = mkdtempSync(join(tmpdir(), 'tocsin-doctor-people-'))
  mkdirSync(join(runbooks, 'shop'))
  writeFileSync(join(runbooks, 'shop', 'service.yml'), text)
  const { catalogue, problems } = loadCatalogue({ runbooks, templates: 'templates', kinds, environment: {} })
  rmSync(runbooks, { recursive: true })
  if (catalogue?.products.has('shop') !== true) throw new Error(JSON.stringify(problems))
  return catalogue
}

describe('Slack', () => {
  const identity = { team: 'Acme', user: 'tocsin', scopes: ['a', 'b'], at: 1_000_000 }
  const ask = async (given: Partial<typeof identity> | PortFault, wanted = ['a', 'b'], now = 1_000_000) =>
    (
      await examineToken(
        { identity: given instanceof PortFault ? fails(given) : () => Promise.resolve({ ...identity, ...given }), socket: null },
        { wanted, now: () => now },
      )
    ).findings

  test('a token that may what it should', async () => expect(bad(await ask({}))).toEqual([]))
  test('one that may less and more', async () =>
    expect(bad(await ask({ scopes: ['b', 'x', 'y'] }))).toEqual([
      'error Slack: the token lacks a',
      'warning Slack: the token may more than the bot needs: x, y',
    ]))
  test('one that is revoked', async () =>
    expect(bad(await ask(refused('denied', 'token_revoked')))).toEqual(['error Slack: token_revoked']))
  test('no answer passes by itself', async () =>
    expect(await ask(refused('unavailable', 'away'))).toMatchObject([{ level: 'error', passing: true }]))
  test('clocks', () => {
    expect([60_000, -60_000, 61_000, -299_000, 301_000, -4_000_000].map((ms) => slackClock(ms).level)).toEqual([
      'ok',
      'ok',
      'warning',
      'warning',
      'error',
      'error',
    ])
    expect(slackClock(-4_000_000).what).toContain('1 h 06 min behind of Slack’s')
    expect([0, -59_000, 61_000, 9_000_000].map((ms) => databaseClock(ms).level)).toEqual(['ok', 'ok', 'warning', 'warning'])
  })
  test('Socket Mode, when it is chosen', async () => {
    const me = () => Promise.resolve(identity)
    expect(await examineSocket({ identity: me, socket: null })).toEqual([])
    expect(lines(await examineSocket({ identity: me, socket: nothing }))).toEqual(['ok Slack: Socket Mode opens'])
    expect(lines(await examineSocket({ identity: me, socket: fails(refused('denied', 'invalid_auth')) }))).toEqual([
      'error SLACK_APP_TOKEN: invalid_auth',
    ])
  })
})

describe('channels', () => {
  const channel = (more: Partial<Channel>): Channel => ({
    id: 'C000000009',
    name: 'incidents',
    private: false,
    archived: false,
    member: false,
    ...more,
  })
  const ask = async (
    channels: Channel[] | PortFault,
    scopes = ['channels:manage', 'chat:write.public'],
    announce = 'incidents',
    named = new Map<string, string>(),
    digests = new Map<string, string>(),
  ) =>
    lines(
      await examineChannels(channels instanceof PortFault ? fails(channels) : () => Promise.resolve(channels), {
        announce,
        named,
        digests,
        scopes,
      }),
    )

  test.each<[name: string, channels: Channel[], scopes: string[] | undefined, announce: string | undefined, expected: string]>([
    ['is there', [channel({ member: true })], [], undefined, 'ok channels: #incidents can be written to'],
    ['is public', [channel({})], undefined, undefined, 'ok channels: #incidents can be written to'],
    ['is public, without the scope', [channel({})], [], undefined, 'error SLACK_ANNOUNCE_CHANNEL: the bot is not in #incidents'],
    [
      'is archived',
      [channel({ archived: true, member: true })],
      undefined,
      undefined,
      'error SLACK_ANNOUNCE_CHANNEL: #incidents is archived',
    ],
    ['is to be made', [], undefined, undefined, 'ok channels: #incidents will be made'],
    ['may not be made', [], [], undefined, 'error SLACK_ANNOUNCE_CHANNEL: there is no #incidents, and the token may not make it'],
    ['is named by its id', [channel({ member: true })], undefined, 'C000000009', 'ok channels: #incidents can be written to'],
    ['has an unknown id', [], undefined, 'C000000008', 'error SLACK_ANNOUNCE_CHANNEL: there is no channel C000000008 that the bot can see'],
  ])('the announcements channel %s', async (_, channels, scopes, announce, expected) =>
    expect(await ask(channels, scopes, announce)).toEqual([expected]),
  )

  test('those that products name', async () => {
    const named = new Map([
      ['#shop', 'Shop'],
      ['old', 'Shop'],
      ['C000000009', 'Shop'],
    ])
    expect(await ask([channel({ member: true }), channel({ id: 'C1', name: 'old', archived: true })], undefined, undefined, named)).toEqual(
      [
        'ok channels: #incidents can be written to',
        'warning Shop #shop: there is no such channel that the bot can see',
        'warning Shop old: the channel is archived',
      ],
    )
  })

  test('those that digests are posted in are made where they are not there', async () => {
    const old = channel({ id: 'C1', name: 'old', archived: true })
    const digests = new Map([
      ['#shop', 'Shop'],
      ['old', 'Bakery'],
      ['C000000008', 'Kiosk'],
    ])
    expect(await ask([channel({ member: true }), old], undefined, undefined, undefined, digests)).toEqual([
      'ok channels: #incidents can be written to',
      'ok channels: #shop will be made',
      'error Bakery digest.channel: #old is archived',
      'error Kiosk digest.channel: there is no channel C000000008 that the bot can see',
    ])
  })

  test('no right to look', async () => expect(await ask(refused('denied', 'missing_scope'))).toEqual(['error channels: missing_scope']))
})

describe('people', () => {
  const shop = `name: Shop
contacts:
  group: { name: Team, slackGroup: S0TEAM }
  ann: { name: Ann, email: Ann@example.test }
  ben: { name: Ben, slackUser: U0BEN }
  far: { name: Vendor, email: support@vendor.example }
ladder: [ann, ben]
severities: { P1: { invite: [group, ladder] } }
`
  const waited: number[] = []
  const wait = (ms: number) => Promise.resolve(waited.push(ms))
  const directory = (more: Partial<Directory> = {}): Directory => ({
    groups: () => Promise.resolve([{ id: 'S0TEAM', handle: 'team', enabled: true, members: 2 }]),
    userByEmail: () => Promise.resolve('U1'),
    isActive: () => Promise.resolve(true),
    ...more,
  })
  const ask = async (given: Directory, text = shop) => lines(await examinePeople(catalogueOf(text), given, wait))

  test('all are there', async () =>
    expect(await ask(directory())).toEqual(['ok people: 1 group', 'ok people: everybody who may be called is in this workspace']))

  test('somebody is missing: named if they may be called, and graver when nobody else is on the ladder', async () => {
    const asked: string[] = []
    const userByEmail = (email: string) => Promise.resolve(asked.push(email) > 0 ? null : 'never')
    expect(await ask(directory({ userByEmail }))).toEqual([
      'ok people: 1 group',
      'warning Shop: Ann: Ann@example.test is nobody in this workspace',
    ])
    expect(asked).toEqual(['ann@example.test', 'support@vendor.example'])
    expect(await ask(directory({ userByEmail, isActive: () => Promise.resolve(false) }))).toEqual([
      'ok people: 1 group',
      'warning Shop: Ann: Ann@example.test is nobody in this workspace',
      'warning Shop: Ben: U0BEN is nobody in this workspace',
      'error Shop: a P1 mentions nobody in Slack',
    ])
  })

  test.each([
    [[], 'error Shop: Team: there is no user group S0TEAM'],
    [[{ id: 'S0TEAM', handle: 'team', enabled: false, members: 2 }], 'error Shop: Team: the user group @team is disabled'],
    [[{ id: 'S0TEAM', handle: 'team', enabled: true, members: 0 }], 'warning Shop: Team: the user group @team has no members'],
  ])('groups %#', async (groups, expected) => expect(await ask(directory({ groups: () => Promise.resolve(groups) }))).toContain(expected))

  test('many people are asked for at Slack’s pace, and a limit is waited for', async () => {
    const many = Array.from({ length: 14 }, (_, index) => `  p${index}: { name: P${index}, email: p${index}@example.test }`)
    let calls = 0
    const userByEmail = () => {
      calls += 1
      return calls === 12
        ? Promise.reject(new PortFault('limited', 'users.lookupByEmail', 'slow', { retryAfter: 7 }))
        : Promise.resolve('U1')
    }
    waited.length = 0
    await ask(directory({ userByEmail }), `name: Shop\ncontacts:\n${many.join('\n')}\nladder: [p0]\n`)
    expect(calls).toBe(15)
    expect(waited).toEqual([1500, 1500, 7000, 1500, 1500, 1500])
  })

  test('no right to look', async () =>
    expect(await ask(directory({ groups: fails(refused('denied', 'missing_scope')) }))).toEqual([
      'error people: missing_scope',
      'ok people: everybody who may be called is in this workspace',
    ]))
})

describe('GitHub', () => {
  const now = () => Date.parse('2026-01-01T00:00:00Z')
  const ask = async (more: Partial<Awaited<ReturnType<Repository['repository']>>>, parts: Partial<Repository> = {}) =>
    bad(
      await examineGitHub(
        {
          repository: () => Promise.resolve({ name: 'acme/x', archived: false, private: true, push: true, expires: null, ...more }),
          readContents: nothing,
          readPulls: nothing,
          ...parts,
        },
        now,
      ),
    )

  test.each([
    [{}, []],
    [{ archived: true }, ['error GitHub: acme/x is archived: nothing can be proposed to it']],
    [{ push: false }, ['error GitHub: the token may not write to acme/x']],
    [{ push: null }, ['warning GitHub: does not say whether the token may write to acme/x']],
    [{ private: false }, ['warning GitHub: acme/x is public: everybody can read the post-mortems']],
    [{ expires: '2026-01-10 00:00:00 UTC' }, ['warning GITHUB_TOKEN: expires on 2026-01-10 00:00:00 UTC']],
    [{ expires: '2027-01-10 00:00:00 UTC' }, []],
  ])('%o', async (more, expected) => expect(await ask(more)).toEqual(expected))

  test('pull requests may not be read', async () =>
    expect(await ask({}, { readPulls: fails(refused('denied', 'Resource not accessible by personal access token')) })).toEqual([
      'error GitHub: Resource not accessible by personal access token',
    ]))
})

describe('Supabase', () => {
  const jwt = (claims: object) => `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
  const migrations = [
    'create table public.a (x int);\ncreate view public.b as select 1;',
    'create or replace function public.f(record jsonb) returns void',
  ]
  const fine = { status: 200, code: '', message: '' }
  const ask = async (project: Partial<Project>, secretKey = 'sb_secret_x', thorough = true) =>
    bad(
      await examineSupabase(
        {
          read: () => Promise.resolve(fine),
          callEmpty: () => Promise.resolve({ status: 400, code: '23502', message: 'null' }),
          readAsNobody: () => Promise.resolve({ ...fine, status: 401 }),
          ...project,
        },
        { secretKey, migrations, thorough },
      ),
    )
  const answer =
    (status: number, code: string, message = 'no') =>
    () =>
      Promise.resolve({ status, code, message })

  test('what the migrations make', () => expect(madeBy(migrations)).toEqual({ tables: ['a', 'b'], functions: ['f'] }))
  test('a public key says so itself', async () => {
    expect(
      [jwt({ role: 'anon' }), jwt({ role: 'service_role' }), jwt({}), 'sb_publishable_1', 'sb_secret_1', 'eyJx.!.x'].map(publicKey),
    ).toEqual(['is a key for the role anon', null, null, 'is a publishable key', null, null])
    expect(await ask({}, jwt({ role: 'anon' }))).toEqual([
      'error SUPABASE_SECRET_KEY: is a key for the role anon: nothing can be published with it',
    ])
  })
  test('all is well', async () => expect(await ask({})).toEqual([]))
  test('the second file of migrations is missing', async () =>
    expect(await ask({ callEmpty: answer(404, 'PGRST202') })).toEqual(['error Supabase: lacks f']))
  test('functions are called by a thorough look only', async () =>
    expect(await ask({ callEmpty: () => Promise.reject(new Error('called')) }, undefined, false)).toEqual([]))
  test.each([
    [answer(0, 'none', 'fetch failed'), 'error Supabase: does not answer: fetch failed'],
    [answer(503, 'none', 'paused'), 'error Supabase: does not answer: paused'],
    [answer(401, 'none', 'Invalid API key'), 'error SUPABASE_SECRET_KEY: is not accepted: Invalid API key'],
    [answer(403, '42501'), 'error SUPABASE_SECRET_KEY: has no right to a, b'],
    [answer(404, 'PGRST205'), 'error Supabase: lacks a, b'],
  ])('%#', async (read, expected) => expect(await ask({ read })).toEqual([expected]))
  test('a proxy that adds a key for everybody', async () =>
    expect(await ask({ readAsNobody: answer(200, '') })).toEqual(['error Supabase: a is read without any key']))
})

describe('database', () => {
  const facts: Facts = { version: 17, ahead: 0, listens: true, missing: [], unknown: [], mayCreate: true }
  const ask = async (more: Partial<Facts> | Error, url = 'postgres://u:p@h:5432/d') =>
    bad(await examineDatabase(url, () => (more instanceof Error ? Promise.reject(more) : Promise.resolve({ ...facts, ...more }))))

  test.each<[Partial<Facts>, string[]]>([
    [{}, []],
    [{ version: 14 }, ['error database: PostgreSQL 14 is too old']],
    [{ listens: false }, ['error DATABASE_URL: leads to a transaction pooler: notifications do not come through']],
    [{ missing: ['001-start'] }, []],
    [{ missing: ['001-start'], mayCreate: false }, ['error database: the user may not make tables']],
    [{ unknown: ['009-later'] }, ['warning database: was used by a newer version of the bot (009-later)']],
    [{ ahead: 90_000 }, ['warning clock: this machine’s clock is 1 min ahead of the database’s, by which incidents run']],
  ])('%o', async (more, expected) => expect(await ask(more)).toEqual(expected))

  test('port 6543', async () =>
    expect(await ask({}, 'postgres://u:p@h:6543/d')).toEqual(['warning DATABASE_URL: has port 6543, usually a transaction pooler']))
  test('no connection', async () =>
    expect(await ask(new Error('password authentication failed'))).toEqual([
      'error DATABASE_URL: cannot be used: password authentication failed',
    ]))
})

describe('alarms and checks', () => {
  test('a way that does not work says which settings to look at', async () => {
    const alarm = (name: string, fault: PortFault | null) => ({ name, send: nothing, probe: () => Promise.resolve(fault) })
    expect(await examineAlarms([alarm('webhook', null), alarm('e-mail', refused('denied', '535 no'))])).toMatchObject([
      { level: 'ok', what: 'by webhook' },
      { level: 'error', what: 'by e-mail does not work: 535 no', todo: 'Check SMTP_URL: host, port, user and password.' },
    ])
  })

  test('addresses of checks are asked as the checks ask, each once, and shown without their query', async () => {
    const options = z.object({ url: z.string(), other: z.string().optional() })
    const kind = defineCheck({
      summary: '',
      options,
      hosts: ({ url }) => [new URL(url).host],
      timeoutMs: 1_000,
      concurrency: 1,
      run: () => Promise.resolve({ findings: [], measurements: [] }),
    })
    const catalogue = catalogueOf(
      `name: Shop
ladder: []
privateHosts: [a.example]
checks:
  one: { kind: probe, title: One, options: { url: "https://a.example/x?key=hidden", other: "https://b.example/y" } }
  two: { kind: probe, title: Two, options: { url: "https://a.example/x?key=hidden" } }
`,
      { probe: kind },
    )
    const asked: string[] = []
    const found = await examineReach(catalogue, new Map([['probe', kind]]), (guard) => (url, given) => {
      asked.push(`${given?.method} ${url} ${JSON.stringify(guard)}`)
      if (url.includes('b.example')) return Promise.reject(new FetchFault('forbidden', 'Not asked.'))
      return Promise.resolve({ status: 500, headers: {}, body: '', took: 1, urls: [url] })
    })
    expect(asked).toEqual([
      'HEAD https://a.example/x?key=hidden {"hosts":["a.example"],"privateHosts":["a.example"]}',
      'HEAD https://b.example/y {"hosts":["a.example"],"privateHosts":["a.example"]}',
    ])
    expect(found).toMatchObject([
      {
        level: 'warning',
        where: 'Shop: one',
        what: 'https://b.example/y cannot be asked: Not asked.',
        todo: 'List the host under privateHosts in service.yml, if it may be asked.',
      },
    ])
    const fault = new FetchFault('dns', 'x')
    const [one] = await examineReach(catalogue, new Map([['probe', kind]]), () => fails(fault))
    expect(one?.what).toBe('https://a.example/x cannot be asked: x')
  })
})
