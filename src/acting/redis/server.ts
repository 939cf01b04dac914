/** A Redis that is changed, over TCP or over Upstash’s REST. */
import { z } from 'zod'
import { HttpAddress } from '../../checking/address.ts'
import { networkFault } from '../../checking/fault.ts'
import { SecretName } from '../../checking/option.ts'
import { onlyReading, redisFinding, type Read } from '../../checking/redis/commands.ts'
import { connected, place, type Send } from '../../checking/redis/connect.ts'
import { changer, sender } from '../../checking/redis/rest.ts'
import type { LookContext } from '../../define/action.ts'
import { sentence } from '../sentence.ts'

/** Where it is, each with what both ways have. */
export const serverOptions = <Shape extends z.ZodRawShape>(common: Shape) =>
  z.discriminatedUnion('via', [
    z.strictObject({ via: z.literal('redis'), ...place, ...common }),
    z.strictObject({
      via: z.literal('upstash'),
      /** The database's own address, `https://….upstash.io`. */
      apiUrl: HttpAddress,
      /** The setting with its token. */
      secret: SecretName,
      ...common,
    }),
  ])

const Place = serverOptions({})
export type Server = z.infer<typeof Place>

const changes = ['SET', 'UNLINK', 'FLUSHDB', 'FLUSHALL'] as const

/** Changes something; sends nothing but what is on the list, whatever the types say. */
export type Change = (command: (typeof changes)[number], ...words: readonly string[]) => Promise<unknown>

const onlyChanging =
  (send: Send): Change =>
  async (command, ...words) => {
    if (!changes.includes(command)) throw new Error(`${command} is not among the commands that an action may send`)
    return send([command, ...words])
  }

/** Connects, and gives what can be asked and done. */
export const withServer = async <Value>(
  server: Server,
  context: LookContext,
  use: (read: Read, change: Change) => Promise<Value>,
): Promise<Value> =>
  server.via === 'upstash'
    ? use(onlyReading(sender(server, context)), onlyChanging(changer(server, context)))
    : connected(server, context, async (send, choose) => {
        if (server.db !== 0) await choose(server.db)
        return use(onlyReading(send), onlyChanging(send))
      })

/** Why Redis refused; null for a fault of the network, which is thrown on. */
export const refusedBy = (error: unknown, { secret }: Server): string | null =>
  networkFault(error) === null ? sentence(redisFinding(error, secret ?? null).text) : null

/** How it is called in a sentence. */
export const nameOf = (server: Server): string => (server.via === 'upstash' ? new URL(server.apiUrl).host : server.host)
