/** Supabase's Management API (D2, D18), with its documented answers. */
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import check from '../../src/checks/supabase-management.ts'
import { startHttp } from '../adapters/server.ts'
import { ask, type Asking, now } from './asking.ts'
import { conforms } from './conformance.ts'

const ref = 'abcdefghijklmnopqrst'
const secrets = { SUPABASE_ACCESS_TOKEN: 'sbp_0123456789abcdef0123456789abcdef01234567' }
const ago = (hours: number) => new Date(Date.parse(now) - hours * 3_600_000).toISOString()
const unix = (hours: number) => Date.parse(ago(hours)) / 1000

const project = (more: object = {}) => ({
  id: ref,
  ref,
  organization_id: 'org',
  organization_slug: 'org',
  name: 'shop',
  region: 'eu-central-1',
  created_at: '2024-01-01T00:00:00Z',
  status: 'ACTIVE_HEALTHY',
  database: { host: `db.${ref}.supabase.co`, version: '17.4', postgres_engine: '17', release_channel: 'ga' },
  ...more,
})
const backup = (hours: number, status = 'COMPLETED', more: object = {}) => ({
  id: hours,
  is_physical_backup: false,
  status,
  inserted_at: ago(hours),
  ...more,
})
const backups = (more: object = {}) => ({
  region: 'eu-central-1',
  walg_enabled: false,
  pitr_enabled: false,
  backups: [],
  physical_backup_data: {},
  ...more,
})

/** Answers by path, below the project's. */
const api =
  (answers: Readonly<Record<string, unknown>>): RequestListener =>
  (request, response) => {
    const path = (request.url ?? '').split('?')[0]!.replace(`/v1/projects/${ref}`, '')
    const isKnown = request.headers.authorization === `Bearer ${secrets.SUPABASE_ACCESS_TOKEN}`
    const body = isKnown ? answers[path] : undefined
    response.writeHead(!isKnown ? 401 : body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { message: 'no' }))
  }

const asked = async (listener: RequestListener, options: object, more: Asking = {}) => {
  await using server = await startHttp(listener)
  const given = { ref, secret: 'SUPABASE_ACCESS_TOKEN', apiUrl: `http://${server.host}`, ...options }
  const answer = await ask(check, given as never, { secrets, ...more })
  return { ...answer, said: [answer.status, ...answer.texts] }
}

describe('backups', () => {
  const run = (answer: object, options: object = {}, of: object = project()) =>
    asked(api({ '/database/backups': answer, '': of }), { ask: 'backups', ...options })
  const daily = Array.from({ length: 8 }, (_, index) => backup(index * 24 + 5))

  test('that are good', async () => {
    const { said, measurements } = await run(backups({ backups: daily }), { warnAge: 26, retentionDays: 7 })
    expect(said).toEqual(['ok', 'ok: The newest backup is 5 h old; they reach back 7 d.'])
    expect(measurements).toEqual([
      { name: 'backup age', value: 5, unit: 'h', limit: 26 },
      { name: 'retention', value: 7.21, unit: 'd', limit: 7, bound: 'least' },
    ])
  })
  test('with point-in-time recovery, of which the window counts', async () => {
    const window = { earliest_physical_backup_date_unix: unix(7 * 24), latest_physical_backup_date_unix: unix(0.05) }
    const answer = backups({ pitr_enabled: true, walg_enabled: true, physical_backup_data: window })
    const { said } = await run(answer, { warnAge: 1, pitr: true, retentionDays: 7 })
    expect(said).toEqual(['ok', 'ok: The newest backup is 3 min old; they reach back 7 d. Point-in-time recovery is on.'])
  })
  test.each<[string, object, object, string[]]>([
    [
      'older than the interval',
      backups({ backups: [backup(9), backup(700)] }),
      { warnAge: 6, failAge: 24 },
      ['warn', 'warn: The newest backup is 9 h old, above the limit of 6 h: make one by hand, and look why none was made.'],
    ],
    [
      'older than may be lost',
      backups({ backups: [backup(30)] }),
      { warnAge: 6, failAge: 24 },
      ['fail', 'fail: The newest backup is 1 d 06 h old, above the limit of 24 h: make one by hand, and look why none was made.'],
    ],
    [
      'of which the latest failed',
      backups({ backups: [backup(2, 'FAILED'), backup(26)] }),
      { warnAge: 30 },
      ['warn', 'warn: The latest backup failed, 2 h ago: ask Supabase’s support if the next one does too.'],
    ],
    [
      'of which the latest is under way',
      backups({ backups: [backup(0.1, 'PENDING'), backup(20)] }),
      { warnAge: 26 },
      ['ok', 'ok: The newest backup is 20 h old; they reach back 0 d.'],
    ],
    [
      'that are none',
      backups(),
      { warnAge: 26 },
      ['fail', 'fail: There is no backup that could be restored: look at the project’s plan, and make one by hand now.'],
    ],
    [
      'that all failed',
      backups({ backups: [backup(2, 'FAILED'), backup(26, 'REMOVED')] }),
      {},
      ['fail', 'fail: There is no backup that could be restored: look at the project’s plan, and make one by hand now.'],
    ],
    [
      'without the point-in-time recovery that the product needs',
      backups({ backups: [backup(2)] }),
      { pitr: true },
      ['fail', 'fail: Point-in-time recovery is off, and this product needs it: turn it on under Database, Backups.'],
    ],
    [
      'that do not reach back far enough',
      backups({ backups: daily }),
      { retentionDays: 30 },
      ['warn', 'warn: Backups reach back 7 d only; 30 d are wanted: look at the retention of the project’s plan.'],
    ],
    [
      'of the future, or of no time',
      backups({
        backups: [backup(-48), backup(3, 'COMPLETED', { inserted_at: 'soon' })],
        physical_backup_data: { latest_physical_backup_date_unix: -5 },
      }),
      {},
      ['fail', 'fail: There is no backup that could be restored: look at the project’s plan, and make one by hand now.'],
    ],
  ])('%s', async (_, answer, options, expected) => {
    expect((await run(answer, options)).said).toEqual(expected)
  })
  test('of a project that is younger than they must reach back', async () => {
    const young = project({ created_at: ago(7 * 24 + 20) })
    expect((await run(backups({ backups: daily }), { retentionDays: 30 }, young)).said[0]).toBe('ok')
  })
  test('of a project that may not be read: judged all the same, and said', async () => {
    const { said } = await asked(api({ '/database/backups': backups({ backups: daily }) }), { ask: 'backups', retentionDays: 7 })
    expect(said).toEqual([
      'unknown',
      'ok: The newest backup is 5 h old; they reach back 7 d.',
      expect.stringContaining('unknown: Supabase knows nothing by that name (404)'),
    ])
  })
})

describe('health', () => {
  const services = (more: Record<string, string> = {}) =>
    ['db', 'rest', 'auth', 'storage'].map((name) => ({
      name,
      healthy: true,
      status: more[name] ?? 'ACTIVE_HEALTHY',
      ...(more[name] === undefined ? {} : { error: 'connection refused' }),
    }))
  const run = (of: object, list: unknown) => asked(api({ '': of, ...(list === undefined ? {} : { '/health': list }) }), { ask: 'health' })
  test.each<[string, object, unknown, string[]]>([
    ['good', project(), services(), ['ok', 'ok: The project is healthy: db, rest, auth, storage.']],
    ['of a service that is not', project(), services({ db: 'UNHEALTHY' }), ['fail', 'fail: db is unhealthy: connection refused.']],
    ['of a service that starts', project(), services({ auth: 'COMING_UP' }), ['warn', 'warn: auth is coming up: connection refused.']],
    [
      'of two by one name',
      project(),
      [...services(), { name: 'db', status: 'UNHEALTHY', error: 'down' }],
      ['fail', 'fail: db is unhealthy: down.'],
    ],
    ['of a service of which nothing is said', project(), services().slice(1), ['unknown', 'unknown: Supabase says nothing of db.']],
    [
      'of a project that restores',
      project({ status: 'RESTORING' }),
      services(),
      ['warn', 'warn: The project is restoring: wait, and ask again.'],
    ],
    [
      'of a project that failed',
      project({ status: 'INIT_FAILED' }),
      services(),
      ['fail', 'fail: The project is “init failed”: look at it in the dashboard.'],
    ],
    [
      'of a project that nobody knows of',
      project({ status: 'UNKNOWN' }),
      services(),
      ['unknown', 'unknown: Supabase does not know how the project is.'],
    ],
    [
      'of a project that is paused, whose services have none',
      project({ status: 'INACTIVE' }),
      undefined,
      ['fail', 'fail: The project is paused: restore it in the dashboard.', expect.stringContaining('unknown: ') as string],
    ],
  ])('%s', async (_, of, list, expected) => {
    expect((await run(of, list)).said).toEqual(expected)
  })
  test('asks for the services by name', async () => {
    const asks: string[] = []
    await asked((request, response) => void (asks.push(request.url ?? ''), response.writeHead(500).end()), {
      ask: 'health',
      services: ['db', 'pooler'],
    })
    expect(asks.toSorted()).toEqual([`/v1/projects/${ref}`, `/v1/projects/${ref}/health?services=db&services=pooler`])
  })
})

describe('usage', () => {
  const path = '/analytics/endpoints/usage.api-counts'
  const row = (rest: unknown) => ({
    timestamp: ago(1),
    total_auth_requests: 2,
    total_realtime_requests: 0,
    total_rest_requests: rest,
    total_storage_requests: 1,
  })
  test('of a day, by service', async () => {
    const { said, measurements } = await asked(api({ [path]: { result: [row(5), row('7')] } }), { ask: 'usage', most: 100 })
    expect(said).toEqual(['ok', 'ok: 18 requests in the last 24 h: auth 4, realtime 0, rest 12, storage 2.'])
    expect(measurements.slice(0, 2)).toEqual([
      { name: 'requests', value: 18, unit: '', limit: 100 },
      { name: 'auth requests', value: 4, unit: '' },
    ])
  })
  test('more than usual', async () => {
    const { said } = await asked(api({ [path]: { result: [row(500)] } }), { ask: 'usage', most: 100 })
    expect(said.slice(0, 2)).toEqual(['warn', 'warn: requests is 503, above the limit of 100.'])
    expect(said[2]).toContain('ok: 503 requests in the last 24 h: auth 2,')
  })
  test.each<[string, unknown]>([
    ['none', { result: [] }],
    ['an error', { result: null, error: 'Unable to query' }],
    ['an error that is no text', { error: { code: 400, message: 'x'.repeat(5000) } }],
    ['no number', { result: [row('many')] }],
    ['a field by another name', { result: [{ timestamp: ago(1), requests: 5 }] }],
    ['a number below nothing', { result: [row(-5)] }],
    ['null', { result: [row(null)] }],
  ])('%s is unknown, not 0', async (_, answer) => {
    expect((await asked(api({ [path]: answer }), { ask: 'usage' })).status).toBe('unknown')
  })
})

describe('logs', () => {
  const counts = [
    { source: 'edge_logs', lines: 900, errors: 3 },
    { source: 'postgres_logs', lines: '40', errors: '2' },
  ]
  const lines = [
    { timestamp: '2026-11-20T10:14:00.215000', source: 'postgres_logs', event_message: 'deadlock\ndetected \u202E' },
    { timestamp: '2026-11-20T10:13:00.100000', source: 'edge_logs', event_message: 'GET | 500 | /rest/v1/letters' },
  ]
  const run = async (options: object = {}, more: Asking = {}, list: unknown = lines, counted: unknown = counts) => {
    const asks: URLSearchParams[] = []
    const answer = await asked(
      (request, response) => {
        const url = new URL(request.url ?? '', 'http://api')
        asks.push(url.searchParams)
        const isCount = url.searchParams.get('sql')?.includes('count()') === true
        response.end(JSON.stringify(url.pathname.endsWith('/analytics/endpoints/logs') ? { result: isCount ? counted : list } : {}))
      },
      { ask: 'logs', ...options },
      more,
    )
    return { ...answer, asks }
  }
  test('errors by source, with the latest lines', async () => {
    const { said, measurements, detail, asks } = await run()
    expect(said).toEqual(['warn', 'warn: 5 errors in the logs of the last 1 h: api 3, functions 0, postgres 2, auth 0.'])
    expect(measurements).toEqual([
      { name: 'log errors', value: 5, unit: '' },
      { name: 'api errors', value: 3, unit: '' },
      { name: 'functions errors', value: 0, unit: '' },
      { name: 'postgres errors', value: 2, unit: '' },
      { name: 'auth errors', value: 0, unit: '' },
    ])
    expect(detail).toEqual({
      title: 'Errors in Supabase’s logs, last 1 h',
      text: '2026-11-20T10:14:00.215000 postgres deadlock detected\n2026-11-20T10:13:00.100000 api GET | 500 | /rest/v1/letters',
    })
    for (const query of asks)
      expect([query.get('iso_timestamp_start'), query.get('iso_timestamp_end')]).toEqual([
        '2026-11-20T09:15:00.000Z',
        '2026-11-20T10:15:00.000Z',
      ])
  })
  test('too many of them, of the sources and since the time that are asked for', async () => {
    const { said, asks } = await run({ sources: ['postgres'], most: 1 }, { words: { since: '30m' } })
    expect(said).toEqual([
      'warn',
      'warn: log errors is 2, above the limit of 1.',
      'ok: 2 errors in the logs of the last 30 min: postgres 2.',
    ])
    for (const query of asks) {
      expect(query.get('iso_timestamp_start')).toBe('2026-11-20T09:45:00.000Z')
      expect(query.get('sql')).toMatch(/postgres_logs/)
      expect(query.get('sql')).not.toMatch(/edge_logs/)
    }
  })
  test('none', async () => {
    const { said, detail } = await run({}, {}, [], [{ source: 'edge_logs', lines: 5, errors: 0 }])
    expect(said).toEqual(['ok', 'ok: 0 errors in the logs of the last 1 h: api 0, functions 0, postgres 0, auth 0.'])
    expect(detail).toBeUndefined()
  })
  test.each<[string, unknown]>([
    ['nothing', null],
    ['rows of another kind', [{ n: 1 }]],
    ['no number', [{ source: 'edge_logs', lines: 900, errors: 'many' }]],
    ['a number below nothing', [{ source: 'edge_logs', lines: 900, errors: -3 }]],
    ['null', [{ source: 'edge_logs', lines: 900, errors: null }]],
    ['another source', [{ source: 'gateway_logs', lines: 900, errors: 900 }]],
    ['no line at all', []],
    ['a source without a line', [{ source: 'edge_logs', lines: 0, errors: 0 }]],
  ])('%s instead of a count is unknown, not 0', async (_, counted) => {
    expect((await run({}, {}, lines, counted)).status).toBe('unknown')
  })
  test('a day at most', () => {
    for (const since of ['25h', '0h', '1d', '1h; drop', '1000m']) expect(check.words?.safeParse({ since }).success).toBe(false)
    expect(check.words?.parse({})).toEqual({ since: '1h' })
  })
})

test('with another token', async () => {
  const { said } = await asked(
    api({ '/database/backups': backups() }),
    { ask: 'backups' },
    { secrets: { SUPABASE_ACCESS_TOKEN: 'sbp_wrong' } },
  )
  expect(said).toEqual([
    'unknown',
    'unknown: Supabase does not accept the key (401): look whether SUPABASE_ACCESS_TOKEN is current. It says: no',
  ])
})

for (const question of ['backups', 'health', 'usage', 'logs'] as const)
  conforms(
    `supabase-management ${question}`,
    check,
    (base) => ({
      ask: question,
      ref,
      secret: 'SUPABASE_ACCESS_TOKEN',
      apiUrl: base,
      ...(question === 'backups' ? { retentionDays: 7 } : {}),
    }),
    { secrets },
  )

test('options', () => {
  const options = check.options.parse({ ask: 'backups', ref, secret: 'SUPABASE_ACCESS_TOKEN' })
  expect([check.hosts(options), check.needs?.(options)]).toEqual([['api.supabase.com'], ['SUPABASE_ACCESS_TOKEN']])
  for (const wrong of [{ ref: '../admin' }, { secret: 'sbp_0123' }, { ask: 'delete' }, { warnage: 5 }])
    expect(check.options.safeParse({ ask: 'backups', ref, secret: 'SUPABASE_ACCESS_TOKEN', ...wrong }).success).toBe(false)
})
