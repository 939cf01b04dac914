/** Slack over sockets instead of HTTP, through the vendor's own client. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ sockets: true })
})
afterAll(() => bot[Symbol.asyncDispose]())

test('first', async () => {
  console.log(await bot.ask('GET', '/sockets'), await bot.health())
  console.log(await bot.say('alice', 'general', '/incident new acme P3 Over sockets'))
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  console.log(await bot.press('bob', channel, 'ack'))
  await until(() => true, 'x')
})
