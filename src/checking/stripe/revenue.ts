/** What came in, by currency, as the balance has it. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { count, finding, lately, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import { measure } from '../measure.ts'
import type { Pages } from './pages.ts'

export const StripeTransaction = z.object({
  id: z.string(),
  type: z.string(),
  amount: z.number(),
  fee: z.number(),
  net: z.number(),
  currency: z.string(),
})
type Transaction = z.infer<typeof StripeTransaction>

const incoming = ['charge', 'payment']
const returned = ['refund', 'payment_refund', 'payment_reversal', 'payment_failure_refund', 'refund_failure']

/** Stripe counts in the smallest unit of a currency: these have none, or a thousandth (https://docs.stripe.com/currencies). */
const whole = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))
const thousandths = new Set('bhd jod kwd omr tnd'.split(' '))
const inUnits = (amount: number, currency: string): number => amount / (whole.has(currency) ? 1 : thousandths.has(currency) ? 1000 : 100)

const money = (amount: number, currency: string): string =>
  `${inUnits(amount, currency).toFixed(whole.has(currency) ? 0 : 2)} ${currency.toUpperCase()}`

const sum = (transactions: readonly Transaction[], key: 'amount' | 'fee' | 'net'): number =>
  transactions.reduce((total, transaction) => total + transaction[key], 0)

/** `least`: what must have come in at least, by currency. */
export const judgeRevenue = (
  { items, more }: Pages<Transaction>,
  asked: { readonly window: number; readonly least: Readonly<Record<string, number>> },
): CheckAnswer => {
  const span = lately(asked.window)
  const counted = items
    .filter(({ type }) => incoming.includes(type) || returned.includes(type))
    .map((transaction) => ({ ...transaction, currency: foreign(transaction.currency.toLowerCase(), 8) }))
  const least = Object.fromEntries(Object.entries(asked.least).map(([currency, limit]) => [currency.toLowerCase(), limit]))
  const currencies = [...new Set([...counted.map(({ currency }) => currency), ...Object.keys(least)])]
  const capped = more ? ` Only the newest ${items.length} transactions were counted: there is more.` : ''
  if (currencies.length === 0) return finding('unknown', `No payment came in within ${span}.${capped}`)
  return together(
    ...currencies.slice(0, 10).map((currency) => {
      const mine = counted.filter((transaction) => transaction.currency === currency)
      const paid = mine.filter(({ type }) => incoming.includes(type))
      const back = mine.filter(({ type }) => returned.includes(type))
      const limit = least[currency]
      const total = sum(mine, 'amount')
      // A list that was cut is no reason to say that too little came in.
      const part = measure('revenue', inUnits(total, currency), currency.toUpperCase(), more || limit === undefined ? {} : { least: limit })
      const refunds = back.length === 0 ? '' : `, ${count(back.length, 'refund')} of ${money(-sum(back, 'amount'), currency)}`
      const text = `${money(total, currency)} in ${span}: ${count(paid.length, 'payment')} of ${money(sum(paid, 'amount'), currency)}${refunds}, fees ${money(sum(mine, 'fee'), currency)}.${capped}`
      const named = part.measurement.map((measurement) => ({ ...measurement, name: `revenue ${currency.toUpperCase()}` }))
      return {
        findings: [...part.finding, { status: mine.length === 0 ? ('unknown' as const) : ('ok' as const), text }],
        measurements: named,
      }
    }),
  )
}
