/** A local server that answers as a vendor documents. */
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { startHttp } from '../adapters/server.ts'

export type Heard = { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }

/** What is answered: a value as JSON, or a status with a body and headers. */
type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }

/** Answers by path, without the query; a function sees what was asked. What is not named is a 404. */
export const startVendor = async (routes: Readonly<Record<string, Answer | ((heard: Heard) => Answer)>>) => {
  const heard: Heard[] = []
  const server = await startHttp((request, response) => {
    const respond = async () => {
      const { method = '', url = '', headers } = request
      const one: Heard = { method, url, headers, body: await text(request) }
      heard.push(one)
      const route = routes[url.split('?')[0] ?? '']
      const answer = typeof route === 'function' ? route(one) : (route ?? { status: 404, body: { message: 'not found' } })
      const type = { 'content-type': 'application/json', ...answer.headers }
      response.writeHead(answer.status ?? 200, type).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    }
    respond().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  return { heard, url: `http://${server.host}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
