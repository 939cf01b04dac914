/** The clocks: when they warn, breach and escalate, and what a late, early or stale timer says. */
import { describe, expect, test } from 'vitest'
import { addMinutes } from 'date-fns'
import { clocked, isGraver, passed, responseDue, running, thresholds, updateDue } from '../../src/incident/clocks.ts'
import type { Policy } from '../../src/incident/policy.ts'
import * as g from '../given.ts'
import { ack, after, at, calendar, declared, given, happened, policy, resolve, severity, silence, step, tick, update } from '../given.ts'

const due = (more: Partial<Policy>, from: string) => responseDue(policy('P2', more), from)

describe('due instants', () => {
  test('minutes round the clock', () => {
    expect(due({}, at(0))).toBe(at(60))
    expect(due({ response: null }, at(0))).toBeNull()
  })

  const business = { response: { kind: 'duration', minutes: 120, hours: 'business' } } as const

  test('business hours rest over a weekend', () => {
    // Friday 16:00 in Berlin: one hour on Friday, one on Monday.
    expect(due(business, '2026-01-16T15:00:00.000Z')).toBe('2026-01-19T09:00:00.000Z')
  })

  test.each([
    // Clocks go forward on Sunday 29 March: Friday is UTC+1, Monday UTC+2.
    ['2026-03-27T15:00:00.000Z', '2026-03-30T08:00:00.000Z'],
    // And back on Sunday 25 October.
    ['2026-10-23T14:00:00.000Z', '2026-10-26T09:00:00.000Z'],
  ])('business hours over a change of the clock, from %s (faults 43)', (from, until) => {
    expect(due(business, from)).toBe(until)
  })

  test('minutes round the clock are elapsed minutes, also over a change of the clock', () => {
    expect(due({}, '2026-03-29T00:30:00.000Z')).toBe('2026-03-29T01:30:00.000Z')
  })

  test('next business day and next sprint', () => {
    expect(due({ response: { kind: 'next-business-day' } }, '2026-01-16T15:00:00.000Z')).toBe('2026-01-19T16:00:00.000Z')
    expect(due({ response: { kind: 'next-sprint' } }, at(0))).toBe('2026-01-19T08:00:00.000Z')
    expect(
      due({ response: { kind: 'next-business-day' }, calendar: calendar({ holidays: ['2026-01-19'] }) }, '2026-01-16T15:00:00.000Z'),
    ).toBe('2026-01-20T16:00:00.000Z')
  })

  test('the next update: as said, as the severity asks, or none', () => {
    expect([updateDue(policy('P1'), at(0), 5), updateDue(policy('P1'), at(0)), updateDue(policy('P4'), at(0))]).toEqual([
      at(5),
      at(30),
      null,
    ])
  })

  test('which records have clocks, and which severity is graver', () => {
    expect((['incident', 'change', 'maintenance', 'disaster', 'drill'] as const).filter(clocked)).toEqual(['incident', 'disaster', 'drill'])
    expect([isGraver('P1', 'P2'), isGraver('P2', 'P2'), isGraver('P4', 'P3')]).toEqual([true, false, false])
  })
})

describe('thresholds', () => {
  const runOf = (more: Partial<Policy>) => {
    const { response } = after(declared({ policy: policy('P2', more) }))
    if (!running(response)) throw new Error('no clock runs')
    return response
  }

  test('50, 75, 90 % and the breach', () => {
    expect(thresholds('response', runOf({}))).toEqual([
      { percent: 50, at: at(30) },
      { percent: 75, at: at(45) },
      { percent: 90, at: at(54) },
      { percent: 100, at: at(60) },
    ])
  })

  test('a clock of working hours is warned of in working hours', () => {
    // From Wednesday 10:00: 7 h that day, 8 h on Thursday, 1 h on Friday.
    const run = runOf({ response: { kind: 'duration', minutes: 16 * 60, hours: 'business' } })
    expect(thresholds('response', run).map((threshold) => threshold.at)).toEqual([
      '2026-01-15T09:00:00.000Z',
      '2026-01-15T13:00:00.000Z',
      '2026-01-15T15:24:00.000Z',
      '2026-01-16T09:00:00.000Z',
    ])
  })

  test('a status update counts elapsed minutes also where the response counts working hours', () => {
    const { update: run } = after(declared({ policy: policy('P1', { response: { kind: 'duration', minutes: 20, hours: 'business' } }) }))
    expect(running(run) && thresholds('update', run).map((threshold) => threshold.at)).toEqual([at(15), at(22.5), at(27), at(30)])
  })

  test('only the highest that has passed and is not said yet', () => {
    const run = runOf({})
    expect(passed('response', run, addMinutes(at(30), -0.001).toISOString())).toBeNull()
    expect(passed('response', run, at(30))).toMatchObject({ percent: 50 })
    expect(passed('response', { ...run, warned: 50 }, at(30))).toBeNull()
    expect(passed('response', run, at(500))).toMatchObject({ percent: 100 })
    expect(passed('response', { ...run, warned: 100 }, at(500))).toBeNull()
  })
})

describe('timers', () => {
  const start = declared({ policy: policy('P2') })

  test.each([
    [30, 50],
    [45, 75],
    [54, 90],
  ])('after %i min: %i %%, said once', (minute, percent) => {
    given(start)
      .when(tick('response', 1, minute))
      .happens({ type: 'clock-warned', clock: 'response', run: 1, percent, due: at(60) })
    given(start, tick('response', 1, minute))
      .when(tick('response', 1, minute))
      .happens()
  })

  test('the breach names the first of the ladder, once', () => {
    given(start)
      .when(tick('response', 1, 60))
      .happens(
        { type: 'clock-breached', clock: 'response', due: at(60) },
        { type: 'escalated', run: 1, level: 0, why: 'breach', to: g.ladder[0]! },
      )
    given(start, tick('response', 1, 60))
      .when(tick('response', 1, 60))
      .happens()
  })

  test('who was paged at opening is not the next', () => {
    given(declared())
      .when(tick('response', 1, 20))
      .happens({ type: 'clock-breached' }, { type: 'escalated', level: 1, to: g.ladder[1]! })
  })

  test('too early says nothing (faults 43)', () => {
    given(start)
      .when(tick('response', 1, 29))
      .happens()
    given(start)
      .when(tick('response', 1, -60))
      .happens()
  })

  test('asleep for two hours: one breach, not four messages (faults 44)', () => {
    given(start)
      .when(tick('response', 1, 120))
      .happens({ type: 'clock-breached' }, { type: 'escalated', level: 0 })
    const woken = happened(start, tick('response', 1, 120), tick('response', 1, 120), tick('response', 1, 120), tick('response', 1, 120))
    expect(woken).toHaveLength(3)
  })

  test('asleep over the escalations too: one step, and the next after its pause', () => {
    given(start, tick('response', 1, 60), silence(1, 180))
      .when(silence(2, 180))
      .happens({ type: 'escalated', level: 2 })
    given(start, tick('response', 1, 60))
      .when(silence(2, 180))
      .happens()
  })

  test('the update clock warns and breaches, and escalates to nobody', () => {
    given(declared())
      .when(tick('update', 1, 27))
      .happens({ type: 'clock-warned', clock: 'update', percent: 90 })
    given(declared())
      .when(tick('update', 1, 30))
      .happens({ type: 'clock-breached', clock: 'update' })
  })

  test.each([
    ['acknowledged', [ack(3)], tick('response', 1, 10)],
    ['acknowledged, the breach', [ack(3)], tick('response', 1, 20)],
    ['resolved', [resolve(3)], tick('update', 1, 30)],
    ['updated', [update('x', 3)], tick('update', 1, 30)],
    ['another severity', [severity('P2', 3)], tick('response', 1, 20)],
    ['another severity, updates', [severity('P2', 3)], tick('update', 1, 30)],
  ])('set before it was %s, it is stale (faults 46)', (_, steps, late) => {
    given(declared(), ...steps)
      .when(late)
      .happens()
  })

  test('planned work hears nothing', () => {
    for (const clock of ['response', 'update'] as const)
      given(declared({ kind: 'change' }))
        .when(tick(clock, 1, 500))
        .happens()
  })
})

describe('escalation', () => {
  const breached = [declared(), tick('response', 1, 20)] as const

  test('goes up the ladder a step at a time, to its end', () => {
    given(...breached)
      .when(silence(2, 30))
      .happens({ type: 'escalated', level: 2, why: 'silence', to: g.ladder[2]! })
    given(...breached, silence(2, 30))
      .when(silence(3, 40))
      .happens()
  })

  test('a step that was taken, or is not the next, is stale', () => {
    given(...breached)
      .when(silence(1, 30))
      .happens()
    given(...breached)
      .when(silence(3, 30))
      .happens()
    given(...breached, silence(2, 30))
      .when(silence(2, 30))
      .happens()
  })

  test('not before the breach, and not for another run', () => {
    given(declared()).when(silence(1, 10)).happens()
    given(...breached)
      .when(silence(2, 30, 2))
      .happens()
    given(...breached, severity('P2', 25))
      .when(silence(2, 30))
      .happens()
  })

  test('an empty ladder: the breach alone', () => {
    given(declared({ policy: policy('P1', { ladder: [] }) }))
      .when(tick('response', 1, 20))
      .happens({ type: 'clock-breached' })
  })

  test('a ladder of one who was paged: the breach alone', () => {
    given(declared({ policy: policy('P1', { ladder: [g.ladder[0]!] }) }))
      .when(tick('response', 1, 20))
      .happens({ type: 'clock-breached' })
  })

  test('racing an acknowledgement, there is one outcome in either order (faults 45)', () => {
    given(...breached, ack(30))
      .when(silence(2, 30))
      .happens()
    const late = given(...breached, silence(2, 30))
      .when(ack(30))
      .happens({ type: 'acknowledged' })
    expect(late).toMatchObject({ escalation: 2, response: { metAt: at(30) } })
    given(declared(), ack(20))
      .when(tick('response', 1, 20))
      .happens()
    given(declared(), tick('response', 1, 20))
      .when(ack(20))
      .happens({ type: 'acknowledged' })
  })

  test('a graver severity starts again with the first, and what was overdue stays so', () => {
    const steps = [declared({ policy: policy('P2') }), tick('response', 1, 60), silence(1, 70), severity('P1', 75)] as const
    expect(after(...steps)).toMatchObject({ escalation: 0, response: { run: 2, due: at(60), breachedAt: null } })
    given(...steps)
      .when(tick('response', 2, 75))
      .happens({ type: 'clock-breached', run: 2, due: at(60) }, { type: 'escalated', run: 2, level: 1 })
  })
})

describe('a change of severity puts off nothing that was promised', () => {
  test('P1, P2 and P1 again: due when it was due first, and warned of as it was', () => {
    const there = [declared(), severity('P2', 5), severity('P1', 8)] as const
    const { response } = after(...there)
    expect(response).toMatchObject({ run: 3, startedAt: at(0), due: at(20) })
    expect(running(response) && thresholds('response', response).map((threshold) => threshold.at)).toEqual([at(10), at(15), at(18), at(20)])
    given(...there)
      .when(tick('response', 3, 10))
      .happens({ type: 'clock-warned', percent: 50, due: at(20) })
  })

  test('back to it after it had run out: the breach is said at once', () => {
    given(declared(), severity('P2', 5), severity('P1', 30))
      .when(tick('response', 3, 30))
      .happens({ type: 'clock-breached', run: 3, due: at(20) }, { type: 'escalated', level: 1 })
  })

  test('graver: never later than the lighter one would have been', () => {
    const { response } = after(declared({ policy: policy('P3') }), severity('P2', 230))
    expect(response).toMatchObject({ startedAt: at(0), due: at(240) })
  })

  test('lighter: what a graver one had promised does not bind it', () => {
    expect(after(declared(), severity('P3', 5), severity('P2', 10)).response).toMatchObject({ startedAt: at(10), due: at(70) })
    expect(after(declared({ policy: policy('P3') }), severity('P1', 30), severity('P2', 40)).response).toMatchObject({ due: at(60) })
  })

  test('updates: P1, P2 and P1 again buys no time, and a lighter one counts from the last update', () => {
    expect(after(declared(), severity('P2', 5), severity('P1', 8)).update).toMatchObject({ run: 3, startedAt: at(0), due: at(30) })
    expect(after(declared(), update('We look', 10), severity('P2', 20)).update).toMatchObject({ startedAt: at(10), due: at(70) })
    expect(after(declared({ policy: policy('P3') }), severity('P1', 100)).update).toMatchObject({ startedAt: at(100), due: at(130) })
    expect(after(declared({ policy: policy('P3') }), severity('P1', 230)).update).toMatchObject({ startedAt: at(0), due: at(240) })
    // An update met what was promised before it.
    expect(after(declared(), severity('P2', 5), update('We look', 8), severity('P1', 12)).update).toMatchObject({ due: at(42) })
  })

  test('updates: what somebody promised stays promised, whatever the severity', () => {
    const promised = [declared(), update('We look', 10, 10)] as const
    expect(after(...promised, severity('P2', 12)).update).toMatchObject({ run: 3, startedAt: at(10), due: at(20) })
    expect(after(...promised, severity('P4', 12), severity('P3', 14)).update).toMatchObject({ startedAt: at(10), due: at(20) })
    expect(after(...promised, severity('P2', 12), severity('P1', 14)).update).toMatchObject({ due: at(20) })
    // A later one than the severity asks for stays, too, and gives way to a graver severity.
    const later = [declared({ policy: policy('P2') }), update('We look', 10, 120)] as const
    expect(after(...later, severity('P3', 12)).update).toMatchObject({ due: at(130) })
    expect(after(...later, severity('P1', 12)).update).toMatchObject({ due: at(42) })
    // The next update is asked for by the severity again.
    expect(after(...promised, update('Found it', 15), severity('P2', 16)).update).toMatchObject({ due: at(75) })
  })

  test('updates: a change while all stands gives none of that time, and takes none', () => {
    const there = [declared(), step({ type: 'pause', why: 'Waiting' }, 10), severity('P2', 20), step({ type: 'resume' }, 40)] as const
    expect(after(...there).update).toMatchObject({ begunAt: at(0), due: at(90) })
    expect(after(...there, severity('P1', 45)).update).toMatchObject({ begunAt: at(0), due: at(60) })
    expect(after(...there, severity('P1', 45), severity('P2', 46)).update).toMatchObject({ begunAt: at(0), due: at(90) })
  })

  test('over a severity without a clock, too', () => {
    expect(after(declared(), severity('P4', 5, { response: null }), severity('P1', 10)).response).toMatchObject({ run: 3, due: at(20) })
  })
})
