/** The incident as its events make it. */
import { describe, expect, test } from 'vitest'
import { evolve, replay } from '../../src/incident/evolve.ts'
import {
  ack,
  after,
  alertOf,
  at,
  bob,
  declared,
  given,
  happened,
  mitigate,
  note,
  policy,
  resolve,
  review,
  severity,
  tick,
  update,
} from '../given.ts'
import * as g from '../given.ts'

const stamps = (...steps: readonly g.Step[]) => after(...steps).stamps

describe('the steps of S6', () => {
  const none = { detect: at(0), assess: null, communicate: null, mitigate: null, resolve: null, review: null }

  test('each is stamped as it is reached', () => {
    expect(stamps(declared())).toEqual(none)
    expect(stamps(declared(), ack(1), update('x', 2), mitigate(3), resolve(4), review(5))).toEqual({
      detect: at(0),
      assess: at(1),
      communicate: at(2),
      mitigate: at(3),
      resolve: at(4),
      review: at(5),
    })
  })

  test('detection is the start of the alert', () => {
    expect(stamps(declared({ alert: alertOf({ startsAt: at(-5) }) })).detect).toBe(at(-5))
  })

  test('a change of severity assesses too; what came first counts', () => {
    expect(stamps(declared(), severity('P2', 1), ack(2), update('x', 3), update('y', 4))).toEqual({
      ...none,
      assess: at(1),
      communicate: at(3),
    })
  })

  test('a skipped step stays open', () => {
    expect(stamps(declared(), resolve(4), review(5))).toEqual({ ...none, resolve: at(4), review: at(5) })
    expect(stamps(declared(), note('x', 1))).toEqual(none)
  })
})

describe('runs', () => {
  test('each run that is over is kept, with how it ended', () => {
    const incident = after(declared(), tick('response', 1, 18), severity('P2', 19), ack(25), update('x', 26), update('y', 30))
    expect(incident.pastRuns.map(({ clock, run }) => [clock, run.run, run.startedAt, run.due, run.metAt, run.warned])).toEqual([
      ['response', 1, at(0), at(20), at(19), 90],
      ['update', 1, at(0), at(30), at(19), 0],
      ['update', 2, at(0), at(60), at(26), 0],
      ['update', 3, at(26), at(86), at(30), 0],
    ])
    expect(incident).toMatchObject({ response: { run: 2, metAt: at(25) }, update: { run: 4, due: at(90), metAt: null } })
  })

  test('runs are numbered on where the clock stood meanwhile', () => {
    const incident = after(declared(), severity('P4', 5, { response: null }), severity('P1', 10))
    expect(incident).toMatchObject({ response: { run: 3, due: at(20) }, update: { run: 3, due: at(30) } })
  })

  test('an update without a next one meets the clock', () => {
    expect(after(declared({ policy: policy('P4') }), update('x', 1, 30), update('y', 2)).update).toMatchObject({ run: 1, metAt: at(2) })
  })

  test('a warning or a breach of another run changes nothing', () => {
    const events = happened(declared(), severity('P2', 1))
    const incident = replay(events)
    const late = {
      ...events[0]!,
      seq: events.length + 1,
      event: { type: 'clock-breached', v: 1, clock: 'response', run: 1, due: at(20) },
    } as const
    expect(evolve(incident, late).response).toEqual(incident?.response)
  })
})

test('who acknowledges leads; who comes later does not take over', () => {
  expect(after(declared(), ack(1, bob))).toMatchObject({ lead: bob, status: 'acknowledged' })
  expect(after(declared())).toMatchObject({ lead: null, declaredBy: g.alice })
})

test('an acknowledgement does not undo a mitigation', () => {
  expect(after(declared(), ack(1), mitigate(2)).status).toBe('mitigated')
})

test('the version is the number of the last event', () => {
  expect(after(declared(), ack(1), note('x', 2))).toMatchObject({ version: 4 })
})

test('a stream starts with declared, once', () => {
  const [first, second] = happened(declared())
  expect(() => evolve(null, second!)).toThrow('INC-7 starts with escalated instead of declared')
  expect(() => evolve(replay([first!]), first!)).toThrow('INC-7 was declared twice')
  expect(replay([])).toBeNull()
})

test('given steps are decided, never made up', () => {
  expect(() => given(declared(), ack(1), ack(2))).toThrow('acknowledge was refused')
})

test('a page without a response clock belongs to a run of its own', () => {
  const silent = policy('P1', { response: null })
  expect(after(declared({ policy: silent })).response).toMatchObject({ run: 1, due: null })
  const incident = after(declared({ policy: silent }), severity('P2', 5), severity('P1', 9, { response: null }))
  expect(incident).toMatchObject({ response: { run: 3, due: null }, escalation: 0 })
})

test('a promised update of planned work stays promised when its severity changes', () => {
  expect(after(declared({ kind: 'change' }), update('x', 1, 30), severity('P3', 2)).update).toMatchObject({
    run: 1,
    due: at(31),
    metAt: null,
  })
})
