/** Errors of sockets, TLS and undici, turned into the one fault that checks know, in a sentence for people. */
import { FetchFault, type FetchFaultCode } from '../../ports.ts'

/** How far a request has come: what a timeout means depends on it. */
export type Progress = {
  stage: 'resolving' | 'connecting' | 'waiting' | 'reading'
  /** `performance.now()` when the first connection was ready for the request: before that nothing was sent. */
  sentAt: number | null
  readonly timeoutMs: number
  /** Host and port of the present hop. */
  host: string
}

type Known = readonly [code: FetchFaultCode, says: (host: string) => string]

const table: Readonly<Record<string, Known>> = {
  ENOTFOUND: ['dns', (host) => `The name of ${host} does not resolve.`],
  ENODATA: ['dns', (host) => `The name of ${host} has no address.`],
  EAI_NODATA: ['dns', (host) => `The name of ${host} has no address.`],
  EAI_AGAIN: ['dns', (host) => `The DNS server did not answer for ${host}.`],
  ESERVFAIL: ['dns', (host) => `The DNS server failed for ${host}.`],
  ETIMEOUT: ['dns', (host) => `The DNS server did not answer for ${host}.`],
  ECONNREFUSED: ['refused', (host) => `${host} refuses the connection: nothing listens there.`],
  EHOSTUNREACH: ['refused', (host) => `There is no route to ${host}.`],
  ENETUNREACH: ['refused', (host) => `There is no route to the network of ${host}.`],
  ECONNRESET: ['reset', (host) => `${host} closed the connection before its answer was complete.`],
  EPIPE: ['reset', (host) => `${host} closed the connection before its answer was complete.`],
  UND_ERR_SOCKET: ['reset', (host) => `${host} closed the connection before its answer was complete.`],
  UND_ERR_HEADERS_OVERFLOW: ['too-large', (host) => `The headers of ${host} are too large.`],
  CERT_HAS_EXPIRED: ['tls', (host) => `The certificate of ${host} has expired.`],
  CERT_NOT_YET_VALID: ['tls', (host) => `The certificate of ${host} is not valid yet.`],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls', (host) => `The certificate of ${host} is self-signed.`],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls', (host) => `The certificate of ${host} is signed by an authority that is not trusted.`],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls', (host) => `The certificate of ${host} is signed by an authority that is not trusted.`],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls', (host) => `The certificate chain of ${host} is incomplete.`],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls', (host) => `The certificate of ${host} is for another name.`],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls', (host) => `${host} does not speak TLS.`],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['tls', (host) => `${host} does not speak TLS.`],
}

const prefixes: readonly (readonly [pattern: RegExp, known: Known])[] = [
  [/^EAI_/, ['dns', (host) => `The name of ${host} could not be resolved.`]],
  [/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/, ['tls', (host) => `The TLS handshake with ${host} failed.`]],
  [/^(HPE_|UND_ERR_RES|Z_|ERR_ZLIB|ERR__)/, ['reset', (host) => `The answer of ${host} is malformed.`]],
]

/** Milliseconds for a connection, name and TLS handshake included: nobody waits for it as long as a run may take. */
export const connectMs = ({ timeoutMs }: Pick<Progress, 'timeoutMs'>): number => Math.min(timeoutMs, 30_000)

const timeouts = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']

const late: Readonly<Record<Progress['stage'], (host: string, limit: string) => string>> = {
  resolving: (host, limit) => `The name of ${host} did not resolve within ${limit}.`,
  connecting: (host, limit) => `${host} did not accept a connection within ${limit}.`,
  waiting: (host, limit) => `${host} accepted the connection but gave no answer within ${limit}.`,
  reading: (host, limit) => `${host} began its answer but did not finish it within ${limit}.`,
}

/** The error, what caused it, what caused that. */
const chain = (error: unknown): Error[] => {
  const errors: Error[] = []
  let next = error
  while (next instanceof Error && errors.length < 8) {
    errors.push(next)
    next = next.cause ?? (next instanceof AggregateError ? next.errors[0] : undefined)
  }
  return errors
}

const knownOf = (code: string): Known | undefined => table[code] ?? prefixes.find(([pattern]) => pattern.test(code))?.[1]

const codeOf = (error: Error): string => {
  if ('code' in error && typeof error.code === 'string') return error.code
  // undici's parser of answers gives a code only for some of what it cannot read.
  return error.name === 'HTTPParserError' ? 'HPE_INVALID' : ''
}

/** The FetchFault for an error of a guarded fetch. What is not of the network is a bug, and comes back as it is. */
export const faultOf = (error: unknown, progress: Progress, aborted: boolean): unknown => {
  const errors = chain(error)
  const unsent = progress.sentAt === null
  const made = (code: FetchFaultCode, message: string) => new FetchFault(code, message, error, unsent)
  const fault = errors.find((one) => one instanceof FetchFault)
  if (fault) return fault.unsent === unsent ? fault : made(fault.code, fault.message)
  const codes = errors.map(codeOf)
  if (aborted || codes.some((code) => timeouts.includes(code))) {
    const limit = !aborted && codes.includes('UND_ERR_CONNECT_TIMEOUT') ? connectMs(progress) : progress.timeoutMs
    return made('timeout', late[progress.stage](progress.host, `${limit / 1000} s`))
  }
  for (const code of codes) {
    const known = knownOf(code)
    if (known) return made(known[0], `${known[1](progress.host)} (${code})`)
  }
  if (errors.some((one) => one.message === 'bad port')) return made('forbidden', `The port of ${progress.host} is not one for http.`)
  if (errors.length < 2) return error
  return made('reset', `The connection to ${progress.host} failed: ${errors.at(-1)!.message.slice(0, 120)}`)
}
