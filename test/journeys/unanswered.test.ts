/** Nobody on the ladder answers: the channel and the announcement say so, in the end the bot stops calling, and an answer settles it. */
import { expect, test } from 'vitest'
import { createHandle } from '../../src/handle.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { policy } from '../given.ts'
import { until } from '../until.ts'

/** A record whose clock runs out at once, and whose ladder of two is gone through in `escalateEvery` minutes a step. */
const declare = async (bot: TestBot, title: string, escalateEvery: number): Promise<string> => {
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
})
