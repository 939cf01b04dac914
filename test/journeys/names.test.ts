/** Wherever people read of an incident they read names: of people, groups and channels, never the chat's ids (field, defect 20). */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deliver, root, startTestBot, testWorld } from '../bot.ts'

/** Ids of the chat that stand in a text outside of an address. */
const idsIn = (text: string): string[] =>
  text.replace(/https?:\/\/[^\s)>"]+/g, '').match(/<[@#!](?!--)[^>]*>|(?<![\w-])[USCGW][A-Z0-9]{8,}\b/g) ?? []

test('in the timeline, in Supabase and in the pull request', async () => {
  const world = await testWorld({
    supabase: { migrations: join(root, 'supabase/migrations') },
    groups: [{ handle: 'dba', name: 'Database people', users: ['carol'] }],
  })
  await using _ = { [Symbol.asyncDispose]: () => world.close() }
  await using bot = await startTestBot({ world })
  const [group] = (await bot.ask<{ groups: { id: string }[] }>('GET', '/workspace')).groups.map(({ id }) => id)
  await bot.say('alice', 'general', '/incident new acme P3 Payments fail')
  const channel = await bot.opened('INC-1')
  await bot.ask('POST', '/invite', { in: channel, users: ['bob', 'carol'] })
  const general = (await bot.channel('general')).id
  const ids = `<@${bot.user('carol')}> <!subteam^${group}> <#${general}|> <@U0NOBODY99> <#C0UNSEEN99>`
  const names = '@carol @dba #general @somebody #private-channel'

  const { ts } = await bot.ask<{ ts: string }>('POST', '/say', { as: 'bob', in: channel, text: `Ask ${ids}` })
  await bot.ask('POST', '/react', { as: 'alice', in: channel, ts, name: 'pushpin' })
  await bot.ask('POST', '/react', { as: 'alice', in: channel, ts, name: 'memo' })
  // As Slack sends it where it does not say the names.
  const typed = `note Told <@${bot.user('carol')}> and <!subteam^${group}> in <#${general}|>`
  const sent = new URLSearchParams({
    command: '/incident',
    text: typed,
    user_id: bot.user('bob'),
    user_name: 'bob',
    channel_id: channel,
    team_id: bot.workspace.team.id,
    trigger_id: '1.2.3',
    response_url: `${world.url}/nowhere`,
  })
  const answer = await deliver(bot.url, sent.toString(), { type: 'application/x-www-form-urlencoded' })
  expect(await answer.text()).toContain('Noted')
  await bot.ask('POST', '/say', { as: 'bob', in: channel, text: `<@${bot.workspace.bot.id}> ${typed} &amp; all` })
  await bot.until(async () => (await bot.incident('INC-1')).messages.length === 1, 'the message')
  await bot.until(async () => (await bot.incident('INC-1')).todos.length === 1, 'the to-do')
  await bot.say('bob', channel, '/incident page @dba The primary is read-only')
  await bot.say('bob', channel, '/incident role comms @carol')
  await bot.idle()
  await bot.say('bob', channel, '/incident resolve Rolled back')
  const url = await bot.until(async () => (await bot.incident('INC-1')).pullRequest, 'the pull request')
  await bot.idle()

  const rows = (await world.supabase?.query<{ who: string; text: string }>('select who, text from public.timeline_entries')) ?? []
  const texts = rows.map(({ text }) => text)
  expect(texts).toContain(`Wrote: Ask ${names}`)
  expect(texts).toContain('Noted: Told @carol.Example and @dba in #general')
  expect(texts).toContain('Noted: Told @carol.Example and @dba in #general & all')
  expect(texts).toContain('Paged @dba: The primary is read-only')
  expect(rows.flatMap(({ who, text }) => idsIn(`${who}: ${text}`))).toEqual([])
  const [incident] = (await world.supabase?.query<Record<string, unknown>>('select * from public.incidents')) ?? []
  expect(idsIn(JSON.stringify(incident))).toEqual([])
  const [document] = (await world.supabase?.query<{ markdown: string }>('select markdown from public.postmortems')) ?? []
  const pull = await (await fetch(url)).text()
  for (const text of [document?.markdown ?? '', pull]) {
    expect(text).toMatch(/Paged @\S*dba: The primary is read-only/)
    expect(idsIn(text)).toEqual([])
  }
})
