/** Started while Slack, GitHub and Supabase are away. */
import { expect, test } from 'vitest'
import { root, startTestBot, testWorld } from '../bot.ts'
import { until } from '../until.ts'

test('it starts while all three are unreachable, says so, and is whole once they are back', async () => {
  await using world = await testWorld({ supabase: { migrations: `${root}/supabase/migrations` } })
  for (const service of ['slack', 'github', 'supabase'])
    await fetch(`${world.url}/world/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service, kind: 'down' }),
    })
  await using late = await startTestBot({ world, store: 'postgres' })
  expect(Object.keys(late.bot.unreachable).sort()).toEqual(['github', 'slack', 'supabase'])
  expect(await late.health()).toMatchObject({
    status: 'degraded',
    services: { slack: expect.stringMatching(/^unreachable: /) as string, database: 'healthy' },
  })
  expect((await late.say('alice', 'general', '/incident list')).text).toContain('The bot has not reached Slack since it was set up')
  await late.mend()
  await until(async () => (await late.say('alice', 'general', '/incident list')).text.includes('Nothing is open'), 'an answer')
  await until(async () => (await late.health()).status === 'healthy', 'health')

  // From now on it knows whose workspace this is, and works even when it is started without Slack.
  await late.fault({ service: 'slack', kind: 'down' })
  await late.restart()
  expect((await late.say('alice', 'general', '/incident new acme P3 Known by now')).text).toContain('INC-1 P3')
  await late.mend()
  expect((await late.channel(await late.opened('INC-1', 15_000))).name).toContain('known-by-now')
})
