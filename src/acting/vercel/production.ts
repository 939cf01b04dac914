/** What production serves, what it served before, and what is known about a deployment that somebody names. */
import { z } from 'zod'
import type { Unable } from '../../incident/acting/action.ts'
import { duration } from '../../incident/duration.ts'
import { shortCommit } from '../../checking/commit.ts'
import { foreign } from '../../checking/foreign.ts'
import type { Got } from '../../checking/vercel/api.ts'
import { askDeployments, askProject, Deployment, described, type Project, withServed } from '../../checking/vercel/deployments.ts'
import { type ActingVercel, unableOf } from './call.ts'

/** How many deployments to production are looked at for the one before. */
const mostDeployments = 100

/** Who names a deployment: its id, its address, or a commit. */
export const DeploymentName = z
  .string()
  .trim()
  .transform((text) => text.replace(/^https:\/\//, '').replace(/\/$/, ''))
  .pipe(
    z
      .string()
      .regex(
        /^(dpl_[A-Za-z0-9_-]{1,60}|[0-9a-f]{7,40}|[a-z0-9]([a-z0-9._-]{0,200})\.[a-z]{2,20}|)$/i,
        'must be the id of a deployment (dpl_…), its address, or a commit of 7 digits or more',
      ),
  )
  .default('')

/** A release in stages that is under way. */
export type Rolling = { readonly base: string | null; readonly canary: string; readonly percent: number | null }

/** Production as it is now. */
export type Served = {
  readonly project: Project
  readonly current: Deployment
  /** The newest deployments to production, the newest first. */
  readonly list: readonly Deployment[]
  readonly rolling: Rolling | null
}

const Release = z.object({
  rollingRelease: z
    .object({
      state: z.string(),
      currentDeployment: z.object({ id: z.string() }).nullish(),
      canaryDeployment: z.object({ id: z.string() }).nullish(),
      activeStage: z.object({ targetPercentage: z.number() }).nullish(),
    })
    .nullish(),
})

/** The release in stages that is under way, if there is one. */
export const askRolling = async (vercel: ActingVercel, project: Project): Promise<Got<Rolling | null>> => {
  if (project.rollingRelease === null || project.rollingRelease === undefined) return { value: null }
  const asked = await vercel.get(`/v1/projects/${encodeURIComponent(project.id)}/rolling-release`, Release, { state: 'ACTIVE' })
  if ('findings' in asked) return asked
  const release = asked.value.rollingRelease
  const canary = release?.canaryDeployment
  return {
    value:
      release?.state === 'ACTIVE' && canary !== null && canary !== undefined
        ? { base: release.currentDeployment?.id ?? null, canary: canary.id, percent: release.activeStage?.targetPercentage ?? null }
        : null,
  }
}

/** Whether a rollback or a promotion is under way. */
export const isMoving = ({ lastAliasRequest: request }: Project): boolean =>
  request !== null && request !== undefined && ['pending', 'in-progress'].includes(request.jobStatus)

/** Whether production was rolled back, so that nothing is promoted by itself. */
export const isRolledBack = ({ lastAliasRequest: request, targets }: Project): boolean =>
  request?.type === 'rollback' && request.jobStatus === 'succeeded' && request.toDeploymentId === targets?.id

/** Looks at production. */
export const askServed = async (vercel: ActingVercel): Promise<Served | Unable> => {
  const asked = await askProject(vercel)
  if ('findings' in asked) return unableOf(asked.findings)
  const listed = await askDeployments(vercel, asked.value.id, mostDeployments)
  if ('findings' in listed) return unableOf(listed.findings)
  const project = withServed(asked.value, listed.value.list)
  const { targets: current } = project
  const isListed = listed.value.list.some(({ id }) => id === current?.id)
  // Rolled back so long ago that what was before it is on another page.
  const older = current === null || isListed ? null : await askDeployments(vercel, project.id, mostDeployments, { until: current.created })
  if (older !== null && 'findings' in older) return unableOf(older.findings)
  const list = [...listed.value.list, ...(older?.value.list ?? [])]
  if (current === null) return { unable: `${foreign(project.name)} has no production deployment: there is nothing to go from.` }
  const rolling = await askRolling(vercel, project)
  if ('findings' in rolling) return unableOf(rolling.findings)
  const { lastAliasRequest: request } = project
  if (isMoving(project))
    return {
      unable: `A ${request?.type === 'rollback' ? 'rollback' : 'promotion'} to ${foreign(request?.toDeploymentId ?? '', 60)} is under way at Vercel: wait until it is done, then ask anew.`,
    }
  return { project, current, list, rolling: rolling.value }
}

/** The one that served before: what a rollback without a name goes to. It is the newest of the older ones, but where Vercel says from what
 *  the one that is served was promoted. */
export const previousOf = ({ project: { lastAliasRequest: last }, current, list }: Served): Deployment | null => {
  const older = list.filter(
    ({ id, state, unserved, created }) => id !== current.id && state === 'READY' && !unserved && created < current.created,
  )
  const from = last?.type === 'promote' && last.toDeploymentId === current.id ? last.fromDeploymentId : null
  return older.find(({ id }) => id === from) ?? older[0] ?? null
}

/** Whether the previous one may have been taken back itself: Vercel tells of the last rollback or promotion only, and that one came after
 *  it was built, and was not to it. */
export const isDoubtful = ({ project: { lastAliasRequest: last }, current }: Served, previous: Deployment): boolean =>
  last !== null &&
  last !== undefined &&
  last.requestedAt > previous.created &&
  last.toDeploymentId !== previous.id &&
  !(last.type === 'promote' && last.toDeploymentId === current.id && last.fromDeploymentId === previous.id)

/** `dpl_B (abc1234 “Break checkout” by Ann)`. */
export const named = (one: Deployment): string => {
  const id = foreign(one.id, 60)
  return one.commit === null && one.message === null ? id : `${id} (${described(one)})`
}

/** The same with how old it is. */
export const aged = (one: Deployment, now: number, word: 'live for' | 'built'): string => {
  const age = duration(Math.max(now - (word === 'built' ? one.created : one.live), 0))
  const when = word === 'built' ? `built ${age} ago` : `live for ${age}`
  return one.commit === null && one.message === null
    ? `${foreign(one.id, 60)} (${when})`
    : `${foreign(one.id, 60)} (${described(one)}, ${when})`
}

/** The deployment that `name` means, or why there is none. */
export const findDeployment = async (
  vercel: ActingVercel,
  { project, list }: Pick<Served, 'project' | 'list'>,
  name: string,
): Promise<Deployment | Unable> => {
  if (/^[0-9a-f]{7,40}$/.test(name)) {
    const built = list.filter(({ commit }) => commit?.startsWith(name) === true)
    const [first] = built
    if (first === undefined)
      return {
        unable: `None of the last ${list.length} deployments to production was built from commit ${name}: name one by its id (dpl_…).`,
      }
    const other = built.find(({ commit }) => commit !== first.commit)
    if (other !== undefined) return { unable: `${name} begins more than one commit: give more of its digits.` }
    return built.find(({ state, unserved }) => state === 'READY' && !unserved) ?? first
  }
  const known = list.find(({ id, host }) => id === name || host === name)
  if (known !== undefined) return known
  const response = await vercel.open(`/v13/deployments/${encodeURIComponent(name)}`)
  if (response.status === 404) {
    await response.body?.cancel()
    return { unable: `Vercel knows no deployment ${name}: it was deleted, or belongs to another team.` }
  }
  const why = await vercel.refusal(response)
  if (why !== null) return unableOf([why])
  const read = Deployment.safeParse(JSON.parse(await response.text()))
  if (!read.success) return { unable: `Vercel’s answer about ${name} is not as documented.` }
  const { project: owner } = read.data
  if (owner !== null && owner !== project.id) return { unable: `${name} is a deployment of another project than ${foreign(project.name)}.` }
  return read.data
}

/** Why a deployment cannot be served, whoever asks for it; null: it can. */
export const unservable = (one: Deployment, { current, rolling }: Served): string | null => {
  const id = foreign(one.id, 60)
  if (one.id === current.id && rolling === null) return `Production serves ${named(one)} already: there is nothing to do.`
  if (one.state === 'DELETED') return `${id} was deleted.`
  if (one.state === 'ERROR') return `${id} failed to build, so it can serve nothing.`
  if (one.state !== 'READY') return `${id} is ${foreign(one.state.toLowerCase(), 20)}, not ready: it can serve nothing.`
  if (one.target !== 'production') return `${id} was built for ${foreign(one.target ?? 'preview', 20)}, not for production.`
  return null
}

/** Which Vercel plan it is on, where that is known. */
export const askPlan = async (vercel: ActingVercel, { current }: Served): Promise<string | null> => {
  const asked = await vercel.get(`/v13/deployments/${encodeURIComponent(current.id)}`, Deployment)
  return 'findings' in asked ? null : asked.value.plan
}

/** A commit where there is one, else the deployment. */
export const short = ({ commit, id }: Deployment): string => (commit === null ? foreign(id, 60) : shortCommit(commit))
