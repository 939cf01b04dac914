/** Docker's Engine API as a Compose project of made-up containers: lists, inspection, statistics, logs; restart, stop and start. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import express, { type Response, Router } from 'express'

export type LogEntry = { readonly output?: 'stdout' | 'stderr'; readonly at: string; readonly text: string }

export type EngineContainer = {
  readonly service: string
  /** Which of several of the service. */
  readonly number?: number
  state?: 'running' | 'exited' | 'restarting' | 'paused' | 'dead' | 'created'
  /** In Docker's words; made from the state when not given. */
  status?: string
  health?: 'healthy' | 'unhealthy' | 'starting'
  exitCode?: number
  oomKilled?: boolean
  restarts?: number
  /** When it was started last. */
  startedAt?: string
  /** Of its image; made from the service when not given. */
  imageId?: string
  /** Port inside → port of the machine, null when it is not published. */
  ports?: Readonly<Record<number, number | null>>
  /** `NAME=value`. */
  env?: readonly string[]
  /** With a terminal, its log is text without headers. */
  tty?: boolean
  /** Bytes. `cache`: pages of files that could be dropped. */
  memory?: { readonly used: number; readonly limit: number; readonly cache?: number }
  /** In use, and there. */
  cpus?: { readonly used: number; readonly online: number }
  /** From the oldest on. A function makes it anew for each question, so that it may be larger than memory. */
  log?: readonly LogEntry[] | (() => Iterable<LogEntry> | AsyncIterable<LogEntry>)
}

export type Deed = { readonly verb: 'restart' | 'stop' | 'start'; readonly service: string; readonly number: number }

/** How it answers to a deed: `well`; `lost` does it and breaks the connection, `hung` does it and never answers; `denied` (403) and `broken`
 *  (500) do nothing; `half` (500) only stops it. */
export type Conduct = 'well' | 'lost' | 'hung' | 'denied' | 'broken' | 'half'

type Heard = { readonly method: string; readonly url: string }

export type EngineOptions = {
  /** The path of a Unix socket; a free port of 127.0.0.1 without it. */
  readonly socket?: string
  /** For TLS on a port. */
  readonly tls?: ServerOptions
  readonly project: string
  readonly containers: readonly EngineContainer[]
}

export type DockerEngine = AsyncDisposable & {
  /** 0 on a socket. */
  readonly port: number
  readonly heard: readonly Heard[]
  readonly project: string
  readonly containers: EngineContainer[]
  /** What it was asked to do, `restart api 1`. */
  readonly deeds: readonly string[]
  /** Set by whoever wants it otherwise. */
  conduct: (deed: Deed) => Conduct
  readonly idOf: (container: EngineContainer) => string
}

/** Stable, and of the right form. */
const idOf = (project: string, { service, number = 1 }: EngineContainer): string =>
  Buffer.from(`${project}/${service}/${number}`).toString('hex').padEnd(64, '0').slice(0, 64)

const stateOf = ({ state = 'running' }: EngineContainer): string => state

const statusOf = (container: EngineContainer): string => {
  const { health, exitCode = 0 } = container
  if (container.status !== undefined) return container.status
  if (stateOf(container) !== 'running') return `Exited (${exitCode}) 2 minutes ago`
  return health === undefined ? 'Up 3 hours' : `Up 3 hours (${health === 'starting' ? 'health: starting' : health})`
}

const labelsOf = (project: string, { service, number = 1 }: EngineContainer) => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
  'com.docker.compose.container-number': String(number),
  'com.docker.compose.oneoff': 'False',
})

const imageOf = (container: EngineContainer): string =>
  container.imageId ?? `sha256:${Buffer.from(container.service).toString('hex').padEnd(64, '0').slice(0, 64)}`

const longAgo = '2026-01-01T00:00:00.000000000Z'

const listed = (project: string, container: EngineContainer) => ({
  Id: idOf(project, container),
  Names: [`/${project}-${container.service}-${container.number ?? 1}`],
  Image: `${project}-${container.service}`,
  ImageID: imageOf(container),
  State: stateOf(container),
  Status: statusOf(container),
  Ports: Object.entries(container.ports ?? {}).map(([inside, outside]) => ({
    PrivatePort: Number(inside),
    Type: 'tcp',
    ...(outside === null ? {} : { IP: '0.0.0.0', PublicPort: outside }),
  })),
  Labels: labelsOf(project, container),
})

const inspected = (project: string, container: EngineContainer) => ({
  Id: idOf(project, container),
  Name: `/${project}-${container.service}-${container.number ?? 1}`,
  RestartCount: container.restarts ?? 0,
  Image: imageOf(container),
  State: {
    Status: stateOf(container),
    Running: stateOf(container) === 'running',
    StartedAt: container.startedAt ?? longAgo,
    ExitCode: container.exitCode ?? 0,
    OOMKilled: container.oomKilled ?? false,
    ...(container.health === undefined ? {} : { Health: { Status: container.health, FailingStreak: 0, Log: [] } }),
  },
  HostConfig: { Memory: container.memory?.limit ?? 0 },
  Config: { Tty: container.tty ?? false, Env: container.env ?? [], Labels: labelsOf(project, container) },
})

const second = 1_000_000_000

/** One second between the samples. A container that does not run has none. */
const statistics = (container: EngineContainer) => {
  if (stateOf(container) !== 'running')
    return { memory_stats: {}, cpu_stats: { cpu_usage: { total_usage: 0 } }, precpu_stats: { cpu_usage: { total_usage: 0 } } }
  const { used, online } = container.cpus ?? { used: 0.1, online: 2 }
  const memory = container.memory ?? { used: 100 * 1024 * 1024, limit: 8 * 1024 * 1024 * 1024 }
  const cache = memory.cache ?? 0
  return {
    memory_stats: { usage: memory.used + cache, limit: memory.limit, stats: { inactive_file: cache } },
    precpu_stats: { cpu_usage: { total_usage: 5 * second }, system_cpu_usage: 100 * second, online_cpus: online },
    cpu_stats: { cpu_usage: { total_usage: (5 + used) * second }, system_cpu_usage: (100 + online) * second, online_cpus: online },
  }
}

type LogQuery = { readonly since: number; readonly stdout: boolean; readonly stderr: boolean; readonly timestamps: boolean }

/** As Docker sends it: without a terminal, each entry behind a header of its output and its length. */
async function* logOf({ log = [], tty = false }: EngineContainer, query: LogQuery): AsyncGenerator<Buffer> {
  for await (const { output = 'stdout', at, text } of typeof log === 'function' ? log() : log) {
    if (Date.parse(at) < query.since * 1000 || !query[output]) continue
    const line = Buffer.from(`${query.timestamps ? `${at.replace('Z', '000000Z')} ` : ''}${text}\n`)
    if (tty) {
      yield line
      continue
    }
    const header = Buffer.alloc(8)
    header[0] = output === 'stdout' ? 1 : 2
    header.writeUInt32BE(line.length, 4)
    yield Buffer.concat([header, line])
  }
}

const isTrue = (value: unknown): boolean => value === '1' || value === 'true'

/** Stops a container, or starts it, or both. */
const change = (container: EngineContainer, verb: Deed['verb']): void => {
  if (verb === 'stop') {
    container.state = 'exited'
    container.exitCode = 0
    return
  }
  container.state = 'running'
  container.startedAt = new Date().toISOString().replace('Z', '000000Z')
}

type Asked = { readonly deeds: string[]; readonly conduct: (deed: Deed) => Conduct }

const routes = (project: string, containers: readonly EngineContainer[], asked: Asked): Router => {
  const router = Router()
  const withContainer = (id: string, response: Response, act: (container: EngineContainer) => void) => {
    const container = containers.find((one) => idOf(project, one).startsWith(id) || `${project}-${one.service}-${one.number ?? 1}` === id)
    if (container === undefined) return void response.status(404).json({ message: `No such container: ${id}` })
    return act(container)
  }
  router.get('/_ping', (_, response) => void response.type('text/plain').send('OK'))
  router.get('/version', (_, response) => void response.json({ Version: '27.3.1', ApiVersion: '1.47', MinAPIVersion: '1.24' }))
  router.get('/containers/json', (request, response) => {
    const { label = [] } = JSON.parse(typeof request.query['filters'] === 'string' ? request.query['filters'] : '{}') as {
      label?: string[]
    }
    const wanted = containers
      .filter((container) => isTrue(request.query['all']) || stateOf(container) === 'running')
      .map((container) => listed(project, container))
      .filter(({ Labels }) =>
        label.every((entry) => Object.entries(Labels).some(([name, value]) => entry === name || entry === `${name}=${value}`)),
      )
    response.json(wanted)
  })
  router.get('/containers/:id/json', (request, response) =>
    withContainer(request.params.id, response, (container) => void response.json(inspected(project, container))),
  )
  router.get('/containers/:id/stats', (request, response) =>
    withContainer(request.params.id, response, (container) => void response.json(statistics(container))),
  )
  for (const verb of ['restart', 'stop', 'start'] as const)
    router.post(`/containers/:id/${verb}`, (request, response) =>
      withContainer(request.params.id, response, (container) => {
        const { service, number = 1 } = container
        asked.deeds.push(`${verb} ${service} ${number}`)
        const conduct = asked.conduct({ verb, service, number })
        if (conduct === 'denied') return void response.status(403).json({ message: 'not allowed here' })
        if (conduct === 'broken') return void response.status(500).json({ message: 'driver failed programming external connectivity' })
        const isRunning = stateOf(container) === 'running'
        change(container, conduct === 'half' ? 'stop' : verb)
        if (conduct === 'half') return void response.status(500).json({ message: 'OCI runtime create failed' })
        if (conduct === 'lost') return void response.destroy()
        if (conduct === 'hung') return undefined
        const isSo = (verb === 'start' && isRunning) || (verb === 'stop' && !isRunning)
        return void response.status(isSo ? 304 : 204).end()
      }),
    )
  router.get('/containers/:id/logs', (request, response) =>
    withContainer(request.params.id, response, (container) => {
      const { since, stdout, stderr, timestamps } = request.query
      const query = { since: Number(since ?? 0), stdout: isTrue(stdout), stderr: isTrue(stderr), timestamps: isTrue(timestamps) }
      response.type(container.tty === true ? 'application/vnd.docker.raw-stream' : 'application/vnd.docker.multiplexed-stream')
      Readable.from(logOf(container, query))
        .on('error', () => response.destroy())
        .pipe(response)
    }),
  )
  return router
}

/** Starts it. */
export const startDockerEngine = async (options: EngineOptions): Promise<DockerEngine> => {
  const heard: Heard[] = []
  const containers = [...options.containers]
  const app = express()
  app.use((request, _, next) => {
    heard.push({ method: request.method, url: request.url })
    next()
  })
  const deeds: string[] = []
  let conduct: DockerEngine['conduct'] = () => 'well'
  const router = routes(options.project, containers, { deeds, conduct: (deed) => conduct(deed) })
  app.use('/v:version', router)
  app.use(router)
  app.use((_, response) => void response.status(404).json({ message: 'page not found' }))
  const server: Server =
    options.tls === undefined ? createServer(app as RequestListener) : createTlsServer(options.tls, app as RequestListener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => void sockets.add(socket))
  if (options.socket === undefined) server.listen(0, '127.0.0.1')
  else server.listen(options.socket)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0,
    heard,
    project: options.project,
    containers,
    deeds,
    get conduct() {
      return conduct
    },
    set conduct(next) {
      conduct = next
    },
    idOf: (container) => idOf(options.project, container),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
