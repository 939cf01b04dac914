/** What a socket's error means, for checks that connect by themselves. */
import { FetchFault } from '../ports.ts'

const refusing: Readonly<Record<string, (at: string) => string>> = {
  ECONNREFUSED: (at) => `${at} refuses the connection: nothing listens there.`,
  EHOSTUNREACH: (at) => `There is no route to ${at}.`,
  ENETUNREACH: (at) => `There is no route to the network of ${at}.`,
  EADDRNOTAVAIL: (at) => `${at} cannot be reached from here.`,
}

const breaking = ['ECONNRESET', 'EPIPE', 'ECONNABORTED']

/** OpenSSL's words for a certificate that is not believed. */
const distrusting = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT_ALTNAME_INVALID)/

/** The fault for an error of a socket, or null when it is not of the network. `at`: host and port. */
export const socketFault = (error: unknown, at: string): FetchFault | null => {
  if (error instanceof FetchFault) return error
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code } = error
  const refused = refusing[code]
  if (refused !== undefined) return new FetchFault('refused', `${refused(at)} (${code})`, error)
  if (breaking.includes(code)) return new FetchFault('reset', `${at} closed the connection. (${code})`, error)
  if (code === 'ETIMEDOUT') return new FetchFault('timeout', `${at} did not accept the connection in time. (${code})`, error)
  if (distrusting.test(code))
    return new FetchFault(
      'tls',
      `The certificate of ${at} is not trusted: it expired, is for another name, or its authority is not known here. (${code})`,
      error,
    )
  if (/^(ERR_TLS|ERR_SSL|EPROTO)/.test(code)) return new FetchFault('tls', `${at} does not complete a TLS handshake. (${code})`, error)
  return null
}
