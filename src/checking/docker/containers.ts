/** The containers of a Compose project: which run, and how well. */
import { z } from 'zod'
import type { CheckAnswer } from '../../define/check.ts'
import type { CheckStatus, Finding } from '../../incident/check.ts'
import { count, finding, found, hold, listed, together } from '../answer.ts'
import { foreign } from '../foreign.ts'
import type { Limit } from '../option.ts'
import { type Engine, EngineRefusal } from './engine.ts'

const Id = z.string().regex(/^[a-f0-9]{6,64}$/, 'is no id of a container')

const Listed = z.object({
  Id,
  Names: z.array(z.string()).default([]),
  State: z.string(),
  Status: z.string().default(''),
  Ports: z.array(z.object({ PrivatePort: z.number(), PublicPort: z.number().optional(), Type: z.string().optional() })).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
})

const Inspected = z.object({
  RestartCount: z.number().default(0),
  State: z.object({
    ExitCode: z.number().default(0),
    OOMKilled: z.boolean().default(false),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({ Tty: z.boolean().default(false) }).nullish(),
})

export type Container = {
  readonly id: string
  readonly service: string
  /** The service, with a number where there are several of it. */
  readonly name: string
  readonly state: string
  /** In Docker's words: `Up 3 hours (healthy)`. */
  readonly status: string
  readonly ports: readonly string[]
}

/** More would not be a project that fits on one machine. */
const mostContainers = 100

/** The containers of the project, also those that are stopped; of one service where it is given. */
export const containersOf = async (engine: Engine, project: string, service: string | undefined): Promise<Container[]> => {
  const filters = JSON.stringify({ label: [`com.docker.compose.project=${project}`] })
  const list = await engine.json('/containers/json', { all: 1, filters }, z.array(Listed))
  // What an Engine does that does not know this filter is to give all of them.
  const mine = list
    .filter(({ Labels }) => Labels?.['com.docker.compose.project'] === project && Labels['com.docker.compose.oneoff'] !== 'True')
    .map((one) => ({ ...one, service: one.Labels?.['com.docker.compose.service'] ?? '' }))
  if (mine.length > mostContainers)
    throw new EngineRefusal(`The project has more than ${mostContainers} containers, which are too many to ask for.`)
  const known = [...new Set(mine.map((one) => one.service))].toSorted()
  const wanted = service === undefined ? mine : mine.filter((one) => one.service === service)
  if (service !== undefined && wanted.length === 0 && known.length > 0)
    throw new EngineRefusal(`The project has no service ${foreign(service)}: there are ${listed(known, 12)}.`)
  return wanted
    .map((one): Container => {
      const siblings = mine.filter((other) => other.service === one.service).length
      const number = one.Labels?.['com.docker.compose.container-number'] ?? ''
      const ports = (one.Ports ?? []).map(({ PrivatePort, PublicPort, Type = 'tcp' }) =>
        PublicPort === undefined ? `${PrivatePort}/${Type}` : `${PublicPort}→${PrivatePort}/${Type}`,
      )
      return {
        id: one.Id,
        service: one.service,
        name: foreign(siblings > 1 ? `${one.service} ${number}` : one.service, 60),
        state: one.State,
        status: foreign(one.Status),
        ports: [...new Set(ports)].map((port) => foreign(port, 20)),
      }
    })
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

export const inspect = (engine: Engine, { id }: Container) => engine.json(`/containers/${id}/json`, {}, Inspected)

type Inspection = z.infer<typeof Inspected>

/** What is wrong with a container, or null. */
const illness = ({ name, state, status }: Container, { State: { ExitCode, OOMKilled, Health } }: Inspection): Finding | null => {
  const is = (grade: CheckStatus, text: string): Finding => ({ status: grade, text })
  const memory = OOMKilled ? ' It had used up its memory.' : ''
  if (state === 'restarting') return is('fail', `${name} restarts again and again (exit code ${ExitCode}): look at its log.${memory}`)
  if (state === 'exited' || state === 'dead')
    return is('fail', `${name} has ended (exit code ${ExitCode}; ${status}): look at its log.${memory}`)
  if (state !== 'running') return is('fail', `${name} does not run: it is ${foreign(state, 30)}.`)
  if (Health?.Status === 'unhealthy') return is('fail', `${name} runs, but is unhealthy: look at its log.`)
  if (Health?.Status === 'starting') return is('warn', `${name} is starting: its health is not known yet.`)
  return null
}

/** How they are. `services` must run; without them, whatever is there must. */
export const askContainers = async (
  engine: Engine,
  wanted: { readonly project: string; readonly services: readonly string[]; readonly restarts?: Limit | undefined },
  service: string | undefined,
): Promise<CheckAnswer> => {
  const containers = await containersOf(engine, wanted.project, service)
  if (containers.length === 0)
    return finding('fail', `Docker has no container of the project ${wanted.project}: it was taken down, or has another name.`)
  const all = await Promise.all(containers.map(async (container) => ({ container, inspection: await inspect(engine, container) })))
  const required = service === undefined ? wanted.services : wanted.services.filter((name) => name === service)
  const missing = required.filter((name) => containers.every((container) => container.service !== name))
  const ill = all.flatMap(({ container, inspection }) => {
    const bad = illness(container, inspection)
    const isRequired = wanted.services.length === 0 || required.includes(container.service)
    // A container that did its work and ended well, such as one that migrates, is as it should be.
    const isDone = container.state === 'exited' && inspection.State.ExitCode === 0 && !required.includes(container.service)
    if (bad === null || isDone) return []
    return isRequired ? [bad] : [{ ...bad, status: 'warn' as const }]
  })
  const running = containers.filter(({ state }) => state === 'running')
  const restarts = all.map(({ container, inspection }) =>
    hold(`restarts ${container.name}`, inspection.RestartCount, '', 'most', wanted.restarts),
  )
  const lines = all.map(
    ({ container: { name, status, ports }, inspection }) =>
      `${name} | ${status} | ${ports.length === 0 ? 'no ports' : ports.join(', ')} | ${count(inspection.RestartCount, 'restart')}`,
  )
  return together(
    { ...found(...ill), measurements: [{ name: 'containers running', value: running.length, unit: '' }] },
    missing.length === 0
      ? found()
      : finding('fail', `Docker has no container of ${listed(missing)}: start ${missing.length === 1 ? 'it' : 'them'} with compose up.`),
    ...restarts,
    finding(
      'ok',
      `${running.length} of ${count(containers.length, 'container')} of ${wanted.project} run: ${listed(
        running.map(({ name }) => name),
        10,
      )}.`,
    ),
    { ...found(), detail: { title: 'Containers: status, ports, restarts', text: lines.join('\n') } },
  )
}
