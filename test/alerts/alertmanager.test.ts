import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import source from '../../src/alerts/alertmanager.ts'
import { payload, receivedAt, request } from './request.ts'

const parse = (body: unknown) => source.parse(request(body))
const alert = (more: object = {}) => ({ labels: { alertname: 'A' }, startsAt: '2026-11-20T10:00:00Z', fingerprint: 'f', ...more })
const one = (more: object = {}, group: object = {}) => parse({ version: '4', ...group, alerts: [alert(more)] }).alerts[0]!

describe('what Alertmanager sends', () => {
  test('a firing alert', () => {
    expect(parse(payload('alertmanager/firing'))).toEqual({
      unreadable: [],
      alerts: [
        {
          fingerprint: '9a6f5fbb2d3c1e07',
          startsAt: '2026-11-20T10:14:05.123Z',
          startKnown: true,
          endsAt: null,
          rule: 'PaymentsFailing',
          summary: 'More than 5 % of payments fail',
          severity: 'critical',
          product: 'invoice2e',
          url: 'http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1',
          labels: {
            alertname: 'PaymentsFailing',
            instance: 'api-1:9100',
            job: 'api',
            product: 'invoice2e',
            severity: 'critical',
            runbook_url: 'https://runbooks.example/payments',
            description: '7.4 % over 5 min',
          },
          state: 'firing',
          cleaned: [],
        },
      ],
    })
  })

  test('a resolved alert, recorded from Alertmanager 0.25', () => {
    const { alerts, unreadable } = parse(payload('alertmanager/recorded-0.25-resolved'))
    expect(unreadable).toEqual([])
    expect(alerts).toEqual([
      expect.objectContaining({
        state: 'resolved',
        rule: 'PaymentsFailing',
        startsAt: '2026-11-20T05:59:02.799Z',
        startKnown: true,
        endsAt: '2026-11-20T05:59:03.799Z',
        cleaned: [],
      }),
    ])
  })

  test('a group of which a part is resolved, and truncated (field 10)', () => {
    const { alerts, unreadable } = parse(payload('alertmanager/partly-resolved'))
    expect(unreadable).toEqual([])
    expect(alerts.map(({ state, endsAt, product, summary }) => ({ state, endsAt, product, summary }))).toEqual([
      { state: 'firing', endsAt: null, product: 'fair-edge', summary: 'p95 of api-1 is 6.1 s' },
      { state: 'resolved', endsAt: '2026-11-20T10:09:30.500Z', product: 'fair-edge', summary: 'The API is slower than its limit' },
    ])
    expect(alerts[0]!.cleaned).toEqual(['the sender left 12 more alerts of this group out (truncatedAlerts)'])
    expect(alerts[1]!.cleaned).toEqual([])
  })

  test('truncated to nothing is said too', () => {
    expect(parse({ version: '4', alerts: [], truncatedAlerts: 3 }).unreadable).toEqual([
      { index: 0, why: expect.stringContaining('left 3 more') },
    ])
  })

  test('the same alert from the other Alertmanager of a pair has the same identity', () => {
    const [a, b] = [
      parse(payload('alertmanager/firing')),
      parse(payload('alertmanager/firing').replace('alertmanager.example', 'other.example')),
    ]
    expect(a).toEqual(b)
  })
})

describe('fault 26: malformed', () => {
  test('good ones are taken, bad ones listed with their place', () => {
    const { alerts, unreadable } = parse(payload('alertmanager/odd'))
    expect(unreadable).toEqual([
      { index: 0, why: 'not an object' },
      { index: 1, why: 'no labels' },
    ])
    expect(alerts.map((a) => a.rule)).toEqual(['EndsFirst', 'Year9999', 'Nameless fingerprint'])
    const [ends, year, nameless] = alerts
    expect(ends).toMatchObject({ startsAt: '2026-11-20T10:00:00.000Z', endsAt: '2026-11-20T10:00:00.000Z' })
    expect(ends!.cleaned).toEqual([
      'endsAt: before startsAt, the two were made equal',
      'the payload is not of version 4, read as if it were',
    ])
    expect(year).toMatchObject({ startsAt: receivedAt, endsAt: null, severity: null, labels: { count: '3' } })
    expect(year!.summary).toBe('broken \uFFFD half of a pair and a NUL  inside')
    expect(year).not.toHaveProperty('url')
    for (const word of ['startsAt', 'summary', 'generatorURL', 'labels: 2 dropped']) expect(year!.cleaned.join('\n')).toContain(word)
    expect(nameless).toMatchObject({
      state: 'firing',
      startsAt: receivedAt,
      severity: '<!channel>',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(Object.hasOwn(nameless!.labels, '__proto__')).toBe(true)
    // Fault 55: literal here; whoever shows it escapes it.
    expect(nameless!.summary).toBe('<!channel> \u202ereversed\u202c')
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '{"alerts": ['],
    ['null', 'null'],
    ['a list', '[]'],
    ['no alerts', '{"version":"4"}'],
    ['alerts are an object', '{"alerts":{"0":{}}}'],
    ['deeply nested', '['.repeat(500_000)],
    ['deeply nested and closed', `{"alerts":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['no text at all', Buffer.from([0xff, 0xfe, 0x00])],
  ])('%s', (_, body) => {
    const { alerts, unreadable } = parse(body)
    expect(alerts).toEqual([])
    expect(unreadable).toEqual([{ index: 0, why: expect.any(String) }])
  })

  test('labels are capped, and those that matter stay', () => {
    const flood = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`l${n}`, 'x'.repeat(5000)]))
    const { labels, product, severity, cleaned } = one({ labels: { ...flood, alertname: 'A', product: 'p', severity: 'P1' } })
    expect(Object.keys(labels)).toHaveLength(64)
    expect({ product, severity, rule: labels['alertname'] }).toEqual({ product: 'p', severity: 'P1', rule: 'A' })
    expect(labels['l0']).toHaveLength(1024)
    expect(cleaned).toContain('labels: 4939 dropped (no text, or more than 64), 64 kept')
    expect(cleaned).toContain('label l0: cut to 1024 characters')
  })

  test('a long summary is cut between characters', () => {
    const { summary, cleaned } = one({ annotations: { summary: '🔥'.repeat(1001) } })
    expect(summary).toBe(`${'🔥'.repeat(999)}…`)
    expect(cleaned).toContain('summary: cut to 1000 characters')
  })

  test('a large group is read in time', () => {
    const many = Array.from({ length: 8000 }, (_, n) => ({ labels: { n: String(n) } }))
    const commonLabels = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`c${n}`, 'x']))
    expect(parse({ version: '4', commonLabels, alerts: many }).alerts).toHaveLength(8000)
  })

  test.each([
    [
      'a start that is ahead of us stays, since it is the identity',
      { startsAt: '2026-11-20T11:15:00Z' },
      { startsAt: '2026-11-20T11:15:00.000Z', endsAt: null },
    ],
    ['a zone other than UTC', { startsAt: '2026-11-20T11:00:00+01:00' }, { startsAt: '2026-11-20T10:00:00.000Z', endsAt: null }],
    ['no zone', { startsAt: '2026-11-20T10:00:00' }, { startsAt: receivedAt, endsAt: null }],
    ['a zero start', { startsAt: '0001-01-01T00:00:00Z' }, { startsAt: receivedAt, endsAt: null }],
    [
      'resolved without an end',
      { status: 'resolved', endsAt: '0001-01-01T00:00:00Z' },
      { startsAt: '2026-11-20T10:00:00.000Z', endsAt: receivedAt },
    ],
    [
      'an end without a start',
      { status: 'resolved', startsAt: 1, endsAt: '2026-11-20T10:01:00Z' },
      { startsAt: '2026-11-20T10:01:00.000Z', endsAt: '2026-11-20T10:01:00.000Z' },
    ],
  ])('%s', (_, more, expected) => expect(one(more)).toMatchObject(expected))

  test('any JSON: never throws, and every element is an alert or listed', () => {
    const part = fc.oneof(fc.jsonValue(), fc.string(), fc.constant('2026-11-20T10:00:00Z'))
    const something = fc.record(
      {
        status: part,
        labels: fc.oneof(part, fc.dictionary(fc.string(), part)),
        annotations: part,
        startsAt: part,
        endsAt: part,
        generatorURL: part,
        fingerprint: part,
      },
      { requiredKeys: [] },
    )
    const list = fc.array(fc.oneof(something, fc.jsonValue()))
    const group = fc.record(
      { alerts: list, commonLabels: part, commonAnnotations: part, status: part, truncatedAlerts: part, version: part },
      { requiredKeys: ['alerts'] },
    )
    fc.assert(
      fc.property(group, (body) => {
        const { alerts, unreadable } = parse({ ...body, truncatedAlerts: 0, version: '4' })
        expect(alerts.length + unreadable.filter(({ index }) => index < body.alerts.length).length).toBe(body.alerts.length)
        for (const a of alerts) {
          expect(new Date(a.startsAt).toISOString()).toBe(a.startsAt)
          expect((a.endsAt ?? a.startsAt) >= a.startsAt).toBe(true)
          expect(JSON.stringify(a)).not.toMatch(/\\u0000|\\ud[89a-f]/i)
          expect(Object.keys(a.labels).length).toBeLessThanOrEqual(64)
        }
        parse(body)
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.string()), (body) => {
        expect(parse(body).unreadable.length).toBeGreaterThanOrEqual(parse(body).alerts.length === 0 && !isEmptyGroup(body) ? 1 : 0)
      }),
    )
  })
})

const isEmptyGroup = (body: unknown): boolean => {
  const value: unknown = typeof body === 'string' ? safely(body) : body
  return typeof value === 'object' && value !== null && 'alerts' in value && Array.isArray(value.alerts) && value.alerts.length === 0
}

const safely = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

describe('fault 27: the secret', () => {
  const verify = (authorization?: string, secret = 's3cret') =>
    source.verify(request('{}', authorization === undefined ? {} : { authorization }), secret)
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
  test.each([
    ['bearer', 'Bearer s3cret', true],
    ['the word in lower case', 'bearer s3cret', true],
    ['the password of basic authentication', basic('alertmanager:s3cret'), true],
    ['a user is not asked for', basic(':s3cret'), true],
    ['another', 'Bearer s3creT', false],
    ['longer', 'Bearer s3cret1', false],
    ['the beginning', 'Bearer s3c', false],
    ['empty', 'Bearer ', false],
    ['as the user', basic('s3cret:'), false],
    ['without a colon', basic('s3cret'), false],
    ['another scheme', 'Digest s3cret', false],
    ['bare', 's3cret', false],
    ['none', undefined, false],
  ])('%s', (_, header, expected) => expect(verify(header)).toBe(expected))
  test('a password with a colon', () => expect(verify(basic('u:a:b'), 'a:b')).toBe(true))
  test('no secret configured lets nobody in', () => {
    for (const header of ['Bearer ', basic('u:'), '', 'Bearer  x']) expect(verify(header, '')).toBe(false)
  })
})
