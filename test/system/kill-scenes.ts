/** What actions change, for bots that are killed between the vendor's effect and our record: each a real server that does what it is asked
 *  for, and then keeps its answer. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { Client } from 'pg'
import { z } from 'zod'
import { startDockerEngine } from '../../src/embedded/docker-engine.ts'
import { startCutting } from '../actions/cutting-proxy.ts'
import { startHttp } from '../adapters/server.ts'
import { startRedis } from '../checks/redis.ts'
import type { Postgres } from '../postgres.ts'
import { type Surroundings, until } from './bots.ts'
import { startDatabaseProxy } from './database-proxy.ts'

export const vercelToken = 'vercel_token_of_the_kiosk'

/** Projects of the world's Vercel: one for each scene that needs one. */
export const vercelProjects = [
  { name: 'rollback' },
  { name: 'promote' },
  { name: 'switch-set', variables: [{ key: 'MAILER', value: 'resend', type: 'encrypted', target: ['production'] }] },
  { name: 'switch-build', variables: [{ key: 'MAILER', value: 'resend', type: 'encrypted', target: ['production'] }] },
]

/** What is shared, and what is closed when the scene is over. */
export type Stage = { readonly postgres: Postgres; readonly surroundings: Surroundings; readonly stack: AsyncDisposableStack }

export type Scene = {
  readonly kind: string
  readonly options: object
  /** What it changes. */
  readonly target: string
  /** What is typed behind it. */
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Lets the vendor keep its next answer; the promise in it is kept when the vendor has done what it was asked for. */
  readonly keep: () => Promise<{ readonly happened: Promise<unknown> }>
  /** Lets the vendor answer again, once whoever waited is dead. */
  readonly goOn?: () => void
  /** What the vendor did. */
  readonly deeds: () => Promise<readonly string[]> | readonly string[]
}

const temporary = (stack: AsyncDisposableStack, name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), name))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A queue of mails. `tells`: it says by GET whether it was worked off. */
export const endpoint =
  (tells: boolean) =>
  async ({ stack }: Stage): Promise<Scene> => {
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
    const done = { url: `http://${server.host}/queue`, path: 'state', is: 'empty' }
    return {
      kind: 'http.call',
      options: {
        what: 'The mails are sent',
        target: 'queue:kiosk',
        url: `http://${server.host}/queue/flush`,
        risk: 'low',
        ...(tells ? { done } : {}),
      },
      target: 'queue:kiosk',
      keep: () => Promise.resolve({ happened: happened.promise }),
      deeds: () => posts,
    }
  }

export const statement = async ({ postgres, stack }: Stage): Promise<Scene> => {
  const owner = new Client({ connectionString: await postgres.createDatabase('letters') })
  await owner.connect()
  stack.defer(() => owner.end())
  await owner.query(`create table letters (id int, status text not null, changes int not null default 0);
    insert into letters select n, 'generating' from generate_series(1, 3) n`)
  const proxy = await startDatabaseProxy(postgres.url('letters'))
  stack.defer(() => proxy.close())
  return {
    kind: 'sql.update',
    options: {
      host: '127.0.0.1',
      port: Number(new URL(proxy.url).port),
      secret: 'KIOSK_DATABASE_URL',
      tls: 'none',
      what: 'Letters that are stuck become drafts',
      rows: 'letters',
      target: 'database:letters',
      most: 10,
      statement: "update letters set status = 'draft', changes = changes + 1 where id > 1",
      count: 'select count(*) from letters where id > 1',
    },
    target: 'database:letters',
    environment: { KIOSK_DATABASE_URL: proxy.url },
    keep: () => Promise.resolve({ happened: proxy.park({ sql: /^\s*update letters/, of: 'commit', when: 'after' }) }),
    deeds: async () =>
      (await owner.query<{ said: string }>(`select id || ' ' || status || ' ' || changes as said from letters order by id`)).rows.map(
        ({ said }) => said,
      ),
  }
}

export const keys = async ({ stack }: Stage): Promise<Scene> => {
  const redis = stack.use(await startRedis())
  const proxy = stack.use(await startCutting(redis.port))
  await redis.client.mset('limits:1', 'x', 'limits:2', 'x', 'session:1', 'x')
  const heard = await redis.listen()
  stack.defer(() => heard.stop())
  return {
    kind: 'redis.flush',
    options: { via: 'redis', host: '127.0.0.1', port: proxy.port, tls: 'none', prefixes: ['limits:'] },
    target: `redis:127.0.0.1:${proxy.port}`,
    input: 'pattern=limits:*',
    keep: () => Promise.resolve({ happened: proxy.park(/unlink/i) }),
    deeds: async () => [
      ...heard
        .commands()
        .filter(([name = '']) => /^(UNLINK|DEL|FLUSH)/.test(name))
        .map(([name, ...rest]) => [name, ...rest.toSorted()].join(' ')),
      `left: ${(await redis.client.keys('*')).join(' ')}`,
    ],
  }
}

export const containers = async ({ stack }: Stage): Promise<Scene> => {
  const socket = join(temporary(stack, 'kiosk-docker-'), 'docker.sock')
  const engine = stack.use(await startDockerEngine({ socket, project: 'kiosk', containers: [{ service: 'api', health: 'healthy' }] }))
  return {
    kind: 'compose.restart',
    options: { socket, project: 'kiosk', services: ['api'], stopSeconds: 0, steadySeconds: 0 },
    target: 'compose:kiosk',
    input: 'service=api',
    keep: () => {
      engine.conduct = () => 'hung'
      return Promise.resolve({ happened: until(() => engine.deeds.length > 0, 'the restart') })
    },
    deeds: () => engine.deeds,
  }
}

/** The file has its name already, and is read once more: that does not end. */
export const backup = async ({ postgres, stack }: Stage): Promise<Scene> => {
  const folder = temporary(stack, 'kiosk-backup-')
  const [bin, kept, dumped, goOn] = ['bin', 'kept', 'dumped', 'go-on'].map((name) => join(folder, name)) as [string, string, string, string]
  mkdirSync(bin)
  const real = execFileSync('sh', ['-c', 'command -v pg_dump pg_restore'], { encoding: 'utf8' }).trim().split('\n')
  const program = (name: string, before: string) => {
    const path = real.find((one) => one.endsWith(name)) ?? name
    writeFileSync(join(bin, name), `#!/bin/sh\n${before}\nexec ${path} "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
  program('pg_dump', `[ "$1" = --version ] || echo dumped >> ${dumped}`)
  // Nothing waits for ever: with the folder it goes, too.
  program(
    'pg_restore',
    `case "$2" in *.dump) [ -e ${goOn} ] || { touch ${kept}; while [ -d ${folder} ] && [ ! -e ${goOn} ]; do sleep 0.1; done; };; esac`,
  )
  const owner = new Client({ connectionString: await postgres.createDatabase('kept') })
  await owner.connect()
  await owner.query('create table letters as select n as id from generate_series(1, 30) n')
  await owner.end()
  return {
    kind: 'postgres.backup',
    options: {
      host: '127.0.0.1',
      port: postgres.port,
      secret: 'KIOSK_DATABASE_URL',
      tls: 'none',
      directory: folder,
      free: 1,
      programs: bin,
    },
    target: 'backup:127.0.0.1',
    environment: { KIOSK_DATABASE_URL: postgres.url('kept') },
    keep: () => Promise.resolve({ happened: until(() => existsSync(kept), 'the backup') }),
    goOn: () => writeFileSync(goOn, ''),
    deeds: () => readFileSync(dumped, 'utf8').trim().split('\n'),
  }
}

const held = async ({ surroundings }: Stage, service: string, method: string, caller: string) => {
  await surroundings.ask('POST', '/faults', { kind: 'hold', when: 'after', service, method, caller, times: 1 })
  const wait = async () => {
    while ((await surroundings.ask<unknown[]>('GET', `/held?caller=${caller}&wait=30000`)).length === 0);
  }
  return { happened: wait() }
}
type Called = { readonly service: string; readonly method: string; readonly caller?: string }
/** What somebody changed in the world: methods and paths, without what is made up anew each time. */
const changesBy = async ({ surroundings }: Stage, caller: string): Promise<string[]> =>
  (await surroundings.ask<Called[]>('GET', '/calls'))
    .filter((call) => call.caller === caller && !call.method.startsWith('GET '))
    .map(({ method }) => method.replaceAll(/\b(prj|env|dpl)_[A-Za-z0-9_-]+/g, '$1'))

export const commit = async (stage: Stage): Promise<Scene> => {
  const octokit = new Octokit({ auth: 'ghp_test', baseUrl: stage.surroundings.world.githubApiUrl })
  const kiosk = { owner: 'acme', repo: 'kiosk' }
  await octokit.repos.createForAuthenticatedUser({ name: kiosk.repo, auto_init: true })
  const { data: main } = await octokit.git.getRef({ ...kiosk, ref: 'heads/main' })
  const { data: base } = await octokit.git.getCommit({ ...kiosk, commit_sha: main.object.sha })
  const { data: tree } = await octokit.git.createTree({
    ...kiosk,
    base_tree: base.tree.sha,
    tree: [{ path: 'a.txt', mode: '100644', type: 'blob', content: 'broken' }],
  })
  const { data: bad } = await octokit.git.createCommit({
    ...kiosk,
    message: 'Break checkout',
    tree: tree.sha,
    parents: [main.object.sha],
  })
  await octokit.git.updateRef({ ...kiosk, ref: 'heads/main', sha: bad.sha })
  return {
    kind: 'git.revert',
    options: { secret: 'KIOSK_GITHUB_TOKEN', apiUrl: stage.surroundings.world.githubApiUrl, repository: 'acme/kiosk' },
    target: 'git:acme/kiosk:main',
    environment: { KIOSK_GITHUB_TOKEN: 'ghp_test~kiosk-git' },
    keep: () => held(stage, 'github', 'PATCH *git/refs/*', 'kiosk-git'),
    deeds: () => changesBy(stage, 'kiosk-git'),
  }
}

/** A project of the world's Vercel with two deployments. */
const vercel = async (stage: Stage, project: string) => {
  const { surroundings } = stage
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${surroundings.world.vercelApiUrl}${path}?slug=local`, {
      method,
      headers: { authorization: `Bearer ${vercelToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
    return response.json()
  }
  const WithId = z.object({ id: z.string() })
  for (const [commitSha, hours] of [
    ['aaa1111aaa1111', 48],
    ['bbb2222bbb2222', 1],
  ] as const) {
    const meta = { githubCommitSha: commitSha, githubCommitMessage: 'Change', githubCommitRef: 'main', githubCommitAuthorName: 'Ann' }
    const { id } = WithId.parse(await call('POST', '/v13/deployments', { name: project, target: 'production', meta }))
    const at = Date.now() - hours * 3_600_000
    await surroundings.ask('POST', '/vercel/deployments', { id, created: at, createdAt: at, aliasAssigned: at })
  }
  const { id } = WithId.parse(await call('GET', `/v9/projects/${project}`))
  await surroundings.ask('POST', '/vercel/manners', { id, moves: 'soon', builds: 'soon', ms: 50 })
  const caller = `kiosk-${project}`
  return {
    options: { secret: 'KIOSK_VERCEL_TOKEN', apiUrl: surroundings.world.vercelApiUrl, team: 'local', project },
    target: `vercel:${project}`,
    environment: { KIOSK_VERCEL_TOKEN: `${vercelToken}~${caller}` },
    keep: (method: string) => held(stage, 'vercel', method, caller),
    deeds: () => changesBy(stage, caller),
  }
}

/** The older of two deployments is served again. */
export const deployment =
  (how: 'rollback' | 'promote') =>
  async (stage: Stage): Promise<Scene> => {
    const place = await vercel(stage, how)
    return { kind: `vercel.${how}`, ...place, input: 'to=aaa1111', keep: () => place.keep(`POST */${how}/*`) }
  }

/** Killed at the call of that method. */
export const variable =
  (project: string, method: string) =>
  async (stage: Stage): Promise<Scene> => {
    const place = await vercel(stage, project)
    return {
      kind: 'env.switch',
      ...place,
      options: { ...place.options, variable: 'MAILER', values: { resend: 'resend', brevo: 'brevo' } },
      input: 'to=brevo',
      keep: () => place.keep(method),
    }
  }
