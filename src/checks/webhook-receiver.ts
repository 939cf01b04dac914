/** Webhook receiver (D6): an event with an invalid signature must be refused. The one check that POSTs: always the same event of a type
 *  that means nothing to anybody, with a signature that cannot be right, to the address that stands in the catalogue. */
import { z } from 'zod'
import { productFault } from '../checking/fault.ts'
import { HttpAddress, hostOf } from '../checking/address.ts'
import { defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { FetchFault } from '../ports.ts'

const zeros = '0'.repeat(64)

/** An invalid signature, as each sender would send a valid one. */
const senders = {
  stripe: (seconds: number) => ({ 'stripe-signature': `t=${seconds},v1=${zeros}` }),
  svix: (seconds: number) => ({
    'svix-id': 'msg_signature_probe',
    'svix-timestamp': String(seconds),
    'svix-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
  }),
  github: () => ({ 'x-github-event': 'ping', 'x-github-delivery': 'signature-probe', 'x-hub-signature-256': `sha256=${zeros}` }),
} as const

/** Of a type that no receiver acts on, should it accept the event after all. */
const body = JSON.stringify({
  id: 'evt_signature_probe',
  object: 'event',
  type: 'signature.probe',
  livemode: false,
  data: { object: { id: 'signature_probe', object: 'signature_probe' } },
})

const options = z.strictObject({
  /** Where the product takes events. */
  url: HttpAddress,
  /** Whose events: Stripe; Svix, as Clerk and Resend use it; GitHub. */
  sender: z.enum(['stripe', 'svix', 'github']).default('stripe'),
  /** What the receiver answers to a signature that is wrong: another 4xx may come from something before it. */
  refusal: z.array(z.int().min(400).max(499)).min(1).default([400, 422]),
  /** Milliseconds from the request to the end of the answer. */
  latency: z.number().positive().optional(),
})

const meanings: Readonly<Record<number, string>> = {
  404: 'nothing is at that address, so every event is lost',
  405: 'that address does not take POST, so every event is lost',
  410: 'the address was removed, so every event is lost',
}

/** Headers by which a protection in front says that it answered itself. */
const challenges = ['cf-mitigated', 'x-vercel-mitigated']

const judge = (status: number, headers: Headers, took: string, refusal: readonly number[]): Finding => {
  const answered = `An event with an invalid signature was answered ${status}`
  if (challenges.some((name) => headers.has(name)))
    return {
      status: 'unknown',
      text: `A protection in front of the receiver answered ${status} by itself (${took}): let this address pass, for the sender’s events and for this check.`,
    }
  if (status >= 200 && status < 300)
    return {
      status: 'fail',
      text: `${answered} (${took}): the receiver accepts unsigned events, so anybody can forge one. Check the signature before anything else.`,
    }
  if (status >= 300 && status < 400)
    return {
      status: 'fail',
      text: `${answered} (${took}): it redirects, and senders do not follow. Give the sender the address at its end.`,
    }
  if (status >= 500)
    return {
      status: 'fail',
      text: `${answered} (${took}): the receiver fails where it should refuse; look at its logs and its signing secret.`,
    }
  if (refusal.includes(status)) return { status: 'ok', text: `An event with an invalid signature is refused (${status}, ${took}).` }
  if (status === 429) return { status: 'unknown', text: `${answered} (${took}): it limits our rate. Ask again in a minute.` }
  const meaning = meanings[status]
  if (meaning !== undefined) return { status: 'fail', text: `${answered} (${took}): ${meaning}.` }
  return {
    status: 'warn',
    text: `${answered} (${took}), not ${refusal.join(' or ')}: something before the receiver may refuse it, and every real event with it. Look whether events arrive; if this is the receiver’s own answer, set \`refusal: [${status}]\`.`,
  }
}

const bodyFault = (error: unknown): Finding[] => {
  if (error instanceof FetchFault) return [productFault(error)]
  throw error
}

export default defineCheck({
  summary: 'sends an event with an invalid signature, which the product must refuse',
  options,
  hosts: ({ url }) => [hostOf(url)],
  posts: ({ url }) => [new URL(url).href],
  timeoutMs: 10_000,
  concurrency: 4,
  run: async ({ url, sender, latency, refusal }, context) => {
    const seconds = Math.floor(Date.parse(context.now()) / 1000)
    const started = context.elapsed()
    try {
      const answer = await context.web(new URL(url).href, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'tocsin', ...senders[sender](seconds) },
        body,
      })
      // What is in it does not matter, unless it does not end.
      const cut = await answer.text().then(() => [], bodyFault)
      const value = Math.round(context.elapsed() - started)
      const late: Finding[] =
        latency !== undefined && value > latency ? [{ status: 'warn', text: `Took ${value} ms, above the limit of ${latency} ms.` }] : []
      return {
        findings: [judge(answer.status, answer.headers, `${value} ms`, refusal), ...cut, ...late],
        measurements: [{ name: 'latency', value, unit: 'ms', ...(latency === undefined ? {} : { limit: latency }) }],
      }
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      return { findings: [productFault(error)], measurements: [] }
    }
  },
})
