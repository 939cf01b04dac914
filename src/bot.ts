/** The bot, put together: store → queue → handle → verbs, jobs, web and Slack. Everything outside comes in as options, so that a
 *  test starts the same bot that `main.ts` does. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createAnnounceChannel } from './announce.ts'
import { githubHost } from './adapters/github.ts'
import { guardedFetch } from './adapters/fetch.ts'
import { reachable } from './adapters/reach.ts'
import { slackChat } from './adapters/slack.ts'
import { supabaseRecord } from './adapters/supabase.ts'
import { templates } from './adapters/templates.ts'
import { loadCatalogue, problemText } from './catalogue.ts'
import { createChannelWatch } from './channels.ts'
import { createChecking } from './checking.ts'
import type { Log } from './define.ts'
import { createHandle } from './handle.ts'
import { createHealth, createPulse } from './health.ts'
import { createIntake, createMatcher } from './matching.ts'
import { createMetrics } from './metrics.ts'
import { createPerson, createResolve, warm, withPeople } from './people.ts'
import type { Registry } from './registry.ts'
import { createReconcile } from './reconcile.ts'
import { startSlack } from './slack/app.ts'
import { render } from './slack/blocks.ts'
import { createDispatch } from './slack/dispatch.ts'
import { slackGuard } from './slack/guard.ts'
import { openStore, type Store } from './store/database.ts'
import { isAway } from './store/away.ts'
import { openQueue, type Queue } from './store/queue.ts'
import { readStream } from './store/stream.ts'
import { createJobContext } from './work.ts'
import { withSurface } from './surface.ts'
import { createVerbContext } from './verbs.ts'
import { createTerminal, TerminalRequest } from './terminal.ts'
import { alertRoutes } from './web/alerts.ts'
import { openDoor } from './web/door.ts'
import { createWeb } from './web/server.ts'
import { createIdentity } from './whose.ts'
import { startWorker } from './worker.ts'

export type BotOptions = {
  /** The project's folder: where `commands/` and `src/` are. */
  readonly registry: Registry
  readonly port: number
  readonly host: string
  readonly runbooks: string
  readonly templates: string
  readonly database: { readonly url: string } | { readonly dataDir: string } | { readonly memory: true | Blob }
  readonly slack: {
    readonly botToken: string
    readonly signingSecret: string
    readonly apiUrl: string | undefined
    readonly mode: 'live' | 'embedded'
  }
  /** The workspace is new: channels of before are not there any more. */
  readonly freshWorkspace: boolean
  /** The code host is new, too: what was proposed there is gone. */
  readonly freshCodeHost?: boolean
  readonly announceChannel: string
  readonly github: { readonly token: string; readonly repository: string; readonly apiUrl: string | undefined } | null
  readonly supabase: { readonly url: string; readonly secretKey: string } | null
  readonly alertToken: string | undefined
  /** The file that tells commands from a terminal where this process is; null: it takes none. */
  readonly doorFile?: string | null
  readonly webhookSecrets: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Milliseconds since 1970, of this machine; only for what the database's clock is not asked for. */
  readonly clock: () => number
  readonly log: Log
}

export type Bot = {
  readonly url: string
  readonly port: number
  readonly store: Store
  readonly queue: Queue
  readonly problems: readonly string[]
  /** Outside services that did not answer at the start, by name, with the reason. */ readonly unreachable: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version

/** How long running jobs are waited for when the bot stops, in milliseconds. */
const stopMs = 20_000

/** Starts everything and listens. Throws when the catalogue's templates are unusable or the database cannot be opened. */
export const startBot = async (options: BotOptions): Promise<Bot> => {
  const { registry, log, clock } = options
  const elapsed = () => performance.now()
  const { catalogue, problems: found } = loadCatalogue({
    runbooks: options.runbooks,
    templates: options.templates,
    kinds: Object.fromEntries([...registry.checks].map(([name, check]) => [name, check.options])),
    environment: options.environment,
  })
  if (catalogue === null) throw new Error(`The templates cannot be used:\n${found.map(problemText).join('\n')}`)
  const problems = found.filter((problem) => problem.level !== 'warning').map(problemText)
  for (const problem of problems) log.error({ problem }, 'a part of the catalogue is left out')

  const store = await openStore({ ...options.database, log })
  const queue = await openQueue(store, {
    queues: [...registry.jobs].map(([name, job]) => ({ ...job, name, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 })),
    log,
  })
  const handle = createHandle({ store, queue })
  const load = (id: string) => readStream(store.db, id)
  const metrics = createMetrics({ store, queue })

  const slack = slackChat({
    token: options.slack.botToken,
    render,
    log,
    ...(options.slack.apiUrl === undefined ? {} : { apiUrl: options.slack.apiUrl }),
  })
  const resolve = createResolve(slack, elapsed)
  const chat = withPeople(slack, resolve, elapsed)
  const { supabase, github } = options
  const githubUrl = github?.apiUrl ?? 'https://api.github.com'
  const reconcile = createReconcile({ store, queue, handle, log })
  const pulse = createPulse(
    {
      slack: async () => (await slack.reachable())?.message ?? null,
      supabase: supabase === null ? null : () => reachable(supabase.url),
      github: github === null ? null : () => reachable(githubUrl),
    },
    log,
    // What waited for it need not wait for its next try.
    () => void reconcile.look().catch((error: unknown) => log.warn({ err: error }, 'catching up failed; it is tried again')),
  )
  const identity = await createIdentity({ store, token: options.slack.botToken, ask: () => slack.identity(), log })
  const runChecks = createChecking({
    catalogue,
    kinds: registry.checks,
    guardedFetch,
    now: () => new Date(clock()).toISOString(),
    elapsed,
    environment: options.environment,
    log,
  })
  const contextOf = createJobContext({
    store,
    queue,
    handle,
    load,
    surface: withSurface({ store, load }),
    announceChannel: createAnnounceChannel({ store, chat, configured: options.announceChannel }),
    chat,
    codeHost: github === null ? null : githubHost({ token: github.token, repository: github.repository, log, apiUrl: githubUrl }),
    records: supabase === null ? null : supabaseRecord({ ...supabase, timeoutMs: 15_000 }),
    resolve,
    templates: templates(options.templates),
    catalogue,
    runChecks,
    matchAlerts: createMatcher({ store, handle, catalogue }),
    log,
  })

  const verbs = createVerbContext({
    store,
    handle,
    catalogue,
    verbs: registry.verbs,
    runChecks,
    publishes: { codeHost: github !== null, record: supabase !== null },
  })
  const receiveAlerts = createIntake({ store, queue, catalogue })
  const health = createHealth({ store, queue, pulse, version, now: () => new Date(clock()).toISOString(), problems, log })
  const web = createWeb({ health, metrics: metrics.render, log })
  web.http.use('/slack/events', slackGuard({ signingSecret: options.slack.signingSecret, now: clock, log }))
  const dispatch = createDispatch(verbs)
  startSlack({
    http: web.http,
    dispatch,
    signingSecret: options.slack.signingSecret,
    botToken: options.slack.botToken,
    apiUrl: options.slack.apiUrl,
    identity: identity.known,
    render,
    openForm: (trigger, view) => slack.openForm(trigger, view),
    tell: (channel, user, message) => slack.ephemeral(channel, user, message),
    person: createPerson(catalogue),
    channelChanged: createChannelWatch({ store, handle, queue }),
    databaseIsAway: isAway,
    answered: metrics.commandAnswered,
    log,
  })
  web.http.use(
    alertRoutes({
      sources: registry.alertSources,
      secretOf: (source, product) => {
        const own = product === null ? undefined : catalogue.product(product)?.alerts.secrets[source]
        return own === undefined ? (options.webhookSecrets[source] ?? options.alertToken) : options.environment[own]
      },
      broken: (product) => catalogue.broken.has(product.toLowerCase()),
      now: () => store.now(),
      receive: async (source, path, alerts) => {
        metrics.alertsReceived(source, alerts.length)
        await receiveAlerts(source, path, alerts)
      },
      log,
    }),
  )

  if (options.freshWorkspace) await reconcile.forgetWorkspace(options.freshCodeHost === true)
  await startWorker({
    store,
    queue,
    handlers: Object.fromEntries(
      [...registry.jobs].map(([name, job]) => [
        name,
        async ({ data, retryCount, signal }) =>
          job.run({ data: data as Record<string, string | number>, retryCount, signal }, contextOf(signal)),
      ]),
    ),
    log,
    onRun: (run) => {
      metrics.jobRan(run)
      const service = serviceOf[run.queue]
      if (service !== undefined && run.outcome === 'failed') pulse.suspect(service)
    },
    onDead: async (dead) => {
      const incident = dead.data['incident']
      if (typeof incident === 'string') {
        await handle.handle(
          incident,
          { type: 'step-failed', surface: dead.queue, step: dead.queue, reason: `given up: ${dead.error}` },
          { kind: 'bot' },
        )
      }
    },
  })
  const stopReconcile = reconcile.start()
  await pulse.start()
  const terminal = createTerminal({ dispatch, catalogue, databaseIsAway: isAway, log })
  const closeDoor =
    options.doorFile == null
      ? null
      : await openDoor({
          file: options.doorFile,
          log,
          run: async (body) => {
            const request = TerminalRequest.safeParse(body)
            return request.success ? terminal(request.data) : null
          },
        })
  const { server, port } = await web.listen(options.port, options.host)
  void warm(catalogue, resolve, log)

  const stop = async (): Promise<void> => {
    web.stopTaking()
    await closeDoor?.()
    await closeServer(server)
    stopReconcile()
    pulse.stop()
    identity.stop()
    await queue.stop(stopMs)
    await store.close()
  }
  let stopping: Promise<void> | undefined
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    port,
    store,
    queue,
    problems,
    unreachable: unreachableOf(pulse.all()),
    stop: () => (stopping ??= stop()),
  }
}

const unreachableOf = (states: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(states).filter(([, state]) => state !== 'healthy' && state !== 'off'))

/** Which outside service a queue's runs speak of. */
const serviceOf: Readonly<Record<string, string>> = {
  'sync-channel': 'slack',
  'sync-announcement': 'slack',
  'sync-record': 'supabase',
  'sync-pull-request': 'github',
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 3000).unref()
  })
