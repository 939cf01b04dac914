/** Clerk (D14): the key is valid and of the right instance, sessions can be verified, how many users there are. */
import { z } from 'zod'
import { count, finding, found, hold, once, together } from '../checking/answer.ts'
import { askJson } from '../checking/json.ts'
import { judgeMode } from '../checking/mode.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, Limit, SecretName } from '../checking/option.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  secret: SecretName,
  apiUrl: apiUrl('https://api.clerk.com'),
  /** Which key belongs here: `live` is the production instance. */
  mode: z.enum(['live', 'test']).optional(),
  /** Users that there must be, at least: fewer mean another instance, or a loss. */
  users: Limit.optional(),
})

const Keys = z.object({ keys: z.array(z.object({ kid: z.string() })) })
const Users = z.object({ total_count: z.int().min(0) })

export default defineCheck({
  summary: 'asks Clerk whether the key is valid, sessions can be verified, and how many users there are',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const key = context.secret(wanted.secret)
    const ask = async <Schema extends z.ZodType>(path: string, schema: Schema, judge: (value: z.infer<Schema>) => CheckAnswer) => {
      const headers = { authorization: `Bearer ${key}` }
      const asked = await askJson(context, { vendor: 'Clerk', url: below(wanted.apiUrl, path), headers, secret: wanted.secret, schema })
      return 'findings' in asked ? found(...asked.findings) : judge(asked.value)
    }
    const parts = await Promise.all([
      ask('/v1/users/count', Users, ({ total_count: users }) =>
        together(hold('users', users, '', 'least', wanted.users), finding('ok', `The key is valid; ${count(users, 'user')} known.`)),
      ),
      ask('/v1/jwks', Keys, ({ keys }) =>
        keys.length === 0
          ? finding('fail', 'Clerk gives no key to verify sessions with: nobody can be signed in. Look at its status page.')
          : finding('ok', `Sessions can be verified with ${count(keys.length, 'key')}.`),
      ),
    ])
    return together(judgeMode(key, wanted.secret, wanted.mode), ...once(parts))
  },
})
