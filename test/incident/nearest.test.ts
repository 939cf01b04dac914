/** The word that was probably meant. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearest } from '../../src/incident/nearest.ts'

const verbs = ['ack', 'audit', 'help', 'list', 'mitigate', 'new', 'note', 'postmortem', 'resolve', 'severity', 'status', 'update']

test.each([
  ['akc', 'ack'],
  ['ACK', 'ack'],
  ['acknowledge', null],
  ['aack', 'ack'],
  ['reslove', 'resolve'],
  ['res', 'resolve'],
  ['sev', 'severity'],
  ['stauts', 'status'],
  ['post-mortem', 'postmortem'],
  ['udpate', 'update'],
  ['x', null],
  ['', null],
  ['dance', null],
  ['🔥', null],
])('%j → %s', (word, meant) => {
  expect(nearest(word, verbs)).toBe(meant)
})

test('none is known, none is near', () => {
  expect(nearest('ack', [])).toBeNull()
})

test('gives a known word or null, quickly, for whatever is typed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 5000 }), (word) => {
      const found = nearest(word, verbs)
      expect(found === null || verbs.includes(found)).toBe(true)
    }),
  )
  expect(nearest('y'.repeat(1_000_000), verbs)).toBeNull()
})

test('a known word is nearest to itself', () => {
  for (const verb of verbs) expect(nearest(verb, verbs)).toBe(verb)
})
