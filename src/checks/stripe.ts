/** Stripe (D5): the account, where its events go and whether they arrive, payments, subscriptions, fraud, revenue. */
import { Stripe } from 'stripe'
import { z } from 'zod'
import { found, together } from '../checking/answer.ts'
import { throughClient } from '../checking/client.ts'
import { type Endpoint, judgeEndpoints } from '../checking/endpoints.ts'
import { judgeMode } from '../checking/mode.ts'
import { HttpAddress } from '../checking/address.ts'
import { apiHost, apiUrl, Limit, SecretName, sinceWord, Span } from '../checking/option.ts'
import { judgeAccount, StripeAccount } from '../checking/stripe/account.ts'
import { judgeDeliveries, StripeEvent, typesOf } from '../checking/stripe/deliveries.ts'
import { type Page, readPages, seconds } from '../checking/stripe/pages.ts'
import { judgePayments, outcomeOfCharge, outcomeOfPayment, StripeCharge, StripePayment } from '../checking/stripe/payments.ts'
import { judgeRevenue, StripeTransaction } from '../checking/stripe/revenue.ts'
import { judgeSubscriptions, states } from '../checking/stripe/subscriptions.ts'
import { judgeSuspicious, StripeDispute, StripeWarning } from '../checking/stripe/suspicious.ts'
import { type CheckAnswer, defineCheck } from '../define/check.ts'

const shared = {
  secret: SecretName,
  /** The client knows no path before `/v1`. */
  apiUrl: apiUrl('https://api.stripe.com').refine((url) => new URL(url).pathname === '/', 'must have no path: `/v1` is added'),
}
const events = z.array(z.string().regex(/^[a-z0-9_.]+(\.\*)?$/, 'must be the name of an event, or a group such as `payment_intent.*`'))

const options = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('account'),
    ...shared,
    /** Which key belongs here. */
    mode: z.enum(['live', 'test']).optional(),
    /** The version that the account is expected to use, such as `2026-10-28.endive`. */
    apiVersion: z.string().optional(),
  }),
  z.strictObject({
    ask: z.literal('webhooks'),
    ...shared,
    /** Where events must go; without one, any endpoint will do. */
    url: HttpAddress.optional(),
    /** Events that must be sent there, and groups of which one must. */
    events: events.default([]),
  }),
  z.strictObject({
    ask: z.literal('deliveries'),
    ...shared,
    window: Span.prefault('1h'),
    /** Only these; groups such as `invoice.*` are possible. Without them, all. */
    events: events.default([]),
    /** Per cent of events delivered, at least. */
    success: Limit.optional(),
    /** Events not delivered, at most. */
    failed: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('payments'),
    ...shared,
    window: Span.prefault('1h'),
    /** `payments`: what became of each payment in the end; `attempts`: every charge that was tried. */
    by: z.enum(['payments', 'attempts']).default('payments'),
    /** Per cent that fail, at most. */
    failures: Limit.optional(),
    /** Fewer than that give no rate. */
    minimum: z.int().min(1).default(1),
  }),
  z.strictObject({
    ask: z.literal('subscriptions'),
    ...shared,
    /** Per cent that are past due, unpaid or incomplete, at most. */
    unpaid: Limit.optional(),
  }),
  z.strictObject({
    ask: z.literal('suspicious'),
    ...shared,
    window: Span.prefault('1h'),
    /** At most: each one is a payment that the card's issuer calls fraud. */
    warnings: Limit.default(0),
    disputes: Limit.default(0),
    /** Failed attempts of one card or one customer, at most. */
    declines: Limit,
  }),
  z.strictObject({
    ask: z.literal('revenue'),
    ...shared,
    window: Span.prefault('24h'),
    /** What must have come in, by currency, such as `usd: 100`. */
    least: z.record(z.string().regex(/^[a-z]{3}$/i, 'must be a currency of three letters'), z.number()).default({}),
  }),
])
type Options = z.infer<typeof options>

const StripeEndpoint = z.object({ id: z.string(), url: z.string(), status: z.string(), enabled_events: z.array(z.string()) })

const endpointsOf = async (stripe: Stripe): Promise<Endpoint[]> => {
  const { items } = await readPages(StripeEndpoint, (page) => stripe.webhookEndpoints.list(page))
  return items.map(({ url, status, enabled_events: wanted }) => ({ url, enabled: status === 'enabled', events: wanted }))
}

/** What a group is wanted for: with none of these an endpoint hears that something began, and never how it ended. */
const core: Readonly<Record<string, readonly string[]>> = {
  'payment_intent.*': ['payment_intent.succeeded', 'payment_intent.payment_failed'],
  'customer.subscription.*': ['customer.subscription.created', 'customer.subscription.updated', 'customer.subscription.deleted'],
  'invoice.*': ['invoice.paid', 'invoice.payment_failed'],
}

type Asked = { readonly now: number; readonly key: string; readonly since: number | undefined }

/** Only lists and reads: what the guard would refuse is not even here. */
const answer = async (stripe: Stripe, wanted: Options, { now, key, since }: Asked): Promise<CheckAnswer> => {
  const window = 'window' in wanted ? (since ?? wanted.window) : 0
  const created = { gte: seconds(now - window) }
  const charges = () => readPages(StripeCharge, (page) => stripe.charges.list({ ...page, created }))
  switch (wanted.ask) {
    case 'account': {
      const [account, latest] = await Promise.all([stripe.accounts.retrieveCurrent(), stripe.events.list({ limit: 1 })])
      const newest = z.object({ data: z.array(z.object({ api_version: z.string().nullish() })) }).parse(latest).data[0]
      return together(
        judgeMode(key, wanted.secret, wanted.mode),
        judgeAccount(StripeAccount.parse(account), newest?.api_version ?? null, wanted.apiVersion),
      )
    }
    case 'webhooks':
      return judgeEndpoints('Stripe', await endpointsOf(stripe), { ...wanted, core }, 'Stripe’s dashboard, Developers → Webhooks')
    case 'deliveries': {
      const endpoints = await endpointsOf(stripe)
      const types = typesOf(wanted.events, endpoints)
      const list = (page: Page, failed: boolean) =>
        stripe.events.list({ ...page, created, ...(failed ? { delivery_success: false } : types === undefined ? {} : { types }) })
      const [all, failed] = await Promise.all([
        readPages(StripeEvent, (page) => list(page, false)),
        readPages(StripeEvent, (page) => list(page, true)),
      ])
      return judgeDeliveries(all, failed, { ...wanted, endpoints, window, now })
    }
    case 'payments': {
      if (wanted.by === 'attempts') {
        const { items, more } = await charges()
        return judgePayments({ items: items.map(outcomeOfCharge), more }, { ...wanted, window, what: 'attempt' })
      }
      const { items, more } = await readPages(StripePayment, (page) => stripe.paymentIntents.list({ ...page, created }))
      return judgePayments({ items: items.map(outcomeOfPayment), more }, { ...wanted, window, what: 'payment' })
    }
    case 'subscriptions': {
      const Subscription = z.object({ id: z.string() })
      const counts = await Promise.all(
        states.map(async (status) => {
          const { items, more } = await readPages(Subscription, (page) => stripe.subscriptions.list({ ...page, status }))
          return [status, { many: items.length, more }] as const
        }),
      )
      return judgeSubscriptions(new Map(counts), wanted.unpaid)
    }
    case 'suspicious': {
      const [warnings, disputes, tried] = await Promise.all([
        readPages(StripeWarning, (page) => stripe.radar.earlyFraudWarnings.list({ ...page, created })),
        readPages(StripeDispute, (page) => stripe.disputes.list({ ...page, created })),
        charges(),
      ])
      return judgeSuspicious({ warnings, disputes, charges: tried }, { ...wanted, window })
    }
    case 'revenue':
      return judgeRevenue(await readPages(StripeTransaction, (page) => stripe.balanceTransactions.list({ ...page, created })), {
        ...wanted,
        window,
      })
    default:
      return wanted satisfies never
  }
}

export default defineCheck({
  summary: 'asks Stripe for the account, webhooks and their deliveries, payments, subscriptions, fraud, revenue',
  options,
  words: sinceWord,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 20_000,
  concurrency: 4,
  run: async (wanted, context, { since }) => {
    const { protocol, hostname, port } = new URL(wanted.apiUrl)
    const key = context.secret(wanted.secret)
    const asked = await throughClient(context, { vendor: 'Stripe', secret: wanted.secret }, (web) => {
      const stripe = new Stripe(key, {
        apiVersion: '2026-10-28.endive',
        httpClient: Stripe.createFetchHttpClient(web),
        maxNetworkRetries: 0,
        telemetry: false,
        host: hostname,
        protocol: protocol === 'http:' ? 'http' : 'https',
        ...(port === '' ? {} : { port }),
      })
      return answer(stripe, wanted, { now: Date.parse(context.now()), key, since })
    })
    return 'findings' in asked ? found(...asked.findings) : asked.value
  },
})
