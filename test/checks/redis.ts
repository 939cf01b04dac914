/** A real Redis of Debian in memory, on a free loopback port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../system/alertmanager.ts'
import { find, type Package } from '../system/debian.ts'

/** What `ensure` must find. */
export const redisPackages: readonly Package[] = [{ name: 'redis-server', binary: 'redis-server' }]

/** Commands that came since, by MONITOR: the name in capitals, and the rest. */
type Heard = { readonly commands: () => string[][]; readonly stop: () => void }

/** Starts it with these settings. */
export const startRedis = async (settings: Readonly<Record<string, string>> = {}) => {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const all = { port: String(port), bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no', ...settings }
  const words = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', find('redis-server') ?? 'redis-server', ...words], {
    stdio: 'ignore',
  })
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null, protocol: 2 })
  client.on('error', () => undefined)
  for (const started = performance.now(); ; await sleep(50)) {
    if (child.exitCode !== null || performance.now() - started > 30_000) throw new Error('Redis did not start')
    try {
      await client.connect()
      break
    } catch {
      // Not ready yet: asked again until the time is over.
    }
  }
  return {
    port,
    client,
    listen: async (): Promise<Heard> => {
      const monitor = await client.monitor()
      const heard: string[][] = []
      monitor.on('monitor', (_: unknown, args: string[]) => void heard.push(args))
      return { commands: () => heard.map(([name = '', ...rest]) => [name.toUpperCase(), ...rest]), stop: () => monitor.disconnect() }
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      client.disconnect()
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
