import { z } from 'zod'
import { askBetweenThem, Repository, repositoryHosts, repositorySecrets } from '../acting/vercel/between.ts'
import { actOnVercel } from '../acting/vercel/call.ts'
import { askServed, DeploymentName, findDeployment, named, type Served, unservable } from '../acting/vercel/production.ts'
import { planShift, shiftBack, shiftCalls, shiftMove, shiftSummary, shiftWarnings } from '../acting/vercel/shift.ts'
import { foreign } from '../checking/foreign.ts'
import { apiHost } from '../checking/option.ts'
import { vercelOptions } from '../checking/vercel/api.ts'
import type { Deployment } from '../checking/vercel/deployments.ts'
import { defineAction } from '../define/action.ts'
import type { Unable } from '../incident/acting/action.ts'

const Options = z.strictObject({ ...vercelOptions, github: Repository.optional() })
type Options = z.infer<typeof Options>

/** Without a name: the newest that is ready. */
const newestOf = ({ current, list }: Served): Deployment | Unable =>
  list.find(({ state, id }) => state === 'READY' && id !== current.id) === undefined
    ? { unable: `There is no other deployment to production that is ready: ${named(current)} is served.` }
    : (list.find(({ state }) => state === 'READY') ?? current)

/** A1: production serves a deployment that was built for it. */
export default defineAction({
  summary: 'Points production’s domains at Vercel to a deployment that was built for production',
  options: Options,
  input: z.strictObject({ to: DeploymentName.describe('Deployment: its id, address or commit; empty: the newest that is ready') }),
  risk: () => 'low',
  target: ({ project }) => `vercel:${project}`,
  hosts: (options) => [...apiHost(options), ...repositoryHosts(options.github)],
  needs: ({ secret }) => [secret],
  uses: ({ github }) => repositorySecrets(github),
  calls: ({ apiUrl }) => shiftCalls(apiUrl, ['promote', 'rollback']),
  timeoutMs: 180_000,
  verifyMs: 60_000,
  preview: async (options, { to }, context) => {
    const vercel = actOnVercel(context, options)
    const served = await askServed(vercel)
    if ('unable' in served) return served
    const { current, rolling } = served
    if (rolling !== null)
      return {
        unable: `A release in stages to ${foreign(rolling.canary, 60)} is under way: let it end, or end it by \`vercel.rollback\`, before another is promoted.`,
      }
    const target = to === '' ? newestOf(served) : await findDeployment(vercel, served, to)
    if ('unable' in target) return target
    const why = unservable(target, served)
    if (why !== null) return { unable: why }
    const between = await askBetweenThem(context, options.github, current, target)
    return {
      ...planShift('promote', served, target, vercel),
      summary: shiftSummary(served, target, Date.parse(context.now())),
      effects: between.effects,
      warnings: [
        ...between.warnings,
        ...shiftWarnings('promote', served, target.id),
        ...(target.unserved ? [`${foreign(target.id, 60)} was never in production before.`] : []),
      ],
      reversible: `production is rolled back to ${foreign(current.id, 60)}; that turns automatic promotion off`,
    }
  },
  ...shiftMove<Options>(),
  undo: shiftBack<Options>('rollback'),
})
