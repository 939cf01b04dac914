import { describe, expect, test } from 'vitest'
import { parseQuantity } from '../../src/incident/health.ts'
import { asking, json, now, ofBody } from './asking.ts'

describe('the body', () => {
  const healthy = {
    status: 'healthy',
    timestamp: '2026-11-20T10:14:30Z',
    version: '1.0.0',
    services: { database: 'healthy', stripe: 'ok', email: 'up' },
    performance: { avgResponseTime: '150ms', memoryUsage: '45%', p95: '1.2 s', cache: '512MB', connections: 12 },
  }

  test('healthy', async () => {
    const { status, texts, measurements } = await ofBody(healthy, {
      services: ['database', 'stripe'],
      performance: { avgResponseTime: 500, p95: 2000 },
    })
    expect(status).toBe('ok')
    expect(texts).toEqual([
      'ok: The body\'s status is "healthy".',
      "ok: The body's timestamp is 30 s old.",
      'ok: Version 1.0.0.',
      'ok: Healthy: database, stripe, email.',
    ])
    expect(measurements.slice(1)).toEqual([
      { name: 'avgResponseTime', value: 150, unit: 'ms', limit: 500 },
      { name: 'memoryUsage', value: 45, unit: '%' },
      { name: 'p95', value: 1.2, unit: 's', limit: 2 },
      { name: 'cache', value: 512, unit: 'MB' },
      { name: 'connections', value: 12, unit: '' },
    ])
  })

  test('a 503 with a body says what is down', async () => {
    const { texts } = await asking(json({ status: 'unhealthy', services: { database: 'down' } }, 503), { json: true })
    expect(texts).toEqual([
      expect.stringContaining('503, which is critical'),
      'fail: The body\'s status is "unhealthy".',
      'fail: Service database is "down".',
    ])
  })

  test.each<[string, unknown, object, string, string]>([
    ['status degraded', { status: 'degraded' }, {}, 'warn', 'warn: The body\'s status is "degraded".'],
    ['status unknown', { status: 'wobbly' }, {}, 'warn', 'warn: The body\'s status is "wobbly", which is not a word known here.'],
    ['status missing', {}, {}, 'warn', 'warn: The body gives no status.'],
    ['status is no word', { status: [1] }, {}, 'warn', "warn: The body's status is not a word."],
    [
      'stale',
      { ...healthy, timestamp: '2026-11-20T10:09:59Z' },
      {},
      'warn',
      "warn: The body's timestamp is 5 min old; at most 5 min is fresh.",
    ],
    ['just fresh', { ...healthy, timestamp: '2026-11-20T10:10:00Z' }, {}, 'ok', "ok: The body's timestamp is 5 min old."],
    ['stale by its own limit', healthy, { freshFor: 10 }, 'warn', "warn: The body's timestamp is 30 s old; at most 10 s is fresh."],
    ['in the future', { ...healthy, timestamp: '2026-11-20T11:15:00Z' }, {}, 'warn', "warn: The body's timestamp is 60 min in the future."],
    ['milliseconds', { ...healthy, timestamp: Date.parse(now) }, {}, 'ok', "ok: The body's timestamp is 0 s old."],
    ['seconds', { ...healthy, timestamp: Date.parse(now) / 1000 - 60 }, {}, 'ok', "ok: The body's timestamp is 60 s old."],
    ['no time', { ...healthy, timestamp: 'soon' }, {}, 'warn', "warn: The body's timestamp is not a time."],
    ['a service degraded', { ...healthy, services: { ai: 'degraded' } }, {}, 'warn', 'warn: Service ai is "degraded".'],
    ['a service down', { ...healthy, services: { ai: 'DOWN' } }, {}, 'fail', 'fail: Service ai is "DOWN".'],
    [
      'a service in an object',
      { ...healthy, services: { ai: { status: 'error', latency: 3 } } },
      {},
      'fail',
      'fail: Service ai is "error".',
    ],
    ['a service as a truth', { ...healthy, services: { ai: false } }, {}, 'fail', 'fail: Service ai is "false".'],
    ['services as a list', { ...healthy, services: [{ name: 'ai', status: 'down' }] }, {}, 'fail', 'fail: Service ai is "down".'],
    [
      'an unknown word',
      { ...healthy, services: { ai: 'purple' } },
      {},
      'warn',
      'warn: Service ai is "purple", which is not a word known here.',
    ],
    ['no word', { ...healthy, services: { ai: null } }, {}, 'warn', 'warn: Service ai gives no status.'],
    ['services are no object', { ...healthy, services: 'all fine' }, {}, 'warn', "warn: The body's services are not an object."],
    ['an expected service is missing', healthy, { services: ['redis'] }, 'warn', 'warn: Service redis is expected but missing.'],
    [
      'inherited names are not services',
      healthy,
      { services: ['constructor'] },
      'warn',
      'warn: Service constructor is expected but missing.',
    ],
    [
      'a measurement above its limit',
      healthy,
      { performance: { memoryUsage: 40 } },
      'warn',
      'warn: memoryUsage is 45%, above its limit of 40%.',
    ],
    [
      'limits are in ms whatever the body uses',
      healthy,
      { performance: { p95: 500 } },
      'warn',
      'warn: p95 is 1.2 s, above its limit of 0.5 s.',
    ],
    ['at its limit', healthy, { performance: { memoryUsage: 45 } }, 'ok', 'ok: Version 1.0.0.'],
    ['no quantity', { ...healthy, performance: { cpu: 'a lot' } }, {}, 'warn', 'warn: cpu is "a lot", which cannot be read as a quantity.'],
    ['a measurement with a limit is missing', healthy, { performance: { cpu: 80 } }, 'warn', 'warn: cpu has a limit but is missing.'],
    [
      'no JSON',
      '<!doctype html><title>Hi</title>',
      {},
      'warn',
      'warn: The body is not JSON: it begins "<!doctype html><title>Hi</title>".',
    ],
    ['empty', '', {}, 'warn', 'warn: The body is not JSON: it is empty.'],
    ['a list', '[]', {}, 'warn', 'warn: The body is JSON, but not an object.'],
    [
      'NUL and half a pair, which cannot be stored',
      '{"status":"a\\u0000\\ud800"}',
      {},
      'warn',
      'warn: The body\'s status is "a\uFFFD", which is not a word known here.',
    ],
    [
      'mentions stay literal (fault 55)',
      { status: '<!channel>' },
      {},
      'warn',
      'warn: The body\'s status is "<!channel>", which is not a word known here.',
    ],
  ])('%s', async (_, body, options, status, text) => {
    const answer = await ofBody(body, options)
    expect(answer.texts).toContain(text)
    expect(answer.status).toBe(status)
  })

  test('foreign texts are cut, and many services are counted', async () => {
    const services = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`s${n}`, 'x'.repeat(1000)]))
    const { texts } = await ofBody({ status: 'ok', services, version: 'v'.repeat(1000) })
    expect(texts.length).toBeLessThan(60)
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(250)
    expect(texts).toContain('warn: 30 more services were not read.')
  })

  test('is not read unless it is said to be health JSON', async () => {
    expect((await asking(json({ status: 'down' }))).status).toBe('ok')
  })

  test('deeply nested', async () => {
    expect((await ofBody('{"services":'.repeat(50_000) + '1' + '}'.repeat(50_000))).status).toBe('warn')
  })
})

test.each<[unknown, unknown]>([
  ['150ms', [150, 'ms']],
  ['45%', [45, '%']],
  ['45 %', [45, '%']],
  ['1.2 s', [1.2, 's']],
  ['512MB', [512, 'MB']],
  ['2 GiB', [2, 'GiB']],
  ['17', [17, '']],
  ['-3ms', [-3, 'ms']],
  [3.5, [3.5, '']],
  ['', null],
  ['fast', null],
  ['1,200 ms', null],
  ['12 parsecs', null],
  ['1e3ms', null],
  ['NaN', null],
  ['12 constructor', null],
  [Number.NaN, null],
  [null, null],
  [{}, null],
  [`${'9'.repeat(500)}ms`, null],
])('%j is read as %j', (value, expected) => {
  const quantity = parseQuantity(value)
  expect(quantity && [quantity.value, quantity.unit]).toEqual(expected)
})
