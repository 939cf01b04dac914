/** Socket Mode: several sockets to Slack, so that one is open while another is changed. Slack closes each every few hours, and the
 *  network when it likes; they are opened again for ever. */
import { setTimeout as sleep } from 'node:timers/promises'
import { WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api'
import type { App, Receiver } from '@slack/bolt'
import type { Log } from '../define.ts'
import { type Envelope, openSocket, type Socket } from './socket.ts'

/** Slack allows ten for all processes together. */
const wanted = 2

/** Pauses between attempts, in milliseconds: growing, and longer when Slack said no, which a person has to mend. */
const pauses = { first: 1_000, most: 15_000, refused: 60_000 }

const pauseAfter = (failures: number): number => (failures <= 0 ? 0 : Math.min(pauses.most, pauses.first * 2 ** (failures - 1)))

/** A socket that lived for less is as good as none. */
const shortLifeMs = 5_000

/** What a closing socket waits for what is being handled, in milliseconds: after that, Slack takes no acknowledgement. */
const graceMs = 3_000

/** Refusals that pass by themselves. */
const passing = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'ratelimited'])

/** Reasons to go after which another socket would be told to go, too. */
const unwanted = new Set(['link_disabled', 'too_many_websockets'])

const hints: Readonly<Record<string, string>> = {
  invalid_auth: 'check SLACK_APP_TOKEN',
  not_authed: 'check SLACK_APP_TOKEN',
  token_revoked: 'make another app-level token and set SLACK_APP_TOKEN',
  token_expired: 'make another app-level token and set SLACK_APP_TOKEN',
  not_allowed_token_type: 'SLACK_APP_TOKEN must be an app-level token, xapp-…',
  missing_scope: 'give the app-level token the scope connections:write',
  link_disabled: "switch Socket Mode on in the app's settings",
  too_many_websockets: 'the app has ten sockets already: stop other processes',
}

const worded = (why: string): string => (hints[why] === undefined ? why : `${why} (${hints[why]})`)

export type SocketsOptions = {
  readonly appToken: string
  /** Ends in `/api/`; Slack's own without it. */
  readonly apiUrl: string | undefined
  /** Told how many sockets are open, whenever that or the reason for their absence changes. */
  readonly changed: (open: number) => void
  /** The time, for what people read. */
  readonly now: () => string
  /** Milliseconds after which Slack is asked again that has refused the token; a minute without it. */
  readonly refusedMs?: number | undefined
  readonly log: Log
}

export type Sockets = Receiver & {
  /** Why Slack cannot be heard, or null. */
  readonly problem: () => string | null
}

/** What an error says, and how long to wait after it; undefined: as usual. */
const verdict = (error: unknown, refusedMs: number): { why: string; ms: number | undefined } => {
  if (error instanceof WebAPIRateLimitedError) return { why: 'limited', ms: error.retryAfter * 1000 }
  if (error instanceof WebAPIPlatformError && !passing.has(error.data.error)) return { why: worded(error.data.error), ms: refusedMs }
  return { why: error instanceof Error ? error.message : String(error), ms: undefined }
}

/** A receiver for Bolt. `start` waits for the first attempts and does not throw when they fail; `stop` lets what is being handled
 *  end, and may be called again. */
export const createSockets = ({ appToken, apiUrl, changed, now, refusedMs = pauses.refused, log }: SocketsOptions): Sockets => {
  const open = new Set<Socket>()
  const life = new AbortController()
  let app: App | undefined
  let closedSince = now()
  let why = ''

  const report = () => changed(open.size)

  const receive = async ({ type, body, ack, retry_num, retry_reason }: Envelope): Promise<void> => {
    // What is not acknowledged goes to another process, or comes again.
    if (life.signal.aborted || app === undefined) return
    let taken = false
    try {
      await app.processEvent({
        body,
        ack: async (response?: Record<string, unknown>) => {
          // Bolt acknowledges events before they are handled; one that could not be recorded must come again.
          if (type === 'events_api') taken = true
          else await ack(response)
        },
        ...(retry_num === undefined ? {} : { retryNum: retry_num }),
        ...(retry_reason === undefined ? {} : { retryReason: retry_reason }),
      })
      if (taken) await ack()
    } catch (error) {
      log.warn({ err: error, type }, 'an envelope of Slack was not acknowledged')
    }
  }

  /** Counts a socket among the open ones until it is closed. */
  const count = async (socket: Socket): Promise<void> => {
    open.add(socket)
    log.info({ open: open.size }, 'a socket to Slack is open')
    report()
    await socket.closed
    open.delete(socket)
    if (open.size === 0) closedSince = now()
    log.info({ open: open.size }, 'a socket to Slack is closed')
    report()
  }

  /** Keeps one socket open until `stop`. `tried` is told when the first attempt is over. Never throws. */
  const keep = async (tried: () => void): Promise<void> => {
    /** Attempts that failed, and sockets that did not live for long, in a row. */
    let failures = 0
    let briefs = 0
    let leaving: Socket | null = null
    while (!life.signal.aborted) {
      const started = performance.now()
      let ms: number
      try {
        const socket = await openSocket({ appToken, apiUrl, receive, log })
        // The bot was stopped meanwhile.
        if (life.signal.aborted) return await socket.close(0)
        failures = 0
        void count(socket)
        tried()
        // Until now it still heard what Slack had nobody else to tell.
        void leaving?.close(graceMs)
        const reason = await Promise.race([socket.leaving, socket.closed.then(() => '')])
        leaving = socket
        why = worded(reason)
        briefs = performance.now() - started < shortLifeMs ? briefs + 1 : 0
        // The next is opened at once, unless Slack is about to do the same again.
        ms = unwanted.has(reason) ? refusedMs : pauseAfter(briefs - 1)
      } catch (error) {
        failures += 1
        const said = verdict(error, refusedMs)
        why = said.why
        ms = said.ms ?? pauseAfter(failures)
        log.warn({ err: error, why, ms }, 'a socket to Slack could not be opened; it is tried again')
        report()
        tried()
      }
      // Ends early when the bot stops.
      if (ms > 0) await sleep(ms, undefined, { signal: life.signal }).catch(() => undefined)
    }
  }

  const stop = async (): Promise<void> => {
    life.abort()
    await Promise.all([...open].map((socket) => socket.close(graceMs)))
  }
  let stopping: Promise<void> | undefined

  return {
    init: (bolt) => {
      app = bolt
    },
    start: async () => {
      await Promise.all(Array.from({ length: wanted }, () => new Promise<void>((resolve) => void keep(resolve))))
    },
    stop: () => (stopping ??= stop()),
    problem: () => (open.size > 0 ? null : `no socket is open since ${closedSince}${why === '' ? '' : `: ${why}`}`),
  }
}
