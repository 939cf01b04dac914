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
    ['Restarted at 11:55.', 'Restarted', '2026-11-21T10:55:00.000Z'],
    ['Restarted at 11:55:30', 'Restarted', '2026-11-21T10:55:30.000Z'],
    ['Restarted at 2 am', 'Restarted', '2026-11-21T01:00:00.000Z'],
    // It is noon, so 2pm was yesterday.
    ['Restarted at 2pm', 'Restarted', '2026-11-20T13:00:00.000Z'],
    ['Restarted at 2:30 p.m.', 'Restarted', '2026-11-20T13:30:00.000Z'],
    ['Restarted at 2.30pm', 'Restarted', '2026-11-20T13:30:00.000Z'],
    ['Restarted at 12am', 'Restarted', '2026-11-20T23:00:00.000Z'],
    ['Restarted at 12 PM', 'Restarted', '2026-11-21T11:00:00.000Z'],
    ['Restarted at 10:55 UTC', 'Restarted', '2026-11-21T10:55:00.000Z'],
    ['Restarted at 10:55Z', 'Restarted', '2026-11-21T10:55:00.000Z'],
    ['Restarted at 14:05 utc', 'Restarted', '2026-11-20T14:05:00.000Z'],
    ['Restarted at 11:55 Europe/Vienna', 'Restarted', '2026-11-21T10:55:00.000Z'],
    ['Restarted at 5am America/New_York', 'Restarted', '2026-11-21T10:00:00.000Z'],
    ['Restarted at 10:55 UTC+1', 'Restarted', '2026-11-21T09:55:00.000Z'],
    ['Restarted at 16:25 +05:30', 'Restarted', '2026-11-21T10:55:00.000Z'],
    ['Restarted at 2026-11-19T14:05:00.000Z', 'Restarted', '2026-11-19T14:05:00.000Z'],
    ['Restarted at 2026-11-19 14:05-05:00', 'Restarted', '2026-11-19T19:05:00.000Z'],
    ['Deploy at 3 servers at 11:55', 'Deploy at 3 servers', '2026-11-21T10:55:00.000Z'],
  ])('%j', (words, text, at) => {
    expect(parseAt(words, noon, berlin)).toEqual({ text, at })
  })

  test.each([
    '',
    'at',
    'Restarted',
    'Look at 5',
    'seat 14:05',
    'The ratio is at 14:05 again',
    'Worker queue is at 95%',
    'Restarted at midnight',
    'looked at 3 servers',
    'Running at 2.5x',
    'p95 at 340 ms',
    'Load is at 14.05',
    'Latency at 2.15 s',
    'Pool at 99.95',
    'Replication lag is at 14h05',
    'Retry at 10 amps',
    'Pinned at 1.2.3',
    'Errors at 127.0.0.1:80',
    'Errors at localhost:3000',
    'Mapped at 80:8080',
    'Released at 2026-11-21',
    'Stuck at 14:05 of 20:00',
    'Restarted at 14:05 api/worker',
  ])('%j has none', (words) => {
    expect(parseAt(words, noon, berlin)).toEqual({ text: words, at: null })
  })

  test.each([
    'x at 25:00',
    'x at 14:60',
    'x at 14:05:60',
    'x at 3:1',
    'x at 14:5',
    'x at 14:055',
    'x at 14.05',
    'x at 9h05',
    'x at 14pm',
    'x at 0am',
    'x at 13:05 pm',
    'x at 14:05 CEST',
    'x at 14:05 Europe/Wien',
    'x at 14:05 +15:00',
    'x at 10:00-11:00',
    'x at 10:00–11:00',
    'x at 25:00 UTC',
    'x at 2026-11-20 14',
    'x at 2026-11-20 14.05',
    'x at 2026-02-30 10:00',
    'x at 2026-13-01 10:00',
    'x at 0000-00-00 10:00',
  ])('%j cannot be read', (words) => {
    expect(parseAt(words, noon, berlin)).toEqual({ text: 'x', at: 'unreadable' })
  })

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
    ['Rolled back next 30m.', 'Rolled back', 30],
    ['Rolled back next 30', 'Rolled back', 30],
    ['Rolled back next 1.5h', 'Rolled back', 90],
    ['Rolled back next 1,5 hours', 'Rolled back', 90],
    ['Rolled back next 1h30m', 'Rolled back', 90],
    ['Rolled back next 1h30', 'Rolled back', 90],
    ['Rolled back next 1 hour and 30 minutes', 'Rolled back', 90],
    ['Rolled back next 1d', 'Rolled back', 1440],
    ['next 24h', '', 1440],
    ['What comes next next 20 min', 'What comes next', 20],
  ])('%j', (words, text, minutes) => {
    expect(parseNext(words)).toEqual({ text, minutes })
  })

  test.each([
    '',
    'What comes next',
    'Waiting for the next release',
    'The next 30m will tell',
    'Watching it for the next 30m',
    'Recovery expected within next 2h',
    'Restarting next 3 servers',
    'Looking into next 5xx',
    'Rolled back to next 14',
    'Upgraded Next 15',
    'Upgraded next 14.2.3',
    'Phone next 30 minutes and 5 people',
    `next ${'1'.repeat(3000)}x`,
    `next ${'1 '.repeat(1500)}x`,
    `next 1${' '.repeat(3000)}x`,
  ])('%j has none', (words) => {
    expect(parseNext(words)).toEqual({ text: words, minutes: null })
  })

  test.each(['0m', '0', '25h', '2d', '99d', '1w', '9999m', '90s', '-5m', '1.5', '14:30', '30m1h', '1h 1.5m', '30m 30'])(
    '%j cannot be read',
    (amount) => {
      expect(parseNext(`x next ${amount}`)).toEqual({ text: 'x', minutes: 'unreadable' })
    },
  )
})

describe('whatever is typed', () => {
  const words = fc.array(
    fc.oneof(
      fc.constantFrom(
        'at',
        'next',
        'the',
        'is',
        '14:05',
        '3:1',
        '14.05',
        '2pm',
        '30',
        '1.5h',
        '1h30m',
        '0m',
        '95%',
        'UTC',
        'Europe/Vienna',
        '.',
      ),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
    ),
    { maxLength: 12 },
  )

  test('a text without a time stays as it is; one with a time is what stood before it', () => {
    fc.assert(
      fc.property(words, (list) => {
        const said = list.join(' ').trim()
        for (const { text, none } of [
          { ...parseNext(said), none: parseNext(said).minutes === null },
          { ...parseAt(said, noon, berlin), none: parseAt(said, noon, berlin).at === null },
        ]) {
          expect(none ? text === said : said.startsWith(text) && text.length < said.length).toBe(true)
        }
      }),
    )
  })

  test('any minutes of a day, however they are written, are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1440 }), (minutes) => {
        const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
        const written = [
          `${minutes}`,
          `${minutes}m`,
          `${minutes} min`,
          ...(hours > 0 && rest > 0 ? [`${hours}h${rest}m`, `${hours}h ${rest}`] : []),
        ]
        for (const amount of written) expect(parseNext(`x next ${amount}`)).toEqual({ text: 'x', minutes })
      }),
    )
  })

  test('any time of day is the same in every zone that is named behind it', () => {
    fc.assert(
      fc.property(fc.nat(1439), fc.constantFrom('Europe/Vienna', 'America/New_York', 'Asia/Kolkata', 'UTC'), (minute, zone) => {
        const time = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`
        expect(parseAt(`x at ${time} ${zone}`, noon, berlin)).toEqual(parseAt(`x at ${time}`, noon, zone))
      }),
    )
  })
})
