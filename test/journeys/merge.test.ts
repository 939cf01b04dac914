/** Two incidents turn out to be one: merged in a channel, over Slack, the alerts, GitHub and Supabase. */
import { WebClient } from '@slack/web-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { filesOf } from '../../src/store/files.ts'
import { openIncidents } from '../../src/store/reads.ts'
import { firing, group, root, startTestBot, type TestBot, testWorld } from '../bot.ts'
import { until } from '../until.ts'

let world: World
let bot: TestBot
let number = 0
beforeAll(async () => {
  world = await testWorld({ supabase: { migrations: `${root}/supabase/migrations` } })
  bot = await startTestBot({ world, store: 'postgres' })
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await world.close()
})

const declare = async (title: string, more = '', by = 'alice'): Promise<{ id: string; channel: string }> => {
  number += 1
  const id = `INC-${number}`
  expect((await bot.say(by, 'general', `/incident new acme P2 ${title} ${more}`)).text).toContain(`${id} P2`)
  return { id, channel: await bot.opened(id) }
}
const byAlert = async (rule: string): Promise<{ id: string; channel: string }> => {
  number += 1
  const id = `INC-${number}`
  expect((await bot.alert(group(firing(rule, { summary: `${rule} fires` })))).status).toBe(202)
  return { id, channel: await bot.opened(id) }
}
const openIds = async () => (await openIncidents(bot.store.db)).map(({ id }) => id)
const outcomes = async (incident: string) =>
  (await bot.store.db.selectFrom('alert').select(['rule', 'outcome']).where('incident', '=', incident).execute()).map(({ rule }) => rule)

test('one becomes part of the other: channel, people, alerts, header, list, record and post-mortem', async () => {
  const target = await declare('The shop is down')
  const source = await byAlert('CheckoutErrors')
  await bot.say('carol', source.channel, '/incident ack')
  const { id: sourceChannel } = await bot.channel(source.channel)
  const carol = bot.user('carol')
  await new WebClient('xoxp-carol', { slackApiUrl: world.slackApiUrl }).conversations.join({ channel: sourceChannel })
  const asked = await bot.say('carol', source.channel, `/incident merge ${target.id}`)
  expect(asked.text).toContain(
    `Nothing was done yet. ${source.id} (P1 CheckoutErrors fires) becomes a part of ${target.id} (P2 The shop is down)`,
  )
  expect((await bot.incident(source.id)).mergedInto).toBeNull()
  const said = await bot.press('carol', source.channel, 'merge')
  expect(said.text).toMatch(new RegExp(`${source.id} is part of ${target.id} #inc-1-acme-the-shop-is-down now`))

  const told = await bot.sees(source.channel, 'Go on there; this stays to be read.')
  expect(told).toContain(`Merged into ${target.id} #inc-1-acme`)
  await bot.sees(target.channel, `${source.id} #inc-2-acme-checkouterrors-fires is merged into this`)
  await bot.sees(target.channel, /Merged into this: INC-2 #inc-2-acme/)
  await until(async () => (await bot.channel(target.channel)).members.includes(carol), 'carol in the channel of the other')
  await until(async () => (await bot.channel(source.channel)).topic.includes(`merged into ${target.id}`), 'the topic')
  expect((await bot.channel(source.channel)).isArchived).toBe(false)

  expect((await bot.say('carol', source.channel, '/incident note what now')).text).toBe(
    `${source.id} was merged into ${target.id}. Go on there.`,
  )
  expect((await bot.say('carol', source.channel, '/incident ack')).text).toContain('Go on there.')
  const now = (await bot.say('carol', source.channel, '/incident')).text
  expect(now).toContain(`🔗 Merged into ${target.id}`)
  expect(now).toContain(`Go on in ${target.id} #inc-1-acme`)
  expect(now).toContain(`Where ${target.id} stands`)
  for (const verb of ['reopen', 'note', 'todo', 'postmortem', 'resolve']) expect(now).not.toContain(`/incident ${verb}`)

  // Carol acknowledged it there, so she did here.
  expect(await bot.incident(target.id)).toMatchObject({ status: 'acknowledged', acknowledged: { by: { slack: carol } } })
  expect((await bot.say('bob', target.channel, '/incident ack')).text).toMatch(/^Already acknowledged by carol/i)
  expect((await bot.say('bob', target.channel, '/incident status')).text).toContain('Ack ✅')
  expect((await bot.say('carol', source.channel, '/incident status')).text).toContain(`Merged into ${target.id}`)
  expect((await bot.say('carol', source.channel, '/incident postmortem')).text).toContain('the post-mortem is written there')
  const list = await bot.say('alice', 'general', '/incident list')
  expect(list.text).toContain(target.id)
  expect(list.text).not.toContain(source.id)

  // Its alerts are the other's now, and so are those that come.
  expect(await outcomes(source.id)).toEqual([])
  expect(await outcomes(target.id)).toEqual(['CheckoutErrors'])
  await bot.alert(group(firing('CheckoutErrors', { summary: 'once more' })))
  await bot.sees(target.channel, 'once more')
  expect(await openIds()).toEqual([target.id])
  await bot.alert({
    ...group(firing('CheckoutErrors', { ...((await bot.incident(source.id)).alerts[0] as object), endsAt: new Date().toISOString() })),
  })

  await bot.say('alice', target.channel, '/incident resolve Rolled back')
  await bot.sees(target.channel, 'The post-mortem is ready')
  await bot.idle()
  const rows = await world.supabase?.query<{ id: string; merged_into: string | null }>(
    'select id, merged_into from public.incidents order by number',
  )
  expect(rows).toEqual([
    { id: target.id, merged_into: null },
    { id: source.id, merged_into: target.id },
  ])
  expect(await world.supabase?.query('select id from public.incident_times')).toEqual([{ id: target.id }])
  const [document] =
    (await world.supabase?.query<{ incident_id: string; markdown: string }>('select incident_id, markdown from public.postmortems')) ?? []
  expect(document?.incident_id).toBe(target.id)
  expect(document?.markdown).toContain('Alert CheckoutErrors stopped firing')
  expect(document?.markdown).toMatch(/\| carol[^|]*\| \*\*INC-2\*\* Acknowledged the incident\. \|/)
  const entries = await world.supabase?.query<{ record_id: string; text: string }>(
    `select record_id, text from public.timeline_entries where incident_id = '${target.id}' order by occurred_at, at, record_id, seq`,
  )
  expect(entries?.filter(({ record_id: record }) => record === source.id).map(({ text }) => text)).toEqual(
    expect.arrayContaining(['Acknowledged the incident.', expect.stringContaining('Opened P1 from the alert CheckoutErrors')]),
  )
  expect(document?.markdown).toContain(`[${source.id}](<https://slack.com/app_redirect?channel=`)
  const pulls = (await (
    await fetch(`${world.githubApiUrl}/repos/acme/incidents/pulls`, { headers: { authorization: 'Bearer ghp_test' } })
  ).json()) as { title: string }[]
  expect(pulls.map(({ title }) => title)).toEqual([expect.stringContaining(target.id)])
  // When the other is over, its rule opens a new one.
  await byAlert('CheckoutErrors')
  await bot.say('alice', 'general', `/incident resolve INC-${number} tidy up`)
})

test('merges in a row: what went into the second goes on into the third', async () => {
  const first = await byAlert('QueueStuck')
  const second = await declare('Exports hang')
  const third = await declare('The database is slow')
  await bot.say('alice', 'general', `/incident merge ${first.id} ${second.id} --yes`)
  await bot.say('alice', second.channel, `/incident merge #inc-${number}-acme-the-database-is-slow --yes`)
  await bot.alert(group(firing('QueueStuck', { summary: 'still stuck' })))
  await bot.sees(third.channel, 'still stuck')
  expect((await bot.incident(third.id)).absorbed.map(({ id }) => id)).toEqual([second.id])
  expect(await outcomes(third.id)).toEqual(['QueueStuck', 'QueueStuck'])
})

test('two merges that cross: one wins, the other is told where to go', async () => {
  for (let round = 0; round < 3; round += 1) {
    const [a, b] = [await declare(`Left ${round}`), await declare(`Right ${round}`)]
    const said = await Promise.all([
      bot.say('alice', a.channel, `/incident merge ${b.id} --yes`),
      bot.say('bob', b.channel, `/incident merge ${a.id} --yes`),
    ])
    const texts = said.map(({ text }) => text)
    expect(texts.filter((text) => text.includes('is part of'))).toHaveLength(1)
    expect(texts.filter((text) => text.includes('was merged into'))).toHaveLength(1)
    const merged = [await bot.incident(a.id), await bot.incident(b.id)]
    expect(merged.filter(({ mergedInto }) => mergedInto === null)).toHaveLength(1)
    expect(merged.flatMap(({ absorbed }) => absorbed)).toHaveLength(1)
  }
})

test('what cannot be merged is refused, and says what to do', async () => {
  const open = await declare('Open')
  const hidden = await declare('Hidden', '--private')
  const done = await declare('Done')
  await bot.say('alice', done.channel, '/incident resolve done')
  const merge = async (by: string, where: string, words: string) => (await bot.say(by, where, `/incident merge ${words}`)).text
  expect(await merge('alice', open.channel, 'INC-999')).toContain('There is no INC-999')
  expect(await merge('alice', open.channel, open.id)).toContain(`This is ${open.id} itself`)
  expect(await merge('alice', open.channel, done.id)).toContain(`${done.id} is resolved`)
  expect(await merge('alice', done.channel, open.id)).toContain(`${done.id} is resolved`)
  expect(await merge('alice', hidden.channel, open.id)).toContain('is private and the other is not')
  expect(await merge('alice', open.channel, hidden.id)).toContain('is private and the other is not')
  expect(await merge('bob', open.channel, hidden.id)).toBe(
    `${hidden.id} is private. Only somebody who is in it can invite you; who that is is not told here.`,
  )
  expect((await bot.say('alice', open.channel, '/incident merge')).form).toBe(true)
  expect(await merge('alice', 'general', open.id)).toContain(`/incident merge INC-15 ${open.id}`)
  expect(await merge('alice', open.channel, 'whatever')).toContain('not a record')
  expect((await bot.incident(open.id)).version).toBe((await bot.load(open.id))?.events.length)
  expect(JSON.stringify((await bot.load(open.id))?.events)).not.toContain('Hidden')
})

test('the channel of what was merged is gone: the other goes on, and says whom it could not invite (field 14)', async () => {
  const target = await declare('Stays')
  const source = await declare('Goes')
  await bot.idle()
  await bot.fault({ service: 'slack', method: 'conversations.members', kind: 'error', error: 'channel_not_found', channel: source.channel })
  expect((await bot.say('alice', source.channel, `/incident merge ${target.id} --yes`)).text).toContain('is part of')
  await bot.sees(target.channel, 'who else was in the channel of')
  expect((await bot.incident(target.id)).channel?.id).toBe(target.channel)
  await bot.mend()
})

test('a file and a pinned message come along, and what becomes of the message there is followed', async () => {
  const target = await declare('Uploads are slow')
  const source = await declare('Uploads fail')
  const { id: channel } = await bot.channel(source.channel)
  const order = { as: 'alice', in: channel, name: 'df.txt', content: '100 %', text: 'The disk is full' }
  const written = await bot.ask<{ ts: string }>('POST', '/upload', order)
  await bot.ask('POST', '/react', { as: 'alice', in: channel, ts: written.ts, name: 'pushpin' })
  await until(async () => (await filesOf(bot.store.db, source.id)).some(({ id }) => !id.startsWith('check:')), 'the file kept')
  await bot.say('alice', source.channel, `/incident merge ${target.id} --yes`)
  expect(
    (await filesOf(bot.store.db, target.id)).filter(({ id }) => !id.startsWith('check:')).map(({ content }) => content.toString()),
  ).toEqual(['100 %'])
  expect((await bot.say('alice', target.channel, '/incident files')).text).toContain('df.txt')
  expect((await bot.say('alice', target.channel, '/incident status')).text).toContain(`${source.id} · `)
  await bot.ask('POST', '/edit', { as: 'alice', in: channel, ts: written.ts, text: 'The disk was full' })
  await until(async () => (await bot.incident(target.id)).messages[0]?.text === 'The disk was full', 'the correction')
  // What is marked there from now on is the other's no more.
  const more = await bot.ask<{ ts: string }>('POST', '/say', { as: 'alice', in: channel, text: 'Is this still read?' })
  await bot.ask('POST', '/react', { as: 'alice', in: channel, ts: more.ts, name: 'pushpin' })
  await bot.idle()
  expect((await bot.incident(target.id)).messages.map(({ text }) => text)).toEqual(['The disk was full'])
})

test('a channel that was replaced is where both lead to, and whoever had a part is invited there', async () => {
  const target = await declare('Search is slow')
  const source = await declare('Search is down', '', 'bob')
  await bot.say('carol', source.channel, '/incident ack')
  await bot.say('dave', source.channel, '/incident note The index is corrupt')
  await bot.say('alice', source.channel, `/incident merge ${target.id} --yes`)
  await until(async () => (await bot.channel(target.channel)).members.includes(bot.user('carol')), 'carol in the channel')
  await bot.idle()
  const lost = (await bot.channel(target.channel)).id
  // The old one of the other is gone, too.
  await bot.fault({ service: 'slack', method: 'conversations.members', kind: 'error', error: 'channel_not_found', channel: source.channel })
  await bot.event({ type: 'channel_deleted', channel: lost, event_ts: '1.0' })
  await until(async () => ![null, lost].includes((await bot.incident(target.id)).channel?.id ?? null), 'another channel')
  const { id: again, name } = (await bot.incident(target.id)).channel ?? { id: '', name: '' }
  await bot.idle()
  expect((await bot.incident(source.id)).mergedWhere).toEqual({ id: again, name })
  const members = (await bot.channel(again)).members
  for (const who of ['bob', 'carol', 'dave'] as const) expect(members).toContain(bot.user(who))
  expect((await bot.incident(target.id)).failedSteps).toEqual([])
  expect((await bot.texts(source.channel)).filter((text) => text.startsWith(`🔗 Merged into ${target.id} #${name} by`))).toHaveLength(1)
  await bot.mend()
})
