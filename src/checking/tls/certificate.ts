/** Certificates as a server sent them, judged: how long they last, for which names they are, and whether they are trusted. */
import { checkServerIdentity, type DetailedPeerCertificate } from 'node:tls'
import type { CheckAnswer } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { foreign } from '../foreign.ts'
import { measure } from '../measure.ts'

export type Served = {
  readonly certificate: DetailedPeerCertificate
  /** Why Node would not trust it, or null. */
  readonly distrust: string | null
  readonly protocol: string | null
}

export type CertificateLimits = {
  readonly names: readonly string[]
  readonly warnDays?: number | undefined
  readonly failDays?: number | undefined
}

const dayMs = 86_400_000
/** Chains are short; a server may send more, or a circle. */
const longestChain = 10

const said = (text: string | string[] | undefined, length = 80): string => foreign([text ?? ''].flat().join(', '), length)

/** The certificate and those above it, without the root, which nobody's expiry depends on. */
const chainOf = (leaf: DetailedPeerCertificate): DetailedPeerCertificate[] => {
  const chain: DetailedPeerCertificate[] = []
  let next: DetailedPeerCertificate | undefined = leaf
  while (next !== undefined && next.fingerprint256 !== undefined && chain.length < longestChain) {
    const { fingerprint256 } = next
    if (chain.some((known) => known.fingerprint256 === fingerprint256)) break
    const isRoot: boolean = next.issuerCertificate?.fingerprint256 === fingerprint256
    if (isRoot && chain.length > 0) break
    chain.push(next)
    next = next.issuerCertificate
  }
  return chain
}

const distrusted: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'it is signed by an authority that browsers do not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it is signed by an authority that browsers do not trust, or the server does not send the chain',
  UNABLE_TO_GET_ISSUER_CERT: 'the chain that the server sends is incomplete',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the chain that the server sends is incomplete',
  CERT_REVOKED: 'it was revoked',
  INVALID_PURPOSE: 'it was not made for a server',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
}

/** Codes that say the same as the dates and names that are judged here. */
const judgedHere = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID']

const trust = (at: string, code: string | null): Finding[] => {
  if (code === null || judgedHere.includes(code)) return []
  const why = distrusted[code] ?? 'its chain cannot be verified'
  return [{ status: 'fail', text: `The certificate of ${at} is not trusted: ${why} (${code}). Browsers refuse it.` }]
}

const naming = (at: string, names: readonly string[], certificate: DetailedPeerCertificate): Finding[] => {
  const missing = names.filter((name) => checkServerIdentity(name, certificate) !== undefined)
  if (missing.length === 0) return []
  const has = said(certificate.subjectaltname ?? certificate.subject?.CN, 120)
  return [{ status: 'fail', text: `The certificate of ${at} is not for ${missing.join(', ')}; it is for ${has === '' ? 'no name' : has}.` }]
}

const whole = (days: number): string => `${Math.floor(Math.abs(days))} ${Math.floor(Math.abs(days)) === 1 ? 'day' : 'days'}`

/** Judges what a server sent. `at`: its host and port. */
export const judgeCertificate = (at: string, served: Served, limits: CertificateLimits, now: string): CheckAnswer => {
  const { certificate, distrust, protocol } = served
  const days = (date: string): number => (Date.parse(date) - Date.parse(now)) / dayMs
  const [soonest, ...others] = chainOf(certificate)
    .map((one) => ({ left: days(one.valid_to), until: one.valid_to, who: said(one.subject?.CN), isLeaf: one === certificate }))
    .toSorted((a, b) => a.left - b.left)
  if (soonest === undefined || [soonest, ...others].some(({ left }) => Number.isNaN(left)))
    return { findings: [{ status: 'unknown', text: `${at} sent a certificate that cannot be read.` }], measurements: [] }
  const { left, until, who, isLeaf } = soonest
  const what = isLeaf ? `The certificate of ${at}` : `“${who}” in the certificate chain of ${at}`
  const early = days(certificate.valid_from)
  const date = new Date(until).toISOString().slice(0, 10)
  const { warnDays, failDays } = limits
  const { measurement } = measure('days left', Math.floor(left), 'd', { least: warnDays ?? failDays })
  const age: Finding[] =
    left < 0
      ? [{ status: 'fail', text: `${what} expired ${whole(left)} ago (${date}): browsers refuse it. Renew it now.` }]
      : early > 0
        ? [{ status: 'fail', text: `The certificate of ${at} is valid only in ${whole(early)}: look at the clock of the server.` }]
        : failDays !== undefined && left < failDays
          ? [{ status: 'fail', text: `${what} expires in ${whole(left)} (${date}), below the limit of ${failDays} d: renew it now.` }]
          : warnDays !== undefined && left < warnDays
            ? [
                {
                  status: 'warn',
                  text: `${what} expires in ${whole(left)} (${date}), below the limit of ${warnDays} d: look why it was not renewed.`,
                },
              ]
            : []
  const bad = [...age, ...trust(at, distrust), ...naming(at, limits.names, certificate)]
  const issuer = said(certificate.issuer?.O ?? certificate.issuer?.CN)
  const good: Finding = {
    status: 'ok',
    text: `The certificate of ${at}${issuer === '' ? '' : ` by ${issuer}`} is valid for ${whole(left)}, until ${date} (${protocol ?? 'TLS'}).`,
  }
  return { findings: bad.length > 0 ? bad : [good], measurements: measurement }
}
