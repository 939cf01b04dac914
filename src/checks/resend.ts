/** Resend (D9): domains verified, able to send, and what became of the e-mails of a window. */
import { z } from 'zod'
import { count, finding, found, lately, together } from '../checking/answer.ts'
import { judgeDomains, judgeSent, senderOptions } from '../checking/email.ts'
import { askJson } from '../checking/json.ts'
import { measure } from '../checking/measure.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, sinceWord, Span } from '../checking/option.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import type { GuardedResponse } from '../ports.ts'

const options = z.strictObject({
  ...senderOptions,
  apiUrl: apiUrl('https://api.resend.com'),
  /** How far back e-mails are counted; that takes a key with full access. */
  window: Span.prefault('24h'),
})
type Options = z.infer<typeof options>

const DomainItem = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  capabilities: z.object({ sending: z.string().nullish() }).nullish(),
})
const EmailItem = z.object({ id: z.string(), created_at: z.string(), last_event: z.string().nullish() })

/** Pages of a list that are read at most: Resend allows a few requests a second. */
const mostPages = 10

/** A list, the newest first, until `enough` says so. */
const read = async <Item extends z.ZodType<{ readonly id: string }>>(
  context: CheckContext,
  wanted: Options,
  path: string,
  item: Item,
  enough: (last: z.infer<Item>) => boolean,
): Promise<{ items: z.infer<Item>[]; more: boolean; response: GuardedResponse } | { findings: readonly Finding[] }> => {
  const schema = z
    .object({ data: z.array(item), has_more: z.boolean().default(false) })
    .refine(({ data, has_more: more }) => data.length > 0 || !more, 'a page is empty, but says that there is more')
  const items: z.infer<Item>[] = []
  for (let page = 1, after = ''; ; page += 1) {
    const asked = await askJson(context, {
      vendor: 'Resend',
      url: below(wanted.apiUrl, `${path}?limit=100${after}`),
      headers: { authorization: `Bearer ${context.secret(wanted.secret)}` },
      secret: wanted.secret,
      schema,
    })
    if ('findings' in asked) return asked
    const { data, has_more: more } = asked.value
    items.push(...data)
    const last = data.at(-1)
    if (!more || last === undefined || enough(last) || page === mostPages)
      return { items, more: more && last !== undefined && !enough(last), response: asked.response }
    after = `&after=${encodeURIComponent(last.id)}`
  }
}

const arrived = ['delivered', 'opened', 'clicked', 'complained']
const given = ['failed', 'suppressed']

/** Longer than delivery takes: what is open then has not arrived, and may never. */
const patienceMs = 15 * 60_000
/** Meant to wait, or not to be sent at all. */
const elsewhere = ['scheduled', 'canceled', 'cancelled']

/** A time as Resend writes it: ISO 8601, or with a space and a short offset. */
const timeOf = (text: string): number => Date.parse(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00'))

const emails = async (context: CheckContext, wanted: Options, window: number): Promise<CheckAnswer> => {
  const since = Date.parse(context.now()) - window
  const asked = await read(context, wanted, '/emails', EmailItem, ({ created_at: at }) => timeOf(at) < since)
  if ('findings' in asked) return found(...asked.findings)
  const undated = asked.items.filter(({ created_at: at }) => !Number.isFinite(timeOf(at))).length
  // Events of webhooks have the prefix, answers of the API have not.
  const recent = asked.items
    .map(({ created_at: at, last_event: event }) => ({ at: timeOf(at), event: (event ?? '').replace(/^email\./, '') }))
    .filter(({ at }) => at >= since)
  const many = (names: readonly string[]) => recent.filter(({ event }) => names.includes(event)).length
  const undecided = recent.filter(({ event }) => ![...arrived, ...given, ...elsewhere, 'bounced'].includes(event))
  const late = undecided.filter(({ at, event }) => event === 'delivery_delayed' || at < Date.parse(context.now()) - patienceMs).length
  const open = undecided.length - late
  const notes = [
    ...(open > 0 ? [`${count(open, 'e-mail')} under way.`] : []),
    ...(asked.more ? [`Only the newest ${asked.items.length} were counted.`] : []),
  ]
  const judged = judgeSent(
    {
      delivered: many(arrived),
      bounced: many(['bounced']),
      failed: many(given),
      late,
      window: lately(window),
      ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
    },
    wanted,
  )
  if (undated === 0) return judged
  return together(
    judged,
    finding('unknown', `${count(undated, 'e-mail')} could not be counted: Resend gives no time for them that can be read.`),
  )
}

/** How much of the plan is used, which Resend says in headers of some plans. */
const quota = ({ headers }: GuardedResponse): CheckAnswer =>
  together(
    ...['daily', 'monthly'].flatMap((period) => {
      const used = headers[`x-resend-${period}-quota`]
      if (used === undefined) return []
      const { measurement, finding: odd } = measure(`${period} quota used`, Number(used), '')
      return [{ findings: odd, measurements: measurement }]
    }),
  )

export default defineCheck({
  summary: 'asks Resend whether its domains are verified and its e-mails arrive',
  options,
  words: sinceWord,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 15_000,
  concurrency: 2,
  run: async (wanted, context, { since }) => {
    const asked = await read(context, wanted, '/domains', DomainItem, () => false)
    if ('findings' in asked) return found(...asked.findings)
    const page = 'Resend’s dashboard, Domains'
    const domains = asked.items.map(({ name, status, capabilities }) => {
      const off = capabilities?.sending === 'disabled'
      return { name, verified: status === 'verified' && !off, state: off ? `${status}, sending is disabled` : status }
    })
    const judged = together(
      judgeDomains('Resend', domains, wanted.domains, page),
      ...(asked.more ? [finding('unknown', `Only ${asked.items.length} domains were read: there are more.`)] : []),
      quota(asked.response),
    )
    const counts = since !== undefined || wanted.delivery !== undefined || wanted.bounces !== undefined
    return counts ? together(judged, await emails(context, wanted, since ?? wanted.window)) : judged
  },
})
