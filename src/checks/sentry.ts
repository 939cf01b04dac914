/** Sentry (D15): unresolved issues of a window, and those that concern security. */
import { z } from 'zod'
import { count, explained, finding, found, hold, lately, once, together } from '../checking/answer.ts'
import { foreign } from '../checking/foreign.ts'
import { askJson } from '../checking/json.ts'
import { below } from '../checking/address.ts'
import { apiHost, apiUrl, Limit, SecretName, sinceWord, Span } from '../checking/option.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'

const Slug = z.string().regex(/^[a-z0-9_-]+$/i, 'must be a slug, as in the address of its page')

const options = z.strictObject({
  secret: SecretName,
  /** `https://de.sentry.io` or `https://us.sentry.io` for an organisation of that region, or an own installation. */
  apiUrl: apiUrl('https://sentry.io'),
  organization: Slug,
  project: Slug.optional(),
  environment: z.string().optional(),
  /** In Sentry's search language; the window is added. */
  query: z.string().default('is:unresolved'),
  window: Span.prefault('24h'),
  /** Issues that `query` finds, at most. */
  issues: Limit.optional(),
  /** A search for what concerns security, such as `is:unresolved category:security`. */
  security: z.string().min(1).optional(),
  /** Issues that `security` finds, at most. */
  securityIssues: Limit.default(0),
})
type Options = z.infer<typeof options>

const Issue = z.object({
  shortId: z.string(),
  title: z.string(),
  level: z.string().nullish(),
  /** A number in text. */
  count: z.union([z.string(), z.number()]).nullish(),
  userCount: z.number().nullish(),
  firstSeen: z.iso.datetime({ offset: true }),
})
type Issue = z.infer<typeof Issue>

/** Time as Sentry's search has it. */
const period = (ms: number): string => (ms % 3_600_000 === 0 ? `${ms / 3_600_000}h` : `${Math.ceil(ms / 60_000)}m`)

type Found = { readonly issues: readonly Issue[]; readonly total: number; readonly more: boolean }

const search = async (query: string, wanted: Options, window: number, context: CheckContext): Promise<Found | CheckAnswer> => {
  const words = [query, `lastSeen:-${period(window)}`, ...(wanted.project === undefined ? [] : [`project:${wanted.project}`])].join(' ')
  const parameters = new URLSearchParams({ query: words, statsPeriod: period(window), sort: 'new', limit: '100', project: '-1' })
  if (wanted.environment !== undefined) parameters.set('environment', wanted.environment)
  const asked = await askJson(context, {
    vendor: 'Sentry',
    url: below(wanted.apiUrl, `/api/0/organizations/${wanted.organization}/issues/?${parameters.toString()}`),
    headers: { authorization: `Bearer ${context.secret(wanted.secret)}` },
    secret: wanted.secret,
    schema: z.array(Issue),
  })
  if ('findings' in asked) return found(...asked.findings)
  const { headers } = asked.response
  const hits = Number(headers['x-hits'] ?? '')
  const many = asked.value.length
  const further = /rel="next"[^,]*results="true"/.test(headers['link'] ?? '')
  return { issues: asked.value, total: hits > many ? hits : many, more: further && !(hits > many) }
}

const line = ({ shortId, title, level, count: events, userCount: users, firstSeen }: Issue): string => {
  const times = [
    ...(events === null || events === undefined ? [] : [`${foreign(String(events), 12)} events`]),
    ...(users ? [count(users, 'user')] : []),
  ]
  return `${foreign(shortId, 40)} “${foreign(title, 120)}” (${[...(level ? [foreign(level, 12)] : []), ...times, `first seen ${firstSeen}`].join(', ')})`
}

const judge = ({ issues, total, more }: Found, what: string, span: string, limit: Limit | undefined, since: string): CheckAnswer => {
  if (total === 0) return together(hold(what, 0, '', 'most', limit), finding('ok', `No ${what} in ${span}.`))
  const [newest] = issues.toSorted((a, b) => Date.parse(b.firstSeen) - Date.parse(a.firstSeen))
  const fresh = issues.filter(({ firstSeen }) => Date.parse(firstSeen) >= Date.parse(since)).length
  const news = fresh === 0 ? 'none of them new' : fresh === total ? 'new' : `${fresh} of them new`
  const told = newest === undefined ? '' : ` Newest: ${line(newest)}.`
  return {
    ...explained(
      `${total}${more ? ' or more' : ''} ${total === 1 && !more ? what.replace(/s$/, '') : what} in ${span}, ${news}.${told}`,
      [hold(what, total, '', 'most', limit)],
      limit === undefined && fresh > 0 ? 'warn' : 'ok',
    ),
    detail: { title: `Sentry: ${what} in ${span}`, text: issues.map(line).join('\n') },
  }
}

export default defineCheck({
  summary: 'asks Sentry for unresolved issues, and for those that concern security',
  options,
  words: sinceWord,
  hosts: apiHost,
  needs: ({ secret }) => [secret],
  timeoutMs: 15_000,
  concurrency: 2,
  run: async (wanted, context, { since }) => {
    const window = since ?? wanted.window
    const from = new Date(Date.parse(context.now()) - window).toISOString()
    const ask = async (query: string, what: string, limit: Limit | undefined): Promise<CheckAnswer> => {
      const seen = await search(query, wanted, window, context)
      return 'findings' in seen ? seen : judge(seen, what, lately(window), limit, from)
    }
    const { security } = wanted
    if (security === undefined) return ask(wanted.query, 'unresolved issues', wanted.issues)
    const [dangerous, all] = await Promise.all([
      ask(security, 'security issues', wanted.securityIssues),
      ask(wanted.query, 'unresolved issues', wanted.issues),
    ])
    return together(...once([dangerous, all]))
  },
})
