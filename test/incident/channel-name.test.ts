/** What the channel of a record is called. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { channelName } from '../../src/incident/channel-name.ts'

const name = (title: string, attempt?: number) => channelName({ number: 7, title, product: { key: 'acme' } }, attempt)

test.each([
  ['Checkout fails', 'inc-7-acme-checkout-fails'],
  ['  --Checkout__fails!! ', 'inc-7-acme-checkout-fails'],
  ['Zahlung über Straße & Fußweg', 'inc-7-acme-zahlung-uber-strasse-fussweg'],
  ['Øre Æble Łódź', 'inc-7-acme-ore-aeble-lodz'],
  ['ﬁne Ⅻ ①', 'inc-7-acme-fine-xii-1'],
  ['🔥🔥', 'inc-7-acme'],
  ['الدفع لا يعمل', 'inc-7-acme'],
  ['\uD83D', 'inc-7-acme'],
])('%j', (title, expected) => {
  expect(name(title)).toBe(expected)
})

test('is cut to 80 characters, and never ends in a dash', () => {
  expect(name('x'.repeat(300))).toHaveLength(80)
  expect(name(`${'x'.repeat(67)} y`)).toBe(`inc-7-acme-${'x'.repeat(67)}-y`)
  expect(name(`${'x'.repeat(68)} y`)).toBe(`inc-7-acme-${'x'.repeat(68)}`)
})

test('a further attempt has another name', () => {
  expect([name('Checkout', 2), name('Checkout', 50)]).toEqual(['inc-7-acme-checkout-2', 'inc-7-acme-checkout-50'])
  expect(name('x'.repeat(300), 12)).toMatch(/x-12$/)
  expect(name('x'.repeat(300), 12)).toHaveLength(80)
})

test('is always a name that Slack takes, and another at each attempt', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 500 }),
      fc.string({ unit: 'grapheme' }),
      fc.nat(10_000_000),
      (title, key, number) => {
        const names = [1, 2, 3, 10].map((attempt) => channelName({ number, title, product: { key } }, attempt))
        for (const each of names) expect(each).toMatch(/^(?=.{1,80}$)inc-\d+(-[a-z0-9]+)*$/)
        expect(new Set(names).size).toBe(4)
      },
    ),
  )
})
