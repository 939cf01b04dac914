import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import { guardedFetch } from '../../src/adapters/fetch.ts'
import type { Lookup } from '../../src/adapters/fetch/guard.ts'
import { expectFault, faultOf, local, to } from './asking.ts'
import { closedPort, startHttp, startHttps } from './server.ts'

describe('answers', () => {
  test('status, headers, body, time and addresses', async () => {
    await using server = await startHttp((request, response) => {
      response.setHeader('x-method', request.method ?? '')
      setTimeout(() => response.writeHead(503).end('down'), 60)
    })
    const response = await local(server.host)(`http://${server.host}/a?b=1`, { method: 'POST', body: 'x', headers: { 'x-a': '1' } })
    expect(response).toMatchObject({ status: 503, body: 'down', urls: [`http://${server.host}/a?b=1`], headers: { 'x-method': 'POST' } })
    expect(response.took).toBeGreaterThan(50)
  })

  test('time does not count the name’s resolution', async () => {
    await using server = await startHttp((_, response) => response.end())
    const slow: Lookup = () => new Promise((resolve) => setTimeout(resolve, 400, [{ address: '127.0.0.1', family: 4 }]))
    const host = `app.example:${server.port}`
    expect((await local(host, { lookup: slow })(`http://${host}/`)).took).toBeLessThan(300)
  })

  test('compressed bodies', async () => {
    await using server = await startHttp((_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('hello')))
    expect((await local(server.host)(`http://${server.host}/`)).body).toBe('hello')
  })

  test('every call connects anew, so that every call is judged', async () => {
    await using server = await startHttp((_, response) => response.end())
    const ask = local(server.host)
    await ask(`http://${server.host}/`)
    await ask(`http://${server.host}/`)
    expect(server.connections()).toBe(2)
  })
})

describe('why there is no answer', () => {
  test('refused', async () => {
    const host = `127.0.0.1:${await closedPort()}`
    await expectFault(local(host)(`http://${host}/`), 'refused', /nothing listens/, 'unsent')
  })
  test('refused at every address of a name', async () => {
    const host = `app.example:${await closedPort()}`
    await expectFault(local(host, { lookup: to('127.0.0.1', '::1') })(`http://${host}/`), 'refused', /nothing listens/, 'unsent')
  })
  test('a name that does not exist', async () => {
    const lookup: Lookup = () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }))
    await expectFault(
      guardedFetch({ hosts: ['app.example'], lookup })('https://app.example/'),
      'dns',
      /app\.example does not resolve/,
      'unsent',
    )
    await expectFault(guardedFetch({ hosts: ['app.example'], lookup: to() })('https://app.example/'), 'dns', /does not resolve/)
  })
  test('a name that the real resolver does not know', async () => {
    const fault = await faultOf(guardedFetch({ hosts: ['no-such-host.invalid'] })('https://no-such-host.invalid/'))
    expect(fault.code).toBe('dns')
  })
  test('a self-signed certificate', async () => {
    await using server = await startHttps((_, response) => response.end())
    await expectFault(local(server.host)(`https://${server.host}/`), 'tls', /self-signed/, 'unsent')
  })
  test('no TLS where TLS is asked for', async () => {
    await using server = await startHttp((_, response) => response.end())
    await expectFault(local(server.host)(`https://${server.host}/`), 'tls', /does not speak TLS/, 'unsent')
  })
  test('a connection that is closed', async () => {
    await using server = await startHttp((request) => request.socket.destroy())
    await expectFault(local(server.host)(`http://${server.host}/`), 'reset', /closed the connection/, 'sent')
  })
  test('a body that breaks off', async () => {
    await using server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    await expectFault(local(server.host)(`http://${server.host}/`), 'reset', /closed the connection/, 'sent')
  })
  test('what is not HTTP', async () => {
    await using server = await startHttp((request) => request.socket.end('SSH-2.0-OpenSSH\r\n'))
    await expectFault(local(server.host)(`http://${server.host}/`), 'reset', /malformed/, 'sent')
  })
})

describe('time runs out, and the message says where', () => {
  const stages: [string, RequestListener, RegExp][] = [
    ['before the answer', () => {}, /accepted the connection but gave no answer within 0.2 s/],
    ['in the answer', (_, response) => void response.writeHead(200).write('slowly'), /began its answer but did not finish/],
    [
      'in an answer that drips',
      (_, response) => {
        const drip = setInterval(() => response.write('.'), 20)
        response.once('close', () => clearInterval(drip))
      },
      /began its answer but did not finish/,
    ],
  ]
  test.each(stages)('%s', async (_, listener, words) => {
    await using server = await startHttp(listener)
    await expectFault(local(server.host)(`http://${server.host}/`, { timeoutMs: 200 }), 'timeout', words, 'sent')
  })
  test('in the lookup', async () => {
    const lookup: Lookup = () => new Promise(() => {})
    await expectFault(
      guardedFetch({ hosts: ['app.example'], lookup, timeoutMs: 200 })('http://app.example/'),
      'timeout',
      /did not resolve within/,
      'unsent',
    )
  })
  test('all redirects together', async () => {
    await using server = await startHttp((request, response) => {
      setTimeout(() => response.writeHead(302, { location: `${request.url}x` }).end(), 150)
    })
    await expectFault(local(server.host)(`http://${server.host}/`, { timeoutMs: 250 }), 'timeout', /within 0.25 s/)
  })
  test('in the TLS handshake', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const host = `127.0.0.1:${(silent.address() as { port: number }).port}`
    await expectFault(local(host)(`https://${host}/`, { timeoutMs: 200 }), 'timeout', /did not accept a connection/, 'unsent')
    silent.close()
  })
})

describe('redirects', () => {
  const redirecting =
    (location: string, status = 302): RequestListener =>
    (request, response) =>
      request.url === '/end'
        ? response.end(JSON.stringify({ ...request.headers, method: request.method }))
        : response.writeHead(status, { location }).end()

  test('to the same host', async () => {
    await using server = await startHttp(redirecting('/end'))
    const response = await local(server.host)(`http://${server.host}/start`)
    expect(response.urls).toEqual([`http://${server.host}/start`, `http://${server.host}/end`])
  })
  test.each([
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ])('%i turns POST into %s', async (status, method) => {
    await using server = await startHttp(redirecting('/end', status))
    const { body } = await local(server.host)(`http://${server.host}/`, { method: 'POST', body: 'b' })
    expect(JSON.parse(body)).toMatchObject({ method })
  })
  test('secrets stay with the host that they were meant for', async () => {
    await using second = await startHttp(redirecting(''))
    await using first = await startHttp(redirecting(`http://${second.host}/end`))
    const hosts = [first.host, second.host]
    const headers = { authorization: 'Bearer x', apikey: 'y', accept: 'application/json' }
    const seen = JSON.parse((await guardedFetch({ hosts, privateHosts: hosts })(`http://${first.host}/`, { headers })).body) as object
    expect(seen).toMatchObject({ accept: 'application/json' })
    expect(seen).not.toHaveProperty('authorization')
    expect(seen).not.toHaveProperty('apikey')
  })
  test('three are followed, the fourth is not', async () => {
    await using server = await startHttp((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(301, { location: `/${left - 1}` }).end()
    })
    expect((await local(server.host)(`http://${server.host}/3`)).urls).toHaveLength(4)
    await expectFault(local(server.host)(`http://${server.host}/4`), 'redirect', /more than 3 times/)
  })
  test.each([
    ['another host', 'https://evil.example/?token=secret', /302\) to https:\/\/evil\.example\/: evil\.example is not a host/],
    ['another port', 'http://127.0.0.1:1/', /not a host that the product names/],
    ['metadata (fault 56)', 'http://169.254.169.254/latest/meta-data/', /169\.254\.169\.254 is not a host/],
    ['a file', 'file:///etc/passwd', /to file:\/\/\/etc\/passwd: .*neither http nor https/],
    ['a mailbox', 'mailto:ops@example.test', /to mailto:ops@example\.test: .*neither http nor https/],
    ['another scheme with credentials', 'redis://me:secret@cache.example/0', /to redis:\/\/cache\.example\/0: .*neither http nor https/],
    ['credentials', 'http://user:pass@127.0.0.1/', /credentials/],
    ['no address', 'http://[', /no address/],
  ])('to %s: not followed', async (_, location, words) => {
    await using server = await startHttp(redirecting(location))
    const fault = await faultOf(local(server.host)(`http://${server.host}/`))
    expect(fault.code).toBe('redirect')
    expect(fault.message).toMatch(words)
    expect(fault.message).not.toContain('secret')
  })
  test('to a named host whose address is private (fault 56)', async () => {
    await using server = await startHttp(redirecting('http://inner.example/'))
    const ask = guardedFetch({ hosts: [server.host, 'inner.example'], privateHosts: [server.host], lookup: to('10.0.0.7') })
    await expectFault(ask(`http://${server.host}/`), 'forbidden', /inner\.example, at 10\.0\.0\.7, is a private address/, 'sent')
  })
  test('without a location is an answer', async () => {
    await using server = await startHttp((_, response) => response.writeHead(304).end())
    expect((await local(server.host)(`http://${server.host}/`)).status).toBe(304)
  })
})

describe('size', () => {
  const mebibyte = 1024 * 1024
  test('1 MiB is read, a byte more is not', async () => {
    await using server = await startHttp((request, response) => response.end('x'.repeat(mebibyte + Number(request.url?.slice(1)))))
    expect((await local(server.host)(`http://${server.host}/0`)).body).toHaveLength(mebibyte)
    await expectFault(local(server.host)(`http://${server.host}/1`), 'too-large', /1024 KiB/)
  })
  test('a decompression bomb is cut off (fault 29)', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * mebibyte))
    await using server = await startHttp((_, response) => response.setHeader('content-encoding', 'gzip').end(bomb))
    const before = process.memoryUsage().rss
    await expectFault(local(server.host)(`http://${server.host}/`), 'too-large', /1024 KiB/)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * mebibyte)
  })
  test('a body without end', async () => {
    await using server = await startHttp((_, response) => {
      const more = (): void => void response.write('x'.repeat(65_536), (error) => error ?? more())
      more()
    })
    await expectFault(local(server.host)(`http://${server.host}/`), 'too-large', /1024 KiB/)
  })
  test('headers without end', async () => {
    await using server = await startHttp((_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end())
    await expectFault(local(server.host)(`http://${server.host}/`), 'too-large', /headers/)
  })
})
