/** Nobody answers: the channel and the announcement say so, in the end the bot stops calling; and what was asked for is settled by an
 *  answer. */
import { expect, test } from 'vitest'
import { createHandle } from '../../src/handle.ts'
import type { Policy } from '../../src/incident/policy.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { policy } from '../given.ts'
import { until } from '../until.ts'

/** A record whose clock runs out at once, and whose ladder of two is gone through in `escalateEvery` minutes a step. */
const declare = async (bot: TestBot, title: string, escalateEvery: number, more: Partial<Policy> = {}): Promise<string> => {
  const { store, queue } = bot.bot
  const ladder = ['bob', 'carol'].map((name) => ({ name, email: `${name}@example.test` }))
  await createHandle({ store, queue }).declare(
    {
      kind: 'incident',
      product: { key: 'acme', name: 'Acme', links: [], hash: '0' },
      title,
      summary: null,
      policy: policy('P1', {
        response: { kind: 'duration', minutes: 0.001, hours: 'always' },
        warnAt: [],
        ladder,
        invite: [],
        escalateEvery,
        ...more,
      }),
      private: false,
      rule: null,
      alert: null,
    },
    { kind: 'person', id: `slack:${bot.user('alice')}`, name: 'alice', slack: bot.user('alice') },
  )
  return bot.opened('INC-1')
}

test('everybody was called, nobody answers: said once in the channel, again some times, and in the announcement until somebody takes it on', async () => {
  await using bot = await startTestBot({ github: false })
  const channel = await declare(bot, 'Nobody there', 0.02)
  const first = await bot.sees(channel, 'Everybody on the ladder of INC-1 was called, and nobody has acknowledged')
  expect(first).toMatch(/@bob at .*, @carol at /)
  expect(first).toContain('/incident page @user')
  await bot.sees(channel, 'The bot calls nobody again by itself.')
  await bot.sees('incidents', '⚠ Nobody has acknowledged')
  const rounds = (await bot.texts(channel)).filter((text) => /^⚠ .*nobody has acknowledged/.test(text))
  expect(rounds).toHaveLength(3)
  expect(rounds.at(-1)).toContain('@bob @carol nobody has acknowledged INC-1 yet')
  expect((await bot.press('dave', channel, 'ack')).text).toContain('INC-1 acknowledged')
  await until(async () => !(await bot.texts('incidents')).join('\n').includes('⚠ Nobody'), 'the warning gone')
  await bot.idle()
  const asking = (await bot.messages(channel)).filter(({ shown }) => shown.includes('acknowledged INC-1 yet'))
  expect(asking.length).toBeGreaterThan(2)
  for (const { shown, blocks } of asking) {
    expect(shown).toContain('✅ @dave acknowledged at')
    expect(JSON.stringify(blocks)).not.toContain('"button"')
  }
})

test('an update is overdue, and then it is posted: the reminder has no buttons any more', async () => {
  await using bot = await startTestBot({ github: false })
  const channel = await declare(bot, 'Late', 60, { response: { kind: 'duration', minutes: 60, hours: 'always' }, update: 0.02 })
  const overdue = async () => (await bot.messages(channel)).find(({ shown }) => shown.includes('Status update overdue'))
  await until(async () => JSON.stringify((await overdue())?.blocks ?? []).includes('"button"'), 'the reminder with its buttons')
  expect((await bot.say('alice', channel, '/incident update Looking into it next 30m')).text).toContain('Update posted')
  const settled = await until(async () => {
    const message = await overdue()
    return message?.shown.includes('✅ @alice posted an update at') === true ? message : null
  }, 'the reminder settled')
  expect(JSON.stringify(settled.blocks)).not.toContain('"button"')
  // Nothing of it is said twice.
  expect((await bot.texts(channel)).filter((text) => text.includes('Status update overdue'))).toHaveLength(1)
})
