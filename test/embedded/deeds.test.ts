/** What people do to messages in the world: done in the workspace, and told to the bot as Slack tells it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { control, slackClient, startListener, testWorld } from './world.ts'

type Told = { type: string; event_id: string; event: Record<string, unknown> & { type: string } }

let world: World
let bot: ReturnType<typeof slackClient>
let ask: ReturnType<typeof control>
let listener: Awaited<ReturnType<typeof startListener>>
let channel = ''

beforeAll(async () => {
  world = await testWorld()
  bot = slackClient(world.slackApiUrl)
  ask = control(world.url)
  listener = await startListener(() => '')
  await ask('PUT', '/bot-url', { url: listener.url })
  channel = (await bot.conversations.create({ name: 'deeds' })).channel?.id ?? ''
  await ask('POST', '/invite', { in: channel, users: ['alice', 'bob', 'bob'] })
})
afterAll(async () => {
  await listener.close()
  await world.close()
})
beforeEach(() => listener.heard.splice(0))

const act = (what: string, order: object) => ask<{ ts: string; file: string }>('POST', `/${what}`, { as: 'alice', in: channel, ...order })
const told = () => listener.heard.map(({ body }) => (JSON.parse(body) as Told).event)

test('messages, edits and deletions', async () => {
  const { ts } = await act('say', { text: 'Hello' })
  await act('edit', { ts, text: 'Hello all' })
  await act('remove', { ts })
  expect(told()).toMatchObject([
    { type: 'message', channel, text: 'Hello', ts },
    { type: 'message', subtype: 'message_changed', message: { text: 'Hello all', ts }, previous_message: { text: 'Hello' } },
    { type: 'message', subtype: 'message_deleted', deleted_ts: ts },
  ])
})

test('a mention of the bot arrives twice: as a message and as a mention', async () => {
  const { user_id: me = '' } = await bot.auth.test()
  await act('say', { text: `<@${me}> help` })
  expect(told().map(({ type }) => type)).toEqual(['message', 'app_mention'])
})

test('reactions and pins, which the history shows', async () => {
  const { ts } = await act('say', { text: 'Pin me' })
  await act('react', { ts, name: ':pushpin:' })
  await act('pin', { ts })
  const { messages } = await bot.conversations.history({ channel, latest: ts, oldest: ts, inclusive: true, limit: 1 })
  expect(messages).toMatchObject([{ ts, reactions: [{ name: 'pushpin', count: 1 }], pinned_to: [channel] }])
  await act('unreact', { ts, name: 'pushpin' })
  await act('unpin', { ts })
  expect(told().map(({ type }) => type)).toEqual(['message', 'reaction_added', 'pin_added', 'reaction_removed', 'pin_removed'])
  expect(told()[1]).toMatchObject({ reaction: 'pushpin', item: { type: 'message', channel, ts } })
  expect(told()[2]).toMatchObject({ channel_id: channel, item: { message: { ts, text: 'Pin me' } } })
  await expect(act('pin', { as: 'carol', ts })).rejects.toThrow('not_in_channel')
})

test('files', async () => {
  const { file, ts } = await act('upload', { name: 'a.txt', content: 'content', text: 'See' })
  expect(told()).toMatchObject([{ type: 'message', subtype: 'file_share', ts, files: [{ id: file, name: 'a.txt', size: 7 }] }])
})

test('a shortcut and the home', async () => {
  const { ts } = await act('say', { text: 'Broken' })
  await act('shortcut', { ts, callback: 'declare' })
  const payload: unknown = JSON.parse(listener.heard.at(-1)?.form.get('payload') ?? '{}')
  expect(payload).toMatchObject({
    type: 'message_action',
    callback_id: 'declare',
    message_ts: ts,
    message: { text: 'Broken' },
    channel: { id: channel },
  })
  await act('home', {})
  const { user = '' } = JSON.parse(listener.heard.at(-1)?.body ?? '{}').event as { user?: string }
  const button = { type: 'button' as const, action_id: 'new', text: { type: 'plain_text' as const, text: 'Begin' }, value: 'x' }
  await bot.views.publish({ user_id: user, view: { type: 'home', blocks: [{ type: 'actions', elements: [button] }] } })
  await ask('POST', '/press', { as: 'alice', action: 'new', home: true })
  const pressed: unknown = JSON.parse(listener.heard.at(-1)?.form.get('payload') ?? '{}')
  expect(pressed).toMatchObject({ type: 'block_actions', container: { type: 'view' }, actions: [{ action_id: 'new' }] })
  expect(await ask('GET', '/home/bob')).toEqual({ view: null })
})

test('where the bot is not, it hears nothing', async () => {
  await ask('POST', '/say', { as: 'alice', in: 'incidents', text: 'Nobody listens' }).catch(() => undefined)
  expect(listener.heard).toEqual([])
})
