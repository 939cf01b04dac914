import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { onlyReading } from '../../src/checking/redis/commands.ts'
import redis from '../../src/checks/redis.ts'
import upstash from '../../src/checks/upstash.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { freePort } from '../system/alertmanager.ts'
import { ensure } from '../system/debian.ts'
import { ask, type Asking } from './asking.ts'
import { startAuthority } from './certificates.ts'
import { keyed } from './keyed.ts'
import { redisPackages, startRedis } from './redis.ts'
import { startVendor } from './vendor.ts'

type Server = Awaited<ReturnType<typeof startRedis>>
type Given = Partial<z.input<typeof redis.options>>

const isThere = ensure(redisPackages)
/** What a check of Redis may ever send; its login and database besides. */
const mayBeSent = ['PING', 'INFO', 'SCAN', 'LLEN', 'AUTH', 'SELECT']

let server: Server
let folder: string
let authority: string
let securePort: number

beforeAll(async () => {
  if (!isThere) return
  folder = mkdtempSync(join(tmpdir(), 'redis-check-'))
  using signing = startAuthority()
  authority = signing.make({ name: 'root', until: 30 }).cert
  const { key, cert } = signing.make({ name: 'cache', names: ['cache.test'], until: 30, by: 'root' })
  for (const [name, text] of Object.entries({ 'ca.pem': authority, 'cert.pem': cert, 'key.pem': key }))
    writeFileSync(join(folder, name), text)
  securePort = await freePort()
  server = await startRedis({
    maxmemory: '512mb',
    'maxmemory-policy': 'allkeys-lru',
    'tls-port': String(securePort),
    'tls-ca-cert-file': join(folder, 'ca.pem'),
    'tls-cert-file': join(folder, 'cert.pem'),
    'tls-key-file': join(folder, 'key.pem'),
    'tls-auth-clients': 'no',
  })
  const { client } = server
  for (let n = 0; n < 20; n += 1) await client.set(`fair:${n}`, 'x')
  await client.rpush('emails', ...Array.from({ length: 7 }, (_, n) => `mail ${n}`))
  for (let n = 0; n < 10; n += 1) await client.get(n < 9 ? 'fair:1' : 'gone')
  await client.call('ACL', 'SETUSER', 'looker', 'on', '>right-horse', '~fair:*', '~emails', '+ping', '+info', '+scan', '+llen')
})

afterAll(async () => {
  if (!isThere) return
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const asked = (given: Given = {}, more: Asking = {}) => ask(redis, { host: '127.0.0.1', port: server.port, tls: 'none', ...given }, more)

/** Upstash's REST API over the same Redis: a command as a path, its answer under `result`. */
const startRest = async (token = 'token-of-upstash') => {
  const commands: string[][] = []
  const rest = await startHttp((request, response) => {
    const respond = async () => {
      const words = (request.url ?? '').split('?')[0]!.split('/').slice(1).map(decodeURIComponent)
      const answer = (status: number, body: unknown) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'Unauthorized' })
      const [command = '', ...args] = words
      commands.push([command.toUpperCase(), ...args])
      try {
        return answer(200, { result: await server.client.call(command, ...args) })
      } catch (error) {
        return answer(400, { error: error instanceof Error ? error.message : 'ERR' })
      }
    }
    respond().catch(() => response.destroy())
  })
  return { commands, url: `http://${rest.host}`, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
}

const everything: Given = {
  latency: 60_000,
  memory: 80,
  maxmemory: 512,
  policy: 'allkeys-lru',
  hitRate: 80,
  evictions: 100,
  keys: [{ pattern: 'fair:*', most: 50, least: 1 }],
  queues: [{ key: 'emails', most: 100 }],
}

describe.skipIf(!isThere).each(['redis', 'upstash'])('%s: what it is asked', (kind) => {
  /** The same questions over either way. */
  const both = async (given: Given) => {
    if (kind === 'redis') return asked(given)
    await using rest = await startRest()
    const { host: _, port: __, secret: ___, ...questions } = given
    return await ask(upstash, { apiUrl: rest.url, secret: 'TOKEN', ...questions }, { secrets: { TOKEN: 'token-of-upstash' } })
  }

  test('all is well', async () => {
    const { status, texts, measurements } = await both(everything)
    expect([status, texts[0]]).toEqual([
      'ok',
      expect.stringMatching(/^ok: Redis [\d.]+ answers, up for \d+ (s|min).*: memory used [\d.]+ MB/),
    ])
    expect(texts[1]).toBe('ok: keys fair:* 20, queue emails 7.')
    expect(measurements.map(({ name }) => name)).toEqual([
      'ping',
      'memory used',
      'memory',
      'hit rate',
      'evicted keys',
      'evictions an hour',
      'keys fair:*',
      'queue emails',
    ])
    expect(measurements.find(({ name }) => name === 'hit rate')).toMatchObject({ unit: '%', limit: 80, bound: 'least' })
  })

  test('limits passed', async () => {
    const { status, texts } = await both({
      memory: { fail: 0.0001 },
      maxmemory: 256,
      policy: 'noeviction',
      hitRate: 99.9,
      keys: [
        { pattern: 'fair:*', most: 10 },
        { pattern: 'none:*', least: 1 },
      ],
      queues: [{ key: 'emails', most: { warn: 5, fail: 6 } }],
    })
    expect(status).toBe('fail')
    for (const words of [
      /^fail: memory is [\d.]+ %, above the limit of 0 %/,
      /may use 512 MB, not the 256 MB/,
      /does allkeys-lru, not noeviction/,
      /hit rate is [\d.]+ %, below the limit/,
      /keys fair:\* is 20, above the limit of 10/,
      /keys none:\* is 0, below the limit of 1/,
      /^fail: queue emails is 7, above the limit of 6/,
    ])
      expect(texts).toContainEqual(expect.stringMatching(words))
  })

  test('a key of another type is told, and the rest as well', async () => {
    const { status, texts } = await both({ queues: [{ key: 'fair:1' }, { key: 'emails' }] })
    expect(status).toBe('unknown')
    expect(texts).toContainEqual(expect.stringMatching(/^unknown: fair:1: That key is of another type/))
    expect(texts.at(-1)).toBe('ok: queue emails 7.')
  })
})

describe.skipIf(!isThere)('redis: what it does now', () => {
  test('is judged apart from the mean of all the time before', async () => {
    await using busy = await startRedis({ maxmemory: '3mb', 'maxmemory-policy': 'allkeys-lru' })
    const { client } = busy
    await client.set('there', 'x')
    const hits = client.pipeline()
    for (let n = 0; n < 20_000; n += 1) hits.get('there')
    await hits.exec()
    const calm = await asked({ port: busy.port, hitRate: 80, evictions: 100 })
    expect([calm.status, calm.measurements.map(({ name }) => name)]).toEqual(['ok', expect.not.arrayContaining(['hit rate now'])])
    expect(calm.texts[0]).toContain('hit rate 100 % since it started')
    const over = new AbortController()
    const traffic = async () => {
      for (let n = 0; !over.signal.aborted; n += 1) {
        await client.get(`gone ${n}`)
        await client.set(`filling ${n}`, 'x'.repeat(20_000))
      }
    }
    const running = traffic()
    const { status, texts, measurements } = await asked({ port: busy.port, hitRate: 80, evictions: { fail: 100 } })
    over.abort()
    await running
    expect(measurements.find(({ name }) => name === 'hit rate')?.value).toBeGreaterThan(80)
    expect(measurements.find(({ name }) => name === 'hit rate now')?.value).toBe(0)
    expect([status, texts]).toEqual([
      'fail',
      expect.arrayContaining([
        'warn: hit rate now is 0 %, below the limit of 80 %.',
        expect.stringMatching(/^fail: evictions an hour now is \d+(\.\d+)?, above the limit of 100\.$/),
      ]),
    ])
  })
})

describe.skipIf(!isThere)('redis: nothing can be changed', () => {
  test('what reaches the server is on the list, whatever the options say', async () => {
    const hostile = ['fair:*', 'a\r\nFLUSHALL\r\n', 'x FLUSHALL', '"; CONFIG SET dir /tmp', '../../flushall', '%2e%2e/flushall', '*\u0000']
    const heard = await server.listen()
    await asked({
      ...everything,
      db: 0,
      keys: hostile.slice(0, 5).map((pattern) => ({ pattern })),
      queues: hostile.map((key) => ({ key })),
    })
    await asked({ db: 1, queues: [{ key: 'emails' }] })
    await server.client.echo('end')
    await expect.poll(() => heard.commands().some(([name]) => name === 'ECHO')).toBe(true)
    heard.stop()
    const sent = heard.commands().filter(([name]) => name !== 'ECHO')
    expect(sent.map(([name]) => name)).toEqual(expect.arrayContaining(['PING', 'INFO', 'SCAN', 'LLEN', 'SELECT']))
    expect(sent.filter(([name = '']) => !mayBeSent.includes(name))).toEqual([])
    expect(await server.client.dbsize()).toBe(21)
  })

  test('as a path, too', async () => {
    const hostile = ['../../flushall', '..%2fflushall', '%2e%2e', 'a/../b', 'a?_token=x', '#flushall', '\\..\\flushall', './/']
    await using rest = await startRest()
    const options = {
      apiUrl: rest.url,
      secret: 'TOKEN',
      keys: hostile.slice(0, 4).map((pattern) => ({ pattern })),
      queues: hostile.map((key) => ({ key })),
    }
    await ask(upstash, options, { secrets: { TOKEN: 'token-of-upstash' } })
    expect(rest.commands.filter(([name = '']) => !mayBeSent.includes(name))).toEqual([])
    expect(rest.commands.filter(([name]) => name === 'LLEN').map(([, key]) => key)).toEqual(hostile)
    for (const key of ['.', '..']) expect(upstash.options.safeParse({ ...options, queues: [{ key }] }).success).toBe(false)
  })

  test.each(['FLUSHALL', 'SET', 'CONFIG', 'DEL', 'EVAL', 'KEYS', 'flushall', 'ping', 'AUTH', 'SELECT'])(
    '%s is not sent',
    async (command) => {
      const sent: unknown[] = []
      const read = onlyReading((words) => Promise.resolve(sent.push(words)))
      await expect(read(command as 'PING', 'x')).rejects.toThrow('not among the commands')
      expect(sent).toEqual([])
    },
  )
})

describe.skipIf(!isThere)('redis: logging in', () => {
  const looker = (password: string, more: Given = {}) =>
    asked({ user: 'looker', secret: 'REDIS_PASSWORD', queues: [{ key: 'emails' }], ...more }, { secrets: { REDIS_PASSWORD: password } })

  test('a user who may only read', async () => {
    expect(await looker('right-horse', { keys: [{ pattern: 'fair:*' }] })).toMatchObject({ status: 'ok' })
  })
  test('the same by an address', async () => {
    const address = `redis://looker:right-horse@127.0.0.1:${server.port}/0`
    const { status } = await asked({ secret: 'REDIS_URL', queues: [{ key: 'emails' }] }, { secrets: { REDIS_URL: address } })
    expect(status).toBe('ok')
    const other = await asked({ secret: 'REDIS_URL' }, { secrets: { REDIS_URL: 'redis://:hunter22@elsewhere.example:6379' } })
    expect([other.status, other.texts[0]]).toEqual(['unknown', expect.stringContaining('for another server')])
    expect(other.texts.join()).not.toContain('hunter22')
  })
  test('the wrong password', async () => {
    const { status, texts } = await looker('wrong-horse')
    expect([status, texts]).toEqual(['unknown', [expect.stringMatching(/does not accept the login: look whether REDIS_PASSWORD/)]])
    expect(texts.join()).not.toContain('wrong-horse')
  })
  test('what the user may not ask', async () => {
    const { status, texts } = await looker('right-horse', { queues: [{ key: 'secret' }] })
    expect([status, texts]).toEqual(['unknown', expect.arrayContaining([expect.stringMatching(/does not let this user ask that/)])])
  })
  test('no password where one is wanted', async () => {
    await using locked = await startRedis()
    await locked.client.config('SET', 'requirepass', 'right-horse')
    const { status, texts } = await asked({ port: locked.port })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('wants a password')])
  })
})

describe.skipIf(!isThere)('redis: TLS', () => {
  const over = (host: string, more: Given) =>
    ask(redis, { host, port: securePort, ...more }, { lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) })
  test('a certificate of a known authority, for this name', async () => {
    expect(await over('cache.test', { ca: authority })).toMatchObject({ status: 'ok' })
    expect(await over('cache.test', { tls: 'unverified' })).toMatchObject({ status: 'ok' })
  })
  test.each(['other.test', '127.0.0.1'])('%s is not what it is for', async (host) => {
    const { status, texts } = await over(host, { ca: authority })
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: TLS failure: .*not trusted/)])
  })
  test('no TLS where it is spoken, and the reverse', async () => {
    expect((await over('cache.test', { tls: 'none' })).status).not.toBe('ok')
    expect((await asked({ tls: 'verify' }, { timeoutMs: 2000 })).status).not.toBe('ok')
  })
})

describe('redis: when it does not answer', () => {
  const at = (port: number, more: Asking = {}) => ask(redis, { host: '127.0.0.1', port, tls: 'none' }, more)

  test('refused', async () => {
    const { status, texts } = await at(await closedPort())
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: Connection refused: /)])
  })
  test.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n<html>', 'Connection broken'],
    ['nothing', '', 'Connection broken'],
    ['another word', '+HELLO\r\n', 'is not Redis'],
    ['no answer of one kind', '*1\r\n$4\r\nPONG\r\n', 'is not Redis'],
    ['a refusal', `-ERR ${'<!channel>\u202E'.repeat(5000)}\r\n`, 'refuses the question'],
    ['that it still loads', '-LOADING Redis is loading the dataset in memory\r\n', 'still loads its data'],
    ['that it is full', '-ERR max number of clients reached\r\n', 'no connection left'],
    ['half an answer', '$100\r\nabc', 'Connection broken'],
  ])('%s', async (_, said, words) => {
    const odd = createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.end(said))).listen(0, '127.0.0.1')
    await once(odd, 'listening')
    const { status, texts } = await at((odd.address() as AddressInfo).port, { timeoutMs: 2000 })
    odd.close()
    expect([status === 'ok', texts.join()]).toEqual([false, expect.stringContaining(words)])
    expect(texts.join().length).toBeLessThan(600)
    expect(texts.join()).not.toContain('\u202E')
  })
  test('a huge answer', async () => {
    const odd = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => void socket.write(Buffer.concat([Buffer.from('$60000000\r\n'), Buffer.alloc(40_000_000, 'x')])))
    }).listen(0, '127.0.0.1')
    await once(odd, 'listening')
    const { status, texts } = await at((odd.address() as AddressInfo).port)
    odd.close()
    expect([status, texts[0]]).toEqual(['warn', expect.stringContaining('larger than 32 MiB')])
  })
  test.skipIf(!isThere)('a server that hangs', async () => {
    server.freeze()
    const { status, texts } = await at(server.port, { timeoutMs: 300 })
    server.thaw()
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: Timeout: .*did not answer in time/)])
  })
  test('an address that is not allowed (faults 56)', async () => {
    const { status, texts } = await at(6379, { isPrivate: false })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('Not allowed to ask')])
  })
})

const options = (apiUrl: string) => ({ apiUrl, secret: 'TOKEN', hitRate: 80, keys: [{ pattern: 'a:*' }], queues: [{ key: 'q' }] })
keyed('upstash', upstash, { options, secrets: { TOKEN: 'token-of-upstash-1234' } })

describe('upstash: what a token may not ask', () => {
  test('keys by a read-only token', async () => {
    await using vendor = await startVendor({
      '/PING': { body: { result: 'PONG' } },
      '/INFO': { body: { result: '# Server\r\nuptime_in_seconds:7\r\n' } },
      '/SCAN/0/MATCH/a%3A*/COUNT/1000': { status: 400, body: { error: "NOPERM this user has no permissions to run the 'scan' command" } },
      '/LLEN/q': { body: { result: 3 } },
    })
    const { status, texts } = await ask(upstash, options(vendor.url), { secrets: { TOKEN: 't' } })
    expect(status).toBe('unknown')
    expect(texts).toEqual([
      expect.stringContaining('No key was looked up yet'),
      expect.stringMatching(/^ok: Redis answers, up for 7 s/),
      expect.stringMatching(/^unknown: a:\*: Redis does not let this user ask that/),
      'ok: queue q 3.',
    ])
  })
  test.each([
    ['/LLEN/q', { result: -3 }],
    ['/LLEN/q', { result: 'many' }],
    ['/LLEN/q', { result: null }],
    ['/SCAN/0/MATCH/a%3A*/COUNT/1000', { result: ['0', 'nothing'] }],
    ['/SCAN/0/MATCH/a%3A*/COUNT/1000', { result: { __proto__: [] } }],
    ['/INFO', { result: 7 }],
    ['/INFO', { result: 'keyspace_hits:NaN\r\nkeyspace_misses:-1' }],
  ])('%s answers %j', async (path, body) => {
    const right = {
      '/PING': { body: { result: 'PONG' } },
      '/INFO': { body: { result: 'keyspace_hits:9\r\nkeyspace_misses:1' } },
      '/SCAN/0/MATCH/a%3A*/COUNT/1000': { body: { result: ['0', []] } },
      '/LLEN/q': { body: { result: 3 } },
    }
    await using well = await startVendor(right)
    expect(await ask(upstash, options(well.url), { secrets: { TOKEN: 't' } })).toMatchObject({ status: 'ok' })
    await using vendor = await startVendor({ ...right, [path]: { body } })
    expect((await ask(upstash, options(vendor.url), { secrets: { TOKEN: 't' } })).status).toBe('unknown')
  })
  test('too many keys to count them', async () => {
    await using vendor = await startVendor({
      '/PING': { body: { result: 'PONG' } },
      '/INFO': { body: { result: '' } },
      ...Object.fromEntries(
        Array.from({ length: 60 }, (_, n) => [`/SCAN/${n}/MATCH/*/COUNT/1000`, { body: { result: [String(n + 1), [`key ${n}`]] } }]),
      ),
    })
    const many = (most?: number) =>
      ask(
        upstash,
        { apiUrl: vendor.url, secret: 'TOKEN', keys: [{ pattern: '*', ...(most === undefined ? {} : { most }) }] },
        { secrets: { TOKEN: 't' } },
      )
    expect((await many(100)).texts).toContain('unknown: At least 50 keys like *: there are too many to count them all.')
    expect((await many(10)).status).toBe('warn')
  })
})
