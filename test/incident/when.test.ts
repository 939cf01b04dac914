/** Times as people type them behind a text. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAt, parseNext } from '../../src/incident/when.ts'

const berlin = 'Europe/Berlin'
const noon = '2026-11-21T11:00:00.000Z'

describe('at', () => {
  test.each([
    ['Restarted at 11:55', 'Restarted', '2026-11-21T10:55:00.000Z'],
    ['Restarted AT 9:05 ', 'Restarted', '2026-11-21T08:05:00.000Z'],
    ['Restarted at 12:00', 'Restarted', '2026-11-21T11:00:00.000Z'],
    // Not yet today, so it was yesterday.
    ['Restarted at 23:30', 'Restarted', '2026-11-20T22:30:00.000Z'],
    ['Restarted at 2026-11-19 14:05', 'Restarted', '2026-11-19T13:05:00.000Z'],
    ['Restarted at 2026-07-19T14:05', 'Restarted', '2026-07-19T12:05:00.000Z'],
    ['Looked at it at 00:00', 'Looked at it', '2026-11-20T23:00:00.000Z'],
    ['at 11:55', '', '2026-11-21T10:55:00.000Z'],
    ['Restarted\nit at 11:55', 'Restarted\nit', '2026-11-21T10:55:00.000Z'],
  ])('%j', (words, text, at) => {
    expect(parseAt(words, noon, berlin)).toEqual({ text, at })
  })

  test.each(['Restarted', 'at', 'Look at 5', 'The ratio is at 14:05 again', 'seat 14:05', ''])('%j has none', (words) => {
    expect(parseAt(words, noon, berlin)).toEqual({ text: words, at: null })
  })

  test.each(['x at 25:00', 'x at 14:60', 'x at 2026-02-30 10:00', 'x at 2026-13-01 10:00', 'x at 0000-00-00 10:00'])(
    '%j cannot be read',
    (words) => {
      expect(parseAt(words, noon, berlin)).toEqual({ text: 'x', at: 'unreadable' })
    },
  )

  test('it is the product’s time, not the server’s', () => {
    expect(parseAt('x at 11:00', noon, 'UTC').at).toBe('2026-11-21T11:00:00.000Z')
    expect(parseAt('x at 06:00', noon, 'America/New_York').at).toBe('2026-11-21T11:00:00.000Z')
    expect(parseAt('x at 00:30', noon, 'Pacific/Kiritimati').at).toBe('2026-11-21T10:30:00.000Z')
  })

  test.each([
    // 02:30 comes twice: of the two the last that has been.
    ['2026-10-25T00:40:00.000Z', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T01:10:00.000Z', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T01:40:00.000Z', '2026-10-25T01:30:00.000Z'],
    ['2026-10-25T00:10:00.000Z', '2026-10-24T00:30:00.000Z'],
  ])('an hour that comes twice, at %s (faults 43)', (now, at) => {
    expect(parseAt('x at 02:30', now, berlin).at).toBe(at)
  })

  test('an hour that does not exist is read as the one after it', () => {
    expect(parseAt('x at 02:30', '2026-03-29T12:00:00.000Z', berlin).at).toBe('2026-03-29T01:30:00.000Z')
  })

  test('a time without a date is never ahead, and less than 25 hours ago', () => {
    const minutes = fc.integer({ min: 0, max: 3 * 366 * 24 * 60 })
    fc.assert(
      fc.property(
        minutes,
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.constantFrom(berlin, 'America/New_York', 'Asia/Kolkata', 'UTC'),
        (passed, hour, minute, zone) => {
          const now = new Date(Date.UTC(2026, 0, 1) + passed * 60_000).toISOString()
          const { at } = parseAt(`x at ${hour}:${String(minute).padStart(2, '0')}`, now, zone)
          const ago = Date.parse(now) - Date.parse(at ?? '')
          expect(ago).toBeGreaterThanOrEqual(0)
          expect(ago).toBeLessThanOrEqual(25 * 3_600_000)
        },
      ),
    )
  })
})

describe('next', () => {
  test.each([
    ['Rolled back next 30m', 'Rolled back', 30],
    ['Rolled back next 2h', 'Rolled back', 120],
    ['Rolled back NEXT 90 minutes', 'Rolled back', 90],
    ['Rolled back next 1 hour ', 'Rolled back', 60],
    ['next 24h', '', 1440],
    ['What comes next', 'What comes next', null],
    ['The next 30m will tell', 'The next 30m will tell', null],
    ['', '', null],
    ['x next 0m', 'x', 'unreadable'],
    ['x next 25h', 'x', 'unreadable'],
    ['x next 9999m', 'x', 'unreadable'],
  ])('%j', (words, text, minutes) => {
    expect(parseNext(words)).toEqual({ text, minutes })
  })
})
