/** A world with Vercel in it, and what tests of actions set up there. */
import { z } from 'zod'
import type { Fault } from '../../src/embedded/gate.ts'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from '../embedded/world.ts'

export const token = 'vercel_token_of_actions'
export const secret = 'VERCEL_TOKEN'

export const minute = 60_000

type Listed = { readonly service: string; readonly method: string }

export const startVercel = async (variables: { key: string; value: string; type?: string; target?: string[] }[] = []) => {
  const world: World = await testWorld({ vercel: { token, projects: [{ name: 'shop', variables }, { name: 'other' }] } })
  const ask = control(world.url)
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${world.vercelApiUrl}${path}${path.includes('?') ? '&' : '?'}slug=local`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const json = z.record(z.string(), z.unknown()).parse(await response.json())
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`)
    return json
  }
  const put = (collection: string, item: object) => ask('POST', `/vercel/${collection}`, item)
  const project = async () => {
    const json = await call('GET', '/v9/projects/shop')
    return z
      .object({ id: z.string(), targets: z.object({ production: z.object({ id: z.string() }) }) })
      .transform(({ id, targets }) => ({ id, production: targets.production.id }))
      .parse(json)
  }
  return {
    world,
    call,
    put,
    project,
    options: { secret, apiUrl: world.vercelApiUrl, team: 'local', project: 'shop' },
    /** Deploys, as of so many milliseconds ago. */
    deploy: async (commit: string, message: string, ago: number, more: object = {}, to: object = {}): Promise<string> => {
      const meta = { githubCommitSha: commit, githubCommitMessage: message, githubCommitRef: 'main', githubCommitAuthorName: 'Ann' }
      const { id } = z
        .object({ id: z.string() })
        .parse(await call('POST', '/v13/deployments', { name: 'shop', target: 'production', meta, ...to }))
      const at = Date.now() - ago
      await put('deployments', { id, created: at, createdAt: at, aliasAssigned: at, plan: 'pro', ...more })
      return id
    },
    manner: async (manner: object) => put('manners', { id: (await project()).id, moves: 'soon', builds: 'soon', ms: 50, ...manner }),
    fault: (fault: Partial<Fault>) => ask('POST', '/faults', { service: 'vercel', ...fault }),
    mend: () => ask('DELETE', '/faults'),
    /** What was changed at Vercel since it was forgotten: methods and paths. */
    changes: async (): Promise<string[]> =>
      (await ask<Listed[]>('GET', '/calls'))
        .filter(({ service, method }) => service === 'vercel' && !method.startsWith('GET '))
        .map(({ method }) => method),
    forget: () => ask('DELETE', '/calls'),
    [Symbol.asyncDispose]: () => world.close(),
  }
}

export type TestVercel = Awaited<ReturnType<typeof startVercel>>

/** The one call of a rollback or a promotion, as the world counts it. */
export const shiftCalls = (how: 'rollback' | 'promote', id: string, project: string) => [
  `POST /${how === 'rollback' ? 'v1' : 'v10'}/projects/${project}/${how}/${id}`,
]
