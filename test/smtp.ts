/** A mail server for tests: real SMTP over a real socket, plain, keeping what it is given. */
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

export type Mail = { readonly from: string; readonly to: readonly string[]; readonly headers: Map<string, string>; readonly text: string }

/** Undoes quoted-printable and base64. */
const decode = (body: string, encoding: string): string => {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const parse = (from: string, to: readonly string[], data: string): Mail => {
  const end = data.indexOf('\r\n\r\n')
  const lines = data
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  const text = decode(data.slice(end + 4), headers.get('content-transfer-encoding') ?? '').replaceAll('\r\n', '\n')
  return { from, to, headers, text }
}

/** `user`: who may send. `refuse`: the answer to a command instead of its usual one, such as `{ DATA: '451 later' }`; with an address
 *  behind the command, to that one only: `{ 'RCPT gone@example.test': '550 who?' }`. */
export const startSmtp = async (options: { user?: { name: string; password: string } } = {}) => {
  const mails: Mail[] = []
  /** Every command as it came, passwords included. */
  const heard: string[] = []
  const server = { refuse: {} as Record<string, string> }
  const sockets = new Set<Socket>()

  const converse = (socket: Socket): void => {
    let [buffer, from, to, data] = ['', '', [] as string[], null as string | null]
    const say = (...lines: string[]) => socket.write(lines.map((line) => `${line}\r\n`).join(''))
    const command = (line: string): void => {
      heard.push(line)
      const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? ''
      const refused = server.refuse[`${verb} ${/<(.*)>/.exec(line)?.[1] ?? ''}`] ?? server.refuse[verb]
      if (refused !== undefined) return void say(refused)
      if (verb === 'EHLO')
        return void say('250-mail.example.test', ...(options.user === undefined ? [] : ['250-AUTH PLAIN']), '250 8BITMIME')
      if (verb === 'AUTH') {
        const { name, password } = options.user ?? { name: '', password: '' }
        const good = line.split(' ')[2] === Buffer.from(`\0${name}\0${password}`).toString('base64')
        return void say(good ? '235 welcome' : '535 5.7.8 authentication failed')
      }
      if (verb === 'STARTTLS') return void say('502 no TLS here')
      if (verb === 'MAIL') from = /<(.*)>/.exec(line)?.[1] ?? ''
      if (verb === 'RCPT') to = [...to, /<(.*)>/.exec(line)?.[1] ?? '']
      if (verb === 'DATA') data = ''
      if (verb === 'QUIT') return void socket.end('221 bye\r\n')
      return void say(verb === 'DATA' ? '354 go on' : '250 ok')
    }
    const line = (text: string): void => {
      if (data === null) return command(text)
      if (text !== '.') {
        data += `${text.replace(/^\./, '')}\r\n`
        return
      }
      mails.push(parse(from, to, data))
      ;[from, to, data] = ['', [], null]
      say('250 taken')
    }
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1')
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const text = buffer.slice(0, end)
        buffer = buffer.slice(end + 2)
        line(text)
      }
    })
    say('220 mail.example.test ready')
  }

  const listening = createServer(converse)
  await new Promise<void>((resolve) => {
    listening.listen(0, '0.0.0.0', resolve)
  })
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => {
      listening.close(resolve)
    })
  }
  return Object.assign(server, { mails, heard, port: (listening.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close })
}
