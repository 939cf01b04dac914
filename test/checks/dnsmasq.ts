/** A real DNS server, Debian's dnsmasq, on a free loopback port, which knows only what a test gives it. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { find, type Package } from '../system/debian.ts'

/** What `ensure` must find. */
export const dnsPackages: readonly Package[] = [{ name: 'dnsmasq-base', binary: 'dnsmasq' }]

const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

/** Starts it. `records`: its options, such as `--host-record=shop.test,192.0.2.1`, and one for `ready.test`. */
export const startDns = async (records: readonly string[]) => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOn(await freePort(), records)
    } catch (error) {
      // A port that is free for UDP may be taken for TCP, which it needs too.
      if (tries === 5 || !String(error).includes('already in use')) throw error
    }
  }
}

const startOn = async (port: number, records: readonly string[]) => {
  const program = spawn(
    find('dnsmasq') ?? 'dnsmasq',
    [
      '--keep-in-foreground',
      `--port=${port}`,
      '--listen-address=127.0.0.1',
      '--bind-interfaces',
      '--no-resolv',
      '--no-hosts',
      '--conf-file=/dev/null',
      '--pid-file',
      '--user=',
      ...records,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  program.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
  const ended = once(program, 'exit')
  const resolver = new Resolver({ timeout: 200, tries: 1 })
  resolver.setServers([`127.0.0.1:${port}`])
  for (const until = performance.now() + 20_000; ;) {
    const code = await resolver.resolve4('ready.test').then(
      () => 'ready',
      (error: NodeJS.ErrnoException) => error.code,
    )
    if (code === 'ready') break
    if (program.exitCode !== null || performance.now() > until) throw new Error(`dnsmasq did not start (${code}):\n${said}`)
  }
  return {
    server: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      program.kill('SIGTERM')
      await ended
    },
  }
}

/** A DNS server that never answers. */
export const startSilence = async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    server: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

/** One that answers every question with the same code, such as 2 for SERVFAIL, or with what is no answer. */
export const startRefusal = async (code: number | 'nonsense') => {
  const socket = createSocket('udp4')
  socket.on('message', (question, { port, address }) => {
    const answer = Buffer.from(question)
    answer.writeUInt16BE(0x8180 | (code === 'nonsense' ? 0 : code), 2)
    socket.send(code === 'nonsense' ? Buffer.concat([answer.subarray(0, 6), Buffer.from([0, 9, 0, 0, 0, 0, 7, 7])]) : answer, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    server: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}
