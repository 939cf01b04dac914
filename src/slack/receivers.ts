/** By which way Slack reaches the bot: over HTTP, or over sockets that the bot opens. Everything behind it is the same. */
import { ExpressReceiver, type Receiver } from '@slack/bolt'
import type { Application } from 'express'
import type { Log } from '../define.ts'
import { slackGuard } from './guard.ts'
import { createSockets } from './sockets.ts'

export type ReceiverOptions = {
  readonly http: Application
  /** Without it, sockets need an app token. */
  readonly signingSecret: string | undefined
  /** Sockets instead of HTTP. */
  readonly appToken: string | undefined
  readonly apiUrl: string | undefined
  /** How long a refused app token is left alone, in milliseconds; a minute without it. */
  readonly refusedMs: number | undefined
  /** Told how many sockets are open, whenever something about them changes. */
  readonly socketsChanged: (open: number) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
}

export type SlackReceiver = {
  readonly receiver: Receiver
  /** Lets Slack in, once everything behind is ready. Never throws: what is out of reach is tried again. */
  readonly start: () => Promise<void>
  /** Lets what is being handled end, and closes. */
  readonly stop: () => Promise<void>
  /** Why Slack cannot be heard, or null. */
  readonly problem: () => string | null
}

/** The way that the settings name. Throws when they name none. */
export const createReceiver = (options: ReceiverOptions): SlackReceiver => {
  const { http, signingSecret, appToken, apiUrl, refusedMs, socketsChanged, now, log } = options
  if (appToken !== undefined) {
    const sockets = createSockets({ appToken, apiUrl, refusedMs, changed: socketsChanged, now: () => new Date(now()).toISOString(), log })
    return {
      receiver: sockets,
      start: async () => void (await sockets.start()),
      stop: async () => void (await sockets.stop()),
      problem: sockets.problem,
    }
  }
  if (signingSecret === undefined) throw new Error('Slack needs a signing secret, or an app token')
  http.use('/slack/events', slackGuard({ signingSecret, now, log }))
  const receiver = new ExpressReceiver({
    signingSecret,
    app: http,
    endpoints: '/slack/events',
    processBeforeResponse: true,
    // The error was logged where it was thrown.
    processEventErrorHandler: ({ response }) => {
      if (!response.headersSent) response.writeHead(500).end()
      return Promise.resolve(false)
    },
  })
  return { receiver, start: () => Promise.resolve(), stop: () => Promise.resolve(), problem: () => null }
}
