/** How much is said of one plain incident, and whom it disturbs. */
import { expect, test } from 'vitest'
import { startTestBot } from '../bot.ts'

/** Whom a message mentions: what makes a telephone ring. */
const mentioned = (blocks: unknown): string[] =>
  [...JSON.stringify(blocks ?? '').matchAll(/"(?:user_id|usergroup_id|range)":"([^"]+)"|<@([^>]+)>|<(!(?!date)[^>]+)>/g)].flatMap(
    ([, ...ids]) => ids.filter((id) => id !== undefined),
  )

test('a plain incident is twelve messages and one announcement, and nobody is called but who did something (field 19)', async () => {
  await using bot = await startTestBot()
  await bot.say('alice', 'general', '/incident new acme P3 Exports are slow')
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  for (const words of [
    'ack',
    'note It began at noon',
    'note The queue is long',
    'note at last it moves',
    'suspect the queue',
    'ruled-out 1 because it moves',
    'todo Clean up',
    'update We know why',
    'update It is better',
    'mitigate More workers',
    'resolve Workers doubled',
  ])
    expect((await bot.say('alice', channel, `/incident ${words}`)).status, words).toBe(200)
  await bot.sees(channel, '📄 The post-mortem is ready')
  await bot.idle()

  const messages = await bot.messages(channel)
  const said = messages.filter(({ ephemeralTo, shown }) => ephemeralTo === undefined && !shown.startsWith('@tocsin set the channel topic'))
  expect(said.map(({ shown }) => /^(?:\S+ @alice \w+|\W*[\w-]+(?: \w+)?)/u.exec(shown)?.[0])).toEqual([
    'INC-1',
    'P3 checklist',
    '🩺 Checks at',
    '✅ @alice acknowledged',
    'Nothing is',
    'To do',
    '📣 Update We',
    '📣 Update It',
    '🩹 @alice mitigated',
    '🟢 @alice resolved',
    '🩺 Checks at',
    '📄 The post',
  ])
  // At most one line of Slack's own for each status.
  expect(messages.length - said.length - messages.filter(({ ephemeralTo }) => ephemeralTo !== undefined).length).toBeLessThanOrEqual(4)
  expect(new Set(said.slice(1).flatMap(({ blocks }) => mentioned(blocks)))).toEqual(new Set([bot.user('alice')]))
  expect(new Set(messages.map(({ ephemeralTo }) => ephemeralTo))).toEqual(new Set([undefined, bot.user('alice')]))
  const announced = await bot.messages('incidents')
  expect(announced.map(({ shown }) => shown.split('\n')[0])).toEqual(['P3 Acme Exports are slow'])
  expect(mentioned(announced[0]?.blocks)).toEqual([])
})
