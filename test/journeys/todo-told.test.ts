/** A to-do for somebody who is not in the channel. */
import { WebClient } from '@slack/web-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())

/** What somebody reads in their messages with the bot. */
const direct = async (as: string): Promise<string[]> => {
  const client = new WebClient(`xoxp-${as}`, { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })
  const { channels = [] } = await client.conversations.list({ types: 'im' })
  const pages = await Promise.all(channels.map(({ id }) => client.conversations.history({ channel: id ?? '' })))
  return pages.flatMap(({ messages = [] }) => messages.map((message) => JSON.stringify(message.blocks)))
}

test('they get it in their messages with the way there; who is in the channel is told nothing more', async () => {
  await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  await bot.say('alice', channel, '/incident todo Look at it @bob')
  await bot.say('alice', channel, '/incident todo Tell the customers @dave by 2999-12-01')
  await bot.until(async () => (await direct('dave')).length > 0, 'a message to Dave')
  await bot.idle()
  const [told = '', ...more] = await direct('dave')
  expect(more).toEqual([])
  for (const part of ['INC-1 P1', 'Tell the customers', 'by 2999-12-01', channel, '/incident todo INC-1 done 2'])
    expect(told).toContain(part)
  expect(await direct('bob')).toEqual([])
  // From there it can be done.
  expect((await bot.say('dave', 'general', '/incident todo INC-1 done 2')).text).toContain('To do 2 is done')
})

test('of a private record they are told nothing: who asked is told that they are not there', async () => {
  await bot.say('alice', 'general', '/incident new acme P2 Data breach --private')
  const channel = await bot.opened('INC-2')
  await bot.idle()
  await bot.say('alice', channel, '/incident todo Check the logs @dave')
  expect(await bot.sees(channel, 'is not here')).toContain('@dave is not here, and is not told of to do 1, as this record is private.')
  await bot.idle()
  const whisper = (await bot.messages(channel)).find(({ shown }) => shown.includes('is not here'))
  expect(whisper?.ephemeralTo).toBe(bot.user('alice'))
  expect((await direct('dave')).join()).not.toMatch(/INC-2|breach|logs/)
})
