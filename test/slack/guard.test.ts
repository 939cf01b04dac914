/** Faults 3, 5, 6 and 7 over HTTP, with Bolt's real receiver behind the guard. */
import { createHmac } from 'node:crypto'
import { type AddressInfo, connect } from 'node:net'
import { App, ExpressReceiver } from '@slack/bolt'
import express from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bodyLimit, slackGuard } from '../../src/slack/guard.ts'

const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5'
const now = Date.parse('2026-11-21T03:04:05.000Z')
const seconds = now / 1000

const seen: string[] = []
const refused: object[] = []
let parsed = 0
let url = ''
let stop: () => Promise<void> = () => Promise.resolve()

beforeAll(async () => {
  const http = express()
  http.post(
    '/slack/events',
    slackGuard({ signingSecret, now: () => now, log: { warn: (fields) => void refused.push(fields) } }),
    (_, __, next) => {
      parsed += 1
      next()
    },
  )
  // The clock is ours here, and Bolt would look at the real one.
  const receiver = new ExpressReceiver({ signingSecret, signatureVerification: false, app: http, endpoints: '/slack/events' })
  const bolt = new App({ receiver, authorize: () => Promise.resolve({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U1' }) })
  bolt.command('/incident', async ({ command, ack }) => {
    seen.push(command.text)
    await ack(`got ${command.text}`)
  })
  bolt.event('app_mention', ({ event }) => {
    seen.push(event.text)
    return Promise.resolve()
  })
  const server = http.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`
  stop = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
})
afterAll(() => stop())
beforeEach(() => {
  seen.length = 0
  refused.length = 0
  parsed = 0
})

const form = 'application/x-www-form-urlencoded'
const command = (text: string) =>
  new URLSearchParams({ command: '/incident', text, team_id: 'T1', user_id: 'U2', user_name: 'bea', channel_id: 'C1' }).toString()
const sign = (body: string | Uint8Array, at: number | string, secret = signingSecret) =>
  `v0=${createHmac('sha256', secret).update(`v0:${at}:`).update(body).digest('hex')}`
type Sent = { body?: string | Uint8Array; at?: number | string; signature?: string; type?: string; without?: string }
const send = ({ body = command('status'), at = seconds, signature = sign(body, at), type = form, without }: Sent = {}) => {
  const headers = new Headers({ 'content-type': type, 'x-slack-request-timestamp': String(at), 'x-slack-signature': signature })
  if (without !== undefined) headers.delete(without)
  return fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : new Uint8Array(body) })
}

describe('what Slack sent passes', () => {
  test('a command, in every spelling of its content type', async () => {
    for (const type of [form, `${form}; charset=utf-8`, `${form};charset=UTF-8`, 'Application/X-WWW-Form-urlencoded']) {
      const answer = await send({ type })
      expect([answer.status, await answer.text()], type).toEqual([200, 'got status'])
    }
  })
  test('an event in JSON, with characters beyond ASCII', async () => {
    const body = JSON.stringify({
      type: 'event_callback',
      team_id: 'T1',
      event_id: 'Ev1',
      event: { type: 'app_mention', user: 'U2', text: 'Zahlung schlägt fehl 🔥 <&>', channel: 'C1', ts: '1.1' },
    })
    expect((await send({ body, type: 'application/json; charset=utf-8' })).status).toBe(200)
    expect(seen).toEqual(['Zahlung schlägt fehl 🔥 <&>'])
  })
  test("Slack's check of the address", async () => {
    const answer = await send({ body: JSON.stringify({ type: 'url_verification', challenge: 'abc' }), type: 'application/json' })
    expect(await answer.json()).toEqual({ challenge: 'abc' })
  })
  test('the edges of the window', async () => {
    expect((await send({ at: seconds - 300 })).status).toBe(200)
    expect((await send({ at: seconds + 300 })).status).toBe(200)
  })
})

const unauthenticated: Record<string, Sent> = {
  '3: 301 s old, signed': { at: seconds - 301 },
  '3: 301 s ahead, signed': { at: seconds + 301 },
  '3: a day ahead, signed': { at: seconds + 86_400 },
  '3: no timestamp': { without: 'x-slack-request-timestamp' },
  '3: a timestamp that is no number, signed': { at: 'now' },
  '3: a timestamp in another spelling of the number, signed': { at: `${seconds}.0` },
  '5: no signature': { without: 'x-slack-signature' },
  '5: an empty signature': { signature: '' },
  '5: a wrong signature': { signature: `v0=${'0'.repeat(64)}` },
  "5: somebody else's secret": { signature: sign(command('status'), seconds, 'other') },
  '5: a signature of odd length': { signature: sign(command('status'), seconds).slice(0, -1) },
  '5: a signature that goes on': { signature: `${sign(command('status'), seconds)}00` },
  '5: a signature without version': { signature: sign(command('status'), seconds).slice(3) },
  '5: a signature of another version': { signature: sign(command('status'), seconds).replace('v0', 'v1') },
  '5: a signature in capitals': { signature: sign(command('status'), seconds).toUpperCase() },
  '6: the body written anew': { body: command('a b').replace('+', '%20'), signature: sign(command('a b'), seconds) },
  '6: the body in Latin-1': { body: Buffer.from('text=schl\u00e4gt', 'latin1'), signature: sign('text=schl\u00e4gt', seconds) },
  '6: bytes that only decode to the signed text': { body: Buffer.from([0x61, 0xff]), signature: sign('a\uFFFD', seconds) },
  '6: with a byte order mark': { body: `\uFEFF${command('status')}`, signature: sign(command('status'), seconds) },
  '6: with a line end added': { body: `${command('status')}\n`, signature: sign(command('status'), seconds) },
}
test.each(Object.entries(unauthenticated))('%s → 401, and nothing is parsed', async (_, sent) => {
  const answer = await send(sent)
  expect([answer.status, await answer.text(), parsed, seen]).toEqual([401, '', 0, []])
  expect(refused).toHaveLength(1)
})

describe('7: a body that is too large', () => {
  test('by its content length: 413, which the sender gets to read', async () => {
    const body = 'x'.repeat(10 * bodyLimit)
    const answers = await Promise.all(Array.from({ length: 5 }, () => send({ body, signature: `v0=${'0'.repeat(64)}` })))
    expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413, 413])
    expect(parsed).toBe(0)
  })
  test('by its content length: 413 before the first byte of it', async () => {
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: ${form}\r\nContent-Length: ${10 * bodyLimit}\r\n\r\n`)
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())))
    socket.destroy()
    expect(answer).toContain('413 Payload Too Large')
  })
  test('as a stream without length: 413 as soon as it exceeds the limit, and cut off when it goes on for ever', async () => {
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => (answer += data.toString()))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    const piece = 'x'.repeat(65_536)
    socket.write(
      `POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slack-Request-Timestamp: ${seconds}\r\nX-Slack-Signature: v0=${'0'.repeat(64)}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    let sent = 0
    const more = () => {
      while (!socket.destroyed && socket.write(`10000\r\n${piece}\r\n`)) sent += piece.length
      if (!socket.destroyed) socket.once('drain', more)
    }
    more()
    await closed
    expect(answer).toContain('413 Payload Too Large')
    expect(sent).toBeLessThan(64 * bodyLimit)
    expect(parsed).toBe(0)
  })
  test('just within the limit passes', async () => {
    const body = command('x'.repeat(bodyLimit - 200))
    expect((await send({ body })).status).toBe(200)
  })
  test('a sender that hangs up in the middle harms nobody', async () => {
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slack-Request-Timestamp: ${seconds}\r\nX-Slack-Signature: v0=${'0'.repeat(64)}\r\nContent-Length: 500\r\n\r\nhalf`,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    expect((await send()).status).toBe(200)
  })
})

test("Bolt's own verification sees the same bytes", async () => {
  const http = express()
  http.post('/slack/events', slackGuard({ signingSecret, now: () => Date.now(), log: { warn: () => undefined } }))
  const receiver = new ExpressReceiver({ signingSecret, app: http, endpoints: '/slack/events' })
  const bolt = new App({ receiver, authorize: () => Promise.resolve({ botToken: 'xoxb-1', botId: 'B1', botUserId: 'U1' }) })
  bolt.command('/incident', ({ command: { text }, ack }) => ack(text))
  const server = http.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const body = command('schlägt 🔥')
  const at = Math.floor(Date.now() / 1000)
  const headers = { 'content-type': `${form}; charset=utf-8`, 'x-slack-request-timestamp': String(at), 'x-slack-signature': sign(body, at) }
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`, { method: 'POST', headers, body })
  expect([answer.status, await answer.text()]).toEqual([200, 'schlägt 🔥'])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
