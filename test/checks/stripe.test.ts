/** The real client, through the guard, against the emulator and its front. */
import { createServer } from 'node:http'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import check from '../../src/checks/stripe.ts'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from '../embedded/world.ts'
import { until } from '../until.ts'
import { ask, type Asking } from './asking.ts'

const key = 'sk_test_checks'
const place = 'https://app.example/api/stripe/webhook'
let world: World
let stripe: Stripe

const start = async () => {
  world = await testWorld({ stripe: { key } })
  const { hostname: host, port } = new URL(world.stripeApiUrl)
  stripe = new Stripe(key, { host, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false })
}
beforeAll(start)
afterAll(() => world.close())

/** Two minutes on: deliveries under way have been given up by then. */
const later = () => new Date(Date.now() + 120_000).toISOString()
const about = (options: Record<string, unknown>, more: Asking = {}) =>
  ask(
    check,
    { secret: 'STRIPE_SECRET_KEY', apiUrl: world.stripeApiUrl, ...options } as Parameters<typeof check.options.parse>[0] as never,
    {
      secrets: { STRIPE_SECRET_KEY: key },
      now: later(),
      ...more,
    },
  )
const put = (collection: string, item: object) => control(world.url)('POST', `/stripe/${collection}`, item)
const pay = (method: string, amount = 1000, currency = 'usd', customer?: string) =>
  stripe.paymentIntents.create({ amount, currency, payment_method: method, confirm: true, ...(customer === undefined ? {} : { customer }) })
const declined = async (method = 'pm_card_visa_chargeDeclined', customer?: string) =>
  expect(pay(method, 1000, 'usd', customer)).rejects.toMatchObject({ type: 'StripeCardError' })

const fresh = () =>
  beforeEach(async () => {
    await world.close()
    await start()
  })

test('a check never changes anything: the guard lets the client read only', async () => {
  await about({ ask: 'account' })
  await about({ ask: 'suspicious', declines: 3 })
  const calls = await control(world.url)<{ service: string; method: string }[]>('GET', '/calls')
  expect(calls.filter(({ service }) => service === 'stripe').length).toBeGreaterThan(3)
  expect(calls.filter(({ method }) => !method.startsWith('GET '))).toEqual([])
})

describe('the account', () => {
  fresh()
  test('takes payments, with the key that belongs here', async () => {
    await pay('pm_card_visa')
    const { status, texts } = await about({ ask: 'account', mode: 'test', apiVersion: '2026-10-28.endive' })
    expect([status, ...texts]).toEqual([
      'ok',
      'ok: The key in STRIPE_SECRET_KEY is a test key.',
      'ok: Account acct_local takes payments and pays out.',
      'ok: The account uses API version 2026-10-28.endive.',
    ])
  })
  test('a test key where real money is taken, and another API version', async () => {
    await pay('pm_card_visa')
    const { status, texts } = await about({ ask: 'account', mode: 'live', apiVersion: '2024-06-20' })
    expect(status).toBe('fail')
    expect(texts[0]).toBe('fail: The key in STRIPE_SECRET_KEY is a test key where a live key belongs: set the other one.')
    expect(texts[2]).toMatch(/^warn: The account uses API version 2026-10-28\.endive where 2024-06-20 is expected/)
  })
  test('without an event nothing says the version', async () => {
    expect((await about({ ask: 'account' })).status).toBe('ok')
    expect((await about({ ask: 'account', apiVersion: '2024-06-20' })).status).toBe('unknown')
  })
  test.each<[string, object, string, RegExp]>([
    [
      'no charges',
      { charges_enabled: false, requirements: { disabled_reason: 'requirements.past_due', past_due: ['external_account'] } },
      'fail',
      /cannot take payments \(requirements\.past_due\); due: external_account\./,
    ],
    ['no payouts', { payouts_enabled: false }, 'warn', /takes payments, but pays nothing out\./],
    ['something due', { requirements: { currently_due: ['tos_acceptance.date'] } }, 'warn', /Stripe asks for tos_acceptance\.date/],
  ])('%s', async (_, account, status, words) => {
    await using other = await testWorld({ stripe: { key, account: account as never } })
    const answer = await about({ ask: 'account', apiUrl: other.stripeApiUrl })
    expect([answer.status, answer.texts[1]]).toEqual([status, expect.stringMatching(words)])
  })
})

describe('webhook endpoints', () => {
  fresh()
  const wanted = { ask: 'webhooks', url: place, events: ['checkout.session.completed', 'payment_intent.*'] }
  test('enabled, with the events that are wanted; others are named', async () => {
    await stripe.webhookEndpoints.create({
      url: `${place}/`,
      enabled_events: ['checkout.session.completed', 'payment_intent.succeeded', 'payment_intent.payment_failed'],
    })
    await stripe.webhookEndpoints.create({ url: 'https://other.example/hook?token=abc', enabled_events: ['*'] })
    const { status, texts, measurements } = await about(wanted)
    expect([status, ...texts]).toEqual([
      'ok',
      'ok: 1 of 1 endpoint for https://app.example/api/stripe/webhook enabled; it is sent checkout.session.completed, payment_intent.* (as succeeded, payment_failed).',
      'ok: Other endpoints: https://other.example/hook.',
    ])
    expect(measurements).toEqual([{ name: 'endpoints enabled', value: 1, unit: '' }])
  })
  test('half of a group', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['checkout.session.completed', 'payment_intent.created'] })
    const { status, texts } = await about(wanted)
    expect([status, texts[1]]).toEqual([
      'warn',
      expect.stringMatching(/^warn: Stripe does not send payment_intent\.succeeded, payment_intent\.payment_failed to .*not whole/),
    ])
  })
  test('all events', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['*'] })
    expect((await about(wanted)).status).toBe('ok')
  })
  test('none at that address', async () => {
    await stripe.webhookEndpoints.create({ url: 'https://old.example/hook', enabled_events: ['*'] })
    const { status, texts } = await about(wanted)
    expect([status, texts[0]]).toEqual([
      'fail',
      `fail: Stripe sends nothing to ${place}: no endpoint has that address. Add it in Stripe’s dashboard, Developers → Webhooks.`,
    ])
  })
  test('disabled', async () => {
    const { id } = await stripe.webhookEndpoints.create({ url: place, enabled_events: ['*'] })
    await stripe.webhookEndpoints.update(id, { disabled: true })
    const { status, texts } = await about(wanted)
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/the endpoint is disabled\. Mend why it failed/)])
  })
  test('an event is not sent', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['payment_intent.succeeded'] })
    const { status, texts } = await about(wanted)
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: Stripe does not send checkout\.session\.completed to/)])
  })
  test('without an address, any endpoint will do', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['checkout.session.completed'] })
    const { id } = await stripe.webhookEndpoints.create({ url: 'https://old.example/hook', enabled_events: ['*'] })
    await stripe.webhookEndpoints.update(id, { disabled: true })
    const { status, texts } = await about({ ask: 'webhooks', events: ['checkout.session.completed'] })
    expect([status, texts[1]]).toEqual(['warn', 'warn: Disabled: https://old.example/hook.'])
  })
})

describe('deliveries', () => {
  fresh()
  /** An endpoint of the product that answers with a status. */
  const receiver = async (status: number) => {
    const heard: string[] = []
    const server = createServer((request, response) => {
      heard.push(String(request.headers['stripe-signature']))
      request.resume()
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return {
      heard,
      url: `http://127.0.0.1:${port}/hook`,
      [Symbol.asyncDispose]: async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }
  const limits = { ask: 'deliveries', window: '15m', success: 99, failed: { fail: 10 } }

  test('all arrive', async () => {
    await using product = await receiver(200)
    await stripe.webhookEndpoints.create({ url: product.url, enabled_events: ['payment_intent.succeeded'] })
    await pay('pm_card_visa')
    await until(async () => (await stripe.events.list({ delivery_success: false })).data.length === 0, 'the delivery')
    expect(product.heard).toEqual([expect.stringMatching(/^t=\d+,v1=[0-9a-f]{64}$/)])
    const { status, texts, measurements } = await about(limits)
    expect([status, ...texts]).toEqual(['ok', 'ok: All 1 event of the last 15 min were delivered.'])
    expect(measurements).toEqual([
      { name: 'failed events', value: 0, unit: '', limit: 10 },
      { name: 'delivery success', value: 100, unit: '%', limit: 99, bound: 'least' },
    ])
  })
  test('the product answers 500', async () => {
    await using product = await receiver(500)
    await stripe.webhookEndpoints.create({ url: product.url, enabled_events: ['payment_intent.succeeded', 'charge.succeeded'] })
    for (let paid = 0; paid < 6; paid += 1) await pay('pm_card_visa')
    await until(() => product.heard.length === 12, 'the deliveries')
    const { status, texts, measurements, detail } = await about(limits)
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(
        /^fail: 12 of 12 events of the last 15 min did not arrive: (charge|payment_intent)\.succeeded 6, (charge|payment_intent)\.succeeded 6\. Look at/,
      ),
    ])
    expect(measurements[0]).toEqual({ name: 'failed events', value: 12, unit: '', limit: 10 })
    expect(detail?.text.split('\n')).toHaveLength(12)
    expect((await about({ ...limits, events: ['payment_intent.*'] })).texts[0]).toMatch(
      /^warn: 6 of 6 events of the last 15 min did not arrive/,
    )
  })
  test('the rest of the account’s events do not make a rate better', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['checkout.session.completed'] })
    for (let event = 0; event < 5; event += 1) await put('events', { type: 'checkout.session.completed', pending_webhooks: 1 })
    for (let event = 0; event < 1005; event += 1) await put('events', { type: 'charge.succeeded', pending_webhooks: 0 })
    const { status, texts } = await about({ ...limits, failed: undefined })
    expect(status).toBe('warn')
    expect(texts[0]).toMatch(/^warn: 5 of 5 events of the last 15 min did not arrive: checkout\.session\.completed 5\./)
  })
  test('without an endpoint nothing is delivered', async () => {
    for (let event = 0; event < 40; event += 1) await put('events', { type: 'charge.succeeded', pending_webhooks: 0 })
    expect(await about(limits)).toMatchObject({ status: 'unknown', texts: [expect.stringContaining('has no webhook endpoint')] })
    const { id } = await stripe.webhookEndpoints.create({ url: place, enabled_events: ['*'] })
    expect((await about(limits)).texts).toEqual(['ok: All 40 events of the last 15 min were delivered.'])
    await stripe.webhookEndpoints.update(id, { disabled: true })
    expect(await about(limits)).toMatchObject({ status: 'fail', texts: [expect.stringContaining('is disabled')] })
  })
  test('what is under way is no failure yet', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['*'] })
    await put('events', { type: 'charge.succeeded', pending_webhooks: 1 })
    const { status, texts } = await about(limits, { now: new Date().toISOString() })
    expect([status, ...texts]).toEqual(['unknown', 'unknown: No event was due in the last 15 min: nothing can be said about deliveries.'])
    expect((await about(limits)).status).toBe('warn')
  })
  test('older than the window, or a longer one that is typed', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['*'] })
    await put('events', { type: 'charge.succeeded', pending_webhooks: 1, created: Math.floor(Date.now() / 1000) - 3600 })
    expect((await about(limits)).status).toBe('unknown')
    expect((await about({ ask: 'deliveries' }, { words: { since: '2h' } })).texts).toEqual([
      expect.stringMatching(/^warn: 1 of 1 event of the last 2 h did not arrive: charge\.succeeded 1/),
    ])
  })
  test('more than are read: said, and no page is asked twice', async () => {
    await stripe.webhookEndpoints.create({ url: place, enabled_events: ['*'] })
    for (let event = 0; event < 1101; event += 1) await put('events', { type: 'charge.succeeded', pending_webhooks: 0 })
    await control(world.url)('DELETE', '/calls')
    const { texts } = await about(limits)
    expect(texts).toEqual(['ok: All 1000 events of the last 15 min were delivered. Only the newest 1000 events were looked at.'])
    const calls = await control(world.url)<{ service: string }[]>('GET', '/calls')
    expect(calls.filter(({ service }) => service === 'stripe')).toHaveLength(12)
  })
})

describe('payments', () => {
  fresh()
  test('a rate of failure, with its reasons', async () => {
    for (let paid = 0; paid < 7; paid += 1) await pay('pm_card_visa')
    await declined()
    await declined('pm_card_visa_chargeDeclinedInsufficientFunds')
    await declined('pm_card_visa_chargeDeclinedInsufficientFunds')
    await stripe.paymentIntents.create({ amount: 500, currency: 'usd' })
    const { status, texts, measurements } = await about({ ask: 'payments', failures: { warn: 5, fail: 10 } })
    expect([status, ...texts]).toEqual([
      'fail',
      'fail: 3 of 10 payments of the last hour failed: insufficient_funds 2, generic_decline 1. 1 not decided yet.',
    ])
    expect(measurements).toEqual([{ name: 'failure rate', value: 30, unit: '%', limit: 5 }])
  })
  test('declined, then paid: no failed payment, but a failed attempt', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 900, currency: 'usd' })
    await expect(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa_chargeDeclined' })).rejects.toThrow('declined')
    await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' })
    expect((await about({ ask: 'payments', failures: 5 })).texts).toEqual(['ok: 0 of 1 payment of the last hour failed.'])
    expect((await about({ ask: 'payments', by: 'attempts', failures: 5 })).texts).toEqual([
      'warn: 1 of 2 attempts of the last hour failed: generic_decline 1.',
    ])
  })
  test('none, or too few for a rate', async () => {
    expect((await about({ ask: 'payments', failures: 5 })).texts).toEqual([
      'unknown: No payment was decided in the last hour: no rate can be told.',
    ])
    await declined()
    const { texts, measurements } = await about({ ask: 'payments', failures: 5, minimum: 20 })
    expect(texts).toEqual([
      'unknown: 1 of 1 payment of the last hour failed: generic_decline 1. That is too few for a rate: 20 are needed.',
    ])
    expect(measurements).toEqual([])
  })
})

test('subscriptions by state', async () => {
  expect((await about({ ask: 'subscriptions' })).status).toBe('unknown')
  const customer = await stripe.customers.create({ email: 'a@example.test' })
  for (let made = 0; made < 3; made += 1) await stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_1' }] })
  await put('subscriptions', { customer: customer.id, status: 'past_due' })
  await put('subscriptions', { customer: customer.id, status: 'canceled' })
  const { status, texts, measurements } = await about({ ask: 'subscriptions', unpaid: 10 })
  expect([status, ...texts]).toEqual([
    'warn',
    'warn: unpaid share is 25 %, above the limit of 10 %.',
    'ok: Subscriptions: active 3, past due 1.',
  ])
  expect(measurements).toContainEqual({ name: 'past due', value: 1, unit: '' })
})

describe('what looks like fraud', () => {
  fresh()
  test('warnings, disputes, one card again and again', async () => {
    const customer = await stripe.customers.create({ email: 'b@example.test' })
    await pay('pm_card_createDispute')
    await pay('pm_card_createIssuerFraudRecord')
    for (let tried = 0; tried < 4; tried += 1) await declined('pm_card_chargeDeclinedFraudulent', customer.id)
    const { status, texts, measurements } = await about({ ask: 'suspicious', declines: 3, disputes: { fail: 0 } })
    expect([status, ...texts]).toEqual([
      'fail',
      'warn: early fraud warnings is 1, above the limit of 0.',
      'fail: disputes is 1, above the limit of 0.',
      'warn: declines of one is 4, above the limit of 3.',
      'ok: In the last hour: 1 early fraud warning, 1 dispute, 4 failed attempts.',
      expect.stringMatching(/^ok: Early fraud warnings: misc 1\. Refund, before they are disputed: ch_/),
      expect.stringMatching(/^ok: Disputes: fraudulent \(needs_response\) 1\./),
      expect.stringMatching(/^ok: Declined most: card [0-9a-f]{16} 4 times, customer cus_\S+ 4 times\.$/),
    ])
    expect(measurements.map(({ name, value }) => [name, value])).toEqual([
      ['early fraud warnings', 1],
      ['disputes', 1],
      ['declines of one', 4],
    ])
  })
  test('nothing', async () => {
    const { status, texts } = await about({ ask: 'suspicious', declines: 3 })
    expect([status, ...texts]).toEqual(['ok', 'ok: In the last hour: 0 early fraud warnings, 0 disputes, 0 failed attempts.'])
  })
})

describe('revenue', () => {
  fresh()
  test('by currency, with refunds and fees', async () => {
    await pay('pm_card_visa', 5000, 'usd')
    const { id } = await pay('pm_card_visa', 2000, 'usd')
    await stripe.refunds.create({ payment_intent: id, amount: 500 })
    await pay('pm_card_visa', 900, 'jpy')
    const { status, texts, measurements } = await about({ ask: 'revenue', least: { USD: 100 } })
    expect([status, ...texts]).toEqual([
      'warn',
      expect.stringMatching(/^ok: 900 JPY in the last day: 1 payment of 900 JPY, fees 56 JPY\.$/),
      'warn: revenue is 65 USD, below the limit of 100 USD.',
      'ok: 65.00 USD in the last day: 2 payments of 70.00 USD, 1 refund of 5.00 USD, fees 2.63 USD.',
    ])
    expect(measurements).toEqual([
      { name: 'revenue JPY', value: 900, unit: 'JPY' },
      { name: 'revenue USD', value: 65, unit: 'USD', limit: 100, bound: 'least' },
    ])
  })
  test('none', async () => {
    expect((await about({ ask: 'revenue' })).texts).toEqual(['unknown: No payment came in within the last day.'])
  })
})

test('a key that Stripe does not accept', async () => {
  const { status, texts } = await about({ ask: 'revenue' }, { secrets: { STRIPE_SECRET_KEY: 'sk_live_wrong' } })
  expect([status, ...texts]).toEqual([
    'unknown',
    'unknown: Stripe does not accept the key (401): look whether STRIPE_SECRET_KEY is current. It says: Invalid API Key provided: sk_live_***',
  ])
})
