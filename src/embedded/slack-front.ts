/** `/slack/*`: Slack's Web API as the SDK knows it, before the emulator. */
import type { Request, RequestHandler } from 'express'
import type { Answer, Gate } from './gate.ts'
import { object, parsed, string, type Json } from './json.ts'
import type { Limiter } from './limits.ts'
import type { ResponseUrls } from './responses.ts'
import { answerMethod, type SlackContext } from './slack-methods.ts'
import { refuseArguments } from './slack-rules.ts'
import type { Sockets } from './sockets.ts'
import type { Upstream } from './upstream.ts'

export const bytesOf = (request: Request): Buffer => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0))

export const plainHeaders = (request: Request): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))

/** Who calls, if the token says so (see `nameCallers`). */
export const callerOf = (request: Request): string | undefined => request.get(callerHeader)

const callerHeader = 'x-world-caller'

/** A token may carry a name behind `~`, so that faults can be ordered for one of several bots in one world. */
export const nameCallers: RequestHandler = (request, _, next) => {
  delete request.headers[callerHeader]
  for (const header of ['authorization', 'apikey'] as const) {
    const [token, caller] = String(request.headers[header] ?? '').split('~')
    if (token === undefined || caller === undefined) continue
    request.headers[header] = token
    request.headers[callerHeader] = caller
  }
  next()
}

const reply = (status: number, body: Json, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: Buffer.from(JSON.stringify(body)),
  ...(body['ok'] === false ? { error: string(body['error']) } : {}),
})

const argumentsOf = (request: Request): Json => {
  const query = Object.fromEntries(new URL(request.originalUrl, 'http://front').searchParams)
  const body = bytesOf(request).toString()
  const sent = (request.get('content-type') ?? '').includes('json') ? object(parsed(body)) : Object.fromEntries(new URLSearchParams(body))
  return { ...query, ...sent }
}

/** What Slack says beside its answers: the scopes of the bot's token, and a clock that differs from this machine's. */
export type Manner = { scopes: readonly string[]; skewSeconds: number }

export type SlackFront = {
  context: SlackContext
  manner: Manner
  upstream: Upstream
  gate: Gate
  limiter: Limiter
  responses: ResponseUrls
  sockets: Sockets
}

/** The one method that takes the app's token, and takes no other. */
const OPEN_SOCKET = 'apps.connections.open'

const mannerly = (answer: Answer, { scopes, skewSeconds }: Manner, isBot: boolean): Answer => ({
  ...answer,
  headers: {
    ...answer.headers,
    date: new Date(Date.now() + skewSeconds * 1000).toUTCString(),
    ...(isBot ? { 'x-oauth-scopes': scopes.join(',') } : {}),
  },
})

export const slackApi = ({ context, manner, gate, limiter, sockets }: SlackFront): RequestHandler => {
  const { workspace } = context
  const tokens = new Set([workspace.bot.token, workspace.admin.token, ...workspace.people.map((person) => person.token)])

  return (request, response) => {
    const method = string(request.params['method'])
    const { token: inBody, ...args } = argumentsOf(request)
    const token = request.get('authorization')?.replace(/^Bearer\s+/i, '') ?? string(inBody)
    const channel = string(args['channel']) || string(args['channel_id'])

    const perform = async (): Promise<Answer> => {
      const wait = limiter.retryAfter(method, channel)
      if (wait > 0) return reply(429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(wait) })
      const ofApp = token === workspace.bot.appToken
      if (method === OPEN_SOCKET && ofApp) return reply(200, sockets.open())
      if (ofApp || (method === OPEN_SOCKET && tokens.has(token))) return reply(200, { ok: false, error: 'not_allowed_token_type' })
      if (!tokens.has(token)) return reply(200, { ok: false, error: token ? 'invalid_auth' : 'not_authed' })
      const answer = reply(200, refuseArguments(method, args) ?? (await answerMethod({ method, token, args }, context)))
      return mannerly(answer, manner, token === workspace.bot.token)
    }
    return gate.pass(
      {
        service: 'slack',
        method,
        ...(channel ? { channel } : {}),
        caller: callerOf(request),
        sent: JSON.stringify(args),
        perform,
        refuse: (error, status) => reply(status, { ok: false, error }),
      },
      response,
    )
  }
}

/** A bot's later answers, at the address that came with a command or a button. */
export const slackResponse = ({ gate, responses }: SlackFront): RequestHandler => {
  const answer = (status: number, body: string): Answer => ({
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: Buffer.from(body),
    ...(status < 400 ? {} : { error: body }),
  })
  return (request, response) => {
    const id = string(request.params['id'])
    const channel = responses.find(id)?.channel
    return gate.pass(
      {
        service: 'slack',
        method: 'response_url',
        ...(channel ? { channel } : {}),
        perform: async () => {
          const { status, body } = await responses.use(id, object(parsed(bytesOf(request).toString())))
          return answer(status, body)
        },
        refuse: (error, status) => answer(status, error),
      },
      response,
    )
  }
}

/** Uploads, files and the emulator's own page. */
export const slackOther =
  ({ upstream, gate }: SlackFront): RequestHandler =>
  (request, response) => {
    const path = request.originalUrl.slice('/slack'.length) || '/'
    return gate.pass(
      {
        service: 'slack',
        method: `${request.method} ${path.split('?')[0] ?? ''}`,
        perform: () => upstream.ask({ method: request.method, path, headers: plainHeaders(request), body: bytesOf(request) }),
        refuse: (error, status) => reply(status, { ok: false, error }),
      },
      response,
    )
  }
