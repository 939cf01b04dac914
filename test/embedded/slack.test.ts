import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { control, slackClient, slackError, testWorld } from './world.ts'

let world: World
let bot: ReturnType<typeof slackClient>
let ask: ReturnType<typeof control>

beforeAll(async () => {
  world = await testWorld()
  bot = slackClient(world.slackApiUrl)
  ask = control(world.url)
})
afterAll(() => world.close())

const created = async (name: string): Promise<string> => (await bot.conversations.create({ name })).channel?.id ?? ''
const userId = async (name: string): Promise<string> => (await bot.users.lookupByEmail({ email: `${name}@EXAMPLE.test` })).user?.id ?? ''

describe('the workspace', () => {
  test('knows its bot, and refuses tokens that it does not know', async () => {
    expect(await bot.auth.test()).toMatchObject({ ok: true, team_id: 'T000000001', user: 'bot', bot_id: 'B000000001' })
    expect(await slackError(slackClient(world.slackApiUrl, 'xoxb-other').auth.test())).toBe('invalid_auth')
    expect(await slackError(bot.apiCall('no.such.method'))).toBe('unknown_method')
  })

  test('gives people and channels the same ids in every life', async () => {
    await using second = await testWorld()
    const other = slackClient(second.slackApiUrl)
    const found = await other.users.lookupByEmail({ email: 'alice@example.test' })
    expect(found.user?.id).toBe(await userId('alice'))
    const named = async (client: typeof bot) => (await client.conversations.list()).channels?.find((each) => each.name === 'incidents')?.id
    expect(await named(other)).toBe(await named(bot))
    expect(await slackError(bot.users.lookupByEmail({ email: 'nobody@example.test' }))).toBe('users_not_found')
  })

  test('has user groups', async () => {
    const group = (await bot.usergroups.list()).usergroups?.find((each) => each.handle === 'oncall')
    expect((await bot.usergroups.users.list({ usergroup: group?.id ?? '' })).users).toEqual([await userId('alice'), await userId('bob')])
    expect(await slackError(bot.usergroups.users.list({ usergroup: 'S0' }))).toBe('no_such_subteam')
  })
})

describe('messages', () => {
  test('keep their metadata and blocks; metadata is given when asked for', async () => {
    const channel = await created('messages-kept')
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'hello' } }]
    const metadata = { event_type: 'marker', event_payload: { key: 'header' } }
    const posted = await bot.chat.postMessage({ channel, text: 'hello', blocks, metadata })
    await bot.chat.postMessage({ channel, text: 'later' })

    const since = await bot.conversations.history({ channel, oldest: posted.ts ?? '', inclusive: true, include_all_metadata: true })
    expect(since.messages?.at(-1)).toMatchObject({ text: 'hello', blocks, metadata, bot_id: 'B000000001' })
    const after = await bot.conversations.history({ channel, oldest: posted.ts ?? '' })
    expect(after.messages?.map((message) => message.text)).toEqual(['later'])
    expect((await bot.conversations.history({ channel })).messages?.at(-1)?.metadata).toBeUndefined()

    await bot.chat.update({ channel, ts: posted.ts ?? '', text: 'changed' })
    const [first] = await ask<{ text: string; edited: boolean; metadata: unknown }[]>('GET', `/channels/${channel}/messages`)
    expect(first).toMatchObject({ text: 'changed', edited: true, metadata })
  })

  test('are read page by page', async () => {
    const channel = await created('messages-paged')
    for (let index = 0; index < 5; index += 1) await bot.chat.postMessage({ channel, text: `m${index}` })
    const seen: (string | undefined)[] = []
    for await (const page of bot.paginate('conversations.history', { channel, limit: 2 })) {
      const { messages } = page as { messages?: { text?: string }[] }
      seen.push(...(messages ?? []).map((message) => message.text))
    }
    expect(seen).toEqual(['m4', 'm3', 'm2', 'm1', 'm0'])
  })

  test('are refused when too long or malformed', async () => {
    const channel = await created('messages-refused')
    const post = (blocks: object[], text = 'x') => slackError(bot.apiCall('chat.postMessage', { channel, text, blocks }))
    const section = (length: number) => ({ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(length) } })
    expect(await slackError(bot.chat.postMessage({ channel, text: 'x'.repeat(40_001) }))).toBe('msg_too_long')
    expect(await post([section(3001)])).toBe('invalid_blocks')
    expect(await post([{ type: 'nonsense' }])).toBe('invalid_blocks')
    expect(await post(Array.from({ length: 51 }, () => ({ type: 'divider' })))).toBe('invalid_blocks')
    expect(await post(Array.from({ length: 5 }, () => section(2700)))).toBe('msg_blocks_too_long')
    expect(await post([section(3000)])).toBe('no error')
  })

  test('to one person stay readable for tests', async () => {
    const channel = await created('messages-ephemeral')
    const user = await userId('alice')
    expect(await slackError(bot.chat.postEphemeral({ channel, user, text: 'psst' }))).toBe('user_not_in_channel')
    await bot.conversations.invite({ channel, users: user })
    await bot.chat.postEphemeral({ channel, user, text: 'psst' })
    expect(await ask('GET', `/channels/${channel}/messages`)).toMatchObject([{ text: 'psst', ephemeralTo: user }])
    expect((await bot.conversations.history({ channel })).messages).toEqual([])
  })
})

describe('channels', () => {
  test('keep their names for ever', async () => {
    const channel = await created('names-taken')
    expect(await slackError(bot.conversations.create({ name: 'names-taken' }))).toBe('name_taken')
    await bot.conversations.archive({ channel })
    expect(await slackError(bot.conversations.create({ name: 'names-taken' }))).toBe('name_taken')
    expect(await slackError(bot.chat.postMessage({ channel, text: 'x' }))).toBe('is_archived')
    expect(await slackError(bot.conversations.create({ name: 'x'.repeat(81) }))).toBe('invalid_name_maxlength')
    expect(await slackError(bot.conversations.create({ name: 'Upper' }))).toBe('invalid_name_specials')
  })

  test('are closed to those who are not in them', async () => {
    const alice = slackClient(world.slackApiUrl, 'xoxp-alice')
    const open = (await alice.conversations.create({ name: 'open-of-alice' })).channel?.id ?? ''
    const hidden = (await alice.conversations.create({ name: 'hidden-of-alice', is_private: true })).channel?.id ?? ''
    expect(await slackError(bot.chat.postMessage({ channel: open, text: 'x' }))).toBe('not_in_channel')
    expect(await slackError(bot.chat.postMessage({ channel: hidden, text: 'x' }))).toBe('channel_not_found')
    expect(await slackError(bot.conversations.setTopic({ channel: hidden, topic: 'x' }))).toBe('channel_not_found')
    expect(await slackError(bot.chat.postMessage({ channel: 'C0000DEAD0', text: 'x' }))).toBe('channel_not_found')
    const all = await ask<{ name: string; isPrivate: boolean }[]>('GET', '/channels')
    expect(all.find((channel) => channel.name === 'hidden-of-alice')).toMatchObject({ isPrivate: true })
  })

  test('refuse a whole invitation for one wrong person, unless forced (fault 17)', async () => {
    const channel = await created('invitations')
    const [alice, bob] = [await userId('alice'), await userId('bob')]
    expect(await slackError(bot.conversations.invite({ channel, users: `${alice},U0BAD` }))).toBe('user_not_found')
    expect((await bot.conversations.members({ channel })).members).toHaveLength(1)
    const forced = await bot.conversations.invite({ channel, users: `${alice},U0BAD,${bob}`, force: true })
    expect(forced).toMatchObject({ ok: true, errors: [{ user: 'U0BAD', error: 'user_not_found' }] })
    expect((await bot.conversations.members({ channel })).members).toContain(bob)
    const many = Array.from({ length: 101 }, (_, index) => `U${index}`).join(',')
    expect(await slackError(bot.conversations.invite({ channel, users: many }))).toBe('too_many_users')
  })

  test('show topic, pins, bookmarks and members as they are', async () => {
    const channel = await created('furnished')
    const { ts = '' } = await bot.chat.postMessage({ channel, text: 'header' })
    await bot.pins.add({ channel, timestamp: ts })
    await bot.conversations.setTopic({ channel, topic: 'P1 payments' })
    await bot.bookmarks.add({ channel_id: channel, title: 'Runbook', type: 'link', link: 'https://example.test/' })
    expect(await ask('GET', '/channels/furnished')).toMatchObject({
      id: channel,
      topic: 'P1 payments',
      pins: [ts],
      bookmarks: [{ title: 'Runbook', link: 'https://example.test/' }],
    })
  })
})
