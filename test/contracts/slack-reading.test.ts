/** What the bot reads of what people say, through the real SDK from the world. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { slackChat } from '../../src/adapters/slack.ts'
import type { ChatReading } from '../../src/ports.ts'
import type { World } from '../../src/embedded/world.ts'
import { render } from '../../src/slack/blocks.ts'
import { botToken, testWorld } from '../bot.ts'
import { silent } from '../silent.ts'

let world: World
let reading: ChatReading
let channel = ''

const ask = async (path: string, body: object): Promise<{ ts: string; file: string }> => {
  const response = await fetch(`${world.url}/world${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ as: 'alice', in: channel, ...body }),
  })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as { ts: string; file: string }
}

beforeAll(async () => {
  world = await testWorld({ groups: [{ handle: 'dba', name: 'Databases', users: ['bob'] }] })
  const chat = slackChat({ token: botToken, apiUrl: world.slackApiUrl, render, log: silent })
  reading = chat.reading
  channel = (await chat.createChannel('reading', false)).id
  await ask('/invite', { users: ['alice', 'bob'] })
})
afterAll(() => world.close())

test('a message is read with its author, who wants it, and in words; in a thread, too', async () => {
  const root = await ask('/say', { text: 'Root <@U0NOBODY>' })
  const reply = await ask('/say', { text: 'Reply', thread_ts: root.ts })
  await ask('/react', { as: 'bob', ts: reply.ts, name: 'pushpin' })
  await ask('/pin', { ts: root.ts })
  expect(await reading.message(channel, root.ts)).toMatchObject({
    ours: false,
    name: 'alice Example',
    text: 'Root @somebody',
    pinned: true,
  })
  const found = await reading.message(channel, reply.ts)
  expect(found).toMatchObject({ text: 'Reply', pinned: false })
  expect([...(found?.reactions.keys() ?? [])]).toEqual(['pushpin'])
  expect(await reading.permalink(channel, reply.ts)).toContain(`thread_ts=${root.ts}`)
  await ask('/remove', { ts: reply.ts })
  expect(await reading.message(channel, reply.ts)).toBeNull()
  expect(await reading.message(channel, '1.000001')).toBeNull()
})

test('a group is called by its name, also where Slack writes none beside it; one that nobody knows is a group (field 20)', async () => {
  const { groups } = (await (await fetch(`${world.url}/world/workspace`)).json()) as { groups: { id: string }[] }
  const { ts } = await ask('/say', { text: `<!subteam^${groups[0]?.id}> and <!subteam^S0NOBODY> and <!subteam^S0NAMED|@ops>` })
  expect((await reading.message(channel, ts))?.text).toBe('@dba and @a-group and @ops')
  expect(await reading.groupName(groups[0]?.id ?? '')).toBe('dba')
})

test('a channel that is not there is a fault, not a message that was deleted', async () => {
  await expect(reading.message('C0NOWHERE', '1.000001')).rejects.toMatchObject({ name: 'PortFault', code: 'gone' })
})

test('a file is read whole, or not at all when it is too large', async () => {
  const { file } = await ask('/upload', { name: 'note.txt', content: 'ä'.repeat(1000) })
  expect((await reading.file(file, 10_000))?.toString()).toBe('ä'.repeat(1000))
  expect(await reading.file(file, 1_999)).toBeNull()
  await expect(reading.file('F0NOTHING', 10)).rejects.toMatchObject({ code: 'gone' })
})

test('the token goes to Slack’s own hosts only, and follows no redirect (field 8)', async () => {
  let heard = 0
  const elsewhere = createServer((_, response) => {
    heard += 1
    response.end('thanks for the token')
  })
  await new Promise<void>((resolve) => {
    elsewhere.listen(0, '127.0.0.1', resolve)
  })
  const away = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/file`
  const answers: Record<string, object> = {
    F0AWAY: { url_private: away },
    F0LIKE: { url_private: 'https://slack.com.evil.example/file' },
    F0PLAIN: { url_private: 'http://files.slack.com/file' },
  }
  // A Slack that names files which lie elsewhere, or leads there.
  const slack = createServer((request, response) => {
    if (request.url?.endsWith('/redirect') === true) return response.writeHead(302, { location: away }).end()
    if (request.url?.endsWith('/login') === true) return response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>')
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const id = new URLSearchParams(body).get('file') ?? ''
      const base = `http://127.0.0.1:${(slack.address() as AddressInfo).port}`
      const file = answers[id] ?? { url_private: `${base}/${id === 'F0LOGIN' ? 'login' : 'redirect'}` }
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: true, file: { id, mimetype: 'image/png', size: 3, ...file } }))
    })
    return undefined
  })
  await new Promise<void>((resolve) => {
    slack.listen(0, '127.0.0.1', resolve)
  })
  const apiUrl = `http://127.0.0.1:${(slack.address() as AddressInfo).port}/api/`
  const { reading: wary } = slackChat({ token: botToken, apiUrl, render, log: silent })
  try {
    for (const id of ['F0AWAY', 'F0LIKE', 'F0PLAIN']) await expect(wary.file(id, 100)).rejects.toMatchObject({ code: 'invalid' })
    for (const id of ['F0REDIRECT', 'F0LOGIN']) await expect(wary.file(id, 100)).rejects.toMatchObject({ code: 'denied' })
    expect(heard).toBe(0)
  } finally {
    elsewhere.close()
    slack.close()
  }
})
