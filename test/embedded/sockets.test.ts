/** The world's Socket Mode, seen by the vendor's client and by a plain one. */
import { SocketModeClient } from '@slack/socket-mode'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { World } from '../../src/embedded/world.ts'
import { until } from '../until.ts'
import { control, slackClient, slackError, testWorld } from './world.ts'

const APP_TOKEN = 'xapp-test'

let world: World
let app: ReturnType<typeof slackClient>
let ask: ReturnType<typeof control>
let sockets: WebSocket[] = []

beforeAll(async () => {
  world = await testWorld({ bot: { token: 'xoxb-test', name: 'bot', signingSecret: 'secret', appToken: APP_TOKEN } })
  app = slackClient(world.slackApiUrl, APP_TOKEN)
  ask = control(world.url)
})
afterAll(() => world.close())
beforeEach(async () => {
  for (const socket of sockets) socket.terminate()
  sockets = []
  await until(async () => (await listed()).length === 0, 'no sockets')
})

type Envelope = { type: string; reason?: string; envelope_id: string; payload: { event_id?: string; command?: string; text?: string } }
type Plain = { heard: Envelope[]; socket: WebSocket; answer: (envelope: Envelope) => object | null }

const listed = () => ask<{ id: number; leaving: boolean }[]>('GET', '/sockets')
const event = (id: string) =>
  ask<{ status: number; headers: { socket?: string } }>('POST', '/event', { event: { type: 'x' }, event_id: id })

/** Opens a socket that acknowledges what `answer` gives something for. */
const connect = async (answer: Plain['answer'] = () => ({})): Promise<Plain> => {
  const { url } = await app.apps.connections.open({})
  const socket = new WebSocket(url ?? '')
  sockets.push(socket)
  const plain: Plain = { heard: [], socket, answer }
  socket.on('message', (data: Buffer) => {
    const envelope = JSON.parse(data.toString()) as Envelope
    plain.heard.push(envelope)
    if (envelope.envelope_id === undefined) return
    const payload = plain.answer(envelope)
    if (payload !== null) socket.send(JSON.stringify({ envelope_id: envelope.envelope_id, payload }))
  })
  await new Promise((resolve, reject) => {
    socket.once('message', resolve)
    socket.on('error', reject)
  })
  return plain
}

test('gives an address to the app’s own token only, for one use', async () => {
  expect(await slackError(slackClient(world.slackApiUrl).apps.connections.open({}))).toBe('not_allowed_token_type')
  expect(await slackError(app.auth.test())).toBe('not_allowed_token_type')
  expect(await slackError(slackClient(world.slackApiUrl, 'xapp-other').apps.connections.open({}))).toBe('invalid_auth')
  const { url = '' } = await app.apps.connections.open({})
  expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/slack\/link\?ticket=/)
  const outcome = () =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(url)
      sockets.push(socket)
      socket.once('message', (data: Buffer) => resolve(data.toString()))
      socket.once('error', (error) => resolve(error.message))
    })
  expect(JSON.parse(await outcome())).toMatchObject({ type: 'hello', num_connections: 1, connection_info: { app_id: 'A000000001' } })
  expect(await outcome()).toContain('409')
})

test('serves ten sockets and no more', async () => {
  for (let count = 1; count <= 10; count += 1) expect((await connect()).heard[0]).toMatchObject({ type: 'hello', num_connections: count })
  expect((await connect()).heard[0]).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' })
})

test('sends each event to one socket, and to another when that one does not acknowledge it', async () => {
  const [one, other] = [await connect(), await connect()]
  for (const id of ['Ev1', 'Ev2']) expect((await event(id)).status).toBe(200)
  const events = ({ heard }: Plain) => heard.flatMap(({ type, payload }) => (type === 'events_api' ? [payload.event_id] : []))
  expect(new Set([...events(one), ...events(other)])).toEqual(new Set(['Ev1', 'Ev2']))
  expect([events(one).length, events(other).length]).toEqual([1, 1])
  one.answer = () => null
  // Whichever it is sent to first.
  for (const id of ['Ev3', 'Ev4']) expect((await event(id)).status).toBe(200)
  expect(events(other)).toEqual(expect.arrayContaining(['Ev3', 'Ev4']))
  expect(one.heard.at(-1)).toMatchObject({ retry_attempt: 0, retry_reason: '' })
  other.answer = () => null
  one.socket.terminate()
  other.socket.terminate()
  expect(await event('Ev5')).toMatchObject({ status: 0 })
})

test('takes an answer with the acknowledgement, once, and from the socket that was asked', async () => {
  const foreign = await connect()
  const asked = await connect((envelope) => {
    foreign.socket.send(JSON.stringify({ envelope_id: envelope.envelope_id, payload: { text: 'not me' } }))
    return { text: `you typed ${envelope.payload.text ?? ''}` }
  })
  foreign.answer = asked.answer
  const said = await ask<{ status: number; responses: { text: string }[] }>('POST', '/command', { as: 'alice', text: '/incident list' })
  expect(said).toMatchObject({ status: 200, responses: [{ text: 'you typed list', type: 'ephemeral' }] })
})

test('tells a socket to go, sends it nothing more while there is another, and closes it', async () => {
  const [leaving, staying] = [await connect(), await connect()]
  await ask('POST', '/sockets/rotate', { ms: 300 })
  await until(() => leaving.heard.at(-1)?.reason === 'refresh_requested', 'the word to go')
  for (const id of ['Ev6', 'Ev7']) expect((await event(id)).status).toBe(200)
  expect(staying.heard.filter(({ type }) => type === 'events_api')).toHaveLength(2)
  await until(() => leaving.socket.readyState === WebSocket.CLOSED, 'the end')
  await ask('POST', '/sockets/rotate', { reason: 'warning', ms: 0 })
  await until(() => staying.heard.at(-1)?.reason === 'warning', 'the warning')
})

test('drops every socket, and takes none until it is healed', async () => {
  const one = await connect()
  await ask('POST', '/sockets/cut')
  await until(() => one.socket.readyState === WebSocket.CLOSED, 'the end')
  await expect(connect()).rejects.toThrow()
  await ask('DELETE', '/sockets/cut')
  expect((await connect()).heard[0]).toMatchObject({ type: 'hello', num_connections: 1 })
})

test('is what the vendor’s client expects', async () => {
  const client = new SocketModeClient({ appToken: APP_TOKEN, clientOptions: { slackApiUrl: world.slackApiUrl } })
  client.on('slash_commands', ({ ack, body }: { ack: (response: object) => Promise<void>; body: { text: string } }) => {
    void ack({ text: `heard ${body.text}` })
  })
  expect(await client.start()).toMatchObject({ ok: true })
  const said = await ask('POST', '/command', { as: 'alice', text: '/incident list' })
  expect(said).toMatchObject({ status: 200, late: false, responses: [{ text: 'heard list' }] })
  // The vendor's client waits for seconds for a connection that Slack, and the world, leaves open.
  void client.disconnect()
})
