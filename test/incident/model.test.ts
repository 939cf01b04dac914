/** Any sequence of commands and timers, at any instants: what must always hold. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Person } from '../../src/incident/areas/area.ts'
import { roles } from '../../src/incident/areas/roles.ts'
import { clocked, isGraver, thresholds, runOf } from '../../src/incident/clocks.ts'
import type { Command, Intent } from '../../src/incident/commands.ts'
import { conversation } from '../../src/incident/conversation.ts'
import { decide } from '../../src/incident/decide.ts'
import type { ClockName, Event, Recorded } from '../../src/incident/events.ts'
import { kinds } from '../../src/incident/events.ts'
import { evolve, replay } from '../../src/incident/evolve.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { type Policy, type Severity, severities } from '../../src/incident/policy.ts'
import { type Job, react } from '../../src/incident/react.ts'
import { alertOf, alice, at, bob, bot, declareIntent, ladder, policy, record } from '../given.ts'

const policies = fc
  .record({
    severity: fc.constantFrom<Severity>(...severities),
    response: fc.constantFrom<Policy['response']>(
      null,
      { kind: 'duration', minutes: 20, hours: 'always' },
      { kind: 'duration', minutes: 90, hours: 'business' },
      { kind: 'next-business-day' },
      { kind: 'next-sprint' },
    ),
    page: fc.boolean(),
    update: fc.constantFrom(null, 30, 60),
    warnAt: fc.constantFrom([50, 75, 90], [], [80]),
    ladder: fc.integer({ min: 0, max: 3 }).map((length) => ladder.slice(0, length)),
    escalateEvery: fc.constantFrom(5, 30),
    nagLead: fc.constantFrom(null, 2, 10),
  })
  .map(({ severity, ...more }) => policy(severity, more))

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', 'Looking', '\u202E<!channel>', 'sk_live_51HabcDEFghiJKLmno', 'x'.repeat(3001)),
)
const alerts = fc.record({ fingerprint: fc.constantFrom('a', 'b'), startsAt: fc.constantFrom(at(-5), at(3)) })
const channels = fc.constantFrom('C1', 'C2')
const steps = fc.record({ surface: fc.constantFrom('channel', 'record'), step: fc.constantFrom('channel', 'topic', 'record') })

const askedCheck = { check: 'health', kind: 'http', title: 'Health' }
const checkResult = {
  ...askedCheck,
  status: 'fail' as const,
  findings: [],
  measurements: [],
  startedAt: at(0),
  took: 1,
  detail: { title: 'Log', lines: 9 },
}

const people = fc.constantFrom(alice as Person, bob as Person)

const intents: fc.Arbitrary<Intent> = fc.oneof(
  fc.constant<Intent>({ type: 'acknowledge' }),
  policies.chain((to) => words.map((why): Intent => ({ type: 'change-severity', policy: to, why }))),
  fc.record({ type: fc.constant('update' as const), text: words, nextMinutes: fc.constantFrom(null, 5, 90) }),
  fc.record({ type: fc.constant('note' as const), text: words }),
  fc.record({ type: fc.constant('mitigate' as const), text: fc.option(words) }),
  fc.record({ type: fc.constant('resolve' as const), summary: words }),
  fc.constant<Intent>({ type: 'review' }),
  fc.record({
    type: fc.constant('clock-due' as const),
    clock: fc.constantFrom<ClockName>('response', 'update'),
    run: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ type: fc.constant('escalation-due' as const), run: fc.integer({ min: 1, max: 3 }), level: fc.integer({ min: 0, max: 3 }) }),
  channels.map((channel): Intent => ({ type: 'channel-opened', channel, name: channel })),
  channels.map((channel): Intent => ({ type: 'channel-lost', channel, why: 'archived' })),
  alerts.map((more): Intent => ({ type: 'join-alert', alert: alertOf(more) })),
  alerts.map((more): Intent => ({ type: 'resolve-alert', source: 'alertmanager', ...more, endsAt: at(9) })),
  steps.map((more): Intent => ({ type: 'step-failed', ...more, reason: 'no' })),
  steps.map((more): Intent => ({ type: 'step-mended', ...more })),
  fc.record({ type: fc.constant('take-role' as const), role: fc.constantFrom(...roles), person: people }),
  fc.record({ type: fc.constant('leave-role' as const), role: fc.constantFrom(...roles) }),
  people.map(({ id }): Intent => ({ type: 'person-gone', id })),
  fc.record({ type: fc.constant('lead-due' as const), search: fc.integer({ min: 1, max: 3 }), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ type: fc.constant('page' as const), to: fc.option(fc.constantFrom(...ladder)), why: fc.option(words) }),
  fc.record({
    type: fc.constant('call-missed' as const),
    level: fc.integer({ min: 0, max: 2 }),
    run: fc.integer({ min: 1, max: 3 }),
    reason: words,
  }),
  fc.constantFrom<Intent>(
    { type: 'start-checks', phase: 'opening', which: 'auto', checks: [askedCheck], since: at(0) },
    { type: 'start-checks', phase: 'asked', which: 'health', checks: [askedCheck] },
    { type: 'finish-checks', run: 1, why: 'x' },
    { type: 'answer-checks', run: 1, results: [checkResult] },
    { type: 'show-lines', run: 1, check: 'health' },
    { type: 'published', where: 'pull-request', url: 'https://x.example/1', head: 'h' },
  ),
)

/** A wish with the minutes until it: mostly few, now and then the two hours of a machine asleep. */
const wishes = fc.array(
  fc.record({
    intent: intents,
    wait: fc.oneof(fc.nat(12), fc.constantFrom(0, 120, 3000)),
    by: fc.constantFrom(alice, bob),
    back: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(30) }),
  }),
  { maxLength: 40 },
)

const declarations = fc.record({
  policy: policies,
  kind: fc.constantFrom(...kinds),
  private: fc.boolean(),
  alert: fc.constantFrom(null, alertOf()),
  summary: fc.option(fc.constant('seen')),
})

type Story = { readonly events: readonly Recorded[]; readonly jobs: readonly Job[]; readonly refused: number }

/** Lives through the wishes; due timers that `react` has set come in between, in the order of their times. */
const live = (
  declaration: typeof declarations extends fc.Arbitrary<infer D> ? D : never,
  list: typeof wishes extends fc.Arbitrary<infer W> ? W : never,
): Story => {
  let incident: Incident | null = null
  let events: Recorded[] = []
  const jobs: Job[] = []
  const waiting: Job[] = []
  let refused = 0
  const handle = (command: Command): number => {
    const frozen = structuredClone(incident)
    const decision = decide(incident, command)
    // Deciding changes nothing by itself.
    expect(incident).toEqual(frozen)
    const added = record(events, command, decision)
    if ('refused' in decision) refused += 1
    for (const recorded of added) {
      const next: Incident = evolve(incident, recorded)
      const caused = react(incident, recorded, next)
      jobs.push(...caused)
      waiting.push(...caused.filter(({ queue }) => queue === 'timer'))
      incident = next
    }
    events = [...events, ...added]
    return added.length
  }
  const wake = (now: string) => {
    for (;;) {
      waiting.sort((a, b) => ((a.startAfter ?? '') < (b.startAfter ?? '') ? -1 : 1))
      if (waiting[0] === undefined || (waiting[0].startAfter ?? '') > now) return
      const { data } = waiting.shift()!
      const run = Number(data['run'])
      const clock = data['clock']
      const intent: Intent =
        clock === 'response' || clock === 'update'
          ? { type: 'clock-due', clock, run }
          : data['search'] !== undefined
            ? { type: 'lead-due', search: Number(data['search']), count: Number(data['count']) }
            : data['unanswered'] !== undefined
              ? { type: 'unanswered-due', run, round: Number(data['unanswered']) }
              : { type: 'escalation-due', run, level: Number(data['escalation']) }
      handle({ intent, at: now, by: bot })
      // The same timer again has nothing to say.
      expect(handle({ intent, at: now, by: bot })).toBe(0)
    }
  }
  handle({ intent: declareIntent(declaration), at: at(0), by: alice })
  let minute = 0
  for (const { intent, wait, by, back } of list) {
    minute += wait
    wake(at(minute))
    handle({ intent, at: at(minute), by, ...(back === null ? {} : { occurredAt: at(minute - back) }) })
  }
  return { events, jobs, refused }
}

const holds = (check: (story: Story) => void, more: { readonly numRuns?: number; readonly seed?: number } = {}) =>
  fc.assert(
    fc.property(declarations, wishes, (declaration, list) => check(live(declaration, list))),
    { numRuns: 300, ...more },
  )

const only = <T extends Event['type']>(events: readonly Recorded[], type: T): (Event & { type: T })[] =>
  events.flatMap(({ event }) => (event.type === type ? [event as Event & { type: T }] : []))

describe('whatever happens', () => {
  test('a replay is the fold; versions and numbers have no gap; all of it is JSON', () => {
    holds(({ events }) => {
      let folded: Incident | null = null
      for (const recorded of events) folded = evolve(folded, recorded)
      expect(replay(events)).toEqual(folded)
      expect(folded?.version).toBe(events.length)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
      expect(JSON.parse(JSON.stringify(events))).toEqual(events)
      expect(JSON.parse(JSON.stringify(folded))).toEqual(folded)
      expect(JSON.stringify(events)).not.toMatch(/\u202E|51HabcDEF/)
      for (const { event, at: recorded, occurredAt } of events) {
        expect(event.v).toBe(1)
        expect(occurredAt <= recorded).toBe(true)
      }
    })
  })

  test('nothing is acknowledged, mitigated, resolved or reviewed twice, and after the end only a review changes the status', () => {
    holds(({ events }) => {
      for (const type of ['declared', 'acknowledged', 'mitigated', 'resolved', 'reviewed'] as const)
        expect(only(events, type).length).toBeLessThanOrEqual(1)
      const end = events.findIndex(({ event }) => event.type === 'resolved')
      if (end < 0) return
      const later = events.slice(end + 1).map(({ event }) => event.type)
      for (const type of [
        'acknowledged',
        'severity-changed',
        'updated',
        'mitigated',
        'clock-warned',
        'clock-breached',
        'escalated',
      ] as const)
        expect(later).not.toContain(type)
      expect(replay(events)?.status).toBe(later.includes('reviewed') ? 'reviewed' : 'resolved')
    })
  })

  test('a run of a clock warns upwards, breaches at most once, never when it is met or too early', () => {
    holds(({ events }) => {
      const said = new Map<string, number>()
      let incident: Incident | null = null
      for (const recorded of events) {
        const { event } = recorded
        if (event.type === 'clock-warned' || event.type === 'clock-breached') {
          const run = incident === null ? null : runOf(incident, event.clock)
          const key = `${event.clock} ${event.run}`
          const percent = event.type === 'clock-breached' ? 100 : event.percent
          expect(percent).toBeGreaterThan(said.get(key) ?? 0)
          said.set(key, percent)
          expect(run).toMatchObject({ run: event.run, due: event.due, metAt: null })
          expect(recorded.at >= event.due).toBe(event.type === 'clock-breached')
        }
        incident = evolve(incident, recorded)
      }
    })
  })

  test('no sequence of changes of severity makes an earlier promise later, at the same severity or a graver one', () => {
    const changes = fc.array(fc.record({ policy: policies, wait: fc.oneof(fc.nat(12), fc.nat(300), fc.constant(3000)) }), { maxLength: 8 })
    const kept = { response: 0, update: 0 }
    const check = (declaration: Parameters<typeof live>[0], list: readonly { policy: Policy; wait: number }[]) => {
      const wish = ({ policy: to, wait }: (typeof list)[number]) => ({
        intent: { type: 'change-severity', policy: to, why: null } as const,
        wait,
        by: alice,
        back: null,
      })
      const incident = replay(live(declaration, list.map(wish)).events)
      for (const name of ['response', 'update'] as const) {
        const runs = [...(incident?.pastRuns ?? []), { clock: name, run: incident?.[name] ?? null }].flatMap(({ clock, run }) =>
          clock === name && run !== null && run.due !== null ? [{ ...run, due: run.due }] : [],
        )
        for (const [index, run] of runs.entries()) {
          for (const earlier of runs.slice(0, index)) {
            if (isGraver(earlier.target.severity, run.target.severity)) continue
            expect(run.due <= earlier.due, `${name}: ${earlier.due} became ${run.due}`).toBe(true)
            if (run.due === earlier.due) kept[name] += 1
          }
          // What a run has to say lies within it, in order.
          const said = [run.startedAt, ...thresholds(name, run).map((threshold) => threshold.at)]
          expect(said).toEqual(said.toSorted())
        }
      }
    }
    fc.assert(fc.property(declarations, changes, check), { numRuns: 300 })
    expect(kept.response).toBeGreaterThan(50)
    expect(kept.update).toBeGreaterThan(50)
  })

  test('escalations go up one at a time within a run, and only while nobody has responded', () => {
    holds(({ events }) => {
      const levels = new Map<number, number>()
      let incident: Incident | null = null
      for (const recorded of events) {
        const { event } = recorded
        if (event.type === 'escalated') {
          expect(event.level).toBe((levels.get(event.run) ?? -1) + 1)
          levels.set(event.run, event.level)
          expect(incident?.acknowledged).toBeNull()
          expect(incident?.status).toBe('declared')
          expect(incident?.policy.ladder[event.level]).toEqual(event.to)
        }
        // Who is called by hand as the next of the ladder is not called by the clock again.
        if (event.type === 'paged' && event.level !== null) {
          expect(incident?.policy.ladder[event.level]).toBeDefined()
          levels.set(event.run, Math.max(levels.get(event.run) ?? -1, event.level))
        }
        incident = evolve(incident, recorded)
      }
    })
  })

  test('nobody is called by hand twice within five minutes, and a lead is asked for only while there is none, at most five times', () => {
    holds(({ events }) => {
      const called: { name: string; at: number }[] = []
      let incident: Incident | null = null
      for (const { event, at: instant, by, ...more } of events) {
        const now = Date.parse(instant)
        if (event.type === 'paged' && by.kind === 'person')
          expect(called.filter(({ name, at: last }) => name === event.to.name && now - last < 5 * 60_000)).toEqual([])
        if (event.type === 'paged' || event.type === 'escalated') called.push({ name: event.to.name, at: now })
        if (event.type === 'lead-wanted') {
          expect(incident?.lead).toBeNull()
          expect([incident?.search, (incident?.asked ?? 0) + 1]).toEqual([event.search, event.count])
        }
        incident = evolve(incident, { event, at: instant, by, ...more })
      }
    })
  })

  test('no clock of planned work runs by itself', () => {
    holds(({ events }) => {
      const incident = replay(events)
      if (incident === null || clocked(incident.kind)) return
      expect(incident.response).toBeNull()
      expect([...only(events, 'escalated'), ...only(events, 'acknowledged')]).toEqual([])
    })
  })

  test('what must exist once is asked for once; timers lie in the future of what set them or are due at once', () => {
    holds(({ jobs }) => {
      const once = jobs.flatMap((job) => (job.once === undefined ? [] : [job.once]))
      expect(new Set(once).size).toBe(once.length)
      for (const job of jobs) if (job.queue === 'timer') expect(job.startAfter).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/)
    })
  })

  test('every clock that runs has a timer for all that it has still to say', () => {
    holds(({ events, jobs }) => {
      const incident = replay(events)
      for (const clock of ['response', 'update'] as const) {
        const run = incident?.[clock]
        if (run === null || run === undefined || run.due === null) continue
        for (const percent of [...run.target.warnAt, 100])
          expect(jobs.map((job) => job.once)).toContain(`clock:INC-7:${clock}:${run.run}:${percent}`)
      }
    })
  })

  test('the channel only ever grows: its keys keep their order and none goes, so no message must be taken back', () => {
    holds(
      ({ events }) => {
        let before: string[] = []
        for (let length = 1; length <= events.length; length += 1) {
          const keys = conversation(events.slice(0, length)).map(({ key }) => key)
          expect(new Set(keys).size).toBe(keys.length)
          expect(keys.filter((key) => before.includes(key))).toEqual(before)
          before = keys
        }
      },
      { numRuns: 100 },
    )
  })

  test('a message is of a size that can be read, and says what it is', () => {
    holds(({ events }) => {
      for (const item of conversation(events)) {
        if (item.step !== 'message') continue
        expect(JSON.stringify(item.message).length).toBeLessThan(12_000)
        expect(item.message.parts.length).toBeGreaterThan(0)
        expect(item.message.summary.trim()).not.toBe('')
        expect(Array.from(item.message.summary).length).toBeLessThanOrEqual(150)
        expect(JSON.stringify(item.message)).not.toMatch(/undefined|NaN|Invalid Date|\[object/)
      }
    })
  })

  test('some of it is refused, some is not: the stories are worth something', () => {
    let refused = 0
    const types = new Set<string>()
    // Not by chance: the same stories every time.
    holds(
      (story) => {
        refused += story.refused
        for (const { event } of story.events) types.add(event.type)
      },
      { seed: 1, numRuns: 600 },
    )
    expect(refused).toBeGreaterThan(100)
    expect(types.size).toBe(25)
  })
})
