/** A page in front of everything that Caddy serves, through its admin API: one route before all others, known by its id. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { below, hostOf, HttpAddress } from '../../checking/address.ts'
import { foreign } from '../../checking/foreign.ts'
import { said } from '../../checking/json.ts'
import type { LookContext } from '../../define/action.ts'
import { FetchFault } from '../../ports.ts'

const Caddy = z.strictObject({
  /** Its admin API. */
  url: HttpAddress.default('http://127.0.0.1:2019'),
  /** The server in its configuration that listens to visitors. */
  server: z
    .string()
    .regex(/^[\w-]{1,60}$/, 'must be the name of a server in Caddy’s configuration')
    .default('srv0'),
  /** Whose visitors see the page; without any, everybody’s. */
  hosts: z
    .array(z.string().regex(/^[a-z0-9*.-]{1,253}$/i, 'must be the name of a host'))
    .max(20)
    .default([]),
})
export type Caddy = z.infer<typeof Caddy>

export const caddy = { caddy: Caddy.prefault({}) }

export type Page = {
  readonly caddy: Caddy
  /** The route’s id: ours alone. */
  readonly id: string
  readonly html: string
  readonly retryAfter: number
}

export const caddyHosts = ({ url }: Caddy): string[] => [hostOf(url)]

const routesOf = ({ url, server }: Caddy): string => below(url, `config/apps/http/servers/${server}/routes`)
const first = (page: Pick<Page, 'caddy'>): string => `${routesOf(page.caddy)}/0`
const own = ({ caddy: { url }, id }: Pick<Page, 'caddy' | 'id'>): string => below(url, `id/${id}`)

/** What is called to put it up and to take it away. */
export const pageCalls = (page: Pick<Page, 'caddy' | 'id'>): string[] => [`PUT ${first(page)}`, `DELETE ${own(page)}`]

/** Caddy said no; the message says why. */
export class CaddyRefusal extends Error {}

const refusal = (status: number, body: string): CaddyRefusal => {
  const why = said(body)
  const says = why === '' ? '' : ` It says: ${foreign(why, 160)}`
  return status === 401 || status === 403
    ? new CaddyRefusal(`Caddy’s admin API does not let us in (${status}): look at \`admin\` in its configuration.${says}`)
    : new CaddyRefusal(`Caddy answered ${status}.${says}`)
}

/** How long it is waited, in milliseconds, before Caddy is asked again. */
const pausesMs = [200, 500]

/** With every change of its configuration Caddy replaces its admin endpoint, and what the old one had just accepted is reset. */
const read = async (fetch: LookContext['fetch'], address: string): ReturnType<LookContext['fetch']> => {
  for (const ms of pausesMs) {
    try {
      return await fetch(address, { timeoutMs: 15_000 })
    } catch (error) {
      if (!(error instanceof FetchFault) || (error.code !== 'reset' && error.code !== 'refused')) throw error
      await sleep(ms)
    }
  }
  return fetch(address, { timeoutMs: 15_000 })
}

const Routes = z.array(z.object({ '@id': z.string().optional() })).nullable()

/** How often the route is there: 0 when the page is away. */
export const pagesUp = async ({ caddy: known, id }: Pick<Page, 'caddy' | 'id'>, { fetch }: Pick<LookContext, 'fetch'>): Promise<number> => {
  const { status, body } = await read(fetch, routesOf(known))
  const noServer = new CaddyRefusal(`Caddy has no server ${known.server} with routes: look at \`server\` in service.yml.`)
  // As a path that leads nowhere; below what is there it is null.
  if (status === 400 && body.includes('invalid traversal path')) throw noServer
  if (status !== 200) throw refusal(status, body)
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    throw new CaddyRefusal(`What answers at ${hostOf(known.url)} is not Caddy’s admin API: look at service.yml.`)
  }
  const routes = Routes.safeParse(data)
  if (!routes.success || routes.data === null) throw noServer
  return routes.data.filter((route) => route['@id'] === id).length
}

/** What a change was answered; where no answer came, why. */
const changed = async (
  call: () => ReturnType<LookContext['fetch']>,
): Promise<{ readonly fault: null; readonly status: number; readonly body: string } | { readonly fault: FetchFault }> => {
  try {
    const { status, body } = await call()
    return { fault: null, status, body }
  } catch (error) {
    if (error instanceof FetchFault) return { fault: error }
    throw error
  }
}

/** Puts it up, where it is not. */
export const putUp = async (page: Page, context: Pick<LookContext, 'fetch'>): Promise<void> => {
  if ((await pagesUp(page, context)) > 0) return
  const route = {
    '@id': page.id,
    ...(page.caddy.hosts.length === 0 ? {} : { match: [{ host: page.caddy.hosts }] }),
    handle: [
      {
        handler: 'static_response',
        status_code: 503,
        headers: {
          'Content-Type': ['text/html; charset=utf-8'],
          'Cache-Control': ['no-store'],
          'Retry-After': [String(page.retryAfter)],
        },
        body: page.html,
      },
    ],
    terminal: true,
  }
  const answer = await changed(() =>
    context.fetch(first(page), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(route) }),
  )
  // Whatever was said, or lost: what is there counts.
  if (answer.fault === null && answer.status === 200) return
  if ((await pagesUp(page, context)) === 0) throw answer.fault ?? refusal(answer.status, answer.body)
}

/** Two that put it up at once would have put it up twice. */
const mostPages = 5

/** Takes it away, however often it is there. */
export const takeAway = async (page: Page, context: Pick<LookContext, 'fetch'>): Promise<void> => {
  for (let tries = 0; (await pagesUp(page, context)) > 0; tries += 1) {
    const answer = await changed(() => context.fetch(own(page), { method: 'DELETE' }))
    const isDone = answer.fault !== null || answer.status === 200 || answer.status === 404
    if (!isDone || tries >= mostPages) throw answer.fault ?? refusal(answer.status, answer.body)
  }
}
