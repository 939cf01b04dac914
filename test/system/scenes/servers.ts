/** A product's own endpoint, and its Redis. */
import { startCutting } from '../../actions/cutting-proxy.ts'
import { startHttp } from '../../adapters/server.ts'
import { startRedis } from '../../checks/redis.ts'
import type { Builder, Stage } from './scene.ts'

/** A queue of mails. `tells`: it says by GET whether it was worked off. */
export const endpoint =
  (tells: boolean): Builder =>
  async ({ stack }) => {
    const posts: string[] = []
    const happened = Promise.withResolvers<void>()
    const server = stack.use(
      await startHttp((request, response) => {
        if (request.method !== 'POST') {
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({ state: posts.length > 0 ? 'empty' : 'full' }))
          return
        }
        posts.push(`POST ${request.url}`)
        happened.resolve()
      }),
    )
    const target = `queue:${tells ? 'told' : 'silent'}`
    const done = { url: `http://${server.host}/queue`, path: 'state', is: 'empty' }
    return {
      kind: 'http.call',
      options: { what: 'The mails are sent', target, url: `http://${server.host}/queue/flush`, risk: 'low', ...(tells ? { done } : {}) },
      target,
      keep: () => Promise.resolve({ happened: happened.promise }),
      deeds: () => posts,
    }
  }

const keys = async ({ stack }: Stage, host: string, sees: RegExp) => {
  const redis = stack.use(await startRedis())
  const proxy = stack.use(await startCutting(redis.port, { host }))
  await redis.client.mset('limits:1', 'x', 'limits:2', 'x', 'session:1', 'x')
  const heard = await redis.listen()
  stack.defer(() => heard.stop())
  return {
    kind: 'redis.flush',
    options: { via: 'redis', host, port: proxy.port, tls: 'none', prefixes: ['limits:'], all: 'database' },
    target: `redis:${host}:${proxy.port}:0`,
    keep: () => Promise.resolve({ happened: proxy.park(sees) }),
    deeds: async () => [
      ...heard
        .commands()
        .filter(([name = '']) => /^(UNLINK|DEL|FLUSH)/.test(name))
        .map(([name, ...rest]) => [name, ...rest.toSorted()].join(' ')),
      `left: ${(await redis.client.keys('*')).join(' ')}`,
    ],
  }
}

export const someKeys: Builder = async (stage) => ({ ...(await keys(stage, '127.0.0.1', /unlink/i)), input: 'pattern=limits:*' })

/** Nothing of any pattern is left to tell by. */
export const allKeys: Builder = async (stage) => ({ ...(await keys(stage, '127.0.0.2', /flushdb/i)), input: 'all=yes' })
