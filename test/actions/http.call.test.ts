import { expect, test } from 'vitest'
import type { z } from 'zod'
import kind from '../../src/actions/http.call.ts'
import { FetchFault } from '../../src/ports.ts'
import { closedPort, startHttp, startHttps } from '../adapters/server.ts'
import { type Acting, hand } from './acting.ts'

type Given = z.input<typeof kind.options>
type Seen = { method: string; url: string; headers: Record<string, string | string[] | undefined>; body: string }

/** A product with a queue of mails. `status`: what it answers; `drops`: it does what it was asked for, and breaks the line off. */
const startProduct = async () => {
  const seen: Seen[] = []
  const product = { pending: 18_204, status: 200, drops: 0, works: true, location: '', done: [] as string[], body: '{"processed":120}' }
  const server = await startHttp((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const [method = '', url = ''] = [request.method, request.url]
      response.setHeader('content-type', 'application/json')
      if (url.startsWith('/api/queue')) {
        if (request.headers.authorization !== 'Bearer s3cret-of-the-cron') response.statusCode = 401
        response.end(JSON.stringify({ queue: { pending: product.pending, oldest: '2026-03-01T11:19:00Z' } }))
        return
      }
      if (url.startsWith('/api/runs/')) {
        response.end(JSON.stringify({ known: product.done.includes(url.slice('/api/runs/'.length)) }))
        return
      }
      seen.push({ method, url, headers: request.headers, body })
      if (product.works) {
        product.pending = 0
        product.done.push('inc-1%3A1')
      }
      if (product.drops > 0) {
        product.drops -= 1
        request.socket.destroy()
        return
      }
      response.statusCode = product.status
      if (product.location !== '') response.setHeader('location', product.location)
      response.end(product.body)
    })
  })
  const origin = `http://${server.host}`
  const options: Given = {
    what: 'The e-mail queue is worked off',
    url: `${origin}/api/cron/process-email-queue`,
    secret: 'SHOP_CRON_SECRET',
  }
  return { origin, options, product, seen, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const count = (origin: string) => ({ url: `${origin}/api/queue`, path: 'queue.pending', of: 'mails pending', oldest: 'queue.oldest' })
const done = (origin: string) => ({ url: `${origin}/api/runs/:run`, path: 'known', is: true })
const more: Acting = { secrets: { SHOP_CRON_SECRET: 's3cret-of-the-cron' }, now: () => '2026-03-01T12:00:00Z' }

const parameters: Given['parameters'] = [
  { name: 'minutes', type: 'integer', least: 5, most: 1440, default: 10 },
  { name: 'user', type: 'text', pattern: '[^x].{0,60}', default: 'u1' },
  { name: 'mode', type: 'choice', values: ['soft', 'hard'], default: 'soft' },
]

test('what is called, and how many it reaches, is seen before anything is changed', async () => {
  await using shop = await startProduct()
  const seen = await hand(kind, { ...shop.options, count: count(shop.origin), effects: ['Mails go out'] }, {}, more).plan()
  expect(seen).toMatchObject({
    summary: 'The e-mail queue is worked off.',
    calls: [`POST ${shop.origin}/api/cron/process-email-queue`],
    effects: ['18 204 mails pending, oldest 41 min now; should it be more than 20 000 when it runs, nothing is sent', 'Mails go out'],
    reversible: null,
    warnings: [],
  })
  expect(shop.seen).toEqual([])
})

test('a queue that moves leaves what was approved as it is', async () => {
  await using shop = await startProduct()
  const at = hand(kind, { ...shop.options, count: count(shop.origin) }, {}, more)
  const bound = async (pending: number) => {
    shop.product.pending = pending
    const { plan, state } = await at.plan()
    return { plan, state }
  }
  const first = await bound(18_204)
  expect(first.state).toEqual({ most: 20_000 })
  expect(await bound(19_900)).toEqual(first)
  expect(await bound(2)).toEqual(await bound(9))
  shop.product.pending = 0
  expect((await at.plan()).warnings).toEqual(['There is nothing to do, as far as the product says.'])
})

test('what has grown much since is asked for anew, and not sent', async () => {
  await using shop = await startProduct()
  const at = hand(kind, { ...shop.options, count: count(shop.origin) }, {}, more)
  const first = await at.plan()
  shop.product.pending = 20_001
  expect((await at.plan()).state).toEqual({ most: 50_000 })
  expect(await at.run(first.plan)).toEqual({
    outcome: 'failed',
    text: 'There are 20 001 mails pending by now, and 20 000 were approved at most: ask for it again. Nothing was changed.',
  })
  expect([shop.seen, await at.recover(first.plan)]).toEqual([[], { outcome: 'undone' }])
  const bounded = hand(kind, { ...shop.options, count: { ...count(shop.origin), most: 30_000 } }, {}, more)
  expect((await bounded.plan()).state).toEqual({ most: 30_000 })
})

test('it is called once, with the secret as bearer token, and what it answers is told', async () => {
  await using shop = await startProduct()
  const at = hand(kind, { ...shop.options, count: count(shop.origin), result: { path: 'processed', of: 'mails sent' } }, {}, more)
  const { plan } = await at.plan()
  expect(await at.run(plan)).toEqual({
    outcome: 'done',
    text: `POST ${shop.origin}/api/cron/process-email-queue answered 200: 120 mails sent.`,
  })
  expect(shop.seen).toMatchObject([{ method: 'POST', body: '', headers: { authorization: 'Bearer s3cret-of-the-cron' } }])
  expect(shop.seen[0]?.headers['idempotency-key']).toBeUndefined()
  expect(await at.verify(plan)).toEqual({ findings: [{ status: 'ok', text: 'There are 0 mails pending, oldest 41 min.' }], settled: true })
})

test('values go into a piece of the path, the query and the body, each escaped and as what it is', async () => {
  await using shop = await startProduct()
  const options: Given = {
    ...shop.options,
    method: 'PUT',
    url: `${shop.origin}/api/users/:user/limit?source=bot`,
    header: 'X-Admin-Key',
    parameters,
    query: ['mode'],
    as: { minutes: 'olderThan' },
    body: { reason: 'incident' },
  }
  const at = hand(kind, options, { minutes: '30', user: 'a b?c=d#e&f', mode: 'hard' }, more)
  const { plan, summary, calls } = await at.plan()
  const path = '/api/users/a%20b%3Fc%3Dd%23e%26f/limit?source=bot&mode=hard'
  expect(summary).toBe('The e-mail queue is worked off (minutes=30, user=a b?c=d#e&f, mode=hard).')
  expect(calls).toEqual([`PUT ${shop.origin}${path} {"reason":"incident","olderThan":30}`])
  expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
  expect(shop.seen).toMatchObject([
    { method: 'PUT', url: path, body: '{"reason":"incident","olderThan":30}', headers: { 'x-admin-key': 's3cret-of-the-cron' } },
  ])
  expect(shop.seen[0]?.headers.authorization).toBeUndefined()
})

test.each([
  ['minutes', '4'],
  ['minutes', '-5'],
  ['minutes', '1e3'],
  ['minutes', '5; rm -rf /'],
  ['mode', 'soft\n'],
  ['user', 'xa'],
])('what is out of its bounds is not taken (faults 57): %s=%s', (name, value) => {
  const options = kind.options.parse({ what: 'x', url: 'https://shop.example/:user', parameters })
  expect(kind.inputOf?.(options).safeParse({ [name]: value }).success).toBe(false)
})

test.each(['..', '.', 'a/../../admin', 'a\\b', 'a\u0000b', 'a\r\nX-Admin: 1'])(
  'what is more than a piece of a path is never put there, escaped or not (faults 57): %j',
  async (user) => {
    await using shop = await startProduct()
    const options: Given = {
      ...shop.options,
      url: `${shop.origin}/api/:user`,
      parameters: [{ name: 'user', type: 'text', pattern: '[^]*' }],
    }
    expect(await hand(kind, options, { user }, more).preview()).toEqual({ unable: '`user` cannot be a piece of an address.' })
  },
)

test.each<[string, Partial<Given>, string]>([
  ['a piece without a parameter', { url: 'https://shop.example/:user' }, 'no parameter is called `user`'],
  ['a query without a parameter', { query: ['user'] }, '`user` is no parameter'],
  ['GET with a body', { method: 'GET', body: { a: 1 } }, 'GET sends no body'],
  ['a field twice', { parameters, body: { mode: 'x' } }, 'is a parameter as well'],
  ['a secret in the address', { url: 'https://me:pass@shop.example/' }, 'must have no user name or password'],
  ['no http', { url: 'file:///etc/passwd' }, 'must be an http(s) address'],
  ['a part behind #', { url: 'https://shop.example/#:user' }, 'is never sent'],
])('options that cannot be meant are refused: %s', (_, options, why) => {
  const parsed = kind.options.safeParse({ what: 'x', url: 'https://shop.example/', ...options })
  expect(parsed.error?.issues.map(({ message }) => message).join('; ')).toContain(why)
})

test('only the hosts of the options can be reached, and only their call made', () => {
  const options = kind.options.parse({ what: 'x', url: 'https://shop.example/api/:user', parameters, done: done('https://runs.example') })
  expect(kind.hosts(options)).toEqual(['shop.example', 'runs.example'])
  expect(kind.calls?.(options)).toEqual(['POST https://shop.example/api/:user'])
  expect(kind.target(options, {})).toBe('http:shop.example/api/:user')
})

test.each([
  [401, 'does not accept the key (401): look whether SHOP_CRON_SECRET is current.'],
  [404, 'knows nothing by that name (404)'],
  [429, 'limits the rate of our questions (429)'],
])('what refuses it with %i has not done it', async (status, why) => {
  await using shop = await startProduct()
  Object.assign(shop.product, { status, works: false, body: '{"error":"no such queue"}' })
  const at = hand(kind, shop.options, {}, more)
  const ran = await at.run((await at.plan()).plan)
  expect(ran).toMatchObject({ outcome: 'failed' })
  expect('text' in ran && ran.text).toContain(why)
  expect('text' in ran && ran.text).toContain('no such queue')
})

test('nobody is sent on to another address, and the secret does not go there', async () => {
  await using other = await startProduct()
  await using shop = await startProduct()
  Object.assign(shop.product, { status: 308, location: `${other.origin}/api/cron/process-email-queue?token=1` })
  const at = hand(kind, shop.options, {}, more)
  expect(await at.run((await at.plan()).plan)).toMatchObject({
    outcome: 'failed',
    text: expect.stringContaining(`sends us on to ${other.origin}/api/cron/process-email-queue, which is not followed`) as string,
  })
  expect(other.seen).toEqual([])
})

test('more than may be touched at once are not touched; a count that cannot be had says why', async () => {
  await using shop = await startProduct()
  const bounded: Given = { ...shop.options, count: { ...count(shop.origin), most: 10_000 } }
  expect(await hand(kind, bounded, {}, more).preview()).toEqual({
    unable: 'There are 18 204 mails pending, oldest 41 min: more than 10 000 are not touched at once.',
  })
  const blind: Given = { ...shop.options, count: { ...count(shop.origin), path: 'queue.length' } }
  expect(await hand(kind, blind, {}, more).preview()).toMatchObject({
    unable: expect.stringContaining('gives no number at queue.length') as string,
  })
  expect(await hand(kind, bounded, {}, { ...more, secrets: {} }).preview()).toMatchObject({
    unable: expect.stringContaining('look whether SHOP_CRON_SECRET is current') as string,
  })
})

test('a product that is down or slow says so before anything is sent', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`
  const options: Given = { what: 'x', url: `${url}/cron`, count: { url: `${url}/queue`, path: 'n', of: 'mails' } }
  await expect(hand(kind, options, {}).preview()).rejects.toThrow(FetchFault)
  await using silent = await startHttp(() => {})
  const slow: Given = { what: 'x', url: `http://${silent.host}/cron` }
  const at = hand(kind, slow, {}, { timeoutMs: 200 })
  await expect(at.run((await at.plan()).plan)).rejects.toThrow(FetchFault)
  expect(await at.recover((await at.plan()).plan)).toMatchObject({ outcome: 'unclear' })
})

const lose = async (shop: Awaited<ReturnType<typeof startProduct>>, extra: Partial<Given>) => {
  const at = hand(kind, { ...shop.options, ...extra }, {}, more)
  const { plan } = await at.plan()
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  return { at, plan, back: await at.recover(plan) }
}

test.each([500, 502, 408, 460, 499, 205, 302])('an answer of %i leaves it open whether it was done', async (status) => {
  await using shop = await startProduct()
  Object.assign(shop.product, { status, body: status === 205 ? '' : '{}' })
  expect((await lose(shop, {})).back).toEqual({
    outcome: 'unclear',
    text: `It was sent, and what became of it is not known: look at ${new URL(shop.origin).host}.`,
  })
  expect(shop.seen).toHaveLength(1)
})

test('a crash before anything was sent is no run', async () => {
  await using shop = await startProduct()
  const at = hand(kind, shop.options, {}, more)
  expect(await at.recover((await at.plan()).plan)).toEqual({ outcome: 'undone' })
})

test('what was never sent has failed, and a crash before that is recorded does not make it unclear', async () => {
  await using shop = await startProduct()
  const at = hand(kind, shop.options, {}, { ...more, remembered: () => shop[Symbol.asyncDispose]() })
  const { plan } = await at.plan()
  expect(await at.run(plan)).toEqual({
    outcome: 'failed',
    text: `${new URL(shop.origin).host} refuses the connection: nothing listens there. (ECONNREFUSED) Nothing was changed.`,
  })
  expect([await at.recover(plan), at.memo()]).toEqual([{ outcome: 'undone' }, null])
})

test.each([
  ['a name that does not resolve', 'https://no-such-host.invalid/cron', true, /no-such-host\.invalid .* Nothing was changed\.$/],
  ['an address that is not allowed', 'http://127.0.0.1:9000/cron', false, /^127\.0\.0\.1 is a loopback address; .* Nothing was changed\.$/],
])('%s: nothing was sent', async (_, url, isPrivate, words) => {
  const at = hand(kind, { what: 'x', url }, {}, { isPrivate })
  expect(await at.run((await at.plan()).plan)).toEqual({ outcome: 'failed', text: expect.stringMatching(words) as string })
})

test('a certificate that is not trusted: nothing was sent', async () => {
  let asked = 0
  await using shop = await startHttps((__, response) => {
    asked += 1
    response.end()
  })
  const at = hand(kind, { what: 'x', url: `https://${shop.host}/cron` }, {})
  expect(await at.run((await at.plan()).plan)).toMatchObject({ outcome: 'failed', text: expect.stringContaining('self-signed') as string })
  expect(asked).toBe(0)
})

test('what was sent before and lost stays open, although the next time nothing is sent', async () => {
  await using shop = await startProduct()
  shop.product.drops = 1
  const { at, plan, back } = await lose(shop, { idempotent: true })
  expect(back).toEqual({ outcome: 'resume' })
  await shop[Symbol.asyncDispose]()
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  expect(await at.recover(plan)).toMatchObject({ outcome: 'unclear' })
})

test('a lost answer is read back from the count, and not asked for again (faults 53)', async () => {
  await using shop = await startProduct()
  shop.product.drops = 1
  const { back } = await lose(shop, { count: count(shop.origin) })
  expect(back).toEqual({
    outcome: 'done',
    text: 'The answer was lost; before it there were 18 204 mails pending, now 0 mails pending, oldest 41 min.',
  })
  expect(shop.seen).toHaveLength(1)
})

test('a count that has not gone down proves nothing', async () => {
  await using shop = await startProduct()
  Object.assign(shop.product, { drops: 1, works: false })
  const { back } = await lose(shop, { count: count(shop.origin) })
  expect(back).toMatchObject({
    outcome: 'unclear',
    text: expect.stringContaining('There are 18 204 mails pending, oldest 41 min, and were 18 204 before.') as string,
  })
})

test('an empty queue proves nothing where it was empty before', async () => {
  await using shop = await startProduct()
  Object.assign(shop.product, { drops: 1, works: false, pending: 0 })
  expect((await lose(shop, { count: count(shop.origin) })).back).toMatchObject({ outcome: 'unclear' })
})

test('a lost answer is read back by the run’s own key, where the product knows it', async () => {
  await using shop = await startProduct()
  shop.product.drops = 1
  expect((await lose(shop, { done: done(shop.origin) })).back).toMatchObject({ outcome: 'done' })
  Object.assign(shop.product, { drops: 1, works: false, done: [] })
  expect((await lose(shop, { done: done(shop.origin) })).back).toMatchObject({
    outcome: 'unclear',
    text: expect.stringContaining('says false at known') as string,
  })
})

test('what may be called twice is called again with the same key, three times at most', async () => {
  await using shop = await startProduct()
  shop.product.drops = 4
  const { at, plan, back } = await lose(shop, { idempotent: 'key' })
  expect(back).toEqual({ outcome: 'resume' })
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  expect(await at.recover(plan)).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('It was tried 3 times') as string })
  expect(shop.seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['inc-1:1', 'inc-1:1', 'inc-1:1'])
})

test('it settles when no more are left than may be', async () => {
  await using shop = await startProduct()
  const at = hand(kind, { ...shop.options, method: 'GET', count: { ...count(shop.origin), left: 100 } }, {}, more)
  const { plan } = await at.plan()
  expect(await at.verify(plan)).toMatchObject({ settled: false, findings: [{ status: 'warn' }] })
  expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
  expect(shop.seen).toMatchObject([{ method: 'GET' }])
  expect(await at.verify(plan)).toMatchObject({ settled: true, findings: [{ status: 'ok' }] })
})
