/** Webhook receivers (D6), right and wrong: real servers, one of which verifies signatures as Stripe's client does. */
import type { RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import check from '../../src/checks/webhook-receiver.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { ask, type Asking } from './asking.ts'

const path = '/api/billing/stripe/webhook'
const asked = async (listener: RequestListener, options: object = {}, more: Asking = {}) => {
  await using server = await startHttp(listener)
  return await ask(check, { url: `http://${server.host}${path}`, ...options }, more)
}
const answer =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end()

describe('an event with an invalid signature', () => {
  test('is refused by who verifies it', async () => {
    const why: string[] = []
    const stripe = new Stripe('sk_test_receiver')
    const receive = async (...[request, response]: Parameters<RequestListener>) => {
      const body = await buffer(request)
      try {
        stripe.webhooks.constructEvent(body, request.headers['stripe-signature'] ?? '', 'whsec_receiver')
        response.writeHead(200).end()
      } catch (error) {
        why.push(String(error))
        response.writeHead(400).end(String(error))
      }
    }
    // Of its own time, as the signature has a time in it.
    const { status, texts, measurements } = await asked((...both) => void receive(...both), {}, { now: new Date(Date.now()).toISOString() })
    expect([status, ...texts]).toEqual([
      'ok',
      expect.stringMatching(/^ok: An event with an invalid signature is refused \(400, \d+ ms\)\.$/),
    ])
    expect(measurements).toEqual([{ name: 'latency', value: expect.any(Number), unit: 'ms' }])
    // Refused for its signature, not for a header that is missing or cannot be read.
    expect(why).toEqual([expect.stringContaining('No signatures found matching the expected signature')])
  })
  test.each<[string, RequestListener, string, RegExp]>([
    ['accepted', answer(200), 'fail', /answered 200 .*: the receiver accepts unsigned events, so anybody can forge one/],
    ['accepted later', answer(202), 'fail', /answered 202 .*accepts unsigned events/],
    ['too much for it', answer(500), 'fail', /answered 500 .*: the receiver fails where it should refuse/],
    ['not there', answer(404), 'fail', /answered 404 .*: nothing is at that address, so every event is lost/],
    ['not taken', answer(405), 'fail', /answered 405 .*does not take POST/],
    ['redirected', answer(307, { location: '/elsewhere' }), 'fail', /answered 307 .*: it redirects, and senders do not follow/],
    ['cannot be processed', answer(422), 'ok', /is refused \(422/],
    ['unauthorised', answer(401), 'warn', /answered 401 .*, not 400 or 422: something before the receiver may refuse it/],
    ...[402, 403, 413, 415, 418, 421, 451].map((code): [string, RequestListener, string, RegExp] => [
      `${code}`,
      answer(code),
      'warn',
      new RegExp(`answered ${code} .*set \`refusal: \\[${code}\\]\``),
    ]),
    ['limited', answer(429), 'unknown', /answered 429 .*: it limits our rate/],
    [
      'stopped before it',
      answer(403, { 'cf-mitigated': 'challenge' }),
      'unknown',
      /A protection in front of the receiver answered 403 by itself/,
    ],
    ['accepted at length', (_, response) => void response.end('x'.repeat(9_000_000)), 'fail', /answered 200 .*accepts unsigned events/],
  ])('%s', async (_, listener, expected, words) => {
    const { status, texts } = await asked(listener)
    expect(status).toBe(expected)
    expect(texts[0]).toMatch(words)
  })
  test('as the product says that it refuses', async () => {
    expect((await asked(answer(401), { refusal: [401] })).texts).toEqual([expect.stringMatching(/^ok: .* is refused \(401/)])
    expect((await asked(answer(400), { refusal: [401] })).status).toBe('warn')
    expect(check.options.safeParse({ url: 'https://shop.test/hook', refusal: [200] }).success).toBe(false)
  })
  test('slowly', async () => {
    const { status, texts } = await asked((_, response) => void setTimeout(() => response.writeHead(400).end(), 60), { latency: 20 })
    expect([status, texts[1]]).toEqual(['warn', expect.stringMatching(/^warn: Took \d+ ms, above the limit of 20 ms\.$/)])
  })
})

describe('no answer', () => {
  test('refused', async () => {
    const { status, texts } = await ask(check, { url: `http://127.0.0.1:${await closedPort()}${path}` })
    expect([status, ...texts]).toEqual(['fail', expect.stringMatching(/^fail: Connection refused: /)])
  })
  test('timeout', async () => {
    const { status, texts } = await asked(() => {}, {}, { timeoutMs: 150 })
    expect([status, ...texts]).toEqual(['fail', expect.stringMatching(/^fail: Timeout: /)])
  })
  test('an address that is not allowed (faults 56)', async () => {
    expect((await asked(answer(400), {}, { isPrivate: false })).status).toBe('unknown')
  })
})

test.each(['stripe', 'svix', 'github'] as const)(
  'it sends one harmless event of %s to the one address, and nothing else',
  async (sender) => {
    const seen: { method: string | undefined; url: string | undefined; headers: object; body: string }[] = []
    const hear = async (...[request, response]: Parameters<RequestListener>) => {
      const body = await buffer(request)
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: body.toString() })
      response.writeHead(400).end()
    }
    await asked((request, response) => void hear(request, response), { sender })
    expect(seen).toHaveLength(1)
    const [{ method, url, headers, body }] = seen as [(typeof seen)[number]]
    expect([method, url]).toEqual(['POST', path])
    expect(JSON.parse(body)).toMatchObject({ id: 'evt_signature_probe', type: 'signature.probe', livemode: false })
    const names = { stripe: 'stripe-signature', svix: 'svix-signature', github: 'x-hub-signature-256' }
    expect(headers).toHaveProperty(names[sender], expect.stringMatching(/(v1[=,]|sha256=)(0{64}|A{43}=)$/))
  },
)

test('the only address that it may POST to is the catalogue’s', () => {
  const options = check.options.parse({ url: 'https://Shop.test/hook' })
  expect([check.hosts(options), check.posts?.(options)]).toEqual([['shop.test'], ['https://shop.test/hook']])
  expect(check.options.safeParse({ url: 'https://me:secret@shop.test/hook' }).success).toBe(false)
})
