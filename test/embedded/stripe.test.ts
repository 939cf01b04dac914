/** The front before the Stripe emulator, driven by the real client. */
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { until } from '../until.ts'
import { control, testWorld } from './world.ts'

const key = 'sk_test_front'
let world: World
let stripe: Stripe
const clientOf = (secret: string): Stripe => {
  const { hostname: host, port } = new URL(world.stripeApiUrl)
  return new Stripe(secret, { host, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false })
}

beforeAll(async () => {
  world = await testWorld({ stripe: { key } })
  stripe = clientOf(key)
})
beforeEach(() => control(world.url)('DELETE', '/faults'))
afterAll(() => world.close())

test('the emulator’s own part is there: customers, products, checkout', async () => {
  const customer = await stripe.customers.create({ email: 'a@example.test' })
  expect((await stripe.customers.retrieve(customer.id)).id).toBe(customer.id)
  const product = await stripe.products.create({ name: 'Letter' })
  expect((await stripe.products.list()).data.map(({ id }) => id)).toContain(product.id)
})
test('only its key is accepted, and is not said back', async () => {
  await expect(clientOf('sk_test_another_key').balanceTransactions.list()).rejects.toMatchObject({
    type: 'StripeAuthenticationError',
    statusCode: 401,
    message: 'Invalid API Key provided: sk_test_***',
  })
})
test('a world without Stripe has none', async () => {
  await using other = await testWorld()
  expect(other.stripeApiUrl).toBe('')
  expect((await fetch(`${other.url}/v1/events`)).status).toBe(404)
  await expect(control(other.url)('POST', '/stripe/events', {})).rejects.toThrow('there is no events of Stripe here')
})
test('an endpoint is made, changed, disabled, taken away; its secret is shown once', async () => {
  const made = await stripe.webhookEndpoints.create({
    url: 'https://app.example/hook',
    enabled_events: ['charge.failed', 'charge.succeeded'],
  })
  expect(made.secret).toMatch(/^whsec_/)
  const changed = await stripe.webhookEndpoints.update(made.id, { disabled: true, enabled_events: ['*'] })
  expect(changed).toMatchObject({ status: 'disabled', enabled_events: ['*'] })
  expect(changed.secret).toBeUndefined()
  await stripe.webhookEndpoints.del(made.id)
  await expect(stripe.webhookEndpoints.retrieve(made.id)).rejects.toMatchObject({ code: 'resource_missing', statusCode: 404 })
})
test('an event is delivered with a signature that the client verifies', async () => {
  const bodies: { body: string; signature: string }[] = []
  const server = createServer((request, response) => {
    const take = async () => {
      bodies.push({ body: await text(request), signature: String(request.headers['stripe-signature']) })
      response.writeHead(200).end()
    }
    take().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { id, secret = '' } = await stripe.webhookEndpoints.create({
    url: `http://127.0.0.1:${port}/hook`,
    enabled_events: ['payment_intent.payment_failed'],
  })
  const paying = stripe.paymentIntents.create({
    amount: 700,
    currency: 'chf',
    payment_method: 'pm_card_visa_chargeDeclinedExpiredCard',
    confirm: true,
  })
  await expect(paying).rejects.toMatchObject({ type: 'StripeCardError', code: 'expired_card', decline_code: 'expired_card' })
  await until(() => bodies.length === 1, 'the event')
  const event = stripe.webhooks.constructEvent(bodies[0]?.body ?? '', bodies[0]?.signature ?? '', secret)
  expect(event.type).toBe('payment_intent.payment_failed')
  await until(async () => (await stripe.events.retrieve(event.id)).pending_webhooks === 0, 'the delivery')
  await stripe.webhookEndpoints.del(id)
  await new Promise((resolve) => server.close(resolve))
})
test('a refund, once', async () => {
  const payment = await stripe.paymentIntents.create({ amount: 1000, currency: 'usd', payment_method: 'pm_card_visa', confirm: true })
  expect(payment.status).toBe('succeeded')
  await stripe.refunds.create({ payment_intent: payment.id, amount: 400 })
  await expect(stripe.refunds.create({ payment_intent: payment.id, amount: 700 })).rejects.toMatchObject({ statusCode: 400 })
  await stripe.refunds.create({ payment_intent: payment.id })
  const charge = await stripe.charges.retrieve(payment.latest_charge as string)
  expect(charge).toMatchObject({ refunded: true, amount_refunded: 1000, paid: true })
  const { data } = await stripe.balanceTransactions.list({ limit: 3 })
  expect(data.map(({ type, amount }) => [type, amount])).toEqual([
    ['refund', -600],
    ['refund', -400],
    ['charge', 1000],
  ])
})
test('pages go on where the last one ended', async () => {
  for (let made = 0; made < 7; made += 1)
    await control(world.url)('POST', '/stripe/disputes', { reason: 'fraudulent', status: 'needs_response' })
  const all = await stripe.disputes.list({ limit: 3 }).autoPagingToArray({ limit: 100 })
  expect(new Set(all.map(({ id }) => id)).size).toBe(7)
})
test('faults on order: Stripe is down, and its answer is lost after the effect', async () => {
  await control(world.url)('POST', '/faults', { service: 'stripe', method: 'GET /v1/account', kind: 'status', status: 503 })
  await expect(stripe.accounts.retrieveCurrent()).rejects.toMatchObject({ statusCode: 503, type: 'StripeAPIError' })
  expect((await stripe.accounts.retrieveCurrent()).id).toBe('acct_local')
  // The client asks once more by itself, with the same idempotency key: nobody pays twice.
  const before = (await stripe.balanceTransactions.list()).data.length
  await control(world.url)('POST', '/faults', { service: 'stripe', method: 'POST /v1/payment_intents', kind: 'drop-after' })
  await stripe.paymentIntents.create({ amount: 1000, currency: 'usd', payment_method: 'pm_card_visa', confirm: true })
  expect((await stripe.balanceTransactions.list()).data.length).toBe(before + 1)
  const calls = await control(world.url)<{ fault?: string; method: string }[]>('GET', '/calls')
  expect(calls.slice(-3, -1).map(({ method, fault }) => [method, fault])).toEqual([
    ['POST /v1/payment_intents', 'drop-after'],
    ['POST /v1/payment_intents', undefined],
  ])
})
