/** The local world: an emulated Slack and GitHub, a local Supabase, an emulated Stripe and Vercel if they are wanted, behind one front that makes them as strict as the real ones. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Request as Incoming } from 'express'
import { createChannels } from './channels.ts'
import { controlRouter } from './control.ts'
import { createDelivery } from './delivery.ts'
import { createDeeds } from './deeds.ts'
import { createGate, type Answer } from './gate.ts'
import { githubFront, githubSeed, type GithubOptions } from './github-front.ts'
import { BODY_LIMIT, createLimiter, type LimitOptions } from './limits.ts'
import { createMemory } from './memory.ts'
import { createPeople } from './people.ts'
import { createResponseUrls } from './responses.ts'
import { bytesOf, callerOf, type Manner, nameCallers, plainHeaders, slackApi, slackOther, slackResponse } from './slack-front.ts'
import { createSockets } from './sockets.ts'
import { openSupabase, type Supabase, type SupabaseOptions } from './supabase.ts'
import { stripeFront, type StripeOptions } from './stripe-front.ts'
import { createTruth } from './truth.ts'
import { callSlackThrough, startSlack, startUpstream } from './upstream.ts'
import { vercelFront, vercelSeed, type VercelOptions } from './vercel-front.ts'
import { workspaceOf, type WorkspaceOptions } from './workspace.ts'

export type WorldOptions = WorkspaceOptions & {
  /** 0 or nothing: a free one. */
  port?: number
  github: GithubOptions
  /** Where commands, buttons and events go; `/slack/events` is added. */
  botUrl?: string
  supabase?: SupabaseOptions | null
  stripe?: StripeOptions | null
  vercel?: VercelOptions | null
  /** Off unless asked for: the embedded start should feel quick. */
  limits?: LimitOptions
}

export type WorldInfo = {
  url: string
  /** Ends in `/api/`. */
  slackApiUrl: string
  githubApiUrl: string
  /** Empty when the world runs without one. */
  supabaseUrl: string
  supabaseSecretKey: string
  supabasePublishableKey: string
  /** Empty when the world runs without one. */
  stripeApiUrl: string
  /** Empty when the world runs without one. */
  vercelApiUrl: string
}

export type World = WorldInfo & {
  /** Only in the process that started it: for tests. */
  supabase: Supabase | null
  close: () => Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const LISTEN_PATIENCE_MS = 3_000

/** A world that is just closing may still hold the port. */
const listen = async (server: Server, port: number): Promise<number> => {
  const started = performance.now()
  for (;;) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject)
          resolve()
        })
      })
      const address = server.address()
      return typeof address === 'object' && address ? address.port : port
    } catch (error) {
      if (performance.now() - started > LISTEN_PATIENCE_MS)
        throw new Error(`port ${port} is taken: is another world running? Stop it, or take another port`, { cause: error })
      await sleep(100)
    }
  }
}

const askSupabase = async (supabase: Supabase, incoming: Incoming): Promise<Answer> => {
  const body = bytesOf(incoming)
  const response = await supabase.fetch(
    new Request(new URL(incoming.originalUrl.slice('/supabase'.length), 'http://127.0.0.1'), {
      method: incoming.method,
      headers: plainHeaders(incoming),
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    }),
  )
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
    ...(response.status < 400 ? {} : { error: String(response.status) }),
  }
}

export const startWorld = async (options: WorldOptions): Promise<World> => {
  // The services must know the front's address before the front can serve them.
  let handle: RequestListener = (_, response) => response.writeHead(503).end('starting')
  const server = createServer((request, response) => handle(request, response))
  const url = `http://127.0.0.1:${await listen(server, options.port ?? 0)}`

  const workspace = workspaceOf(options)
  const [slack, github, supabase, stripe, vercel] = await Promise.all([
    startSlack(workspace, `${url}/slack`),
    startUpstream('github', githubSeed(options.github), `${url}/github`),
    options.supabase ? openSupabase(options.supabase) : null,
    options.stripe ? startUpstream('stripe', {}, url) : null,
    options.vercel ? startUpstream('vercel', vercelSeed(options.vercel), `${url}/vercel`) : null,
  ]).catch((error: unknown) => {
    server.close()
    throw error
  })

  let botUrl = options.botUrl?.replace(/\/$/, '') ?? ''
  const gate = createGate()
  const manner: Manner = { scopes: workspace.bot.scopes, skewSeconds: 0 }
  const limiter = createLimiter(options.limits ?? { on: false })
  const memory = createMemory()
  const call = callSlackThrough(slack)
  const truth = createTruth(workspace, call, memory)
  const responses = createResponseUrls(url, workspace, memory, call)
  const sockets = createSockets(url, workspace.appId)
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
  const delivery = createDelivery({ workspace, sockets, botUrl: () => botUrl })
  const people = createPeople({ workspace, call, memory, responses, truth, delivery })
  const channels = createChannels({ workspace, call, memory, truth, people })
  const deeds = createDeeds({ workspace, call, upstream: slack, memory, truth, people, botUrl: () => botUrl })
  const code = githubFront(github, gate, options.github)
  const payments = options.stripe && stripe ? stripeFront(stripe, gate, options.stripe) : null
  const deployments = options.vercel && vercel ? vercelFront(vercel, gate, options.vercel) : null
  const info: WorldInfo = {
    url,
    slackApiUrl: `${url}/slack/api/`,
    githubApiUrl: `${url}/github`,
    supabaseUrl: supabase ? `${url}/supabase` : '',
    supabaseSecretKey: supabase?.secretKey ?? '',
    supabasePublishableKey: supabase?.publishableKey ?? '',
    stripeApiUrl: payments ? url : '',
    vercelApiUrl: deployments ? `${url}/vercel` : '',
  }

  const app = express()
  app.disable('x-powered-by')
  const setBotUrl = (next: string): void => {
    botUrl = next
  }
  app.use(
    '/world',
    controlRouter({
      workspace,
      gate,
      manner,
      limiter,
      memory,
      people,
      channels,
      deeds,
      responses,
      sockets,
      truth,
      addRun: code.addRun,
      addRule: code.addRule,
      stripe: payments?.ledger ?? null,
      vercel: deployments?.ledger ?? null,
      setBotUrl,
      info: () => ({ ...info, botUrl }),
    }),
  )
  app.use(express.raw({ type: () => true, limit: BODY_LIMIT }))
  app.use(nameCallers)
  const front = { context: { workspace, call, memory }, upstream: slack, manner, gate, limiter, responses, sockets }
  app.all('/slack/api/:method', slackApi(front))
  app.post('/slack/response/:id', slackResponse(front))
  app.use('/slack', slackOther(front))
  app.use('/github', code.router)
  if (payments) app.use(['/v1', '/checkout'], payments.router)
  if (deployments) app.use('/vercel', deployments.router)
  app.use('/supabase', (request, response) =>
    gate.pass(
      {
        service: 'supabase',
        method: `${request.method} ${request.path}`,
        caller: callerOf(request),
        sent: bytesOf(request).toString(),
        perform: async () =>
          supabase ? askSupabase(supabase, request) : { status: 404, headers: {}, body: Buffer.alloc(0), error: 'off' },
        refuse: (message, status) => ({
          status,
          headers: { 'content-type': 'application/json' },
          body: Buffer.from(JSON.stringify({ message })),
          error: message,
        }),
      },
      response,
    ),
  )
  handle = app

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    sockets.close()
    payments?.ledger.close()
    server.closeAllConnections()
    await new Promise((resolve) => {
      server.close(resolve)
    })
    await Promise.all([slack.close(), github.close(), supabase?.close(), stripe?.close(), vercel?.close()])
  }
  const closeOnce = (): Promise<void> => (closing ??= close())
  return { ...info, supabase, close: closeOnce, [Symbol.asyncDispose]: closeOnce }
}
