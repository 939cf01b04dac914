/** Payments of the Stripe emulator, which knows only those that succeed: with declines, disputes, fraud warnings, refunds, the balance. */
import { createHash, randomBytes } from 'node:crypto'
import type { Answer } from './gate.ts'
import { object, objects, parsed, string, type Json } from './json.ts'
import { missing, refused, reply } from './stripe-answers.ts'
import { fateOf, formOf, type StripeLedger } from './stripe-ledger.ts'
import type { Upstream } from './upstream.ts'

const seconds = (): number => Math.floor(Date.now() / 1000)

export const createStripePayments = (upstream: Upstream, ledger: StripeLedger) => {
  /** What payments of the emulator have more than it knows. */
  const more = new Map<string, Json>()
  const methods = new Map<string, string>()

  const ask = async (method: string, path: string, form?: string): Promise<{ status: number; json: Json }> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await upstream.ask({ method, path, headers, ...(form === undefined ? {} : { body: form }) })
    return { status: answer.status, json: object(parsed(answer.body.toString())) }
  }
  const whole = (item: Json): Json => ({ ...item, ...more.get(string(item['id'])) })

  /** All pages of one of the emulator's lists, the oldest first. */
  const every = async (path: string): Promise<Json[]> => {
    const found: Json[] = []
    for (let after = ''; ;) {
      const { json } = await ask('GET', `${path}?limit=100${after}`)
      const page = objects(json['data'])
      found.push(...page)
      if (json['has_more'] !== true) return found.map(whole).toReversed()
      after = `&starting_after=${string(page.at(-1)?.['id'])}`
    }
  }
  const charges = async (): Promise<Json[]> => [...(await every('/v1/charges')), ...ledger.all('charges')]

  const card = (method: string) => ({
    type: 'card',
    card: { brand: 'visa', fingerprint: createHash('sha256').update(method).digest('hex').slice(0, 16) },
  })

  const decline = (payment: Json, method: string, reason: string): Answer => {
    const { id, amount, currency, customer } = payment
    const error = {
      type: 'card_error',
      code: reason === 'expired_card' ? 'expired_card' : 'card_declined',
      decline_code: reason,
      message: 'Your card was declined.',
    }
    const charge = ledger.add('charges', {
      amount,
      currency,
      customer,
      payment_intent: id,
      status: 'failed',
      paid: false,
      failure_code: error.code,
      outcome: { type: 'issuer_declined', reason },
      payment_method_details: card(method),
    })
    const known = { status: 'requires_payment_method', last_payment_error: error, latest_charge: charge['id'] }
    more.set(string(id), known)
    ledger.emit('charge.failed', charge)
    ledger.emit('payment_intent.payment_failed', { ...payment, ...known })
    return reply(402, { error: { ...error, charge: charge['id'], payment_intent: { ...payment, ...known } } })
  }

  /** What follows from a charge that went through. */
  const settle = async (payment: Json, method: string): Promise<void> => {
    const { json } = await ask('GET', `/v1/charges?payment_intent=${string(payment['id'])}`)
    const [plain] = objects(json['data'])
    if (plain === undefined) return
    const id = string(plain['id'])
    const booked = ledger.book('charge', Number(plain['amount']), string(plain['currency']), id)
    more.set(id, { paid: true, refunded: false, balance_transaction: booked['id'], payment_method_details: card(method) })
    more.set(string(payment['id']), { latest_charge: id, last_payment_error: null })
    ledger.emit('charge.succeeded', whole(plain))
    ledger.emit('payment_intent.succeeded', whole(payment))
    const about = { charge: id, payment_intent: payment['id'] }
    if (fateOf(method).warned)
      ledger.emit(
        'radar.early_fraud_warning.created',
        ledger.add('early_fraud_warnings', { ...about, actionable: true, fraud_type: 'misc' }),
      )
    if (fateOf(method).disputed) {
      const { amount, currency } = plain
      const dispute = ledger.add('disputes', { ...about, amount, currency, reason: 'fraudulent', status: 'needs_response' })
      ledger.emit('charge.dispute.created', dispute)
    }
  }

  const confirm = async (id: string, form: string): Promise<Answer> => {
    const found = await ask('GET', `/v1/payment_intents/${id}`)
    if (found.status !== 200) return reply(found.status, found.json)
    const method = formOf(form).one('payment_method') ?? methods.get(id) ?? string(found.json['payment_method'])
    const { declined } = fateOf(method)
    if (declined !== null) return decline(found.json, method, declined)
    const done = await ask('POST', `/v1/payment_intents/${id}/confirm`, form)
    if (done.status !== 200) return reply(done.status, done.json)
    await settle(done.json, method)
    return reply(200, whole(done.json))
  }

  const pay = async (form: string): Promise<Answer> => {
    const { one } = formOf(form)
    const { status, json } = await ask('POST', '/v1/payment_intents', form)
    if (status !== 200) return reply(status, json)
    methods.set(string(json['id']), one('payment_method') ?? '')
    ledger.emit('payment_intent.created', json)
    return one('confirm') === 'true' ? confirm(string(json['id']), form) : reply(200, json)
  }

  const refund = async (form: string): Promise<Answer> => {
    const { one } = formOf(form)
    const [id, payment] = [one('charge'), one('payment_intent')]
    const charge = (await charges()).find(
      (item) => item['status'] === 'succeeded' && (item['id'] === id || item['payment_intent'] === payment),
    )
    if (charge === undefined) return missing('charge', id ?? payment ?? '')
    const known = object(more.get(string(charge['id'])))
    const left = Number(charge['amount']) - Number(known['amount_refunded'] ?? 0)
    const amount = Number(one('amount') ?? left)
    if (amount > left || left === 0)
      return refused(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, 400, {
        code: 'charge_already_refunded',
      })
    more.set(string(charge['id']), { ...known, amount_refunded: Number(charge['amount']) - left + amount, refunded: amount === left })
    const booked = ledger.book('refund', -amount, string(charge['currency']), string(charge['id']))
    ledger.emit('charge.refunded', whole(charge))
    const { currency } = charge
    const made = {
      id: `re_${randomBytes(12).toString('hex')}`,
      object: 'refund',
      amount,
      currency,
      charge: charge['id'],
      created: seconds(),
    }
    return reply(200, { ...made, status: 'succeeded', balance_transaction: booked['id'] })
  }

  return { charges, all: () => every('/v1/payment_intents'), whole, confirm, pay, refund }
}
