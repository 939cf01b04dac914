/** Stands before a server, and cuts a connection where a chosen text passes: before the server hears it, or when its answer comes back. Or
 *  it keeps that answer, and the connection stays. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

type Cut = { readonly sees: RegExp; readonly when: 'before' | 'after' }

/** Starts it before a port of this machine, on a free port of its own unless one is given. */
export const startCutting = async (port: number, { host = '127.0.0.1', own = 0 } = {}) => {
  let order: Cut | null = null
  let kept: { sees: RegExp; parked: () => void } | null = null
  let cuts = 0
  const sockets = new Set<Socket>()
  const listener = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    let answered = false
    let isCut = false
    let parks: (() => void) | null = null
    const end = () => {
      if (isCut) return
      isCut = true
      cuts += 1
      client.resetAndDestroy()
      // The server still does what it was sent.
      server.end()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk) => {
      if (order?.sees.test(chunk.toString('latin1')) === true) {
        const { when } = order
        order = null
        if (when === 'before') return end()
        answered = true
      }
      if (kept?.sees.test(chunk.toString('latin1')) === true) {
        parks = kept.parked
        kept = null
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (answered) end()
      else if (parks !== null) parks()
      else client.write(chunk)
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }).listen(own, host)
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    /** Cuts once. */
    cut: (next: Cut) => {
      order = next
    },
    /** Keeps the answer once, and all that comes after it; resolves when the server has given it. */
    park: (sees: RegExp): Promise<void> =>
      new Promise((resolve) => {
        kept = { sees, parked: resolve }
      }),
    cuts: () => cuts,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
