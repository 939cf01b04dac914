/** A server in a thread of its own, so that what it does blocks nobody whom `blocking.ts` measures: it answers every path with the body
 *  that was made for it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const bodies = workerData as Readonly<Record<string, string>>
const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const [, body] = Object.entries(bodies).find(([prefix]) => path.startsWith(prefix)) ?? []
  response
    .writeHead(body === undefined ? 404 : 200, { 'content-type': body?.startsWith('<') === true ? 'text/html' : 'application/json' })
    .end(body ?? '{}')
})
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
