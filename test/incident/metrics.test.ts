/** MTTA, MTTR and compliance, from events. */
import { describe, expect, test } from 'vitest'
import { replay } from '../../src/incident/evolve.ts'
import { metricsOf, timeToResolve } from '../../src/incident/metrics.ts'
import * as g from '../given.ts'
import { ack, after, alertOf, at, declared, happened, note, policy, resolve, step, tick } from '../given.ts'

const minutes = (count: number) => count * 60_000
const stream = (...steps: readonly g.Step[]) => {
  const events = happened(...steps)
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  return { incident, events }
}
const reopen = (minute: number) => step({ type: 'reopen', why: 'It is back' }, minute)

describe('metrics', () => {
  test('nothing is no data, never 0', () =>
    expect(metricsOf([])).toMatchObject({ records: 0, acknowledge: null, resolve: null, responses: null, byProduct: [] }))

  test('median and mean, from detection', () => {
    const of = metricsOf([
      stream(declared(), ack(2), resolve(10)),
      stream(declared(), ack(4), resolve(20)),
      stream(declared({ alert: alertOf(), rule: 'CheckoutErrors' }), ack(10), resolve(85)),
      stream(declared({ policy: policy('P2') })),
    ])
    expect(of).toMatchObject({
      records: 4,
      open: 1,
      bySeverity: { P1: 3, P2: 1, P3: 0, P4: 0 },
      byProduct: [{ product: 'Acme Shop', records: 4 }],
    })
    expect(of.acknowledge).toEqual({ count: 3, median: minutes(4), mean: minutes(7) })
    expect(of.resolve).toEqual({ count: 3, median: minutes(20), mean: minutes(40) })
    expect(metricsOf([stream(declared(), ack(2)), stream(declared(), ack(5))]).acknowledge).toEqual({
      count: 2,
      median: minutes(3.5),
      mean: minutes(3.5),
    })
  })

  test('drills, planned work and what was merged are left out', () => {
    const merged = stream(declared(), ack(1), step({ type: 'merge', into: 'INC-8', channel: null }, 5))
    const others = (['drill', 'change', 'maintenance'] as const).map((kind) => stream(declared({ kind }), resolve(5)))
    expect(metricsOf([merged, ...others])).toMatchObject({ records: 0, resolve: null })
    expect(metricsOf([stream(declared({ kind: 'disaster' }))])).toMatchObject({ records: 1 })
  })

  test('a duration is not cut at 24 h, and nothing that happens after the resolution changes it (field 2)', () => {
    const long = [declared(), ack(2), resolve(3 * 24 * 60 + 61)] as const
    expect(timeToResolve(after(...long))).toBe(minutes(3 * 24 * 60 + 61))
    // MTTR is not "until it was changed last", nor until somebody asks.
    expect(timeToResolve(after(...long, note('Late words', 9000)))).toBe(minutes(3 * 24 * 60 + 61))
    expect(metricsOf([stream(...long, note('Late words', 9000))]).resolve?.mean).toBe(minutes(3 * 24 * 60 + 61))
  })

  test('the time between a resolution and its reopening is not counted; pauses are, and are told', () => {
    const back = [declared(), ack(1), resolve(60), reopen(100), ack(110), resolve(130)] as const
    expect(timeToResolve(after(...back))).toBe(minutes(90))
    expect(timeToResolve(after(...back.slice(0, 4)))).toBeNull()
    const stood = stream(declared(), step({ type: 'pause', why: 'Waiting' }, 5), step({ type: 'resume' }, 25), resolve(60))
    expect(metricsOf([stood])).toMatchObject({ paused: minutes(20), resolve: { mean: minutes(60) } })
  })

  test('responses: in time, too late, never; each reopening is one more', () => {
    expect(metricsOf([stream(declared(), ack(1), resolve(60), reopen(100), ack(130), resolve(140))]).responses).toEqual({ met: 1, of: 2 })
    expect(metricsOf([stream(declared(), resolve(5))]).responses).toEqual({ met: 0, of: 1 })
    expect(metricsOf([stream(declared(), tick('response', 1, 20))]).responses).toEqual({ met: 0, of: 1 })
    expect(metricsOf([stream(declared())]).responses).toBeNull()
    expect(metricsOf([stream(declared(), step({ type: 'pause', why: 'Waiting' }, 5), ack(60))]).responses).toEqual({ met: 1, of: 1 })
    expect(at(0)).toBe(g.start)
  })
})
