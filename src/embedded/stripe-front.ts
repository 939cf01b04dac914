/** Stripe's API, at the root as its client wants it: the emulator's customers, products, payments and checkout, with what it lacks. */
import { randomBytes } from 'node:crypto'
import { type Request, Router } from 'express'
import type { Answer, Gate } from './gate.ts'
import { object, parsed, type Json } from './json.ts'
import { bytesOf, callerOf, plainHeaders } from './slack-front.ts'
import { missing, refused, reply } from './stripe-answers.ts'
import { type Collection, createStripeLedger, fateOf, formOf, listOf, shownOf, type StripeLedger } from './stripe-ledger.ts'
import { createStripePayments } from './stripe-payments.ts'
import type { Upstream } from './upstream.ts'

export type StripeOptions = {
  /** The key that is accepted. */
  key: string
  /** What differs from an account that takes payments and pays out. */
  account?: Json
}

/** Lists that the ledger holds alone, by their path. */
const lists: Readonly<Record<string, Collection>> = {
  '/v1/webhook_endpoints': 'webhook_endpoints',
  '/v1/events': 'events',
  '/v1/disputes': 'disputes',
  '/v1/radar/early_fraud_warnings': 'early_fraud_warnings',
  '/v1/subscriptions': 'subscriptions',
  '/v1/balance_transactions': 'balance_transactions',
}

export type StripeFront = { router: Router; ledger: StripeLedger }

export const stripeFront = (upstream: Upstream, gate: Gate, options: StripeOptions): StripeFront => {
  const ledger = createStripeLedger()
  const payments = createStripePayments(upstream, ledger)

  const subscribe = (form: string): Answer => {
    const { one } = formOf(form)
    const customer = one('customer')
    if (customer === null) return refused('Missing required param: customer.', 400, { param: 'customer' })
    const { declined } = fateOf(one('default_payment_method') ?? '')
    const made = ledger.add('subscriptions', { customer, status: declined === null ? 'active' : 'incomplete', cancel_at_period_end: false })
    ledger.emit('customer.subscription.created', made)
    return reply(200, shownOf(made))
  }

  const endpoint = (form: string): Answer => {
    const { one, many } = formOf(form)
    const [url, enabled] = [one('url'), many('enabled_events')]
    if (url === null || enabled.length === 0) return refused('Missing required param: url and enabled_events are required.', 400)
    const secret = `whsec_${randomBytes(16).toString('hex')}`
    // The secret is shown this once.
    return reply(200, ledger.add('webhook_endpoints', { url, enabled_events: enabled, status: 'enabled', api_version: null, secret }))
  }

  const change = (item: Json, form: string): Answer => {
    const { one, many } = formOf(form)
    if (one('url') !== null) item['url'] = one('url')
    if (many('enabled_events').length > 0) item['enabled_events'] = many('enabled_events')
    if (one('disabled') !== null) item['status'] = one('disabled') === 'true' ? 'disabled' : 'enabled'
    return reply(200, shownOf(item))
  }

  /** One object of the ledger: read, changed, taken away. */
  const one = (method: string, collection: Collection, id: string, form: string): Answer => {
    const item = ledger.find(collection, id)
    if (item === undefined) return missing(collection.replace(/s$/, ''), id)
    if (method === 'GET') return reply(200, shownOf(item))
    if (collection === 'webhook_endpoints' && method === 'POST') return change(item, form)
    if (collection === 'webhook_endpoints' && method === 'DELETE') {
      ledger.remove(collection, id)
      return reply(200, { id, object: 'webhook_endpoint', deleted: true })
    }
    if (collection === 'subscriptions' && method === 'DELETE') {
      item['status'] = 'canceled'
      ledger.emit('customer.subscription.deleted', item)
      return reply(200, shownOf(item))
    }
    return refused(`Unrecognized request URL (${method}).`, 404)
  }

  const account = (): Json => ({
    id: 'acct_local',
    object: 'account',
    charges_enabled: true,
    payouts_enabled: true,
    requirements: { disabled_reason: null, currently_due: [], past_due: [] },
    ...options.account,
  })

  const serve = async (request: Request, url: URL): Promise<Answer> => {
    const [method, path, form] = [request.method, url.pathname, bytesOf(request).toString()]
    if (path.startsWith('/v1/')) {
      const key = /^Bearer (.*)$/.exec(request.get('authorization') ?? '')?.[1]
      if (key !== options.key)
        return refused(key === undefined ? 'You did not provide an API key.' : `Invalid API Key provided: ${key.slice(0, 8)}***`, 401)
    }
    const list = lists[path]
    if (method === 'GET' && list !== undefined) return reply(200, listOf(ledger.all(list).map(shownOf), url.searchParams, path))
    if (method === 'GET' && path === '/v1/account') return reply(200, account())
    if (method === 'GET' && path === '/v1/charges') return reply(200, listOf(await payments.charges(), url.searchParams, path))
    if (method === 'GET' && path === '/v1/payment_intents') return reply(200, listOf(await payments.all(), url.searchParams, path))
    if (method === 'POST' && path === '/v1/payment_intents') return payments.pay(form)
    if (method === 'POST' && path === '/v1/refunds') return payments.refund(form)
    if (method === 'POST' && path === '/v1/subscriptions') return subscribe(form)
    if (method === 'POST' && path === '/v1/webhook_endpoints') return endpoint(form)
    const [, confirmed] = /^\/v1\/payment_intents\/([^/]+)\/confirm$/.exec(path) ?? []
    if (method === 'POST' && confirmed !== undefined) return payments.confirm(confirmed, form)
    const [, parent = '', id = ''] = /^(.+)\/([^/]+)$/.exec(path) ?? []
    const collection = lists[parent]
    if (collection !== undefined) return one(method, collection, id, form)
    if (method === 'GET' && parent === '/v1/charges') {
      const failed = ledger.find('charges', id)
      if (failed !== undefined) return reply(200, failed)
    }
    const answer = await upstream.ask({ method, path: `${path}${url.search}`, headers: plainHeaders(request), body: bytesOf(request) })
    if (answer.status !== 200 || method !== 'GET' || !['/v1/charges', '/v1/payment_intents'].includes(parent)) return answer
    return reply(200, payments.whole(object(parsed(answer.body.toString()))))
  }

  /** What was answered to a changing call with an idempotency key: the same call again changes nothing. */
  const answered = new Map<string, Promise<Answer>>()
  const once = (request: Request, url: URL): Promise<Answer> => {
    const key = request.method === 'POST' ? request.get('idempotency-key') : undefined
    if (key === undefined) return serve(request, url)
    const answer = answered.get(key) ?? serve(request, url)
    answered.set(key, answer)
    return answer
  }

  const router = Router()
  router.use((request, response) => {
    const url = new URL(request.originalUrl, 'http://front')
    return gate.pass(
      {
        service: 'stripe',
        method: `${request.method} ${url.pathname}`,
        caller: callerOf(request),
        sent: bytesOf(request).toString(),
        perform: () => once(request, url),
        refuse: (error, status) => refused(error, status),
      },
      response,
    )
  })
  return { router, ledger }
}
