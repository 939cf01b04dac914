/** SendGrid (D9): the key may send, domains authenticated, credits left, delivery and bounces of the last days. */
import { z } from 'zod'
import { count, finding, found, hold, once, together } from '../checking/answer.ts'
import { judgeDomains, judgeSent, senderOptions } from '../checking/email.ts'
import { askJson } from '../checking/json.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, Limit } from '../checking/option.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const options = z.strictObject({
  ...senderOptions,
  /** `https://api.eu.sendgrid.com` for accounts of the European region. */
  apiUrl: apiUrl('https://api.sendgrid.com'),
  /** Days that are counted, today included: SendGrid counts by day, in the account’s zone. */
  days: z.int().min(1).max(90).default(1),
  /** E-mails that can still be sent, at least; asked only when given. */
  credits: Limit.optional(),
})

const Scopes = z.object({ scopes: z.array(z.string()) })
const Domains = z.array(z.object({ domain: z.string(), subdomain: z.string().nullish(), valid: z.boolean() }))
const Credits = z.object({ remain: z.number(), total: z.number() })
const Count = z.number().default(0)
const Metrics = z.object({
  requests: Count,
  delivered: z.number(),
  bounces: Count,
  blocks: Count,
  bounce_drops: Count,
  invalid_emails: Count,
  spam_report_drops: Count,
  unsubscribe_drops: Count,
})
const Stats = z.array(z.object({ date: z.string(), stats: z.array(z.object({ metrics: Metrics })) }))

const dayMs = 86_400_000

const pageSize = 50
const mostDomains = 500

export default defineCheck({
  summary: 'asks SendGrid whether it can send, its domains are authenticated and its e-mails arrive',
  options,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 15_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const ask = async <Schema extends z.ZodType>(
      path: string,
      schema: Schema,
      judge: (value: z.infer<Schema>) => CheckAnswer | Promise<CheckAnswer>,
    ) => {
      const headers = { authorization: `Bearer ${context.secret(wanted.secret)}` }
      const asked = await askJson(context, { vendor: 'SendGrid', url: below(wanted.apiUrl, path), headers, secret: wanted.secret, schema })
      return 'findings' in asked ? found(...asked.findings) : judge(asked.value)
    }
    /** Page by page, until one is not full. */
    const domainsFrom = (offset: number, before: z.infer<typeof Domains> = []): Promise<CheckAnswer> =>
      ask(`/v3/whitelabel/domains?limit=${pageSize}&offset=${offset}`, Domains, (page) => {
        const domains = [...before, ...page]
        const more = page.length === pageSize
        if (more && domains.length < mostDomains) return domainsFrom(offset + pageSize, domains)
        return together(
          judgeDomains(
            'SendGrid',
            domains.map(({ domain, valid }) => ({ name: domain, verified: valid, state: valid ? 'valid' : 'not valid' })),
            wanted.domains,
            'SendGrid, Settings → Sender Authentication',
          ),
          more ? finding('unknown', `Only ${domains.length} domains were read: there may be more.`) : found(),
        )
      })
    const first = new Date(Date.parse(context.now()) - (wanted.days - 1) * dayMs).toISOString().slice(0, 10)
    const parts = await Promise.all([
      ask('/v3/scopes', Scopes, ({ scopes }) =>
        scopes.includes('mail.send')
          ? finding('ok', 'The key may send.')
          : finding('warn', `The key in ${wanted.secret} may not send (no scope mail.send): look whether it is the product’s own.`),
      ),
      domainsFrom(0),
      ask(`/v3/stats?start_date=${first}&aggregated_by=day`, Stats, (days) => {
        const metrics = days.flatMap(({ stats }) => stats.map((one) => one.metrics))
        const sum = (...keys: (keyof z.infer<typeof Metrics>)[]) =>
          metrics.reduce((total, day) => total + keys.reduce((some, key) => some + day[key], 0), 0)
        return judgeSent(
          {
            delivered: sum('delivered'),
            bounced: sum('bounces'),
            requests: sum('requests'),
            failed: sum('blocks', 'bounce_drops', 'invalid_emails', 'spam_report_drops', 'unsubscribe_drops'),
            window: wanted.days === 1 ? 'today' : `the last ${count(wanted.days, 'day')}`,
          },
          wanted,
        )
      }),
      ...(wanted.credits === undefined
        ? []
        : [ask('/v3/user/credits', Credits, ({ remain }) => hold('credits left', remain, '', 'least', wanted.credits))]),
    ])
    return together(...once(parts))
  },
})
