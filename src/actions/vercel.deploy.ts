import { z } from 'zod'
import { firstCall } from '../acting/first-call.ts'
import { askBetweenThem, Repository, repositoryHosts, repositorySecrets } from '../acting/vercel/between.ts'
import {
  askBuilt,
  awaitBuild,
  type Build,
  buildCall,
  buildCalls,
  type Built,
  findBuild,
  longestBuildMs,
  startBuild,
} from '../acting/vercel/build.ts'
import { type ActingVercel, actOnVercel, lostOf, unableOf } from '../acting/vercel/call.ts'
import { aged, askServed, isRolledBack, named, short } from '../acting/vercel/production.ts'
import { shiftBack, shiftCalls } from '../acting/vercel/shift.ts'
import { foreign } from '../checking/foreign.ts'
import { apiHost } from '../checking/option.ts'
import { vercelOptions } from '../checking/vercel/api.ts'
import { askDeployments, askProject, type Deployment, type Project } from '../checking/vercel/deployments.ts'
import { type ActContext, defineAction } from '../define/action.ts'
import type { Ran, Unable } from '../incident/acting/action.ts'
import type { Instant } from '../incident/policy.ts'

const Options = z.strictObject({
  ...vercelOptions,
  /** Where to, whoever asks. */
  environment: z.enum(['production', 'staging', 'preview']),
  /** What may be deployed there: commits of this branch only. */
  branch: z.string().min(1).max(255).default('main'),
  github: Repository.optional(),
})
type Options = z.infer<typeof Options>

/** `from`: what production serves now; null beside production. */
type Plan = Build & { readonly commit: string; readonly from: string | null }

/** So many deployments are looked through for a commit. */
const mostDeployments = 100

/** What Vercel has built of the commit, or of the branch's last one. */
const sourceOf = async (
  vercel: ActingVercel,
  project: Project,
  { branch, environment }: Options,
  commit: string,
): Promise<Deployment | Unable> => {
  const asked = await askDeployments(vercel, project.id, mostDeployments, {}, 'any')
  if ('findings' in asked) return unableOf(asked.findings)
  const { list } = asked.value
  const known = list.filter((one) => one.commit?.startsWith(commit) === true)
  const built = known.filter((one) => one.branch === branch)
  const [newest] = built
  if (newest === undefined) {
    const elsewhere = known.find((one) => one.branch !== null)
    if (commit !== '' && elsewhere !== undefined)
      return {
        unable: `${commit} is of branch ${foreign(elsewhere.branch ?? '', 60)}, and this action deploys ${foreign(branch, 60)} only.`,
      }
    return {
      unable: `Vercel has built ${commit === '' ? 'nothing' : `no commit ${commit}`} of branch ${foreign(branch, 60)} among its last ${list.length} deployments: push it, and ask anew.`,
    }
  }
  if (commit !== '' && built.some((one) => one.commit !== newest.commit))
    return { unable: `${commit} begins more than one commit: give more of its digits.` }
  const same = built.filter((one) => one.commit === newest.commit)
  // What was built for the same place before is what is built anew.
  return same.find(({ target }) => (target ?? 'preview') === environment) ?? newest
}

/** A run that was begun by an older version did not remember when. */
const Memo = z.object({ at: z.string().nullish() })

/** When it was asked for first; null: nobody knows. */
const beganOf = ({ memo, now }: ActContext): Instant | null => (memo === null ? now() : (Memo.parse(memo).at ?? null))

const endOf = ({ target, from }: Plan, id: string, built: Built): Ran | null => {
  const back = from === null ? {} : { undo: { from: id, to: from } }
  const it = foreign(id, 60)
  switch (built.at) {
    case 'served':
      return { outcome: 'done', text: `Production serves ${it}.`, ...back }
    case 'stages':
      return {
        outcome: 'done',
        text: `${it} is built, and a release in stages to it has begun${built.percent === null ? '' : `, with ${built.percent} % of the traffic`}.`,
        ...back,
      }
    case 'staged':
      return {
        outcome: 'done',
        text: `${it} is built for production, and not served: automatic promotion is off, so somebody has to promote it (\`vercel.promote\`).`,
      }
    case 'passed':
      return { outcome: 'done', text: `${it} is built; ${foreign(built.by, 60)}, which is newer, is served.` }
    case 'ready':
      return { outcome: 'done', text: `${it} is built for ${target}.` }
    case 'failed':
      return { outcome: 'failed', text: `${built.why}${from === null ? '' : ` Production serves ${foreign(from, 60)} as before.`}` }
    default:
      return null
  }
}

/** A17: a commit that Vercel has built before is built anew, and goes where the options say. */
export default defineAction({
  summary: 'Has Vercel build a commit anew, for production or for staging',
  options: Options,
  input: z.strictObject({
    commit: z
      .string()
      .trim()
      .regex(/^([0-9a-f]{7,40})?$/, 'must be a commit of 7 digits or more')
      .default('')
      .describe('Commit; empty: the last one of the branch'),
  }),
  risk: ({ environment }) => (environment === 'production' ? 'high' : 'low'),
  target: ({ project }) => `vercel:${project}`,
  hosts: (options) => [...apiHost(options), ...repositoryHosts(options.github)],
  needs: ({ secret }) => [secret],
  uses: ({ github }) => repositorySecrets(github),
  calls: ({ apiUrl }) => [...buildCalls(apiUrl), ...shiftCalls(apiUrl, ['rollback'])],
  timeoutMs: 720_000,
  verifyMs: 60_000,
  preview: async (options, { commit }, context) => {
    const vercel = actOnVercel(context, options)
    const { environment } = options
    const isProduction = environment === 'production'
    const served = isProduction ? await askServed(vercel) : null
    if (served !== null && 'unable' in served) return served
    const asked = served === null ? await askProject(vercel) : { value: served.project }
    if ('findings' in asked) return unableOf(asked.findings)
    const project = asked.value
    const source = await sourceOf(vercel, project, options, commit)
    if ('unable' in source) return source
    if (served !== null && served.rolling !== null)
      return { unable: `A release in stages to ${foreign(served.rolling.canary, 60)} is under way: let it end before another is deployed.` }
    const build: Build = { project: project.id, name: project.name, source: source.id, target: environment }
    const plan: Plan = { ...build, commit: source.commit ?? '', from: served?.current.id ?? null }
    const now = Date.parse(context.now())
    const between = served === null ? { effects: [], warnings: [] } : await askBetweenThem(context, options.github, served.current, source)
    return {
      plan,
      summary:
        served === null
          ? `${short(source)} is built anew for ${environment}: ${named(source)}.`
          : `${short(source)} is built anew for production, and served in place of ${aged(served.current, now, 'live for')}.`,
      calls: [buildCall(vercel, build)],
      effects: [`Built from ${aged(source, now, 'built')}`, ...between.effects],
      reversible:
        served === null
          ? 'another commit can be deployed in the same way'
          : `production is rolled back to ${foreign(served.current.id, 60)}; that turns automatic promotion off`,
      warnings: [
        ...between.warnings,
        'The build takes every variable as it is now.',
        ...(served !== null && served.current.commit === source.commit ? ['Production serves this commit already.'] : []),
        ...(served !== null && isRolledBack(project)
          ? ['Production was rolled back: the build is not served before somebody promotes it (`vercel.promote`).']
          : []),
      ],
      state: { production: served?.current.id ?? null, commit: plan.commit },
    }
  },
  run: async (options, plan, context) => {
    const vercel = actOnVercel(context, options)
    const began = beganOf(context)
    const found = await findBuild(vercel, plan, context.runKey, began)
    if (found !== null && 'outcome' in found) return found
    let id = found?.id
    if (id === undefined) {
      await context.remember({ asked: true, at: began })
      const started = await firstCall(context, () => startBuild(vercel, plan, context.runKey))
      if ('unsent' in started) return started.unsent
      if ('refused' in started) return { outcome: 'failed', text: started.refused }
      id = started.id
    }
    const end = endOf(plan, id, await awaitBuild(vercel, plan, id, context))
    return end ?? { outcome: 'unclear', text: `Nobody knows what became of ${foreign(id, 60)}: look in Vercel’s dashboard.` }
  },
  recover: async (options, plan, context) => {
    // It is remembered before it is asked for.
    if (context.memo === null) return { outcome: 'undone' }
    const vercel = actOnVercel(context, options)
    const found = await findBuild(vercel, plan, context.runKey, beganOf(context))
    if (found === null) return { outcome: 'undone' }
    if ('outcome' in found) return found
    const end = endOf(plan, found.id, await askBuilt(vercel, plan, found.id))
    if (end !== null) return end
    return Date.parse(context.now()) - found.created > longestBuildMs
      ? {
          outcome: 'unclear',
          text: `${foreign(found.id, 60)} is neither built nor served after 50 min: look in Vercel’s dashboard what holds it.`,
        }
      : { outcome: 'resume' }
  },
  verify: async (options, { project: projectId, commit, target, from }, context) => {
    const vercel = actOnVercel(context, options)
    const listed = await askDeployments(vercel, projectId, mostDeployments, {}, 'any')
    if ('findings' in listed) throw lostOf(listed.findings)
    const newest = listed.value.list.find((one) => one.commit === commit && (one.target ?? 'preview') === target)
    if (newest === undefined) return { settled: false, findings: [{ status: 'fail', text: 'Vercel does not list what was built.' }] }
    if (newest.state !== 'READY')
      return { settled: false, findings: [{ status: 'fail', text: `${named(newest)} is ${foreign(newest.state.toLowerCase(), 20)}.` }] }
    if (from === null || newest.staged)
      return {
        settled: true,
        findings: [{ status: newest.staged ? 'warn' : 'ok', text: `${named(newest)} is built${newest.staged ? ', and not served' : ''}.` }],
      }
    const asked = await askProject(vercel)
    if ('findings' in asked) throw lostOf(asked.findings)
    const serves = asked.value.targets?.id ?? 'nothing'
    const settled = serves === newest.id || asked.value.rollingRelease !== null
    return {
      settled,
      findings: [{ status: serves === newest.id ? 'ok' : settled ? 'warn' : 'fail', text: `Production serves ${foreign(serves, 60)}.` }],
    }
  },
  undo: shiftBack<Options>('rollback'),
})
