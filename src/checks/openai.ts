/** OpenAI (D8): the key is valid, the model is there for it, and how much of the rate limits is left. */
import { OpenAI } from 'openai'
import { z } from 'zod'
import { finding, found, hold, together } from '../checking/answer.ts'
import { foreign } from '../checking/foreign.ts'
import { throughClient } from '../checking/client.ts'
import { meaning } from '../checking/openai.ts'
import { apiHost, apiUrl, Limit, SecretName } from '../checking/option.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  secret: SecretName,
  model: z.string().min(1).max(200),
  apiUrl: apiUrl('https://api.openai.com/v1'),
  /** For keys of several organisations or projects. */
  organization: z.string().optional(),
  project: z.string().optional(),
  /** Per cent of requests and tokens that must be left of the rate limit, at least. */
  remaining: Limit.optional(),
})

/** OpenAI names its limits in headers, not with every answer. */
const rateLimits = (headers: Headers, limit: Limit | undefined): CheckAnswer => {
  const parts = ['requests', 'tokens'].flatMap((what) => {
    const [most, left] = [headers.get(`x-ratelimit-limit-${what}`), headers.get(`x-ratelimit-remaining-${what}`)]
    if (most === null || left === null || !(Number(most) > 0)) return []
    return [hold(`${what} left`, (Number(left) / Number(most)) * 100, '%', 'least', limit)]
  })
  if (parts.length > 0) return together(...parts)
  return limit === undefined ? together() : finding('unknown', 'OpenAI names no rate limit with this answer: look at Settings → Limits.')
}

export default defineCheck({
  summary: 'asks OpenAI whether the key is valid and the model is there for it',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const { secret, model, organization, project } = wanted
    const asked = await throughClient(context, { vendor: 'OpenAI', secret, refusal: meaning('OpenAI', model) }, async (web) => {
      const client = new OpenAI({
        apiKey: context.secret(secret),
        baseURL: wanted.apiUrl,
        fetch: web,
        maxRetries: 0,
        logLevel: 'off',
        // Given here, so that none of them is taken from the bot's own environment.
        adminAPIKey: null,
        organization: organization ?? null,
        project: project ?? null,
        webhookSecret: null,
      })
      const { data, response } = await client.models.retrieve(model).withResponse()
      return { id: z.object({ id: z.string() }).parse(data).id, headers: response.headers }
    })
    if ('findings' in asked) return found(...asked.findings)
    const { id, headers } = asked.value
    return together(
      rateLimits(headers, wanted.remaining),
      finding('ok', `The key is valid, and model ${model} is there for it${id === model ? '' : `, as ${foreign(id)}`}.`),
    )
  },
})
