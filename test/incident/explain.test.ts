/** How a due time was computed, for each kind of target, and after all that can move it. */
import { describe, expect, test } from 'vitest'
import { explain } from '../../src/incident/explain.ts'
import type { Incident } from '../../src/incident/incident.ts'
import type { Policy } from '../../src/incident/policy.ts'
import type { Span } from '../../src/incident/message.ts'
import { when } from '../../src/incident/timeline.ts'
import { ack, after, at, bot, calendar, declared, policy, resolve, severity, step, tick, update } from '../given.ts'

const text = (spans: readonly Span[] | null): string | null =>
  spans === null
    ? null
    : spans
        .map((span) => (typeof span === 'string' ? span : 'time' in span ? when(span.time, 'UTC') : 'bold' in span ? span.bold : '?'))
        .join('')
const of = (incident: Incident, clock = 'response') => text(explain(incident, clock))
const p4 = (more: Partial<Policy>) => declared({ policy: policy('P4', more) })
const pause = (minute: number) => step({ type: 'pause', why: 'Waiting' }, minute)
const resume = (minute: number) => step({ type: 'resume' }, minute)

describe('each kind of target', () => {
  test('minutes round the clock', () =>
    expect(of(after(declared()))).toBe('Acknowledgement due 2026-01-14 09:20 UTC: P1, 20 min from the declaration 2026-01-14 09:00 UTC.'))

  test('working hours, with the holidays that were skipped', () =>
    expect(
      of(
        after(
          p4({
            response: { kind: 'duration', minutes: 960, hours: 'business' },
            calendar: calendar({ holidays: ['2026-01-15', '2026-01-17'] }),
          }),
        ),
      ),
    ).toBe(
      'Acknowledgement due 2026-01-19 09:00 UTC: P4, 16 h of working hours from the declaration 2026-01-14 09:00 UTC, Mon–Fri 09:00–17:00 Europe/Berlin, 1 holiday skipped.',
    ))

  test('the next business day', () =>
    expect(of(after(p4({ response: { kind: 'next-business-day' }, calendar: calendar({ days: [1, 2, 3, 4, 6] }) })))).toBe(
      'Acknowledgement due 2026-01-15 16:00 UTC: P4, the end of the next business day after the declaration 2026-01-14 09:00 UTC, Mon–Thu, Sat 09:00–17:00 Europe/Berlin.',
    ))

  test('the next sprint', () =>
    expect(of(after(p4({ response: { kind: 'next-sprint' } }), pause(60), resume(80)))).toBe(
      'Acknowledgement due 2026-01-19 08:20 UTC: P4, next sprint (14 days each, since 2026-01-05) after the declaration 2026-01-14 09:00 UTC, Mon–Fri 09:00–17:00 Europe/Berlin, paused 20 min.',
    ))

  test('the next business day over a change of the clock', () => {
    const incident = { ...after(p4({ response: { kind: 'next-business-day' } })), declaredAt: '2026-03-27T12:00:00.000Z' }
    const response = incident.response && { ...incident.response, startedAt: '2026-03-27T12:00:00.000Z', due: '2026-03-30T15:00:00.000Z' }
    expect(of({ ...incident, response })).toContain('due 2026-03-30 15:00 UTC')
    expect(of({ ...incident, response })).toContain('after the declaration 2026-03-27 12:00 UTC')
  })

  test('updates: from the declaration, or the last one', () => {
    expect(of(after(declared()), 'update')).toBe(
      'Status update due 2026-01-14 09:30 UTC: P1, 30 min from the declaration 2026-01-14 09:00 UTC.',
    )
    expect(of(after(declared(), update('We look', 10, 60)), 'update')).toBe(
      'Status update due 2026-01-14 10:10 UTC: P1, 1 h from the last update 2026-01-14 09:10 UTC.',
    )
  })

  test('deadlines: from the declaration, the resolution, the end of a phase', () => {
    const clocks = [
      { key: 'review', title: 'Review', minutes: 60, from: 'resolved', until: 'reviewed' },
      { key: 'restore', title: 'Restore', minutes: 30, from: 'declared', until: 'phase' },
      { key: 'check', title: 'Check', minutes: 30, from: 'phase:restore', until: 'phase' },
    ] as const
    const there = declared({ policy: policy('P1', { clocks }) })
    expect(of(after(there), 'restore')).toContain('Restore due 2026-01-14 09:30 UTC: P1, 30 min from the declaration')
    expect(of(after(there, step({ type: 'finish-phase', phase: 'restore', text: null }, 10)), 'check')).toContain(
      '30 min from the end of Restore 2026-01-14 09:10 UTC',
    )
    expect(of(after(there, resolve(20)), 'review')).toContain('1 h from the resolution 2026-01-14 09:20 UTC')
    expect(of(after(there), 'review')).toBeNull()
  })
})

describe('what moved it', () => {
  test('pauses', () => {
    expect(of(after(declared(), pause(5), resume(25)))).toBe(
      'Acknowledgement due 2026-01-14 09:40 UTC: P1, 20 min from the declaration 2026-01-14 09:00 UTC, paused 20 min.',
    )
    expect(of(after(declared(), pause(5)))).toContain('due 2026-01-14 09:20 UTC but for the pause')
  })

  test('another severity, graver and lighter', () => {
    expect(of(after(declared({ policy: policy('P2') }), severity('P1', 10)))).toContain(
      'P1, 20 min from the change to P1 2026-01-14 09:10 UTC',
    )
    expect(of(after(declared(), severity('P2', 10)))).toContain('P2, 1 h from the declaration 2026-01-14 09:00 UTC')
  })

  test('a reopening', () => {
    const fix = [{ key: 'fix', title: 'Fix', minutes: 120, from: 'declared', until: 'resolved' }] as const
    const back = after(declared({ policy: policy('P1', { clocks: fix }) }), resolve(60), step({ type: 'reopen', why: 'It is back' }, 100))
    expect(of(back)).toContain('20 min from the reopening 2026-01-14 10:40 UTC')
    expect(of(back, 'fix')).toBe(
      'Fix due 2026-01-14 11:40 UTC: P1, 2 h from the declaration 2026-01-14 09:00 UTC, resolved in between for 40 min.',
    )
  })

  test.each([
    ['back', '2026-10-23T15:50:00.000Z', '2026-10-25T15:50:00.000Z', ', with the clocks put back 1 h.'],
    ['forward', '2027-03-27T15:50:00.000Z', '2027-03-29T15:50:00.000Z', ', with the clocks put forward 1 h.'],
    ['not at all', '2026-10-21T15:50:00.000Z', '2026-10-23T15:50:00.000Z', 'UTC.'],
  ])('43: a night in which the clocks are put %s, where a wall clock is an hour off', (_, declaredAt, due, end) => {
    const incident = after(declared())
    const response = incident.response && { ...incident.response, startedAt: declaredAt, due }
    expect(of({ ...incident, declaredAt, response })?.endsWith(end)).toBe(true)
  })

  test('what ended without what it waited for was not met', () => {
    const clocks = [{ key: 'fix', title: 'Fix', minutes: 120, from: 'declared', until: 'resolved' }] as const
    const there = declared({ policy: policy('P1', { clocks }) })
    const merged = after(there, step({ type: 'merge', into: 'INC-12', channel: null }, 5))
    expect(of(merged)).toContain('Acknowledgement none: merged before it was due 2026-01-14 09:20 UTC: P1')
    expect(of(merged, 'update')).toContain('Status update none: merged before it was due 2026-01-14 09:30 UTC: P1')
    expect(of(merged, 'fix')).toContain('Fix none: merged before it was due')
    const resolved = after(there, resolve(25))
    expect(of(resolved)).toContain('Acknowledgement none: resolved after it was due 2026-01-14 09:20 UTC: P1')
    expect(of(resolved, 'update')).toContain('Status update none: resolved before it was due')
    expect(of(resolved, 'fix')).toContain('Fix met, due')
  })

  test('met, met late, overdue, none', () => {
    expect(of(after(declared(), ack(3)))).toContain('Acknowledgement met, due')
    expect(of(after(declared(), ack(30)))).toContain('Acknowledgement met late, due')
    expect(of(after(declared(), tick('response', 1, 20)))).toContain('Acknowledgement overdue since 2026-01-14 09:20 UTC')
    expect(of(after(p4({ response: null })))).toBeNull()
    expect(of(after(declared({ kind: 'change' }), step({ type: 'note', text: 'x' }, 1, bot)), 'update')).toBeNull()
    expect(at(0)).toBe('2026-01-14T09:00:00.000Z')
  })
})
