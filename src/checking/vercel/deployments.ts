/** Deployments to production: the one that is served, the newest, and what was asked of them. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import type { Change, Finding } from '../../incident/check.ts'
import { duration } from '../../incident/duration.ts'
import type { Instant } from '../../incident/policy.ts'
import { shortCommit, subject } from '../commit.ts'
import { foreign } from '../foreign.ts'
import { atMost } from '../json.ts'
import { measure } from '../measure.ts'
import type { Got, Vercel } from './api.ts'

const Millis = z.number().min(0).max(8.64e15)
const Text = z.string().nullish().catch(null)

/** The name of the mark that an action's run leaves on what it deploys. */
export const markName = 'tocsinRun'

export const Deployment = z
  .object({
    uid: z.string().optional(),
    id: z.string().optional(),
    url: Text,
    created: Millis.optional(),
    createdAt: Millis.optional(),
    ready: Millis.nullish(),
    readyState: z.string().optional(),
    state: z.string().optional(),
    readySubstate: Text,
    projectId: Text,
    target: Text,
    plan: Text,
    isRollbackCandidate: z.boolean().nullish().catch(null),
    aliasAssigned: z.union([z.boolean(), Millis]).nullish(),
    errorMessage: Text,
    inspectorUrl: Text,
    creator: z.object({ username: Text, email: Text, githubLogin: Text }).nullish().catch(null),
    meta: z.record(z.string(), z.unknown()).nullish().catch(null),
  })
  .transform((one, context) => {
    const id = one.uid ?? one.id
    const created = one.created ?? one.createdAt
    if (id === undefined || created === undefined) {
      context.addIssue({ code: 'custom', message: 'a deployment without id or time of creation' })
      return z.NEVER
    }
    const meta = (...names: readonly string[]): string | null => {
      for (const name of names)
        for (const host of ['github', 'gitlab', 'bitbucket']) {
          const value = one.meta?.[`${host}${name}`]
          if (typeof value === 'string' && value !== '') return value
        }
      return null
    }
    const live = typeof one.aliasAssigned === 'number' ? one.aliasAssigned : (one.ready ?? created)
    const page = one.inspectorUrl ?? (one.url ? `https://${one.url}` : null)
    return {
      id,
      created,
      /** When traffic came to it, as far as is known. */
      live: Math.max(live, created),
      state: (one.readyState ?? one.state ?? 'UNKNOWN').toUpperCase(),
      staged: one.readySubstate === 'STAGED',
      /** It has never served, as far as Vercel says. */
      unserved:
        one.readySubstate === 'STAGED' || one.isRollbackCandidate === false || (one.readySubstate !== 'PROMOTED' && !one.aliasAssigned),
      project: one.projectId ?? null,
      target: one.target ?? null,
      plan: one.plan ?? null,
      /** Its own address, a host. */
      host: one.url ?? null,
      error: one.errorMessage ?? null,
      page: page !== null && /^https?:\/\//.test(page) ? page : null,
      commit: meta('CommitSha'),
      message: meta('CommitMessage'),
      branch: meta('CommitRef'),
      /** What a run of an action marked it with. */
      mark: typeof one.meta?.[markName] === 'string' ? one.meta[markName] : null,
      by: meta('CommitAuthorName', 'CommitAuthorLogin') ?? one.creator?.githubLogin ?? one.creator?.username ?? one.creator?.email ?? null,
    }
  })
export type Deployment = z.infer<typeof Deployment>

export const Project = z.object({
  id: z.string(),
  accountId: z.string().optional(),
  name: z.string(),
  /** Its domains answer 503 to everybody, whatever is deployed. */
  paused: z.boolean().nullish(),
  targets: z
    .object({ production: Deployment.nullish() })
    .nullish()
    .transform((targets) => targets?.production ?? null),
  /** How releases go there in stages, where they do. */
  rollingRelease: z.record(z.string(), z.unknown()).nullish().catch(null),
  lastAliasRequest: z
    .object({
      fromDeploymentId: z.string().nullish(),
      toDeploymentId: z.string(),
      jobStatus: z.string(),
      requestedAt: Millis,
      type: z.string(),
    })
    .nullish(),
})
export type Project = z.infer<typeof Project>

/** Asks for the project, with what production's domains point to. */
export const askProject = (vercel: Vercel): Promise<Got<Project>> => vercel.get(`/v9/projects/${vercel.project}`, Project)

/** As many as a page of Vercel's holds. */
const mostListed = 100

const List = z.object({ deployments: atMost(Deployment, mostListed), pagination: z.object({ next: z.number().nullish() }).nullish() })

/** Deployments to production, or to everything, the newest first; `more`: there are older ones in the same time. */
export const askDeployments = async (
  vercel: Vercel,
  projectId: string,
  limit: number,
  between: { readonly since?: number; readonly until?: number } = {},
  target: 'production' | 'any' = 'production',
): Promise<Got<{ readonly list: readonly Deployment[]; readonly more: boolean }>> => {
  const query = Object.fromEntries(Object.entries(between).map(([name, at]) => [name, String(at)]))
  const asked = await vercel.get('/v6/deployments', List, {
    projectId,
    ...(target === 'any' ? {} : { target }),
    limit: String(limit),
    ...query,
  })
  if ('findings' in asked) return asked
  const { deployments, pagination } = asked.value
  return {
    value: {
      list: deployments.toSorted((a, b) => b.created - a.created).slice(0, limit),
      more: typeof pagination?.next === 'number' && deployments.length >= limit,
    },
  }
}

/** What is served, as the list tells it where it does: the project may tell less. */
export const withServed = (project: Project, list: readonly Deployment[]): Project => ({
  ...project,
  targets: list.find(({ id }) => id === project.targets?.id) ?? project.targets,
})

const building = ['BUILDING', 'QUEUED', 'INITIALIZING']
const broken = ['ERROR', 'CANCELED', 'BLOCKED']

/** `abc1234 “fix checkout” by Ann`. */
export const described = ({ id, commit, message, by }: Deployment): string =>
  [
    commit === null ? foreign(id, 40) : shortCommit(commit),
    ...(message === null ? [] : [`“${subject(message, 80)}”`]),
    ...(by === null ? [] : [`by ${foreign(by, 40)}`]),
  ].join(' ')

const ago = (now: number, at: number): string => `${duration(Math.max(now - at, 0))} ago`

/** What was asked of production's domains last, where that is more than the usual promotion. */
const aliasing = ({ lastAliasRequest: request, targets: current }: Project, list: readonly Deployment[], now: number): Finding[] => {
  if (request === null || request === undefined) return []
  const { type, jobStatus, requestedAt, toDeploymentId: to, fromDeploymentId: from } = request
  const what = type === 'rollback' ? 'rollback' : 'promotion'
  const named = (id: string | null | undefined): string => {
    const one = [...list, ...(current === null ? [] : [current])].find((each) => each.id === id)
    return one === undefined ? foreign(id ?? 'another deployment', 40) : described(one)
  }
  if (['pending', 'in-progress'].includes(jobStatus))
    return [
      { status: 'warn', text: `A ${what} to ${named(to)} was asked for ${ago(now, requestedAt)} and is under way: wait until it is done.` },
    ]
  if (jobStatus === 'failed')
    return [{ status: 'warn', text: `A ${what} to ${named(to)}, asked for ${ago(now, requestedAt)}, failed: look at it in Vercel.` }]
  if (type !== 'rollback' || current?.id !== to) return []
  return [
    {
      status: 'warn',
      text: `Production was rolled back ${ago(now, requestedAt)}, from ${named(from)}: what is pushed now is built but not served until somebody promotes a deployment.`,
    },
  ]
}

/** The newest deployment where it is not the one that is served. */
const newest = (project: Project, list: readonly Deployment[], now: number): Finding[] => {
  const { targets: current, lastAliasRequest: request } = project
  const [last] = list
  if (last === undefined || last.id === current?.id || (current !== null && last.created < current.created)) return []
  const it = `The newest deployment to production (${described(last)}, ${ago(now, last.created)})`
  if (building.includes(last.state)) return [{ status: 'ok', text: `${it} is being built.` }]
  if (broken.includes(last.state)) {
    const why = last.error === null ? '' : ` Vercel says: ${foreign(last.error, 160)}`
    const word = last.state === 'ERROR' ? 'failed to build' : `is ${last.state.toLowerCase()}`
    return [{ status: 'warn', text: `${it} ${word}: the one before is served.${why}` }]
  }
  if (request?.type === 'rollback' && request.toDeploymentId === current?.id) return []
  return [
    {
      status: 'warn',
      text: `${it} is ${last.staged ? 'staged' : 'built'}, but not what is served: promote it, or find out who kept it back.`,
    },
  ]
}

/** Judges production as it is. */
export const judgeProduction = (
  project: Project,
  list: readonly Deployment[],
  at: Instant,
  { branch }: { readonly branch?: string | undefined },
): CheckAnswer => {
  const now = Date.parse(at)
  const { targets: current } = project
  const line = (one: Deployment) =>
    `${new Date(one.created).toISOString()}  ${one.state}${one.id === current?.id ? ', served' : ''}  ${described(one)}${one.branch === null ? '' : ` (${foreign(one.branch, 60)})`}`
  const detail = list.length === 0 ? {} : { detail: { title: 'Deployments to production', text: list.map(line).join('\n') } }
  if (current === null)
    return {
      findings: [
        {
          status: 'fail',
          text: `${foreign(project.name)} has no production deployment: its domains serve nothing. Deploy, or promote one.`,
        },
        ...newest(project, list, now),
      ],
      measurements: [],
      ...detail,
    }
  const paused: Finding[] =
    project.paused === true
      ? [
          {
            status: 'fail',
            text: `${foreign(project.name)} is paused in Vercel: its domains serve nothing, whatever is deployed. Find out who paused it, or which limit of spending, then resume it in Vercel, Settings → General.`,
          },
        ]
      : []
  const age = Math.max(now - current.live, 0)
  const failed = list.filter(({ state }) => state === 'ERROR').length
  const first: Finding = {
    status: current.state === 'READY' ? 'ok' : 'fail',
    text:
      current.state === 'READY'
        ? `Production ${project.paused === true ? 'would serve' : 'serves'} ${described(current)}, for ${duration(age)}.`
        : `Production points to a deployment that is ${foreign(current.state.toLowerCase(), 20)}: ${described(current)}. Roll back to one that is ready.`,
  }
  const elsewhere: Finding[] =
    branch !== undefined && current.branch !== null && current.branch !== branch
      ? [{ status: 'warn', text: `It was built from ${foreign(current.branch, 60)}, where production is built from ${branch}.` }]
      : []
  return {
    findings: [...paused, first, ...elsewhere, ...aliasing(project, list, now), ...newest(project, list, now)],
    measurements: [
      ...measure('deployment age', age / 3_600_000, 'h').measurement,
      ...(list.length === 0 ? [] : measure('failed builds', failed, '').measurement),
    ],
    ...detail,
  }
}

const outcome = (one: Deployment): string =>
  one.state === 'READY'
    ? one.staged
      ? ' (staged)'
      : ''
    : ` (${one.state === 'ERROR' ? 'failed to build' : foreign(one.state.toLowerCase(), 20)})`

/** A deployment as something that was changed. */
export const changeOf = (one: Deployment): Change => ({
  at: new Date(one.state === 'READY' ? one.live : one.created).toISOString(),
  kind: 'deployment',
  title: `${one.message === null ? `Deployment ${foreign(one.id, 40)}` : subject(one.message)}${one.commit === null ? '' : ` (${shortCommit(one.commit)})`}${outcome(one)}`,
  by: one.by === null ? null : foreign(one.by, 60),
  url: one.page,
  ...(one.commit === null ? {} : { commit: shortCommit(one.commit) }),
})

/** A rollback or a promotion as something that was changed. */
export const aliasChange = ({ lastAliasRequest: request, targets: current }: Project, list: readonly Deployment[]): Change[] => {
  if (request === null || request === undefined || !['rollback', 'promote'].includes(request.type)) return []
  const to = [...list, ...(current === null ? [] : [current])].find(({ id }) => id === request.toDeploymentId)
  const word = request.jobStatus === 'succeeded' ? '' : ` (${foreign(request.jobStatus, 20)})`
  return [
    {
      at: new Date(request.requestedAt).toISOString(),
      kind: 'deployment',
      title: `${request.type === 'rollback' ? 'Rolled back' : 'Promoted'} to ${to === undefined ? foreign(request.toDeploymentId, 40) : described(to)}${word}`,
      by: null,
      url: to?.page ?? null,
    },
  ]
}
