/** A port behind which nothing answers, as behind a firewall: a listener that is stopped, and whose queue is full, so that the kernel
 *  drops who comes next. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'

const program = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)))`

const connects = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('timeout', () => resolve(false))
  })

/** Starts it. */
export const startSilent = async () => {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [first] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(first.toString())
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  for (;;) {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: 200 })
    socket.on('error', () => {})
    sockets.push(socket)
    if (!(await connects(socket))) break
    if (sockets.length > 50) throw new Error('the queue of the stopped listener does not fill')
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
