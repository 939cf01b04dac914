/** What people type behind `/incident run`. */
import { expect, test } from 'vitest'
import { takeInput } from '../src/asked-action.ts'

test.each([
  ['to=dpl_A because payments fail', { to: 'dpl_A' }, 'payments fail'],
  ['payments fail to=dpl_A', { to: 'dpl_A' }, 'payments fail'],
  ['because x=5 is wrong', {}, 'x=5 is wrong'],
  ['n=1 : x=5 is wrong', { n: '1' }, 'x=5 is wrong'],
  ['n=1 it fails because x=5 is wrong', { n: '1' }, 'it fails because x=5 is wrong'],
  ['note="we do it because they ask" because x=5', { note: 'we do it because they ask' }, 'x=5'],
  ['pattern=cache:* url=https://shop.example/a?b=1', { pattern: 'cache:*', url: 'https://shop.example/a?b=1' }, null],
])('%s: behind because all is the reason, and nothing of it an input', (typed, input, reason) => {
  expect(takeInput(typed)).toEqual({ input, reason })
})

test.each(['"close it"', '“close it”', '„close it“', '‘close it’', '‚close it‘'])('%s is quoted', (quoted) => {
  expect(takeInput(`note=${quoted} n=2 it leaks`)).toEqual({ input: { note: 'close it', n: '2' }, reason: 'it leaks' })
})

test('what is no quote stays', () => {
  expect(takeInput('note=don’t n=‘a')).toEqual({ input: { note: 'don’t', n: 'a' }, reason: null })
  expect(takeInput('note=‘don’t close it’')).toEqual({ input: { note: 'don’t close it' }, reason: null })
})
