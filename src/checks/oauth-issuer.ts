/** OAuth issuers (D14): whether who signs users in says where to, and gives the keys that its tokens are verified with. */
import { z } from 'zod'
import { vendorFault } from '../checking/fault.ts'
import { foreign } from '../checking/foreign.ts'
import { askJson } from '../checking/json.ts'
import { below, HttpAddress, hostOf } from '../checking/address.ts'
import { type CheckAnswer, type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { FetchFault } from '../ports.ts'

const options = z.strictObject({
  /** Such as `https://accounts.google.com`, `https://login.microsoftonline.com/common/v2.0`, `https://slack.com`. */
  issuer: HttpAddress,
  /** Where its keys are, when that is another host: `https://www.googleapis.com/oauth2/v3/certs`. */
  keys: HttpAddress.optional(),
  /** Milliseconds for each of the two questions. */
  latency: z.number().positive().optional(),
})

/** OpenID Connect Discovery 1.0, section 3. */
const Discovery = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
})

const Keys = z.object({ keys: z.array(z.object({ kty: z.string() })) })

/** Microsoft's issuer for all tenants has a place for the tenant in its name. */
const isSame = (said: string, issuer: string): boolean => {
  const bare = (text: string) => text.replace(/\/+$/, '').replace(/\/(?:\{tenantid\}|common|organizations|consumers)(?=\/|$)/, '/{}')
  return bare(said) === bare(issuer)
}

const slow = (what: string, took: number, latency: number | undefined): Finding[] =>
  latency !== undefined && took > latency
    ? [{ status: 'warn', text: `${what} took ${Math.round(took)} ms, above the limit of ${latency} ms.` }]
    : []

const askIssuer = async ({ issuer, keys, latency }: z.infer<typeof options>, context: CheckContext): Promise<CheckAnswer> => {
  const vendor = hostOf(issuer)
  const discovery = await askJson(context, {
    vendor,
    url: below(issuer, '/.well-known/openid-configuration'),
    secret: null,
    schema: Discovery,
  })
  if ('findings' in discovery) return { findings: discovery.findings, measurements: [] }
  const { value, response } = discovery
  const measurements = [
    { name: 'latency', value: Math.round(response.took), unit: 'ms', ...(latency === undefined ? {} : { limit: latency }) },
  ]
  const at = URL.parse(value.jwks_uri)
  if (at === null || ![hostOf(issuer), ...(keys === undefined ? [] : [hostOf(keys)])].includes(at.host)) {
    const where = at === null ? foreign(value.jwks_uri) : foreign(`${at.origin}${at.pathname}`, 160)
    return {
      findings: [
        { status: 'unknown', text: `${vendor} gives its keys at ${where}: name that address as \`keys\` in service.yml to have it asked.` },
      ],
      measurements,
    }
  }
  const found = await askJson(context, { vendor: at.host, url: at.href, secret: null, schema: Keys })
  if ('findings' in found) return { findings: found.findings, measurements }
  const odd: Finding[] = [
    ...(isSame(value.issuer, issuer)
      ? []
      : [
          {
            status: 'warn' as const,
            text: `${vendor} calls itself ${foreign(value.issuer, 160)}: tokens are refused where ${foreign(issuer, 160)} is expected.`,
          },
        ]),
    ...(found.value.keys.length > 0
      ? []
      : [{ status: 'fail' as const, text: `${vendor} gives no keys: nobody’s sign-in can be verified. Look at its status page.` }]),
    ...slow(`${vendor}’s configuration`, response.took, latency),
    ...slow(`${vendor}’s keys`, found.response.took, latency),
  ]
  const count = found.value.keys.length
  const good: Finding = { status: 'ok', text: `${vendor} says where to sign in and gives ${count} ${count === 1 ? 'key' : 'keys'}.` }
  return { findings: odd.length > 0 ? odd : [good], measurements }
}

export default defineCheck({
  summary: 'asks who signs users in for its configuration and its keys',
  options,
  hosts: ({ issuer, keys }) => [issuer, ...(keys === undefined ? [] : [keys])].map(hostOf),
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    try {
      return await askIssuer(wanted, context)
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      return { findings: [vendorFault(error)], measurements: [] }
    }
  },
})
