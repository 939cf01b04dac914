/** Every way by which a check can leave this machine, under the same guard (faults 56): names that resolve to what must not be reached,
 *  names that resolve differently the second time, and redirects. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Lookup } from '../../src/adapters/fetch/guard.ts'
import { guarded } from '../../src/adapters/fetch.ts'
import celery from '../../src/checks/celery.ts'
import docker from '../../src/checks/docker.ts'
import ports from '../../src/checks/ports.ts'
import postgres from '../../src/checks/postgres.ts'
import redis from '../../src/checks/redis.ts'
import stripe from '../../src/checks/stripe.ts'
import tls from '../../src/checks/tls.ts'
import { FetchFault } from '../../src/ports.ts'
import { ask, type Asking } from '../checks/asking.ts'
import { startHttp } from './server.ts'

const name = 'rebind.example'

/** Listens, counts who comes, and hangs up. */
const startDoor = async () => {
  const sockets = new Set<Socket>()
  let came = 0
  const server = createServer((socket) => {
    came += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    came: () => came,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What comes out of each way, for a name and a port. */
const ways: Readonly<Record<string, (port: number, more: Asking) => Promise<string>>> = {
  fetch: (port, more) => through(port, more, ({ fetch }) => fetch(`http://${name}:${port}/`)),
  'a vendor’s client': (port, more) => through(port, more, async ({ web }) => (await web(`http://${name}:${port}/`)).text()),
  'an address for another protocol': (port, more) => through(port, more, ({ address }) => address(name, port)),
  stripe: async (port, more) =>
    (
      await ask(stripe, { ask: 'revenue', secret: 'KEY', apiUrl: `http://${name}:${port}` }, { ...more, secrets: { KEY: 'sk_test_x' } })
    ).texts.join(),
  postgres: async (port, more) =>
    (
      await ask(
        postgres,
        { ask: 'version', host: name, port, tls: 'none', secret: 'URL' },
        { ...more, secrets: { URL: `postgres://a:b@${name}:${port}/c` } },
      )
    ).texts.join(),
  redis: async (port, more) => (await ask(redis, { host: name, port, tls: 'none' }, more)).texts.join(),
  celery: async (port, more) => (await ask(celery, { host: name, port, tls: 'none' }, more)).texts.join(),
  tls: async (port, more) => (await ask(tls, { host: name, port }, more)).texts.join(),
  ports: async (port, more) => (await ask(ports, { host: name, open: [port] }, more)).texts.join(),
  docker: async (port, more) =>
    (await ask(docker, { ask: 'containers', host: name, port, tls: 'none', project: 'shop' }, more)).texts.join(),
}

const through = async (
  port: number,
  { isPrivate, lookup }: Asking,
  go: (reach: ReturnType<typeof guarded>) => Promise<unknown>,
): Promise<string> => {
  const hosts = [`${name}:${port}`]
  const reach = guarded({
    hosts,
    privateHosts: isPrivate === false ? [] : hosts,
    timeoutMs: 2000,
    ...(lookup === undefined ? {} : { lookup }),
  })
  try {
    await go(reach)
    return 'it went'
  } catch (error) {
    if (error instanceof FetchFault) return error.message
    throw error
  }
}

const family = (address: string) => (address.includes(':') ? 6 : 4)
const to =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: family(address) })))

const names = Object.keys(ways)

describe('a name that resolves to what must not be reached is refused at connect (faults 56)', () => {
  const inside = ['127.0.0.1', '10.1.2.3', '192.168.0.9', '169.254.169.254', '100.100.100.200', '::1', 'fd00::1', '::ffff:169.254.169.254']
  test.each(names)('%s', async (way) => {
    await using door = await startDoor()
    for (const address of inside) {
      const said = await ways[way]!(door.port, { isPrivate: false, lookup: to(address) })
      expect([address, said]).toEqual([address, expect.stringMatching(/the product does not allow that/)])
    }
    // One of them among good ones is how rebinding looks.
    expect(await ways[way]!(door.port, { isPrivate: false, lookup: to('93.184.215.14', '127.0.0.1') })).toMatch(/loopback/)
    expect(door.came()).toBe(0)
  })
})

describe('metadata is reached by no name, even where the product allows the host (faults 56)', () => {
  test.each(names)('%s', async (way) => {
    await using door = await startDoor()
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254'])
      expect(await ways[way]!(door.port, { isPrivate: true, lookup: to(address) })).toMatch(/instance metadata address/)
    expect(door.came()).toBe(0)
  })
})

describe('what is connected to is what was judged: there is no second look-up to win (faults 56)', () => {
  test.each(names.filter((way) => way !== 'an address for another protocol'))('%s', async (way) => {
    await using door = await startDoor()
    let asked = 0
    // Allowed for whoever looks first; metadata for whoever looks again.
    const rebinding: Lookup = () => {
      asked += 1
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }])
    }
    await ways[way]!(door.port, { isPrivate: true, lookup: rebinding, timeoutMs: 2000 })
    expect(door.came()).toBeGreaterThan(0)
    expect(asked).toBe(1)
    const again = await ways[way]!(door.port, { isPrivate: true, lookup: rebinding, timeoutMs: 2000 })
    expect(again).toMatch(/instance metadata address/)
    expect(door.came()).toBe(1)
  })
})

describe('redirects into what must not be reached (faults 56)', () => {
  test.each(['http://127.0.0.1:1/', 'http://169.254.169.254/latest/meta-data/', 'http://[::1]:1/', 'file:///etc/passwd', '//10.0.0.1/'])(
    '%s is not followed, by fetch or by a vendor’s client',
    async (location) => {
      await using server = await startHttp((_, response) => void response.writeHead(302, { location }).end())
      const hosts = [server.host]
      const { fetch, web } = guarded({ hosts, privateHosts: hosts, timeoutMs: 2000 })
      await expect(fetch(`http://${server.host}/`)).rejects.toMatchObject({ code: 'redirect' })
      expect((await web(`http://${server.host}/`)).status).toBe(302)
      const { status } = await ask(
        stripe,
        { ask: 'account', secret: 'KEY', apiUrl: `http://${server.host}` },
        { secrets: { KEY: 'sk_test_x' } },
      )
      expect(status).toBe('unknown')
    },
  )
})
