/** `POST /alerts/<source>` and `/alerts/<source>/<product>`: authenticated, read, written in one transaction, and only then accepted. */
import express, { type Request, type Response, Router } from 'express'
import type { AlertSource, Log, ParsedAlert } from '../define.ts'
import type { Instant } from '../incident/policy.ts'

/** Larger bodies are refused before they are read; what inflates beyond it, while it is read. */
const mostBytes = 1_048_576

/** How many unreadable alerts the answer and the log name; the rest is counted. */
const mostListed = 100

export type AlertsOptions = {
  readonly sources: ReadonlyMap<string, AlertSource>
  /** The secret that a sender must know; undefined: there is none, and every sender is refused. `product` as it stands in the path. */
  readonly secretOf: (source: string, product: string | null) => string | undefined
  /** Whether `product`, as it stands in the path, is left out because of a mistake in its file: its own secret is not known then. */
  readonly broken: (product: string) => boolean
  readonly now: () => Promise<Instant>
  /** Writes the alerts and their match jobs in one transaction. */
  readonly receive: (source: string, product: string | null, alerts: readonly ParsedAlert[]) => Promise<void>
  readonly log: Log
}

const refuse = (response: Response, status: number, error: string, more: object = {}) => response.status(status).json({ error, ...more })

const accept = async (
  request: Request<{ source: string; product?: string }>,
  response: Response,
  options: AlertsOptions,
): Promise<unknown> => {
  const { source: name, product = null } = request.params
  const source = options.sources.get(name)
  if (source === undefined)
    return refuse(response, 404, `There is no alert source ${name}. Known: ${[...options.sources.keys()].join(', ')}.`)
  const secret = options.secretOf(name, product)
  const body: unknown = request.body
  const received = {
    headers: request.headers as Record<string, string | undefined>,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    receivedAt: await options.now(),
  }
  if (secret === undefined || !source.verify(received, secret)) {
    // Not 401, which Alertmanager takes as final: once the file is mended the sender may well be the right one.
    if (product !== null && options.broken(product)) {
      options.log.error({ source: name, product }, 'an alert cannot be taken: its product is left out, and its secret is not known')
      return refuse(response, 503, `The product ${product} is left out until its service.yml is mended. Send the alerts again.`)
    }
    options.log.warn({ source: name, product, configured: secret !== undefined }, 'an alert was refused: its sender is not authenticated')
    return refuse(response, 401, 'The sender is not authenticated. Send the secret that this source is configured with.')
  }
  const { alerts, unreadable: all } = source.parse(received)
  // A hostile body of 1 MiB can hold hundreds of thousands of them.
  const unreadable = all.slice(0, mostListed)
  const more = all.length > unreadable.length ? { unlisted: all.length - unreadable.length } : {}
  if (unreadable.length > 0) options.log.warn({ source: name, product, unreadable, ...more }, 'alerts could not be read')
  if (alerts.length === 0 && unreadable.length > 0)
    return refuse(response, 400, 'No alert in this body can be read.', { unreadable, ...more })
  if (alerts.length > 0) await options.receive(name, product, alerts)
  return response.status(202).json({ accepted: alerts.length, ...(unreadable.length === 0 ? {} : { unreadable, ...more }) })
}

export const alertRoutes = (options: AlertsOptions): Router => {
  const routes = Router()
  const raw = express.raw({ type: () => true, limit: mostBytes })
  const handler = (request: Request<{ source: string; product?: string }>, response: Response) => {
    accept(request, response, options).catch((error: unknown) => {
      // 503 is what every sender tries again; 4xx and 429 are dropped for good by Alertmanager.
      options.log.error({ err: error, source: request.params.source }, 'alerts could not be taken')
      if (!response.headersSent) refuse(response, 503, 'The alerts could not be stored. Send them again.')
    })
  }
  routes.post('/alerts/:source', raw, handler)
  routes.post('/alerts/:source/:product', raw, handler)
  return routes
}
