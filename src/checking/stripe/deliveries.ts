/** Whether events reach the product's webhook endpoints. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import { count, explained, finding, hold, lately, tally } from '../answer.ts'
import { foreign } from '../foreign.ts'
import type { Limit } from '../option.ts'
import type { Endpoint } from '../endpoints.ts'
import { type Pages, seconds } from './pages.ts'

export const StripeEvent = z.object({ id: z.string(), type: z.string(), created: z.int(), pending_webhooks: z.number() })
type Event = z.infer<typeof StripeEvent>

/** A delivery under way is no failure: Stripe waits for an answer this long at most. */
const underWayMs = 60_000

const wantedOf =
  (wanted: readonly string[]) =>
  ({ type }: Event): boolean =>
    wanted.length === 0 || wanted.some((name) => (name.endsWith('*') ? type.startsWith(name.slice(0, -1)) : type === name))

type Sent = Pick<Endpoint, 'enabled' | 'events'>

/** The types to ask for: Stripe takes 20 at most, and no groups. Undefined where all must be read. */
export const typesOf = (wanted: readonly string[], endpoints: readonly Sent[]): string[] | undefined => {
  const sent = endpoints.filter(({ enabled }) => enabled).flatMap(({ events }) => events)
  const named = [wanted, sent].find((names) => names.length > 0 && !names.some((name) => name.endsWith('*')))
  const types = [...new Set(named)]
  return types.length === 0 || types.length > 20 ? undefined : types
}

/** `all`: the events of the window; `failed`: those of them that are not delivered to every endpoint. Only what an endpoint wants to hear
 *  can be delivered: the rest of the account's events says nothing. */
export const judgeDeliveries = (
  all: Pages<Event>,
  failed: Pages<Event>,
  asked: {
    readonly now: number
    readonly window: number
    readonly events: readonly string[]
    readonly endpoints: readonly Sent[]
    readonly failed?: Limit | undefined
    readonly success?: Limit | undefined
  },
): CheckAnswer => {
  const isWanted = wantedOf(asked.events)
  const span = lately(asked.window)
  const settled = ({ created }: Event) => created <= seconds(asked.now - underWayMs)
  const undelivered = failed.items.filter((event) => isWanted(event) && settled(event))
  const known = new Set(undelivered.map(({ id }) => id))
  const enabled = asked.endpoints.filter((endpoint) => endpoint.enabled)
  const sent = enabled.flatMap(({ events }) => events)
  const isSent = ({ type }: Event) => sent.includes('*') || sent.includes(type)
  const total = all.items.filter(
    (event) => isWanted(event) && (known.has(event.id) || (isSent(event) && (settled(event) || event.pending_webhooks === 0))),
  )
  const capped = all.more || failed.more ? ` Only the newest ${count(all.items.length, 'event')} were looked at.` : ''
  if (enabled.length === 0 && undelivered.length === 0)
    return asked.endpoints.length === 0
      ? finding(
          'unknown',
          'Stripe has no webhook endpoint of this account: nothing is delivered, and nothing can be said about deliveries.',
        )
      : finding('fail', 'Every webhook endpoint of this account is disabled: no event is delivered. Mend why it failed, then enable it.')
  if (total.length === 0 && undelivered.length === 0)
    return finding('unknown', `No event was due in ${span}: nothing can be said about deliveries.${capped}`)
  // Both lists are cut at their cap: a rate is told of what was seen in the first.
  const missed = total.filter(({ id }) => known.has(id)).length
  const failures = hold('failed events', undelivered.length, '', 'most', asked.failed)
  const rate =
    total.length === 0
      ? { findings: [], measurements: [] }
      : hold('delivery success', (1 - missed / total.length) * 100, '%', 'least', asked.success)
  const unjudged = asked.failed === undefined && asked.success === undefined
  const gist =
    undelivered.length === 0
      ? `All ${count(total.length, 'event')} of ${span} were delivered.${capped}`
      : `${undelivered.length} of ${count(total.length, 'event')} of ${span} did not arrive: ${tally(undelivered.map(({ type }) => type))}. Look at what the endpoint answers in Stripe’s dashboard, Developers → Webhooks.${capped}`
  const lines = undelivered.map(({ id, type, created, pending_webhooks: pending }) =>
    [new Date(created * 1000).toISOString(), foreign(type), foreign(id), `${pending} pending`].join('  '),
  )
  const told = explained(gist, [failures, rate], unjudged && undelivered.length > 0 ? 'warn' : 'ok')
  return lines.length === 0 ? told : { ...told, detail: { title: `Events not delivered in ${span}`, text: lines.join('\n') } }
}
