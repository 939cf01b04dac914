/** What the Stripe emulator does not know: events and where they are sent, failed charges, disputes, fraud warnings, subscriptions, the
 *  balance. */
import { createHmac, randomBytes } from 'node:crypto'
import { object, string, strings, type Json } from './json.ts'
import { STRIPE_VERSION } from './stripe-answers.ts'

/** Stripe gives an endpoint this long for its answer, in milliseconds. */
const DELIVERY_PATIENCE_MS = 10_000

const COLLECTIONS = [
  'webhook_endpoints',
  'events',
  'charges',
  'disputes',
  'early_fraud_warnings',
  'subscriptions',
  'balance_transactions',
] as const
export type Collection = (typeof COLLECTIONS)[number]

const prefixes: Readonly<Record<Collection, string>> = {
  webhook_endpoints: 'we',
  events: 'evt',
  charges: 'ch',
  disputes: 'du',
  early_fraud_warnings: 'issfr',
  subscriptions: 'sub',
  balance_transactions: 'txn',
}

const matches = (pattern: string, type: string): boolean =>
  pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)))

/** Those that Stripe's query asks for, newest first, a page of them. */
export const listOf = (items: readonly Json[], query: URLSearchParams, url: string): Json => {
  const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)
  const types = [...query].flatMap(([name, value]) => (/^types\[\d*\]$/.test(name) ? [value] : []))
  const type = query.get('type')
  const delivered = query.get('delivery_success')
  const wanted = items.filter((item) => {
    const created = Number(item['created'])
    return (
      created >= number('created[gte]', 0) &&
      created > number('created[gt]', -1) &&
      created <= number('created[lte]', Infinity) &&
      created < number('created[lt]', Infinity) &&
      (type === null || matches(type, string(item['type']))) &&
      (types.length === 0 || types.includes(string(item['type']))) &&
      (delivered === null || (item['pending_webhooks'] === 0) === (delivered === 'true')) &&
      ['status', 'customer', 'currency', 'charge', 'payment_intent'].every((name) => {
        const value = query.get(name)
        return value === null || value === 'all' || item[name] === value
      })
    )
  })
  const newest = wanted
    .map((item, index) => ({ item, index }))
    .toSorted((a, b) => Number(b.item['created']) - Number(a.item['created']) || b.index - a.index)
  const sorted = newest.map(({ item }) => item)
  const after = query.get('starting_after')
  const rest = after === null ? sorted : sorted.slice(sorted.findIndex((item) => item['id'] === after) + 1)
  const limit = Math.min(Math.max(number('limit', 10), 1), 100)
  return { object: 'list', url, has_more: rest.length > limit, data: rest.slice(0, limit) }
}

export const createStripeLedger = () => {
  const kept = new Map<Collection, Json[]>(COLLECTIONS.map((name) => [name, []]))
  const ending = new AbortController()
  const all = (collection: Collection): Json[] => kept.get(collection) ?? []

  const add = (collection: Collection, given: Json): Json => {
    const item: Json = {
      id: `${prefixes[collection]}_${randomBytes(12).toString('hex')}`,
      object: collection === 'early_fraud_warnings' ? 'radar.early_fraud_warning' : collection.replace(/s$/, ''),
      created: Math.floor(Date.now() / 1000),
      livemode: false,
      ...given,
    }
    all(collection).push(item)
    return item
  }

  /** Sends an event to one endpoint, signed; it is pending until a good answer. */
  const deliver = async (event: Json, endpoint: Json): Promise<void> => {
    const { secret, url } = endpoint
    const body = JSON.stringify(event)
    const time = Math.floor(Date.now() / 1000)
    const signature = createHmac('sha256', string(secret)).update(`${time}.${body}`).digest('hex')
    const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${time},v1=${signature}` }
    try {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(DELIVERY_PATIENCE_MS)])
      const answer = await fetch(string(url), { method: 'POST', headers, body, redirect: 'manual', signal })
      await answer.arrayBuffer()
      if (answer.ok) event['pending_webhooks'] = Number(event['pending_webhooks']) - 1
    } catch {
      // The endpoint cannot be reached: the event stays pending, which is what Stripe shows.
    }
  }

  /** Something happened: it is told to every enabled endpoint that wants to hear of it. */
  const emit = (type: string, about: Json): void => {
    const to = all('webhook_endpoints').filter(
      (endpoint) => endpoint['status'] === 'enabled' && strings(endpoint['enabled_events']).some((pattern) => matches(pattern, type)),
    )
    const event = add('events', {
      type,
      api_version: STRIPE_VERSION,
      data: { object: { ...about } },
      request: null,
      pending_webhooks: to.length,
    })
    for (const endpoint of to) void deliver(event, endpoint)
  }

  /** Money that came in or went out. */
  const book = (type: 'charge' | 'refund', amount: number, currency: string, source: string): Json => {
    const fee = type === 'charge' ? Math.round(amount * 0.029) + 30 : 0
    return add('balance_transactions', { type, amount, fee, net: amount - fee, currency, source, status: 'pending' })
  }

  return {
    all,
    add,
    emit,
    book,
    find: (collection: Collection, id: string): Json | undefined => all(collection).find((item) => item['id'] === id),
    remove: (collection: Collection, id: string): void => {
      kept.set(
        collection,
        all(collection).filter((item) => item['id'] !== id),
      )
    },
    close: (): void => ending.abort(),
  }
}

export type StripeLedger = ReturnType<typeof createStripeLedger>

/** What a card of Stripe's own test methods does when it is charged (https://docs.stripe.com/testing). */
export const fateOf = (method: string): { declined: string | null; disputed: boolean; warned: boolean } => {
  const [, reason] = /chargeDeclined([A-Za-z]*)/.exec(method) ?? []
  const snake = reason?.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).slice(1)
  return {
    declined: reason === undefined ? null : snake === '' ? 'generic_decline' : (snake ?? null),
    disputed: method.includes('createDispute'),
    warned: method.includes('createIssuerFraudRecord'),
  }
}

/** Fields of a form as Stripe's client sends it: `a`, and lists such as `a[0]`. */
export const formOf = (body: string): { one: (name: string) => string | null; many: (name: string) => string[] } => {
  const fields = [...new URLSearchParams(body)]
  return {
    one: (name) => fields.find(([key]) => key === name)?.[1] ?? null,
    many: (name) =>
      fields.flatMap(([key, value]) => (key.startsWith(`${name}[`) && /^\[\d*\]$/.test(key.slice(name.length)) ? [value] : [])),
  }
}

/** An object of the ledger is not what an answer may hand out to be changed. */
export const shownOf = (item: Json): Json => {
  const { secret: _, ...shown } = object(structuredClone(item))
  return shown
}

export const isCollection = (name: string): name is Collection => COLLECTIONS.some((each) => each === name)
