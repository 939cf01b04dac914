/** What an endpoint's answer proves, and what it does not. */
import { expect, test } from 'vitest'
import type { z } from 'zod'
import kind from '../../src/actions/http.call.ts'
import { FetchFault } from '../../src/ports.ts'
import { startHttp } from '../adapters/server.ts'
import { hand } from './acting.ts'

type Given = z.input<typeof kind.options>
type Answer = { status: number; body?: string; lost?: boolean }

/** An endpoint that gives these answers, one after the other; and a queue, and a job that is done or not. */
const startEndpoint = async (...answers: Answer[]) => {
  const product = { calls: 0, queue: 5, queueStatus: 200, done: false }
  const server = await startHttp((request, response) => {
    request.resume()
    request.on('end', () => {
      if (request.url === '/queue') response.writeHead(product.queueStatus).end(JSON.stringify({ pending: product.queue }))
      else if (request.url === '/done/inc-1%3A1') response.end(JSON.stringify({ done: product.done }))
      else {
        const { status, body = '{}', lost } = answers[product.calls] ?? { status: 200 }
        product.calls += 1
        if (lost === true) request.socket.destroy()
        else response.writeHead(status, status === 301 ? { location: '/elsewhere' } : {}).end(body)
      }
    })
  })
  const origin = `http://${server.host}`
  const of = (given: Partial<Given> = {}) => hand(kind, { what: 'Mails go out', url: `${origin}/cron`, ...given }, {})
  return { host: server.host, origin, product, of, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const count = (origin: string) => ({ url: `${origin}/queue`, path: 'pending', of: 'mails pending' })
const done = (origin: string) => ({ url: `${origin}/done/:run`, path: 'done', is: true })
const containing = (words: string) => expect.stringContaining(words) as string

test.each([301, 401, 404, 409, 429])(
  'a second try that is refused with %i says nothing of the first, whose answer was lost (faults 53)',
  async (status) => {
    await using shop = await startEndpoint({ status: 200, lost: true }, { status, body: '{"error":"under way"}' })
    const at = shop.of({ idempotent: 'key' })
    const { plan } = await at.plan()
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    const ran = await at.run(plan)
    expect(ran).toMatchObject({ outcome: 'unclear', text: containing('It was sent before, and its answer was lost; sent again: ') })
    expect(ran).toMatchObject({ text: containing(`What became of the first is not known: look at ${shop.host}.`) })
    expect(ran).not.toMatchObject({ text: containing('Nothing was changed') })
  },
)

test('where the product tells that it was done, a refused second try does not make it unclear', async () => {
  await using shop = await startEndpoint({ status: 200, lost: true }, { status: 409 })
  const at = shop.of({ idempotent: 'key', done: done(shop.origin) })
  const { plan } = await at.plan()
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
  shop.product.done = true
  expect(await at.run(plan)).toMatchObject({ outcome: 'done', text: containing('says true at done: it was done') })
})

const success = { path: 'success', is: true }

test.each<[string, Partial<Given>, string, string, string]>([
  [
    'says that it failed',
    {},
    '{"success":false,"error":"RESEND_API_KEY is not set"}',
    'failed',
    'says false at `success`: “RESEND_API_KEY is not set”.',
  ],
  ['says that it is not well', {}, '{"ok":false}', 'failed', 'says false at `ok`'],
  ['has an error', {}, '{"error":{"message":"no such queue"}}', 'failed', '“no such queue”'],
  ['has a list of errors', {}, '{"errors":[{"message":"no"}]}', 'failed', 'at `errors`: “no”'],
  ['is a page to sign in', {}, '<!DOCTYPE html><html>Sign in', 'unclear', 'a page for people'],
  [
    'says otherwise than it must',
    { answer: [{ path: 'failed', is: 0 }] },
    '{"processed":0,"failed":120}',
    'failed',
    'says 120 at `failed`',
  ],
  ['does not say what it must', { answer: [success] }, '{"processed":120}', 'unclear', 'has nothing at `success`'],
  [
    'is no JSON, which must say something',
    { answer: [success] },
    'OK',
    'unclear',
    'what is not JSON in place of what it did: it begins “OK”',
  ],
  ['is empty, and must say something', { answer: [success] }, '', 'unclear', 'what is not JSON in place of what it did. Look at'],
  ['is no JSON, which must have a number', { result: { path: 'processed', of: 'mails' } }, 'OK', 'unclear', 'what is not JSON'],
  ['says what it must', { answer: [success, { path: 'failed', is: 0 }] }, '{"success":true,"failed":0}', 'done', 'answered 200.'],
  ['may say nothing', { answer: [{ ...success, required: false }] }, '{"processed":120}', 'done', 'answered 200.'],
  ['has an error by that name that is none', { answer: [{ path: 'error', is: 'none' }] }, '{"error":"none"}', 'done', 'answered 200.'],
  ['has no error', {}, '{"error":null,"errors":[],"success":true}', 'done', 'answered 200.'],
  ['is plain text, and need not say anything', {}, 'OK', 'done', 'answered 200.'],
])('an answer of 200 that %s', async (_, given, body, outcome, words) => {
  await using shop = await startEndpoint({ status: 200, body })
  const at = shop.of(given)
  expect(await at.run((await at.plan()).plan)).toMatchObject({ outcome, text: containing(words) })
})

test('what was accepted is not done: it says so, and whether anything tells when it is', async () => {
  await using shop = await startEndpoint({ status: 202 }, { status: 202 })
  const blind = shop.of()
  expect(await blind.run((await blind.plan()).plan)).toMatchObject({
    outcome: 'done',
    text: containing(`answered 202. That is accepted, and not done yet: when it is, nothing in service.yml tells; look at ${shop.host}.`),
  })
  const at = shop.of({ done: done(shop.origin) })
  const { plan } = await at.plan()
  expect(await at.run(plan)).toMatchObject({ outcome: 'done', text: containing('answered 202. That is accepted, and not done yet.') })
  expect(await at.verify(plan)).toEqual({
    findings: [{ status: 'warn', text: `${shop.host} says false at done: it is not done yet.` }],
    settled: false,
  })
  shop.product.done = true
  expect(await at.verify(plan)).toEqual({ findings: [{ status: 'ok', text: `${shop.host} says true at done.` }], settled: true })
})

test('what is held to a count is not sent while nobody can count', async () => {
  await using shop = await startEndpoint()
  const at = shop.of({ count: count(shop.origin) })
  const { plan } = await at.plan()
  shop.product.queueStatus = 503
  expect(await at.run(plan)).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(/^How many it would reach by now is not known: .* \(503\): .* Nothing was changed\.$/) as string,
  })
  expect([shop.product.calls, at.memo()]).toEqual([0, null])
})
