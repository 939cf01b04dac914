/** What is said where something is missing: people to call, green checks, a place for the post-mortem. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestBot, type TestBot } from '../bot.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({
    github: false,
    files: { 'brew/service.yml': 'name: Brew\ncontacts:\n  lead: { name: Lead, placeholder: nobody }\nladder: [lead]\n' },
  })
})
afterAll(() => bot[Symbol.asyncDispose]())

test('a P1 for which nobody can be called says so, in its channel and in the announcement, until it is acknowledged', async () => {
  expect((await bot.say('alice', 'general', '/incident new brew P1 Beer is out')).text).toContain('INC-1')
  const nobody = 'Nobody on the ladder of Brew can be reached: nobody was called.'
  await bot.sees(await bot.opened('INC-1'), nobody)
  await bot.sees('incidents', nobody)
  await bot.say('bob', 'general', '/incident ack INC-1')
  await bot.sees('incidents', '🟠 Acknowledged')
  expect((await bot.texts('incidents')).join()).not.toContain(nobody)
})

test('resolved while the checks are red, and with nowhere to publish', async () => {
  expect((await bot.say('alice', 'general', '/incident new acme P1 Payments fail')).text).toContain('INC-2')
  const channel = await bot.opened('INC-2')
  await bot.sees(channel, 'Checks at opening')
  bot.target.status = 503
  await bot.say('bob', channel, '/incident resolve Rolled back')
  await bot.sees(channel, 'INC-2 is resolved, but the checks still fail')
  expect(await bot.sees('incidents', 'Checks still failed at the resolution')).toContain('Resolved: Rolled back')
  await bot.sees(channel, 'Ack none: resolved after')
  expect((await bot.say('bob', channel, '/incident postmortem')).text).toMatch(/^GitHub and Supabase are off: .*GITHUB_TOKEN.*SUPABASE_URL/)
})

test('a word for a verb finds it', async () => {
  expect((await bot.say('bob', 'general', '/incident declare Payments fail')).text).toContain('Did you mean /incident new?')
  expect((await bot.say('bob', 'general', '/incident P1 Payments fail')).text).toContain('Did you mean /incident new?')
})
