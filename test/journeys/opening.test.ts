/** What opening an incident costs, and who may see it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ github: false })
  // The first one finds the announcements channel; everything after it is warm.
  await bot.say('alice', 'general', '/incident new acme P1 The first one')
  await bot.sees(await bot.opened('INC-1'), 'Checks at opening')
  await bot.idle()
})
afterAll(() => bot[Symbol.asyncDispose]())

test('opening takes at most nine calls of Slack, none of them a list (field 6)', async () => {
  await bot.forgetCalls()
  await bot.say('alice', 'general', '/incident new acme P1 Payments fail')
  const channel = await bot.opened('INC-2')
  await bot.sees(channel, 'Checks at opening')
  await bot.sees('incidents', 'Payments fail')
  await bot.idle()
  // The pulse asks now and then whether Slack is there, whatever happens.
  const methods = (await bot.calls()).map(({ method }) => method).filter((method) => method !== 'auth.test')
  expect(methods.length, methods.join(', ')).toBeLessThanOrEqual(9)
  expect(methods.filter((method) => /list|history|info|lookup/.test(method))).toEqual([])
})

test('a private incident: only its channel knows what it is (faults 59)', async () => {
  const said = await bot.say('alice', 'general', '/incident new acme P2 Data breach suspected --private')
  expect(said.text).toContain('INC-3 P2')
  const id = await bot.opened('INC-3')
  await bot.idle()
  const channel = await bot.channel(id)
  expect(channel).toMatchObject({ isPrivate: true })
  expect((await bot.texts('incidents')).join('\n')).not.toMatch(/INC-3|breach/)
  expect((await bot.say('dave', 'general', '/incident list')).text).toMatch(/• INC-3 private(\n|$)/)
  expect((await bot.say('alice', 'general', '/incident list')).text).toContain('Data breach suspected')
  for (const text of ['status INC-3', 'ack INC-3', 'note INC-3 hello', 'audit INC-3', 'postmortem INC-3', 'resolve INC-3 over'])
    expect((await bot.say('dave', 'general', `/incident ${text}`)).text, text).toBe(
      'INC-3 is private. Only somebody who is in it can invite you; who that is is not told here.',
    )
  expect((await bot.say('alice', 'general', '/incident status INC-3')).text).toContain('Data breach suspected')
  expect((await bot.say('bob', id, '/incident ack')).text).toMatch(/^✅ INC-3 acknowledged/)
  expect((await bot.say('bob', id, '/incident resolve Nothing was taken')).text).toMatch(/^✅ INC-3 resolved/)
  await bot.sees(id, 'resolved after')
})
