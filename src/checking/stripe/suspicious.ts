/** What looks like fraud: warnings of card issuers, disputes, one card or customer declined again and again. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { count, finding, hold, lately, listed, tally, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import type { Limit } from '../option.ts'
import type { Pages } from './pages.ts'
import type { StripeCharge } from './payments.ts'

const Reference = z.union([z.string(), z.object({ id: z.string() })]).nullish()

export const StripeWarning = z.object({ id: z.string(), actionable: z.boolean(), fraud_type: z.string(), charge: Reference })
export const StripeDispute = z.object({ id: z.string(), status: z.string(), reason: z.string(), charge: Reference })

const idOf = (reference: z.infer<typeof Reference>): string => (typeof reference === 'string' ? reference : (reference?.id ?? ''))

/** Failed attempts by whom: a card is known by its fingerprint, whoever uses it. */
const repeated = (charges: readonly StripeCharge[]): [who: string, times: number][] => {
  const times = new Map<string, number>()
  for (const { customer, payment_method_details: details } of charges) {
    const card = details?.card?.fingerprint ?? ''
    const who = [card === '' ? '' : `card ${foreign(card)}`, idOf(customer) === '' ? '' : `customer ${foreign(idOf(customer))}`]
    for (const name of who) if (name !== '') times.set(name, (times.get(name) ?? 0) + 1)
  }
  return [...times].toSorted(([, a], [, b]) => b - a)
}

export const judgeSuspicious = (
  seen: {
    readonly warnings: Pages<z.infer<typeof StripeWarning>>
    readonly disputes: Pages<z.infer<typeof StripeDispute>>
    readonly charges: Pages<StripeCharge>
  },
  asked: { readonly window: number; readonly warnings: Limit; readonly disputes: Limit; readonly declines: Limit },
): CheckAnswer => {
  const span = lately(asked.window)
  const { warnings, disputes } = seen
  const failed = seen.charges.items.filter(({ status }) => status === 'failed')
  const by = repeated(failed)
  const isCut = Object.values(seen).some(({ more }) => more)
  const capped = isCut ? ' There is more than was read: ask for a shorter time with since=.' : ''
  const parts = together(
    hold('early fraud warnings', warnings.items.length, '', 'most', asked.warnings),
    hold('disputes', disputes.items.length, '', 'most', asked.disputes),
    hold('declines of one', by[0]?.[1] ?? 0, '', 'most', asked.declines),
  )
  const many = count(failed.length, 'failed attempt')
  const told = [
    ...(warnings.items.length === 0
      ? []
      : [
          finding(
            'ok',
            `Early fraud warnings: ${tally(warnings.items.map(({ fraud_type: type }) => type))}. Refund, before they are disputed: ${
              listed(warnings.items.filter(({ actionable }) => actionable).map(({ charge }) => idOf(charge))) || 'none, all are dealt with'
            }.`,
          ),
        ]),
    ...(disputes.items.length === 0
      ? []
      : [
          finding(
            'ok',
            `Disputes: ${tally(disputes.items.map(({ status, reason }) => `${reason} (${status})`))}. Answer them in Stripe’s dashboard, Payments → Disputes.`,
          ),
        ]),
    ...(by.length === 0
      ? []
      : [
          finding(
            'ok',
            `Declined most: ${by
              .slice(0, 3)
              .map(([who, times]) => `${who} ${times} times`)
              .join(', ')}.`,
          ),
        ]),
  ]
  const gist = finding(
    isCut ? 'unknown' : 'ok',
    `In ${span}: ${count(warnings.items.length, 'early fraud warning')}, ${count(disputes.items.length, 'dispute')}, ${many}.${capped}`,
  )
  return together(parts, gist, ...told)
}
