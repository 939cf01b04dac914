/** Has Vercel build a deployment anew, marked with the run that asked for it, so that it is found again and never asked for twice. */
import { z } from 'zod'
import { foreign } from '../../checking/foreign.ts'
import { askDeployments, askProject, Deployment, markName } from '../../checking/vercel/deployments.ts'
import type { ActContext } from '../../define/action.ts'
import type { Ran } from '../../incident/acting/action.ts'
import type { Instant } from '../../incident/policy.ts'
import { FetchFault } from '../../ports.ts'
import { sentence } from '../sentence.ts'
import { type ActingVercel, lostOf, pause } from './call.ts'
import { askRolling } from './production.ts'

/** What is built anew: a deployment that Vercel has, for production or beside it. */
export type Build = {
  readonly project: string
  readonly name: string
  readonly source: string
  readonly target: 'production' | 'staging' | 'preview'
}

/** How often it is looked how far a build is, in milliseconds. */
const lookMs = 1_000

/** After so long a build is not waited for any more: Vercel ends its own after 45 minutes. */
export const longestBuildMs = 50 * 60_000

/** A page of deployments, and so many pages are looked through for a mark. */
const pageSize = 100
const mostPages = 10

/** What was asked for may be dated so much earlier, in milliseconds: Vercel's clock is not ours. */
const apartMs = 60 * 60_000

const Made = z.object({ id: z.string() })

/** What a kind says that it calls. */
export const buildCalls = (apiUrl: string): string[] => [`POST ${apiUrl.replace(/\/+$/, '')}/v13/deployments`]

const bodyOf = ({ project, name, source, target }: Build) => ({
  deploymentId: source,
  name,
  project,
  ...(target === 'preview' ? {} : { target }),
})

const addressOf = (vercel: Pick<ActingVercel, 'address'>): string => vercel.address('/v13/deployments?forceNew=1')

/** The call as it is shown. */
export const buildCall = (vercel: Pick<ActingVercel, 'address'>, build: Build): string =>
  `POST ${addressOf(vercel)} ${JSON.stringify(bodyOf(build))}`

/** What this run has had built since it began, null for nothing; or how a run ends of which nobody can tell that, as too many came after it.
 *  Throws FetchFault when Vercel does not say. */
export const findBuild = async (
  vercel: ActingVercel,
  { project }: Build,
  runKey: string,
  began: Instant | null,
): Promise<Deployment | null | Ran> => {
  const since = began === null ? {} : { since: Date.parse(began) - apartMs }
  let until = {}
  for (let page = 1; page <= mostPages; page += 1) {
    const asked = await askDeployments(vercel, project, pageSize, { ...since, ...until }, 'any')
    if ('findings' in asked) throw lostOf(asked.findings)
    const { list, more } = asked.value
    const found = list.find(({ mark }) => mark === runKey)
    if (found !== undefined) return found
    const oldest = list.at(-1)
    if (!more || oldest === undefined) return null
    // Another may be of the same millisecond.
    until = { until: oldest.created + 1 }
  }
  return {
    outcome: 'unclear',
    text: `Vercel has made more than ${mostPages * pageSize} deployments since, so nobody can tell whether this run had one built: \`vercel list --meta ${markName}=${runKey}\` shows it.`,
  }
}

/** Has it built, once: gives its id, or why Vercel does not. */
export const startBuild = async (
  vercel: ActingVercel,
  build: Build,
  runKey: string,
): Promise<{ readonly id: string } | { readonly refused: string }> => {
  const asked = await vercel.change('POST', addressOf(vercel), { ...bodyOf(build), meta: { action: 'redeploy', [markName]: runKey } })
  if ('refused' in asked) return asked
  const made = Made.safeParse(asked.json)
  if (!made.success) throw new FetchFault('reset', 'Vercel accepted the build, and did not say which it is.')
  return made.data
}

/** How far a build is. */
export type Built =
  | { readonly at: 'building'; readonly since: number }
  | { readonly at: 'failed'; readonly why: string }
  /** `staged`: built for production, and not served before somebody promotes it. */
  | { readonly at: 'served' | 'staged' | 'ready' }
  /** A newer one is served. */
  | { readonly at: 'passed'; readonly by: string }
  | { readonly at: 'stages'; readonly percent: number | null }

/** Looks how far it is. Throws FetchFault when Vercel does not say. */
export const askBuilt = async (vercel: ActingVercel, { project: projectId, target }: Build, id: string): Promise<Built> => {
  const asked = await vercel.get(`/v13/deployments/${encodeURIComponent(id)}`, Deployment)
  if ('findings' in asked) throw lostOf(asked.findings)
  const { state, error, created, staged } = asked.value
  if (['ERROR', 'CANCELED', 'BLOCKED', 'DELETED'].includes(state)) {
    const word = state === 'ERROR' ? 'failed to build' : `was ${state.toLowerCase()}`
    return { at: 'failed', why: `${foreign(id, 60)} ${word}.${error === null ? '' : ` Vercel says: ${sentence(foreign(error, 160))}`}` }
  }
  if (state !== 'READY') return { at: 'building', since: created }
  if (target !== 'production') return { at: 'ready' }
  const project = await askProject(vercel)
  if ('findings' in project) throw lostOf(project.findings)
  if (project.value.id !== projectId) throw new FetchFault('reset', 'Vercel has another project under that name now.')
  if (project.value.targets?.id === id) return { at: 'served' }
  const rolling = await askRolling(vercel, project.value)
  if ('findings' in rolling) throw lostOf(rolling.findings)
  if (rolling.value?.canary === id) return { at: 'stages', percent: rolling.value.percent }
  const served = project.value.targets
  if (served !== null && served.created > created) return { at: 'passed', by: served.id }
  return staged ? { at: 'staged' } : { at: 'building', since: created }
}

/** Waits until it is built, and served where it is meant to be. */
export const awaitBuild = async (
  vercel: ActingVercel,
  build: Build,
  id: string,
  { progress, signal }: Pick<ActContext, 'progress' | 'signal'>,
): Promise<Exclude<Built, { at: 'building' }>> => {
  progress(`Vercel is building ${foreign(id, 60)}.`)
  for (;;) {
    const built = await askBuilt(vercel, build, id)
    if (built.at !== 'building') return built
    await pause(lookMs, signal, `Vercel accepted ${foreign(id, 60)}, and it was not built when the time was up.`)
  }
}
