/** Docker's Engine API through dockerode: by GET alone, unless an action says what else it calls. */
import { type ClientRequestArgs, Agent as HttpAgent, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { createSecureContext } from 'node:tls'
import Docker from 'dockerode'
import type { z } from 'zod'
import type { CheckContext } from '../../define/check.ts'
import type { Finding } from '../../incident/check.ts'
import { FetchFault } from '../../ports.ts'
import { tlsOptions } from '../encryption.ts'
import { productFault } from '../fault.ts'
import { foreign } from '../foreign.ts'
import { asDocumented, said } from '../json.ts'
import { socketFault } from '../socket.ts'
import type { Place } from './place.ts'

/** The Engine could not be asked; the finding says why. */
export class EngineRefusal extends Error {
  readonly finding: Finding
  constructor(text: string) {
    super(text)
    this.finding = { status: 'unknown', text }
  }
}

export type Engine = {
  /** What stands at a path, as it comes. */
  readonly stream: (path: string, query: Readonly<Record<string, string | number>>) => Promise<IncomingMessage>
  /** The same as JSON. */
  readonly json: <Schema extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, string | number>>,
    schema: Schema,
  ) => Promise<z.infer<Schema>>
}

/** What it takes to reach it: checks and actions have that. */
export type Hands = Pick<CheckContext, 'signal' | 'secret' | 'address'>

/** Asks by `method`; every status is an answer. */
type Dial = (method: string, path: string, query: Readonly<Record<string, string | number>>) => Promise<{ status: number; body: string }>

const mostBytes = 2 * 1024 * 1024

/** Every status is an answer: the client would gather the body of the others without an end. */
const anyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]))

type Build = (
  options: ClientRequestArgs & { maxRedirects?: number },
  context: unknown,
  data: unknown,
  callback: (error: Error) => void,
) => void

/** What may be asked: the method, and the path without its query. */
export type May = (method: string, path: string) => boolean

const onlyGet: May = (method) => method === 'GET'

/** Lets only what `may` allows through, below everything that dockerode can do; and no redirect, which would lead past the guard. */
export const readOnly = (docker: Docker, may: May = onlyGet): Docker => {
  // Private in the types, and the one way out.
  const modem = docker.modem as unknown as { buildRequest: Build }
  const build = modem.buildRequest.bind(modem)
  modem.buildRequest = (options, context, data, callback) =>
    may(options.method ?? '', (options.path ?? '').split('?', 1)[0] ?? '')
      ? build({ ...options, maxRedirects: 0 }, context, data, callback)
      : callback(new Error(`a check asks Docker by GET alone, never by ${options.method}`))
  return docker
}

/** An agent of our own, which keeps no connection for the next question; the types do not know that it can be given. */
const ours = (agent: HttpAgent): object => ({ agent })

/** The client on a socket of this machine, whatever `DOCKER_HOST` says. */
export const dockerOn = (socket: string, may: May = onlyGet): Docker =>
  readOnly(new Docker({ host: '', socketPath: socket, protocol: 'http', ...ours(new HttpAgent()) }), may)

/** The certificate that we are known by. */
const identityOf = ({ certSecret, keySecret }: Place, context: Hands): { cert?: string; key?: string } => {
  if (certSecret === undefined || keySecret === undefined) return {}
  const identity = { cert: context.secret(certSecret), key: context.secret(keySecret) }
  try {
    createSecureContext(identity)
  } catch {
    throw new EngineRefusal(`${certSecret} and ${keySecret} are not a certificate and its key as PEM.`)
  }
  return identity
}

/** The client, at the address that the guard allows. What is not given would be taken from the bot's own environment. */
const clientFor = async (wanted: Place, context: Hands, may: May): Promise<Docker> => {
  const { socket, host, port } = wanted
  if (socket !== undefined) return dockerOn(socket, may)
  if (host === undefined) throw new Error('the options of a docker check name no place')
  const { address, family } = await context.address(host, port)
  // Node wants a callback here, and asks for one address or for all.
  const lookup: LookupFunction = (_, options, callback) =>
    options.all === true ? callback(null, [{ address, family }]) : callback(null, address, family)
  const tls = tlsOptions(host, wanted)
  const agent = tls === null ? new HttpAgent({ lookup }) : new HttpsAgent({ ...tls, ...identityOf(wanted, context), lookup })
  return readOnly(new Docker({ host, port, protocol: tls === null ? 'http' : 'https', ...ours(agent) }), may)
}

const atSocket: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: look whether Docker runs there, and at `socket` in service.yml',
  EACCES: 'may not be opened by the bot: let its user read it, best through a proxy that lets only GET through',
  ENOTSOCK: 'is no socket: look at `socket` in service.yml',
}

/** An error of a request as what people are told. */
const engineFault = (error: unknown, wanted: Place, signal: AbortSignal): unknown => {
  const at = wanted.socket ?? `${wanted.host}:${wanted.port}`
  if (signal.aborted) return new FetchFault('timeout', `Docker at ${at} did not answer in time.`, error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const local = wanted.socket === undefined ? undefined : atSocket[code]
  if (local !== undefined) return new EngineRefusal(`The socket ${at} ${local}. (${code})`)
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('Max redirects'))
    return new FetchFault('redirect', `${at} redirects, which Docker does not: look at service.yml.`, error)
  if (code.startsWith('HPE_'))
    return new FetchFault('reset', `${at} does not speak HTTP as Docker does: look at \`tls\` in service.yml.`, error)
  return socketFault(error, at) ?? error
}

const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) throw new FetchFault('too-large', `Docker’s answer is larger than ${mostBytes / 1024 / 1024} MiB.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** What another status than 200 means. */
const refusal = (status: number, body: string): EngineRefusal => {
  const why = said(body)
  const says = why === '' ? '' : ` It says: ${foreign(why, 160)}`
  if (status === 401 || status === 403)
    return new EngineRefusal(`Docker does not let us ask that (${status}): allow GET on containers in the proxy before it.${says}`)
  if (status === 404) return new EngineRefusal(`Docker knows nothing by that name any more (404): ask again.${says}`)
  if (status >= 500) return new EngineRefusal(`Docker has a problem of its own (${status}): look at its daemon’s log.${says}`)
  return new EngineRefusal(`Docker answered ${status}, which was not expected.${says}`)
}

/** Works with the Engine, by what `may` allows. Throws FetchFault and EngineRefusal; `engineFinding` turns both into what people are told. */
export const dialEngine = async <Value>(
  wanted: Place,
  context: Hands,
  may: May,
  work: (engine: Engine, dial: Dial) => Promise<Value>,
): Promise<Value> => {
  const { signal } = context
  const docker = await clientFor(wanted, context, may)
  const opened: IncomingMessage[] = []
  const request = async (method: string, path: string, query: Readonly<Record<string, string | number>>): Promise<IncomingMessage> => {
    const hasQuery = Object.keys(query).length > 0
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      docker.modem.dial(
        {
          path: hasQuery ? `${path}?` : path,
          method,
          isStream: true,
          statusCodes: anyStatus,
          abortSignal: signal,
          // Named apart, as the client would send them as a body, too.
          ...(hasQuery ? { options: { _query: { ...query }, _body: {} } } : {}),
        },
        (error, answer) => (error === null ? resolve(answer as IncomingMessage) : reject(error)),
      )
    })
    opened.push(response)
    return response
  }
  const stream: Engine['stream'] = async (path, query) => {
    const response = await request('GET', path, query)
    const { statusCode = 0 } = response
    if (statusCode !== 200) throw refusal(statusCode, await textOf(response))
    return response
  }
  const json: Engine['json'] = async (path, query, schema) => {
    const body = await textOf(await stream(path, query))
    let data: unknown
    try {
      data = JSON.parse(body)
    } catch {
      throw new EngineRefusal(`Docker answered with what is not JSON: it begins “${foreign(body, 60)}”.`)
    }
    const parsed = schema.safeParse(data)
    if (!parsed.success) throw new EngineRefusal(asDocumented('Docker', parsed.error).text)
    return parsed.data
  }
  const dial: Dial = async (method, path, query) => {
    const response = await request(method, path, query)
    return { status: response.statusCode ?? 0, body: await textOf(response) }
  }
  try {
    return await work({ stream, json }, dial)
  } catch (error) {
    throw error instanceof EngineRefusal || error instanceof FetchFault ? error : engineFault(error, wanted, signal)
  } finally {
    for (const response of opened) response.destroy()
  }
}

/** Asks the Engine, by GET alone. Throws as `dialEngine`. */
export const withEngine = <Value>(wanted: Place, context: Hands, ask: (engine: Engine) => Promise<Value>): Promise<Value> =>
  dialEngine(wanted, context, onlyGet, ask)

/** The finding for an error of a question. Throws what is a bug. */
export const engineFinding = (error: unknown): Finding => {
  if (error instanceof EngineRefusal) return error.finding
  if (error instanceof FetchFault) return productFault(error)
  throw error
}
