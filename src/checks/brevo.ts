/** Brevo (D9): able to send, credits left, domains authenticated, delivery and bounces of the last days. */
import { z } from 'zod'
import { count, finding, found, hold, once, together } from '../checking/answer.ts'
import { judgeDomains, judgeSent, senderOptions } from '../checking/email.ts'
import { askJson } from '../checking/json.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, Limit } from '../checking/option.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  ...senderOptions,
  apiUrl: apiUrl('https://api.brevo.com'),
  /** Days that are counted, today included: Brevo counts by day. */
  days: z.int().min(1).max(90).default(1),
  /** E-mails that can still be sent, at least. */
  credits: Limit.optional(),
})

const Account = z.object({
  plan: z.array(z.object({ type: z.string(), credits: z.number().nullish(), creditsType: z.string().nullish() })),
  relay: z.object({ enabled: z.boolean() }).nullish(),
})
const Domains = z.object({
  domains: z.array(z.object({ domain_name: z.string(), authenticated: z.boolean(), verified: z.boolean().nullish() })),
})
const Count = z.number().default(0)
const Report = z.object({
  requests: z.number(),
  delivered: z.number(),
  hardBounces: Count,
  softBounces: Count,
  blocked: Count,
  invalid: Count,
})

const account = ({ plan, relay }: z.infer<typeof Account>, limit: Limit | undefined): CheckAnswer => {
  const relayed =
    relay?.enabled === false
      ? [finding('fail', 'Brevo’s SMTP relay is switched off for this account: nothing is sent. Ask Brevo’s support why.')]
      : []
  // Credits for text messages are plans of their own.
  const mail = plan.filter(({ type }) => type !== 'sms' && type !== 'whatsapp').flatMap(({ credits }) => credits ?? [])
  if (mail.length === 0)
    return together(...relayed, ...(limit === undefined ? [] : [finding('unknown', 'Brevo names no credits for e-mail in this plan.')]))
  const left = mail.reduce((sum, credits) => sum + credits, 0)
  const none =
    left > 0
      ? []
      : [
          finding(
            'fail',
            'Brevo has no credits left for e-mail: nothing is sent until there are. Buy some, or wait for the plan’s next day.',
          ),
        ]
  return together(...relayed, ...none, hold('credits left', left, '', 'least', limit))
}

export default defineCheck({
  summary: 'asks Brevo whether it can send, its domains are authenticated and its e-mails arrive',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 15_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const ask = async <Schema extends z.ZodType>(path: string, schema: Schema, judge: (value: z.infer<Schema>) => CheckAnswer) => {
      const headers = { 'api-key': context.secret(wanted.secret) }
      const asked = await askJson(context, { vendor: 'Brevo', url: below(wanted.apiUrl, path), headers, secret: wanted.secret, schema })
      return 'findings' in asked ? found(...asked.findings) : judge(asked.value)
    }
    const parts = await Promise.all([
      ask('/v3/account', Account, (value) => account(value, wanted.credits)),
      ask('/v3/senders/domains', Domains, ({ domains }) =>
        judgeDomains(
          'Brevo',
          domains.map(({ domain_name: name, authenticated }) => ({
            name,
            verified: authenticated,
            state: authenticated ? 'authenticated' : 'not authenticated',
          })),
          wanted.domains,
          'Brevo, Senders, domains & IPs → Domains',
        ),
      ),
      ask(`/v3/smtp/statistics/aggregatedReport?days=${wanted.days}`, Report, (report) =>
        judgeSent(
          {
            delivered: report.delivered,
            bounced: report.hardBounces + report.softBounces,
            failed: report.blocked + report.invalid,
            requests: report.requests,
            window: wanted.days === 1 ? 'today' : `the last ${count(wanted.days, 'day')}`,
          },
          wanted,
        ),
      ),
    ])
    return together(...once(parts))
  },
})
