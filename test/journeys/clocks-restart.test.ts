/** Clocks over a restart: they are in the database, not in the memory of a process. */
import { expect, test } from 'vitest'
import { startTestBot } from '../bot.ts'
import { until } from '../until.ts'

const gamma = `name: Gamma
contacts:
  first: { name: Bob, email: bob@example.test }
  second: { name: Carol, email: carol@example.test }
ladder: [first, second]
severities:
  P1: { meaning: Nobody can pay, response: 1 min, page: true }
`

test(
  'what came due while the bot was down is said once, and what stood stands still (faults 44; field 1)',
  { timeout: 180_000 },
  async () => {
    await using bot = await startTestBot({ store: 'postgres', files: { 'gamma/service.yml': gamma } })
    await bot.say('alice', 'general', '/incident new gamma P1 Payments fail')
    await bot.say('alice', 'general', '/incident new gamma P1 Exports hang')
    const [first, second] = [await bot.opened('INC-1'), await bot.opened('INC-2')]
    await bot.say('alice', second, '/incident pause Waiting for the provider')
    await bot.idle()
    await bot.bot.stop()
    const due = Date.now() + 60_000
    await until(() => Promise.resolve(Date.now() > due), 'the time when both would be due', 90_000)

    await bot.start()
    await bot.sees(first, '⏰ Acknowledgement overdue')
    await bot.sees(first, '@carol nobody has acknowledged INC-1 yet')
    await bot.idle()
    const said = (await bot.load('INC-1'))?.events.flatMap(({ event }) =>
      event.type === 'clock-breached' || event.type === 'clock-warned' || event.type === 'escalated' ? [event.type] : [],
    )
    expect(said?.filter((type) => type === 'clock-breached')).toHaveLength(1)
    expect(said?.filter((type) => type === 'escalated')).toHaveLength(2)
    expect((await bot.load('INC-2'))?.events.filter(({ event }) => event.type === 'clock-breached')).toEqual([])

    await bot.say('alice', second, '/incident resume')
    const { response } = await bot.incident('INC-2')
    expect(Date.parse(response?.due ?? '')).toBeGreaterThan(Date.now())
    await bot.sees(second, /▶ @alice let the clocks run again after 1 min/)
    expect((await bot.say('bob', second, '/incident ack')).text).toMatch(/^✅ INC-2 acknowledged after \d+ s/)
  },
)
