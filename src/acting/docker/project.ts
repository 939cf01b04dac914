/** A Compose project as actions see it: which containers there are, since when, of which image, and whether all is well with them. */
import { z } from 'zod'
import { listed } from '../../checking/answer.ts'
import { containersOf, type Container } from '../../checking/docker/containers.ts'
import { type Engine, engineFinding, type Hands, withEngine } from '../../checking/docker/engine.ts'
import type { Place } from '../../checking/docker/place.ts'
import { foreign } from '../../checking/foreign.ts'
import type { Verification } from '../../incident/acting/action.ts'
import type { CheckStatus, Finding } from '../../incident/check.ts'

/** A service as it may stand behind a command. */
export const Service = z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be the name of a service')

/** How long a container without a health check must run until it counts as well. */
export const steady = { steadySeconds: z.int().min(0).max(300).default(10) }

const Inspected = z.object({
  Image: z.string().default(''),
  RestartCount: z.number().default(0),
  State: z.object({
    Status: z.string(),
    StartedAt: z.string().default(''),
    ExitCode: z.number().default(0),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
})

export type Seen = Container & {
  readonly startedAt: string
  readonly imageId: string
  readonly restarts: number
  readonly exitCode: number
  /** Null where it has no health check. */
  readonly health: string | null
}

/** The containers of a project, or of one service, as they are now. */
export const seenOf = async (engine: Engine, project: string, service?: string): Promise<Seen[]> =>
  Promise.all(
    (await containersOf(engine, project, service)).map(async (container): Promise<Seen> => {
      const { Image, RestartCount, State } = await engine.json(`/containers/${container.id}/json`, {}, Inspected)
      return {
        ...container,
        state: State.Status,
        startedAt: foreign(State.StartedAt, 40),
        imageId: foreign(Image, 80),
        restarts: RestartCount,
        exitCode: State.ExitCode,
        health: State.Health?.Status ?? null,
      }
    }),
  )

/** One container: how it is, and whether it may still change by itself. */
const judge = (seen: Seen, now: string, steadySeconds: number): { finding: Finding; settled: boolean } => {
  const { name, state, health, exitCode } = seen
  const is = (status: CheckStatus, text: string, settled: boolean) => ({ finding: { status, text }, settled })
  if (state === 'restarting') return is('fail', `${name} restarts again and again (exit code ${exitCode}): look at its log.`, false)
  if (state !== 'running') return is('fail', `${name} does not run: it is ${foreign(state, 30)} (exit code ${exitCode}).`, false)
  if (health === 'unhealthy') return is('fail', `${name} runs, but is unhealthy: look at its log.`, false)
  if (health === 'starting') return is('warn', `${name} is starting: its health is not known yet.`, false)
  if (health === 'healthy') return is('ok', `${name} runs and is healthy.`, true)
  const age = (Date.parse(now) - Date.parse(seen.startedAt)) / 1000
  // Docker's clock may be ahead of ours: what started in the future is old enough.
  return age >= 0 && age < steadySeconds ? is('warn', `${name} runs since ${Math.floor(age)} s.`, false) : is('ok', `${name} runs.`, true)
}

/** How services are: each must have a container, and all of them must run, be healthy, and not restart. */
export const judgeServices = (
  containers: readonly Seen[],
  services: readonly string[],
  { now, steadySeconds }: { readonly now: string; readonly steadySeconds: number },
): Verification => {
  const missing = services.filter((service) => containers.every((one) => one.service !== service))
  const judged = containers.filter((one) => services.includes(one.service)).map((one) => judge(one, now, steadySeconds))
  const gone: Finding[] = missing.length === 0 ? [] : [{ status: 'fail', text: `Docker has no container of ${listed(missing, 10)}.` }]
  return {
    findings: [...gone, ...judged.map(({ finding }) => finding)],
    settled: missing.length === 0 && judged.every(({ settled }) => settled),
  }
}

/** For one look, in milliseconds: a run may take many minutes, and an Engine that hangs must not. */
const lookMs = 30_000

/** The containers as Docker has them now. Throws FetchFault and EngineRefusal. */
export const lookAtProject = (wanted: Place, context: Hands): Promise<Seen[]> =>
  withEngine(wanted, { ...context, signal: AbortSignal.any([context.signal, AbortSignal.timeout(lookMs)]) }, (engine) =>
    seenOf(engine, wanted.project),
  )

/** How they are now; what the Engine refuses is a finding. */
export const verifyServices = async (
  wanted: Place & { readonly steadySeconds: number },
  services: readonly string[],
  context: Hands & { readonly now: () => string },
): Promise<Verification> => {
  try {
    const how = { now: context.now(), steadySeconds: wanted.steadySeconds }
    return judgeServices(await lookAtProject(wanted, context), services, how)
  } catch (error) {
    return { findings: [engineFinding(error)], settled: false }
  }
}

/** What is up and what is not, in a sentence: for whoever has to go on by hand. */
export const standing = (containers: readonly Seen[]): string => {
  if (containers.length === 0) return 'No container of the project is there.'
  const up = containers.filter(({ state }) => state === 'running').map(({ name }) => name)
  const down = containers.filter(({ state }) => state !== 'running').map(({ name, state }) => `${name} (${foreign(state, 20)})`)
  return `${up.length === 0 ? 'Nothing runs' : `Running: ${listed(up, 10)}`}${down.length === 0 ? '' : `; not running: ${listed(down, 10)}`}.`
}
