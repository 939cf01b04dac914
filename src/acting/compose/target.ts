/** What the kinds have in common that change a Compose project through the agent on its host, and look at it through Docker's Engine API. */
import { EngineRefusal } from '../../checking/docker/engine.ts'
import { isPlace, place, placeHosts, placeMessage, placeSecrets, type Place } from '../../checking/docker/place.ts'
import type { LookContext } from '../../define/action.ts'
import type { Unable } from '../../incident/acting/action.ts'
import { FetchFault } from '../../ports.ts'
import { type Agent, agent, agentCalls, agentHosts, AgentRefusal } from '../agent/client.ts'
import { lookAtProject, type Seen, standing, steady } from '../docker/project.ts'

/** Options of such a kind; `isPlace` and `placeMessage` belong to them. */
export const target = { ...place, ...steady, ...agent }

export type Target = Place & { readonly agent: Agent; readonly steadySeconds: number }

export { isPlace, placeMessage }

/** What a definition says of its reach. */
export const reach = {
  target: ({ project }: Target) => `compose:${project}`,
  hosts: (options: Target) => [...placeHosts(options), ...agentHosts(options.agent)],
  needs: (options: Target) => [...placeSecrets(options), options.agent.secret],
  calls: (options: Target) => agentCalls(options.agent),
  /** A build takes longer: then it is followed anew. */
  timeoutMs: 600_000,
  verifyMs: 180_000,
}

/** The containers as Docker has them now, for who must know to go on: throws FetchFault also where Docker refuses. */
export const containersNow = async (options: Place, context: LookContext): Promise<Seen[]> => {
  try {
    return await lookAtProject(options, context)
  } catch (error) {
    throw error instanceof EngineRefusal ? new FetchFault('refused', error.message, error) : error
  }
}

/** How the project stands, in a sentence; whatever keeps it from being known is said instead. */
export const standingNow = async (options: Place, context: LookContext): Promise<string> => {
  try {
    return standing(await containersNow(options, context))
  } catch (error) {
    if (error instanceof FetchFault) return `Docker does not say what runs: ${error.message}`
    throw error
  }
}

/** For a preview: what the agent or Docker refuse is why it is not possible. */
export const possibly = async <Value>(look: () => Promise<Value | Unable>): Promise<Value | Unable> => {
  try {
    return await look()
  } catch (error) {
    if (error instanceof AgentRefusal || error instanceof EngineRefusal) return { unable: error.message }
    throw error
  }
}

/** What `up -d` does besides: it makes as many of each service as the file says. */
export const scaledWarnings = (containers: readonly Seen[]): string[] => {
  const counts = Map.groupBy(containers, ({ service }) => service)
  return [...counts]
    .filter(([, { length }]) => length > 1)
    .map(([service, { length }]) => `There are ${length} of ${service} now: afterwards there are as many as the Compose file says.`)
}
