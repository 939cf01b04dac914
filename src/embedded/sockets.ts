/** Socket Mode: the server that the addresses of `apps.connections.open` lead to, speaking Slack's protocol. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { object, parsed, string, type Json } from './json.ts'

/** An app may have this many sockets at once. */
const MOST = 10
/** How long an event may stay unacknowledged before another socket gets it. */
const ACK_MS = 3_000
/** A person sees an error after 3 s; the world waits longer, to tell how late the answer was. */
const PATIENCE_MS = 15_000
/** Besides the second try, which comes at once. */
const LATER_TRIES_MS = [60_000, 300_000]
const TICKET_MS = 30_000
const PING_MS = 10_000

type Connection = {
  id: number
  socket: WebSocket
  /** It was told to go, so it is chosen only when there is no other. */
  leaving: boolean
  /** By envelope: what to do with its acknowledgement, or with null when none will come. */
  waiting: Map<string, (payload: Json | null) => void>
}

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api'

/** What became of an envelope: null when no socket acknowledged it. */
export type Acknowledged = { payload: Json; socket: number } | null

/** `url`: the front's address. */
export const createSockets = (url: string, appId: string) => {
  const server = new WebSocketServer({ noServer: true })
  const tickets = new Map<string, number>()
  const timers = new Set<NodeJS.Timeout>()
  let connections: Connection[] = []
  let inUse = false
  let cut = false
  let counter = 0
  let turn = 0

  const after = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer.unref())
  }

  const goodbye = (socket: WebSocket, reason: string): void =>
    socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'world' } }))

  const receive = (connection: Connection, text: string): void => {
    const message = object(parsed(text))
    // Slack takes an acknowledgement only from the socket that it sent the envelope to.
    connection.waiting.get(string(message['envelope_id']))?.(object(message['payload']))
  }

  const accept = (socket: WebSocket): void => {
    if (open().length >= MOST) {
      goodbye(socket, 'too_many_websockets')
      return socket.close()
    }
    counter += 1
    const connection: Connection = { id: counter, socket, leaving: false, waiting: new Map() }
    connections.push(connection)
    const pings = setInterval(() => socket.ping(), PING_MS)
    socket.on('message', (data) => receive(connection, (data as Buffer).toString()))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      clearInterval(pings)
      connections = connections.filter((each) => each !== connection)
      for (const settle of connection.waiting.values()) settle(null)
    })
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: open().length,
        debug_info: { host: 'world', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: appId },
      }),
    )
  }

  /** Those whose other end has not said that it closes. */
  const open = (): Connection[] => connections.filter(({ socket }) => socket.readyState === WebSocket.OPEN)

  /** The next one in turn, another than `last` if there is one. */
  const choose = (last?: Connection): Connection | undefined => {
    const present = open()
    const best = [
      present.filter((each) => !each.leaving && each !== last),
      present.filter((each) => !each.leaving),
      present.filter((each) => each !== last),
      present,
    ].find((some) => some.length > 0)
    turn += 1
    return best?.[turn % best.length]
  }

  const sendTo = (connection: Connection, type: EnvelopeType, payload: Json, ms: number): Promise<Acknowledged> =>
    new Promise((resolve) => {
      const envelope = randomUUID()
      const settle = (answer: Json | null): void => {
        clearTimeout(timer)
        connection.waiting.delete(envelope)
        resolve(answer === null ? null : { payload: answer, socket: connection.id })
      }
      const timer = setTimeout(() => settle(null), ms)
      connection.waiting.set(envelope, settle)
      connection.socket.send(
        JSON.stringify({
          envelope_id: envelope,
          type,
          payload,
          accepts_response_payload: type === 'slash_commands' || payload['type'] === 'view_submission',
          // A repeat looks like a first try: only the event's own id tells.
          ...(type === 'events_api' ? { retry_attempt: 0, retry_reason: '' } : {}),
        }),
      )
    })

  const tryEvent = async (payload: Json, tries: number): Promise<Acknowledged> => {
    let last: Connection | undefined
    for (let index = 0; index < tries; index += 1) {
      const connection = choose(last)
      if (connection === undefined) return null
      const acknowledged = await sendTo(connection, 'events_api', payload, ACK_MS)
      if (acknowledged) return acknowledged
      last = connection
    }
    return null
  }

  /** Slack leaves the connection open when both sides have said that they close; ours is dropped by its own timer. */
  const keepOpen = (socket: Duplex): void => {
    socket.end = () => socket
  }

  return {
    /** Whether the app gets what people do over sockets: from the first one that it asks for. */
    inUse: (): boolean => inUse,
    /** What `apps.connections.open` answers. */
    open(): Json {
      inUse = true
      const ticket = randomBytes(12).toString('hex')
      tickets.set(ticket, performance.now())
      return { ok: true, url: `${url.replace(/^http/, 'ws')}/slack/link?ticket=${ticket}&app_id=${appId}` }
    },
    /** For the HTTP server's `upgrade`. */
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      const ticket = new URL(request.url ?? '/', url).searchParams.get('ticket') ?? ''
      const issued = tickets.get(ticket)
      tickets.delete(ticket)
      if (cut) socket.destroy()
      else if (issued === undefined || performance.now() - issued > TICKET_MS)
        socket.end('HTTP/1.1 409 Conflict\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      else {
        keepOpen(socket)
        server.handleUpgrade(request, socket, head, accept)
      }
    },
    list: () => open().map(({ id, leaving }) => ({ id, leaving })),

    /** Commands, buttons and forms are sent once. */
    async request(type: 'slash_commands' | 'interactive', payload: Json): Promise<Acknowledged> {
      const connection = choose()
      return connection === undefined ? null : sendTo(connection, type, payload, PATIENCE_MS)
    },
    /** Events come again while no socket acknowledges them: at once, after one minute, after five. */
    async event(payload: Json): Promise<Acknowledged> {
      const acknowledged = await tryEvent(payload, 2)
      const again = ([ms, ...rest]: readonly number[]): void => {
        if (ms !== undefined)
          after(ms, () => void tryEvent(payload, 1).then((done) => (done === null ? again(rest.map((each) => each - ms)) : undefined)))
      }
      if (acknowledged === null) again(LATER_TRIES_MS)
      return acknowledged
    },

    /** Tells sockets to go, as Slack does every few hours, and closes them after `ms`: the oldest, or all. */
    rotate({ reason = 'refresh_requested', all = false, ms = 2_000 }: { reason?: string; all?: boolean; ms?: number }): void {
      if (reason === 'link_disabled') inUse = false
      for (const connection of open()
        .filter((each) => !each.leaving)
        .slice(0, all ? MOST : 1)) {
        connection.leaving = true
        goodbye(connection.socket, reason)
        after(ms, () => connection.socket.terminate())
      }
    },
    /** Drops all sockets and takes no new ones: for `ms`, or until `heal`. */
    cut(ms?: number): void {
      cut = true
      for (const socket of server.clients) socket.terminate()
      if (ms !== undefined) after(ms, () => (cut = false))
    },
    heal(): void {
      cut = false
    },
    close(): void {
      for (const timer of timers) clearTimeout(timer)
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

export type Sockets = ReturnType<typeof createSockets>
