/** A server whose version an action changes, and a kind of action that does it: small, and all that a vendor is. */
import { z } from 'zod'
import { defineAction } from '../src/define/action.ts'
import type { ActionDefinition } from '../src/define/action.ts'
import type { Registry } from '../src/registry.ts'
import { startHttp } from './adapters/server.ts'

const Options = z.strictObject({
  url: z.string(),
  name: z.string().default('shop'),
  fails: z.boolean().default(false),
  returns: z.int().optional(),
  secret: z.string().optional(),
})

const Version = z.object({ version: z.string() })

const versionAt = async (fetch: (url: string) => Promise<{ body: string }>, url: string): Promise<string> =>
  Version.parse(JSON.parse((await fetch(`${url}/version`)).body)).version

const move = defineAction({
  summary: 'Puts another version on a server',
  options: Options,
  input: z.strictObject({
    to: z
      .string()
      .regex(/^v\d+$/, 'must be a version such as v141')
      .default('v141')
      .describe('Version'),
  }),
  risk: (_, { to }) => (to === 'v1' ? 'high' : 'low'),
  target: ({ name }) => `server:${name}`,
  hosts: ({ url }) => [new URL(url).host],
  needs: ({ secret }) => (secret === undefined ? [] : [secret]),
  calls: ({ url }) => [`POST ${url}/version/:to`],
  timeoutMs: 3_000,
  verifyMs: 5_000,
  preview: async ({ url, returns }, { to }, { fetch }) => {
    const from = await versionAt(fetch, url)
    if (from === to) return { unable: `${to} is there already.` }
    return {
      summary: `The server goes from ${from} to ${to}.`,
      calls: [`POST ${url}/version/${to}`],
      effects: ['1 server'],
      reversible: `back to ${from}`,
      warnings: [],
      plan: { from, to },
      state: { version: from },
      ...(returns === undefined ? {} : { returnsAfter: returns }),
    }
  },
  run: async ({ url }, { from, to }, { fetch, progress }) => {
    progress(`Putting ${to} there`)
    const { status } = await fetch(`${url}/version/${to}`, { method: 'POST' })
    return status === 200
      ? { outcome: 'done', text: `The server has ${to}.`, undo: { from: to, to: from } }
      : { outcome: 'failed', text: `The server answered ${status}.` }
  },
  recover: async ({ url }, { from, to }, { fetch }) => {
    const at = await versionAt(fetch, url)
    if (at === to) return { outcome: 'done', text: `The server has ${to}.`, undo: { from: to, to: from } }
    return at === from ? { outcome: 'undone' } : { outcome: 'unclear', text: `The server has ${at}.` }
  },
  verify: async ({ url }, { to }, { fetch }) => {
    const at = await versionAt(fetch, url)
    return { settled: at === to, findings: [{ status: at === to ? 'ok' : 'fail', text: `The server answers as ${at}.` }] }
  },
})

const versions = {
  ...move,
  undo: { ...move, preview: (options: never, { to }: { to: string }, context: never) => move.preview(options, { to }, context) },
}

/** The registry with the kind `versions` in it. */
export const withVersions = (registry: Registry): Registry => ({
  ...registry,
  actions: new Map([...registry.actions, ['versions', versions as unknown as ActionDefinition]]),
})

/** The server. `hold`: it has done what it was asked for, and does not say so before `release`. */
export const startVersions = async () => {
  let version = 'v142'
  let answering: Promise<void> = Promise.resolve()
  let release = (): void => undefined
  const posts: string[] = []
  const server = await startHttp((request, response) => {
    const to = /^\/version\/(v\d+)$/.exec(request.url ?? '')?.[1]
    if (request.method === 'POST' && to !== undefined) {
      posts.push(to)
      version = to
      void answering.then(() => response.end('{}'))
      return
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ version }))
  })
  return {
    url: `http://${server.host}`,
    host: server.host,
    posts,
    version: () => version,
    become: (next: string) => {
      version = next
    },
    hold: () => {
      answering = new Promise((resolve) => {
        release = resolve
      })
    },
    release: () => release(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
