/** What senders of e-mail have in common: domains that must be verified, and how much arrives. */
import { z } from 'zod'
import type { CheckAnswer } from '../define/check.ts'
import { count, finding, found, hold, listed, together } from './answer.ts'
import { Limit, SecretName } from './option.ts'

/** Options of every sender. */
export const senderOptions = {
  secret: SecretName,
  /** Domains that mail is sent from; without them, every domain of the account must be verified. */
  domains: z.array(z.hostname('must be the name of a domain')).default([]),
  /** Per cent that is delivered, at least. */
  delivery: Limit.optional(),
  /** Per cent that bounces, at most. */
  bounces: Limit.optional(),
}

export type Domain = { readonly name: string; readonly verified: boolean; /** The vendor's word for it. */ readonly state: string }

/** `where`: the vendor's page on which a domain is verified. */
export const judgeDomains = (vendor: string, domains: readonly Domain[], wanted: readonly string[], where: string): CheckAnswer => {
  const named = (name: string) => domains.find((domain) => domain.name.toLowerCase() === name.toLowerCase())
  const missing = wanted.filter((name) => named(name) === undefined)
  const mine = wanted.length === 0 ? domains : wanted.flatMap((name) => named(name) ?? [])
  const bad = mine.filter(({ verified }) => !verified)
  if (wanted.length === 0 && domains.length === 0)
    return finding('fail', `${vendor} knows no domain to send from: add and verify one in ${where}.`)
  if (missing.length > 0) return finding('fail', `${vendor} does not know ${listed(missing)}: add and verify it in ${where}.`)
  if (bad.length > 0)
    return finding(
      'fail',
      `${vendor} does not send for ${listed(bad.map(({ name, state }) => `${name} (${state})`))}: compare its DNS records with ${where}.`,
    )
  return finding('ok', `${count(mine.length, 'domain')} verified: ${listed(mine.map(({ name }) => name))}.`)
}

export type Sent = {
  readonly delivered: number
  readonly bounced: number
  /** Given up for another reason: blocked, invalid, suppressed. */
  readonly failed: number
  /** Waiting for longer than delivery takes: whoever waits for it has nothing. */
  readonly late?: number
  /** All that was handed to the sender, where it says so: what is not among the others is open. */
  readonly requests?: number
  /** Of the window, in words: `today`, `the last 1 h`. */
  readonly window: string
  /** What was left out of the count, as a sentence. */
  readonly note?: string
}

/** Per cent of what was handed over that may be open before it is a warning: a few are always under way. */
const mostOpen = 10

/** Rates of what was decided: what is still under way is neither. */
export const judgeSent = (
  { delivered, bounced, failed, late = 0, requests, window, note }: Sent,
  limits: { readonly delivery?: Limit | undefined; readonly bounces?: Limit | undefined },
): CheckAnswer => {
  const decided = delivered + bounced + failed + late
  const open = requests === undefined ? 0 : Math.max(requests - decided, 0)
  const notes = [...(open > 0 ? [`${count(open, 'e-mail')} of ${requests} not decided.`] : []), ...(note === undefined ? [] : [note])]
  const more = notes.map((text) => ` ${text}`).join('')
  // NaN and negative numbers are no counts.
  if (![delivered, bounced, failed, requests ?? 0].every((value) => Number.isFinite(value) && value >= 0))
    return finding('unknown', `The counts (${window}) make no sense: delivered ${delivered}, bounced ${bounced}, given up ${failed}.`)
  const stuck =
    requests !== undefined && (open / requests) * 100 > mostOpen
      ? found({
          status: 'warn',
          text: `Of ${count(requests, 'e-mail')} (${window}) ${open} are neither delivered nor given up: if they are not of the last minutes, they are stuck. Look at the sender’s log.`,
        })
      : found()
  if (decided === 0) return together(stuck, finding('unknown', `No e-mail was decided (${window}): no rate can be told.${more}`))
  const unjudged = decided > delivered && limits.delivery === undefined && limits.bounces === undefined
  const waiting = late === 0 ? '' : `, ${late} waiting for too long`
  return together(
    stuck,
    hold('delivery rate', (delivered / decided) * 100, '%', 'least', limits.delivery),
    hold('bounce rate', (bounced / decided) * 100, '%', 'most', limits.bounces),
    finding(
      unjudged ? 'warn' : 'ok',
      `${delivered} of ${count(decided, 'e-mail')} (${window}) delivered, ${bounced} bounced, ${failed} given up${waiting}.${more}`,
    ),
  )
}
