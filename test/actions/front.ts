/** A front that passes all on. Disposed, it refuses every further connection, as a host does on which nothing listens. */
import { request } from 'node:http'
import { startHttp } from '../adapters/server.ts'

export const startFront = async (origin: string) => {
  const server = await startHttp((incoming, response) => {
    const { method = '', url = '', headers } = incoming
    const onward = request(`${origin}${url}`, { method, headers: { ...headers, host: new URL(origin).host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  return { url: `http://${server.host}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
