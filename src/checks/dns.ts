/** DNS (D13): the records of a name, against what they should be, and whether resolvers agree on them. */
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { z } from 'zod'
import { askResolver, type Answered, type Expected, judgeRecords, listed, recordTypes } from '../checking/dns/records.ts'
import { vendorFault } from '../checking/fault.ts'
import { Host } from '../checking/address.ts'
import { type CheckContext, defineCheck } from '../define/check.ts'
import type { Finding } from '../incident/check.ts'
import { FetchFault } from '../ports.ts'

/** Names in DNS may begin with `_`, as those of DKIM and DMARC do. */
const Name = z.string().regex(/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i, {
  error: 'must be a name without scheme, such as `www.example.com`',
})

const options = z.strictObject({
  name: Name,
  records: z
    .array(
      z.strictObject({
        type: z.enum(recordTypes),
        /** Another name than the check's, such as `_dmarc.example.com`. */
        name: Name.optional(),
        /** Values that it must have; none: that there is one is enough. MX as `10 mail.example.com`, CAA as `0 issue letsencrypt.org`. */
        values: z.array(z.string().min(1).max(2000)).max(50).default([]),
        /** It must have no others. */
        exactly: z.boolean().default(false),
      }),
    )
    .min(1)
    .max(20),
  /** Who is asked, `1.1.1.1` or `127.0.0.1:5353`; the resolver of the bot's machine when none are given. */
  resolvers: z
    .array(
      z.string().refine((text) => {
        const [address = '', port] = text.split(':')
        return isIP(address) === 4 && Host.safeParse(address).success && (port === undefined || /^[1-9]\d{0,4}$/.test(port))
      }, 'must be an IPv4 address, with a port where that is not 53'),
    )
    .max(5)
    .default([]),
  /** Resolvers must give the same. Not for names that answer differently by where one asks. */
  agree: z.boolean().default(true),
})

type Options = z.infer<typeof options>

const withPort = (resolver: string): string => (resolver.includes(':') ? resolver : `${resolver}:53`)

/** Resolvers that may be asked, each by the address that the guard gave; of the others, why not. */
const reachable = async ({ resolvers }: Options, context: CheckContext): Promise<{ asked: Map<string, Resolver>; findings: Finding[] }> => {
  const asked = new Map<string, Resolver>()
  const findings: Finding[] = []
  const make = () => {
    // Its own time limit lies far above the check's, whose end cancels it.
    const resolver = new Resolver({ timeout: 4000, tries: 2 })
    context.signal.addEventListener('abort', () => resolver.cancel(), { once: true })
    return resolver
  }
  if (resolvers.length === 0) asked.set('', make())
  for (const name of resolvers) {
    const [host = '', port = ''] = withPort(name).split(':')
    try {
      const { address } = await context.address(host, Number(port))
      const resolver = make()
      resolver.setServers([`${address}:${port}`])
      asked.set(name, resolver)
    } catch (error) {
      if (!(error instanceof FetchFault)) throw error
      findings.push(vendorFault(error))
    }
  }
  return { asked, findings }
}

/** What resolvers say differently: a change may still be spreading. */
const disagreement = (expected: Expected, answers: ReadonlyMap<string, Answered>): Finding[] => {
  const said = [...answers].flatMap(([resolver, answer]) =>
    'records' in answer ? [{ resolver, text: listed(answer.records) }] : 'missing' in answer ? [{ resolver, text: 'nothing' }] : [],
  )
  const [first, ...others] = said
  const other = others.find(({ text }) => text !== first?.text)
  if (first === undefined || other === undefined) return []
  const what = `${expected.type} of ${expected.name}`
  const text = `Resolvers disagree on ${what}: ${first.resolver} says ${first.text}, ${other.resolver} says ${other.text}. A change may still be spreading.`
  return [{ status: 'warn', text }]
}

/** The same of several resolvers once. */
const once = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ text }, index) => findings.findIndex((other) => other.text === text) === index)

export default defineCheck({
  summary: 'asks for the records of a name, against what they should be',
  options,
  hosts: ({ resolvers }) => resolvers.map(withPort),
  timeoutMs: 10_000,
  concurrency: 4,
  run: async (wanted, context) => {
    const { asked, findings } = await reachable(wanted, context)
    const judged = await Promise.all(
      wanted.records.map(async ({ name = wanted.name, ...record }) => {
        const expected = { ...record, name }
        const answers = new Map(
          await Promise.all([...asked].map(async ([key, resolver]) => [key, await askResolver(resolver, record.type, name)] as const)),
        )
        const each = [...answers].flatMap(([resolver, answer]) => judgeRecords(expected, resolver, answer))
        const findingsOfIt = [...each, ...(wanted.agree ? disagreement(expected, answers) : [])]
        const [some] = [...answers.values()].flatMap((answer) => ('records' in answer ? [answer.records] : []))
        if (findingsOfIt.length > 0 || some === undefined) return findingsOfIt
        return [{ status: 'ok' as const, text: `${record.type} of ${name} is ${listed(some)}.` }]
      }),
    )
    return { findings: once([...judged.flat(), ...findings]), measurements: [] }
  },
})
