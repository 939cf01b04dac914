/** The templates, rendered with an incident in which everything happens, and with one in which nearly nothing does. */
import { decide } from '../incident/decide.ts'
import type { Intent } from '../incident/commands.ts'
import { writePostmortem } from '../incident/document.ts'
import type { Actor, Recorded } from '../incident/events.ts'
import { replay } from '../incident/evolve.ts'
import type { Policy } from '../incident/policy.ts'
import type { Templates } from '../ports.ts'
import { error, type Finding, ok } from './finding.ts'

const start = Date.parse('2026-01-14T09:00:00.000Z')
const at = (minute: number): string => new Date(start + minute * 60_000).toISOString()

const alice: Actor = { kind: 'person', id: 'alice', name: 'Alice | <b>Adler</b>', slack: 'U0ALICE' }
const bot: Actor = { kind: 'bot' }

type Step = readonly [minute: number, by: Actor, intent: Intent]

const declare = (policy: Policy): Step => [
  0,
  alice,
  {
    type: 'declare',
    id: 'INC-1',
    number: 1,
    kind: 'incident',
    product: { key: 'sample', name: 'Sample', links: [{ name: 'Site', url: 'https://sample.example/' }], hash: 'sample' },
    title: 'A sample | of *everything*',
    summary: 'Made by the doctor',
    policy,
    private: false,
    rule: 'Sample',
    alert: {
      source: 'generic',
      fingerprint: 'sample',
      startsAt: at(-5),
      rule: 'Sample',
      summary: 'Something fails',
      severity: 'critical',
      url: 'https://sample.example/alert',
      labels: { place: 'sample' },
    },
  },
]

const asked = { check: 'health', kind: 'http', title: 'Health' }

const checks = (run: number): Intent & { type: 'answer-checks' } => ({
  type: 'answer-checks',
  run,
  results: [
    {
      ...asked,
      status: 'fail',
      findings: [{ status: 'fail', text: 'Answered 503.' }],
      measurements: [{ name: 'latency', value: 512, unit: 'ms', limit: 100 }],
      startedAt: at(0),
      took: 512,
      changes: [{ at: at(-9), kind: 'deployment', title: 'v142', by: 'Alice', url: 'https://sample.example/v142' }],
    },
  ],
})

const everything = (policy: Policy): Step[] => [
  declare(policy),
  [1, bot, { type: 'channel-opened', channel: 'C000000001', name: 'inc-1-sample' }],
  [1, bot, { type: 'start-checks', phase: 'opening', which: 'auto', checks: [asked] }],
  [1, bot, checks(1)],
  [30, bot, { type: 'clock-due', clock: 'response', run: 1 }],
  [31, alice, { type: 'acknowledge' }],
  [32, alice, { type: 'note', text: 'A note' }],
  [33, alice, { type: 'update', text: 'An update', nextMinutes: 20 }],
  [60, bot, { type: 'clock-due', clock: 'update', run: 2 }],
  [61, bot, { type: 'step-failed', surface: 'channel', step: 'topic', reason: 'not today' }],
  [62, alice, { type: 'mitigate', text: null }],
  [70, bot, { type: 'resolve-alert', source: 'generic', fingerprint: 'sample', startsAt: at(-5), endsAt: at(69) }],
  [75, alice, { type: 'resolve', summary: 'Resolved' }],
  [76, bot, { type: 'start-checks', phase: 'resolution', which: 'auto', checks: [asked] }],
  [76, bot, checks(2)],
]

const nearlyNothing = (policy: Policy): Step[] => [
  declare({ ...policy, response: null, update: null }),
  [1, alice, { type: 'resolve', summary: 'Over' }],
]

const openAgain = (policy: Policy): Step[] => [...everything(policy), [90, alice, { type: 'reopen', why: 'It is back' }]]

const mergedAway = (policy: Policy): Step[] => [...openAgain(policy), [95, alice, { type: 'merge', into: 'INC-2', channel: null }]]

const happened = (steps: readonly Step[]): Recorded[] =>
  steps.reduce<Recorded[]>((events, [minute, by, intent]) => {
    const decision = decide(replay(events), { intent, by, at: at(minute) })
    if ('refused' in decision) throw new Error(`the sample incident refuses ${intent.type}: ${decision.refused.code}`)
    const recorded = decision.events.map((event, index) => ({
      incident: 'INC-1',
      seq: events.length + index + 1,
      at: at(minute),
      occurredAt: decision.occurredAt,
      by,
      event,
    }))
    return [...events, ...recorded]
  }, [])

/** `policy`: of any product; what a template shows does not depend on it. */
export const examineTemplates = (templates: Templates, policy: Policy): Finding[] => {
  try {
    for (const steps of [everything, nearlyNothing, openAgain, mergedAway]) {
      const events = happened(steps({ ...policy, response: { kind: 'duration', minutes: 15, hours: 'always' } }))
      const incident = replay(events)
      if (incident !== null) writePostmortem({ incident, events, head: () => 'sample' }, templates)
    }
    return [ok('templates', 'postmortem renders')]
  } catch (cause) {
    return [
      error(
        'templates',
        cause instanceof Error ? cause.message : String(cause),
        'Correct the template: until then no post-mortem is written.',
      ),
    ]
  }
}
