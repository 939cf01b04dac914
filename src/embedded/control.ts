/** `/world/*`: what tests and the terminal ask of the world itself. */
import { setTimeout as sleep } from 'node:timers/promises'
import express, { Router, type Request, type RequestHandler } from 'express'
import type { Channels } from './channels.ts'
import type { Deeds } from './deeds.ts'
import { FAULT_KINDS, type Fault, type FaultKind, type Gate, type Service } from './gate.ts'
import { object, string, type Json } from './json.ts'
import type { Limiter } from './limits.ts'
import type { Memory } from './memory.ts'
import type { People } from './people.ts'
import type { ResponseUrls } from './responses.ts'
import type { Manner } from './slack-front.ts'
import { isCollection, type StripeLedger } from './stripe-ledger.ts'
import type { Sockets } from './sockets.ts'
import type { Truth } from './truth.ts'
import { isVercelCollection, type VercelLedger } from './vercel-ledger.ts'
import type { Workspace } from './workspace.ts'

const SERVICES: readonly Service[] = ['slack', 'github', 'supabase', 'stripe', 'vercel']

const faultOf = (order: Json): Fault => {
  const service = SERVICES.find((each) => each === order['service'])
  const kind = FAULT_KINDS.find((each): each is FaultKind => each === order['kind'])
  if (!service) throw new Error(`service must be one of ${SERVICES.join(', ')}`)
  if (!kind) throw new Error(`kind must be one of ${FAULT_KINDS.join(', ')}`)
  const number = (key: 'status' | 'retryAfter' | 'ms'): Partial<Fault> => (order[key] === undefined ? {} : { [key]: Number(order[key]) })
  const text = (key: 'channel' | 'caller' | 'contains' | 'error'): Partial<Fault> =>
    order[key] === undefined ? {} : { [key]: string(order[key]) }
  return {
    service,
    kind,
    method: string(order['method']) || '*',
    times: order['times'] === undefined ? 1 : Number(order['times']),
    ...text('channel'),
    ...text('caller'),
    ...text('contains'),
    ...text('error'),
    ...(order['when'] === undefined ? {} : { when: order['when'] === 'after' ? 'after' : 'before' }),
    ...number('status'),
    ...number('retryAfter'),
    ...number('ms'),
  }
}

export type Control = {
  workspace: Workspace
  gate: Gate
  manner: Manner
  limiter: Limiter
  memory: Memory
  people: People
  channels: Channels
  deeds: Deeds
  responses: ResponseUrls
  sockets: Sockets
  truth: Truth
  addRun: (run: Json) => Json
  addRule: (rule: Json) => Json
  stripe: StripeLedger | null
  vercel: VercelLedger | null
  setBotUrl: (url: string) => void
  /** Addresses and keys, as `startWorld` gives them. */
  info: () => object
}

const answering =
  (work: (request: Request) => unknown): RequestHandler =>
  async (request, response) => {
    try {
      response.json((await work(request)) ?? { ok: true })
    } catch (error) {
      response.status(400).json({ error: error instanceof Error ? error.message : String(error) })
    }
  }

const body = (request: Request): Json => object(request.body)

export const controlRouter = ({
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
  addRun,
  addRule,
  stripe,
  vercel,
  setBotUrl,
  info,
}: Control): Router => {
  const router = Router()
  router.use(express.json({ limit: '1mb' }))

  router.get('/', answering(info))
  router.get(
    '/workspace',
    answering(() => workspace),
  )
  router.put(
    '/bot-url',
    answering((request) => setBotUrl(string(body(request)['url']).replace(/\/$/, ''))),
  )
  router.post(
    '/github/runs',
    answering((request) => addRun(body(request))),
  )
  router.post(
    '/github/rules',
    answering((request) => addRule(body(request))),
  )
  // What Stripe has no call for: a subscription that is past due, an event that was never delivered.
  router.post(
    '/stripe/:collection',
    answering((request) => {
      const collection = string(request.params['collection'])
      if (stripe === null || !isCollection(collection)) throw new Error(`there is no ${collection} of Stripe here`)
      return stripe.add(collection, body(request))
    }),
  )
  // What Vercel has no call for: a build that failed last night, a variable that is a year old, an error in the log.
  router.post(
    '/vercel/:collection',
    answering((request) => {
      const collection = string(request.params['collection'])
      if (vercel === null || !isVercelCollection(collection)) throw new Error(`there is no ${collection} of Vercel here`)
      return vercel.add(collection, body(request))
    }),
  )
  router.put(
    '/limits',
    answering((request) => limiter.set({ ...body(request), on: body(request)['on'] === true })),
  )
  router.put(
    '/manner',
    answering((request) => {
      const { scopes, skewSeconds } = body(request)
      if (Array.isArray(scopes)) manner.scopes = scopes.map(string)
      if (skewSeconds !== undefined) manner.skewSeconds = Number(skewSeconds)
    }),
  )

  router.post(
    '/command',
    answering((request) => people.command(body(request))),
  )
  router.post(
    '/press',
    answering((request) => people.press(body(request))),
  )
  router.post(
    '/choose',
    answering((request) => people.choose(body(request))),
  )
  router.post(
    '/submit',
    answering((request) => people.submit(body(request))),
  )
  router.post(
    '/event',
    answering((request) => people.event(body(request))),
  )
  router.post(
    '/join',
    answering((request) => people.join(body(request))),
  )
  router.put(
    '/person',
    answering((request) => people.become(body(request))),
  )
  router.post(
    '/person',
    answering((request) => people.change(body(request))),
  )
  for (const deed of ['say', 'edit', 'remove', 'upload', 'react', 'unreact', 'pin', 'unpin', 'shortcut', 'home', 'invite'] as const)
    router.post(
      `/${deed}`,
      answering((request) => deeds[deed](body(request))),
    )
  router.get(
    '/home/:name',
    answering((request) => ({ view: deeds.homeOf(string(request.params['name'])) })),
  )

  router.get(
    '/sockets',
    answering(() => sockets.list()),
  )
  router.post(
    '/sockets/rotate',
    answering((request) => sockets.rotate(body(request))),
  )
  router.post(
    '/sockets/cut',
    answering((request) => sockets.cut(body(request)['ms'] === undefined ? undefined : Number(body(request)['ms']))),
  )
  router.delete(
    '/sockets/cut',
    answering(() => sockets.heal()),
  )

  router.get(
    '/responses/:id',
    answering(async (request) => {
      const entry = responses.find(string(request.params['id']))
      if (!entry) throw new Error('no such response address')
      // `?wait=ms` waits for the first answer.
      const until = performance.now() + Math.min(Number(request.query['wait'] ?? 0), 10_000)
      while (entry.received.length === 0 && performance.now() < until) await sleep(20)
      return { responses: entry.received, uses: entry.uses }
    }),
  )
  router.get(
    '/views',
    answering(() => memory.views()),
  )

  router.get(
    '/channels',
    answering((request) => truth.channels(request.query['detail'] !== 'false')),
  )
  router.get(
    '/channels/:ref',
    answering((request) => truth.channel(string(request.params['ref']), true)),
  )
  router.get(
    '/channels/:ref/messages',
    answering((request) => truth.messages(string(request.params['ref']))),
  )

  router.post(
    '/channels/:ref/:change',
    answering((request) => channels.change(string(request.params['ref']), string(request.params['change']), body(request))),
  )

  router.get(
    '/calls',
    answering((request) => gate.calls(Number(request.query['since'] ?? 0))),
  )
  router.delete('/calls', answering(gate.clearCalls))
  router.get('/faults', answering(gate.faults))
  router.post(
    '/faults',
    answering((request) => gate.order(faultOf(body(request)))),
  )
  router.delete('/faults', answering(gate.clearFaults))
  router.get(
    '/held',
    answering(async (request) => {
      const caller = request.query['caller'] === undefined ? undefined : string(request.query['caller'])
      // `?wait=ms` waits for the first one.
      const until = performance.now() + Math.min(Number(request.query['wait'] ?? 0), 60_000)
      while (gate.held(caller).length === 0 && performance.now() < until) await sleep(40)
      return gate.held(caller)
    }),
  )
  return router
}
