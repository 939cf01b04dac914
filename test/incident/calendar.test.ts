import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addWorkingMinutes,
  dueAt,
  endOfNextWorkingDay,
  isWorking,
  pointAt,
  startOfNextSprint,
  workingMinutesBetween,
} from '../../src/incident/calendar.ts'
import type { Calendar, Instant, Target } from '../../src/incident/policy.ts'

const calendar = (more: Partial<Calendar> = {}): Calendar => ({
  zone: 'UTC',
  days: [1, 2, 3, 4, 5],
  from: '09:00',
  to: '17:00',
  holidays: [],
  sprint: { start: '2026-01-05', days: 14 },
  ...more,
})
const everyDay = [1, 2, 3, 4, 5, 6, 7]
const business = (minutes: number): Target => ({ kind: 'duration', minutes, hours: 'business' })
const always = (minutes: number): Target => ({ kind: 'duration', minutes, hours: 'always' })
const at = (text: string): Instant => new Date(text).toISOString()

describe('isWorking (field 15)', () => {
  const berlin = calendar({ zone: 'Europe/Berlin', holidays: ['2026-12-25'] })
  test.each([
    ['the first instant', '2026-07-01T07:00:00.000Z', true],
    ['a millisecond before', '2026-07-01T06:59:59.999Z', false],
    ['the last instant', '2026-07-01T14:59:59.999Z', true],
    ['the end, exclusive', '2026-07-01T15:00:00.000Z', false],
    ['17:59 is not 17:00', '2026-07-01T15:59:00.000Z', false],
    ['the same UTC hour in winter', '2026-12-01T07:00:00.000Z', false],
    ['a Saturday', '2026-07-04T10:00:00.000Z', false],
    ['a holiday', '2026-12-25T10:00:00.000Z', false],
    ['the zone decides the date: Friday in Berlin, 23:30 UTC on Thursday', '2026-07-02T23:30:00.000Z', false],
  ])('%s', (_, instant, expected) => expect(isWorking(berlin, instant)).toBe(expected))

  test('an instant of yesterday lies in today when the clock goes back over midnight (St John’s, 00:01 → 23:01)', () => {
    const newfoundland = calendar({ zone: 'America/St_Johns', days: [7], from: '00:00', to: '24:00' })
    // Sunday 2010-11-07 00:00 is 02:30 UTC; at 02:31 UTC the wall shows Saturday 23:01 again.
    expect(isWorking(newfoundland, '2010-11-07T02:29:59.999Z')).toBe(false)
    expect(isWorking(newfoundland, '2010-11-07T02:30:00.000Z')).toBe(true)
    expect(isWorking(newfoundland, '2010-11-07T02:45:00.000Z')).toBe(true)
  })
})

describe('addWorkingMinutes, computed by hand', () => {
  const table: [string, Partial<Calendar>, string, number, string][] = [
    ['inside a day', {}, '2026-11-18T10:00Z', 90, '2026-11-18T11:30Z'],
    ['before the day begins', {}, '2026-11-18T03:00Z', 60, '2026-11-18T10:00Z'],
    ['ends with the day, not at the next opening', {}, '2026-11-18T16:00Z', 60, '2026-11-18T17:00Z'],
    ['over night', {}, '2026-11-18T16:00Z', 61, '2026-11-19T09:01Z'],
    ['over a weekend', {}, '2026-11-20T16:30Z', 60, '2026-11-23T09:30Z'],
    ['from a weekend', {}, '2026-11-21T12:00Z', 60, '2026-11-23T10:00Z'],
    ['nothing asked, outside of hours', {}, '2026-11-21T12:00Z', 0, '2026-11-21T12:00Z'],
    ['half a minute', {}, '2026-11-18T10:00Z', 0.5, '2026-11-18T10:00:30Z'],
    ['over holidays and the end of the year', { holidays: ['2026-12-31', '2027-01-01'] }, '2026-12-30T16:00Z', 120, '2027-01-04T10:00Z'],
    ['a leap day works', { days: everyDay }, '2028-02-28T16:00Z', 120, '2028-02-29T10:00Z'],
    ['a leap day is a holiday', { days: everyDay, holidays: ['2028-02-29'] }, '2028-02-28T16:00Z', 120, '2028-03-01T10:00Z'],
    ['no leap day in 2100', { days: everyDay }, '2100-02-28T16:00Z', 120, '2100-03-01T10:00Z'],
    // 2026-03-29 is a Sunday of 23 h in Berlin, 2026-10-25 one of 25 h.
    ['Berlin, over the change to summer time', { zone: 'Europe/Berlin' }, '2026-03-27T15:00Z', 120, '2026-03-30T08:00Z'],
    ['Berlin, over the change to winter time', { zone: 'Europe/Berlin' }, '2026-10-23T14:00Z', 120, '2026-10-26T09:00Z'],
    [
      'a whole day of 23 h',
      { zone: 'Europe/Berlin', days: everyDay, from: '00:00', to: '24:00' },
      '2026-03-28T23:00Z',
      23 * 60,
      '2026-03-29T22:00Z',
    ],
    [
      'a whole day of 25 h',
      { zone: 'Europe/Berlin', days: everyDay, from: '00:00', to: '24:00' },
      '2026-10-24T22:00Z',
      25 * 60,
      '2026-10-25T23:00Z',
    ],
    [
      'hours with a gap in them',
      { zone: 'Europe/Berlin', days: [7], from: '01:00', to: '04:00' },
      '2026-03-28T12:00Z',
      120,
      '2026-03-29T02:00Z',
    ],
    [
      'hours that begin in the gap, 02:30',
      { zone: 'Europe/Berlin', days: [7], from: '02:30', to: '04:00' },
      '2026-03-28T12:00Z',
      30,
      '2026-03-29T01:30Z',
    ],
    [
      'hours with an overlap in them',
      { zone: 'Europe/Berlin', days: [7], from: '01:00', to: '04:00' },
      '2026-10-24T12:00Z',
      240,
      '2026-10-25T03:00Z',
    ],
    ['New York begins an hour later in UTC', { zone: 'America/New_York' }, '2026-10-30T20:30Z', 60, '2026-11-02T14:30Z'],
    ['Kathmandu, +05:45', { zone: 'Asia/Kathmandu' }, '2026-11-18T00:00Z', 60, '2026-11-18T04:15Z'],
    [
      'Lord Howe puts its clock forward by 30 min',
      { zone: 'Australia/Lord_Howe', days: [7], from: '01:00', to: '03:00' },
      '2026-10-03T00:00Z',
      90,
      '2026-10-03T16:00Z',
    ],
    ['Apia, +13', { zone: 'Pacific/Apia' }, '2026-11-18T00:00Z', 60, '2026-11-18T01:00Z'],
    ['Apia skipped 2011-12-30', { zone: 'Pacific/Apia', days: everyDay }, '2011-12-30T02:30Z', 60, '2011-12-30T19:30Z'],
  ]
  test.each(table)('%s', (_, more, from, minutes, expected) => {
    expect(addWorkingMinutes(calendar(more), at(from), minutes)).toBe(at(expected))
    expect(workingMinutesBetween(calendar(more), at(from), at(expected))).toBeCloseTo(minutes, 6)
  })
})

describe('next business day and next sprint (S2)', () => {
  test.each<[string, Partial<Calendar>, string, string]>([
    ['on a working day', {}, '2026-11-18T10:00Z', '2026-11-19T17:00Z'],
    ['before hours counts as that day', {}, '2026-11-18T00:00Z', '2026-11-19T17:00Z'],
    ['on a Friday', {}, '2026-11-20T23:59Z', '2026-11-23T17:00Z'],
    ['on a Sunday', {}, '2026-11-22T10:00Z', '2026-11-23T17:00Z'],
    ['the local date decides', { zone: 'Asia/Kathmandu' }, '2026-11-18T18:15Z', '2026-11-20T11:15Z'],
    ['one minute earlier it is the day before', { zone: 'Asia/Kathmandu' }, '2026-11-18T18:14Z', '2026-11-19T11:15Z'],
    ['over holidays', { holidays: ['2026-12-24', '2026-12-25'] }, '2026-12-23T10:00Z', '2026-12-28T17:00Z'],
    ['a day that the zone skipped is none', { zone: 'Pacific/Apia', days: everyDay }, '2011-12-29T20:00Z', '2011-12-31T03:00Z'],
  ])('next business day: %s', (_, more, from, expected) => expect(endOfNextWorkingDay(calendar(more), at(from))).toBe(at(expected)))

  test.each<[string, Partial<Calendar>, string, string]>([
    ['in the middle of one', {}, '2026-01-14T10:00Z', '2026-01-19T09:00Z'],
    ['on the first day of one, before hours', {}, '2026-01-05T00:00Z', '2026-01-19T09:00Z'],
    ['on the last day of one', {}, '2026-01-18T23:59Z', '2026-01-19T09:00Z'],
    ['before the first one', {}, '2025-12-31T10:00Z', '2026-01-05T09:00Z'],
    ['long before the first one', {}, '2025-12-21T10:00Z', '2025-12-22T09:00Z'],
    ['first day is a holiday', { holidays: ['2026-01-19', '2026-01-20'] }, '2026-01-14T10:00Z', '2026-01-21T09:00Z'],
    ['first day is a Saturday', { sprint: { start: '2026-01-03', days: 7 } }, '2026-01-05T10:00Z', '2026-01-12T09:00Z'],
    ['the zone decides the date', { zone: 'Pacific/Apia' }, '2026-01-18T11:00Z', '2026-02-01T20:00Z'],
  ])('next sprint: %s', (_, more, from, expected) => expect(startOfNextSprint(calendar(more), at(from))).toBe(at(expected)))
})

describe('dueAt and pointAt', () => {
  test.each<[string, Target, string]>([
    ['round the clock, over the weekend', always(240), '2026-11-20T20:30:00.000Z'],
    ['business hours', business(240), '2026-11-23T12:30:00.000Z'],
    ['next business day', { kind: 'next-business-day' }, '2026-11-23T17:00:00.000Z'],
    ['next sprint', { kind: 'next-sprint' }, '2026-11-23T09:00:00.000Z'],
  ])('due: %s', (_, target, expected) => expect(dueAt(target, calendar(), '2026-11-20T16:30:00.000Z')).toBe(expected))

  test('half of 15 minutes is 7.5 minutes', () =>
    expect(pointAt(always(15), calendar(), '2026-11-20T16:00:00.000Z', '2026-11-20T16:15:00.000Z', 50)).toBe('2026-11-20T16:07:30.000Z'))
  test('half of four working hours over a weekend', () =>
    expect(pointAt(business(240), calendar(), '2026-11-20T16:30:00.000Z', '2026-11-23T12:30:00.000Z', 50)).toBe('2026-11-23T10:30:00.000Z'))
  test('a promise that was moved is taken as it is', () =>
    expect(pointAt(business(240), calendar(), '2026-11-18T10:00:00.000Z', '2026-11-18T12:00:00.000Z', 50)).toBe('2026-11-18T11:00:00.000Z'))
  test('next business day runs in elapsed time', () =>
    expect(pointAt({ kind: 'next-business-day' }, calendar(), '2026-11-18T17:00:00.000Z', '2026-11-19T17:00:00.000Z', 75)).toBe(
      '2026-11-19T11:00:00.000Z',
    ))
})

describe('what is refused', () => {
  const never = Array.from({ length: 1200 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10))
  const from = '2026-06-01T10:00:00.000Z'
  test.each<[string, Partial<Calendar>]>([
    ['no days', { days: [] }],
    ['no hours', { from: '17:00', to: '09:00' }],
    ['only holidays', { holidays: never }],
  ])('a calendar without a working day: %s', (_, more) => {
    for (const target of [business(1), { kind: 'next-business-day' }, { kind: 'next-sprint' }] as Target[])
      expect(() => dueAt(target, calendar(more), from)).toThrow(/no working day within 400 days of 2026-/)
    expect(isWorking(calendar(more), from)).toBe(false)
    expect(workingMinutesBetween(calendar(more), from, '2026-07-01T00:00:00.000Z')).toBe(0)
  })
  test.each<[string, () => unknown]>([
    ['zone', () => isWorking(calendar({ zone: 'Mars/Phobos' }), from)],
    ['hours', () => isWorking(calendar({ from: '9:00' }), from)],
    ['minutes of an hour', () => isWorking(calendar({ from: '09:75' }), from)],
    ['instant', () => isWorking(calendar(), 'yesterday')],
    ['minutes', () => addWorkingMinutes(calendar(), from, -1)],
    ['no number', () => addWorkingMinutes(calendar(), from, Number.NaN)],
    ['more than ten years', () => dueAt(always(1e9), calendar(), from)],
    ['sprint', () => startOfNextSprint(calendar({ sprint: { start: '2026-01-05', days: 0 } }), from)],
    ['date of a sprint', () => startOfNextSprint(calendar({ sprint: { start: '2026-02-30', days: 7 } }), from)],
    ['percentage', () => pointAt(always(1), calendar(), from, from, 101)],
  ])('%s', (_, call) => expect(call).toThrow(RangeError))
})

describe('properties (fault 43)', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'America/St_Johns',
    'Africa/Casablanca',
    'Pacific/Chatham',
  ]
  const time = (hour: number, minute: number) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  const calendars = fc
    .record({
      zone: fc.constantFrom(...zones),
      days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      hours: fc.tuple(fc.integer({ min: 0, max: 22 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 1, max: 24 })),
      holidays: fc.array(fc.integer({ min: 0, max: 800 }), { maxLength: 10 }),
      sprintDays: fc.integer({ min: 1, max: 30 }),
    })
    .map(({ zone, days, hours: [hour, minute, length], holidays, sprintDays }) =>
      calendar({
        zone,
        days,
        from: time(hour, minute),
        to: hour + length >= 24 ? '24:00' : time(hour + length, minute),
        holidays: holidays.map((day) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10)),
        sprint: { start: '2026-01-05', days: sprintDays },
      }),
    )
  const instants = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 3, 1) }).map((ms) => new Date(ms).toISOString())
  const minutes = fc.integer({ min: 0, max: 6000 })

  test('what is added is what lies between', () => {
    fc.assert(
      fc.property(calendars, instants, minutes, (of, from, n) => {
        expect(workingMinutesBetween(of, from, addWorkingMinutes(of, from, n))).toBeCloseTo(n, 6)
      }),
    )
  })
  test('adding in two steps is adding at once', () => {
    fc.assert(
      fc.property(calendars, instants, minutes, minutes, (of, from, a, b) => {
        expect(addWorkingMinutes(of, addWorkingMinutes(of, from, a), b)).toBe(addWorkingMinutes(of, from, a + b))
      }),
    )
  })
  test('a clock is never early: the last working minute before its end is working time', () => {
    fc.assert(
      fc.property(calendars, instants, minutes, (of, from, n) => {
        const due = addWorkingMinutes(of, from, n)
        if (n > 0) expect(isWorking(of, new Date(Date.parse(due) - 1).toISOString())).toBe(true)
      }),
    )
  })
  test('later reports are never due earlier', () => {
    const targets: Target[] = [always(15), business(15), business(2000), { kind: 'next-business-day' }, { kind: 'next-sprint' }]
    fc.assert(
      fc.property(calendars, instants, instants, fc.constantFrom(...targets), (of, a, b, target) => {
        const [early, late] = a < b ? [a, b] : [b, a]
        // The local date may step back where a clock is put back over midnight; none of these zones does so after 2025.
        expect(dueAt(target, of, early) <= dueAt(target, of, late)).toBe(true)
        expect(dueAt(target, of, late) > late).toBe(true)
      }),
    )
  })
  test('points are in order, between start and end', () => {
    const percents = [0, 25, 50, 75, 90, 100]
    fc.assert(
      fc.property(
        calendars,
        instants,
        fc.constantFrom(always(61), business(240), { kind: 'next-sprint' } as Target),
        (of, from, target) => {
          const due = dueAt(target, of, from)
          const points = percents.map((percent) => pointAt(target, of, from, due, percent))
          expect([from, ...points, due]).toEqual([from, ...points, due].toSorted())
          expect(points.at(-1)).toBe(due)
        },
      ),
    )
  })
  test('agrees with counting every minute on the wall clock', () => {
    // Hours away from a zone's change of clock, where the count and the stretch are defined alike.
    const plain = calendars.map((of) => ({ ...of, from: '08:15', to: '18:45' }))
    const spans = fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2027, 11, 1) / 60_000 })
    fc.assert(
      fc.property(plain, spans, fc.integer({ min: 0, max: 3000 }), (of, start, length) => {
        const format = new Intl.DateTimeFormat('en-CA', { timeZone: of.zone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' })
        let counted = 0
        for (let minute = start; minute < start + length; minute += 1) {
          const [date, clock] = format.format(minute * 60_000).split(', ') as [string, string]
          const weekday = new Date(`${date}T00:00:00Z`).getUTCDay() || 7
          if (of.days.includes(weekday) && !of.holidays.includes(date) && of.from <= clock && clock < of.to) counted += 1
        }
        const iso = (minute: number) => new Date(minute * 60_000).toISOString()
        expect(workingMinutesBetween(of, iso(start), iso(start + length))).toBe(counted)
      }),
      { numRuns: 40 },
    )
  })
})
