/** The one HTTP server: `/slack/events` (Bolt is mounted by `slack/`), `/alerts/…`, `/health`, `/metrics`, `/`. */
import { createServer, type Server } from 'node:http'
import express, { type Application, type NextFunction, type Request, type Response } from 'express'
import type { Log } from '../define.ts'

export type Health = {
  readonly status: 'healthy' | 'degraded' | 'down'
  readonly timestamp: string
  readonly version: string
  readonly services: Readonly<Record<string, string>>
  readonly problems: readonly string[]
  /** What does not make it degraded, and should be known. */
  readonly warnings: readonly string[]
}

export type WebOptions = {
  readonly health: () => Promise<Health>
  readonly metrics: () => Promise<{ type: string; text: string }>
  readonly log: Log
}

/** The application without a listener: whoever starts adds Slack and the alerts, then calls `listen`. */
export const createWeb = ({
  health,
  metrics,
  log,
}: WebOptions): {
  http: Application
  listen: (port: number, host: string) => Promise<{ server: Server; port: number }>
  stopTaking: () => void
} => {
  const http = express()
  let taking = true
  http.disable('x-powered-by')
  http.use((_request, response, next) => {
    if (taking) next()
    else response.status(503).set('Retry-After', '5').json({ error: 'The bot is stopping. Try again in a few seconds.' })
  })
  http.get('/health', (_request, response, next) => {
    health().then((state) => response.status(state.status === 'down' ? 503 : 200).json(state), next)
  })
  http.get('/metrics', (_request, response, next) => {
    metrics().then(({ type, text }) => response.type(type).send(text), next)
  })
  http.get('/', (_request, response) => {
    response
      .type('text/plain')
      .send('Tocsin runs incidents in Slack.\n\n/health   how it is\n/metrics  numbers for Prometheus\n\nIn Slack: /incident help\n')
  })
  const listen = (port: number, host: string) =>
    new Promise<{ server: Server; port: number }>((resolve, reject) => {
      http.use((request: Request, response: Response) =>
        response.status(404).json({ error: `There is nothing at ${request.method} ${request.path}.` }),
      )
      // Four parameters are what makes it an error handler for Express.
      http.use((error: { status?: number; type?: string }, request: Request, response: Response, next: NextFunction) => {
        if (response.headersSent) return next(error)
        const status = error.status ?? 500
        if (status >= 500) log.error({ err: error, path: request.path }, 'a request failed')
        const text =
          status === 413
            ? 'The body is larger than 1 MiB.'
            : status < 500
              ? 'The request cannot be read.'
              : 'The bot failed on this request.'
        return response.status(status).json({ error: text })
      })
      const server = createServer(http)
      server.requestTimeout = 30_000
      server.headersTimeout = 10_000
      server.once('error', reject)
      server.listen(port, host, () => {
        const address = server.address()
        resolve({ server, port: typeof address === 'object' && address !== null ? address.port : port })
      })
    })
  return { http, listen, stopTaking: () => (taking = false) }
}
