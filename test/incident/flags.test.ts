/** Flags as people and keyboards write them: what is meant to be private is never opened to everybody by a slip. */
import { expect, test } from 'vitest'
import { takeFlags } from '../../src/incident/flags.ts'

const flags = ['private', 'drill', 'disaster'] as const
const take = (words: string) => {
  const taken = takeFlags(words, flags)
  return 'code' in taken ? taken.params : [taken.rest, ...taken.flags]
}

test.each([
  ['Payments fail --private', 'Payments fail', 'private'],
  ['--private Payments fail', 'Payments fail', 'private'],
  ['Payments --Private fail', 'Payments fail', 'private'],
  ['Payments fail --PRIVATE.', 'Payments fail', 'private'],
  // What macOS makes of two dashes.
  ['Payments fail —private', 'Payments fail', 'private'],
  ['Payments fail –private', 'Payments fail', 'private'],
])('%s', (words, rest, ...found) => expect(take(words)).toEqual([rest, ...found]))

test('several at once', () => expect(take('--drill Payments --private fail')).toEqual(['Payments fail', 'drill', 'private']))

test.each([
  ['Payments fail --prvate', '--prvate', '--private'],
  ['Payments fail —privat', '—privat', '--private'],
  ['Payments fail -private', '-private', '--private'],
  ['Payments fail --secret', '--secret', null],
  ['Payments fail --private=yes', '--private=yes', null],
])('%s is refused', (words, word, nearest) => expect(take(words)).toMatchObject({ word, nearest }))

test.each([
  'Payments fail — again',
  'Payments fail -- again',
  'Payments fail –again',
  'rm -rf went wrong',
  'state-of-the-art--mostly',
  'from -d to -p',
  'It is at -5 degrees',
])('%s is a title', (words) => expect(take(words)).toEqual([words]))
