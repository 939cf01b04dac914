/** All that the agent ever runs: a fixed table from operation to list of arguments. What comes from the bot fills gaps of it, and is held
 *  against the agent's own settings, whatever the bot has checked before (faults 57). */
import { type Args, type OperationName, operationNames, type Refused } from './protocol.ts'
import type { Call } from './program.ts'
import { headOf, isAllowed } from './repository.ts'
import type { AgentSettings } from './settings.ts'

type Gap = 'service' | 'count' | 'commit'

type Operation = {
  readonly takes: readonly Gap[]
  readonly call: (settings: AgentSettings, args: { service: string; count: string; commit: string }) => Call
}

const compose = ({ composeFile, project }: AgentSettings, ...argv: string[]): Call => ({
  program: 'docker',
  argv: ['compose', '--ansi', 'never', '-f', composeFile, ...(project === null ? [] : ['-p', project]), ...argv],
})

const table: Readonly<Record<OperationName, Operation>> = {
  up: { takes: [], call: (settings) => compose(settings, 'up', '-d') },
  // Never with its volumes.
  down: { takes: [], call: (settings) => compose(settings, 'down') },
  pull: { takes: [], call: (settings) => compose(settings, 'pull') },
  build: { takes: [], call: (settings) => compose(settings, 'build', '--no-cache') },
  scale: {
    takes: ['service', 'count'],
    // The service alone, as it is: without these, other services would be created anew and set back to the file's numbers.
    call: (settings, { service, count }) =>
      compose(settings, 'up', '-d', '--no-deps', '--no-recreate', '--scale', `${service}=${count}`, service),
  },
  checkout: {
    takes: ['commit'],
    call: ({ repository }, { commit }) => ({
      program: 'git',
      argv: ['-C', repository?.folder ?? '/', 'checkout', '--detach', commit],
    }),
  },
}

const refused = (code: Refused['code'], why: string): Refused => ({ type: 'refused', code, why })

const checks: Readonly<Record<Gap, (settings: AgentSettings, args: Args) => Promise<Refused | null>>> = {
  service: ({ services }, { service }) =>
    Promise.resolve(
      typeof service === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(service) && services.includes(service)
        ? null
        : refused('argument', `That is none of the services that the agent may touch: ${services.join(', ')}.`),
    ),
  count: ({ scales }, { service, count }) => {
    const most = scales.get(String(service))
    if (most === undefined)
      return Promise.resolve(refused('argument', `${String(service).slice(0, 63)} is not to be scaled: see AGENT_SCALE on the host.`))
    return Promise.resolve(
      typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= most
        ? null
        : refused('argument', `Of ${String(service).slice(0, 63)} there may be 1 to ${most}: see AGENT_SCALE on the host.`),
    )
  },
  commit: async (settings, { commit }) => {
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) return refused('argument', 'A commit is 40 hexadecimal digits.')
    if (settings.repository === null) return refused('commit', 'The agent has no repository: set AGENT_REPOSITORY on the host.')
    if (!(await isAllowed(settings, commit)))
      return refused('commit', `${commit.slice(0, 7)} is not on ${settings.repository.branch}, or not known to the repository on the host.`)
    return (await headOf(settings))?.changed === true
      ? refused('commit', 'Files of the checkout on the host were changed by hand: they would be carried along.')
      : null
  },
}

export const isOperation = (name: unknown): name is OperationName => operationNames.some((known) => known === name)

/** The program and its arguments, or why not. */
export const callOf = async (settings: AgentSettings, operation: OperationName, args: Args): Promise<Call | Refused> => {
  const { takes, call } = table[operation]
  const surplus = Object.keys(args).filter((name) => !takes.some((gap) => gap === name))
  if (surplus.length > 0) return refused('argument', `${operation} takes ${takes.length === 0 ? 'no arguments' : takes.join(' and ')}.`)
  for (const gap of takes) {
    const problem = await checks[gap](settings, args)
    if (problem !== null) return problem
  }
  return call(settings, {
    service: String(args['service'] ?? ''),
    count: String(args['count'] ?? ''),
    commit: String(args['commit'] ?? ''),
  })
}
