/** What every kind of check that asks a vendor must do when the vendor does not answer as it should. */
import type { RequestListener } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { vendorFault } from '../../src/checking/fault.ts'
import { type CheckDefinition, worst } from '../../src/define/check.ts'
import { FetchFault } from '../../src/ports.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { ask, type Asking } from './asking.ts'

export type Unanswered<Schema extends z.ZodType> = {
  /** Options that ask everything, for an API at this address. */
  readonly options: (apiUrl: string) => z.input<Schema>
  readonly secrets: Readonly<Record<string, string>>
  /** Of the odd bodies, those that are right answers of this vendor. */
  readonly right?: readonly string[]
}

/** As the bot asks: a fault of the network that is thrown becomes a finding. */
export const askVendor = async <Schema extends z.ZodType, Words extends z.ZodObject>(
  definition: CheckDefinition<Schema, Words>,
  options: z.input<Schema>,
  more: Asking,
) => {
  try {
    return await ask(definition, options, more)
  } catch (error) {
    if (!(error instanceof FetchFault)) throw error
    const findings = [vendorFault(error)]
    return { findings, measurements: [], status: worst(findings), texts: findings.map(({ status, text }) => `${status}: ${text}`) }
  }
}

const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
const odd = [
  'null',
  'true',
  '7',
  '""',
  '[]',
  '[null]',
  '{}',
  '{"data":null}',
  '{"data":[{}],"has_more":true}',
  '{"object":"list","data":[],"has_more":true,"__proto__":{"id":1}}',
  '{"error":null}',
  '{"error":"no"}',
  deep,
]

export const describeUnanswered = <Schema extends z.ZodType, Words extends z.ZodObject>(
  name: string,
  definition: CheckDefinition<Schema, Words>,
  { options, secrets, right = [] }: Unanswered<Schema>,
): void => {
  const against = async (listener: RequestListener, more: Asking = {}) => {
    const methods: string[] = []
    await using server = await startHttp((request, response) => {
      methods.push(`${request.method} ${request.url}`)
      listener(request, response)
    })
    const answer = await askVendor(definition, options(`http://${server.host}`), { secrets, ...more })
    const posts = (definition.posts?.(definition.options.parse(options(`http://${server.host}`))) ?? []).map(
      (url) => `POST ${new URL(url).pathname}`,
    )
    expect(methods.filter((method) => !method.startsWith('GET ') && !posts.includes(method))).toEqual([])
    for (const text of answer.texts) for (const secret of Object.values(secrets)) expect(text).not.toContain(secret)
    return answer
  }
  const answering =
    (status: number, body: string, type = 'application/json'): RequestListener =>
    (request, response) => {
      request.resume()
      response.writeHead(status, { 'content-type': type }).end(body)
    }
  const secret = Object.keys(secrets)[0] ?? ''

  describe(`${name}: when the vendor does not answer as it should`, () => {
    test('refused', async () => {
      const { status, texts } = await askVendor(definition, options(`http://127.0.0.1:${await closedPort()}`), { secrets })
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Connection refused: /)])
    })
    test('no answer in time', async () => {
      const { status, texts } = await against(() => {}, { timeoutMs: 200 })
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Timeout: .* gave no answer within 0\.2 s\.$/)])
    })
    test('the connection breaks', async () => {
      const { status, texts } = await against((request) => request.socket.destroy())
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Connection broken: /)])
    })
    test('the body breaks off', async () => {
      const { status } = await against((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"data":[', () => response.destroy())
      })
      expect(status).toBe('unknown')
    })
    test.each<[number, RegExp]>([
      [401, new RegExp(`does not accept the key \\(401\\): look whether .*${secret}.* current`)],
      [403, /does not let this key ask that \(403\)/],
      [429, /limits the rate of our questions \(429\)/],
      [500, /has a problem of its own \(500\)/],
      [503, /has a problem of its own \(503\)/],
      [302, /answered 302, which was not expected/],
    ])('status %i', async (code, words) => {
      const { status, texts } = await against(answering(code, '<html>no</html>', 'text/html'))
      expect([status, texts.join('\n')]).toEqual(['unknown', expect.stringMatching(words)])
    })
    test('HTML where JSON should be', async () => {
      const { status, texts } = await against(answering(200, '<!doctype html><title>Sign in</title>', 'text/html'))
      expect([status, texts.join('\n')]).toEqual(['unknown', expect.stringContaining('what is not JSON: it begins “<!doctype html>')])
    })
    test('a huge body', async () => {
      const { status, texts } = await against(answering(200, `{"data":"${'x'.repeat(9_000_000)}"}`))
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Answer too large: /)])
    })
    test.each(odd.filter((body) => !right.includes(body)).map((body) => [body.slice(0, 60), body]))('%s', async (_, body) => {
      const { status } = await against(answering(200, body))
      expect(['unknown', 'fail']).toContain(status)
    })
    test('an address that the product does not allow', async () => {
      const { status, texts } = await askVendor(definition, options('http://127.0.0.1:9'), { secrets, isPrivate: false })
      expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Not allowed to ask: /)])
    })
    test('the secret is a name, never a value', () => {
      const given = options('https://api.example') as Record<string, unknown>
      expect(definition.options.safeParse(given).success).toBe(true)
      expect(definition.options.safeParse({ ...given, secret: 'sk_live_value' }).success).toBe(false)
      expect(definition.options.safeParse({ ...given, misspelt: 1 }).success).toBe(false)
    })
  })
}
