/** When no action runs: the product's own times, over the end of a week, of a day, and of summer time. */
import { describe, expect, test } from 'vitest'
import { announced, controlMessage } from '../../../src/incident/acting/control-post.ts'
import { around, type Control, controlsNow, type Freeze, frozenBy, lockOn } from '../../../src/incident/acting/controls.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { alice, at } from '../../given.ts'

const zone = 'Europe/Berlin'
const freeze = (from: string, to: string): Freeze => ({ from, to, why: 'Nobody is there' })
const holds = (from: string, to: string, instant: string, where = zone): boolean => frozenBy([freeze(from, to)], instant, where) !== null

describe('points of the week', () => {
  test.each([
    // In January Berlin is an hour ahead.
    ['Fri 16:00', 'Mon 08:00', '2026-01-16T14:59:59.999Z', false],
    ['Fri 16:00', 'Mon 08:00', '2026-01-16T15:00:00.000Z', true],
    ['Fri 16:00', 'Mon 08:00', '2026-01-17T23:30:00.000Z', true],
    ['Fri 16:00', 'Mon 08:00', '2026-01-19T06:59:59.999Z', true],
    ['Fri 16:00', 'Mon 08:00', '2026-01-19T07:00:00.000Z', false],
    ['Tue 09:00', 'Tue 10:00', '2026-01-13T08:30:00.000Z', true],
    ['Tue 09:00', 'Tue 10:00', '2026-01-13T09:00:00.000Z', false],
    // All but an hour.
    ['Tue 10:00', 'Tue 09:00', '2026-01-13T08:30:00.000Z', false],
    ['Tue 10:00', 'Tue 09:00', '2026-01-13T09:00:00.000Z', true],
    ['Sat 22:00', 'Sun 02:00', '2026-01-17T22:59:00.000Z', true],
    ['Sat 22:00', 'Sun 02:00', '2026-01-18T00:59:00.000Z', true],
    ['Sat 22:00', 'Sun 02:00', '2026-01-18T01:00:00.000Z', false],
  ])('%s to %s at %s: %s', (from, to, instant, frozen) => {
    expect(holds(from, to, instant)).toBe(frozen)
  })

  test('the local hour counts, in winter and in summer', () => {
    expect(holds('Fri 16:00', 'Mon 08:00', '2026-07-17T13:59:00.000Z')).toBe(false)
    expect(holds('Fri 16:00', 'Mon 08:00', '2026-07-17T14:00:00.000Z')).toBe(true)
  })

  test('the hour that is not there, and the one that comes twice (DST)', () => {
    // 02:00 to 03:00 local does not exist on 29 March 2026: one instant is 01:59, the next 03:00.
    expect(holds('Sun 02:00', 'Sun 03:00', '2026-03-29T00:59:59.000Z')).toBe(false)
    expect(holds('Sun 02:00', 'Sun 03:00', '2026-03-29T01:00:00.000Z')).toBe(false)
    expect(holds('Sun 01:00', 'Sun 04:00', '2026-03-29T00:59:59.000Z')).toBe(true)
    expect(holds('Sun 01:00', 'Sun 04:00', '2026-03-29T01:00:00.000Z')).toBe(true)
    // On 25 October it comes twice, and is frozen both times.
    expect(holds('Sun 02:00', 'Sun 03:00', '2026-10-25T00:30:00.000Z')).toBe(true)
    expect(holds('Sun 02:00', 'Sun 03:00', '2026-10-25T01:30:00.000Z')).toBe(true)
    expect(holds('Sun 02:00', 'Sun 03:00', '2026-10-25T02:00:00.000Z')).toBe(false)
  })
})

describe('targets', () => {
  test.each([
    ['compose:shop:maintenance', ['compose:shop:maintenance', 'compose:shop']],
    ['compose:shop', ['compose:shop']],
    ['shop', ['shop']],
  ])('%s lies in %j', (target, all) => expect(around(target)).toEqual(all))

  test('a lock keeps what lies in its target, and not what it lies in', () => {
    const locked = (target: string) => ({ seq: 1, at: at(0), by: alice, what: 'lock', target, why: 'A restore', incident: null }) as const
    const outer = controlsNow([locked('compose:shop')])
    expect(lockOn(outer, 'compose:shop:maintenance')?.target).toBe('compose:shop')
    expect(lockOn(outer, 'compose:shop2')).toBeUndefined()
    expect(lockOn(controlsNow([locked('compose:shop:maintenance')]), 'compose:shop')).toBeUndefined()
  })
})

describe('dates', () => {
  test.each([
    ['2026-12-24', '2026-12-26', '2026-12-23T22:59:59.999Z', false],
    ['2026-12-24', '2026-12-26', '2026-12-23T23:00:00.000Z', true],
    // A day that ends it belongs to it.
    ['2026-12-24', '2026-12-26', '2026-12-26T22:59:59.999Z', true],
    ['2026-12-24', '2026-12-26', '2026-12-26T23:00:00.000Z', false],
    ['2026-12-24', '2026-12-24', '2026-12-24T11:00:00.000Z', true],
    ['2026-12-24 16:00', '2027-01-04 08:00', '2026-12-24T14:59:00.000Z', false],
    ['2026-12-24 16:00', '2027-01-04 08:00', '2026-12-31T23:30:00.000Z', true],
    ['2026-12-24 16:00', '2027-01-04 08:00', '2027-01-04T07:00:00.000Z', false],
  ])('%s to %s at %s: %s', (from, to, instant, frozen) => {
    expect(holds(from, to, instant)).toBe(frozen)
  })

  test('it is the day of the zone that counts', () => {
    expect(holds('2026-12-24', '2026-12-24', '2026-12-24T23:30:00.000Z', 'UTC')).toBe(true)
    expect(holds('2026-12-24', '2026-12-24', '2026-12-24T23:30:00.000Z', zone)).toBe(false)
    expect(holds('2026-12-25', '2026-12-25', '2026-12-24T12:30:00.000Z', 'Pacific/Auckland')).toBe(true)
  })

  test('the first that holds is told, and none when none does', () => {
    const all = [freeze('Mon 00:00', 'Mon 01:00'), { ...freeze('2026-01-14', '2026-01-14'), why: 'The audit' }]
    expect(frozenBy(all, at(0), zone)?.why).toBe('The audit')
    expect(frozenBy(all, at(24 * 60), zone)).toBeNull()
    expect(frozenBy([], at(0), zone)).toBeNull()
  })
})

describe('what was said', () => {
  const said = (seq: number, what: Control['what'], target: string): Control => ({
    seq,
    at: at(seq),
    by: alice,
    what,
    target,
    why: `Because ${seq}`,
    incident: null,
  })

  test('the last word on a target and on all of them holds', () => {
    const now = controlsNow([
      said(1, 'lock', 'a'),
      said(2, 'lock', 'b'),
      said(3, 'freeze', '*'),
      said(4, 'unlock', 'a'),
      said(5, 'unfreeze', '*'),
      said(6, 'lock', 'a'),
    ])
    expect([...now.locks].map(([target, { seq }]) => [target, seq])).toEqual([
      ['b', 2],
      ['a', 6],
    ])
    expect(now.frozen).toBeNull()
  })

  test('a freeze opens no lock, and an unlocked target no freeze', () => {
    const now = controlsNow([said(1, 'lock', 'a'), said(2, 'freeze', '*'), said(3, 'unlock', 'a')])
    expect(now.locks.size).toBe(0)
    expect(now.frozen?.seq).toBe(2)
  })
})

test('everybody is told of a lock in a private record, but neither where it was said nor why', () => {
  const lock: Control = { seq: 3, at: at(0), by: alice, what: 'lock', target: 'server:shop', why: 'A raid', incident: 'INC-9' }
  const shown = (control: Control) => plainText(controlMessage(control).parts, { typed: (code) => code })
  expect(shown(lock)).toBe('🔒 server:shop is locked: no action changes it, by Alice Adler in INC-9: A raid')
  expect(shown({ ...lock, private: true })).toBe('🔒 server:shop is locked: no action changes it, by Alice Adler in a private record.')
})

test('whoever gave no reason is not told that it is said', () => {
  expect(announced(null, '')).toBe('The announcements channel says so.')
  expect(announced({ private: false }, 'A restore')).toBe('The announcements channel says so, with what you wrote.')
  expect(announced({ private: true }, 'A restore')).toContain('neither which, nor why')
})
