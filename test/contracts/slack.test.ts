/** The chat over HTTP, through the real SDK, to the emulated workspace: faults 12 and 14–18 at the level of one call.
 *
 *  | effect | marker | probe of a repeated job |
 *  |---|---|---|
 *  | channel | its name | `findChannel` |
 *  | message | `metadata` | `findPosted` |
 *  | pin, invitation, topic | – | none: doing it twice is doing it once |
 *  | bookmark | title and address | looks itself, unless told that it is the first time |
 *  | file in a thread | its name | looks itself, unless told that it is the first time | */
import { createServer as createHttp, type Server } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { WebClient } from '@slack/web-api'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '../../src/incident/message.ts'
import type { PortFault } from '../../src/ports.ts'
import { fault, name, since, startWorkspace, text } from './slack-workspace.ts'

const { url, chat, slack, connectTo, warned, known, order, calls, forget, messagesIn, close } = await startWorkspace()
beforeEach(forget)
afterAll(close)

test('who the bot is', async () => {
  const { teamId, botUserId, botId } = await chat.identity()
  expect([teamId, botUserId, botId]).toEqual([expect.stringMatching(/^T/), expect.stringMatching(/^U/), expect.stringMatching(/^B/)])
  await chat.identity()
  expect(await calls('auth.test')).toHaveLength(1)
  expect(await chat.reachable()).toBeNull()
  await order({ method: 'auth.test', kind: 'drop-before' })
  expect(await chat.reachable()).toMatchObject({ code: 'unavailable', method: 'auth.test' })
})

describe('messages', () => {
  test('are posted as blocks, literally, and edited in place, with their marker', async () => {
    const { id } = await chat.createChannel(name(), false)
    const { ts } = await chat.post(id, text('<!channel> up'), 'm1')
    await chat.edit(id, ts, text('down <@U1>'), 'm1')
    const [message, ...others] = await messagesIn(id)
    expect(others).toEqual([])
    expect(message).toMatchObject({
      ts,
      text: 'down &lt;@U1&gt;',
      blocks: [{ type: 'rich_text', elements: [{ elements: [{ type: 'text', text: 'down <@U1>' }] }] }],
      metadata: { event_type: 'tocsin', event_payload: { marker: 'm1' } },
    })
  })

  test('a file is put into the thread of one, once', async () => {
    const { id } = await chat.createChannel(name(), false)
    const { ts } = await chat.post(id, text('Diagnosis'), 'm1')
    const file = { name: 'lines.txt', type: 'text/plain', content: Buffer.from('line 1\nline 2') }
    await chat.share(id, ts, file, true)
    await chat.share(id, ts, file, false)
    const { messages = [] } = await slack.conversations.replies({ channel: id, ts })
    expect(messages.slice(1).map(({ files }) => files?.map((each) => each.name))).toEqual([['lines.txt']])
    await chat.share(id, ts, { ...file, name: 'other.txt' }, false)
    expect((await slack.conversations.replies({ channel: id, ts })).messages).toHaveLength(3)
  })

  test('are read from an instant on, oldest first, also who wrote them; whether the channel is there is told (faults 10, 19)', async () => {
    const { id } = await chat.createChannel(name(), false)
    await chat.post(id, text('before'), 'm1')
    const ann = known.people[0]
    await chat.invite(id, [ann?.id ?? ''])
    const asAnn = new WebClient(ann?.token ?? '', { slackApiUrl: url })
    const { ts = '0' } = await asAnn.chat.postMessage({ channel: id, text: 'by Ann' })
    await chat.post(id, text('after'), 'm2')
    const said = await chat.said(id, since)
    expect(said.map((each) => each.text)).toEqual(expect.arrayContaining(['before', 'by Ann', 'after']))
    expect(said.map((each) => Number(each.ts))).toEqual(said.map((each) => Number(each.ts)).toSorted((a, b) => a - b))
    const later = await chat.said(id, new Date(Number(ts) * 1000).toISOString())
    expect(later.find((each) => each.text === 'by Ann')).toEqual({ ts, user: ann?.id, text: 'by Ann', marked: false })
    await asAnn.reactions.add({ channel: id, timestamp: ts, name: 'pushpin' })
    expect((await chat.said(id, since)).filter(({ marked }) => marked).map((each) => each.text)).toEqual(['by Ann'])
    expect(later.find((each) => each.text === 'after')?.user).toBe('')
    expect(await chat.said(id, new Date(Date.now() + 60_000).toISOString())).toEqual([])

    expect(await chat.channelState(id)).toBe('open')
    await slack.conversations.archive({ channel: id })
    expect(await chat.channelState(id)).toBe('archived')
    expect(await chat.channelState('C0000DEAD0')).toBe('gone')
    await order({ method: 'conversations.info', kind: 'drop-before' })
    expect(await fault(chat.channelState(id))).toMatchObject({ code: 'unavailable', method: 'conversations.info', scope: id })
  })

  test('15: what was accepted before the connection broke is found, and nothing else', async () => {
    const { id } = await chat.createChannel(name(), false)
    await chat.post(id, text('another'), 'other')
    await order({ method: 'chat.postMessage', channel: id, kind: 'drop-after' })
    expect(await fault(chat.post(id, text('once'), 'job-1'))).toMatchObject({ code: 'unavailable', method: 'chat.postMessage', scope: id })
    const found = await chat.findPosted(id, 'job-1', since)
    expect((await messagesIn(id)).map(({ ts, text: shown }) => [ts, shown])).toContainEqual([found?.ts, 'once'])
    expect(await chat.findPosted(id, 'job-2', since)).toBeNull()
    expect(await chat.findPosted(id, 'job-1', '2099-01-01T00:00:00.000Z')).toBeNull()
  })

  test('15: it is found on a later page, and never among the messages of others', async () => {
    const { id } = await chat.createChannel(name(), false)
    const { ts } = await chat.post(id, text('old'), 'deep')
    const ann = known.people.find((person) => person.name === 'ann')
    const forger = new WebClient(ann?.token ?? '', { slackApiUrl: url })
    await chat.invite(id, [ann?.id ?? ''])
    await forger.chat.postMessage({ channel: id, text: 'forged', metadata: { event_type: 'tocsin', event_payload: { marker: 'forged' } } })
    for (let index = 0; index < 210; index += 1) await slack.chat.postMessage({ channel: id, text: `noise ${index}` })
    expect(await chat.findPosted(id, 'deep', since)).toEqual({ ts })
    expect((await calls('conversations.history')).length).toBeGreaterThan(1)
    expect(await chat.findPosted(id, 'forged', since)).toBeNull()
  })

  test('15: a channel made before the connection broke is found', async () => {
    const wanted = name()
    await order({ method: 'conversations.create', kind: 'drop-after' })
    expect(await fault(chat.createChannel(wanted, true))).toMatchObject({ code: 'unavailable' })
    const found = await chat.findChannel(wanted)
    expect(found).toMatchObject({ ours: true, archived: false })
    expect(Math.abs(Date.parse(found?.createdAt ?? '') - Date.now())).toBeLessThan(60_000)
    expect(await chat.findChannel('no-such-channel')).toBeNull()
  })

  test('18: refused blocks are sent as shortened text, when posting and when editing', async () => {
    const { id } = await chat.createChannel(name(), false)
    const long: Message = {
      key: 'k',
      summary: 'long',
      parts: [
        { kind: 'heading', text: 'INC-1' },
        ...Array.from({ length: 40 }, (_, index) => ({ kind: 'text' as const, spans: [`line ${index} ${'word '.repeat(30)}`] })),
      ],
    }
    for (const error of ['msg_blocks_too_long', 'invalid_blocks', 'msg_too_long']) {
      await order({ method: 'chat.postMessage', kind: 'error', error })
      const { ts } = await chat.post(id, long, error)
      const posted = (await messagesIn(id)).find((message) => message.ts === ts)
      expect(posted?.text).toMatch(/^\*INC-1\*\nline 0 .*…shortened; of an incident, the whole text is in its timeline$/s)
      expect(posted?.blocks ?? []).toEqual([])
      expect(await chat.findPosted(id, error, since)).toEqual({ ts })
    }
    const { ts } = await chat.post(id, text('short'), 'edited')
    await order({ method: 'chat.update', kind: 'error', error: 'msg_blocks_too_long' })
    await chat.edit(id, ts, long, 'edited')
    const edited = (await messagesIn(id)).find((message) => message.ts === ts)
    expect([edited?.text?.slice(0, 8), edited?.blocks ?? []]).toEqual(['*INC-1*\n', []])
    expect(warned).toHaveLength(4)
  })

  test('18: a message of any length is taken as it is rendered', async () => {
    const { id } = await chat.createChannel(name(), false)
    const monster: Message = {
      key: 'k',
      summary: 's'.repeat(9000),
      parts: [
        { kind: 'text', spans: ['🔥<&>'.repeat(9000)] },
        { kind: 'list', items: Array.from({ length: 900 }, () => ['x'.repeat(900)]) },
        { kind: 'buttons', buttons: [{ label: 'Ack', action: 'ack', value: 'INC-1' }] },
      ],
    }
    await chat.post(id, monster, 'monster')
    expect(warned).toEqual([])
    expect((await messagesIn(id))[0]?.blocks?.map(({ type }) => type)).toEqual(['rich_text', 'context', 'actions'])
  })

  test('to one person only', async () => {
    const id = (await chat.createChannel(name(), false)).id
    const ann = (await chat.userByEmail('ann@example.com')) ?? ''
    await chat.invite(id, [ann])
    await chat.ephemeral(id, ann, text('psst'))
    expect(await messagesIn(id)).toEqual([])
    expect(await calls('chat.postEphemeral')).toMatchObject([{ ok: true }])
  })
})

test('12: a limit on one channel holds for that channel only, and says for how long', async () => {
  const [slow, free] = [(await chat.createChannel(name(), false)).id, (await chat.createChannel(name(), false)).id]
  await order({ method: 'chat.postMessage', channel: slow, kind: 'status', status: 429, retryAfter: 30, times: 0 })
  expect(await fault(chat.post(slow, text('a'), 'a'))).toMatchObject({
    code: 'limited',
    method: 'chat.postMessage',
    scope: slow,
    retryAfter: 30,
  })
  await chat.post(free, text('b'), 'b')
  // The SDK itself must not have tried again.
  expect((await calls('chat.postMessage')).map(({ channel }) => channel)).toEqual([slow, free])
  await order({ method: 'conversations.create', kind: 'status', status: 429, retryAfter: 7 })
  expect(await fault(chat.createChannel(name(), false))).toMatchObject({ code: 'limited', scope: '', retryAfter: 7 })
  await order({ method: 'conversations.create', kind: 'status', status: 429 })
  expect(await fault(chat.createChannel(name(), false))).toMatchObject({ code: 'limited', retryAfter: 30 })
})

const sorted: Record<string, PortFault['code']> = {
  channel_not_found: 'gone',
  is_archived: 'gone',
  message_not_found: 'gone',
  cant_update_message: 'gone',
  name_taken: 'taken',
  restricted_action: 'denied',
  not_in_channel: 'outside',
  edit_window_closed: 'denied',
  missing_scope: 'denied',
  not_allowed_token_type: 'denied',
  token_revoked: 'denied',
  account_inactive: 'denied',
  invalid_auth: 'denied',
  internal_error: 'unavailable',
  fatal_error: 'unavailable',
  service_unavailable: 'unavailable',
  ratelimited: 'limited',
  no_text: 'invalid',
  whatever_comes_next: 'invalid',
}
test.each(Object.entries(sorted))('14: %s is sorted as %s', async (error, code) => {
  await order({ method: 'chat.update', kind: 'error', error })
  expect(await fault(chat.edit('C000000001', '1.1', text('x'), 'm'))).toMatchObject({ code, method: 'chat.update', scope: 'C000000001' })
})

test('14: what is not there, or may not be touched', async () => {
  const { id } = await chat.createChannel(name(), false)
  expect(await fault(chat.post('C0NOTTHERE', text('x'), 'm'))).toMatchObject({ code: 'gone' })
  expect(await fault(chat.edit(id, '1.000001', text('x'), 'm'))).toMatchObject({ code: 'gone' })
  await slack.conversations.archive({ channel: id })
  expect(await fault(chat.post(id, text('x'), 'm'))).toMatchObject({ code: 'gone' })
  const wrong = await fault(connectTo(url, 'xoxb-wrong').createChannel(name(), false))
  expect([wrong.code, wrong.message]).toEqual(['denied', expect.stringContaining('SLACK_BOT_TOKEN')])
})

test('14: an answer that does not come, breaks off or is no answer', async () => {
  const serving = async (server: Server | ReturnType<typeof createServer>, work: (api: string) => Promise<void>) => {
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`)
    if ('closeAllConnections' in server) server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const unavailable = async (api: string) =>
    expect(await fault(connectTo(api, 'xoxb-1', 300).createChannel('x', false))).toMatchObject({ code: 'unavailable' })
  await serving(
    createHttp(() => undefined),
    unavailable,
  )
  await serving(
    createHttp((_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"ok":')),
    unavailable,
  )
  await serving(
    createHttp((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{"ok":', () => response.destroy())),
    unavailable,
  )
  await serving(
    createHttp((_, response) => void response.end('<html>maintenance</html>')),
    unavailable,
  )
  await serving(
    createHttp((_, response) => void response.writeHead(503).end('')),
    unavailable,
  )
  await serving(
    createServer((socket) => void socket.destroy()),
    unavailable,
  )
  await unavailable('http://127.0.0.1:1/api/')
})

test('16: a name in use, by an archived channel too, is taken', async () => {
  const wanted = name()
  const { id } = await chat.createChannel(wanted, false)
  expect(await fault(chat.createChannel(wanted, false))).toMatchObject({ code: 'taken' })
  await slack.conversations.archive({ channel: id })
  expect(await fault(chat.createChannel(wanted, false))).toMatchObject({ code: 'taken' })
  expect(await chat.findChannel(wanted)).toMatchObject({ id, ours: true, archived: true })
})
