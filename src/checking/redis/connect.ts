/** Connections to Redis over TCP; for whoever only looks, one that can only read. */
import { Redis } from 'ioredis'
import { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import { FetchFault } from '../../ports.ts'
import { Host, Port } from '../address.ts'
import { encryption, tlsOptions } from '../encryption.ts'
import { decoded, SecretName } from '../option.ts'
import { socketFault } from '../socket.ts'
import { onlyReading, type Read, RedisRefusal, Unanswered } from './commands.ts'

const Database = z.int().min(0).max(1000)

/** Where a product's Redis is. */
export const place = {
  host: Host,
  port: Port.default(6379),
  /** The setting with its password, or with `redis://user:password@host:port`. Without one, none is sent. */
  secret: SecretName.optional(),
  /** The user of an access list, where it is not `default` and not in the address. */
  user: z.string().min(1).max(128).optional(),
  db: Database.default(0),
  ...encryption,
}

export type Place = {
  readonly host: string
  readonly port: number
  readonly secret?: string | undefined
  readonly user?: string | undefined
  readonly tls: 'verify' | 'unverified' | 'none'
  readonly ca?: string | undefined
}

/** Sends one command. */
export type Send = (words: readonly string[]) => Promise<unknown>
export type Choose = (db: number) => Promise<void>
type Reach = Pick<CheckContext, 'address' | 'secret' | 'signal'>

const mostBytes = 32 * 1024 * 1024

/** User and password. Throws Unanswered for the address of another server. */
const loginOf = ({ host, port, user, secret }: Place, context: Reach): readonly string[] => {
  if (secret === undefined) return []
  const value = context.secret(secret)
  const named = user === undefined ? [] : [user]
  if (!/^rediss?:\/\//.test(value)) return [...named, value]
  const url = URL.parse(value)
  const refuse = (text: string) => new Unanswered({ status: 'unknown', text: `${secret} ${text}` })
  if (url === null)
    throw refuse('is no address such as redis://:password@host:6379: look whether its special characters are percent-encoded.')
  if (url.hostname.toLowerCase() !== host.toLowerCase() || Number(url.port === '' ? 6379 : url.port) !== port)
    throw refuse(`is for another server than ${host}:${port} in service.yml: let both name the same one. Nothing was sent.`)
  const [owner, password] = [decoded(url.username), decoded(url.password)]
  return password === '' ? [] : [...(owner === '' ? named : [owner]), password]
}

/** Connects, and closes whatever happens. Several databases of one server are used one after the other. */
export const connected = async <Value>(
  wanted: Place,
  context: Reach,
  use: (send: Send, choose: Choose) => Promise<Value>,
): Promise<Value> => {
  const { host, port } = wanted
  const at = `${host}:${port}`
  const login = loginOf(wanted, context)
  const { address, family } = await context.address(host, port)
  const tls = tlsOptions(host, wanted)
  const client = new Redis({
    host: address,
    family,
    port,
    ...(tls === null ? {} : { tls }),
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    // It sends nothing by itself.
    enableReadyCheck: false,
    disableClientInfo: true,
    enableOfflineQueue: false,
  })
  const noted: FetchFault[] = []
  const note = (error: Error) => {
    const fault = /RESP type|Protocol error/.test(error.message)
      ? new FetchFault('reset', `${at} does not speak Redis’ protocol: look at host, port and \`tls\` in service.yml.`, error)
      : socketFault(error, at)
    if (fault !== null) noted.push(fault)
  }
  client.on('error', note)
  const giveUp = () => {
    noted.unshift(new FetchFault('timeout', `${at} did not answer in time.`))
    client.disconnect()
  }
  context.signal.addEventListener('abort', giveUp, { once: true })
  const send = async ([command = '', ...words]: readonly string[]): Promise<unknown> => {
    try {
      return await client.call(command, ...words)
    } catch (error) {
      throw error instanceof Error && error.name === 'ReplyError' ? new RedisRefusal(error.message) : error
    }
  }
  try {
    if (context.signal.aborted) giveUp()
    await client.connect()
    let bytes = 0
    client.stream.on('data', (chunk: Buffer) => {
      const isOver = bytes > mostBytes
      bytes += chunk.length
      if (isOver || bytes <= mostBytes) return
      noted.unshift(new FetchFault('too-large', `The answer is larger than ${mostBytes / 1024 / 1024} MiB.`))
      client.disconnect()
    })
    if (login.length > 0) await send(['AUTH', ...login])
    return await use(send, async (db) => void (await send(['SELECT', String(db)])))
  } catch (error) {
    const [first] = noted
    if (first !== undefined) throw first
    if (error instanceof Error && /Connection is closed|Stream isn't writeable|Socket closed/.test(error.message))
      throw new FetchFault('reset', `${at} closed the connection.`, error)
    throw error
  } finally {
    client.disconnect()
    context.signal.removeEventListener('abort', giveUp)
  }
}

/** The same to ask only. */
export const withRedis = <Value>(wanted: Place, context: Reach, ask: (read: Read, choose: Choose) => Promise<Value>): Promise<Value> =>
  connected(wanted, context, (send, choose) => ask(onlyReading(send), choose))
