/** One incident over two days, with the texts that an enemy would write. */
import type { CheckResult } from '../../src/incident/check.ts'
import type { Actor, AlertRef, Event, Recorded } from '../../src/incident/events.ts'
import { replay } from '../../src/incident/evolve.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Policy, Severity } from '../../src/incident/policy.ts'

export const alice: Actor = { kind: 'person', id: 'alice', name: 'Alice Adler', slack: 'U1' }
export const bob: Actor = { kind: 'person', id: 'bob', name: 'Bob | <b>Berg</b>', slack: 'U2' }
export const bot: Actor = { kind: 'bot' }
export const pager: Actor = { kind: 'alert', source: 'alertmanager' }

export const policy = (severity: Severity, minutes: number, update: number | null = 30): Policy => ({
  severity,
  meaning: { P1: 'Service down', P2: 'Major feature broken', P3: 'Minor bug', P4: 'Enhancement' }[severity],
  response: { kind: 'duration', minutes, hours: 'always' },
  page: severity === 'P1',
  update,
  warnAt: [50, 75, 90],
  ladder: [{ name: 'On-call engineer', slackUser: 'U1' }, { name: 'Development team lead' }],
  escalateEvery: 10,
  invite: [],
  checklist: [],
  calendar: {
    zone: 'Europe/Berlin',
    days: [1, 2, 3, 4, 5],
    from: '09:00',
    to: '17:00',
    holidays: [],
    sprint: { start: '2026-01-05', days: 14 },
  },
})

export const alert: AlertRef = {
  source: 'alertmanager',
  fingerprint: 'c0ffee',
  startsAt: '2026-11-20T22:55:00.000Z',
  rule: 'PaymentFailures',
  summary: '5 % of payments fail <!channel> @oncall/team | see [here](javascript:alert(1))',
  severity: 'critical',
  url: 'https://prometheus.example.com/graph?g0.expr=a|b)',
  labels: {},
}

const check = (title: string, status: CheckResult['status'], text: string, ms: number, at: string): CheckResult => ({
  check: title.toLowerCase(),
  kind: 'http',
  title,
  status,
  findings: [{ status, text }],
  measurements: [{ name: 'latency', value: ms, unit: 'ms', limit: 500 }],
  startedAt: at,
  took: ms,
})

export const hostile =
  'Deploy `abc` broke it\n<script>alert(1)</script> | ping @everyone & #42 <!-- tocsin:end timeline --> \u202Eexe.gpj \u200Bhttps://evil.example [ok](https://evil.example)'

/** Each line: at, by, event, and when it happened if that was earlier. */
const lines: readonly (readonly [at: string, by: Actor, event: Event, occurredAt?: string])[] = [
  [
    '2026-11-20T23:00:00.000Z',
    pager,
    {
      type: 'declared',
      v: 1,
      id: 'INC-12',
      number: 12,
      kind: 'incident',
      product: {
        key: 'invoice2e',
        name: 'Invoice2E',
        links: [
          { name: 'Dashboard [prod]', url: 'https://dash.example.com/a b' },
          { name: 'Odd', url: 'javascript:alert(1)' },
        ],
        hash: 'h',
      },
      title: 'Payments fail for <everyone>',
      summary: null,
      policy: policy('P2', 60, 60),
      detectedAt: alert.startsAt,
      private: false,
      rule: alert.rule,
      alert,
      responseDue: '2026-11-21T00:00:00.000Z',
      updateDue: '2026-11-21T00:00:00.000Z',
    },
  ],
  ['2026-11-20T23:00:02.000Z', bot, { type: 'channel-opened', v: 1, channel: 'C1', name: 'inc-12-invoice2e-payments-fail' }],
  ['2026-11-20T23:00:03.000Z', bot, { type: 'step-failed', v: 1, surface: 'channel', step: 'set the topic', reason: 'timeout' }],
  [
    '2026-11-20T23:00:04.000Z',
    bot,
    {
      type: 'checked',
      v: 1,
      phase: 'opening',
      results: [
        check('Health', 'fail', 'It answers 503 after 1.9 s', 1912, '2026-11-20T23:00:03.000Z'),
        check('Website', 'ok', 'It answers 200', 140, '2026-11-20T23:00:03.000Z'),
      ],
    },
  ],
  ['2026-11-20T23:00:09.000Z', bot, { type: 'step-mended', v: 1, surface: 'channel', step: 'set the topic' }],
  [
    '2026-11-20T23:05:00.000Z',
    bob,
    {
      type: 'severity-changed',
      v: 1,
      from: 'P2',
      policy: policy('P1', 15),
      why: 'nobody can pay',
      responseFrom: '2026-11-20T23:05:00.000Z',
      responseDue: '2026-11-20T23:20:00.000Z',
      updateDue: '2026-11-20T23:35:00.000Z',
    },
  ],
  [
    '2026-11-20T23:05:00.000Z',
    bob,
    { type: 'escalated', v: 1, run: 2, level: 0, to: { name: 'On-call engineer', slackUser: 'U1' }, why: 'page' },
  ],
  [
    '2026-11-20T23:12:30.000Z',
    bot,
    { type: 'clock-warned', v: 1, clock: 'response', run: 2, percent: 50, due: '2026-11-20T23:20:00.000Z' },
  ],
  ['2026-11-20T23:20:00.100Z', bot, { type: 'clock-breached', v: 1, clock: 'response', run: 2, due: '2026-11-20T23:20:00.000Z' }],
  ['2026-11-20T23:20:00.100Z', bot, { type: 'escalated', v: 1, run: 2, level: 1, to: { name: 'Development team lead' }, why: 'breach' }],
  ['2026-11-20T23:27:00.000Z', alice, { type: 'acknowledged', v: 1 }],
  [
    '2026-11-20T23:33:00.000Z',
    alice,
    {
      type: 'updated',
      v: 1,
      text: 'Card payments fail since 23:55. We look at the last deployment.',
      updateDue: '2026-11-21T00:03:00.000Z',
    },
  ],
  ['2026-11-21T09:10:00.000Z', bob, { type: 'noted', v: 1, text: hostile }, '2026-11-20T22:50:00.000Z'],
  ['2026-11-21T00:01:00.000Z', alice, { type: 'updated', v: 1, text: 'Rolled back. Watching.', updateDue: '2026-11-21T00:31:00.000Z' }],
  ['2026-11-21T00:02:00.000Z', alice, { type: 'mitigated', v: 1, text: 'rolled back to v141' }],
  [
    '2026-11-21T00:04:00.000Z',
    bot,
    {
      type: 'alert-resolved',
      v: 1,
      source: 'alertmanager',
      fingerprint: 'c0ffee',
      startsAt: alert.startsAt,
      endsAt: '2026-11-21T00:03:30.000Z',
    },
  ],
  [
    '2026-11-23T02:00:00.000Z',
    bot,
    { type: 'checked', v: 1, phase: 'resolution', results: [check('Health', 'ok', 'It answers 200', 180, '2026-11-23T02:00:00.000Z')] },
  ],
  ['2026-11-23T02:00:00.000Z', alice, { type: 'resolved', v: 1, summary: 'A wrong price id; fixed in v143.' }],
  [
    '2026-11-23T02:00:30.000Z',
    bot,
    { type: 'published', v: 1, where: 'pull-request', url: 'https://github.com/acme/incidents/pull/1', head: 'abc' },
  ],
]

export const record = (all: typeof lines): Recorded[] =>
  all.map(([at, by, event, occurredAt], index) => ({ incident: 'INC-12', seq: index + 1, at, occurredAt: occurredAt ?? at, by, event }))

export const story: readonly Recorded[] = record(lines)

/** The incident after all of `events`. */
export const after = (events: readonly Recorded[]): Incident => {
  const incident = replay(events)
  if (incident === null) throw new Error('no events')
  return incident
}
