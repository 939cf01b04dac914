/** What an approval is bound to, and what a kind of action cannot get around. */
import { expect, test } from 'vitest'
import { approvalHash } from '../src/acting.ts'

const bound = {
  product: 'shop',
  action: 'rollback',
  kind: 'versions',
  options: { url: 'https://a.example', limits: { most: 5 } },
  input: { to: 'v141' },
  back: false,
  plan: { from: 'v142', to: 'v141' },
  state: { version: 'v142' },
  returnsAfter: null,
}

test('the hash is the same whatever the order of the words', () => {
  const other = { ...bound, options: { limits: { most: 5 }, url: 'https://a.example' }, plan: { to: 'v141', from: 'v142' } }
  expect(approvalHash(other)).toBe(approvalHash(bound))
})

test.each([
  ['another product', { product: 'kiosk' }],
  ['another action', { action: 'promote' }],
  ['another kind under the same name', { kind: 'manual' }],
  ['options that the catalogue has changed meanwhile', { options: { url: 'https://b.example', limits: { most: 5 } } }],
  ['a bound in them', { options: { url: 'https://a.example', limits: { most: 500 } } }],
  ['other arguments (faults 49)', { input: { to: 'v140' } }],
  ['the way back', { back: true }],
  ['another plan', { plan: { from: 'v142', to: 'v140' } }],
  ['a target that moved', { state: { version: 'v143' } }],
  ['for a time only', { returnsAfter: 60 }],
])('%s is another hash', (_, more) => {
  expect(approvalHash({ ...bound, ...more })).not.toBe(approvalHash(bound))
})
