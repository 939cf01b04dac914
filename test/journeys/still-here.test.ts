/** People who were deactivated while nobody listened. */
import { expect, test } from 'vitest'
import { startTestBot } from '../bot.ts'

test('who was deactivated while the bot was down is found at its start: roles and to-dos are free', async () => {
  await using bot = await startTestBot({ store: 'postgres', github: false })
  await bot.say('alice', 'general', '/incident new acme P3 Exports hang')
  const channel = await bot.opened('INC-1')
  await bot.say('dave', channel, '/incident role lead')
  await bot.say('alice', channel, '/incident role comms @carol')
  await bot.say('alice', channel, '/incident todo Call the bank @dave')
  await bot.idle()
  expect(await bot.incident('INC-1')).toMatchObject({ lead: { slack: bot.user('dave') }, team: { comms: { slack: bot.user('carol') } } })
  await bot.bot.stop()
  await bot.ask('PUT', '/person', { as: 'dave', deleted: true })
  await bot.start()
  await bot.sees(channel, 'dave Example is not in this workspace any more and leaves Lead.')
  await bot.sees(channel, 'dave Example is not in this workspace any more: nobody does to-do 1 now.')
  await bot.idle()
  const { lead, team, todos } = await bot.incident('INC-1')
  expect([lead, team.comms?.slack, todos.map(({ owner }) => owner)]).toEqual([null, bot.user('carol'), [null]])
})
