/** Alarms over real HTTP and real SMTP: what arrives, what each failure means, and what is never said. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { emailAlarm } from '../../src/adapters/alarm-email.ts'
import { webhookAlarm } from '../../src/adapters/alarm-webhook.ts'
import type { Alarm } from '../../src/ports.ts'
import { recorder } from '../silent.ts'
import { startSmtp } from '../smtp.ts'
import { closedPort, startHttp } from './server.ts'

const message = {
  id: 'slack-away-1-1',
  subject: 'Slack cannot be used: 1 open incident',
  text: 'Slack cannot be used – zum ‹Beispiel›\n\nOpen\n- INC-1',
  data: { kind: 'slack-away', incidents: [{ id: 'INC-1' }] },
}

type Heard = { method: string; headers: Record<string, unknown>; body: string }

const receiver = async (status = 204, headers: Record<string, string> = {}) => {
  const heard: Heard[] = []
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    heard.push({ method: request.method ?? '', headers: request.headers, body: await text(request) })
    response.writeHead(status, headers).end()
  }
  const server = await startHttp((request, response) => void take(request, response))
  return Object.assign(server, { heard, url: `http://${server.host}/hooks/s3cret` })
}

const failure = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return error as { name: string; code: string; message: string; retryAfter: number } | null
}

describe('webhook', () => {
  test('sends text for people and the same for programs, with the secret', async () => {
    await using server = await receiver()
    await webhookAlarm({ url: server.url, secret: 'let-me-in' }).send(message)
    expect(server.heard).toHaveLength(1)
    const [{ method, headers, body } = { method: '', headers: {}, body: '' }] = server.heard
    expect([method, headers['content-type'], headers['authorization']]).toEqual(['POST', 'application/json', 'Bearer let-me-in'])
    expect(JSON.parse(body)).toEqual({
      id: message.id,
      subject: message.subject,
      text: `${message.subject}\n\n${message.text}`,
      kind: 'slack-away',
      incidents: [{ id: 'INC-1' }],
    })
  })

  test.each([
    [500, 'unavailable'],
    [408, 'unavailable'],
    [429, 'limited'],
    [401, 'denied'],
    [404, 'gone'],
    [400, 'invalid'],
    [302, 'invalid'],
  ])('HTTP %i is %s', async (status, code) => {
    await using elsewhere = await receiver()
    await using server = await receiver(status, { location: elsewhere.url, 'retry-after': '7' })
    const fault = await failure(webhookAlarm({ url: server.url, secret: undefined }).send(message))
    expect(fault).toMatchObject({ name: 'PortFault', code, message: `HTTP ${status}` })
    if (code === 'limited') expect(fault?.retryAfter).toBe(7)
    expect(elsewhere.heard).toEqual([])
  })

  test('no answer is unavailable, and the address is not repeated', async () => {
    const alarm = webhookAlarm({ url: `http://127.0.0.1:${await closedPort()}/hooks/s3cret`, secret: 'let-me-in' })
    for (const fault of [await failure(alarm.send(message)), await alarm.probe()]) {
      expect(fault).toMatchObject({ code: 'unavailable' })
      expect(fault?.message).not.toMatch(/s3cret|let-me-in/)
    }
  })

  test('the probe sends nothing, and any answer but a failure will do', async () => {
    await using refusing = await receiver(405)
    await using failing = await receiver(503)
    expect(await webhookAlarm({ url: refusing.url, secret: undefined }).probe()).toBeNull()
    expect(await webhookAlarm({ url: failing.url, secret: undefined }).probe()).toMatchObject({ code: 'unavailable' })
    expect([...refusing.heard, ...failing.heard].map(({ method, body }) => [method, body])).toEqual([
      ['HEAD', ''],
      ['HEAD', ''],
    ])
  })
})

describe('e-mail', () => {
  const { log } = recorder()
  const to = (port: number, credentials = ''): Alarm =>
    emailAlarm({
      smtpUrl: `smtp://${credentials}127.0.0.1:${port}`,
      to: ['oncall@example.test', 'boss@example.test'],
      from: 'tocsin@example.test',
      log,
    })

  test('reaches everybody as plain text that says what it is', async () => {
    await using server = await startSmtp({ user: { name: 'tocsin', password: 'p@ss' } })
    await to(server.port, 'tocsin:p%40ss@').send(message)
    expect(server.mails).toHaveLength(1)
    const [mail] = server.mails
    expect(mail).toMatchObject({ from: 'tocsin@example.test', to: ['oncall@example.test', 'boss@example.test'] })
    expect(mail?.text.trim()).toBe(message.text)
    expect(mail?.headers.get('subject')).toBe(message.subject)
    expect(mail?.headers.get('message-id')).toBe('<slack-away-1-1@example.test>')
    expect(mail?.headers.get('content-type')).toContain('text/plain')
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated')
  })

  test('a subject cannot become a header', async () => {
    await using server = await startSmtp()
    await to(server.port).send({ ...message, subject: 'Title\r\nBcc: evil@example.test' })
    expect(server.mails[0]?.to).toHaveLength(2)
    expect(server.mails[0]?.headers.has('bcc')).toBe(false)
  })

  test('what each failure means', async () => {
    await using server = await startSmtp({ user: { name: 'tocsin', password: 'right' } })
    const wrong = await failure(to(server.port, 'tocsin:wr0ngpass@').send(message))
    expect(wrong).toMatchObject({ name: 'PortFault', code: 'denied' })
    expect(wrong?.message).not.toContain('wr0ngpass')
    server.refuse = { MAIL: '451 4.3.2 later' }
    expect(await failure(to(server.port).send(message))).toMatchObject({ code: 'unavailable' })
    server.refuse = { RCPT: '550 5.1.1 no such user' }
    expect(await failure(to(server.port).send(message))).toMatchObject({ code: 'invalid' })
    expect(await failure(to(await closedPort()).send(message))).toMatchObject({ code: 'unavailable' })
    expect(server.mails).toEqual([])
  })

  test('one refused recipient does not keep it from the others, and is logged', async () => {
    await using server = await startSmtp()
    const { log: kept, lines } = recorder()
    const alarm = emailAlarm({
      smtpUrl: `smtp://127.0.0.1:${server.port}`,
      to: ['a@example.test', 'gone@example.test'],
      from: 't@example.test',
      log: kept,
    })
    server.refuse = { 'RCPT gone@example.test': '550 5.1.1 no such user' }
    await alarm.send(message)
    expect(server.mails[0]?.to).toEqual(['a@example.test'])
    expect(lines).toMatchObject([{ level: 'warn', rejected: ['gone@example.test'] }])
  })

  test('the probe signs in and sends nothing', async () => {
    await using server = await startSmtp({ user: { name: 'tocsin', password: 'right' } })
    expect(await to(server.port, 'tocsin:right@').probe()).toBeNull()
    expect(await to(server.port, 'tocsin:wr0ngpass@').probe()).toMatchObject({ code: 'denied' })
    expect(server.mails).toEqual([])
  })

  test('a password is not sent in the clear to another machine', async () => {
    await using server = await startSmtp({ user: { name: 'tocsin', password: 'right' } })
    // Any name but those of this machine; this one leads here all the same.
    const alarm = (query: string) =>
      emailAlarm({ smtpUrl: `smtp://tocsin:right@127.0.0.2:${server.port}/${query}`, to: ['a@example.test'], from: 't@example.test', log })
    expect(await alarm('').probe()).toMatchObject({ code: 'invalid', message: expect.stringContaining('STARTTLS') as string })
    expect(server.heard.filter((line) => line.startsWith('AUTH'))).toEqual([])
    expect(await alarm('?requireTLS=false').probe()).toBeNull()
  })
})
