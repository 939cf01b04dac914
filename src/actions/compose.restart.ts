import { z } from 'zod'
import { askState, agent, agentCalls, agentHosts } from '../acting/agent/client.ts'
import { recoverSteps, runSteps, type Steps } from '../acting/agent/steps.ts'
import { readBack, restart } from '../acting/compose/restart.ts'
import { containersNow, isPlace, placeMessage, possibly, scaledWarnings, standingNow } from '../acting/compose/target.ts'
import { Service, type Seen, steady, verifyServices, lookAtProject } from '../acting/docker/project.ts'
import { count, listed } from '../checking/answer.ts'
import { place, placeHosts, placeSecrets } from '../checking/docker/place.ts'
import { type ActContext, defineAction, type LookContext } from '../define/action.ts'

const Options = z
  .strictObject({
    ...place,
    ...steady,
    /** For a hard restart, which Docker's Engine API has no call for; without it there is none. */
    agent: agent.agent.optional(),
    /** Services that may be restarted. */
    services: z.array(Service).min(1).max(50),
    /** Seconds that a container may take to stop, before it is killed. */
    stopSeconds: z.int().min(0).max(30).default(10),
  })
  .refine(isPlace, placeMessage)
type Options = z.infer<typeof Options>

type Planned = { id: string; name: string; startedAt: string }
/** `hard`: the whole project goes, and comes again. */
type Plan = { hard: boolean; services: string[]; containers: Planned[] }

const plannedOf = (containers: readonly Seen[]): Planned[] => containers.map(({ id, name, startedAt }) => ({ id, name, startedAt }))

const soft = async (options: Options, service: string, context: LookContext) => {
  const services = service === 'all' ? options.services : options.services.filter((one) => one === service)
  if (services.length === 0)
    return { unable: `${service} is none of the services that may be restarted: ${listed(options.services, 20)}, or all.` }
  const all = (await lookAtProject(options, context)).filter((one) => services.includes(one.service))
  const missing = services.filter((name) => all.every((one) => one.service !== name))
  if (missing.length > 0)
    return { unable: `Docker has no container of ${listed(missing, 10)} in ${options.project}: there is nothing to restart.` }
  const containers = plannedOf(all)
  return {
    summary: `Docker restarts ${listed(
      containers.map(({ name }) => name),
      20,
    )} of ${options.project}, one after the other.`,
    calls: containers.map(({ id, name }) => `POST /containers/${id.slice(0, 12)}/restart?t=${options.stopSeconds} (${name})`),
    effects: all.map(({ name, status, restarts }) => `${name}: ${status}${restarts > 0 ? `, restarted by itself ${restarts} times` : ''}`),
    reversible: null,
    warnings: all
      .filter(({ state }) => state !== 'running')
      .map(({ name, state }) => `${name} does not run now (${state}): it will be started.`),
    plan: { hard: false, services, containers },
    state: { containers },
  }
}

const hard = async (options: Options, service: string, context: LookContext) => {
  if (service !== 'all')
    return { unable: `A hard restart takes the whole project down: ask for service=all, or restart ${service} without hard=true.` }
  if (options.agent === undefined)
    return { unable: 'A hard restart goes through the agent on the host, which service.yml does not name: add `agent`.' }
  await askState(options.agent, context)
  const all = await lookAtProject(options, context)
  const containers = plannedOf(all)
  return {
    summary: `All of ${options.project} is taken down, and brought up again.`,
    calls: ['docker compose down', 'docker compose up -d'],
    effects: [
      `${count(containers.length, 'container')} removed, and made anew; volumes stay`,
      ...all.map(({ name, status }) => `${name}: ${status}`),
    ],
    reversible: null,
    warnings: ['Until it is up again, nothing of it answers.', ...scaledWarnings(all)],
    plan: { hard: true, services: options.services, containers },
    state: { containers },
  }
}

const stepsOf = (options: Options, { containers }: Plan, context: LookContext): Steps => {
  if (options.agent === undefined) throw new Error('a hard restart was planned without an agent')
  return {
    agent: options.agent,
    mark: [options.project, ...containers.map(({ id }) => id)],
    steps: [
      { operation: 'down', doing: 'Taking all down', happened: async () => (await containersNow(options, context)).length === 0 },
      { operation: 'up', doing: 'Bringing all up' },
    ],
    standing: () => standingNow(options, context),
  }
}

/** Restarts a service of a Compose project, or all of them; hard: takes all down and brings it up again. */
export default defineAction({
  summary: 'Restarts a service of a Compose project, or all of them (service=api, service=all hard=true)',
  options: Options,
  input: z.strictObject({
    service: Service.describe('Service, or all'),
    hard: z.enum(['false', 'true'], 'must be true or false').default('false').describe('Take all down and bring it up again'),
  }),
  risk: (_, input) => (input.hard === 'true' ? ('high' as const) : ('low' as const)),
  target: ({ project }) => `compose:${project}`,
  hosts: (options) => [...placeHosts(options), ...(options.agent === undefined ? [] : agentHosts(options.agent))],
  needs: (options) => [...placeSecrets(options), ...(options.agent === undefined ? [] : [options.agent.secret])],
  calls: (options) => (options.agent === undefined ? [] : agentCalls(options.agent)),
  timeoutMs: 600_000,
  verifyMs: 180_000,
  preview: (options, { service, hard: isHard }, context) =>
    possibly(() => (isHard === 'true' ? hard(options, service, context) : soft(options, service, context))),
  run: async (options, plan: Plan, context: ActContext) => {
    if (!plan.hard) return restart(options, plan.containers, context)
    return (
      (await runSteps(stepsOf(options, plan, context), context)) ?? {
        outcome: 'done',
        text: `${options.project} was taken down and brought up again.`,
      }
    )
  },
  recover: (options, plan, context) =>
    plan.hard ? recoverSteps(stepsOf(options, plan, context), context) : readBack(options, plan.containers, context),
  verify: (options, { services }, context) => verifyServices(options, services, context),
})
