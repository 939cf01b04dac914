/** Any sequence of pauses, reopenings, reminders, phases and the rest, with every timer at its time or hours late: nothing is said
 *  while all stands, nothing twice, and in the end nothing is forgotten. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runningClocks, runOf } from '../../../src/incident/clocks.ts'
import type { Command, Intent } from '../../../src/incident/commands.ts'
import { compliance } from '../../../src/incident/compliance.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { decide } from '../../../src/incident/decide.ts'
import type { Recorded } from '../../../src/incident/events.ts'
import { evolve, replay } from '../../../src/incident/evolve.ts'
import { explain } from '../../../src/incident/explain.ts'
import type { Incident } from '../../../src/incident/incident.ts'
import { disasterPolicy } from '../../../src/incident/kinds.ts'
import { metricsOf } from '../../../src/incident/metrics.ts'
import type { FurtherClock, Policy, Severity } from '../../../src/incident/policy.ts'
import { type Job, react } from '../../../src/incident/react.ts'
import { alice, at, bot, declareIntent, policy, record } from '../../given.ts'

const customers: FurtherClock = { key: 'customers', title: 'Customers', minutes: 30, from: 'declared', until: 'update' }
const fix: FurtherClock = { key: 'fix', title: 'Fix', minutes: 90, from: 'declared', until: 'resolved' }
const look: FurtherClock = { key: 'review', title: 'Review', minutes: 60, from: 'resolved', until: 'reviewed' }
const plan = {
  rto: 60,
  rpo: 60,
  phases: { assess: { title: 'Assess', task: 'Look', by: 15 }, check: { title: 'Check', task: 'Check', within: 20, after: 'assess' } },
}

const policies: Readonly<Record<Severity, Policy>> = {
  P1: policy('P1', { clocks: [customers, look] }),
  P2: policy('P2', { clocks: [fix, customers] }),
  P3: policy('P3', { clocks: [fix], response: { kind: 'duration', minutes: 120, hours: 'business' } }),
  P4: policy('P4', { response: { kind: 'next-business-day' } }),
}

const intents: fc.Arbitrary<Intent> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Intent>({ type: 'pause', why: 'Waiting' }) },
  { weight: 3, arbitrary: fc.constant<Intent>({ type: 'resume' }) },
  { weight: 2, arbitrary: fc.constant<Intent>({ type: 'resolve', summary: 'Fixed' }) },
  { weight: 2, arbitrary: fc.constant<Intent>({ type: 'reopen', why: 'It is back' }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<Severity>('P1', 'P2', 'P3', 'P4')
      .map((to): Intent => ({ type: 'change-severity', policy: policies[to], why: null })),
  },
  fc.constantFrom<Intent>(
    { type: 'acknowledge' },
    { type: 'mitigate', text: null },
    { type: 'review' },
    { type: 'snooze', minutes: 15 },
    { type: 'finish-phase', phase: 'assess', text: null },
    { type: 'finish-phase', phase: 'check', text: null },
  ),
  fc.integer({ min: 0, max: 99 }).map((n): Intent => ({ type: 'update', text: `Update ${n}`, nextMinutes: null })),
)
const wishes = fc.array(fc.record({ intent: intents, wait: fc.oneof(fc.nat(12), fc.nat(60), fc.constantFrom(0, 600, 3000)) }), {
  maxLength: 30,
})
const beginnings = fc.record({
  kind: fc.constantFrom('incident' as const, 'disaster' as const, 'drill' as const),
  severity: fc.constantFrom<Severity>('P1', 'P2', 'P3', 'P4'),
  disaster: fc.boolean(),
  /** How late timers are. */
  asleep: fc.constantFrom(0, 0, 7, 120),
})

type Step = { readonly before: Incident | null; readonly recorded: Recorded; readonly after: Incident }

const intentOf = (data: Job['data']): Intent => {
  const run = Number(data['run'])
  if (data['snooze'] !== undefined) return { type: 'snooze-due', run, until: String(data['snooze']) }
  if (data['unanswered'] !== undefined) return { type: 'unanswered-due', run, round: Number(data['unanswered']) }
  if (data['escalation'] !== undefined) return { type: 'escalation-due', run, level: Number(data['escalation']) }
  return { type: 'clock-due', clock: String(data['clock']), run }
}

const live = (
  begin: { kind: 'incident' | 'disaster' | 'drill'; severity: Severity; disaster: boolean; asleep: number },
  list: readonly { intent: Intent; wait: number }[],
) => {
  let incident: Incident | null = null
  const events: Recorded[] = []
  const steps: Step[] = []
  const once: string[] = []
  const waiting: Job[] = []
  const handle = (command: Command): number => {
    const added = record(events, command, decide(incident, command))
    for (const recorded of added) {
      const after: Incident = evolve(incident, recorded)
      for (const job of react(incident, recorded, after)) {
        if (job.once !== undefined) once.push(job.once)
        if (job.queue === 'timer') waiting.push(job)
      }
      steps.push({ before: incident, recorded, after })
      events.push(recorded)
      incident = after
    }
    return added.length
  }
  const wake = (minute: number) => {
    for (;;) {
      waiting.sort((a, b) => ((a.startAfter ?? '') < (b.startAfter ?? '') ? -1 : 1))
      const [first] = waiting
      if (first === undefined || (first.startAfter ?? '') > at(minute - begin.asleep)) return
      waiting.shift()
      const set = (Date.parse(first.startAfter ?? at(0)) - Date.parse(at(0))) / 60_000
      const command = { intent: intentOf(first.data), at: at(Math.max(set + begin.asleep, now)), by: bot }
      handle(command)
      expect(handle(command)).toBe(0)
    }
  }
  let now = 0
  const base = policies[begin.severity]
  handle({ intent: declareIntent({ kind: begin.kind, policy: begin.disaster ? disasterPolicy(base, plan) : base }), at: at(0), by: alice })
  for (const { intent, wait } of list) {
    wake(now + wait)
    now += wait
    handle({ intent, at: at(now), by: alice })
  }
  // Days later, without any pause.
  handle({ intent: { type: 'resume' }, at: at(now), by: alice })
  wake(now + 20_000)
  const end = replay(events)
  if (end === null) throw new Error('nothing was declared')
  return { events, steps, once, incident: end, end: at(now + 20_000 - begin.asleep) }
}

const holds = (check: (story: ReturnType<typeof live>) => void, numRuns = 250) =>
  fc.assert(
    fc.property(beginnings, wishes, (begin, list) => check(live(begin, list))),
    { numRuns },
  )

describe('whatever happens', () => {
  test('nothing is said while all stands, a run warns upwards, breaches at its due time or later, and once', () =>
    holds(({ steps }) => {
      const said = new Map<string, number>()
      for (const { before, recorded } of steps) {
        const { event } = recorded
        if (event.type !== 'clock-warned' && event.type !== 'clock-breached') continue
        expect(before?.paused).toBeNull()
        const percent = event.type === 'clock-breached' ? 100 : event.percent
        const run = before === null ? null : runOf(before, event.clock)
        expect(run).toMatchObject({ run: event.run, due: event.due, metAt: null, breachedAt: null })
        expect(percent).toBeGreaterThan(run?.warned ?? 0)
        const key = `${event.clock} ${event.run}`
        expect(percent).toBeGreaterThan(said.get(key) ?? 0)
        said.set(key, percent)
        if (percent === 100) expect(recorded.at >= event.due).toBe(true)
      }
    }))

  test('in the end nothing is forgotten: what is due and unmet has been said to be', () => {
    let breached = 0
    holds(({ incident, end }) => {
      expect(incident.paused).toBeNull()
      for (const { run } of runningClocks(incident))
        if (run.due <= end) {
          expect(run.breachedAt).toBe(run.due)
          breached += 1
        }
    })
    expect(breached).toBeGreaterThan(50)
  })

  test('the ladder goes up one at a time, each step after its pause', () =>
    holds(({ steps }) => {
      let last = ''
      for (const { before, recorded } of steps) {
        const { event, at: when } = recorded
        if (event.type !== 'escalated') continue
        if (event.why !== 'page') expect(event.level).toBe((before?.escalation ?? -1) + 1)
        if (event.why === 'silence') {
          expect(before?.paused).toBeNull()
          expect(Date.parse(when) - Date.parse(last)).toBeGreaterThanOrEqual(10 * 60_000)
        }
        last = when
      }
    }))

  test('what must exist once is asked for once, and everything is JSON', () =>
    holds(({ once, events, incident }) => {
      expect(new Set(once).size).toBe(once.length)
      expect(JSON.parse(JSON.stringify(events))).toEqual(events)
      expect(JSON.parse(JSON.stringify(incident))).toEqual(incident)
    }))

  test('the channel only ever grows, and can be read at any time', () =>
    holds(({ events }) => {
      let before: string[] = []
      for (let length = 1; length <= events.length; length += 1) {
        const items = conversation(events.slice(0, length))
        const keys = items.map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        expect(keys.filter((key) => before.includes(key))).toEqual(before)
        before = keys
      }
      expect(JSON.stringify(conversation(events))).not.toMatch(/undefined|NaN|Invalid Date|\[object/)
    }, 60))

  test('what is told of it holds together: a row for each clock, an explanation for each that runs, metrics', () =>
    holds(({ incident, events, steps }) => {
      const { rows } = compliance(incident, events, 'Europe/Berlin')
      for (const row of rows) expect(JSON.stringify(row)).not.toMatch(/undefined|NaN|Invalid/)
      for (const { clock } of runningClocks(incident)) expect(JSON.stringify(explain(incident, clock))).not.toMatch(/undefined|NaN|null/)
      // Who was late is told to have been, and nobody else.
      const late = new Set(
        steps.flatMap(({ recorded: { event } }) => (event.type === 'clock-breached' && event.clock !== 'update' ? [event.clock] : [])),
      )
      if (late.size > 0) expect(rows.some(({ outcome }) => outcome === 'breached')).toBe(true)
      expect(metricsOf([{ incident, events }]).records).toBe(incident.kind === 'drill' ? 0 : 1)
    }))
})
