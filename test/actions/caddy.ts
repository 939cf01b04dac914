/** A real Caddy of Debian before a small site, on free loopback ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedPort } from '../adapters/server.ts'
import { ensure, find } from '../system/debian.ts'
import { until } from '../until.ts'

/** Whether there is one, after installing it where that is possible. Otherwise what to install was said. */
export const ensureCaddy = (): boolean => ensure([{ name: 'caddy', binary: 'caddy' }])

/** Caddy listens anew after every change, and what the former listener had just accepted is reset: that is asked again. */
const lost = ['ECONNRESET', 'ECONNREFUSED', 'UND_ERR_SOCKET']
const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : error instanceof Error ? codeOf(error.cause) : undefined
const asked = async <Value>(ask: () => Promise<Value>, tries = 3): Promise<Value> => {
  try {
    return await ask()
  } catch (error) {
    if (tries <= 1 || !lost.includes(String(codeOf(error)))) throw error
    return asked(ask, tries - 1)
  }
}

/** `origins`: how else its admin API is called, besides by its own address. */
export const startCaddy = async (origins: readonly string[] = []) => {
  const folder = mkdtempSync(join(tmpdir(), 'caddy-'))
  const [admin, site] = [await closedPort(), await closedPort()]
  const config = {
    admin: {
      listen: `127.0.0.1:${admin}`,
      config: { persist: false },
      ...(origins.length === 0 ? {} : { origins: [`127.0.0.1:${admin}`, ...origins] }),
    },
    apps: {
      http: {
        servers: {
          srv0: {
            listen: [`127.0.0.1:${site}`],
            automatic_https: { disable: true },
            routes: [{ handle: [{ handler: 'static_response', body: 'the shop' }] }],
          },
        },
      },
    },
  }
  writeFileSync(join(folder, 'caddy.json'), JSON.stringify(config))
  let child: ChildProcess | null = null
  const visitOnce = (host: string): Promise<{ status: number; body: string; retry: string | undefined }> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: site, headers: { host }, agent: false }, (answer) => {
        let body = ''
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, retry: answer.headers['retry-after'] }))
      }).on('error', reject)
    })
  const visit = (host: string) => asked(() => visitOnce(host))
  const caddy = {
    url: `http://127.0.0.1:${admin}`,
    host: `127.0.0.1:${admin}`,
    /** What a visitor of this host sees. */
    visit,
    ask: async (path: string, method = 'GET', body?: string) => {
      const answer = await asked(() =>
        fetch(`http://127.0.0.1:${admin}${path}`, {
          method,
          ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
        }),
      )
      return { status: answer.status, body: await answer.text() }
    },
    start: async () => {
      // The kernel ends it when this process dies, however that happens.
      child = spawn('setpriv', ['--pdeathsig', 'KILL', find('caddy') ?? 'caddy', 'run', '--config', join(folder, 'caddy.json')], {
        env: { PATH: process.env['PATH'], HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
        stdio: 'ignore',
      })
      await until(async () => (await visit('shop.example')).status === 200, 'Caddy')
    },
    stop: async () => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    [Symbol.asyncDispose]: async () => {
      await caddy.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await caddy.start()
  return caddy
}
