/** Messages on a terminal. */
import { expect, test } from 'vitest'
import { plainText } from '../../src/incident/plain.ts'
import { wordsOf } from '../../src/terminal.ts'

test('every kind of part and span, without what can only be clicked', () => {
  const text = plainText(
    [
      { kind: 'heading', text: 'INC-1' },
      {
        kind: 'text',
        spans: ['a ', { bold: 'b' }, ' ', { code: '/x' }, ' ', { link: 'https://w.test', text: 'wiki' }, ' ', { mention: { name: 'Bob' } }],
      },
      { kind: 'fields', fields: [{ label: 'Where', value: [{ channel: 'C1', text: 'inc-1' }] }] },
      { kind: 'list', items: [['one'], [{ time: '2026-11-21T13:05:00.000Z', zone: 'UTC' }]] },
      { kind: 'quote', text: 'first\nsecond' },
      { kind: 'buttons', buttons: [{ label: 'No', action: 'no', value: '' }] },
      { kind: 'divider' },
      { kind: 'context', spans: ['\u001B[2Jsmall\tprint'] },
    ],
    { typed: (code) => `<${code}>` },
  )
  expect(text).toBe(
    'INC-1\na b </x> wiki (https://w.test) Bob\nWhere: #inc-1\n- one\n- 2026-11-21 13:05 UTC\n> first\n> second\n[2Jsmall\tprint',
  )
})

test.each([
  [['INC-3', 'ack'], null, 'ack INC-3'],
  [['inc-3', 'note', 'a', 'b'], null, 'note INC-3 a b'],
  [['ack', 'INC-3'], null, 'ack INC-3'],
  [['ack'], 'INC-3', 'ack INC-3'],
  [['note', 'a b'], '3', 'note INC-3 a b'],
  [['list'], null, 'list'],
  [['INC-3'], null, 'INC-3'],
] as const)('%j with %s is %s', (args, incident, words) => expect(wordsOf(args, incident)).toBe(words))
