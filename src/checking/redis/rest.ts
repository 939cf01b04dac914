/** Redis over Upstash’s REST. */
import { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import { FetchFault, type GuardedResponse } from '../../ports.ts'
import { below } from '../address.ts'
import { leavesOpen, vendorRefusal } from '../fault.ts'
import { readJson, said } from '../json.ts'
import { RedisRefusal, Unanswered } from './commands.ts'
import type { Send } from './connect.ts'

export type RestPlace = { readonly apiUrl: string; readonly secret: string }
type Reach = Pick<CheckContext, 'fetch' | 'secret'>

const Result = z.object({ result: z.unknown() }).refine((answer) => 'result' in answer, 'no `result`')

const headersOf = ({ secret }: RestPlace, context: Reach) => ({
  authorization: `Bearer ${context.secret(secret)}`,
  accept: 'application/json',
})

const resultOf = (secret: string, response: GuardedResponse): unknown => {
  const { status, body } = response
  const why = said(body)
  if (status === 400 && why !== '') throw new RedisRefusal(why)
  if (status < 200 || status > 299) throw new Unanswered(vendorRefusal('Upstash', status, secret, why))
  const asked = readJson('Upstash', response, Result)
  if ('value' in asked) return asked.value.result
  throw new Unanswered(asked.findings[0] ?? { status: 'unknown', text: 'Upstash’s answer is not as documented.' })
}

/** Sends a command as a path, by GET: for those that only read. */
export const sender =
  (place: RestPlace, context: Reach): Send =>
  async (words) =>
    resultOf(
      place.secret,
      await context.fetch(below(place.apiUrl, words.map(encodeURIComponent).join('/')), { headers: headersOf(place, context) }),
    )

/** Where commands that change something are POSTed to. */
export const changesAt = ({ apiUrl }: Pick<RestPlace, 'apiUrl'>): string => below(apiUrl, '')

/** Sends a command as a list, by POST. An answer that leaves it open whether it was done is a fault of the network. */
export const changer =
  (place: RestPlace, context: Reach): Send =>
  async (words) => {
    const response = await context.fetch(changesAt(place), {
      method: 'POST',
      headers: { ...headersOf(place, context), 'content-type': 'application/json' },
      body: JSON.stringify(words),
    })
    const { status, body } = response
    if (leavesOpen(status))
      throw new FetchFault('reset', `Upstash answered ${status}, and did not say whether it was done. ${said(body)}`.trim())
    return resultOf(place.secret, response)
  }
