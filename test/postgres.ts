/** A real PostgreSQL of Debian (15 or newer) in a temporary folder, on a free loopback port. It refuses to run as root, so it runs as the
 *  user `postgres` then. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { ensure } from './system/debian.ts'

const versions = '/usr/lib/postgresql'

/** The folder of the newest PostgreSQL's programs, or null. */
const findBin = (): string | null => {
  const newest = existsSync(versions)
    ? readdirSync(versions)
        .filter((name) => Number(name) >= 15)
        .toSorted((a, b) => Number(a) - Number(b))
        .at(-1)
    : undefined
  return newest === undefined || !existsSync(join(versions, newest, 'bin/initdb')) ? null : join(versions, newest, 'bin')
}

/** Whether there is one, after installing it where that is possible. Otherwise what to install was said. */
export const ensurePostgres = (): boolean => ensure([{ name: 'postgresql', binary: findBin }])

const user = 'tocsin'

export type Postgres = AsyncDisposable & {
  port: number
  url(database?: string): string
  /** Makes a database, as a copy of `template` if given; gives its URL. */
  createDatabase(name: string, template?: string): Promise<string>
  /** `immediate` is what a power cut leaves of it; `fast` ends all connections and shuts down properly. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  /** Stops all of its processes where they are, as a hung machine would, until `thaw`. */
  freeze(): void
  thaw(): void
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Whom the server runs as, as it may not be root; empty when this is not root either. */
export const identity = (): { uid: number; gid: number } | Record<string, never> => {
  if (process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => /^(postgres|nobody):/.test(entry))
  if (line === undefined) throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody')
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (name) =>
        existsSync(`/proc/${name}/stat`) &&
        readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ')[1] === String(pid),
    )
    .map(Number)

/** Starts a server. `durable`: it waits for the disk at each commit, as a real one does. */
export const startPostgres = async (options: { durable?: boolean; settings?: Record<string, string> } = {}): Promise<Postgres> => {
  const bin = findBin()
  if (bin === null) throw new Error(`There is no PostgreSQL 15 or newer in ${versions}: apt-get install postgresql`)
  const port = await freePort()
  const data = await mkdtemp(join(tmpdir(), 'tocsin-postgres-'))
  const as = identity()
  if (as.uid !== undefined) chownSync(data, as.uid, as.gid)
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'], {
    ...as,
    cwd: data,
    stdio: 'ignore',
  })
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    ...(options.durable === true ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...options.settings,
  }
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = (database = 'postgres') => `postgres://${user}@127.0.0.1:${port}/${database}`
  let server: ChildProcess | null = null

  const signalAll = (signal: NodeJS.Signals) => {
    if (server?.pid === undefined) return
    for (const pid of [server.pid, ...childrenOf(server.pid)]) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        // One of its processes may have ended in between.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
  }
  const postgres: Postgres = {
    port,
    url,
    async start() {
      // The kernel ends it when this process dies, however that happens.
      const child = spawn('setpriv', ['--pdeathsig', 'QUIT', join(bin, 'postgres'), '-D', data, '-p', String(port), ...parameters], {
        ...as,
        cwd: data,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      server = child
      let said = ''
      child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
      for (const started = performance.now(); ; await sleep(50)) {
        if (child.exitCode !== null || performance.now() - started > 30_000) throw new Error(`PostgreSQL did not start:\n${said}`)
        const client = new Client({ connectionString: url() })
        try {
          await client.connect()
          await client.query('select 1')
          return
        } catch {
          // Not ready yet: asked again until the time is over.
        } finally {
          await client.end().catch(() => undefined)
        }
      }
    },
    async stop(how = 'fast') {
      if (server === null || server.exitCode !== null) return
      signalAll('SIGCONT')
      const exited = once(server, 'exit')
      server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await exited
      server = null
    },
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    async createDatabase(name, template) {
      const client = new Client({ connectionString: url() })
      await client.connect()
      try {
        await client.query(`create database "${name}"${template === undefined ? '' : ` template "${template}"`}`)
      } finally {
        await client.end()
      }
      return url(name)
    },
    async [Symbol.asyncDispose]() {
      await postgres.stop('immediate')
      await rm(data, { recursive: true, force: true })
    },
  }
  await postgres.start()
  return postgres
}
