/** Metrics (D19): PromQL against a real Prometheus, and JSON over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import check from '../../src/checks/metrics.ts'
import { startHttp } from '../adapters/server.ts'
import { ensure } from '../system/debian.ts'
import { ask, type Asking, json, now } from './asking.ts'
import { conforms } from './conformance.ts'
import { prometheusPackages, startPrometheus } from './prometheus.ts'

const day = 86_400
/** The same value at this time of each of the last `days`, and another one now. */
const daily = (before: number, current: number, days = 7) => ({
  ...Object.fromEntries(Array.from({ length: days }, (_, index) => [(index + 1) * day + 10, before])),
  10: current,
})

describe.skipIf(!ensure(prometheusPackages))('a query', () => {
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>
  beforeAll(async () => {
    prometheus = await startPrometheus(now, {
      'cpu{instance="a"}': { 30: 45 },
      'cpu{instance="b",job="web"}': { 30: 72 },
      'cpu{instance="c"}': { 30: 91 },
      disk_free: { 30: 12.5 },
      nothing: { 30: 'NaN' },
      endless: { 30: '+Inf' },
      old: { 200: 1 },
      gone: { 3600: 1 },
      tickets: daily(10, 35),
      'p95{path="/a"}': daily(100, 120),
      'p95{path="/b"}': daily(100, 160),
      active_users: daily(100, 75),
      young: daily(10, 35, 2),
      fresh_start: daily(0, 35),
    })
  })
  afterAll(async () => prometheus?.[Symbol.asyncDispose]())
  const run = (query: string, options: object = {}, place: object = {}, asking: Asking = {}) =>
    ask(check, { name: 'CPU', unit: '%', prometheus: { url: prometheus.url, query, ...place }, ...options }, asking)

  test.each<[string, string, object, string, string[]]>([
    ['one series', 'cpu{instance="a"}', { warn: { most: 80 } }, 'ok', ['ok: CPU is 45 % (cpu, instance=a).']],
    ['a sum', 'sum(cpu)', {}, 'ok', ['ok: CPU is 208 %.']],
    ['a scalar', 'scalar(sum(cpu))', {}, 'ok', ['ok: CPU is 208 %.']],
    ['several, all good', 'cpu', { warn: { most: 95 } }, 'ok', ['ok: CPU is 91 % (cpu, instance=c), the worst of 3 series.']],
    [
      'several, of which some are past a limit',
      'cpu',
      { warn: { most: 70 }, fail: { most: 90 } },
      'fail',
      [
        'fail: CPU is 91 % (cpu, instance=c), above the limit of 90 %.',
        'warn: CPU is 72 % (cpu, instance=b, job=web), above the limit of 70 %.',
      ],
    ],
    [
      'below its limit',
      'disk_free',
      { warn: { least: 20 }, fail: { least: 10 } },
      'warn',
      ['warn: CPU is 12.5 % (disk_free), below the limit of 20 %.'],
    ],
    ['the lowest of several', 'cpu', { warn: { least: 40 } }, 'ok', ['ok: CPU is 45 % (cpu, instance=a), the worst of 3 series.']],
    ['at its limit', 'cpu{instance="a"}', { warn: { most: 45 } }, 'ok', ['ok: CPU is 45 % (cpu, instance=a).']],
    [
      'NaN',
      'nothing',
      { warn: { most: 1 } },
      'unknown',
      ['unknown: CPU has no value: not a number, as when nothing was there to divide by.'],
    ],
    [
      'a division by nothing',
      'sum(cpu) * 0 / 0',
      {},
      'unknown',
      ['unknown: CPU has no value: not a number, as when nothing was there to divide by.'],
    ],
    [
      'infinity',
      'endless',
      { warn: { most: 1 } },
      'unknown',
      ['unknown: CPU has no value: not a number, as when nothing was there to divide by.'],
    ],
    [
      'NaN beside numbers',
      '{__name__=~"nothing|disk_free"}',
      {},
      'unknown',
      [
        'ok: CPU is 12.5 % (disk_free).',
        'unknown: 1 of 2 series of CPU have no value: not a number, as when nothing was there to divide by.',
      ],
    ],
    [
      'no series',
      'no_such_metric',
      { warn: { most: 1 } },
      'unknown',
      ['unknown: CPU: the query gives no series: look whether its target is scraped and the names are right.'],
    ],
    ['no series, as hoped for', 'cpu > 99', { empty: 'ok' }, 'ok', ['ok: CPU: no series, as hoped for.']],
    [
      'a sample of an hour ago',
      'gone',
      {},
      'unknown',
      ['unknown: CPU: the query gives no series: look whether its target is scraped and the names are right.'],
    ],
    [
      'a range',
      'cpu[5m]',
      {},
      'unknown',
      ['unknown: The query gives a matrix, not one value for each series: wrap it, as in rate(…[5m]) or last_over_time(…[5m]).'],
    ],
    [
      'a text',
      '"text"',
      {},
      'unknown',
      ['unknown: The query gives a string, not one value for each series: wrap it, as in rate(…[5m]) or last_over_time(…[5m]).'],
    ],
  ])('%s', async (_, query, options, expected, said) => {
    const { status, texts } = await run(query, options)
    expect(texts).toEqual(said)
    expect(status).toBe(expected)
  })
  test('that is wrong', async () => {
    const { status, texts } = await run('sum(')
    expect([status, ...texts]).toEqual(['unknown', expect.stringMatching(/^unknown: Prometheus answered 400.*It says: .*parse error/)])
  })
  test('measurements have the limit that the value is held against', async () => {
    expect((await run('cpu', { warn: { most: 70 }, fail: { most: 90 } })).measurements).toEqual([
      { name: 'CPU', value: 91, unit: '%', limit: 70 },
    ])
    expect((await run('disk_free', { fail: { least: 10 } })).measurements).toEqual([
      { name: 'CPU', value: 12.5, unit: '%', limit: 10, bound: 'least' },
    ])
  })
  test('freshness of what it is made of', async () => {
    const unused = { unit: '' }
    expect((await run('sum(old)', unused, { fresh: 'old' })).status).toBe('ok')
    const stale = await run('sum(old)', { ...unused, freshFor: 100 }, { fresh: 'old' })
    expect([stale.status, ...stale.texts]).toEqual([
      'unknown',
      'ok: CPU is 1.',
      'unknown: The numbers of CPU are 3 min old, more than 1 min: they say nothing about now.',
    ])
    const gone = await run('vector(1)', unused, { fresh: 'gone' })
    expect(gone.texts).toContain('unknown: Prometheus has no samples of gone: its target is down or gone.')
    expect(gone.status).toBe('unknown')
  })

  describe('against earlier days', () => {
    const compared = (query: string, against: object) => run(query, { name: 'load', unit: '', against })
    test.each<[string, string, object, string, string[]]>([
      [
        'tickets more than 200 % up',
        'tickets',
        { warn: { rise: 200 } },
        'warn',
        [
          'ok: load is 35 (tickets).',
          'warn: load change is 250 % (tickets), above the limit of 200 %, against the same time of the last 7 days.',
        ],
      ],
      [
        'degradation of more than 50 %, the worse of two',
        'p95',
        { fail: { rise: 50 } },
        'fail',
        [
          'ok: load is 160 (p95, path=/b), the worst of 2 series.',
          'fail: load change is 60 % (p95, path=/b), above the limit of 50 %, against the same time of the last 7 days.',
        ],
      ],
      [
        'users more than 20 % down',
        'active_users',
        { warn: { fall: 20 } },
        'warn',
        [
          'ok: load is 75 (active_users).',
          'warn: load change is -25 % (active_users), below the limit of -20 %, against the same time of the last 7 days.',
        ],
      ],
      [
        'within what is usual',
        'tickets',
        { warn: { rise: 300 } },
        'ok',
        ['ok: load is 35 (tickets).', 'ok: load change is 250 % (tickets), against the same time of the last 7 days.'],
      ],
      [
        'too few of them',
        'young',
        { warn: { rise: 10 } },
        'unknown',
        ['ok: load is 35 (young).', 'unknown: load cannot be compared with the last 7 days: it has values of only 2 of 7 days.'],
      ],
      [
        'where there was nothing',
        'fresh_start',
        { warn: { rise: 10 } },
        'unknown',
        ['ok: load is 35 (fresh_start).', 'unknown: load cannot be compared with the last 7 days: it was 0 before.'],
      ],
    ])('%s', async (_, query, against, expected, said) => {
      const { status, texts } = await compared(query, against)
      expect(texts).toEqual(said)
      expect(status).toBe(expected)
    })
    test('the change is a measurement', async () => {
      expect((await compared('tickets', { warn: { rise: 200 } })).measurements).toEqual([
        { name: 'load', value: 35, unit: '' },
        { name: 'load change', value: 250, unit: '%', limit: 200 },
      ])
    })
  })
})

describe('JSON', () => {
  const asked = async (body: unknown, place: object, options: object = {}, asking: Asking = {}) => {
    await using server = await startHttp(json(body))
    return await ask(check, { name: 'load', json: { url: `http://${server.host}/metrics`, path: 'a', ...place }, ...options }, asking)
  }
  test.each<[string, unknown, string, string, string]>([
    ['a number', { data: { load: [1, { cpu: 0.5 }] } }, 'data.load[1].cpu', 'ok', 'ok: load is 0.5.'],
    ['a quantity', { cpu: '45%' }, 'cpu', 'ok', 'ok: load is 45.'],
    ['a quoted name', { 'a.b': 3 }, '["a.b"]', 'ok', 'ok: load is 3.'],
    ['several', { hosts: [{ cpu: 1 }, { cpu: 7 }] }, 'hosts[*].cpu', 'ok', 'ok: load is 7 (1), the worst of 2 series.'],
    ['by name', { web: { cpu: 9 }, db: { cpu: 7 } }, '*.cpu', 'ok', 'ok: load is 9 (web), the worst of 2 series.'],
    ['nothing there', { b: 1 }, 'a', 'unknown', 'there'],
    ['an inherited name', {}, 'constructor', 'unknown', 'gives nothing at constructor'],
    ['a text', { a: 'soon' }, 'a', 'unknown', 'unknown: load has no value: not a number'],
    ['null', { a: null }, 'a', 'unknown', 'unknown: load has no value: not a number'],
    ['a hostile name', { '\u202Ex<!channel>': 1, b: 2 }, '*', 'ok', 'ok: load is 2 (b)'],
  ])('%s', async (_, body, path, expected, words) => {
    const { status, texts } = await asked(body, { path })
    expect(status).toBe(expected)
    expect(texts[0]).toContain(words === 'there' ? 'gives nothing at a' : words)
  })
  test.each<[string, unknown, string]>([
    ['fresh', '2026-11-20T10:14:00Z', 'ok'],
    ['old', '2026-11-20T10:00:00Z', 'unknown'],
    ['seconds', Date.parse(now) / 1000 - 60, 'ok'],
    ['milliseconds', Date.parse(now) - 900_000, 'unknown'],
    ['no time', 'soon', 'unknown'],
    ['missing', undefined, 'unknown'],
    ['in the future', '2026-11-20T11:15:00Z', 'unknown'],
    ['a clock that is ahead a little', '2026-11-20T10:15:20Z', 'ok'],
    ['without a zone: UTC', '2026-11-20T10:14:00', 'ok'],
    ['the same with a space', '2026-11-20 10:14:00', 'ok'],
    ['in the words of mail', 'Fri, 20 Nov 2026 10:14:00 GMT', 'ok'],
    ['with an offset', '2026-11-20T11:14:00+01:00', 'ok'],
    ['a day', '2026-11-20', 'unknown'],
  ])('its time: %s', async (_, time, expected) => {
    expect((await asked({ a: 1, time }, { timestamp: 'time' })).status).toBe(expected)
  })
  test('a time without a zone is UTC wherever the bot runs', async () => {
    const before = process.env['TZ']
    process.env['TZ'] = 'Asia/Tokyo'
    try {
      expect((await asked({ a: 1, time: '2026-11-20T10:14:00' }, { timestamp: 'time' })).status).toBe('ok')
      expect((await asked({ a: 1, time: '2026-11-20T19:14:00' }, { timestamp: 'time' })).status).toBe('unknown')
    } finally {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    }
  })
  test('of several times the oldest counts', async () => {
    const hosts = [
      { cpu: 1, time: '2026-11-20T10:14:00Z' },
      { cpu: 1, time: '2026-11-20T09:14:00Z' },
    ]
    expect((await asked({ hosts }, { path: 'hosts[*].cpu', timestamp: 'hosts[*].time' })).status).toBe('unknown')
  })
  test.each<[string, unknown, string, string]>([
    ['a longer unit', '1.5s', 'ms', 'warn: load is 1500 ms, above the limit of 500 ms.'],
    ['a shorter one', '750 ms', 's', 'ok: load is 0.75 s.'],
    ['a size', '1.9GB', 'MB', 'warn: load is 1900 MB, above the limit of 500 MB.'],
    ['the same', '120ms', 'ms', 'ok: load is 120 ms.'],
    ['a bare number', 120, 'ms', 'ok: load is 120 ms.'],
    ['another kind', '45%', 'ms', 'unknown: load: @ gives 45% at a, which is not in ms: look at `unit` in service.yml.'],
    [
      'a unit where none is told',
      '1.5s',
      '',
      'unknown: load: @ gives 1.5s at a, which is not in a bare number: look at `unit` in service.yml.',
    ],
    ['one that is not known', '1.5s', 'req/s', 'unknown: load: @ gives 1.5s at a, which is not in req/s: look at `unit` in service.yml.'],
  ])('in %s', async (_, a, unit, expected) => {
    const { texts } = await asked({ a }, {}, { unit, warn: { most: 500 } })
    expect(texts.map((text) => text.replace(/127\.0\.0\.1:\d+/, '@'))).toEqual([expected])
  })
  test('what is not read is said', async () => {
    const some = await asked({ hosts: [{ cpu: 1 }, { name: 'b' }, 'down'] }, { path: 'hosts[*].cpu' }, { warn: { most: 5 } })
    expect([some.status, some.texts]).toEqual([
      'unknown',
      ['ok: load is 1 (0).', expect.stringMatching(/^unknown: load: 2 items of .* have nothing at hosts\[\*\]\.cpu\.$/)],
    ])
    const hosts = Array.from({ length: 1001 }, (_, index) => (index === 1000 ? 99 : 1))
    const many = await asked({ hosts }, { path: 'hosts[*]' }, { warn: { most: 5 } })
    expect([many.status, many.texts[1]]).toEqual([
      'unknown',
      expect.stringContaining('more than 1000 values at hosts[*]: the rest was not read'),
    ])
  })
  test('an empty list may be hoped for, a path that leads nowhere not', async () => {
    expect((await asked({ broken: [] }, { path: 'broken[*].age' }, { empty: 'ok' })).status).toBe('ok')
    expect((await asked({ broke: [{ age: 1 }] }, { path: 'broken[*].age' }, { empty: 'ok' })).status).toBe('unknown')
    expect((await asked({ broken: [{ years: 1 }] }, { path: 'broken[*].age' }, { empty: 'ok' })).status).toBe('unknown')
  })
  test('past a limit', async () => {
    const { status, texts } = await asked({ a: 90 }, {}, { unit: '%', fail: { most: 80 } })
    expect([status, ...texts]).toEqual(['fail', 'fail: load is 90 %, above the limit of 80 %.'])
  })
})

test.each<[string, object, object, Record<string, string>]>([
  ['a bearer token', { prometheus: { query: 'up', secret: 'TOKEN' } }, {}, { authorization: 'Bearer s3cret-value' }],
  ['a password', { prometheus: { query: 'up', secret: 'TOKEN', user: '42' } }, {}, { authorization: `Basic ${btoa('42:s3cret-value')}` }],
  ['a bearer token for JSON', { json: { path: 'a', secret: 'TOKEN' } }, {}, { authorization: 'Bearer s3cret-value' }],
  ['a header of its own', { json: { path: 'a', secret: 'TOKEN', header: 'x-api-key' } }, {}, { 'x-api-key': 's3cret-value' }],
])('the secret is sent as %s', async (_, options, __, expected) => {
  const seen: object[] = []
  await using server = await startHttp((request, response) => {
    seen.push(request.headers)
    response.end('{}')
  })
  const place = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, { url: `http://${server.host}`, ...value }]))
  await ask(check, { name: 'load', ...place }, { secrets: { TOKEN: 's3cret-value' } })
  expect(seen).toEqual([expect.objectContaining(expected)])
})

conforms('Prometheus', check, (base) => ({ name: 'load', prometheus: { url: base, query: 'up' }, empty: 'ok' as const }))
conforms('Prometheus with earlier days', check, (base) => ({
  name: 'load',
  prometheus: { url: base, query: 'up', fresh: 'up' },
  against: {},
}))
conforms('JSON', check, (base) => ({ name: 'load', json: { url: base, path: 'a.b', timestamp: 'time' } }))

test.each<[string, object]>([
  ['no source', {}],
  ['two', { prometheus: { url: 'http://x', query: 'up' }, json: { url: 'http://x', path: 'a' } }],
  ['JSON against earlier days', { json: { url: 'http://x', path: 'a' }, against: {} }],
  ['a path that cannot be read', { json: { url: 'http://x', path: 'a[b' } }],
  ['a secret instead of its name', { json: { url: 'http://x', path: 'a', secret: 'glc_eyJvIjoi' } }],
])('%s is refused', (_, given) => expect(check.options.safeParse({ name: 'load', ...given }).success).toBe(false))
