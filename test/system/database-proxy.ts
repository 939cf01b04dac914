/** Stands between a bot and its PostgreSQL, and parks the bot's connection when a chosen statement passes: before it reaches the
 *  server, or when its answer is on the way back. It reads the messages of the wire protocol, prepared statements with it. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket, connect } from 'node:net'

export type Stop = {
  /** Matched against the statement's text and its parameters. */
  readonly sql: RegExp
  /** `commit`: not this statement, but the commit of the transaction that it stands in. */
  readonly of?: 'statement' | 'commit'
  readonly when: 'before' | 'after'
  /** Stands in the answer that is waited for: a statement that was answered otherwise is let pass. */
  readonly answer?: RegExp
}

const readyForQuery = 'Z'.charCodeAt(0)

/** Cuts a stream into the protocol's messages: a type, a length, a body. What a client sends first has no type. */
const createCutter = (typed: boolean) => {
  let rest: Buffer = Buffer.alloc(0)
  let head = typed ? 1 : 0
  return (chunk: Buffer): { type: number; body: Buffer; whole: Buffer }[] => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const messages = []
    for (;;) {
      if (rest.length < head + 4) return messages
      const length = head + rest.readInt32BE(head)
      if (rest.length < length) return messages
      messages.push({ type: head === 0 ? 0 : rest[0]!, body: rest.subarray(head + 4, length), whole: rest.subarray(0, length) })
      rest = rest.subarray(length)
      head = 1
    }
  }
}

const words = (body: Buffer, count: number): { found: string[]; rest: Buffer } => {
  const found: string[] = []
  let at = 0
  for (let i = 0; i < count; i += 1) {
    const end = body.indexOf(0, at)
    found.push(body.toString('utf8', at, end))
    at = end + 1
  }
  return { found, rest: body.subarray(at) }
}

/** The text of a message that runs something, with its parameters; null for the others. */
const createReader = () => {
  const prepared = new Map<string, string>()
  return ({ type, body }: { type: number; body: Buffer }): string | null => {
    switch (String.fromCharCode(type)) {
      case 'Q':
        return words(body, 1).found[0] ?? ''
      case 'P': {
        const { found } = words(body, 2)
        prepared.set(found[0] ?? '', found[1] ?? '')
        return null
      }
      case 'B': {
        const { found, rest } = words(body, 2)
        return `${prepared.get(found[1] ?? '') ?? ''}\n${rest.toString('utf8')}`
      }
      default:
        return null
    }
  }
}

export type DatabaseProxy = {
  readonly url: string
  /** Parks a connection once; resolves when it is parked. Several places can be waited for at a time. */
  readonly park: (stop: Stop) => Promise<void>
  readonly close: () => Promise<void>
}

/** `url`: of the database behind it; `host`: where it listens. */
export const startDatabaseProxy = async (url: string, host = '127.0.0.1'): Promise<DatabaseProxy> => {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  type Order = { readonly stop: Stop; readonly parked: () => void }
  const orders = new Set<Order>()

  const serve = (client: Socket) => {
    const server = connect(Number(target.port), target.hostname)
    const cut = createCutter(false)
    const read = createReader()
    /** Its transaction holds the statement whose commit is waited for. */
    let marked: Order | null = null
    let state: 'open' | 'parked' | ((chunk: Buffer) => void) = 'open'

    /** Whose place to stop this is. */
    const placeOf = (text: string): Order | null => {
      if (marked !== null && orders.has(marked) && /^\s*commit/i.test(text)) return marked
      if (/^\s*(rollback|begin|start transaction)/i.test(text)) marked = null
      for (const order of orders) {
        if (!order.stop.sql.test(text)) continue
        if (order.stop.of !== 'commit') return order
        marked = order
      }
      return null
    }

    client.on('data', (chunk: Buffer) => {
      for (const message of cut(chunk)) {
        if (state === 'parked') return
        const text = read(message)
        const mine = state === 'open' && text !== null ? placeOf(text) : null
        if (mine !== null) {
          // Many look for the same answer at a time; the first that gets it is parked.
          if (mine.stop.answer === undefined) orders.delete(mine)
          if (mine.stop.when === 'before') {
            state = 'parked'
            mine.parked()
            return
          }
          const answers = createCutter(true)
          const kept: Buffer[] = []
          state = (answer) => {
            kept.push(answer)
            if (!answers(answer).some(({ type }) => type === readyForQuery)) return
            const all = Buffer.concat(kept)
            const { answer: wanted } = mine.stop
            if (wanted === undefined || (orders.has(mine) && wanted.test(all.toString('utf8')))) {
              orders.delete(mine)
              mine.parked()
              return
            }
            state = 'open'
            client.write(all)
          }
        }
        server.write(message.whole)
      }
    })
    server.on('data', (chunk: Buffer) => {
      if (state === 'open') client.write(chunk)
      else if (state !== 'parked') state(chunk)
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  }

  const listener = createServer(serve).listen(0, host)
  await once(listener, 'listening')
  const here = new URL(url)
  here.hostname = host
  here.port = String((listener.address() as AddressInfo).port)
  return {
    url: here.toString(),
    park: (stop) =>
      new Promise((resolve) => {
        orders.add({ stop, parked: resolve })
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
