/** From when to when, as people type it. */
import { describe, expect, test } from 'vitest'
import { parseWindow } from '../../src/incident/window-words.ts'

const now = '2026-01-14T09:00:00.000Z'
const zone = 'Europe/Berlin'
const of = (words: string, at = now) => {
  const parsed = parseWindow(words, at, zone)
  return parsed.window === null ? parsed.word : [parsed.window.from, parsed.window.to, parsed.rest]
}

describe('a window', () => {
  test.each([
    ['22:00 23:30 Move the database', '2026-01-14T21:00:00.000Z', '2026-01-14T22:30:00.000Z', 'Move the database'],
    ['22:00 2h Move the database', '2026-01-14T21:00:00.000Z', '2026-01-14T23:00:00.000Z', 'Move the database'],
    ['23:30 00:30 Over midnight', '2026-01-14T22:30:00.000Z', '2026-01-14T23:30:00.000Z', 'Over midnight'],
    ['09:00 10:00 Tomorrow, since it is past', '2026-01-15T08:00:00.000Z', '2026-01-15T09:00:00.000Z', 'Tomorrow, since it is past'],
    ['2026-12-01 22:00 23:00 Dated', '2026-12-01T21:00:00.000Z', '2026-12-01T22:00:00.000Z', 'Dated'],
    ['2026-12-01T22:00 2026-12-02T01:00 Both', '2026-12-01T21:00:00.000Z', '2026-12-02T00:00:00.000Z', 'Both'],
    ['tomorrow 22:00 23:00 Named', '2026-01-15T21:00:00.000Z', '2026-01-15T22:00:00.000Z', 'Named'],
    ['Saturday 22:00 sunday 02:00 Over night', '2026-01-17T21:00:00.000Z', '2026-01-18T01:00:00.000Z', 'Over night'],
    ['now 30m Restart', now, '2026-01-14T09:30:00.000Z', 'Restart'],
    ['now +1d', now, '2026-01-15T09:00:00.000Z', ''],
  ])('%s', (words, from, to, rest) => expect(of(words)).toEqual([from, to, rest]))

  test.each([
    ['Move the database', 'Move the'],
    ['25:00 26:00 x', '25:00 26:00'],
    ['tomorrow Move the database', 'tomorrow Move'],
    ['sometime 22:00 23:00 x', 'sometime 22:00'],
    ['22:00 soon', '22:00'],
    ['2026-02-30 22:00 23:00 x', '2026-02-30 22:00'],
    ['2026-01-10 22:00 23:00 over', '2026-01-10 22:00 23:00'],
    ['22:00 15d too long', '22:00 15d'],
    ['22:00 0m nothing', '22:00 0m'],
    ['', ''],
  ])('%s is none', (words, word) => expect(of(words)).toBe(word))

  test('over a change of the clock, times are those on the wall', () => {
    expect(of('22:00 04:00 x', '2026-03-28T12:00:00.000Z')).toEqual(['2026-03-28T21:00:00.000Z', '2026-03-29T02:00:00.000Z', 'x'])
    expect(of('22:00 04:00 x', '2026-10-24T12:00:00.000Z')).toEqual(['2026-10-24T20:00:00.000Z', '2026-10-25T03:00:00.000Z', 'x'])
  })
})
