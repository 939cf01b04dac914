/** DNS records in one written form each, and what a resolver's refusal means. */
import type { Resolver } from 'node:dns/promises'
import type { Finding } from '../../incident/check.ts'
import { shorten } from '../../incident/text.ts'
import { foreign } from '../foreign.ts'

export const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'NS', 'CAA'] as const
export type RecordType = (typeof recordTypes)[number]

/** More than any name has; what comes after is not compared. */
const mostRecords = 100

const host = (name: string): string => name.toLowerCase().replace(/\.$/, '')

/** A value as it is written in `service.yml` and as a resolver gives it, made comparable. */
export const normal = (type: RecordType, value: string): string => {
  const one = value.trim()
  if (type === 'TXT') return one
  return type === 'CAA' ? one.replaceAll('"', '').replace(/\s+/g, ' ').toLowerCase() : host(one.replace(/\s+/g, ' '))
}

const queries: Readonly<Record<RecordType, (resolver: Resolver, name: string) => Promise<string[]>>> = {
  A: (resolver, name) => resolver.resolve4(name),
  AAAA: (resolver, name) => resolver.resolve6(name),
  CNAME: (resolver, name) => resolver.resolveCname(name),
  NS: (resolver, name) => resolver.resolveNs(name),
  TXT: async (resolver, name) => (await resolver.resolveTxt(name)).map((parts) => parts.join('')),
  MX: async (resolver, name) => (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`),
  CAA: async (resolver, name) =>
    (await resolver.resolveCaa(name)).map(
      ({ critical, ...tags }) =>
        `${critical} ${Object.entries(tags)
          .filter(([tag]) => tag !== 'type')
          .flat()
          .join(' ')}`,
    ),
}

export type Answered =
  | { readonly records: readonly string[] }
  /** The resolver works, and the name or the record is not there. */
  | { readonly missing: 'name' | 'record' }
  /** The name's own servers fail. */
  | { readonly broken: true }
  /** The resolver itself did not answer. */
  | { readonly silent: string }

const silent: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the question',
  EREFUSED: 'refuses to answer for this name',
  ETIMEOUT: 'did not answer in time',
  ECANCELLED: 'did not answer before the time of the check was up',
}

/** Asks one resolver. */
export const askResolver = async (resolver: Resolver, type: RecordType, name: string): Promise<Answered> => {
  try {
    const found = await queries[type](resolver, name)
    return { records: [...new Set(found.slice(0, mostRecords).map((value) => normal(type, value)))].toSorted() }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOTFOUND') return { missing: 'name' }
    if (code === 'ENODATA') return { missing: 'record' }
    if (code === 'ESERVFAIL') return { broken: true }
    if (/^E[A-Z]+$/.test(code)) return { silent: silent[code] ?? `answers what cannot be read (${code})` }
    throw error
  }
}

/** The records in a sentence. */
export const listed = (records: readonly string[]): string =>
  records.length === 0 ? 'nothing' : shorten(records.map((value) => `“${foreign(value)}”`).join(', '), 200)

export type Expected = {
  readonly type: RecordType
  readonly name: string
  readonly values: readonly string[]
  readonly exactly: boolean
}

/** What one resolver's answer says against what is expected. */
export const judgeRecords = ({ type, name, values, exactly }: Expected, resolver: string, answer: Answered): Finding[] => {
  const says = resolver === '' ? '' : ` (${resolver})`
  if ('silent' in answer)
    return [{ status: 'unknown', text: `The resolver${says} ${answer.silent}: ${type} of ${name} could not be asked.` }]
  if ('broken' in answer)
    return [
      {
        status: 'fail',
        text: `The name servers of ${name} fail${says} (SERVFAIL): look whether they answer, and whether DNSSEC is whole.`,
      },
    ]
  if ('missing' in answer) {
    const what = answer.missing === 'name' ? `${name} does not exist` : `${name} has no ${type} record`
    return [{ status: 'fail', text: `${what}${says}: look at the zone at the registrar and the DNS provider.` }]
  }
  const wanted = values.map((value) => normal(type, value))
  const lacking = wanted.filter((value) => !answer.records.includes(value))
  const more = exactly ? answer.records.filter((value) => !wanted.includes(value)) : []
  const findings: Finding[] = []
  if (lacking.length > 0)
    findings.push({ status: 'fail', text: `${type} of ${name} lacks ${listed(lacking)}${says}: it is ${listed(answer.records)}.` })
  if (more.length > 0)
    findings.push({ status: 'warn', text: `${type} of ${name} has ${listed(more)}${says}, which service.yml does not expect.` })
  return findings
}
