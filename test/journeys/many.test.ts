/** More than a thousand of everything: nothing is cut off in silence. */
import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postmortemPath } from '../../src/incident/document.ts'
import { timeline } from '../../src/incident/timeline.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { append, declare, noted } from '../store/sample.ts'

const notes = 1_500
const records = 1_100

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ store: 'postgres', supabase: true })
})
afterAll(() => bot[Symbol.asyncDispose]())

const count = async (sql: string) => (await bot.world.supabase?.query<{ count: number }>(sql))?.[0]?.count

test('a story of 1 500 entries is whole in the record, for its readers and in the post-mortem (faults 37)', async () => {
  await bot.say('alice', 'general', '/incident new acme P3 Talked about a lot')
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  await bot.store.transaction(async (trx) =>
    append(
      bot.store,
      trx,
      'INC-1',
      Array.from({ length: notes }, (_, index) => noted(`entry number ${index + 1};`)),
    ),
  )
  expect((await bot.say('alice', channel, '/incident status')).text).toContain(`entry number ${notes};`)
  expect((await bot.say('alice', channel, '/incident audit')).text).toContain('is whole')
  expect((await bot.say('alice', channel, '/incident resolve Said all')).text).toContain('INC-1 resolved')
  await bot.sees(channel, '📄 The post-mortem is ready')
  await bot.idle()

  const story = timeline((await bot.load('INC-1'))?.events ?? [], { zone: 'UTC' })
  expect(story.length).toBeGreaterThan(notes)
  await bot.until(
    async () => (await count(`select count(*)::int as count from public.timeline_entries where incident_id = 'INC-1'`)) === story.length,
    'the whole story in the record',
  )
  // Who reads it gets a thousand at a time, and is told how many there are.
  const reader = createClient(bot.world.supabaseUrl, bot.world.supabasePublishableKey, {
    auth: { persistSession: false },
    global: { headers: { authorization: `Bearer ${await bot.world.supabase?.signUserToken()}` } },
  })
  const page = async (from: number) =>
    await reader
      .from('timeline_entries')
      .select('seq, text', { count: 'exact' })
      .eq('incident_id', 'INC-1')
      .order('occurred_at')
      .order('seq')
      .range(from, from + 999)
  const [first, second] = [await page(0), await page(1000)]
  expect([first.count, first.data?.length]).toEqual([story.length, 1000])
  expect([...(first.data ?? []), ...(second.data ?? [])].map(({ seq }) => seq as number)).toEqual(story.map(({ seq }) => seq))

  const postmortem = await bot.world.supabase?.query<{ markdown: string }>(
    `select markdown from public.postmortems where incident_id = 'INC-1'`,
  )
  const path = postmortemPath(await bot.incident('INC-1'))
  const answer = await fetch(`${bot.world.githubApiUrl}/repos/acme/incidents/contents/${path}?ref=postmortem/inc-1`, {
    headers: { authorization: 'Bearer ghp_test' },
  })
  const file = (await answer.json()) as { content: string }
  for (const text of [postmortem?.[0]?.markdown ?? '', Buffer.from(file.content, 'base64').toString()])
    expect(new Set(text.match(/entry number \d+;/g))).toHaveLength(notes)
})

test('1 100 open records are all counted: in the list, in the numbers, at the home (faults 37)', async () => {
  for (let number = 0; number < records; number += 1) await declare(bot.store, { product: 'acme', title: `One of many ${number}` })
  const list = (await bot.say('alice', 'general', '/incident list')).text
  expect(list).toContain(`${records} open`)
  expect(list).toContain(`and ${records - 30} more`)
  const said = (await bot.say('alice', 'general', '/incident metrics')).text
  expect(said).toContain(`${records + 1} declared, ${records} of them open`)
  expect(await bot.metrics()).toContain(`tocsin_incidents_open{kind="incident",severity="P1"} ${records}`)
  await bot.ask('POST', '/home', { as: 'alice' })
  await bot.until(async () => JSON.stringify(await bot.ask('GET', '/home/alice')).includes(`Open: ${records}`), 'the home')
})
