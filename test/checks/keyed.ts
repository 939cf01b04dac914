/** What kinds that send a vendor a key must do besides: say what a refusal means, never repeat the key, believe no odd answer. */
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { CheckDefinition } from '../../src/define/check.ts'
import { startHttp } from '../adapters/server.ts'
import { ask, type Asking } from './asking.ts'
import { conforms } from './conformance.ts'

export type Keyed<Schema extends z.ZodType> = {
  /** Options that ask everything, for an API at this address. */
  readonly options: (apiUrl: string) => z.input<Schema>
  readonly secrets: Readonly<Record<string, string>>
  /** It judges some of the odd answers, not only the vendor's silence. */
  readonly mayFail?: boolean
  /** Of the odd bodies, those that are right answers of this vendor. */
  readonly right?: readonly string[]
}

const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
const odd = [
  'true',
  '""',
  '[]',
  '[null]',
  '{"data":null}',
  '{"data":[{}],"has_more":true}',
  '{"object":"list","data":[],"has_more":true,"__proto__":{"id":1}}',
  '{"error":null}',
  '{"error":"no"}',
  deep,
]

/** The table that all kinds share, and these. */
export const keyed = <Schema extends z.ZodType, Words extends z.ZodObject>(
  name: string,
  definition: CheckDefinition<Schema, Words>,
  { options, secrets, mayFail = false, right = [] }: Keyed<Schema>,
): void => {
  conforms(name, definition, options, { secrets, mayFail })
  const against = async (listener: RequestListener, more: Asking = {}) => {
    await using server = await startHttp(listener)
    const answer = await ask(definition, options(`http://${server.host}`), { secrets, ...more })
    for (const text of answer.texts) for (const secret of Object.values(secrets)) expect(text).not.toContain(secret)
    return answer
  }
  const answering =
    (status: number, body: string): RequestListener =>
    (request, response) => {
      request.resume()
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }
  const secret = Object.keys(secrets)[0] ?? ''

  describe(`${name}: a key, and odd answers`, () => {
    test.each<[number, RegExp]>([
      [401, new RegExp(`does not accept the key \\(401\\): look whether .*${secret}.* current`)],
      [403, /does not let this key ask that \(403\)/],
      [429, /limits the rate of our questions \(429\)/],
      [503, /has a problem of its own \(503\)/],
      [302, /answered 302, which was not expected/],
    ])('status %i', async (code, words) => {
      const { status, texts } = await against(answering(code, '<html>no</html>'))
      expect([status, texts.join('\n')]).toEqual(['unknown', expect.stringMatching(words)])
    })
    test('the body breaks off', async () => {
      const { status, texts } = await against((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"data":[', () => response.destroy())
      })
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Connection broken: /)])
    })
    test('the body never ends', async () => {
      const begins: RequestListener = (_, response) => void response.writeHead(200).write('{"data":[')
      const { status, texts } = await against(begins, { timeoutMs: 200 })
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/began its answer but did not finish it within 0\.2 s\.$/)])
    })
    test.each(odd.filter((body) => !right.includes(body)).map((body) => [body.slice(0, 60), body]))('%s', async (_, body) => {
      const { status } = await against(answering(200, body))
      expect(mayFail ? ['unknown', 'fail'] : ['unknown']).toContain(status)
    })
    test('the secret is a name, never a value', () => {
      const given = options('https://api.example') as Record<string, unknown>
      expect(definition.options.safeParse(given).success).toBe(true)
      expect(definition.options.safeParse({ ...given, secret: 'sk_live_value' }).success).toBe(false)
      expect(definition.options.safeParse({ ...given, misspelt: 1 }).success).toBe(false)
    })
  })
}
