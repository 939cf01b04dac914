/** One incident from its declaration to its post-mortem, as people see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestBot, type TestBot, until } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ supabase: true })
})
afterAll(() => bot[Symbol.asyncDispose]())

test('declared by a command: the channel is as it should be', async () => {
  const said = await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
  expect(said.text).toContain('INC-1 P1')
  expect(said.took).toBeLessThan(2_500)
  const id = await bot.opened('INC-1')
  await bot.idle()
  await bot.idle()
  const channel = await bot.channel(id)
  console.log(JSON.stringify(channel), '\n' + (await bot.texts(id)).join('\n-----\n'))
  console.log((await bot.texts('incidents')).join('\n-----\n'))
})
