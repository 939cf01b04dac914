/** The log, with the real pino: no secret gets into it, wherever it stands (faults 58). */
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { openLog } from '../src/log.ts'

const password = 'correct horse%battery'
const environment = {
  SHOP_API_KEY: 'plain-and-simple-1',
  SHOP_DATABASE_URL: `postgres://shop:${encodeURIComponent(password)}@db.example/shop`,
  SHOP_NAME: 'the shop of us all',
  EMPTY_TOKEN: '',
}

const logged = (level: string, write: (log: ReturnType<typeof openLog>) => void) => {
  const lines: string[] = []
  const to = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString())
      done()
    },
  })
  write(openLog(level, environment, to))
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
