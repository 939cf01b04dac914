/** The whole bot for a test: a local world, a database, a product whose target the test plays, and people who type and press.
 *
 *  `await using bot = await startTestBot()`; everything goes over real HTTP, and nothing waits for a fixed time. */
import { createHmac, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { vi } from 'vitest'
import { type Bot, startBot } from '../src/bot.ts'
import type { BotOptions } from '../src/bot-options.ts'
import type { Loaded } from '../src/define.ts'
import type { Call, Fault } from '../src/embedded/gate.ts'
import { plainMessage } from '../src/embedded/plain.ts'
import type { TrueChannel, TrueMessage } from '../src/embedded/truth.ts'
import { type World, startWorld } from '../src/embedded/world.ts'
import type { Workspace } from '../src/embedded/workspace.ts'
import type { Incident } from '../src/incident/incident.ts'
import { loadRegistry, type Registry } from '../src/registry.ts'
import { readStream } from '../src/store/stream.ts'
import { recorder } from './silent.ts'
import { freshDatabase, freshDump } from './stores.ts'
import { until } from './until.ts'

// On a machine with much else to do, each step of a journey takes its time.
if (process.env['VITEST'] !== undefined) vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

export const root = fileURLToPath(new URL('..', import.meta.url))
export const botToken = 'xoxb-test'
export const signingSecret = 'test-signing-secret'
export const appToken = 'xapp-test'
export const alertToken = 'test-alert-token-0123'

/** What an answer is waited for, in milliseconds. */
const patienceMs = 20_000

/** Some of the product's servers: it answers what `answer` holds at the moment. */
const startTarget = async () => {
  const target = { status: 200, body: '{"status":"healthy","version":"1.0.0"}', asked: 0 }
  const server = createServer((_, response) => {
    target.asked += 1
    const body = target.body.replace('}', `,"timestamp":"${new Date().toISOString()}"}`)
    response.writeHead(target.status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return Object.assign(target, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close })
}

const acme = (target: string): string => `name: Acme
aliases: [shop]
links:
  - { name: Acme dashboard, url: "${target}/dashboard", kind: dashboard }
contacts:
  first: { name: Bob, email: bob@example.test }
  second: { name: Carol, email: carol@example.test }
ladder: [first, second]
severities:
  P1: { meaning: Nobody can pay, response: 15 min, checklist: [Confirm the severity, Name a lead] }
alerts:
  secrets: { generic: ACME_ALERT_SECRET }
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, auto: true, title: Health endpoint, options: { url: "${target}/api/health", json: true } }
  site: { kind: http, auto: true, title: Front page, options: { url: "${target}/" } }
`

/** A world with four people. */
export const testWorld = (options: Partial<Parameters<typeof startWorld>[0]> = {}): Promise<World> =>
  startWorld({
    users: ['alice', 'bob', 'carol', 'dave'].map((name) => ({ name, email: `${name}@example.test`, realName: `${name} Example` })),
    bot: { token: botToken, name: 'tocsin', signingSecret, appToken },
    github: { token: 'ghp_test', owner: 'acme', repo: 'incidents' },
    ...options,
  })

type TestBotOptions = {
  /** A fresh one of its kind, or the URL of one that others use, too. */
  readonly store?: 'pglite' | 'postgres' | { readonly url: string }
  /** One that others use, too: it is not closed with the bot. */
  readonly world?: World
  /** With a Supabase in the world; that takes seconds. */
  readonly supabase?: boolean
  readonly github?: boolean
  /** Slack is heard over sockets instead of HTTP. */
  readonly sockets?: boolean
  /** Files below `runbooks/`, by their path; `target` is where the product's server is. */
  readonly files?: Readonly<Record<string, string | ((target: string) => string)>>
  readonly templates?: string
  /** Changes what was scanned, such as how often a job is tried. */
  readonly registry?: (registry: Registry) => Registry
  readonly options?: Partial<BotOptions>
}

type Said = { readonly status: number; readonly took: number; readonly text: string; readonly form: boolean }

type Heard = { id: string; status: number; took: number; body: string; responses: { text?: string; blocks?: unknown }[] }

/** Signs and sends a body to any bot, as Slack does. */
export const deliver = (
  url: string,
  body: string,
  more: { type?: string; headers?: Record<string, string>; at?: number; secret?: string } = {},
) => {
  const timestamp = String(Math.floor((more.at ?? Date.now()) / 1000))
  const signature = createHmac('sha256', more.secret ?? signingSecret)
    .update(`v0:${timestamp}:${body}`)
    .digest('hex')
  return fetch(`${url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': more.type ?? 'application/json',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${signature}`,
      ...more.headers,
    },
    body,
  })
}

const registryOnce = loadRegistry(root)

export const startTestBot = async (given: TestBotOptions = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bot-'))
  const target = await startTarget()
  const files: TestBotOptions['files'] = { 'acme/service.yml': acme, ...given.files }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'runbooks', name)), { recursive: true })
    writeFileSync(join(folder, 'runbooks', name), typeof text === 'string' ? text : text(target.url))
  }
  const world =
    given.world ?? (await testWorld(given.supabase === true ? { supabase: { migrations: join(root, 'supabase/migrations') } } : {}))
  const registry = await registryOnce
  const { log, lines } = recorder()
  const store = given.store ?? 'pglite'
  const database = store === 'pglite' ? { memory: await freshDump() } : { url: store === 'postgres' ? await freshDatabase() : store.url }
  const options: BotOptions = {
    registry: given.registry?.(registry) ?? registry,
    port: 0,
    host: '127.0.0.1',
    runbooks: join(folder, 'runbooks'),
    templates: given.templates ?? join(root, 'templates'),
    database,
    slack: {
      botToken,
      ...(given.sockets === true ? { signingSecret: undefined, appToken, refusedMs: 500 } : { signingSecret }),
      apiUrl: world.slackApiUrl,
      mode: 'embedded',
    },
    freshWorkspace: false,
    announceChannel: 'incidents',
    github: given.github === false ? null : { token: 'ghp_test', repository: 'acme/incidents', apiUrl: world.githubApiUrl },
    supabase: world.supabaseUrl === '' ? null : { url: world.supabaseUrl, secretKey: world.supabaseSecretKey },
    alarm: { webhook: null, email: null },
    alertToken,
    webhookSecrets: {},
    environment: { ACME_ALERT_SECRET: 'acme-alert-secret-0123' },
    clock: () => Date.now(),
    log,
    ...given.options,
  }
  let bot: Bot = await startBot(options)

  const ask = async <Answer = Record<string, unknown>>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${world.url}/world${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(JSON.stringify(answer))
    return answer as Answer
  }
  await ask('PUT', '/bot-url', { url: bot.url })

  const workspace = await ask<Workspace>('GET', '/workspace')
  const names = async () => ({
    users: new Map([...workspace.people, workspace.bot].map((user) => [user.id, user.name])),
    groups: new Map<string, string>(),
    channels: new Map((await ask<TrueChannel[]>('GET', '/channels?detail=false')).map((channel) => [channel.id, channel.name])),
  })
  type Shown = { text?: unknown; blocks?: unknown }
  const read = (message: Shown, known: Awaited<ReturnType<typeof names>>): string =>
    stripVTControlCharacters(plainMessage(message, known).join('\n'))
  const plain = async (message: Shown): Promise<string> => read(message, await names())

  const openForms = async () => (await ask<{ open: boolean }[]>('GET', '/views')).filter((view) => view.open).length
  const heard = async (acted: Heard, wait: boolean): Promise<Said> => {
    const later =
      wait && acted.responses.length === 0
        ? await ask<{ responses: Heard['responses'] }>('GET', `/responses/${acted.id}?wait=${patienceMs}`)
        : acted
    const last = later.responses.at(-1)
    return { status: acted.status, took: acted.took, text: last === undefined ? '' : await plain(last), form: false }
  }

  const load = (id: string): Promise<Loaded | null> => readStream(bot.store.db, id)
  const incident = async (id: string): Promise<Incident> => {
    const loaded = await load(id)
    if (loaded === null) throw new Error(`there is no ${id}`)
    return loaded.incident
  }

  const messages = async (channel: string): Promise<(TrueMessage & { shown: string })[]> => {
    const all = await ask<TrueMessage[]>('GET', `/channels/${channel}/messages`)
    // Once for all of them: a hundred messages would ask for everybody's names a hundred times at once.
    const known = await names()
    return all.map((message) => ({ ...message, shown: read(message, known) }))
  }

  const test = {
    world,
    target,
    workspace,
    lines,
    folder,
    options,
    ask,
    load,
    incident,
    until,
    get bot() {
      return bot
    },
    get url() {
      return bot.url
    },
    get store() {
      return bot.store
    },
    /** The id of a person. */
    user: (name: string): string => workspace.people.find((person) => person.name === name)?.id ?? '',

    /** Types a command, and gives what the person is told first. */
    type: async (as: string, where: string, text: string): Promise<Said> =>
      heard(await ask<Heard>('POST', '/command', { as, in: where, text }), false),
    /** Types a command, and gives what the person is told in the end; `took` is how long the first answer did. */
    say: async (as: string, where: string, text: string, more: object = {}): Promise<Said> => {
      const before = await openForms()
      const acted = await ask<Heard>('POST', '/command', { as, in: where, text, ...more })
      const said = await heard(acted, false)
      if (said.text.startsWith('Still working')) {
        const late = await until(async () => {
          const { responses } = await ask<{ responses: Heard['responses'] }>('GET', `/responses/${acted.id}`)
          return responses.length > 1 ? responses.at(-1) : null
        }, `an answer to ${text}`)
        return { ...said, text: await plain(late) }
      }
      return { ...said, form: (await openForms()) > before }
    },
    /** Presses a button, and waits for what the person is told, or for a form. */
    press: async (as: string, where: string, action: string, more: object = {}): Promise<Said> => {
      const before = await openForms()
      const acted = await ask<Heard>('POST', '/press', { as, in: where, action, ...more })
      const form = until(async () => (await openForms()) > before, 'a form or an answer').then(
        () => true,
        () => false,
      )
      const answer = heard(acted, true).then((said) => (said.text === '' ? form : false))
      const opened = await Promise.race([form, answer])
      return opened ? { ...(await heard(acted, false)), form: true } : heard(acted, true)
    },
    /** Chooses in a field of the open form, with what else is filled in. */
    choose: (as: string, field: string, value: string, values: Record<string, string> = {}) =>
      ask<{ status: number; view: string }>('POST', '/choose', { as, field, value, values }),
    submit: (as: string, values: Record<string, string>) =>
      ask<{ status: number; body: string; closed: boolean; took: number }>('POST', '/submit', { as, values }),
    /** Joins a channel; the bot is told. */
    join: (as: string, where: string, more: object = {}) =>
      ask<{ status: number; event_id: string }>('POST', '/join', { as, in: where, ...more }),
    /** What Slack says of somebody from now on, e.g. `{ deleted: true }`; the bot is told. */
    change: (as: string, flags: object) => ask<{ status: number }>('POST', '/person', { as, ...flags }),
    event: (event: object, more: object = {}) => ask<{ status: number; event_id: string }>('POST', '/event', { event, ...more }),

    messages,
    /** The texts of a channel, oldest first, as people read them. */
    texts: async (channel: string): Promise<string[]> => (await messages(channel)).map((message) => message.shown),
    channels: (detail = false) => ask<TrueChannel[]>('GET', `/channels?detail=${detail}`),
    channel: (ref: string) => ask<TrueChannel>('GET', `/channels/${ref}`),
    /** Waits until the incident has its channel, and gives the channel's name. */
    opened: async (id: string, ms?: number): Promise<string> =>
      until(async () => (await incident(id)).channel?.id, `the channel of ${id}`, ms),
    /** Waits for a message in which `text` stands, and gives what is shown. */
    sees: (channel: string, text: string | RegExp, ms?: number): Promise<string> =>
      until(
        async () =>
          (await messages(channel)).find(({ shown }) => (typeof text === 'string' ? shown.includes(text) : text.test(shown)))?.shown,
        `“${text.toString()}” in ${channel}`,
        ms,
      ),

    calls: async (service: 'slack' | 'github' | 'supabase' = 'slack', since = 0): Promise<Call[]> =>
      (await ask<Call[]>('GET', `/calls?since=${since}`)).filter((call) => call.service === service),
    forgetCalls: () => ask('DELETE', '/calls'),
    fault: (fault: Partial<Fault> & Pick<Fault, 'service' | 'kind'>) => ask('POST', '/faults', fault),
    mend: () => ask('DELETE', '/faults'),

    /** Sends alerts as Alertmanager does. */
    alert: (body: object | string, more: { path?: string; token?: string | null; headers?: Record<string, string> } = {}) =>
      fetch(`${bot.url}/alerts/${more.path ?? 'alertmanager'}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(more.token === null ? {} : { authorization: `Bearer ${more.token ?? alertToken}` }),
          ...more.headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    health: async () =>
      (await fetch(`${bot.url}/health`)).json() as Promise<{
        status: string
        services: Record<string, string>
        problems: string[]
        warnings: string[]
      }>,
    metrics: async () => (await fetch(`${bot.url}/metrics`)).text(),
    /** No job waits or runs: what the events call for is done. */
    idle: () =>
      until(async () => {
        const busy = await bot.store.db
          .withSchema('tocsin_jobs')
          // pg-boss's table is none of ours, so its columns are not known to the types.
          .selectFrom('job' as never)
          .select('name' as never)
          .where('state' as never, 'in', ['created', 'active', 'retry'] as never)
          .where('start_after' as never, '<=', new Date(Date.now() + 500) as never)
          .execute()
        return busy.length === 0
      }, 'an idle queue'),

    /** Stops the bot and starts it again on the same database; PGlite in memory has none to start again on. */
    restart: async (changes: Partial<BotOptions> = {}): Promise<void> => {
      await bot.stop()
      await test.start(changes)
    },
    start: async (changes: Partial<BotOptions> = {}): Promise<void> => {
      bot = await startBot({ ...options, ...changes })
      await ask('PUT', '/bot-url', { url: bot.url })
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      if (process.env['TOCSIN_TEST_LOG'] !== undefined) for (const line of lines) if (line['level'] !== 'debug') console.log(line)
      await bot.stop()
      if (given.world === undefined) await world.close()
      await target.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return test
}

export type TestBot = Awaited<ReturnType<typeof startTestBot>>

/** An alert of Alertmanager's payload. */
export const firing = (
  rule: string,
  more: { labels?: Record<string, string>; summary?: string; startsAt?: string; fingerprint?: string; endsAt?: string } = {},
) => ({
  status: more.endsAt === undefined ? 'firing' : 'resolved',
  labels: { alertname: rule, product: 'acme', severity: 'critical', ...more.labels },
  annotations: { summary: more.summary ?? `${rule} is wrong` },
  startsAt: more.startsAt ?? new Date(Date.now() - 60_000).toISOString(),
  endsAt: more.endsAt ?? '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example.test/graph',
  fingerprint: more.fingerprint ?? randomUUID().replaceAll('-', '').slice(0, 16),
})

/** A webhook of Alertmanager with these alerts. */
export const group = (...alerts: object[]) => ({
  version: '4',
  groupKey: '{}:{alertname="x"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'tocsin',
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager.example.test',
  alerts,
})
