import { z } from 'zod'
import { askState } from '../acting/agent/client.ts'
import { recoverSteps, runSteps, type Steps } from '../acting/agent/steps.ts'
import { containersNow, isPlace, placeMessage, possibly, reach, standingNow, target } from '../acting/compose/target.ts'
import { Service, verifyServices, lookAtProject } from '../acting/docker/project.ts'
import { listed } from '../checking/answer.ts'
import { defineAction, type ActContext, type LookContext } from '../define/action.ts'

const Options = z
  .strictObject({
    ...target,
    /** How many there may be of each service. `balancer`: more than one needs a load balancer before it, which somebody must have set up. */
    services: z.record(Service, z.strictObject({ most: z.int().min(1).max(100), balancer: z.boolean().default(false) })),
  })
  .refine(isPlace, placeMessage)
type Options = z.infer<typeof Options>

type Plan = { service: string; from: number; to: number }

const countOf = async (options: Options, service: string, context: LookContext): Promise<number> =>
  (await containersNow(options, context)).filter((one) => one.service === service && one.state === 'running').length

const preview = (options: Options, { service, count }: { service: string; count: number }, context: LookContext) =>
  possibly(async () => {
    const allowed = Object.hasOwn(options.services, service) ? options.services[service] : undefined
    if (allowed === undefined)
      return { unable: `${service} is none of the services that may be scaled: ${listed(Object.keys(options.services), 20)}.` }
    if (count > allowed.most) return { unable: `Of ${service} there may be at most ${allowed.most}.` }
    const { scales } = await askState(options.agent, context)
    const most = Object.hasOwn(scales, service) ? (scales[service] ?? 0) : 0
    if (count > most)
      return { unable: `The agent on the host allows ${most === 0 ? 'no scaling' : `at most ${most}`} of ${service}: see its AGENT_SCALE.` }
    const all = (await lookAtProject(options, context)).filter((one) => one.service === service)
    const from = all.filter(({ state }) => state === 'running').length
    if (from === count && all.length === count) return { unable: `There are ${count} of ${service} already.` }
    return {
      summary: `Of ${service} there will be ${count} instead of ${from}.`,
      calls: [`docker compose up -d --no-deps --no-recreate --scale ${service}=${count} ${service}`],
      effects: [
        `${service}: ${from} → ${count} (at most ${allowed.most})`,
        ...(count < from ? [`${from - count} of them end, with what they are at`] : []),
      ],
      reversible: from === 0 ? null : `${from} of ${service} again, by undo`,
      warnings:
        allowed.balancer && count > 1 ? [`More than one of ${service} needs a load balancer before it: look that there is one.`] : [],
      plan: { service, from, to: count },
      state: { count: from },
    }
  })

const stepsOf = (options: Options, { service, from, to }: Plan, context: LookContext): Steps => ({
  agent: options.agent,
  mark: [options.project, service, String(from), String(to)],
  steps: [
    {
      operation: 'scale',
      args: { service, count: to },
      doing: `Scaling ${service} to ${to}`,
      happened: async () => (await countOf(options, service, context)) === to,
    },
  ],
  standing: () => standingNow(options, context),
})

const move = {
  run: async (options: Options, plan: Plan, context: ActContext) =>
    (await runSteps(stepsOf(options, plan, context), context)) ?? {
      outcome: 'done' as const,
      text: `There are ${plan.to} of ${plan.service}, instead of ${plan.from}.`,
      ...(plan.from === 0 ? {} : { undo: { service: plan.service, count: plan.from } }),
    },
  recover: (options: Options, plan: Plan, context: ActContext) => recoverSteps(stepsOf(options, plan, context), context),
  verify: async (options: Options, { service, to }: Plan, context: LookContext) => {
    const { findings, settled } = await verifyServices(options, [service], context)
    const count = await countOf(options, service, context)
    const isSo = count === to
    const text = `${count} of ${service} run${isSo ? '.' : `, and not ${to}.`}`
    return { findings: [{ status: isSo ? ('ok' as const) : ('fail' as const), text }, ...findings], settled: settled && isSo }
  },
}

/** Changes how many containers there are of a service. */
export default defineAction({
  summary: 'Changes how many containers a service of a Compose project has (service=worker count=5)',
  options: Options,
  input: z.strictObject({
    service: Service.describe('Service'),
    count: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, 'must be a number from 1')
      .transform(Number)
      .describe('How many'),
  }),
  risk: () => 'low' as const,
  ...reach,
  preview,
  ...move,
  undo: {
    // What a run left, as it comes back from its record.
    preview: (options, back: { service: string; count: number }, context) => preview(options, back, context),
    run: (options, plan, context) => move.run(options, plan as Plan, context),
    recover: (options, plan, context) => move.recover(options, plan as Plan, context),
    verify: (options, plan, context) => move.verify(options, plan as Plan, context),
  },
})
