/** Supabase (D2) through its client: a real project in small, and servers that answer as a project in trouble does. */
import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import check from '../../src/checks/supabase.ts'
import { startSupabase } from '../../src/embedded/supabase.ts'
import { startHttp } from '../adapters/server.ts'
import { ask, json } from './asking.ts'
import { conforms } from './conformance.ts'

const given = (url: string, options: object = {}) => ({ url, secret: 'SUPABASE_SECRET_KEY', ...options })
const withKey = (key: string) => ({ secrets: { SUPABASE_SECRET_KEY: key } })

describe('a project', () => {
  let project: Awaited<ReturnType<typeof startSupabase>>
  beforeAll(async () => {
    project = await startSupabase({})
    await project.query('create table public.profiles (id int primary key, role text)')
    await project.query('alter table public.profiles enable row level security')
    await project.query("insert into public.profiles values (1, 'admin'), (2, 'user')")
    await project.query('create table public.empty (id int)')
  })
  afterAll(async () => project?.close())
  const run = (options: object = {}, key = project.secretKey) =>
    ask(check, given(project.url, { parts: ['rest', 'auth'], ...options }), withKey(key))

  test('answers', async () => {
    const { status, texts, measurements } = await run({ latency: 60_000 })
    expect([status, ...texts]).toEqual(['ok', 'ok: Answering: REST, Auth.'])
    expect(measurements).toEqual([
      { name: 'rest latency', value: expect.any(Number), unit: 'ms', limit: 60_000 },
      { name: 'auth latency', value: expect.any(Number), unit: 'ms', limit: 60_000 },
    ])
  })
  test('with a key to which row-level security shows nothing', async () => {
    const { status, texts } = await run({}, project.publishableKey)
    expect([status, ...texts]).toEqual([
      'warn',
      'warn: REST gives no row of profiles: it is empty, or SUPABASE_SECRET_KEY does not hold the service key.',
      'ok: Answering: Auth.',
    ])
  })
  test('with another key', async () => {
    const { status, texts } = await run({ parts: ['rest'] }, 'sb_secret_wrong')
    expect([status, ...texts]).toEqual([
      'unknown',
      expect.stringMatching(/^unknown: REST does not accept the key \(401\): look whether SUPABASE_SECRET_KEY is current\./),
    ])
  })
  test('without the table or the column', async () => {
    // It prints every refused statement.
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {})
    for (const options of [{ table: 'nothing' }, { column: 'nothing' }]) {
      const { status, texts } = await run({ parts: ['rest'], ...options })
      expect([status, ...texts]).toEqual([
        'unknown',
        expect.stringMatching(/^unknown: REST works, but not with the table or column in service\.yml\./),
      ])
    }
    printed.mockRestore()
  })
  test('changes nothing', async () => {
    const count = async () => project.query('select count(*)::int as rows from public.profiles')
    const before = await count()
    await run()
    expect(await count()).toEqual(before)
  })
  test('slower than its limit', async () => {
    const { status, texts } = await run({ parts: ['auth'], latency: 60_000, authLatency: 0.1 })
    expect([status, ...texts]).toEqual(['warn', expect.stringMatching(/^warn: Auth took \d+ ms, above the limit of 0\.1 ms\.$/)])
  })
})

describe('a project in trouble', () => {
  const asked = async (listener: RequestListener, options: object = {}) => {
    await using server = await startHttp(listener)
    return await ask(check, given(`http://${server.host}`, options), withKey('sb_secret_key'))
  }
  test.each<[string, number, unknown, string, RegExp]>([
    ['paused', 540, 'project paused', 'fail', /^fail: REST answered 540: the project is paused: restore it in the dashboard\./],
    ['down', 521, '', 'fail', /^fail: REST answered 521: the project’s server is down\./],
    [
      'over its quota',
      402,
      { message: 'Service for this project is restricted' },
      'fail',
      /^fail: REST answered 402: the project is over its quota/,
    ],
    [
      'without its database',
      503,
      { code: 'PGRST002', message: 'Could not query the database for the schema cache' },
      'fail',
      /^fail: REST answered 503/,
    ],
    [
      'too slow for its own limit',
      500,
      { code: '57014', message: 'canceling statement due to statement timeout' },
      'fail',
      /^fail: REST cancelled our question/,
    ],
    [
      'without rights',
      403,
      { code: '42501', message: 'permission denied for table profiles' },
      'unknown',
      /^unknown: REST forbids it \(403\): SUPABASE_SECRET_KEY must hold/,
    ],
    ['no rows', 200, { rows: 1 }, 'unknown', /^unknown: REST answered what are no rows\.$/],
    ['HTML', 200, '<!doctype html>', 'unknown', /^unknown: REST answered 200/],
  ])('%s', async (_, status, body, expected, words) => {
    const answer = await asked(json(body, status), { parts: ['rest'] })
    expect(answer.texts).toEqual([expect.stringMatching(words)])
    expect(answer.status).toBe(expected)
  })
  test('one part alone', async () => {
    const { status, texts } = await asked((request, response) => {
      if (request.url?.startsWith('/rest/') === true) response.end('[{"id":1}]')
      else if (request.url?.startsWith('/auth/') === true) response.writeHead(500).end()
      else response.end('[{"id":"letters","name":"letters","public":false}]')
    })
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(/^fail: Auth answered 500: look at/),
      'ok: Answering: REST, Storage (1 bucket).',
    ])
  })
  test.each([
    ['an error with a name', { name: 'AuthError', message: 'down' }],
    ['a name within', { error: { name: 'GoTrue', version: 'v2' } }],
    ['another service', { name: 'PostgREST', version: '13' }],
    ['no object', '["name","GoTrue"]'],
  ])('%s is not the health of sign-in', async (_, body) => {
    const { status, texts } = await asked(json(body), { parts: ['auth'] })
    expect([status, ...texts]).toEqual(['unknown', 'unknown: Auth answered what is not its health.'])
  })
  test('the health of sign-in', async () => {
    const { texts } = await asked(json({ version: 'v2.180.0', name: 'GoTrue', description: 'GoTrue is a user registration API' }), {
      parts: ['auth'],
    })
    expect(texts).toEqual(['ok: Answering: Auth.'])
  })
  test('asks once: the client does not try again', async () => {
    const asks: string[] = []
    await asked((request, response) => {
      asks.push(`${request.method} ${request.url}`)
      response.writeHead(503).end()
    })
    expect(asks.toSorted()).toEqual(['GET /auth/v1/health', 'GET /rest/v1/profiles?select=id&limit=1', 'GET /storage/v1/bucket'])
  })
  test('storage without a bucket that must be there', async () => {
    const { status, texts } = await asked(json([{ id: 'letters', name: 'letters' }]), {
      parts: ['storage'],
      buckets: ['letters', 'invoices'],
    })
    expect([status, ...texts]).toEqual(['fail', 'fail: Storage has no bucket “invoices”.'])
  })
})

conforms('supabase', check, (base) => given(base), { ...withKey('sb_secret_key'), mayFail: true })
for (const part of ['rest', 'auth', 'storage'] as const)
  conforms(`supabase ${part}`, check, (base) => given(base, { parts: [part] }), { ...withKey('sb_secret_key'), mayFail: true })
