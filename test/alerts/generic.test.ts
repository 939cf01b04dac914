import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import source from '../../src/alerts/generic.ts'
import { payload, receivedAt, request } from './request.ts'

const parse = (body: unknown) => source.parse(request(body))

describe('what is documented', () => {
  test('one object', () => {
    expect(parse(payload('generic/one'))).toEqual({
      unreadable: [],
      alerts: [
        {
          product: 'schnittwerk',
          severity: 'high',
          rule: 'Bookings stalled',
          summary: 'No booking for 30 minutes',
          labels: { region: 'eu', runbook: 'bookings' },
          state: 'firing',
          startsAt: '2026-11-20T10:00:00.000Z',
          startKnown: true,
          endsAt: null,
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
          url: 'https://status.example/bookings',
          cleaned: [],
        },
      ],
    })
  })

  test('a list, named or bare; who cannot be read is listed', () => {
    const named = parse(payload('generic/list'))
    expect(named.alerts.map(({ rule, state, endsAt }) => ({ rule, state, endsAt }))).toEqual([
      { rule: 'Memory', state: 'resolved', endsAt: '2026-11-20T10:05:00.000Z' },
      { rule: 'Only a name', state: 'firing', endsAt: null },
    ])
    expect(named.unreadable).toEqual([
      { index: 1, why: 'no alertname' },
      { index: 2, why: 'not an object' },
    ])
    expect(parse((JSON.parse(payload('generic/list')) as { alerts: unknown }).alerts)).toEqual(named)
    expect(named.alerts[1]).toMatchObject({ product: null, severity: null, summary: 'Only a name', startsAt: receivedAt })
  })

  test('the fingerprint is made from product, name and labels, in any order', () => {
    const of = (alert: object) => parse(alert).alerts[0]!.fingerprint
    const a = of({ alertname: 'A', product: 'p', labels: { x: '1', y: '2' } })
    expect(
      of({ product: 'p', labels: { y: '2', x: '1' }, alertname: 'A', summary: 'other words', severity: 'low', status: 'resolved' }),
    ).toBe(a)
    for (const other of [
      { alertname: 'B', product: 'p', labels: { x: '1', y: '2' } },
      { alertname: 'A', product: 'q', labels: { x: '1', y: '2' } },
      { alertname: 'A', product: 'p', labels: { x: '1' } },
    ])
      expect(of(other)).not.toBe(a)
  })

  test('what is not understood is said', () => {
    const { cleaned } = parse({
      alertname: 'A',
      summary: 's',
      foo: 1,
      status: 'maybe',
      endsAt: '2026-11-20T10:00:00Z',
      fingerprint: 'with space',
      severity: { a: 1 },
      startsAt: 'NaN',
    }).alerts[0]!
    for (const word of ['fields not known, ignored: foo', 'status:', 'endsAt: ignored', 'fingerprint:', 'severity:', 'startsAt:'])
      expect(cleaned.join('\n')).toContain(word)
  })
})

describe('fault 26: malformed', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a number', '1'],
    ['alerts are no list', '{"alerts":1}'],
    ['deeply nested', '{"alertname":'.repeat(70_000)],
    ['deeply nested and closed', `${'['.repeat(400_000)}${']'.repeat(400_000)}`],
  ])('%s', (_, body) => expect(parse(body)).toEqual({ alerts: [], unreadable: [{ index: 0, why: expect.any(String) }] }))

  test('NUL and lone surrogates', () => {
    const { alerts } = parse('{"alertname":"A\\u0000B","summary":"\\ud800","labels":{"k\\u0000":"v\\udfff"}}')
    expect(alerts[0]).toMatchObject({ rule: 'AB', summary: '\uFFFD', labels: { k: 'v\uFFFD' } })
    expect(alerts[0]!.cleaned).toHaveLength(5)
    expect(parse('{"alertname":"\\u0000"}').unreadable).toEqual([{ index: 0, why: 'no alertname' }])
  })

  test('bytes that are no UTF-8 are said', () => {
    const body = Buffer.concat([Buffer.from('{"alertname":"A'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
    expect(parse(body).alerts[0]!.cleaned).toContain('the payload is not UTF-8: wrong bytes were replaced')
  })

  test('any JSON: never throws, and every element is an alert or listed', () => {
    const part = fc.oneof(fc.jsonValue(), fc.string())
    const keys = {
      product: part,
      severity: part,
      alertname: part,
      summary: part,
      runbook: part,
      labels: part,
      status: part,
      startsAt: part,
      endsAt: part,
      fingerprint: part,
      url: part,
    }
    const element = fc.oneof(fc.jsonValue(), fc.record(keys, { requiredKeys: [] }), fc.record({ ...keys, alertname: fc.string() }))
    fc.assert(
      fc.property(fc.array(element), fc.boolean(), (list, bare) => {
        const { alerts, unreadable } = parse(bare ? list : { alerts: list })
        expect(alerts.length + unreadable.length).toBe(list.length)
        for (const a of alerts) {
          expect((a.endsAt ?? a.startsAt) >= a.startsAt).toBe(true)
          expect(JSON.stringify(a)).not.toMatch(/\\u0000|\\ud[89a-f]/i)
        }
      }),
    )
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        parse(body)
      }),
    )
  })
})

describe('fault 27: the secret', () => {
  const body = payload('generic/one')
  const now = Date.parse(receivedAt) / 1000
  const sign = (time: number | string, secret = 's3cret', text = body) =>
    `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')}`
  const verify = (headers: Record<string, string>, secret = 's3cret') => source.verify(request(body, headers), secret)

  test.each([
    ['signed now', sign(now), true],
    ['300 s old', sign(now - 300), true],
    ['300 s ahead', sign(now + 300), true],
    ['301 s old', sign(now - 301), false],
    ['301 s ahead', sign(now + 301), false],
    ['another secret', sign(now, 'other'), false],
    ['another body', sign(now, 's3cret', `${body} `), false],
    ['another time', sign(now - 1).replace(`t=${now - 1}`, `t=${now}`), false],
    ['the old secret and the new', `${sign(now, 'old')},${sign(now).split(',')[1]}`, true],
    ['odd length', sign(now).slice(0, -1), false],
    ['no hash', `t=${now}`, false],
    ['no time', sign(now).split(',')[1]!, false],
    ['a time that is no number', sign('NaN'), false],
    ['empty', '', false],
  ])('signature: %s', (_, signature, expected) => expect(verify({ 'x-tocsin-signature': signature })).toBe(expected))

  test('bearer', () => {
    expect(verify({ authorization: 'Bearer s3cret' })).toBe(true)
    for (const header of ['Bearer s3creT', 'Bearer s3', 'Bearer ', 'Basic czNjcmV0', ''])
      expect(verify({ authorization: header })).toBe(false)
    expect(verify({})).toBe(false)
  })
  test('a wrong signature is not rescued by a bearer token', () =>
    expect(verify({ 'x-tocsin-signature': sign(now, 'other'), authorization: 'Bearer s3cret' })).toBe(false))
  test('no secret configured lets nobody in', () => {
    expect(verify({ 'x-tocsin-signature': sign(now, '') }, '')).toBe(false)
    expect(verify({ authorization: 'Bearer ' }, '')).toBe(false)
  })
})
