import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../../src/incident/check.ts'
import type { Event } from '../../src/incident/events.ts'
import { duration, timeline, when } from '../../src/incident/timeline.ts'
import { alert, alice, bot, hostile, record, story } from './story.ts'

const health: CheckResult = {
  check: 'health',
  kind: 'http',
  title: 'Health',
  status: 'ok',
  findings: [],
  measurements: [],
  startedAt: '2026-11-21T00:00:00.000Z',
  took: 1,
}

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]

describe('duration', () => {
  test.each([
    [-5 * minute, '0 s'],
    [999, '0 s'],
    [59.9 * second, '59 s'],
    [3 * minute, '3 min'],
    [hour - 1, '59 min'],
    [hour, '1 h'],
    [hour + 5 * minute, '1 h 05 min'],
    [day - 1, '23 h 59 min'],
    [2 * day + 3 * hour, '2 d 03 h'],
    [400 * day, '400 d'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text))

  test('never wraps: what it says is never more than a unit short (field 2)', () => {
    const unit = { s: second, min: minute, h: hour, d: day }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 * day }), (ms) => {
        const said = [...duration(ms).matchAll(/(\d+) (s|min|h|d)/g)].map(
          ([, count, name]) => [Number(count), unit[name as keyof typeof unit]] as const,
        )
        const total = said.reduce((sum, [count, size]) => sum + count * size, 0)
        return total <= ms && ms - total < (ms >= day ? hour : ms >= hour ? minute : (said.at(-1)?.[1] ?? second))
      }),
    )
  })
})

describe('when', () => {
  test.each([
    ['2026-11-21T13:05:59.000Z', 'Europe/Berlin', '2026-11-21 14:05 CET (13:05 UTC)'],
    ['2026-11-20T23:30:00.000Z', 'Europe/Berlin', '2026-11-21 00:30 CET (2026-11-20 23:30 UTC)'],
    ['2026-07-01T13:05:00.000Z', 'Europe/Berlin', '2026-07-01 15:05 CEST (13:05 UTC)'],
    ['2026-11-21T13:05:00.000Z', 'America/New_York', '2026-11-21 08:05 EST (13:05 UTC)'],
    ['2026-11-21T13:05:00.000Z', 'Asia/Kathmandu', '2026-11-21 18:50 GMT+5:45 (13:05 UTC)'],
    ['2026-11-21T13:05:00.000Z', 'UTC', '2026-11-21 13:05 UTC'],
    // The hour that the clock put back gives twice.
    ['2026-10-25T00:30:00.000Z', 'Europe/Berlin', '2026-10-25 02:30 CEST (00:30 UTC)'],
    ['2026-10-25T01:30:00.000Z', 'Europe/Berlin', '2026-10-25 02:30 CET (01:30 UTC)'],
  ])('%s in %s', (instant, zone, text) => expect(when(instant, zone)).toBe(text))
})

describe('timeline', () => {
  const entries = timeline(story, { zone: 'Europe/Berlin' })

  test('is in the order in which things happened, not in which they were recorded (field 3)', () => {
    expect(entries[0]).toMatchObject({
      seq: 13,
      kind: 'note',
      occurredAt: '2026-11-20T22:50:00.000Z',
      at: '2026-11-21T09:10:00.000Z',
      text: `Noted: ${hostile}`,
    })
    expect(entries.map(({ occurredAt }) => occurredAt)).toEqual(entries.map(({ occurredAt }) => occurredAt).toSorted())
    expect(entries.filter(({ occurredAt }) => occurredAt === '2026-11-23T02:00:00.000Z').map(({ seq }) => seq)).toEqual([17, 18])
  })

  test('its end alone is the end of the whole', () => {
    const whole = timeline(story, { zone: 'UTC' })
    for (const last of [1, 5, whole.length, whole.length + 1]) expect(timeline(story, { zone: 'UTC', last })).toEqual(whole.slice(-last))
  })

  test('says who and what, a sentence each', () => {
    expect(entries.slice(1).map(({ who, text }) => `${who}: ${text}`)).toEqual([
      'alertmanager: Opened P2 from the alert PaymentFailures, firing since 2026-11-20 23:55 CET (22:55 UTC): Payments fail for <everyone>',
      'Tocsin: Opened the channel #inc-12-invoice2e-payments-fail.',
      'Tocsin: Ran 2 checks at opening: Health fail (It answers 503 after 1.9 s)',
      'Bob | <b>Berg</b>: Changed the severity from P2 to P1: nobody can pay',
      'Tocsin: Paged On-call engineer (step 1) at once, as the severity asks.',
      'Tocsin: The response clock ran out at 2026-11-21 00:20 CET (2026-11-20 23:20 UTC) without an acknowledgement.',
      'Tocsin: Named Development team lead (step 2) in the channel because the response clock had run out; the bot could reach nobody there.',
      'Alice Adler: Acknowledged the incident.',
      'Alice Adler: Reported: Card payments fail since 23:55. We look at the last deployment.',
      'Alice Adler: Reported: Rolled back. Watching.',
      'Alice Adler: Mitigated the incident: rolled back to v141',
      'Tocsin: Alert PaymentFailures stopped firing at 2026-11-21 01:03 CET (00:03 UTC).',
      'Tocsin: Ran 1 check at resolution: all ok.',
      'Alice Adler: Resolved the incident: A wrong price id; fixed in v143.',
    ])
  })

  test('what the bot does is the bot’s, whoever’s command caused it', () => {
    const due = '2026-11-21T00:00:00.000Z'
    const events: readonly Event[] = [
      { type: 'escalated', v: 1, run: 1, level: 0, to: { name: 'On-call', email: 'oncall@acme.example' }, why: 'page' },
      { type: 'clock-breached', v: 1, clock: 'response', run: 1, due },
      { type: 'channel-opened', v: 1, channel: 'C1', name: 'inc-12' },
      { type: 'channel-lost', v: 1, channel: 'C1', why: 'Slack, chat.postMessage: is_archived' },
      { type: 'step-failed', v: 1, surface: 'channel', step: 'topic', reason: 'timeout' },
      { type: 'checked', v: 1, phase: 'opening', results: [health] },
      { type: 'checked', v: 1, phase: 'asked', results: [health] },
    ]
    const told = timeline(record(events.map((event) => [due, alice, event])), { zone: 'UTC' })
    expect(told.map(({ who }) => who)).toEqual(['Tocsin', 'Tocsin', 'Tocsin', 'Tocsin', 'Tocsin', 'Tocsin', 'Alice Adler'])
    expect(told[0]?.text).toBe('Paged On-call (step 1) at once, as the severity asks.')
    expect(told[3]?.text).toBe('Lost the channel: the channel is archived (is_archived)')
  })

  test.each([
    [{ name: 'Team lead' }, 'Named'],
    [{ name: 'Team lead', phone: '+49 30 1' }, 'Named'],
    [{ name: '#alerts', slackChannel: 'C0ALERTS' }, 'Named'],
    [{ name: 'Team lead', slackUser: 'U1' }, 'Paged'],
    [{ name: 'Responders', slackGroup: 'S1' }, 'Paged'],
    [{ name: 'Team lead', email: 'lead@acme.example' }, 'Paged'],
  ] as const)('%j is %s', (to, verb) => {
    const events = record([['2026-11-21T00:00:00.000Z', bot, { type: 'escalated', v: 1, run: 1, level: 1, to, why: 'silence' }]])
    expect(timeline(events, { zone: 'UTC' })[0]?.text).toMatch(new RegExp(`^${verb} `))
  })

  test('tells of a failed step only while it is not made good', () => {
    const failed = [
      '2026-11-21T00:00:00.000Z',
      bot,
      { type: 'step-failed', v: 1, surface: 'channel', step: 'topic', reason: 'timeout' },
    ] as const
    const mended = ['2026-11-21T00:01:00.000Z', bot, { type: 'step-mended', v: 1, surface: 'channel', step: 'topic' }] as const
    expect(timeline(record([failed]), { zone: 'UTC' }).map(({ text }) => text)).toEqual(['The topic could not be set: timeout'])
    expect(timeline(record([failed, failed]), { zone: 'UTC' })).toHaveLength(1)
    expect(timeline(record([failed, mended]), { zone: 'UTC' })).toEqual([])
  })

  test('names a joined alert by its rule, also when it stops', () => {
    const events = record([
      ['2026-11-21T00:00:00.000Z', bot, { type: 'alert-joined', v: 1, alert }],
      [
        '2026-11-21T00:01:00.000Z',
        bot,
        {
          type: 'alert-resolved',
          v: 1,
          source: alert.source,
          fingerprint: alert.fingerprint,
          startsAt: alert.startsAt,
          endsAt: '2026-11-21T00:01:00.000Z',
        },
      ],
    ])
    expect(timeline(events, { zone: 'UTC' })[1]?.text).toBe('Alert PaymentFailures stopped firing at 2026-11-21 00:01 UTC.')
  })
})
