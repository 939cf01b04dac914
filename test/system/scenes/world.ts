/** Changes at GitHub and Vercel, in the world that the bots live in. */
import { Octokit } from '@octokit/rest'
import { z } from 'zod'
import type { Builder, Scene, Stage } from './scene.ts'

export const vercelToken = 'vercel_token_of_the_kiosk'

const mailer = { variables: [{ key: 'MAILER', value: 'resend', type: 'encrypted', target: ['production'] }] }

/** Projects of the world's Vercel: one for each scene that needs one. */
export const vercelProjects = [
  { name: 'rollback' },
  { name: 'promote' },
  { name: 'deploy' },
  { name: 'switch-set', ...mailer },
  { name: 'switch-build', ...mailer },
  { name: 'switch-back', ...mailer },
]

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

/** A repository whose newest commit is to be taken back. */
const broken = async ({ surroundings }: Stage, repo: string) => {
  const octokit = new Octokit({ auth: 'ghp_test', baseUrl: surroundings.world.githubApiUrl })
  const kiosk = { owner: 'acme', repo }
  await octokit.repos.createForAuthenticatedUser({ name: repo, auto_init: true })
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
  return { octokit, kiosk }
}

const reverting = (stage: Stage, repo: string, method: string): Scene => {
  const secret = `KIOSK_GITHUB_TOKEN_${repo.replace('-', '_').toUpperCase()}`
  return {
    kind: 'git.revert',
    options: { secret, apiUrl: stage.surroundings.world.githubApiUrl, repository: `acme/${repo}` },
    target: `git:acme/${repo}:main`,
    environment: { [secret]: `ghp_test~${repo}` },
    keep: () => held(stage, 'github', method, repo),
    deeds: () => changesBy(stage, repo),
  }
}

export const commit: Builder = async (stage) => {
  await broken(stage, 'kiosk')
  return reverting(stage, 'kiosk', 'PATCH *git/refs/*')
}

/** Of a protected branch: people merge it. */
export const pullRequest: Builder = async (stage) => {
  const { octokit, kiosk } = await broken(stage, 'kiosk-safe')
  await octokit.repos.updateBranchProtection({
    ...kiosk,
    branch: 'main',
    required_status_checks: null,
    enforce_admins: true,
    required_pull_request_reviews: { required_approving_review_count: 1 },
    restrictions: null,
  })
  return {
    ...reverting(stage, 'kiosk-safe', 'POST */pulls'),
    afterwards: async ({ becomes, say }) => {
      await becomes(1, ({ task }) => task !== null, 'a pull request to merge')
      const { data: pulls } = await octokit.pulls.list({ ...kiosk, state: 'all' })
      if (pulls.length !== 1) throw new Error(`there are ${pulls.length} pull requests`)
      await octokit.repos.deleteBranchProtection({ ...kiosk, branch: 'main' })
      await octokit.pulls.merge({ ...kiosk, pull_number: pulls[0]?.number ?? 0, merge_method: 'merge' })
      await say('bob', '/incident tick 1 1')
    },
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
  const secret = `KIOSK_VERCEL_TOKEN_${project.replace('-', '_').toUpperCase()}`
  return {
    options: { secret, apiUrl: surroundings.world.vercelApiUrl, team: 'local', project },
    target: `vercel:${project}`,
    environment: { [secret]: `${vercelToken}~${caller}` },
    keep: (method: string) => held(stage, 'vercel', method, caller),
    deeds: () => changesBy(stage, caller),
  }
}

/** The older of two deployments is served again. */
export const deployment =
  (how: 'rollback' | 'promote'): Builder =>
  async (stage) => {
    const place = await vercel(stage, how)
    return { kind: `vercel.${how}`, ...place, input: 'to=aaa1111', keep: () => place.keep(`POST */${how}/*`) }
  }

export const build: Builder = async (stage) => {
  const place = await vercel(stage, 'deploy')
  return {
    kind: 'vercel.deploy',
    ...place,
    options: { ...place.options, environment: 'production' },
    input: 'commit=aaa1111',
    keep: () => place.keep('POST /v13/deployments'),
  }
}

const patch = 'PATCH */env/*'
const values = { variable: 'MAILER', values: { resend: 'resend', brevo: 'brevo' } }

/** Killed at the call of the variable, or at that of the build. */
export const variable =
  (at: 'set' | 'build'): Builder =>
  async (stage) => {
    const place = await vercel(stage, `switch-${at}`)
    return {
      kind: 'env.switch',
      ...place,
      options: { ...place.options, ...values },
      input: 'to=brevo',
      keep: () => place.keep(at === 'set' ? patch : 'POST /v13/deployments'),
    }
  }

/** Killed at the variable, as it returns by itself. */
export const variableBack: Builder = async (stage) => {
  const place = await vercel(stage, 'switch-back')
  const returns = Promise.withResolvers<void>()
  return {
    kind: 'env.switch',
    ...place,
    options: { ...place.options, ...values, for: { least: '1m' } },
    input: 'to=brevo for=1m',
    keep: () => Promise.resolve({ happened: returns.promise }),
    until: async ({ becomes, expire }) => {
      await becomes(1, ({ status }) => status === 'done', 'a variable that is switched')
      const { happened } = await place.keep(patch)
      await expire()
      await happened
      returns.resolve()
    },
  }
}
