/** Options that say where something is asked. */
import { z } from 'zod'

/** A host without port: a name, or an address (IPv6 in brackets). */
export const Host = z
  .string()
  .max(253, 'must be a host name')
  .refine(
    (text) => URL.parse(`http://${text}/`)?.hostname === text.toLowerCase(),
    'must be the name or the address of a host, without scheme and port',
  )

/** A variable of service.yml is always text. */
export const Port = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value),
  z.int().min(1, 'must be a port from 1 to 65535').max(65_535, 'must be a port from 1 to 65535'),
)

/** Where something is asked over HTTP. */
export const HttpAddress = z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).refine((text) => {
  const url = URL.parse(text)
  return url?.username === '' && url.password === ''
}, 'must have no user name or password in it: name a secret instead')

/** The host of an address, with its port where it is not the scheme's own. */
export const hostOf = (url: string): string => new URL(url).host

/** An address below a base address, whether that ends in a slash or not. */
export const below = (base: string, path: string): string => `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
