/** TLS (D13) against real servers with certificates of openssl. */
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import check from '../../src/checks/tls.ts'
import { closedPort } from '../adapters/server.ts'
import { ask, type Asking } from './asking.ts'
import { startAuthority } from './certificates.ts'

const authority = startAuthority()
const trusted = getCACertificates('default')
const root = authority.make({ name: 'root', until: 4000 })
const middle = authority.make({ name: 'middle', until: 2000, by: 'root' })
const ending = authority.make({ name: 'ending', until: 5, by: 'root' })

beforeAll(() => setDefaultCACertificates([...trusted, root.cert]))
afterAll(() => {
  setDefaultCACertificates(trusted)
  authority[Symbol.dispose]()
})

const serving = async (identity: { key: string; cert: string }) => {
  const server = createServer(identity)
  // A client that leaves after the handshake is no fault of the server.
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const loopback = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }])
const run = (given: Parameters<typeof ask<typeof check.options, never>>[1], more: Asking = {}) =>
  ask(check, given, { lookup: loopback, now: new Date(Date.now()).toISOString(), ...more })

const asked = async (identity: { key: string; cert: string }, options: object = {}, more: Asking = {}) => {
  await using server = await serving(identity)
  return await run({ host: 'shop.test', port: server.port, ...options }, more)
}

let count = 0
const leaf = (until: number, more: { names?: string[]; from?: number; by?: string; chain?: string } = {}) => {
  count += 1
  const { key, cert } = authority.make({
    name: `leaf${count}`,
    names: more.names ?? ['shop.test'],
    from: more.from ?? -1,
    until,
    by: more.by ?? 'middle',
  })
  return { key, cert: `${cert}${more.chain ?? middle.cert}` }
}

describe('a certificate', () => {
  test('that is good', async () => {
    const { status, texts, measurements } = await asked(leaf(60.5), { warnDays: 21, failDays: 7 })
    expect([status, ...texts]).toEqual([
      'ok',
      expect.stringMatching(
        /^ok: The certificate of shop\.test:\d+ by root Ltd is valid for 60 days, until \d{4}-\d\d-\d\d \(TLSv1\.3\)\.$/,
      ),
    ])
    expect(measurements).toEqual([{ name: 'days left', value: 60, unit: 'd', limit: 21, bound: 'least' }])
  })
  test.each<[string, number, object, string, RegExp]>([
    [
      'below the limit',
      20.5,
      { warnDays: 21, failDays: 7 },
      'warn',
      /expires in 20 days \(.*\), below the limit of 21 d: look why it was not renewed/,
    ],
    [
      'below the critical one',
      6.5,
      { warnDays: 21, failDays: 7 },
      'fail',
      /expires in 6 days \(.*\), below the limit of 7 d: renew it now/,
    ],
    ['without a limit', 1.5, {}, 'ok', /valid for 1 day,/],
  ])('%s', async (_, until, options, expected, words) => {
    const { status, texts } = await asked(leaf(until), options)
    expect(status).toBe(expected)
    expect(texts).toEqual([expect.stringMatching(words)])
  })
  test('that has expired', async () => {
    const { status, texts, measurements } = await asked(leaf(-2.5, { from: -90 }), { warnDays: 21 })
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(/^fail: The certificate of shop\.test:\d+ expired 2 days ago \(.*\): browsers refuse it\. Renew it now\.$/),
    ])
    expect(measurements[0]?.value).toBe(-3)
  })
  test('that is not valid yet', async () => {
    const { texts } = await asked(leaf(90, { from: 3.5 }))
    expect(texts).toEqual([expect.stringMatching(/^fail: .* is valid only in 3 days/)])
  })
  test('whose authority expires before it does', async () => {
    const { status, texts } = await asked(leaf(4000, { by: 'ending', chain: ending.cert }), { warnDays: 21 })
    expect([status, ...texts]).toEqual([
      'warn',
      expect.stringMatching(/^warn: “ending” in the certificate chain of shop\.test:\d+ expires in 4 days/),
    ])
  })
  test('for other names', async () => {
    const { status, texts } = await asked(leaf(60, { names: ['other.test', '*.shop.test'] }), {
      names: ['shop.test', 'api.shop.test', 'other.test'],
    })
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(
        /^fail: The certificate of shop\.test:\d+ is not for shop\.test; it is for DNS:other\.test, DNS:\*\.shop\.test\.$/,
      ),
    ])
  })
  test('for an address', async () => {
    await using server = await serving(leaf(60, { names: ['127.0.0.1'] }))
    expect((await run({ host: '127.0.0.1', port: server.port })).status).toBe('ok')
  })
  test('that is self-signed', async () => {
    const { status, texts } = await asked(authority.make({ name: 'lonely', names: ['shop.test'], until: 60 }))
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(/is not trusted: it is self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. Browsers refuse it\.$/),
    ])
  })
  test('without its chain', async () => {
    const { status, texts } = await asked(leaf(60, { chain: '' }))
    expect([status, ...texts]).toEqual(['fail', expect.stringMatching(/is not trusted: .*(chain|authority)/)])
  })
  test('of an authority that nobody trusts', async () => {
    const stranger = authority.make({ name: 'stranger', until: 400 })
    const { status, texts } = await asked(leaf(60, { by: 'stranger', chain: stranger.cert }))
    expect([status, ...texts]).toEqual(['fail', expect.stringMatching(/is not trusted: .*authority/)])
  })
  test('with hostile words', async () => {
    authority.make({ name: 'evil\u202E<!channel>', until: 400, by: 'root' })
    const { texts } = await asked(leaf(60, { by: 'evil\u202E<!channel>', chain: '' }))
    expect(texts.join()).not.toContain('\u202E')
  })
})

describe('no certificate', () => {
  test('refused', async () => {
    const port = await closedPort()
    const { status, texts } = await run({ host: 'shop.test', port })
    expect([status, ...texts]).toEqual([
      'fail',
      `fail: Connection refused: shop.test:${port} refuses the connection: nothing listens there. (ECONNREFUSED)`,
    ])
  })
  test.each<[string, (socket: Socket) => void, RegExp]>([
    ['no TLS', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /^fail: TLS failure: .* does not complete a TLS handshake/],
    ['closed at once', (socket) => socket.destroy(), /^fail: Connection broken: /],
    ['silence', () => {}, /^fail: Timeout: shop\.test:\d+ did not complete a TLS handshake in time\.$/],
  ])('%s', async (_, listener, words) => {
    const server = createTcp((socket) => {
      // Read, so that the end of the connection is seen.
      socket.on('error', () => {}).resume()
      listener(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { status, texts } = await run({ host: 'shop.test', port: (server.address() as AddressInfo).port }, { timeoutMs: 300 })
    // Only resolves when the check has closed its connection.
    await new Promise((resolve) => server.close(resolve))
    expect([status, ...texts]).toEqual(['fail', expect.stringMatching(words)])
  })
  test('a name that does not resolve', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    expect((await run({ host: 'shop.test' }, { lookup })).texts).toEqual([
      expect.stringMatching(/^fail: DNS failure: The name of shop\.test:443 does not resolve/),
    ])
  })
  test('an address that is not allowed (faults 56)', async () => {
    expect((await run({ host: 'shop.test' }, { isPrivate: false })).texts).toEqual([
      expect.stringMatching(/^unknown: Not allowed to ask: shop\.test, at 127\.0\.0\.1,/),
    ])
  })
})

test.each<[string, object]>([
  ['a scheme', { host: 'https://shop.test' }],
  ['a port in the host', { host: 'shop.test:443' }],
  ['another port', { port: 70_000 }],
  ['limits upside down', { warnDays: 7, failDays: 21 }],
  ['a misspelt name', { warn: 7 }],
])('%s is refused', (_, given) => expect(check.options.safeParse({ host: 'shop.test', ...given }).success).toBe(false))

test('a port may come from a variable, which is text', () => {
  expect(check.options.parse({ host: 'shop.test', port: '8443' }).port).toBe(8443)
  for (const port of ['0', '65536', '8443x', '', ' 443', '4e3', '-1'])
    expect(check.options.safeParse({ host: 'shop.test', port }).success, port).toBe(false)
})
