import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import check from '../../src/checks/http.ts'
import { closedPort, startHttps } from '../adapters/server.ts'
import { asking, run } from './asking.ts'

describe('status', () => {
  test.each<[string, number, object, string, RegExp]>([
    ['200', 200, {}, 'ok', /^ok: Answered 200 in \d+ ms\.$/],
    ['another that is wanted', 204, { status: 204 }, 'ok', /^ok: Answered 204/],
    [
      '503 is critical',
      503,
      {},
      'fail',
      /^fail: Answered 503, which is critical: the application says it is unavailable; 200 was expected/,
    ],
    ['401', 401, {}, 'fail', /^fail: Answered 401: it wants credentials; 200 was expected/],
    ['403', 403, {}, 'fail', /^fail: Answered 403: it forbids access/],
    ['404', 404, {}, 'fail', /^fail: Answered 404: nothing is at that address/],
    ['500', 500, {}, 'fail', /^fail: Answered 500: the application failed/],
    ['500 where the guide calls it critical', 500, { critical: [500] }, 'fail', /which is critical/],
    ['one without a word', 418, {}, 'fail', /^fail: Answered 418; 200 was expected/],
    ['503 where it is wanted', 503, { status: 503 }, 'ok', /^ok: Answered 503/],
  ])('%s', async (_, status, options, expected, words) => {
    const answer = await asking((__, response) => response.writeHead(status).end(), options)
    expect(answer.status).toBe(expected)
    expect(answer.texts).toEqual([expect.stringMatching(words)])
  })
})

describe('latency', () => {
  const slow: RequestListener = (_, response) => void setTimeout(() => response.end(), 80)
  test('above its limit', async () => {
    const { status, texts, measurements } = await asking(slow, { latency: 20 })
    expect(status).toBe('warn')
    expect(texts[1]).toMatch(/^warn: Took \d+ ms, above the limit of 20 ms\.$/)
    expect(measurements).toEqual([{ name: 'latency', value: expect.any(Number), unit: 'ms', limit: 20 }])
  })
  test('below it, or without one', async () => {
    expect((await asking(slow, { latency: 5000 })).status).toBe('ok')
    expect((await asking(slow)).measurements).toEqual([{ name: 'latency', value: expect.any(Number), unit: 'ms' }])
  })
})

describe('no answer: each told apart', () => {
  test('DNS', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    const { status, texts } = await run({ url: 'https://app.example/health' }, { lookup })
    expect([status, ...texts]).toEqual(['fail', 'fail: DNS failure: The name of app.example does not resolve. (ENOTFOUND)'])
  })
  test('refused', async () => {
    const port = await closedPort()
    const { status, texts } = await run({ url: `http://127.0.0.1:${port}/` })
    expect([status, ...texts]).toEqual([
      'fail',
      `fail: Connection refused: 127.0.0.1:${port} refuses the connection: nothing listens there. (ECONNREFUSED)`,
    ])
  })
  test('TLS', async () => {
    await using server = await startHttps((_, response) => response.end())
    const { status, texts } = await run({ url: `https://${server.host}/` })
    expect([status, ...texts]).toEqual([
      'fail',
      `fail: TLS failure: The certificate of ${server.host} is self-signed. (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    ])
  })
  test('timeout', async () => {
    const { status, texts } = await asking(() => {}, {}, { timeoutMs: 150 })
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(/^fail: Timeout: 127\.0\.0\.1:\d+ accepted the connection but gave no answer within 0\.15 s\.$/),
    ])
  })
  test('redirect to a host that is not named (fault 56)', async () => {
    const { status, texts } = await asking((_, response) =>
      response.writeHead(302, { location: 'https://login.example/?next=secret' }).end(),
    )
    expect([status, ...texts]).toEqual([
      'fail',
      'fail: Redirected away: Redirects (302) to https://login.example/: login.example is not a host that the product names.',
    ])
  })
  test('redirect to the same host is followed, and where to is said', async () => {
    const { status, texts } = await asking((request, response) =>
      request.url === '/login' ? response.end() : response.writeHead(302, { location: '/login' }).end(),
    )
    expect(status).toBe('ok')
    expect(texts[1]).toMatch(/^ok: Redirected to http:\/\/127\.0\.0\.1:\d+\/login\.$/)
  })
  test('an address that is not allowed (fault 56) says nothing about the product', async () => {
    const { status, texts } = await run({ url: 'http://127.0.0.1:8099/' }, { isPrivate: false })
    expect([status, ...texts]).toEqual([
      'unknown',
      'unknown: Not allowed to ask: 127.0.0.1 is a loopback address; the product does not allow that.',
    ])
  })
  test('closed, and too large', async () => {
    expect((await asking((request) => request.socket.destroy())).texts[0]).toMatch(/^fail: Connection broken: /)
    expect((await asking((_, response) => response.end('x'.repeat(2_000_000)))).texts[0]).toMatch(/^warn: Answer too large: /)
  })
})

describe('options', () => {
  const refused = (options: object) => check.options.safeParse({ url: 'https://app.example/', ...options }).error?.issues[0]?.message
  test('defaults', () => {
    expect(check.options.parse({ url: 'https://app.example/health' })).toEqual({
      url: 'https://app.example/health',
      status: 200,
      critical: [503],
      json: false,
      freshFor: 300,
    })
  })
  test('hosts are exactly the address’s', () => {
    expect(check.hosts(check.options.parse({ url: 'https://App.example/health' }))).toEqual(['app.example'])
    expect(check.hosts(check.options.parse({ url: 'http://127.0.0.1:8080/' }))).toEqual(['127.0.0.1:8080'])
  })
  test.each<[string, object]>([
    ['a misspelt name', { latencyMs: 5 }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['no address', { url: 'app.example' }],
    ['a redirect as the wanted status', { status: 302 }],
    ['a limit that is no number', { performance: { a: '150ms' } }],
  ])('%s is refused', (_, options) => expect(refused(options)).toEqual(expect.any(String)))
})
