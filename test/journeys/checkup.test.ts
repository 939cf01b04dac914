/** The doctor inside the bot: shown, logged once, and in nobody's way. */
import { expect, test } from 'vitest'
import { error, ok, warning, type Finding } from '../../src/doctor/finding.ts'
import { startTestBot } from '../bot.ts'
import { until } from '../until.ts'

test('what it finds is in the log and in /health; only an error degrades; what passes is left to others', async () => {
  let findings: Finding[] = [
    ok('Slack', 'all scopes'),
    warning('people', 'nobody@example.test is nobody xoxb-1234567890-abcdef', 'invite them'),
    { ...error('Supabase', 'does not answer', 'wait'), passing: true },
  ]
  await using bot = await startTestBot({ github: false, options: { examine: () => Promise.resolve(findings) } })
  const problems = await until(async () => {
    const state = await bot.health()
    return state.problems.length > 0 ? state : null
  }, 'what was found')
  expect(problems).toMatchObject({ status: 'healthy', problems: ['people: nobody@example.test is nobody xoxb-***'] })
  const said = () => bot.lines.filter(({ message }) => String(message).startsWith('the doctor'))
  expect(said()).toMatchObject([{ level: 'warn', where: 'people', todo: 'invite them' }])

  findings = [error('clock', 'late', 'set it')]
  await using other = await startTestBot({ world: bot.world, github: false, options: { examine: () => Promise.resolve(findings) } })
  await until(async () => (await other.health()).status === 'degraded', 'a degraded bot')
  expect((await other.health()).problems).toEqual(['clock: late'])
})

test('a look that hangs or fails neither delays the start nor keeps the bot from working and stopping', async () => {
  const asked: object[] = []
  await using bot = await startTestBot({
    github: false,
    options: {
      examine: async (inside) => {
        asked.push({ away: inside.away, bob: await inside.userByEmail('bob@example.test'), products: inside.catalogue.products.size })
        return new Promise<never>(() => {})
      },
    },
  })
  await until(() => asked.length > 0, 'a look')
  expect(asked).toEqual([{ away: [], bob: bot.user('bob'), products: 2 }])
  expect((await bot.say('alice', 'general', '/incident list')).text).toContain('Nothing is open')
  // Bob was found when the bot started: nobody was asked twice.
  const lookups = (await bot.calls()).filter(({ method }) => method === 'users.lookupByEmail')
  expect(lookups).toHaveLength(2)

  await using failing = await startTestBot({
    world: bot.world,
    github: false,
    options: { examine: () => Promise.reject(new Error('broken')) },
  })
  await until(() => failing.lines.some(({ message }) => message === 'the doctor could not look; it looks again'), 'the line in the log')
  expect((await failing.health()).problems).toEqual([])
})
