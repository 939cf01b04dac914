/** Whether the account takes payments, and which key asks. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { finding, listed, together } from '../answer.ts'
import { foreign } from '../foreign.ts'

const Names = z.array(z.string()).nullish()

export const StripeAccount = z.object({
  id: z.string(),
  charges_enabled: z.boolean(),
  payouts_enabled: z.boolean(),
  requirements: z.object({ disabled_reason: z.string().nullish(), currently_due: Names, past_due: Names }).nullish(),
})

/** `latest`: the version in which the newest event was written, which is the account's own. */
export const judgeAccount = (account: z.infer<typeof StripeAccount>, latest: string | null, wanted: string | undefined): CheckAnswer => {
  const { charges_enabled: charges, payouts_enabled: payouts, requirements } = account
  const due = [...(requirements?.past_due ?? []), ...(requirements?.currently_due ?? [])]
  const reason = requirements?.disabled_reason
  const why = `${reason === null || reason === undefined ? '' : ` (${foreign(reason)})`}${due.length === 0 ? '' : `; due: ${listed(due)}`}`
  const state = !charges
    ? finding('fail', `Account ${foreign(account.id)} cannot take payments${why}. Give Stripe what it asks for, in Settings → Account.`)
    : !payouts
      ? finding('warn', `Account ${foreign(account.id)} takes payments, but pays nothing out${why}. Look in Settings → Account.`)
      : due.length > 0
        ? finding(
            'warn',
            `Account ${foreign(account.id)} takes payments, but Stripe asks for ${listed(due)}: give it before it is overdue.`,
          )
        : finding('ok', `Account ${foreign(account.id)} takes payments and pays out.`)
  const version =
    latest === null
      ? wanted === undefined
        ? finding('ok', 'No event of the last 30 days says which API version the account uses.')
        : finding('unknown', 'No event of the last 30 days says which API version the account uses.')
      : wanted !== undefined && latest !== wanted
        ? finding('warn', `The account uses API version ${foreign(latest)} where ${wanted} is expected: somebody may have upgraded it.`)
        : finding('ok', `The account uses API version ${foreign(latest)}.`)
  return together(state, version)
}
