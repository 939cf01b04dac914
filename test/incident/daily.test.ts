/** What is due once on each date, where clocks are changed (faults 43). */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays } from '../../src/incident/calendar.ts'
import { type Daily, dueOn, latestDate, nextDate } from '../../src/incident/daily.ts'
import { dateIn } from '../../src/incident/when.ts'

const daily = (zone: string, at = '09:00'): Daily => ({ zone, at })

describe('when a date is due', () => {
  test.each<[what: string, zone: string, at: string, date: string, due: string]>([
    ['in winter', 'Europe/Berlin', '09:00', '2026-01-14', '2026-01-14T08:00:00.000Z'],
    ['in summer', 'Europe/Berlin', '09:00', '2026-07-14', '2026-07-14T07:00:00.000Z'],
    ['an hour that is skipped: the first instant after it', 'Europe/Berlin', '02:30', '2026-03-29', '2026-03-29T01:00:00.000Z'],
    ['an hour that comes twice: the first time', 'Europe/Berlin', '02:30', '2026-10-25', '2026-10-25T00:30:00.000Z'],
    ['a zone of half hours', 'Asia/Kolkata', '09:00', '2026-05-01', '2026-05-01T03:30:00.000Z'],
    ['a zone of quarters', 'Asia/Kathmandu', '00:00', '2026-05-01', '2026-04-30T18:15:00.000Z'],
    ['a change of half an hour', 'Australia/Lord_Howe', '02:15', '2026-10-04', '2026-10-03T15:30:00.000Z'],
    ['midnight that is skipped', 'America/Santiago', '00:00', '2026-09-06', '2026-09-06T04:00:00.000Z'],
    ['a leap day', 'UTC', '09:00', '2028-02-29', '2028-02-29T09:00:00.000Z'],
  ])('%s', (_, zone, at, date, due) => expect(dueOn(daily(zone, at), date)).toBe(due))
})

describe('which date is due', () => {
  const berlin = daily('Europe/Berlin')
  test('before the hour it is yesterday’s, from the hour on today’s', () => {
    expect([latestDate(berlin, '2026-01-14T07:59:59.999Z'), nextDate(berlin, '2026-01-14T07:59:59.999Z')]).toEqual([
      '2026-01-13',
      '2026-01-14',
    ])
    expect([latestDate(berlin, '2026-01-14T08:00:00.000Z'), nextDate(berlin, '2026-01-14T08:00:00.000Z')]).toEqual([
      '2026-01-14',
      '2026-01-15',
    ])
  })

  test('the date is the zone’s, whatever it is in UTC', () =>
    expect(latestDate(daily('Pacific/Auckland', '08:00'), '2026-01-13T19:00:00.000Z')).toBe('2026-01-14'))
})

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Africa/Casablanca',
  'America/Nuuk',
]
const times = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))

test('over years, each date is due at one instant, later than the date before, and is walked through exactly once', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), times, fc.integer({ min: 0, max: 3_650 }), (zone, at, offset) => {
      const schedule = daily(zone, at)
      const first = addDays('2024-01-01', offset)
      for (let date = first; date < addDays(first, 40); date = addDays(date, 1)) {
        const due = dueOn(schedule, date)
        expect(dateIn(due, zone)).toBe(date)
        // What a bot that wakes at this instant takes for due, and what it plans then.
        expect(latestDate(schedule, due)).toBe(date)
        expect(nextDate(schedule, due)).toBe(addDays(date, 1))
        const before = new Date(Date.parse(due) - 1).toISOString()
        expect(nextDate(schedule, before)).toBe(date)
      }
    }),
    { numRuns: 40 },
  )
})
