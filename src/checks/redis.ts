/** Redis over TCP (D10): whether it answers, its memory, its hits, keys and queues. */
import { z } from 'zod'
import { found } from '../checking/answer.ts'
import { productFault } from '../checking/fault.ts'
import { redisFinding } from '../checking/redis/commands.ts'
import { place, withRedis } from '../checking/redis/connect.ts'
import { askRedis, questions } from '../checking/redis/server.ts'
import { defineCheck } from '../define/check.ts'

export default defineCheck({
  summary: 'asks Redis: whether it answers, its memory and policy, hits, evictions, keys by pattern, lengths of queues',
  options: z.strictObject({ ...place, ...questions }),
  hosts: ({ host, port }) => [`${host}:${port}`],
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const secret = wanted.secret ?? null
    try {
      return await withRedis(wanted, context, async (read, choose) => {
        if (wanted.db !== 0) await choose(wanted.db)
        return askRedis(read, wanted, context, secret)
      })
    } catch (error) {
      return found(redisFinding(error, secret, productFault))
    }
  },
})
