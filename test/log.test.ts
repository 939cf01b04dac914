/** The log, with the real pino: no secret gets into it, wherever it stands (faults 58). */
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { openLog } from '../src/log.ts'

const password = 'correct horse%battery'
const environment = {
  SHOP_API_KEY: 'plain-and-simple-1',
  SHOP_DATABASE_URL: `postgres://shop:${encodeURIComponent(password)}@db.example/shop`,
  SHOP_NAME: 'the shop of us all',
  EMPTY_TOKEN: '',
}

const logged = (level: string, write: (log: ReturnType<typeof openLog>) => void, settings: Record<string, string> = environment) => {
  const lines: string[] = []
  const to = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  write(openLog(level, settings, { to, named: ['SHOP_PIN'] }))
  return { all: lines.join(''), lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const secrets = ['plain-and-simple-1', password, encodeURIComponent(password), 'sk_live_51H8xyzABCDEFGHIJKLMNOPQ', 'hunter22!x']
const leaking = `Key plain-and-simple-1 of sk_live_51H8xyzABCDEFGHIJKLMNOPQ, password=hunter22!x, ${password}, ${encodeURIComponent(password)}`

test('errors with their stack, their causes and their own fields are masked (faults 58)', () => {
  const cause = Object.assign(new Error(leaking), {
    detail: leaking,
    config: { headers: { authorization: 'Bearer abcdefghijklmnopqrstu' } },
  })
  const error = new AggregateError([new TypeError(leaking)], leaking, { cause })
  const { all, lines } = logged('info', (log) => log.error({ err: error, product: 'shop' }, 'a check failed'))
  expect(lines).toMatchObject([{ msg: 'a check failed', product: 'shop', level: 50, err: { type: 'AggregateError' } }])
  expect(all).toContain('Key *** of sk_live_***')
  // The stack is there: it is what a bug is found by.
  expect(all).toContain('log.test.ts')
  for (const secret of [...secrets, 'abcdefghijklmnopqrstu']) expect(all).not.toContain(secret)
})

test('fields are masked by what they are called, by what they look like, and by what is set, at any depth (faults 58)', () => {
  const cyclic: Record<string, unknown> = { text: leaking }
  cyclic['again'] = cyclic
  const fields = { token: 'x', more: { password: 'y', list: [leaking, { text: leaking }] }, name: environment.SHOP_NAME, count: 3, cyclic }
  const { all, lines } = logged('debug', (log) => log.warn(fields, 'it was said'))
  for (const secret of secrets) expect(all).not.toContain(secret)
  expect(lines).toMatchObject([{ token: '***', more: { password: '***' }, name: 'the shop of us all', count: 3 }])
})

test('what is below the level is not written, and what is endless is cut', () => {
  const { all, lines } = logged('warn', (log) => {
    log.info({}, 'quiet')
    log.error({ text: 'x'.repeat(1_000_000) }, 'loud')
  })
  expect(lines.map(({ msg }) => msg)).toEqual(['loud'])
  expect(all.length).toBeLessThan(30_000)
})

test('settings are secret by any part of their name, by a login in them, and when a product says so; pieces of them, too (faults 58)', () => {
  const settings = {
    STRIPE_SECRET_KEY_TEST: 'abcdefgh12345678',
    DSN: 'https://abcdef1234@o1.ingest.example/1',
    SHOP_PIN: 'four-by-four-by-2',
    TLS_KEY_FILE: '/etc/shop/tls.pem',
    LOGIN_URL: 'ssh://username@host.example',
  }
  const all = logged(
    'info',
    (log) => {
      log.error(
        { text: 'abcdefgh12345678 and https://abcdef1234@o1.ingest.example/1', more: 'not abcdef1234, four-by-four-by-2 or bcdefgh123' },
        'x',
      )
      log.warn({ 'of abcdefgh12345678': 1, more: { 'of abcdefgh12345678': 2 }, cut: 'It was abcdefgh12…, it was abcdefg…' }, 'x')
      log.warn({ text: `${'x'.repeat(19_990)} abcdefgh12345678` }, 'x')
      log.info({ file: '/etc/shop/tls.pem', username: 'username' }, 'x')
    },
    settings,
  ).all
  for (const secret of ['abcdef', 'bcdefgh', '1234', 'four']) expect(all).not.toContain(secret)
  expect(all).toContain('"of ***":1')
  expect(all).toContain('"of ***":2')
  expect(all).toContain('"file":"/etc/shop/tls.pem","username":"username"')
})

test('a field with the name of a secret is one however deep it stands, and in capitals', () => {
  const { all } = logged('info', (log) => log.error({ err: { config: { headers: { more: { Authorization: 'x-y-z' } } } } }, 'x'))
  expect(all).not.toContain('x-y-z')
})

describe('what is written to the log never throws, and is bounded', () => {
  const throwing = (): never => {
    throw new Error('not to be read')
  }

  test('what cannot be read', () => {
    const error = Object.defineProperty(new Error('The disk is full'), 'detail', { enumerable: true, get: throwing })
    const fields = Object.defineProperty({ err: error, product: 'shop', later: { toJSON: throwing, count: 1 } }, 'bad', {
      enumerable: true,
      get: throwing,
    })
    const { lines } = logged('info', (log) => {
      log.error(fields, 'it failed')
      log.error(new Proxy({}, { ownKeys: throwing }), 'it failed again')
    })
    expect(lines).toMatchObject([
      { msg: 'it failed', product: 'shop', bad: '(unreadable)', later: { count: 1 }, err: { type: 'Error', message: 'The disk is full' } },
      { msg: 'it failed again', fields: '(unreadable)' },
    ])
    expect(lines[0]?.['err']).toMatchObject({ stack: expect.stringContaining('log.test.ts') as unknown })
  })

  test('what refers widely to what refers to it, or goes on without end', () => {
    let reads = 0
    const wide = (): object =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          Array.from({ length: 25 }, (_, index) => [
            `field${index}`,
            {
              enumerable: true,
              get: () => {
                reads += 1
                return wide()
              },
            },
          ]),
        ),
      )
    const itself: Record<string, unknown> = {}
    for (let index = 0; index < 25; index += 1) itself[`field${index}`] = itself
    const { all, lines } = logged('info', (log) =>
      log.error({ wide: wide(), itself, long: Array.from({ length: 100_000 }, () => 'x'.repeat(10_000)), product: 'shop' }, 'it failed'),
    )
    expect(lines).toMatchObject([{ product: 'shop', itself: { field24: '…' } }])
    expect(reads).toBeLessThan(1000)
    expect(all.length).toBeLessThan(100_000)
  })
})
