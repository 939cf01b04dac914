/** DeepSeek (D8): the key is valid, the model is there, and how much is left to spend. */
import { OpenAI } from 'openai'
import { z } from 'zod'
import { count, finding, found, hold, listed, together } from '../checking/answer.ts'
import { foreign } from '../checking/foreign.ts'
import { throughClient } from '../checking/client.ts'
import { askJson } from '../checking/json.ts'
import { meaning } from '../checking/openai.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, Limit, SecretName } from '../checking/option.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  secret: SecretName,
  apiUrl: apiUrl('https://api.deepseek.com'),
  /** A model that must be there, such as `deepseek-chat`. */
  model: z.string().min(1).max(200).optional(),
  /** What must be left to spend, at least. */
  balance: Limit.optional(),
  /** The currency of `balance`. */
  currency: z.enum(['USD', 'CNY']).default('USD'),
})
type Options = z.infer<typeof options>

const Models = z.array(z.object({ id: z.string() }))
const Balance = z.object({
  is_available: z.boolean(),
  balance_infos: z.array(z.object({ currency: z.string(), total_balance: z.union([z.string().min(1), z.number()]) })),
})

const models = (names: readonly string[], wanted: string | undefined): CheckAnswer => {
  if (wanted === undefined) return finding('ok', `The key is valid; ${count(names.length, 'model')} are there for it.`)
  if (names.includes(wanted)) return finding('ok', `The key is valid, and model ${wanted} is there for it.`)
  return finding('fail', `DeepSeek has no model ${wanted} for this key: there is ${names.length === 0 ? 'none' : listed(names)}.`)
}

const balance = ({ is_available: available, balance_infos: infos }: z.infer<typeof Balance>, wanted: Options): CheckAnswer => {
  const empty = available
    ? []
    : [finding('fail', 'DeepSeek answers nothing any more: the balance does not suffice. Top it up on its platform, Top up.')]
  const known = infos.some(({ currency }) => currency === wanted.currency)
  const unknown = finding('unknown', `DeepSeek names no balance in ${wanted.currency}: look at \`currency\` in service.yml.`)
  return together(
    ...empty,
    ...(wanted.balance !== undefined && !known ? [unknown] : []),
    ...infos
      .slice(0, 5)
      .map(({ currency, total_balance: total }) =>
        hold(
          `balance ${foreign(currency, 8)}`,
          Number(total),
          foreign(currency, 8),
          'least',
          currency === wanted.currency ? wanted.balance : undefined,
        ),
      ),
  )
}

export default defineCheck({
  summary: 'asks DeepSeek whether the key is valid, the model is there, and what is left to spend',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const { secret } = wanted
    const key = context.secret(secret)
    const [listedModels, money] = await Promise.all([
      throughClient(context, { vendor: 'DeepSeek', secret, refusal: meaning('DeepSeek', '') }, async (web) => {
        const none = { adminAPIKey: null, organization: null, project: null, webhookSecret: null }
        const client = new OpenAI({ ...none, apiKey: key, baseURL: wanted.apiUrl, fetch: web, maxRetries: 0, logLevel: 'off' })
        return Models.parse((await client.models.list()).data)
      }),
      askJson(context, {
        vendor: 'DeepSeek',
        url: below(wanted.apiUrl, '/user/balance'),
        headers: { authorization: `Bearer ${key}` },
        secret,
        schema: Balance,
      }),
    ])
    // A key that is refused is refused twice: it is said once.
    if ('findings' in listedModels) return found(...listedModels.findings)
    const names = listedModels.value.map(({ id }) => id)
    return together('findings' in money ? found(...money.findings) : balance(money.value, wanted), models(names, wanted.model))
  },
})
