/** The announcements channel, configured by its id, cannot be used: people are told what to do, and it is announced once they have. */
import { WebClient } from '@slack/web-api'
import { expect, test } from 'vitest'
import { startTestBot } from '../bot.ts'
import { until } from '../until.ts'

test('an announcements channel that is not there, or archived, is a warning on the header, with what to do', async () => {
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
