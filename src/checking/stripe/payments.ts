/** How many payments fail. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { count, explained, finding, hold, lately, tally } from '../answer.ts'
import type { Limit } from '../option.ts'
import type { Pages } from './pages.ts'

const Failure = z.object({ code: z.string().nullish(), decline_code: z.string().nullish() }).nullish()

export const StripePayment = z.object({ id: z.string(), status: z.string(), last_payment_error: Failure })

export const StripeCharge = z.object({
  id: z.string(),
  status: z.string(),
  failure_code: z.string().nullish(),
  customer: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
  outcome: z.object({ reason: z.string().nullish() }).nullish(),
  payment_method_details: z.object({ card: z.object({ fingerprint: z.string().nullish() }).nullish() }).nullish(),
})
export type StripeCharge = z.infer<typeof StripeCharge>

/** One payment, or one attempt at it: `reason` when it failed. */
export type Outcome = { readonly state: 'paid' | 'failed' | 'open'; readonly reason: string }

/** A payment that was declined and then paid is paid: only the customer who gave up counts as failed. */
export const outcomeOfPayment = ({ status, last_payment_error: error }: z.infer<typeof StripePayment>): Outcome => {
  if (status === 'succeeded' || status === 'requires_capture') return { state: 'paid', reason: '' }
  const failed = (status === 'requires_payment_method' || status === 'canceled') && error !== null && error !== undefined
  return failed ? { state: 'failed', reason: error.decline_code ?? error.code ?? 'no reason given' } : { state: 'open', reason: '' }
}

/** What an attempt failed of. */
export const reasonOf = ({ outcome, failure_code: code }: StripeCharge): string => outcome?.reason ?? code ?? 'no reason given'

/** One attempt, whatever came of the payment. */
export const outcomeOfCharge = (charge: StripeCharge): Outcome => {
  if (charge.status === 'succeeded') return { state: 'paid', reason: '' }
  return charge.status === 'failed' ? { state: 'failed', reason: reasonOf(charge) } : { state: 'open', reason: '' }
}

/** `what`: what is counted, in the singular. `minimum`: fewer of them than that give no rate. */
export const judgePayments = (
  { items, more }: Pages<Outcome>,
  asked: { readonly what: string; readonly window: number; readonly minimum: number; readonly failures?: Limit | undefined },
): CheckAnswer => {
  const { what } = asked
  const span = lately(asked.window)
  const failed = items.filter(({ state }) => state === 'failed')
  const decided = items.filter(({ state }) => state !== 'open').length
  const capped = more ? ` Only the newest ${items.length} were counted.` : ''
  const open = items.length - decided
  const undecided = open === 0 ? '' : ` ${open} not decided yet.`
  const reasons = failed.length === 0 ? '' : `: ${tally(failed.map(({ reason }) => reason))}`
  if (decided === 0) return finding('unknown', `No ${what} was decided in ${span}: no rate can be told.${undecided}${capped}`)
  const gist = `${failed.length} of ${count(decided, what)} of ${span} failed${reasons}.${undecided}${capped}`
  if (decided < asked.minimum) return finding('unknown', `${gist} That is too few for a rate: ${asked.minimum} are needed.`)
  const rate = hold('failure rate', (failed.length / decided) * 100, '%', 'most', asked.failures)
  const unjudged = failed.length > 0 && asked.failures === undefined
  return explained(gist, [rate], unjudged ? 'warn' : 'ok')
}
