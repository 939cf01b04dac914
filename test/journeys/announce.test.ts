/** The announcements channel cannot be used: incidents go on, people are told what to do, and it is announced once they have. */
import { WebClient } from '@slack/web-api'
import { expect, test } from 'vitest'
import { slackChat } from '../../src/adapters/slack.ts'
import { createAnnounceChannel } from '../../src/announce.ts'
import { render } from '../../src/slack/blocks.ts'
import { botToken, startTestBot, testWorld } from '../bot.ts'
import { silent } from '../silent.ts'
import { freshStore } from '../stores.ts'
import { until } from '../until.ts'

test('an announcements channel that is not there, or archived, is a warning on the header, with what to do (field 5)', async () => {
  await using bot = await startTestBot({ store: 'postgres', options: { announceChannel: 'C0NOTTHERE1' } })
  await bot.say('alice', 'general', '/incident new acme P3 Unannounced')
  const first = await bot.opened('INC-1')
  const warning = await bot.sees(first, /⚠ The announcement could not be posted: .*C0NOTTHERE1 is archived or deleted/)
  expect(warning).toMatch(/unarchive it or invite the bot, or set SLACK_ANNOUNCE_CHANNEL to another one/)

  const slack = new WebClient(bot.options.slack.botToken, { slackApiUrl: bot.world.slackApiUrl })
  const { channel } = await slack.conversations.create({ name: 'news' })
  const id = channel?.id ?? ''
  await slack.conversations.archive({ channel: id })
  await bot.restart({ announceChannel: id })
  await bot.say('alice', 'general', '/incident new acme P3 Archived')
  const second = await bot.opened('INC-2')
  await bot.sees(second, new RegExp(`⚠ The announcement could not be posted: .*${id} is archived`))

  const admin = new WebClient(bot.workspace.admin.token, { slackApiUrl: bot.world.slackApiUrl })
  await admin.conversations.unarchive({ channel: id })
  await bot.sees(id, 'Archived', 60_000)
  await until(async () => !(await bot.texts(second))[0]?.includes('could not be posted'), 'the header without the warning')
})

test('one of that name is private, without the bot: it starts, incidents are saved and run, and nobody crawls for it (field 5, 6)', async () => {
  await using world = await testWorld()
  const bob = new WebClient('xoxp-bob', { slackApiUrl: world.slackApiUrl })
  await bob.conversations.create({ name: 'incidents', is_private: true })
  const started = performance.now()
  await using bot = await startTestBot({ world, github: false })
  for (const title of ['One', 'Two', 'Three']) {
    const id = /INC-\d/.exec((await bot.say('alice', 'general', `/incident new acme P3 ${title}`)).text)?.[0] ?? ''
    const opened = await bot.opened(id)
    expect(await bot.sees(opened, /⚠ The announcement could not be posted/)).toContain(
      '#incidents exists but the bot cannot see it: invite the bot, or set SLACK_ANNOUNCE_CHANNEL to its id',
    )
  }
  // Each is tried again and again, for minutes.
  const tries = () => bot.lines.filter(({ queue, message }) => queue === 'sync-announcement' && message === 'job failed')
  await until(() => tries().length >= 9, 'three tries for each', 60_000)
  const calls = (await bot.calls()).filter(({ method }) => method === 'conversations.list')
  const minutes = Math.floor((performance.now() - started) / 60_000)
  expect(calls.length).toBeLessThanOrEqual(1 + minutes)
  expect((await bot.say('bob', await bot.opened('INC-1'), '/incident resolve One is over')).text).toContain('INC-1 resolved')
})

test('it is looked for again after a minute, and once for all that wait for it (field 6)', async () => {
  await using world = await testWorld()
  const store = await freshStore('pglite')
  const bob = new WebClient('xoxp-bob', { slackApiUrl: world.slackApiUrl })
  const { channel } = await bob.conversations.create({ name: 'incidents', is_private: true })
  const id = channel?.id ?? ''
  const clock = { ms: 0 }
  const chat = slackChat({ token: botToken, apiUrl: world.slackApiUrl, render, log: silent })
  const announceChannel = createAnnounceChannel({ store, chat, configured: 'incidents', elapsed: () => clock.ms })
  const called = async () => {
    const calls = (await (await fetch(`${world.url}/world/calls`)).json()) as { method: string }[]
    return ['conversations.create', 'conversations.list'].map((method) => calls.filter((call) => call.method === method).length)
  }
  const ask = async () => (await Promise.allSettled([announceChannel(), announceChannel()])).map(({ status }) => status)
  try {
    // Bob's own call is the first of them.
    expect(await called()).toEqual([1, 0])
    expect(await ask()).toEqual(['rejected', 'rejected'])
    expect(await called()).toEqual([2, 1])
    await bob.conversations.invite({ channel: id, users: (await chat.identity()).botUserId })
    clock.ms = 59_999
    expect(await ask()).toEqual(['rejected', 'rejected'])
    expect(await called()).toEqual([2, 1])
    clock.ms = 60_000
    expect(await announceChannel()).toBe(id)
    expect(await called()).toEqual([3, 2])
    expect(await announceChannel()).toBe(id)
    expect(await called()).toEqual([3, 2])
  } finally {
    await store.close()
  }
})
