/** What was against what is, and what was changed before it began. */
import { describe, expect, test } from 'vitest'
import { amount } from '../../src/incident/amount.ts'
import { changeLine, rankChanges } from '../../src/incident/changes.ts'
import type { Change, CheckResult, Measurement } from '../../src/incident/check.ts'
import { changeWords, compare, differs } from '../../src/incident/compare.ts'
import { at, start } from '../given.ts'

const result = (check: string, status: CheckResult['status'], ...measurements: Measurement[]): CheckResult => ({
  check,
  kind: 'http',
  title: check,
  status,
  findings: [],
  measurements,
  startedAt: start,
  took: 1,
})
const p95 = (value: number, unit = 'ms'): Measurement => ({ name: 'p95', value, unit, limit: 500 })

describe('compared', () => {
  const words = (before: readonly CheckResult[], after: readonly CheckResult[]) =>
    compare(before, after).map(
      ({ title, was, is, measurements }) => `${title} ${was} → ${is}: ${measurements.map(changeWords).join(' · ')}`,
    )

  test('a value in the unit that reads best', () => {
    expect(words([result('api', 'fail', p95(2100))], [result('api', 'ok', p95(180))])).toEqual([
      'api fail → ok: p95 2.1 s → 180 ms (limit 500 ms)',
    ])
  })

  test('what only one of them has', () => {
    const queue: Measurement = { name: 'queue', value: 7, unit: '' }
    expect(words([result('a', 'ok', p95(1))], [result('a', 'unknown', queue), result('b', 'ok')])).toEqual([
      'a ok → unknown: p95 1 ms → – (limit 500 ms) · queue – → 7',
      'b null → ok: ',
    ])
  })

  test('another unit is another value', () => {
    expect(words([result('a', 'ok', p95(2, 's'))], [result('a', 'ok', p95(180))])).toEqual(['a ok → ok: p95 – → 180 ms (limit 500 ms)'])
  })

  test('what stayed as it was is said once, and is no difference', () => {
    const [same] = compare([result('a', 'ok', p95(180))], [result('a', 'ok', p95(180))])
    expect(same === undefined ? null : [differs(same), same.measurements.map(changeWords)]).toEqual([false, ['p95 180 ms (limit 500 ms)']])
    expect(compare([result('a', 'ok')], [result('a', 'warn')]).map(differs)).toEqual([true])
  })

  test.each([
    [0, 's', '0 s'],
    [0.18, 's', '180 ms'],
    [2100, 'ms', '2.1 s'],
    [-1500, 'ms', '-1.5 s'],
    [45.678, '%', '45.7 %'],
    [12_345, '', '12345'],
  ])('%s %s is %s', (value, unit, text) => expect(amount({ value, unit })).toBe(text))
})

describe('what changed before it began', () => {
  const change = (kind: Change['kind'], minute: number, more: Partial<Change> = {}): Change => ({
    at: at(minute),
    kind,
    title: `${kind} ${minute}`,
    by: null,
    url: null,
    ...more,
  })
  const order = (...changes: Change[]) => rankChanges(changes, start).map(({ title }) => title)

  test('the nearest first, a deployment before a migration, a setting, a commit', () => {
    expect(order(change('deployment', -30), change('deployment', -4), change('deployment', -90))).toEqual([
      'deployment -4',
      'deployment -30',
      'deployment -90',
    ])
    expect(order(change('commit', -10), change('setting', -10), change('migration', -10), change('deployment', -10))).toEqual([
      'deployment -10',
      'migration -10',
      'setting -10',
      'commit -10',
    ])
    expect(order(change('deployment', -300), change('commit', -5))).toEqual(['commit -5', 'deployment -300'])
  })

  test('what came after it, or long before, is no suspect', () => {
    expect(order(change('deployment', 5), change('deployment', 0.5), change('deployment', -1441), change('deployment', -1439))).toEqual([
      'deployment 0.5',
      'deployment -1439',
    ])
  })

  test('the same change that two checks have seen stands once', () => {
    const url = 'https://vendor.example/d/1'
    expect(
      order(change('deployment', -4, { url }), change('deployment', -4, { url, title: 'again' }), change('commit', -4, { url })),
    ).toEqual(['again', 'commit -4'])
  })

  test('a commit that was deployed is told by its deployment', () => {
    const commit = 'abc1234'
    expect(
      order(change('deployment', -12, { commit }), change('commit', -16, { commit }), change('pull-request', -15, { commit })),
    ).toEqual(['deployment -12'])
    expect(order(change('deployment', -12, { commit: 'fff9999' }), change('commit', -1, { commit }))).toEqual([
      'deployment -12',
      'commit -1',
    ])
    // A day later it is no change of that day, and the commit is.
    expect(order(change('deployment', -1500, { commit }), change('commit', -30, { commit }))).toEqual(['commit -30'])
  })

  test('in words', () => {
    expect(changeLine(change('pull-request', -64, { by: 'Bea' }), start)).toBe('pull request, 1 h 04 min before: pull-request -64, by Bea')
    expect(changeLine(change('deployment', 0), start)).toBe('deployment, as it began: deployment 0')
  })
})
