/** The bot, put together: store → queue → handle → verbs, jobs, web and Slack. Everything outside comes in as options, so that a
 *  test starts the same bot that `main.ts` does. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createAlertRoutes } from './alert-routes.ts'
import { createArrivals } from './arrivals.ts'
import { createRemedies } from './acting.ts'
import { createApprovers } from './approvers.ts'
import { createControls } from './controls.ts'
import { createRequests } from './requests.ts'
import { createAnnounceChannel, createNamedChannels } from './announce.ts'
import { createBacklog } from './backlog.ts'
import { createConversation, createWaysIn } from './said.ts'
import { openAlarms } from './adapters/alarm.ts'
import { githubHost } from './adapters/github.ts'
import { guarded } from './adapters/fetch.ts'
import { reachable } from './adapters/reach.ts'
import { slackChat } from './adapters/slack.ts'
import { supabaseRecord } from './adapters/supabase.ts'
import { templates } from './adapters/templates.ts'
import { loadCatalogue, problemText, startProblems, unreachedText } from './catalogue.ts'
import { createChannelWatch } from './channels.ts'
import { createChecks } from './checking.ts'
import type { BotOptions } from './bot-options.ts'
import { createCheckup } from './checkup.ts'
import { createDaily } from './daily.ts'
import { createHandle } from './handle.ts'
import { createHealth, createPulse } from './health.ts'
import { createHomes } from './homes.ts'
import { createWrittenMask, maskedReading } from './masking.ts'
import { createMatcher } from './matching.ts'
import { createMembers } from './members.ts'
import { createMetrics } from './metrics.ts'
import { createOutageWatch, lookingFirst } from './outage.ts'
import { createByEmail, createPerson, createResolve, createWho, warm, withPeople } from './people.ts'
import { createReconcile } from './reconcile.ts'
import { kindsOf } from './registry.ts'
import { startSlack } from './slack/app.ts'
import { render } from './slack/blocks.ts'
import { createDispatch, type Dispatch } from './slack/dispatch.ts'
import { handingOver } from './slack/hand-over.ts'
import { createReceiver } from './slack/receivers.ts'
import { openStore, type Store } from './store/database.ts'
import { isAway } from './store/away.ts'
import { openQueue, type Queue } from './store/queue.ts'
import { readStream } from './store/stream.ts'
import { createJobContext } from './work.ts'
import { withShared, withSurface } from './surface.ts'
import { createVerbContext } from './verbs.ts'
import { openTerminal } from './terminal-door.ts'
import { createWeb } from './web/server.ts'
import { createIdentity } from './whose.ts'
import { startWorkers } from './workers.ts'

export type Bot = {
  readonly url: string
  readonly port: number
  readonly store: Store
  readonly queue: Queue
  readonly problems: readonly string[]
  /** What works, and yet will fail somebody one night. */
  readonly warnings: readonly string[]
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
    ...kindsOf(registry),
    environment: options.environment,
  })
  if (catalogue === null) throw new Error(`The templates cannot be used:\n${found.map(problemText).join('\n')}`)
  const problems = startProblems(found)
  const warnings = unreachedText(catalogue)
  for (const problem of problems) log.error({ problem }, 'a part of the catalogue is left out')
  for (const warning of warnings) log.warn({ warning }, 'the catalogue has a gap')

  const store = await openStore({ ...options.database, log })
  const queue = await openQueue(store, {
    queues: [...registry.jobs].map(([name, job]) => ({ ...job, name, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 })),
    log,
  })
  const handle = createHandle({ store, queue })
  const load = (id: string) => readStream(store.db, id)
  const metrics = createMetrics({ store, queue, sockets: options.slack.appToken !== undefined })

  const slack = slackChat({
    token: options.slack.botToken,
    render,
    log,
    ...(options.slack.apiUrl === undefined ? {} : { apiUrl: options.slack.apiUrl }),
  })
  const members = createMembers({ chat: slack, elapsed, log })
  const person = createPerson(catalogue)
  const resolve = createResolve(slack, elapsed)
  const chat = { ...withPeople(slack, resolve, elapsed), member: members.find }
  const { supabase, github } = options
  const githubUrl = github?.apiUrl ?? 'https://api.github.com'
  const alarms = openAlarms(options.alarm, log)
  const outage = createOutageWatch({ store, queue, catalogue, ways: alarms.map(({ name }) => name), log })
  const reconcile = createReconcile({ store, queue, handle, plan: () => daily.plan(), log })
  const pulse = createPulse(
    {
      slack: async () => {
        const fault = await slack.reachable()
        outage.observe(fault)
        return fault?.message ?? receiver.problem()
      },
      supabase: supabase === null ? null : () => reachable(supabase.url),
      github: github === null ? null : () => reachable(githubUrl),
    },
    log,
    // What waited for it need not wait for its next try.
    () => void reconcile.look().catch((error: unknown) => log.warn({ err: error }, 'catching up failed; it is tried again')),
  )
  const identity = await createIdentity({ store, token: options.slack.botToken, ask: () => slack.identity(), log })
  const hands = { catalogue, guarded, now: () => new Date(clock()).toISOString(), elapsed, environment: options.environment, log }
  const checks = createChecks({ ...hands, kinds: registry.checks })
  const doing = {
    approvers: createApprovers({ catalogue, chat: slack, resolve }),
    actions: createControls({ store, queue, handle, catalogue }),
    requests: createRequests({ catalogue, kinds: registry.actions, environment: options.environment }),
  }
  const mask = createWrittenMask(catalogue, options.environment)
  const announceChannel = createAnnounceChannel({ store, chat, configured: options.announceChannel, elapsed })
  const channelNamed = createNamedChannels({ store, chat, elapsed }, announceChannel)
  const daily = createDaily({ store, queue, catalogue, ...checks, away: pulse.unreachable, channelNamed })
  const contextOf = createJobContext({
    store,
    queue,
    handle,
    load,
    surface: withSurface(store),
    shared: withShared(store),
    announceChannel,
    chat,
    reading: maskedReading(slack.reading, mask),
    homes: { opened: () => homes.opened(), refresh: (user) => homes.refresh(user) },
    person,
    codeHost: github === null ? null : githubHost({ token: github.token, repository: github.repository, log, apiUrl: githubUrl }),
    alarms,
    outage: outage.now,
    wasAway: outage.wasAway,
    records: supabase === null ? null : supabaseRecord({ ...supabase, timeoutMs: 15_000 }),
    resolve,
    templates: templates(options.templates),
    catalogue,
    ...checks,
    ...doing,
    remedies: createRemedies({ ...hands, kinds: registry.actions }),
    samples: daily.samples,
    digests: daily.digests,
    matchAlerts: createMatcher({ store, handle, catalogue }),
    log,
  })

  const verbs = createVerbContext({
    queue,
    store,
    handle,
    catalogue,
    verbs: registry.verbs,
    ...checks,
    ...doing,
    digest: daily.digest,
    who: createWho(members, person),
    resolve,
    publishes: { codeHost: github !== null, record: supabase !== null },
    mask,
  })
  const homes = createHomes({ store, catalogue, verbs, person, slack, log })
  const { examine } = options
  const userByEmail = async (email: string) => (await resolve({ name: email, email })).slackUser ?? null
  const checkup = createCheckup(
    examine === undefined ? null : () => examine({ catalogue, userByEmail, away: Object.keys(pulse.unreachable()) }),
    log,
  )
  const health = createHealth({
    store,
    queue,
    pulse,
    version,
    now: () => new Date(clock()).toISOString(),
    problems,
    warnings: async () => [...warnings, ...(await daily.digests.problems())],
    findings: checkup.findings,
    log,
  })
  const web = createWeb({ health, metrics: metrics.render, log })
  const arrivals = createArrivals({ store, queue, members, person, botUser: () => identity.known()?.botUserId })
  const backlog = createBacklog({ store, queue, members, log })
  const dispatch = createDispatch(verbs)
  const handingOverFiles = (to: Dispatch) => handingOver(to, { send: (user, message, file) => slack.sendFile(user, message, file), log })
  const receiver = createReceiver({
    http: web.http,
    signingSecret: options.slack.signingSecret,
    appToken: options.slack.appToken,
    apiUrl: options.slack.apiUrl,
    refusedMs: options.slack.refusedMs,
    socketsChanged: (open) => {
      metrics.socketsOpen(open)
      backlog.sockets(open)
      pulse.suspect('slack')
    },
    now: clock,
    log,
  })
  startSlack({
    receiver: receiver.receiver,
    dispatch: handingOverFiles(dispatch),
    botToken: options.slack.botToken,
    apiUrl: options.slack.apiUrl,
    identity: identity.known,
    render,
    openForm: (trigger, view) => slack.openForm(trigger, view),
    updateForm: (id, hash, view) => slack.updateForm(id, hash, view),
    tell: (channel, user, message) => slack.ephemeral(channel, user, message),
    direct: (user, message) => slack.direct(user, message, 'answer'),
    person,
    glance: members.glance,
    ...arrivals,
    channelChanged: createChannelWatch({ store, handle, queue }),
    conversation: createConversation({ store, queue }),
    waysIn: createWaysIn({ store, catalogue, verbs, slack, handingOverFiles, openHome: homes.open }),
    databaseIsAway: isAway,
    answered: metrics.commandAnswered,
    log,
  })
  web.http.use(createAlertRoutes({ ...options, catalogue, store, queue, metrics }))

  if (options.freshWorkspace) await reconcile.forgetWorkspace(options.freshCodeHost === true)
  await startWorkers({ registry, store, queue, handle, contextOf, metrics, pulse, log })
  const stopReconcile = reconcile.start()
  const away = lookingFirst({ store, outage, look: () => slack.reachable() })
  const closeTerminal = await openTerminal({
    file: options.doorFile ?? null,
    dispatch: createDispatch({ ...verbs, away }),
    catalogue,
    byEmail: createByEmail(members, resolve, person),
    log,
  })
  const { server, port } = await web.listen(options.port, options.host)
  await receiver.start()
  await pulse.start()
  // Who was looked up need not be asked for again.
  void warm(catalogue, resolve, log).then(checkup.start)

  const stop = async (): Promise<void> => {
    web.stopTaking()
    checkup.stop()
    await closeTerminal()
    pulse.stop()
    await Promise.all([closeServer(server), backlog.stop(), receiver.stop()])
    stopReconcile()
    identity.stop()
    await outage.stop()
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
    warnings,
    unreachable: pulse.unreachable(),
    stop: () => (stopping ??= stop()),
  }
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 3000).unref()
  })
