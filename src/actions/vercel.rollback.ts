import { z } from 'zod'
import { askBetweenThem, Repository, repositoryHosts, repositorySecrets } from '../acting/vercel/between.ts'
import { actOnVercel } from '../acting/vercel/call.ts'
import {
  askPlan,
  askServed,
  DeploymentName,
  findDeployment,
  isDoubtful,
  named,
  previousOf,
  type Served,
  unservable,
} from '../acting/vercel/production.ts'
import { planShift, shiftBack, shiftCalls, shiftMove, shiftSummary, shiftWarnings } from '../acting/vercel/shift.ts'
import { foreign } from '../checking/foreign.ts'
import { apiHost } from '../checking/option.ts'
import { vercelOptions } from '../checking/vercel/api.ts'
import type { Deployment } from '../checking/vercel/deployments.ts'
import { defineAction } from '../define/action.ts'
import type { Unable } from '../incident/acting/action.ts'

const Options = z.strictObject({ ...vercelOptions, github: Repository.optional() })
type Options = z.infer<typeof Options>

/** Without a name: the one before, or out of a release in stages back to what served before it. */
const targetOf = (served: Served): Deployment | Unable =>
  (served.rolling === null ? previousOf(served) : served.current) ?? {
    unable: `Production has served nothing else before ${named(served.current)}, as far as Vercel still has it: name a deployment, or deploy another commit.`,
  }

/** A1: production goes back to a deployment that it has served before. */
export default defineAction({
  summary: 'Points production’s domains at Vercel to a deployment that they served before',
  options: Options,
  input: z.strictObject({ to: DeploymentName.describe('Deployment: its id, address or commit; empty: the one before') }),
  risk: () => 'low',
  target: ({ project }) => `vercel:${project}`,
  hosts: (options) => [...apiHost(options), ...repositoryHosts(options.github)],
  needs: ({ secret }) => [secret],
  uses: ({ github }) => repositorySecrets(github),
  calls: ({ apiUrl }) => shiftCalls(apiUrl, ['rollback', 'promote']),
  timeoutMs: 180_000,
  verifyMs: 60_000,
  preview: async (options, { to }, context) => {
    const vercel = actOnVercel(context, options)
    const served = await askServed(vercel)
    if ('unable' in served) return served
    const target = to === '' ? targetOf(served) : await findDeployment(vercel, served, to)
    if ('unable' in target) return target
    const why = unservable(target, served)
    if (why !== null) return { unable: why }
    if (target.unserved)
      return { unable: `${foreign(target.id, 60)} was never in production, so there is nothing to go back to: promote it instead.` }
    const previous = previousOf(served)
    if (target.id !== previous?.id && target.id !== served.current.id && (await askPlan(vercel, served)) === 'hobby')
      return {
        unable: `On Vercel’s Hobby plan production goes back one deployment only${previous === null ? '' : `, which is ${foreign(previous.id, 60)}`}: name no deployment, or deploy the commit anew.`,
      }
    const { current } = served
    const between = await askBetweenThem(context, options.github, current, target)
    return {
      ...planShift('rollback', served, target, vercel),
      summary: shiftSummary(served, target, Date.parse(context.now())),
      effects: between.effects,
      warnings: [
        ...(to === '' && served.rolling === null && isDoubtful(served, target)
          ? [
              `${foreign(target.id, 60)} is the newest that was built before, and may have been taken back itself: production was rolled back or promoted by hand since. Where another served before, name that: \`to=\` with its id, its address or a commit.`,
            ]
          : []),
        ...between.warnings,
        ...shiftWarnings('rollback', served, target.id),
      ],
      reversible: target.id === current.id ? null : `${foreign(current.id, 60)} is promoted again; that turns automatic promotion on, too`,
    }
  },
  ...shiftMove<Options>(),
  undo: shiftBack<Options>('promote'),
})
