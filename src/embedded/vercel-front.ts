/** `/vercel/*`: Vercel's API, and the part of its dashboard's that its own command line reads logs from: the emulator's projects,
 *  deployments and variables, with what it lacks. */
import { type Request, Router } from 'express'
import type { Answer, Gate } from './gate.ts'
import { isJson, object, objects, parsed, string, strings, type Json } from './json.ts'
import { bytesOf, callerOf, plainHeaders } from './slack-front.ts'
import type { Upstream } from './upstream.ts'
import { lines, refused, reply } from './vercel-answers.ts'
import { createVercelLedger, type VercelLedger } from './vercel-ledger.ts'
import { createTraffic } from './vercel-traffic.ts'

export type VercelOptions = {
  /** The token that is accepted. */
  token: string
  /** Who it belongs to. */
  user?: string
  projects: { name: string; variables?: { key: string; value: string; type?: string; target?: string[] }[] }[]
}

export const vercelSeed = ({ token, user = 'ada', projects }: VercelOptions): Json => ({
  tokens: { [token]: { login: user, scopes: [] } },
  vercel: {
    users: [{ username: user, email: `${user}@example.test` }],
    // A project of nobody in particular belongs to the first user, whom the emulator makes itself: a team makes it reachable.
    teams: [{ slug: 'local', name: 'Local' }],
    projects: projects.map(({ name, variables = [] }) => ({ name, team: 'local', envVars: variables })),
  },
})

export type VercelFront = { router: Router; ledger: VercelLedger }

/** Rows of one page of the request log. */
const PAGE = 50

const millis = (value: unknown): number => (typeof value === 'number' ? value : Date.parse(string(value)))

const matchesStatus = (wanted: string, status: number): boolean =>
  wanted
    .split(',')
    .some((each) => (/^[1-5]xx$/i.test(each) ? Math.floor(status / 100) === Number(each.charAt(0)) : status === Number(each)))

export const vercelFront = (upstream: Upstream, gate: Gate, options: VercelOptions): VercelFront => {
  const ledger = createVercelLedger()

  const ask = async (
    request: Request,
    path: string,
    { method = request.method, body }: { method?: string; body?: Json } = {},
  ): Promise<{ answer: Answer; json: unknown }> => {
    const sent = body === undefined ? bytesOf(request) : Buffer.from(JSON.stringify(body))
    const answer = await upstream.ask({ method, path, headers: plainHeaders(request), body: method === 'GET' ? Buffer.alloc(0) : sent })
    return { answer, json: parsed(answer.body.toString()) }
  }
  const traffic = createTraffic(ledger, ask)

  /** A list of the emulator in full: it pages by a time that several items may share. */
  const everything = async (request: Request, path: string, query: URLSearchParams, name: string): Promise<Json[] | Answer> => {
    const wanted = new URLSearchParams([...query].filter(([key]) => !['limit', 'since', 'until', 'state'].includes(key)))
    wanted.set('limit', '100')
    const { answer, json } = await ask(request, `${path}?${wanted.toString()}`)
    return answer.status === 200 ? objects(object(json)[name]) : answer
  }

  const deployments = async (request: Request, url: URL): Promise<Answer> => {
    const { searchParams: query } = url
    const found = await everything(request, url.pathname, query, 'deployments')
    if (!Array.isArray(found)) return found
    const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)
    const states = query.get('state')?.split(',')
    const wanted = found
      .map((item) => ledger.whole('deployments', item))
      .filter((item) => millis(item['created']) > number('since', 0) && millis(item['created']) < number('until', Infinity))
      .filter((item) => states === undefined || states.includes(string(item['readyState'])))
      .toSorted((a, b) => millis(b['created']) - millis(a['created']))
    const page = wanted.slice(0, number('limit', 20))
    const next = wanted.length > page.length ? millis(page.at(-1)?.['created']) : null
    return reply(200, { deployments: page, pagination: { count: page.length, next, prev: millis(page[0]?.['created']) || null } })
  }

  const variables = async (request: Request, url: URL): Promise<Answer> => {
    const found = await everything(request, url.pathname, url.searchParams, 'envs')
    return Array.isArray(found) ? reply(200, { envs: found.map((item) => ledger.whole('variables', item)) }) : found
  }

  /** One variable with its value, where that can be read at all. */
  const value = async (request: Request, { searchParams: query }: URL, owner: string, variable: string): Promise<Answer> => {
    const { answer, json } = await ask(request, `/v10/projects/${owner}/env/${variable}?${query.toString()}&decrypt=true`)
    if (answer.status !== 200) return answer
    const { value: plain, ...rest } = ledger.whole('variables', object(json))
    return reply(200, rest['type'] === 'sensitive' ? { ...rest, decrypted: false } : { ...rest, value: plain, decrypted: true })
  }

  const project = async (request: Request, url: URL): Promise<Answer> => {
    const { answer, json } = await ask(request, `${url.pathname}${url.search}`)
    if (answer.status !== 200 || request.method !== 'GET') return answer
    const whole = ledger.whole('projects', object(json))
    const current = object(object(whole['targets'])['production'])
    return reply(
      200,
      isJson(object(whole['targets'])['production'])
        ? { ...whole, targets: { ...object(whole['targets']), production: ledger.whole('deployments', current) } }
        : whole,
    )
  }

  const logsOf = (deployment: string | null): Json[] =>
    ledger.all('logs').filter((row) => deployment === null || row['deploymentId'] === deployment)

  const requestLog = ({ searchParams: query }: URL): Answer => {
    if (query.get('ownerId') === null) return refused('ownerId is required', 400)
    const levels = query.get('level')?.split(',')
    const status = query.get('statusCode')
    const wanted = logsOf(query.get('deploymentId'))
      .filter((row) => millis(row['timestamp']) >= Number(query.get('startDate') ?? 0))
      .filter((row) => millis(row['timestamp']) <= Number(query.get('endDate') ?? Infinity))
      .filter((row) => levels === undefined || objects(row['logs']).some((log) => levels.includes(string(log['level']))))
      .filter((row) => status === null || matchesStatus(status, Number(row['statusCode'])))
      .toSorted((a, b) => millis(b['timestamp']) - millis(a['timestamp']))
    const from = Number(query.get('page') ?? 0) * PAGE
    return reply(200, { rows: wanted.slice(from, from + PAGE), hasMoreRows: wanted.length > from + PAGE })
  }

  /** What the live log would tell of the rows there are; it ends, where Vercel's goes on for minutes. */
  const runtimeLog = (deployment: string): Answer =>
    lines(
      logsOf(deployment).flatMap((row) =>
        objects(row['logs']).map((log) => ({
          rowId: string(row['id']),
          level: string(log['level']),
          message: string(log['message']),
          messageTruncated: false,
          source: 'serverless',
          timestampInMs: millis(row['timestamp']),
          domain: string(row['domain']),
          requestMethod: string(row['requestMethod']),
          requestPath: string(row['requestPath']),
          responseStatusCode: Number(row['statusCode']),
        })),
      ),
      'application/stream+json',
    )

  const charges = ({ searchParams: query }: URL): Answer => {
    const found = ledger
      .all('charges')
      .filter(
        (line) =>
          millis(line['ChargePeriodStart']) >= millis(query.get('from')) && millis(line['ChargePeriodStart']) < millis(query.get('to')),
      )
    return found.length === 0 ? refused('Costs not found', 404, 'costs_not_found') : lines(found, 'application/jsonl')
  }

  const serve = async (request: Request, url: URL): Promise<Answer> => {
    const token = /^Bearer (.*)$/.exec(request.get('authorization') ?? '')?.[1]
    if (token !== options.token) return refused('Not authorized', 403, 'forbidden')
    const { method, pathname: path } = { method: request.method, pathname: url.pathname }
    const moved = await traffic.answer(request, url)
    if (moved !== null) return moved
    const isRead = method === 'GET'
    if (isRead && /^\/v[67]\/deployments$/.test(path)) return deployments(request, url)
    if (isRead && /^\/v10\/projects\/[^/]+\/env$/.test(path)) return variables(request, url)
    const [, owner, variable] = /^\/v1\/projects\/([^/]+)\/env\/([^/]+)$/.exec(path) ?? []
    if (isRead && owner !== undefined && variable !== undefined) return value(request, url, owner, variable)
    if (/^\/v9\/projects\/[^/]+$/.test(path)) return project(request, url)
    if (isRead && path === '/v1/env') {
      const of = url.searchParams.get('projectId')
      return reply(200, { data: ledger.all('shared').filter((item) => of === null || strings(item['projectId']).includes(of)) })
    }
    if (isRead && path === '/v1/billing/charges') return charges(url)
    if (isRead && path === '/api/logs/request-logs') return requestLog(url)
    const [, deployment] = /^\/v1\/projects\/[^/]+\/deployments\/([^/]+)\/runtime-logs$/.exec(path) ?? []
    if (isRead && deployment !== undefined) return runtimeLog(deployment)
    const { answer, json } = await ask(request, `${path}${url.search}`)
    if (answer.status < 400) return answer
    return { ...answer, error: string(object(object(json)['error'])['message']) || String(answer.status) }
  }

  const router = Router()
  router.use((request, response) => {
    const url = new URL(request.originalUrl.slice('/vercel'.length), 'http://front')
    return gate.pass(
      {
        service: 'vercel',
        method: `${request.method} ${url.pathname}`,
        caller: callerOf(request),
        sent: bytesOf(request).toString(),
        perform: () => serve(request, url),
        refuse: (error, status) => refused(error, status),
      },
      response,
    )
  })
  return { router, ledger }
}
