/** What people write, without the secrets of products (faults 58). */
import { expect, test } from 'vitest'
import { createWrittenMask, maskedReading } from '../src/masking.ts'
import type { ChatMessage, ChatReading } from '../src/ports.ts'
import type { Dispatch } from '../src/slack/dispatch.ts'
import { masked } from '../src/slack/masked.ts'

const secret = 'Tulip-9-harbour'
const products = new Map([['shop', { secrets: new Set(['SHOP_KEY', 'SHOP_UNSET']) }]]) as never
const mask = createWrittenMask({ products }, { SHOP_KEY: secret, OTHER_KEY: 'nobody-names-this-1' })

test('a secret that a product names is masked by its value, and nothing else is', () => {
  expect(mask(`the key is ${secret}!`)).toBe('the key is ***!')
  expect(mask('nobody-names-this-1, a tulip, a harbour, INC-7 3')).toBe('nobody-names-this-1, a tulip, a harbour, INC-7 3')
})

test('a word of a secret stays one: it may be the name of a product', () => {
  const words = createWrittenMask({ products }, { SHOP_KEY: 'the-vercel-rollback-of-the-shop' })
  expect(words('new shop-vercel-rollback P1 Payments fail')).toBe('new shop-vercel-rollback P1 Payments fail')
})

test('a message is read without it', async () => {
  const message = { text: `it is ${secret}` } as ChatMessage
  const reading = { message: (_: string, ts: string) => Promise.resolve(ts === '1' ? message : null) } as unknown as ChatReading
  expect(await maskedReading(reading, mask).message('C1', '1')).toEqual({ text: 'it is ***' })
  expect(await maskedReading(reading, mask).message('C1', '2')).toBeNull()
})

test('whichever way it comes in', async () => {
  const seen: unknown[] = []
  const told = (...given: readonly unknown[]) => {
    seen.push(given)
    return Promise.resolve(null as never)
  }
  const dispatch: Dispatch = masked({ type: told, press: told, quote: told, refill: told, submit: told }, mask)
  const source = { by: { kind: 'bot' }, channel: 'C1', canShowForm: false } as const
  const place = { channel: 'C1', incident: 'INC-7' }
  await dispatch.type('incident', `deny 1 ${secret}`, source)
  await dispatch.press('deny', `INC-7 1 ${secret}`, source)
  await dispatch.quote({ channel: 'C1', ts: '1', text: secret } as never, secret, source)
  await dispatch.refill('run', { reason: secret }, place, source.by)
  await dispatch.submit('run', { reason: secret }, place, source.by)
  expect(JSON.stringify(seen)).not.toContain(secret)
  expect(JSON.stringify(seen).match(/\*\*\*/g)).toHaveLength(6)
  expect(seen[0]).toEqual(['incident', 'deny 1 ***', source])
})
