/** PayPal (D14): the credentials are valid, and its events go where the product wants them. */
import { z } from 'zod'
import { finding, found, together } from '../checking/answer.ts'
import { judgeEndpoints } from '../checking/endpoints.ts'
import { vendorRefusal } from '../checking/fault.ts'
import { askJson, readJson, said } from '../checking/json.ts'
import { below, HttpAddress } from '../checking/address.ts'
import { apiHost, apiUrl, SecretName } from '../checking/option.ts'
import { type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'

const options = z.strictObject({
  /** The client's id, which names the account, and its secret. */
  clientIdSecret: SecretName,
  secret: SecretName,
  /** `https://api-m.sandbox.paypal.com` for rehearsals. */
  apiUrl: apiUrl('https://api-m.paypal.com'),
  /** Where events must go; without one, any webhook will do, or none when no events are wanted. */
  url: HttpAddress.optional(),
  /** Events that must be sent, and groups such as `PAYMENT.CAPTURE.*` of which one must. */
  events: z
    .array(z.string().regex(/^[A-Z0-9_.-]+(\.\*)?$/, 'must be the name of an event, or a group such as `PAYMENT.CAPTURE.*`'))
    .default([]),
})
type Options = z.infer<typeof options>

const Token = z.object({ access_token: z.string().min(1) })
const Webhooks = z.object({
  webhooks: z.array(
    z.object({ url: z.string(), event_types: z.array(z.object({ name: z.string(), status: z.string().nullish() })).default([]) }),
  ),
})

/** The one address that is posted to: a token is given out, and nothing changes. */
const tokenUrl = (base: string): string => new URL(below(base, '/v1/oauth2/token')).href

const token = async (wanted: Options, context: CheckContext): Promise<{ value: string } | { findings: readonly Finding[] }> => {
  const credentials = Buffer.from(`${context.secret(wanted.clientIdSecret)}:${context.secret(wanted.secret)}`).toString('base64')
  const response = await context.fetch(tokenUrl(wanted.apiUrl), {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: 'grant_type=client_credentials',
  })
  const names = `${wanted.clientIdSecret} and ${wanted.secret}`
  if (response.status !== 200) return { findings: [vendorRefusal('PayPal', response.status, names, said(response.body))] }
  const read = readJson('PayPal', response, Token)
  return 'findings' in read ? read : { value: read.value.access_token }
}

export default defineCheck({
  summary: 'asks PayPal whether the credentials are valid and events go where they should',
  options,
  hosts: apiHost,
  needs: ({ clientIdSecret, secret }) => [clientIdSecret, secret],
  posts: (wanted) => [tokenUrl(wanted.apiUrl)],
  timeoutMs: 10_000,
  concurrency: 2,
  run: async (wanted, context) => {
    const given = await token(wanted, context)
    if ('findings' in given) return found(...given.findings)
    const asked = await askJson(context, {
      vendor: 'PayPal',
      url: below(wanted.apiUrl, '/v1/notifications/webhooks'),
      headers: { authorization: `Bearer ${given.value}` },
      secret: wanted.secret,
      schema: Webhooks,
    })
    const valid = finding('ok', 'PayPal accepts the credentials.')
    if ('findings' in asked) return together(found(...asked.findings), valid)
    const isWanted = wanted.url !== undefined || wanted.events.length > 0
    if (!isWanted && asked.value.webhooks.length === 0) return valid
    // A webhook of PayPal has no switch of its own, but each of its events has.
    const endpoints = asked.value.webhooks.map(({ url, event_types: types }) => {
      const events = types.filter(({ status }) => status !== 'DISABLED').map(({ name }) => name)
      return { url, enabled: events.length > 0, events }
    })
    return together(valid, judgeEndpoints('PayPal', endpoints, wanted, 'PayPal’s developer dashboard, Apps & Credentials → Webhooks'))
  },
})
