/** Clocks over a restart: they are in the database, not in the memory of a process. Time is set, nothing waits for it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTestBot } from '../bot.ts'
import { clockwork } from '../clockwork.ts'

const gamma = `name: Gamma
contacts:
  first: { name: Bob, email: bob@example.test }
  second: { name: Carol, email: carol@example.test }
ladder: [first, second]
severities:
  P1: { meaning: Nobody can pay, response: 15 min, page: true }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-clocks-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

test('what came due while the bot was down is said once, and what stood stands still (faults 44; field 1)', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-24T02:00:00Z') })
  await using bot = await startTestBot({
    files: { 'gamma/service.yml': gamma },
    options: { database: { dataDir: join(folder, 'db') } },
  })
  await bot.say('alice', 'general', '/incident new gamma P1 Payments fail')
  await bot.say('alice', 'general', '/incident new gamma P1 Exports hang')
  const [first, second] = [await bot.opened('INC-1'), await bot.opened('INC-2')]
  await bot.say('alice', second, '/incident pause Waiting for the provider')
  await clockwork(bot).quiet()
  await bot.bot.stop()
  vi.setSystemTime(new Date('2026-11-24T02:16:00Z'))

  await bot.start()
  await bot.sees(first, '⏰ Acknowledgement overdue')
  await bot.sees(first, '@carol nobody has acknowledged INC-1 yet')
  await clockwork(bot).quiet()
  const said = (await bot.load('INC-1'))?.events.flatMap(({ event }) =>
    event.type === 'clock-breached' || event.type === 'clock-warned' || event.type === 'escalated' ? [event.type] : [],
  )
  expect(said?.filter((type) => type === 'clock-breached')).toHaveLength(1)
  expect(said?.filter((type) => type === 'escalated')).toHaveLength(2)
  expect((await bot.load('INC-2'))?.events.filter(({ event }) => event.type === 'clock-breached')).toEqual([])

  await bot.say('alice', second, '/incident resume')
  const { response } = await bot.incident('INC-2')
  expect(response?.due).toBe('2026-11-24T02:31:00.000Z')
  await bot.sees(second, /▶ @alice let the clocks run again after 16 min/)
  expect((await bot.say('bob', second, '/incident ack')).text).toMatch(/^✅ INC-2 acknowledged after 0 s/)
})
