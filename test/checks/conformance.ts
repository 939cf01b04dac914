/** What every kind that asks a vendor over HTTP must do when the vendor misbehaves: say so as `unknown`, and never that all is well. */
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { CheckDefinition } from '../../src/define/check.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { ask, type Asking, json } from './asking.ts'

const send =
  (status: number, body: string, type = 'application/json'): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': type }).end(body)

/** Markup, an order to turn the text round, a mention, half a pair, and no end. */
const hostile = `<script>alert(1)</script>\u202E<!channel>\uD800${'x'.repeat(50_000)}`

const misbehaving: readonly (readonly [name: string, listener: RequestListener])[] = [
  ['401', send(401, '{"message":"Unauthorized"}')],
  ['403', send(403, '{"message":"Forbidden"}')],
  ['404', send(404, '{"message":"Not Found"}')],
  ['418', send(418, '')],
  ['429', send(429, '{"message":"Too many"}')],
  ['500', send(500, 'oops', 'text/plain')],
  ['503', send(503, '')],
  ['HTML where JSON should be', send(200, '<!doctype html><title>Sign in</title>', 'text/html')],
  ['nothing at all', send(200, '')],
  ['half of it', send(200, '{"data":')],
  ['null', json(null)],
  ['a number', json(7)],
  ['an empty object', json({})],
  ['a list of nonsense', json([null, 1, 'x', [], {}])],
  ['hostile words', send(400, JSON.stringify({ message: hostile, error: { message: hostile } }))],
  ['a huge body', (_, response) => void response.end('x'.repeat(9_000_000))],
  ['a closed connection', (request) => void request.socket.destroy()],
]

/** Runs the table. `options` makes the check's options for a base address; `status` is what it says instead of `unknown` where the vendor's
 *  API is the product's own: `fail` is allowed then. */
export const conforms = <Schema extends z.ZodType, Words extends z.ZodObject>(
  name: string,
  definition: CheckDefinition<Schema, Words>,
  options: (base: string) => z.input<Schema>,
  more: Asking & { readonly mayFail?: boolean } = {},
) => {
  const asked = async (listener: RequestListener, given: Asking = {}) => {
    await using server = await startHttp(listener)
    return await ask(definition, options(`http://${server.host}`), { ...more, ...given })
  }
  const isHonest = (status: string) => expect(more.mayFail === true ? ['unknown', 'fail', 'warn'] : ['unknown']).toContain(status)

  describe(`${name}: a vendor that misbehaves`, () => {
    test.each(misbehaving)('%s', async (_, listener) => {
      const { status, texts } = await asked(listener)
      isHonest(status)
      for (const text of texts) {
        expect(text.length).toBeLessThan(600)
        // oxlint-disable-next-line no-control-regex
        expect(text).not.toMatch(/[\u202E\u0000]|undefined|NaN|\[object/)
        expect(text.isWellFormed()).toBe(true)
      }
    })
    test('refused', async () => {
      const { status, texts } = await ask(definition, options(`http://127.0.0.1:${await closedPort()}`), more)
      isHonest(status)
      expect(texts.join()).toContain('Connection refused')
    })
    test('no answer in time', async () => {
      const { status, texts } = await asked(() => {}, { timeoutMs: 150 })
      isHonest(status)
      expect(texts.join()).toContain('Timeout')
    })
    test('an address that is not allowed (faults 56)', async () => {
      const { status, texts } = await asked(json({}), { isPrivate: false })
      expect(status).toBe('unknown')
      expect(texts.join()).toContain('Not allowed to ask')
    })
    test('only GET is asked, and POST where the kind says so', async () => {
      const methods: (string | undefined)[] = []
      await asked((request, response) => {
        methods.push(request.method)
        response.writeHead(500).end()
      })
      expect(methods.length).toBeGreaterThan(0)
      const allowed = definition.posts === undefined ? ['GET'] : ['GET', 'POST']
      expect(methods.filter((method) => !allowed.includes(method ?? ''))).toEqual([])
    })
  })
}
