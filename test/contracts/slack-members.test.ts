/** Who is in a channel and what hangs on it, over HTTP through the real SDK: fault 17. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { fault, name, startWorkspace, text } from './slack-workspace.ts'

const { chat, slack, known, order, calls, forget, membersOf, change, close } = await startWorkspace()
beforeEach(forget)
afterAll(close)

describe('one bad id does not keep the others out (faults 17; field 13)', () => {
  const everyone = known.people.filter((person) => person.name.startsWith('user')).map((person) => person.id)

  test('among 100, named by Slack', async () => {
    const { id } = await chat.createChannel(name(), false)
    const good = everyone.slice(0, 99)
    expect(await chat.invite(id, [...good, 'U0NOBODY'])).toEqual({ refused: [{ user: 'U0NOBODY', reason: 'user_not_found' }] })
    expect(await membersOf(id)).toEqual(expect.arrayContaining(good))
    expect((await calls('conversations.invite')).length).toBeLessThanOrEqual(2)
  })

  test('among 120, when Slack refuses the whole batch without a name', async () => {
    const { id } = await chat.createChannel(name(), false)
    const good = everyone
    await order({ method: 'conversations.invite', kind: 'error', error: 'cant_invite', times: 3 })
    expect(await chat.invite(id, ['U0NOBODY', ...good, 'U0NOBODY'])).toEqual({ refused: [{ user: 'U0NOBODY', reason: 'user_not_found' }] })
    expect(await membersOf(id)).toEqual(expect.arrayContaining(good))
  })

  test('one alone that Slack refuses', async () => {
    const { id } = await chat.createChannel(name(), false)
    const [user = ''] = everyone
    await order({ method: 'conversations.invite', kind: 'error', error: 'ura_max_channels' })
    expect(await chat.invite(id, [user])).toEqual({ refused: [{ user, reason: 'ura_max_channels' }] })
  })

  test('who is in already, the bot itself, and nobody at all, are no refusals', async () => {
    const { id } = await chat.createChannel(name(), false)
    const [user = ''] = everyone
    const { botUserId } = await chat.identity()
    await chat.invite(id, [user])
    expect(await chat.invite(id, [user, botUserId])).toEqual({ refused: [] })
    expect(await chat.invite(id, [])).toEqual({ refused: [] })
  })

  test('a fault of the channel or of Slack is not blamed on people', async () => {
    expect(await fault(chat.invite('C0NOTTHERE', ['U1']))).toMatchObject({ code: 'gone' })
    await order({ method: 'conversations.invite', kind: 'status', status: 429, retryAfter: 3 })
    expect(await fault(chat.invite('C000000001', ['U1']))).toMatchObject({ code: 'limited', scope: 'C000000001', retryAfter: 3 })
  })
})

test('the rest of a channel: pin, topic and bookmark, each once however often', async () => {
  const { id } = await chat.createChannel(name(), false)
  const { ts } = await chat.post(id, text('header'), 'header')
  await chat.pin(id, ts)
  await chat.pin(id, ts)
  expect((await slack.pins.list({ channel: id })).items).toHaveLength(1)
  await chat.topic(id, `<!channel> ${'🔥'.repeat(200)}`)
  const topic = (await slack.conversations.info({ channel: id })).channel?.topic?.value ?? ''
  expect(topic).toMatch(/^‹!channel› 🔥/)
  expect(topic.length).toBeLessThanOrEqual(250)
  expect(topic.isWellFormed()).toBe(true)
  await chat.bookmark(id, 'Dashboard', 'https://example.com/d', true)
  expect(await calls('bookmarks.list')).toHaveLength(0)
  await chat.bookmark(id, 'Dashboard', 'https://example.com/d')
  await chat.bookmark(id, 'Post-mortem', 'https://example.com/pr')
  expect((await slack.bookmarks.list({ channel_id: id })).bookmarks?.map(({ title }) => title)).toEqual(['Dashboard', 'Post-mortem'])
})

test('people: by e-mail, and the members of a group', async () => {
  const ann = await chat.userByEmail('ann@example.com')
  expect(ann).toMatch(/^U/)
  expect(await chat.userByEmail('nobody@example.com')).toBeNull()
  expect(await chat.groupMembers(known.groups[0]?.id ?? '')).toContain(ann)
  expect(await fault(chat.groupMembers('S0NOTTHERE'))).toMatchObject({ code: 'gone' })
})

test('everybody in a channel, however many pages that takes (faults 37; field 13)', async () => {
  const { id } = await chat.createChannel(name(), false)
  const everyone = known.people.filter((person) => person.name.startsWith('user')).map((person) => person.id)
  await chat.invite(id, everyone)
  const { botUserId } = await chat.identity()
  expect(new Set(await chat.members(id))).toEqual(new Set([botUserId, ...everyone]))
  expect((await calls('conversations.members')).length).toBeGreaterThan(1)
  expect(await fault(chat.members('C0NOTTHERE'))).toMatchObject({ code: 'gone', scope: 'C0NOTTHERE' })
})

test('a form opens for a fresh trigger, and an expired one is a fault', async () => {
  const { trigger_id } = (await slack.apiCall('views.generateTriggerId', {})) as { trigger_id?: string }
  const view = { type: 'modal' as const, title: { type: 'plain_text' as const, text: 'Declare' }, blocks: [] }
  await chat.openForm(trigger_id ?? '', view)
  expect(await fault(chat.openForm('1.2.expired', view))).toMatchObject({ code: 'invalid', method: 'views.open' })
})

describe('who somebody is', () => {
  const [ann, bea] = known.people
  if (ann === undefined || bea === undefined) throw new Error('the workspace is empty')

  test('a member, by their real name and e-mail; nobody by an id that Slack does not show', async () => {
    expect(await chat.member(ann.id)).toEqual({ user: ann.id, name: 'ann', email: 'ann@example.com', standing: 'member' })
    expect(await chat.member('U0NOBODY')).toBeNull()
  })

  test.each([
    [{ deleted: true, is_bot: true }, 'deactivated'],
    [{ deleted: false, is_bot: true }, 'bot'],
    [{ is_bot: false, is_restricted: true }, 'guest'],
    [{ is_restricted: false, is_ultra_restricted: true }, 'guest'],
    [{ is_ultra_restricted: false, is_stranger: true }, 'stranger'],
    [{ is_stranger: false, team_id: 'T0OTHER' }, 'stranger'],
    [{ enterprise_user: { teams: ['T000000001', 'T0OTHER'] } }, 'member'],
  ])('%j is a %s', async (flags, standing) => {
    await change('bea', flags)
    expect(await chat.member(bea.id)).toMatchObject({ standing })
  })

  test('who is not in the channel cannot be told anything there', async () => {
    const { id } = await chat.createChannel(name(), false)
    expect(await fault(chat.ephemeral(id, ann.id, text('Only you')))).toMatchObject({ code: 'absent', method: 'chat.postEphemeral' })
    await chat.invite(id, [ann.id])
    await chat.ephemeral(id, ann.id, text('Only you'))
  })
})
