/** Ways to an incident besides the commands: a message's menu, the app's home, a mention, a quiet hint. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { timeline } from '../../src/incident/timeline.ts'
import { startTestBot, type TestBot } from '../bot.ts'

type Done = { ts: string; event: { status: number } | null }

let bot: TestBot
const general = 'general'
beforeAll(async () => {
  bot = await startTestBot({
    github: false,
    files: { 'brew/service.yml': 'name: Brew\nsuggest:\n  channels: [taproom]\n  words: [sev1, outage]\n' },
  })
})
afterAll(() => bot[Symbol.asyncDispose]())

const act = (what: string, order: object): Promise<Done> => bot.ask<Done>('POST', `/${what}`, order)
const home = async (name: string) => JSON.stringify((await bot.ask<{ view: object | null }>('GET', `/home/${name}`)).view)

/** A channel of Alice's in which the bot is. */
const channelWithBot = async (name: string): Promise<string> => {
  const created = await fetch(`${bot.world.slackApiUrl}conversations.create`, {
    method: 'POST',
    headers: { authorization: 'Bearer xoxb-test', 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  const { channel } = (await created.json()) as { channel: { id: string } }
  await bot.ask('POST', '/invite', { in: channel.id, users: ['alice', 'bob', 'carol', 'dave'] })
  return channel.id
}

test('an incident declared from a message begins with it, and leads from it to its channel', async () => {
  const channel = await channelWithBot('support')
  const text = `Checkout answers 500 since 14:05, <@${bot.user('bob')}> &amp; <https://shop.example.test|the shop>`
  const { ts } = await act('say', { as: 'carol', in: channel, text })
  await act('shortcut', { as: 'alice', in: channel, ts, callback: 'declare' })
  const form = await bot.until(async () => {
    const views = await bot.ask<{ open: boolean; view: { callback_id: string; blocks: object[] } }[]>('GET', '/views')
    return views.find(({ open, view }) => open && view.callback_id === 'form:new')
  }, 'the form')
  expect(JSON.stringify(form)).toContain('Checkout answers 500 since 14:05, @bob & the shop (https://shop.example.test)')
  const title = { type: 'plain_text_input', initial_value: expect.stringMatching(/^Checkout answers 500 since 14:05/) as string }
  expect(form.view.blocks).toContainEqual(expect.objectContaining({ block_id: 'title', element: expect.objectContaining(title) as object }))
  await bot.submit('alice', { title: 'Checkout fails', product: 'acme', severity: 'P3' })
  const opened = await bot.opened('INC-1')
  const loaded = await bot.until(async () => {
    const found = await bot.load('INC-1')
    return found?.incident.messages.length === 1 ? found : null
  }, 'the message in the story')
  expect(timeline(loaded.events, { zone: 'UTC' })[0]).toMatchObject({
    who: 'carol Example',
    text: 'Wrote: Checkout answers 500 since 14:05, @bob & the shop (https://shop.example.test)',
    occurredAt: new Date(Math.floor(Number(ts) * 1000)).toISOString(),
  })
  expect(loaded.incident.messages[0]).toMatchObject({ how: 'declared', channel, ts })
  await bot.sees(channel, 'INC-1 P3 was declared from this message')
  await bot.sees(opened, /Checkout answers 500 since 14:05[^]*Declared from a message.* of @carol/)
  await bot.until(async () => (await bot.channel(opened)).members.includes(bot.user('carol')), 'who wrote the message')
  await act('edit', { as: 'carol', in: channel, ts, text: 'Checkout answers 500 since 14:00' })
  await bot.until(async () => (await bot.incident('INC-1')).messages[0]?.text.endsWith('14:00'), 'what the message says now')
  await bot.idle()
  const answers = (await bot.messages(channel)).filter(({ thread_ts: thread }) => thread === ts)
  expect(answers.map(({ raw }) => JSON.stringify(raw).includes(opened))).toEqual([true])
})

test('where the bot is not, what came with the message stands for it', async () => {
  const created = await fetch(`${bot.world.slackApiUrl}conversations.create`, {
    method: 'POST',
    headers: { authorization: 'Bearer xoxp-alice', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'quiet-corner', is_private: true }),
  })
  const { channel } = (await created.json()) as { channel: { id: string } }
  const { ts, event } = await act('say', { as: 'alice', in: channel.id, text: 'x'.repeat(2900) + ' the end "\\\n\n' })
  expect(event).toBeNull()
  await act('shortcut', { as: 'alice', in: channel.id, ts, callback: 'declare' })
  await bot.submit('alice', { title: 'Something is odd', product: 'brew', severity: 'P4' })
  await bot.until(async () => (await bot.incident('INC-2')).messages[0]?.text.startsWith('xxxx'), 'the message in the story')
  await bot.idle()
  expect(await bot.texts(channel.id)).toHaveLength(1)
})

test('the home shows what is open, mine and overdue, and begins an incident; private ones only by their number', async () => {
  await bot.say('dave', general, '/incident new acme P2 Breach suspected --private')
  await bot.say('alice', general, '/incident todo INC-1 Call the bank @carol by 2999-01-01')
  const { event } = await act('home', { as: 'alice' })
  expect(event?.status).toBe(200)
  const shown = await bot.until(async () => {
    const text = await home('alice')
    return text.includes('Yours') ? text : null
  }, 'the home')
  expect(shown).toContain('Checkout fails')
  expect(shown).toContain('you declared')
  expect(shown).toContain('private')
  expect(shown).not.toContain('Breach suspected')
  await act('home', { as: 'dave' })
  await bot.until(async () => (await home('dave')).includes('Breach suspected'), 'the home of who declared it')
  await act('home', { as: 'carol' })
  await bot.until(async () => (await home('carol')).includes('to do 1: Call the bank'), 'the home of who has something to do')

  await bot.press('alice', general, 'new', { home: true })
  const said = await bot.submit('alice', { title: 'Beer is warm', product: 'brew', severity: 'P4' })
  expect(said.body).toContain('INC-4')
})

test('a home that was opened follows what happens, and shows of what is private no more than before', async () => {
  await act('home', { as: 'bob' })
  await bot.until(async () => (await home('bob')).includes('Checkout fails'), 'the home')
  for (const index of [1, 2, 3]) await bot.say('alice', general, `/incident todo INC-1 Step ${index} @bob`)
  const secret = await bot.say('dave', general, '/incident new acme P3 Payroll leaked --private')
  await bot.until(async () => (await home('bob')).includes('Step 3'), 'the last to-do in the home')
  await bot.say('alice', general, '/incident ack INC-1')
  await bot.until(async () => (await home('bob')).includes('🟠 Acknowledged'), 'the acknowledgement in the home')
  expect(await home('bob')).toContain(/INC-\d+/.exec(secret.text)?.[0])
  expect(await home('bob')).not.toContain('Payroll leaked')
})

test('a home that was opened long ago is left alone', async () => {
  const kept = async (user: string) =>
    (await bot.store.db.selectFrom('setting').select('value').where('key', '=', `home:${user}`).executeTakeFirst())?.value
  const bob = bot.user('bob')
  const value = await kept(bob)
  const opened = new Date(Date.parse((JSON.parse(value ?? '{}') as { at: string }).at) - 9 * 3_600_000).toISOString()
  await bot.store.db
    .updateTable('setting')
    .set({ value: JSON.stringify({ ...(JSON.parse(value ?? '{}') as object), at: opened }) })
    .where('key', '=', `home:${bob}`)
    .execute()
  await bot.say('alice', general, '/incident todo INC-1 Unseen @alice')
  await bot.until(async () => (await home('alice')).includes('Unseen'), 'the home of who opened theirs lately')
  await bot.until(async () => (await kept(bob)) === undefined, 'the old one forgotten')
  expect(await home('bob')).not.toContain('Unseen')
})

test('a mention is answered in its thread, with what can be done or with what the verb says; once (field 11, 20)', async () => {
  const channel = await channelWithBot('war-room')
  const me = `<@${bot.workspace.bot.id}>`
  const asked = await act('say', { as: 'bob', in: channel, text: `${me} status INC-1` })
  const answer = await bot.sees(channel, 'INC-1 P3')
  expect(answer).toContain('Checkout fails')
  const help = await act('say', { as: 'bob', in: channel, text: `hello ${me}, who are you?` })
  await bot.sees(channel, /^\/incident hello does not exist\. As a text: \/incident new hello/)
  const threads = (await bot.messages(channel)).filter(({ user }) => user === bot.workspace.bot.id).map((message) => message.thread_ts)
  expect(threads).toEqual([asked.ts, help.ts])

  // Whom it names is known by their name, though Slack sends an id.
  await act('say', { as: 'bob', in: channel, text: `${me} todo INC-1 Ask the bank &lt;today&gt; <@${bot.user('carol')}>` })
  await bot.until(async () => (await bot.incident('INC-1')).todos.at(-1)?.text === 'Ask the bank <today>', 'the to-do')
  expect((await bot.incident('INC-1')).todos.at(-1)?.owner).toMatchObject({ slack: bot.user('carol') })

  await act('say', { as: 'bob', in: channel, text: `${me} lst` })
  await bot.sees(channel, 'Did you mean /incident list?')
  await act('say', { as: 'bob', in: channel, text: me })
  await bot.sees(channel, 'Say what to do')
  // In a record's own channel: what can be done with it now.
  const own = await bot.opened('INC-1')
  await act('say', { as: 'bob', in: own, text: `${me} can you help us?` })
  await bot.sees(own, /^INC-1 P3[\s\S]*\[Where it stands\]/)
  await act('say', { as: 'bob', in: own, text: `${me} statsu` })
  await bot.sees(own, 'Did you mean /incident status?')

  // Slack sends it again, also with another event when the message is edited.
  const event = {
    type: 'app_mention',
    user: bot.user('bob'),
    text: `${me} note INC-1 Once only`,
    ts: '1768381200.000100',
    channel,
    event_ts: '1.0',
  }
  for (const [index, event_id] of ['EvM', 'EvM', 'EvM', 'EvN'].entries()) await bot.event(event, { event_id, retry: index })
  await bot.idle()
  const notes = (await bot.load('INC-1'))?.events.filter((recorded) => recorded.event.type === 'noted') ?? []
  expect(notes).toHaveLength(1)
})

test('a mention tells nobody of a private incident, whoever asks (faults 59)', async () => {
  const me = `<@${bot.workspace.bot.id}>`
  await act('say', { as: 'dave', in: 'war-room', text: `${me} status INC-3` })
  await bot.sees('war-room', 'INC-3 is private')
  await act('say', { as: 'dave', in: 'war-room', text: `${me} list` })
  await bot.sees('war-room', 'INC-3 private')
  expect((await bot.texts('war-room')).join()).not.toContain('Breach suspected')
})

test('words like “outage” get a hint that only their writer sees, where a product wants it, once an hour', async () => {
  const channel = await channelWithBot('taproom')
  await act('say', { as: 'carol', in: channel, text: 'The beer routage is fine' })
  await act('say', { as: 'carol', in: channel, text: 'This looks like a SEV-1 to me' })
  await bot.sees(channel, 'Is this an incident?')
  await act('say', { as: 'bob', in: channel, text: 'Total outage!' })
  expect((await act('say', { as: 'bob', in: 'war-room', text: 'Total outage!' })).event?.status).toBe(200)
  await bot.idle()
  const hints = (await bot.messages(channel)).filter(({ shown }) => shown.includes('Is this an incident?'))
  expect(hints.map(({ ephemeralTo }) => ephemeralTo)).toEqual([bot.user('carol')])
  expect((await bot.texts('war-room')).join()).not.toContain('Is this an incident?')
  expect((await bot.press('carol', channel, 'new')).form).toBe(true)
})

test('fault 15: the answer in the thread stands there once, also when Slack’s own answer is lost', async () => {
  const channel = await channelWithBot('billing')
  const { ts } = await act('say', { as: 'bob', in: channel, text: 'Invoices are empty' })
  await bot.fault({ service: 'slack', method: 'chat.postMessage', channel, kind: 'drop-after', times: 1 })
  await act('shortcut', { as: 'bob', in: channel, ts, callback: 'declare' })
  await bot.submit('bob', { title: 'Invoices are empty', product: 'acme', severity: 'P4' })
  await bot.sees(channel, 'was declared from this message')
  await bot.until(
    async () => (await bot.calls()).some(({ method }) => method === 'conversations.replies'),
    'a look for what was posted',
    30_000,
  )
  await bot.idle()
  expect((await bot.texts(channel)).filter((text) => text.includes('was declared from this message'))).toHaveLength(1)
})

const openForm = async () => (await bot.ask<{ open: boolean; view: object }[]>('GET', '/views')).findLast(({ open }) => open)?.view ?? {}
const initialOf = (form: object, key: string): unknown => {
  const blocks = (form as { blocks: { block_id: string; element?: Record<string, unknown> }[] }).blocks
  const element = blocks.find(({ block_id: id }) => id === key)?.element ?? {}
  return element['initial_option'] ?? element['initial_options'] ?? null
}
const idOf = (body: string) => /INC-\d+/.exec(body)?.[0] ?? ''

test('the form declares a drill, a disaster and what is private; what was chosen stays when the product is', async () => {
  expect((await bot.say('alice', general, '/incident new')).form).toBe(true)
  expect(initialOf(await openForm(), 'kind')).toMatchObject({ value: 'incident' })
  expect(initialOf(await openForm(), 'private')).toBeNull()
  await bot.choose('alice', 'product', 'brew', { title: 'Restore the cellar', kind: 'drill', private: 'private' })
  expect(initialOf(await openForm(), 'kind')).toMatchObject({ value: 'drill' })
  expect(initialOf(await openForm(), 'private')).toMatchObject([{ value: 'private' }])
  const drill = idOf((await bot.submit('alice', { severity: 'P3' })).body)
  await bot.opened(drill)
  expect(await bot.incident(drill)).toMatchObject({ kind: 'drill', private: true, severity: 'P3', title: 'Restore the cellar' })

  await bot.say('alice', general, '/incident new')
  const disaster = idOf((await bot.submit('alice', { title: 'The cellar is flooded', product: 'brew', kind: 'disaster' })).body)
  await bot.opened(disaster)
  expect(await bot.incident(disaster)).toMatchObject({ kind: 'disaster', private: false, severity: 'P1' })
})

test('words that were typed without a title are chosen in the form', async () => {
  await bot.say('alice', general, '/incident new --drill --disaster --private')
  expect(initialOf(await openForm(), 'kind')).toMatchObject({ value: 'disaster-drill' })
  expect(initialOf(await openForm(), 'private')).toMatchObject([{ value: 'private' }])
  const id = idOf((await bot.submit('alice', { title: 'Practice', product: 'acme' })).body)
  await bot.opened(id)
  expect(await bot.incident(id)).toMatchObject({ kind: 'drill', private: true, severity: 'P1' })
})

test('what is private and was declared from a message is not told below the message', async () => {
  const channel = await channelWithBot('rumours')
  const { ts } = await act('say', { as: 'carol', in: channel, text: 'Somebody has our keys' })
  await act('shortcut', { as: 'alice', in: channel, ts, callback: 'declare' })
  await bot.submit('alice', { title: 'Keys leaked', product: 'acme', severity: 'P3', private: 'private' })
  const id = await bot.until(
    async () => /(INC-\d+)[^\n]*Keys leaked/.exec((await bot.say('alice', general, '/incident list')).text)?.[1],
    'it',
  )
  await bot.opened(id)
  await bot.until(async () => (await bot.incident(id)).messages.length === 1, 'the message in the story')
  await bot.idle()
  expect((await bot.channel(await bot.opened(id))).members).not.toContain(bot.user('carol'))
  const seen = (await bot.messages(channel)).filter(({ ephemeralTo }) => ephemeralTo === undefined)
  expect(seen.map(({ shown }) => shown).join('\n')).not.toContain(id)
  expect((await bot.texts('incidents')).join('\n')).not.toContain('Keys leaked')
})

test('what came with the message stands for it in a public channel, too, that the bot has not joined; nothing is tried in vain', async () => {
  const created = await fetch(`${bot.world.slackApiUrl}conversations.create`, {
    method: 'POST',
    headers: { authorization: 'Bearer xoxp-alice', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'sales' }),
  })
  const { channel } = (await created.json()) as { channel: { id: string } }
  const { ts } = await act('say', { as: 'alice', in: channel.id, text: 'Orders are empty' })
  await act('shortcut', { as: 'alice', in: channel.id, ts, callback: 'declare' })
  const id = idOf((await bot.submit('alice', { title: 'No orders', product: 'brew', severity: 'P4' })).body)
  await bot.until(async () => (await bot.incident(id)).messages[0]?.text === 'Orders are empty', 'the message in the story')
  const tried = (await bot.calls()).filter(({ method, channel: asked }) => method === 'conversations.history' && asked === channel.id)
  expect(tried).toHaveLength(1)
})
