/** The agent over HTTP: three questions that only read, and one that runs something. Every line of an answer is signed. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Knock } from './door.ts'
import { isOperation } from './operations.ts'
import { type Args, headers, keyPattern, paths, type Refused, type Said, signLine } from './protocol.ts'
import { compare, headOf } from './repository.ts'
import type { Runs, Wanted } from './runs.ts'
import type { AgentSettings } from './settings.ts'

const mostBody = 16 * 1024
/** What runs in silence says in this time that it does, in milliseconds: else something on the way takes the connection for dead. */
const aliveMs = 10_000

const bodyOf = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBody) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const refused = (why: string): Refused => ({ type: 'refused', code: 'argument', why })

const wantedOf = (body: string): Wanted | Refused => {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    return refused('The body is no JSON.')
  }
  if (typeof data !== 'object' || data === null) return refused('The body is no object.')
  const { key, operation, args, ...surplus } = data as Record<string, unknown>
  if (Object.keys(surplus).length > 0) return refused('A run has a key, an operation and arguments, and nothing else.')
  if (typeof key !== 'string' || !keyPattern.test(key)) return refused('The key is no key.')
  if (!isOperation(operation)) return refused('There is no such operation.')
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return refused('The arguments are no object.')
  if (!Object.values(args).every((value) => typeof value === 'string' || typeof value === 'number'))
    return refused('An argument is a text or a number.')
  return { key, operation, args: args as Args }
}

type Parts = {
  readonly settings: AgentSettings
  readonly runs: Runs
  readonly admit: (knock: Knock) => string | null
  readonly log: (text: string) => void
}

const answer = async (
  { settings, runs }: Parts,
  method: string,
  path: string,
  body: string,
  say: (said: Said) => void,
): Promise<Said | null> => {
  if (method === 'POST' && path === paths.runs) {
    const wanted = wantedOf(body)
    return 'type' in wanted ? wanted : runs.run(wanted, say)
  }
  if (method !== 'GET') return null
  if (path === paths.state) {
    const { services, scales } = settings
    return { type: 'state', services, scales: Object.fromEntries(scales), head: await headOf(settings) }
  }
  if (path.startsWith(`${paths.commits}/`)) return compare(settings, path.slice(paths.commits.length + 1))
  if (path.startsWith(`${paths.runs}/`)) {
    const key = decodeURIComponent(path.slice(paths.runs.length + 1))
    return keyPattern.test(key) ? { type: 'run', run: runs.find(key) } : refused('The key is no key.')
  }
  return null
}

const plain = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  response.end(JSON.stringify({ message }))
}

const serve = async (parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { settings, admit, log } = parts
  const { method = '', url: path = '' } = request
  const body = await bodyOf(request)
  if (body === null) return plain(response, 413, 'That is too large.')
  const header = (name: string) => String(request.headers[name] ?? '')
  const nonce = header(headers.nonce)
  const why = admit({ method, path, body, at: header(headers.at), nonce, signature: header(headers.signature) })
  if (why !== null) {
    log(`refused ${method.slice(0, 10)} ${JSON.stringify(path.slice(0, 100))} from ${request.socket.remoteAddress ?? '?'}: ${why}`)
    return plain(response, 401, why)
  }
  let index = 0
  const say = (said: Said): void => {
    if (response.destroyed) return
    if (!response.headersSent)
      response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store', connection: 'close' })
    const text = JSON.stringify(said)
    response.write(`${JSON.stringify({ mac: signLine(settings.secret, nonce, index, text), said: text })}\n`)
    index += 1
  }
  const alive = setInterval(() => say({ type: 'alive' }), aliveMs)
  try {
    const last = await answer(parts, method, path, body, say)
    if (last === null) return plain(response, 404, 'There is nothing here.')
    if (last.type === 'run' && method === 'POST') log(`${last.run?.key} ${last.run?.operation}: ${last.run?.state}, ${last.run?.exit}`)
    if (last.type === 'refused') log(`refused: ${last.why}`)
    say(last)
  } catch (error) {
    log(`failed at ${method} ${path}: ${error instanceof Error ? error.message : String(error)}`)
    say({ type: 'refused', code: 'broken', why: 'The agent itself failed; its log on the host says why.' })
  } finally {
    clearInterval(alive)
  }
  response.end()
}

/** Makes the server; it does not listen yet. */
export const createAgentServer = (parts: Parts): Server => {
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      serve(parts, request, response).catch((error: unknown) => {
        // Whoever asked is gone in the middle of a sentence, or what they sent was no HTTP.
        parts.log(`a request broke off: ${error instanceof Error ? error.message : String(error)}`)
        response.destroy()
      })
    },
  )
  server.maxConnections = 50
  return server
}
