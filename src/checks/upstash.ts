/** Upstash (D10): a Redis that is asked over REST. */
import { z } from 'zod'
import { HttpAddress } from '../checking/address.ts'
import { found } from '../checking/answer.ts'
import { apiHost, SecretName } from '../checking/option.ts'
import { onlyReading, redisFinding } from '../checking/redis/commands.ts'
import { sender } from '../checking/redis/rest.ts'
import { askRedis, questions } from '../checking/redis/server.ts'
import { defineCheck } from '../define/check.ts'

const options = z.strictObject({
  /** The database's own address, `https://….upstash.io`. */
  apiUrl: HttpAddress,
  /** The setting with its token. A read-only one is enough, except for `keys`. */
  secret: SecretName,
  ...questions,
})

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
