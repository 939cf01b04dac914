/** A product's host: its containers behind Docker's Engine API, the agent beside them, and Caddy before them. */
import { join } from 'node:path'
import { type DockerEngine, type EngineContainer, startDockerEngine } from '../../../src/embedded/docker-engine.ts'
import { ensureCaddy, startCaddy } from '../../actions/caddy.ts'
import { startCutting } from '../../actions/cutting-proxy.ts'
import { closedPort } from '../../adapters/server.ts'
import { secret, startAgent, startHost } from '../../agent/agent.ts'
import { until } from '../bots.ts'
import { type Builder, type Stage, temporary } from './scene.ts'

const engineOf = async ({ stack }: Stage, project: string, containers: readonly EngineContainer[]) => {
  const socket = join(temporary(stack, 'kiosk-docker-'), 'docker.sock')
  const engine = stack.use(await startDockerEngine({ socket, project, containers }))
  return { engine, place: { socket, project, steadySeconds: 0 } }
}

/** Does what it is asked for, and keeps the answer to that. */
const hang = (engine: DockerEngine, verb: string) => {
  let hung = false
  engine.conduct = (deed) => {
    if (hung || deed.verb !== verb) return 'well'
    hung = true
    return 'hung'
  }
  return { happened: until(() => hung, `the ${verb}`) }
}

export const containers: Builder = async (stage) => {
  const { engine, place } = await engineOf(stage, 'kiosk', [{ service: 'api', health: 'healthy' }])
  return {
    kind: 'compose.restart',
    options: { ...place, services: ['api'], stopSeconds: 0 },
    target: 'compose:kiosk',
    input: 'service=api',
    keep: () => Promise.resolve(hang(engine, 'restart')),
    deeds: () => engine.deeds,
  }
}

const written = (imageId: string): EngineContainer[] => ['api', 'worker'].map((service) => ({ service, imageId: `sha256:${imageId}` }))

/** Does to the Engine's containers what Compose would. */
const compose = ({ containers: all }: DockerEngine, words: string): void => {
  const [, count] = /--scale worker=(\d)/.exec(words) ?? []
  if (count !== undefined)
    all.splice(
      0,
      all.length,
      { service: 'api' },
      ...Array.from({ length: Number(count) }, (_, at) => ({ service: 'worker', number: at + 1 })),
    )
  else if (words.includes(' down')) all.splice(0)
  else if (words.includes(' up ')) all.splice(0, all.length, ...written('b'.repeat(64)))
}

/** Killed while the agent's `docker compose up` does not end. */
const agent = async (stage: Stage, project: string) => {
  const host = stage.stack.use(await startHost())
  Object.assign(host.environment, { AGENT_PROJECT: project, AGENT_SERVICES: 'api,worker', AGENT_SCALE: 'worker=3' })
  const first = host.commit('Start the kiosk', { 'compose.yml': 'services: {}\n' })
  host.commit('Sell more', { 'app.py': 'print(1)\n' })
  const { engine, place } = await engineOf(stage, project, written('a'.repeat(64)))
  const [up, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  host.answer(async (argv) => {
    const words = argv.join(' ')
    compose(engine, words)
    if (!words.includes(' up ')) return 0
    up.resolve()
    await goOn.promise
    return 0
  })
  const process = stage.stack.use(await startAgent(host))
  return {
    first,
    scene: {
      options: { ...place, agent: { url: process.url(), secret: 'KIOSK_AGENT' }, services: ['api', 'worker'] },
      target: `compose:${project}`,
      environment: { KIOSK_AGENT: secret },
      keep: () => Promise.resolve({ happened: up.promise }),
      goOn: () => goOn.resolve(),
      deeds: () => host.composed(),
    },
  }
}

export const hardRestart: Builder = async (stage) => {
  const { scene } = await agent(stage, 'kiosk-hard')
  return { kind: 'compose.restart', ...scene, input: 'service=all hard=true' }
}

export const scaling: Builder = async (stage) => {
  const { scene } = await agent(stage, 'kiosk-scale')
  return {
    kind: 'compose.scale',
    ...scene,
    options: { ...scene.options, services: { worker: { most: 3 } } },
    input: 'service=worker count=3',
  }
}

export const checkout: Builder = async (stage) => {
  const { scene, first } = await agent(stage, 'kiosk-checkout')
  return { kind: 'compose.rollback', ...scene, input: `commit=${first}` }
}

export const images: Builder = async (stage) => {
  const { scene } = await agent(stage, 'kiosk-images')
  return { kind: 'compose.update', ...scene }
}

export const hasCaddy = ensureCaddy

/** Killed when the page is up, or when the services are stopped behind it; then somebody does the work. */
export const maintenance =
  (at: 'page' | 'stop'): Builder =>
  async (stage) => {
    const { stack } = stage
    const door = await closedPort()
    const caddy = stack.use(await startCaddy([`127.0.0.1:${door}`]))
    const proxy = stack.use(await startCutting(Number(new URL(caddy.url).port), { own: door }))
    const project = `kiosk-${at}`
    const { engine, place } = await engineOf(stage, project, [{ service: 'api' }])
    const seen: string[] = []
    const look = async () => seen.push(`a visitor: ${(await caddy.visit('kiosk.example')).status}`)
    return {
      kind: 'maintenance',
      options: { ...place, services: ['api'], caddy: { url: `http://127.0.0.1:${door}` }, stopSeconds: 0 },
      target: `compose:${project}:maintenance`,
      keep: () => Promise.resolve(at === 'page' ? { happened: proxy.park(/^PUT /) } : hang(engine, 'stop')),
      afterwards: async ({ becomes, say }) => {
        await becomes(1, ({ task }) => task !== null, 'work to do')
        await look()
        const { body } = await caddy.ask('/config/apps/http/servers/srv0/routes')
        seen.push(`pages: ${body.split('"@id"').length - 1}`)
        await say('bob', '/incident tick 1 1')
        await becomes(1, ({ ran }) => ran !== null, 'an end of the maintenance')
        await look()
      },
      deeds: () => [...seen, ...engine.deeds],
    }
  }
