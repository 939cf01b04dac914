/** TLS for clients that open connections of their own. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import { z } from 'zod'

const isCertificate = (text: string): boolean => {
  try {
    return new X509Certificate(text).ca
  } catch {
    return false
  }
}

/** Options of everything that is reached over TCP. */
export const encryption = {
  /** `unverified` hides what is sent from listeners, not from who stands in between; `none` is for a network that nobody else is on. */
  tls: z.enum(['verify', 'unverified', 'none']).default('verify'),
  /** The authority that signed the server's certificate, as PEM, where it is not a public one. */
  ca: z.string().refine(isCertificate, 'must be the certificate of an authority, as PEM').optional(),
}

type Encryption = { readonly tls: 'verify' | 'unverified' | 'none'; readonly ca?: string | undefined }

/** What `node:tls` needs to know; null without TLS. The connection goes to an address that was judged before, so the name is given here. */
export const tlsOptions = (host: string, { tls, ca }: Encryption): ConnectionOptions | null => {
  if (tls === 'none') return null
  const name = host.replace(/^\[|\]$/g, '')
  return {
    rejectUnauthorized: tls === 'verify',
    ...(ca === undefined ? {} : { ca }),
    // An address is no server name, but its certificate must hold it all the same.
    ...(isIP(name) === 0 ? { servername: name } : { checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) }),
  }
}
