/** Where Docker's Engine API is. */
import { z } from 'zod'
import { Host, Port } from '../address.ts'
import { encryption } from '../encryption.ts'
import { SecretName } from '../option.ts'

export const place = {
  /** A socket on the bot's own machine. Whoever may write to it may do everything: put a proxy before it that lets only GET through. */
  socket: z.string().max(100).startsWith('/', 'must be the absolute path of a socket').optional(),
  host: Host.optional(),
  port: Port.default(2376),
  ...encryption,
  /** The settings with the certificate that the Engine knows us by, and its key, as PEM. */
  certSecret: SecretName.optional(),
  keySecret: SecretName.optional(),
  /** The name of the Compose project. */
  project: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be the name of a Compose project'),
}

export type Place = z.infer<z.ZodObject<typeof place>>

/** One of the two ways, and a certificate never without its key. */
export const isPlace = ({ socket, host, certSecret, keySecret }: Place): boolean =>
  (socket === undefined) !== (host === undefined) && (certSecret === undefined) === (keySecret === undefined)

export const placeMessage = 'give either `socket` or `host`, and `certSecret` only together with `keySecret`'

export const placeHosts = ({ host, port }: Place): string[] => (host === undefined ? [] : [`${host}:${port}`])

export const placeSecrets = ({ certSecret, keySecret }: Place): string[] => [certSecret, keySecret].flatMap((name) => name ?? [])
