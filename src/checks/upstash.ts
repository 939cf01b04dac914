/** Upstash (D10): a Redis that is asked over REST. */
import { z } from 'zod'
import { below, HttpAddress } from '../checking/address.ts'
import { found } from '../checking/answer.ts'
import { vendorRefusal } from '../checking/fault.ts'
import { readJson, said } from '../checking/json.ts'
import { apiHost, SecretName } from '../checking/option.ts'
import { onlyReading, redisFinding, RedisRefusal, Unanswered } from '../checking/redis/commands.ts'
import { askRedis, questions } from '../checking/redis/server.ts'
import { type CheckContext, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  /** The database's own address, `https://….upstash.io`. */
  apiUrl: HttpAddress,
  /** The setting with its token. A read-only one is enough, except for `keys`. */
  secret: SecretName,
  ...questions,
})

const Result = z.object({ result: z.unknown() }).refine((answer) => 'result' in answer, 'no `result`')

/** Sends a command as a path. */
const sender =
  ({ apiUrl, secret }: z.infer<typeof options>, context: CheckContext) =>
  async (words: readonly string[]): Promise<unknown> => {
    const url = below(apiUrl, words.map(encodeURIComponent).join('/'))
    const response = await context.fetch(url, {
      headers: { authorization: `Bearer ${context.secret(secret)}`, accept: 'application/json' },
    })
    const { status, body } = response
    const why = said(body)
    if (status === 400 && why !== '') throw new RedisRefusal(why)
    if (status < 200 || status > 299) throw new Unanswered(vendorRefusal('Upstash', status, secret, why))
    const asked = readJson('Upstash', response, Result)
    if ('value' in asked) return asked.value.result
    throw new Unanswered(asked.findings[0] ?? { status: 'unknown', text: 'Upstash’s answer is not as documented.' })
  }

export default defineCheck({
  summary: 'asks Upstash’s Redis: whether it answers, its memory, hits, evictions, keys by pattern, lengths of queues',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 15_000,
  concurrency: 4,
  run: async (wanted, context) => {
    try {
      return await askRedis(onlyReading(sender(wanted, context)), wanted, context, wanted.secret)
    } catch (error) {
      return found(redisFinding(error, wanted.secret))
    }
  },
})
