/** Uptime by samples: what was not measured is neither up nor down. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CheckStatus } from '../../src/incident/check.ts'
import { nextSlot, percent, type Sample, slotIsOver, uptimeOf } from '../../src/incident/uptime.ts'

const start = Date.parse('2026-01-14T09:00:00.000Z')
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString()
const during = { from: at(0), to: at(60) }

const sample = (minute: number, status: CheckStatus = 'ok', more: Partial<Sample> = {}): Sample => ({
  slot: at(minute),
  minutes: 5,
  status,
  ms: 100,
  finding: status === 'ok' ? null : `${status} at ${minute}`,
  measurements: [],
  ...more,
})

const all = (change: (minute: number) => CheckStatus | null = () => 'ok'): Sample[] =>
  Array.from({ length: 12 }, (_, index) => index * 5).flatMap((minute) => {
    const status = change(minute)
    return status === null ? [] : [sample(minute, status)]
  })

describe('of an hour, asked every 5 minutes', () => {
  test('all is well', () =>
    expect(uptimeOf(all(), during, 5)).toEqual({ samples: 12, healthy: 12, troubles: [], gaps: [], response: { average: 100, p95: 100 } }))

  test('what failed is one time of trouble, with the finding of its first failure; a warning is up', () => {
    const uptime = uptimeOf(
      all((minute) => (minute === 20 ? 'warn' : minute === 25 || minute === 30 ? 'fail' : minute === 45 ? 'warn' : 'ok')),
      during,
      5,
    )
    expect([uptime.healthy, uptime.samples]).toEqual([10, 12])
    expect(uptime.troubles).toEqual([
      { from: at(20), to: at(35), status: 'fail', finding: 'fail at 25' },
      { from: at(45), to: at(50), status: 'warn', finding: 'warn at 45' },
    ])
  })

  test('a failure up to the end ends with the time', () =>
    expect(uptimeOf([...all((minute) => (minute < 55 ? 'ok' : null)), sample(58, 'fail')], during, 5).troubles).toMatchObject([
      { from: at(58), to: at(60) },
    ]))

  test('a gap is named and counts for nothing', () => {
    const uptime = uptimeOf(
      all((minute) => (minute >= 15 && minute < 40 ? null : 'ok')),
      during,
      5,
    )
    expect(uptime).toMatchObject({ samples: 7, healthy: 7, troubles: [], gaps: [{ from: at(15), to: at(40), why: null }] })
  })

  test('one missing slot is a gap, at the beginning and at the end, too', () =>
    expect(
      uptimeOf(
        all((minute) => ([0, 30, 55].includes(minute) ? null : 'ok')),
        during,
        5,
      ).gaps,
    ).toEqual([
      { from: at(0), to: at(5), why: null },
      { from: at(30), to: at(35), why: null },
      { from: at(55), to: at(60), why: null },
    ]))

  test('slots that do not begin with the time leave no gap', () =>
    expect(
      uptimeOf(
        all().map((each) => sample((Date.parse(each.slot) - start) / 60_000 + 3)),
        during,
        5,
      ).gaps,
    ).toEqual([]))

  test('where the check could not tell, nothing is known, and it says why', () => {
    const uptime = uptimeOf(
      all((minute) => (minute === 10 || minute === 15 ? 'unknown' : 'ok')),
      during,
      5,
    )
    expect(uptime).toMatchObject({ samples: 10, healthy: 10, gaps: [{ from: at(10), to: at(20), why: 'unknown at 10' }] })
  })

  test('without samples all of it is a gap', () =>
    expect(uptimeOf([], during, 5)).toEqual({ samples: 0, healthy: 0, troubles: [], gaps: [{ ...during, why: null }], response: null }))

  test('an interval that was changed in between makes no gap', () => {
    const hourly = [sample(-60, 'ok', { minutes: 60 }), sample(0, 'ok', { minutes: 30 }), ...all((minute) => (minute >= 30 ? 'ok' : null))]
    expect(uptimeOf(hourly, during, 5)).toMatchObject({ samples: 7, gaps: [] })
  })

  test('a duration that is no response, such as an age, is not taken for one', () => {
    const measured = (name: string) =>
      sample(0, 'ok', {
        measurements: [
          { name: 'age', value: 3600, unit: 's' },
          { name, value: 0.3, unit: 's' },
        ],
      })
    expect(uptimeOf([measured('lag')], during, 5).response).toEqual({ average: 100, p95: 100 })
    expect(uptimeOf([measured('response time')], during, 5).response).toEqual({ average: 300, p95: 300 })
    expect(uptimeOf([measured('auth latency')], during, 5).response).toEqual({ average: 300, p95: 300 })
  })

  test('durations are those that the check measured, of what did not fail', () => {
    const measured = (minute: number, value: number, unit: string, status: CheckStatus = 'ok') =>
      sample(minute, status, { measurements: [{ name: 'latency', value, unit }] })
    expect(uptimeOf([measured(0, 100, 'ms'), measured(5, 0.3, 's'), measured(10, 9_000, 'ms', 'fail')], during, 5).response).toEqual({
      average: 200,
      p95: 300,
    })
  })
})

test('what failed once is never said to be 100 %', () => {
  expect(percent(99_999, 100_000)).toBe('99.99 %')
  expect(percent(288, 288)).toBe('100 %')
  expect(percent(0, 3)).toBe('0 %')
})

test('slots are the same for everybody, and follow without an end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.integer({ min: 1, max: 1440 }), (ms, minutes) => {
      const now = new Date(ms).toISOString()
      const slot = nextSlot(now, minutes)
      expect(slot > now).toBe(true)
      expect(Date.parse(slot) % (minutes * 60_000)).toBe(0)
      expect(Date.parse(slot) - ms).toBeLessThanOrEqual(minutes * 60_000)
      expect(slotIsOver(slot, minutes, slot)).toBe(false)
      expect(slotIsOver(slot, minutes, nextSlot(slot, minutes))).toBe(true)
    }),
  )
})

test('samples and gaps account for the whole time, whatever is missing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<CheckStatus | null>('ok', 'warn', 'fail', 'unknown', null), { minLength: 12, maxLength: 12 }),
      (statuses) => {
        const uptime = uptimeOf(
          statuses.flatMap((status, index) => (status === null ? [] : [sample(index * 5, status)])),
          during,
          5,
        )
        const unknown = uptime.gaps.reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0)
        expect(uptime.samples * 5 + unknown / 60_000).toBe(60)
      },
    ),
  )
})
