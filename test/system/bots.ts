/** Real bots: `src/main.ts` in processes of their own, with live settings that point at a local world, so that they can be killed
 *  while Slack, GitHub, Supabase and the database go on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startWorldProcess, type WorldProcess } from '../../src/embedded/child.ts'
import type { Workspace } from '../../src/embedded/workspace.ts'
import type { WorldOptions } from '../../src/embedded/world.ts'
import { until as untilIn } from '../until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const token = { slack: 'xoxb-test', github: 'ghp_test', alerts: 'test-alert-token-0123' }
const signingSecret = 'test-signing-secret'

/** What is waited for at most, in milliseconds: a machine that has much else to do is slow. */
const patienceMs = 90_000

/** As everywhere, with the patience of a machine on which whole bots start. */
export const until = <T>(ask: () => Promise<T> | T, what: string, ms = patienceMs): Promise<NonNullable<T>> => untilIn(ask, what, ms, 150)

const product = (target: string): string => `name: Acme
links:
  - { name: Acme dashboard, url: "${target}/dashboard", kind: dashboard }
contacts:
  first: { name: Bob, email: bob@example.test }
  second: { name: Carol, email: carol@example.test }
ladder: [first, second]
severities:
  P1: { meaning: Nobody can pay, response: 24 h, update: 24 h, warnAt: [1], checklist: [Confirm the severity, Name a lead] }
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, auto: true, title: Health endpoint, options: { url: "${target}/api/health", json: true } }
`

export type BotProcess = {
  readonly url: string
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  /** What it wrote to its log. */
  readonly log: () => string
  readonly exited: Promise<unknown>
}

export type Starting = {
  readonly ready: Promise<BotProcess>
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
}

const children = new Set<ChildProcess>()

/** Ends every bot that still runs. */
export const killAll = (): void => {
  for (const child of children) child.kill('SIGKILL')
}

/** Starts `src/main.ts` with exactly these settings. */
export const startProcess = (settings: Record<string, string>, cwd = root): Starting => {
  // The kernel ends it when this process dies, however that happens.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, join(root, 'src/main.ts')], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: join(tmpdir(), 'tocsin-compile-cache'),
      LOG_LEVEL: process.env['TOCSIN_TEST_LOG'] ?? 'warn',
      PORT: '0',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const exited = once(child, 'exit').finally(() => children.delete(child))
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)))
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal)
    await exited
  }
  const ready = new Promise<BotProcess>((resolve, reject) => {
    let banner = ''
    child.stdout.on('data', (chunk: Buffer) => {
      banner += chunk.toString()
      const url = /Tocsin is ready at (\S+)/.exec(banner)?.[1]
      if (url !== undefined) resolve({ url, kill, exited, log: () => said })
    })
    void exited.then(([code, signal]: unknown[]) =>
      reject(new Error(`the bot ended (${String(code ?? signal)}) before it was ready:\n${said}`)),
    )
  })
  // Whoever kills it at its start does not wait for it.
  ready.catch(() => undefined)
  return { ready, kill }
}

/** A body, signed and sent as Slack does. Throws when the bot does not answer. */
const deliver = async (url: string, form: Record<string, string>): Promise<{ status: number; text: string }> => {
  const body = new URLSearchParams(form).toString()
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')
  const response = await fetch(`${url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
    },
    body,
    signal: AbortSignal.timeout(20_000),
  })
  return { status: response.status, text: await response.text() }
}

/** Some product's server, and the product itself in `runbooks/` of the folder. */
export const startTarget = async (folder: string) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"healthy","version":"1.0.0"}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  mkdirSync(join(folder, 'runbooks/acme'), { recursive: true })
  writeFileSync(join(folder, 'runbooks/acme/service.yml'), product(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  return {
    close: (): void => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export type Target = Awaited<ReturnType<typeof startTarget>>

/** A world in a process of its own, a product and its server: what any number of bots share. */
export const startSurroundings = async (more: Partial<WorldOptions> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-system-'))
  const target = await startTarget(folder)
  const world: WorldProcess = await startWorldProcess(
    {
      port: 0,
      users: ['alice', 'bob', 'carol'].map((name) => ({ name, email: `${name}@example.test`, realName: `${name} Example` })),
      bot: { token: token.slack, name: 'tocsin', signingSecret },
      github: { token: token.github, owner: 'acme', repo: 'incidents' },
      supabase: { migrations: join(root, 'supabase/migrations') },
      ...more,
    },
    folder,
  )

  const ask = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${world.url}/world${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(JSON.stringify(answer))
    return answer as Answer
  }
  const workspace = await ask<Workspace>('GET', '/workspace')
  const userId = (name: string) => workspace.people.find((person) => person.name === name)?.id ?? ''

  return {
    world,
    ask,
    /** Settings for a bot with live services. Its calls are known in the world by `name`. */
    settings: (name: string, databaseUrl: string, announce: string): Record<string, string> => ({
      DATABASE_URL: databaseUrl,
      TOCSIN_DATA: join(folder, 'data'),
      TOCSIN_RUNBOOKS: join(folder, 'runbooks'),
      TOCSIN_TEMPLATES: join(root, 'templates'),
      SLACK_BOT_TOKEN: `${token.slack}~${name}`,
      SLACK_SIGNING_SECRET: signingSecret,
      SLACK_API_URL: world.slackApiUrl,
      SLACK_ANNOUNCE_CHANNEL: announce,
      GITHUB_TOKEN: `${token.github}~${name}`,
      GITHUB_REPOSITORY: 'acme/incidents',
      GITHUB_API_URL: world.githubApiUrl,
      SUPABASE_URL: world.supabaseUrl,
      SUPABASE_SECRET_KEY: `${world.supabaseSecretKey}~${name}`,
      ALERT_TOKEN: token.alerts,
    }),
    /** Types a command; gives the text of what the person is told at once. */
    type: async (url: string, as: string, channel: string, text: string): Promise<{ status: number; text: string }> => {
      const [command = '', ...words] = text.split(' ')
      return deliver(url, {
        command,
        text: words.join(' '),
        team_id: workspace.team.id,
        channel_id: channel,
        channel_name: 'anywhere',
        user_id: userId(as),
        user_name: as,
        api_app_id: workspace.appId,
        response_url: `${world.url}/slack/response/none`,
        trigger_id: '0.0.0',
      })
    },
    alert: async (url: string, payload: object): Promise<number> => {
      const response = await fetch(`${url}/alerts/alertmanager`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token.alerts}` },
        body: JSON.stringify(payload),
        signal: AbortSignal.timeout(20_000),
      })
      await response.text()
      return response.status
    },
    /** Every channel of the workspace. */
    channels: async (): Promise<{ id: string; name: string; is_archived: boolean }[]> => {
      const response = await fetch(`${world.slackApiUrl}conversations.list?limit=1000&types=public_channel,private_channel`, {
        headers: { authorization: `Bearer ${token.slack}` },
      })
      const list = (await response.json()) as {
        channels: { id: string; name: string; is_archived: boolean }[]
        response_metadata?: { next_cursor?: string }
      }
      if ((list.response_metadata?.next_cursor ?? '') !== '') throw new Error('there are too many channels for one page')
      return list.channels
    },
    github: async <Answer>(path: string): Promise<Answer> => {
      const response = await fetch(`${world.githubApiUrl}/repos/acme/incidents${path}`, {
        headers: { authorization: `Bearer ${token.github}` },
      })
      return (await response.json()) as Answer
    },
    supabase: async <Answer>(path: string): Promise<Answer> => {
      const response = await fetch(`${world.supabaseUrl}/rest/v1/${path}`, {
        headers: { apikey: world.supabaseSecretKey, authorization: `Bearer ${world.supabaseSecretKey}` },
      })
      return (await response.json()) as Answer
    },
    close: async (): Promise<void> => {
      killAll()
      await world.stop()
      target.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Surroundings = Awaited<ReturnType<typeof startSurroundings>>
