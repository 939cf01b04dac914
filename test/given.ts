/** Given what has happened, when a command comes, this happens (a property `then` would make a promise of it): the pure core
 *  without a database. With it, an invented product and the people around it. */
import { expect } from 'vitest'
import type { Command, Decision, Intent } from '../src/incident/commands.ts'
import { decide } from '../src/incident/decide.ts'
import type { CheckResult } from '../src/incident/check.ts'
import type { Actor, AlertRef, CheckPhase, Event, Kind, ProductRef, Recorded } from '../src/incident/events.ts'
import { evolve, replay } from '../src/incident/evolve.ts'
import type { Incident } from '../src/incident/incident.ts'
import type { Calendar, Contact, Instant, Policy, Severity } from '../src/incident/policy.ts'
import { type RefusalCode, sentence } from '../src/incident/refusals.ts'

export const alice: Actor = { kind: 'person', id: 'alice', name: 'Alice Adler', slack: 'U0ALICE' }
export const bob: Actor = { kind: 'person', id: 'bob@acme.example', name: 'Bob Berg' }
export const writer: Actor = { kind: 'person', id: 'slack:U0WANDA', name: 'Wanda Wolf', slack: 'U0WANDA' }
export const bot: Actor = { kind: 'bot' }
export const pager: Actor = { kind: 'alert', source: 'alertmanager' }

/** A Wednesday in winter; in Berlin it is 10:00. */
export const start: Instant = '2026-01-14T09:00:00.000Z'

/** So many minutes after `start`. */
export const at = (minutes: number): Instant => new Date(Date.parse(start) + minutes * 60_000).toISOString()

export const calendar = (more: Partial<Calendar> = {}): Calendar => ({
  zone: 'Europe/Berlin',
  days: [1, 2, 3, 4, 5],
  from: '09:00',
  to: '17:00',
  holidays: [],
  sprint: { start: '2026-01-05', days: 14 },
  ...more,
})

export const ladder: readonly Contact[] = [
  { name: 'On-call', slackUser: 'U0ONCALL' },
  { name: 'Team lead', slackUser: 'U0LEAD' },
  { name: 'Head of engineering', email: 'head@acme.example' },
]

const minutesOf: Readonly<Record<Severity, number>> = { P1: 20, P2: 60, P3: 240, P4: 480 }
const updatesOf: Readonly<Record<Severity, number | null>> = { P1: 30, P2: 60, P3: 240, P4: null }

export const policy = (severity: Severity = 'P1', more: Partial<Policy> = {}): Policy => ({
  severity,
  meaning: { P1: 'Service down', P2: 'Major feature broken', P3: 'Minor bug', P4: 'Cosmetic' }[severity],
  response: { kind: 'duration', minutes: minutesOf[severity], hours: 'always' },
  page: severity === 'P1',
  update: updatesOf[severity],
  warnAt: [50, 75, 90],
  ladder,
  escalateEvery: 10,
  invite: [{ name: `${severity} responders`, slackGroup: `S0${severity}` }],
  checklist: severity === 'P1' ? ['Page on-call', 'Tell the customers within 30 min'] : [],
  calendar: calendar(),
  ...more,
})

const acme: ProductRef = {
  key: 'acme',
  name: 'Acme Shop',
  links: [
    { name: 'Dashboard', url: 'https://dash.acme.example/' },
    { name: 'Status page', url: 'https://status.acme.example/' },
  ],
  hash: 'f00d',
}

export const alertOf = (more: Partial<AlertRef> = {}): AlertRef => ({
  source: 'alertmanager',
  fingerprint: 'c0ffee',
  startsAt: at(-5),
  rule: 'CheckoutErrors',
  summary: '7 % of checkouts fail',
  severity: 'critical',
  url: 'https://prometheus.acme.example/graph',
  labels: { job: 'shop' },
  ...more,
})

export type Declare = Intent & { type: 'declare' }

export const declareIntent = (more: Partial<Declare> = {}): Declare => ({
  type: 'declare',
  id: 'INC-7',
  number: 7,
  kind: 'incident' as Kind,
  product: acme,
  title: 'Checkout fails',
  summary: null,
  policy: policy(),
  private: false,
  rule: null,
  alert: null,
  ...more,
})

/** A command at so many minutes after `start`, by Alice unless it says otherwise. */
export type Step = { readonly intent: Intent; readonly minute: number; readonly by?: Actor; readonly occurred?: number }

export const declared = (more: Partial<Declare> = {}, by: Actor = alice): Step => ({ intent: declareIntent(more), minute: 0, by })
export const step = (intent: Intent, minute: number, by: Actor = alice): Step => ({ intent, minute, by })
export const ack = (minute: number, by: Actor = alice): Step => step({ type: 'acknowledge' }, minute, by)
export const severity = (to: Severity, minute: number, more: Partial<Policy> = {}, why: string | null = null): Step =>
  step({ type: 'change-severity', policy: policy(to, more), why }, minute)
export const update = (text: string, minute: number, nextMinutes: number | null = null): Step =>
  step({ type: 'update', text, nextMinutes }, minute)
export const note = (text: string, minute: number, occurred?: number): Step => ({
  intent: { type: 'note', text },
  minute,
  ...(occurred === undefined ? {} : { occurred }),
})
export const mitigate = (minute: number, text: string | null = null): Step => step({ type: 'mitigate', text }, minute)
export const resolve = (minute: number, summary = 'Rolled back to v141'): Step => step({ type: 'resolve', summary }, minute)
export const review = (minute: number): Step => step({ type: 'review' }, minute)
/** The checks of a run, which is the record's `run`th, and what they answered all at once. */
export const checked = (run: number, phase: CheckPhase, minute: number, ...results: readonly CheckResult[]): Step[] => [
  step(
    { type: 'start-checks', phase, which: 'auto', checks: results.map(({ check, kind, title }) => ({ check, kind, title })) },
    minute,
    bot,
  ),
  ...(results.length === 0 ? [] : [step({ type: 'answer-checks', run, results }, minute, bot)]),
]

export const tick = (clock: 'response' | 'update', run: number, minute: number): Step =>
  step({ type: 'clock-due', clock, run }, minute, bot)
export const silence = (level: number, minute: number, run = 1): Step => step({ type: 'escalation-due', run, level }, minute, bot)

const commandOf = ({ intent, minute, by = alice, occurred }: Step): Command => ({
  intent,
  at: at(minute),
  by,
  ...(occurred === undefined ? {} : { occurredAt: at(occurred) }),
})

/** What a decision records behind `events`. */
export const record = (events: readonly Recorded[], { at: instant, by }: Pick<Command, 'at' | 'by'>, decision: Decision): Recorded[] =>
  'refused' in decision
    ? []
    : decision.events.map((event, index) => ({
        incident: 'INC-7',
        seq: events.length + index + 1,
        at: instant,
        occurredAt: decision.occurredAt,
        by,
        event,
      }))

/** The recorded events of these steps; throws when one of them is refused, because then it is not given. */
export const happened = (...steps: readonly Step[]): Recorded[] =>
  steps.reduce<Recorded[]>((events, given) => {
    const decision = decide(replay(events), commandOf(given))
    if ('refused' in decision) throw new Error(`${given.intent.type} was refused: ${sentence(decision.refused)}`)
    return [...events, ...record(events, commandOf(given), decision)]
  }, [])

/** The incident after these steps. */
export const after = (...steps: readonly Step[]): Incident => {
  const incident = replay(happened(...steps))
  if (incident === null) throw new Error('nothing was given')
  return incident
}

/** `given(declared()).when(ack(3)).happens({ type: 'acknowledged' })`. */
export const given = (...steps: readonly Step[]) => {
  const before = replay(happened(...steps))
  return {
    when: (next: Step) => {
      const decision = decide(before, commandOf(next))
      const events = 'refused' in decision ? [] : decision.events
      return {
        /** Exactly these events, each as far as it is given. */
        happens: (...expected: readonly Partial<Event>[]): Incident => {
          expect(decision).not.toHaveProperty('refused')
          expect(events).toHaveLength(expected.length)
          expect(events).toMatchObject(expected)
          return record(happened(...steps), commandOf(next), decision).reduce<Incident | null>(evolve, before) as Incident
        },
        refused: (code: RefusalCode, words: string): void => {
          expect('refused' in decision ? [decision.refused.code, sentence(decision.refused)] : decision).toEqual([code, words])
        },
      }
    },
  }
}
