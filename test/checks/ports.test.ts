/** Ports (D13) against real listeners. */
import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import check from '../../src/checks/ports.ts'
import { closedPort } from '../adapters/server.ts'
import { ask, type Asking } from './asking.ts'
import { startSilent } from './silent-port.ts'

const listening = async () => {
  const heard: number[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => heard.push(chunk.length))
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const run = (open: number[], closed: number[], more: Asking = {}, host = '127.0.0.1') => ask(check, { host, open, closed }, more)

describe('ports', () => {
  test('as they must be', async () => {
    const heard: number[] = []
    const shut = await closedPort()
    {
      await using one = await listening()
      await using two = await listening()
      const { status, texts, measurements } = await run([one.port, two.port], [shut])
      expect([status, ...texts]).toEqual(['ok', `ok: 127.0.0.1 is as it must be (open: ${one.port}, ${two.port}; closed: ${shut}).`])
      expect(measurements).toEqual([{ name: 'open ports', value: 2, unit: '' }])
      heard.push(...one.heard, ...two.heard)
    }
    // The servers have ended, so the check has closed its connections; and it sent nothing.
    expect(heard).toEqual([])
  })
  test('closed that must be open, and open that must be closed', async () => {
    await using one = await listening()
    const shut = await closedPort()
    const { status, texts } = await run([shut], [one.port])
    expect([status, ...texts]).toEqual([
      'fail',
      `fail: Port ${shut} is closed on 127.0.0.1: nothing listens.`,
      `fail: Port ${one.port} is open on 127.0.0.1 and must not be: close it in the firewall.`,
    ])
  })
  test('a name that does not resolve is said once', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    const { status, texts } = await run([80, 443], [22], { lookup }, 'shop.test')
    expect(status).toBe('fail')
    expect(texts).toEqual([expect.stringMatching(/^fail: DNS failure: The name of shop\.test:\d+ does not resolve/)])
  })
  test('an address that is not allowed (faults 56)', async () => {
    const { status, texts } = await run([80], [22], { isPrivate: false })
    expect(status).toBe('unknown')
    expect(texts).toEqual([expect.stringMatching(/^unknown: Not allowed to ask: 127\.0\.0\.1 is a loopback address/)])
  })
  test('that do not answer', async () => {
    await using silent = await startSilent()
    const { status, texts } = await ask(check, { host: '127.0.0.1', open: [silent.port], wait: 150 })
    expect([status, ...texts]).toEqual([
      'fail',
      `fail: Port ${silent.port} does not answer on 127.0.0.1: look at its firewall, or it is down.`,
    ])
    expect((await ask(check, { host: '127.0.0.1', closed: [silent.port], wait: 150 })).status).toBe('ok')
    const { texts: late } = await ask(check, { host: '127.0.0.1', open: [silent.port], wait: 5000 }, { timeoutMs: 150 })
    expect(late).toEqual([expect.stringMatching(/^fail: Timeout: 127\.0\.0\.1:\d+ was not tried to the end\.$/)])
  })
})

test.each<[string, object]>([
  ['no port', {}],
  ['more than twenty', { open: Array.from({ length: 21 }, (_, index) => index + 1) }],
  ['a port on both sides', { open: [80], closed: [80] }],
  ['a port twice', { open: [80, 80] }],
  ['no port at all', { open: [0] }],
  ['a range', { open: ['1-1000'] }],
])('%s is refused', (_, given) => expect(check.options.safeParse({ host: 'shop.test', ...given }).success).toBe(false))

test('the guide’s three', () => {
  const options = check.options.parse({ host: 'shop.test', open: [80, 443, 22], closed: [6379, 8000] })
  expect(check.hosts(options)).toEqual(['shop.test:80', 'shop.test:443', 'shop.test:22', 'shop.test:6379', 'shop.test:8000'])
})
