/** One socket to Slack. It is opened once: whoever wants another opens another, because the vendor's client, left to reconnect by
 *  itself, has no socket for seconds at each rotation, and ends the process when Slack refuses its token meanwhile. */
import { type Logger, LogLevel, SocketModeClient } from '@slack/socket-mode'
import type { Log } from '../define.ts'

/** How long Slack may take to greet, in milliseconds. */
const greetingMs = 15_000

/** Slack leaves the connection open when both sides have said that they close: longer than this, nobody waits for it. */
const farewellMs = 1_000

/** What Slack sends over a socket. `ack` throws when the socket is closed. */
export type Envelope = {
  readonly type: string
  readonly body: Record<string, unknown>
  readonly ack: (response?: Record<string, unknown>) => Promise<void>
  readonly retry_num?: number
  readonly retry_reason?: string
}

export type SocketOptions = {
  readonly appToken: string
  /** Ends in `/api/`; Slack's own without it. */
  readonly apiUrl: string | undefined
  /** Handles an envelope. Never throws. */
  readonly receive: (envelope: Envelope) => Promise<void>
  readonly log: Log
}

export type Socket = {
  /** Slack's reason, once it wants the socket to go. Envelopes may still come and be acknowledged. */
  readonly leaving: Promise<string>
  readonly closed: Promise<void>
  /** Waits for what is being handled, for at most `graceMs`, and closes. */
  readonly close: (graceMs: number) => Promise<void>
}

/** The vendor's lines name addresses, at its debug level also texts: those are not passed on. */
const quiet = (log: Log): Logger => {
  const line = (...details: unknown[]) => log.debug({ details: details.map(String) }, 'slack socket')
  const nothing = () => undefined
  return { debug: nothing, info: line, warn: line, error: line, setLevel: nothing, getLevel: () => LogLevel.INFO, setName: nothing }
}

/** Why Slack wants the socket to go; null when this says something else. */
const farewell = (data: string | ArrayBuffer): string | null => {
  const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
  if (!text.includes('"disconnect"')) return null
  try {
    const { type, reason } = JSON.parse(text) as { type?: unknown; reason?: unknown }
    return type === 'disconnect' ? String(reason) : null
  } catch {
    return null
  }
}

class Connection extends SocketModeClient {
  protected override async onWebSocketMessage(data: string | ArrayBuffer, isBinary: boolean): Promise<void> {
    const reason = farewell(data)
    try {
      // The vendor's client would close at once, and what is being handled could not be acknowledged any more.
      if (reason === null) await super.onWebSocketMessage(data, isBinary)
      else this.emit('leaving', reason)
    } catch (error) {
      // Nobody waits for this method: an envelope that the client cannot read would end the process.
      this.emit('unreadable', error)
    }
  }
}

/** The work's result. Throws `error` when it takes longer than `ms`. */
const within = async <T>(work: Promise<T>, ms: number, error: Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(error), ms)))
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Opens a socket; it is open once Slack has greeted. Throws what Slack answered, or why there was no greeting. */
export const openSocket = async ({ appToken, apiUrl, receive, log }: SocketOptions): Promise<Socket> => {
  const client = new Connection({
    appToken,
    autoReconnectEnabled: false,
    logger: quiet(log),
    clientOptions: {
      ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: 10_000,
    },
  })
  const leaving = new Promise<string>((resolve) => client.once('leaving', resolve))
  const closed = new Promise<void>((resolve) => client.once('disconnected', () => resolve()))
  client.on('unreadable', (error: unknown) => log.warn({ err: error }, 'an envelope of Slack could not be read'))
  let fault: unknown
  client.on('error', (error: unknown) => (fault = error))

  const handling = new Set<Promise<void>>()
  client.on('slack_event', (envelope: Envelope) => {
    const work = receive(envelope).finally(() => handling.delete(work))
    handling.add(work)
  })

  const started = client.start()
  try {
    await within(started, greetingMs, new Error(`Slack did not greet within ${greetingMs / 1000} s`))
  } catch (error) {
    // A client that is told to stop while it starts goes on starting.
    started.then(
      () => client.disconnect(),
      () => undefined,
    )
    if (client.websocket !== undefined) void client.disconnect()
    throw error ?? fault ?? new Error('the socket closed before Slack greeted')
  }
  return {
    leaving,
    closed,
    close: async (graceMs) => {
      const late = new Error('late')
      await within(Promise.all(handling), graceMs, late).catch(() =>
        log.warn({ handling: handling.size }, 'a socket is closed with work in hand'),
      )
      // Told a second time, the client does not wait for the other end.
      await within(client.disconnect(), farewellMs, late).catch(() => client.disconnect())
    },
  }
}
