/** The daily digest, from a health endpoint that is asked on a schedule to the message in the channel, by a clock that is set. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTestBot } from '../bot.ts'
import { clockwork } from '../clockwork.ts'

/** Asked every half hour; in Berlin it is an hour later than UTC. */
const kiosk =
  (more = '', digest = '{ channel: kiosk-daily, checks: [site] }') =>
  (target: string): string =>
    `name: Kiosk
contacts: { first: { name: Bob, email: bob@example.test } }
ladder: [first]
calendar: { zone: Europe/Berlin }
digest: ${digest}
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, title: Health endpoint, sample: 30 min, options: { url: "${target}/api/health", json: true } }
  site: { kind: http, title: Front page, options: { url: "${target}/" } }
${more}`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-digest-'))
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(folder, { recursive: true, force: true })
})

type Options = Parameters<typeof startTestBot>[0]

/** Starts everything at `at`. */
const startKiosk = async (at: string, service = kiosk(), more: Options = {}) => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(at) })
  const bot = await startTestBot({
    github: false,
    files: { 'kiosk/service.yml': service },
    ...more,
    options: { database: { dataDir: join(folder, 'db') }, ...more.options },
  })
  // What is planned at the start is planned before anything passes.
  await bot.until(async () => (await waiting(bot)).includes('digest'), 'the first plan')
  return bot
}

type Bot = Awaited<ReturnType<typeof startTestBot>>

const waiting = async (bot: Bot): Promise<string[]> => {
  const rows = (await bot.store.db
    .withSchema('tocsin_jobs')
    .selectFrom('job' as never)
    .select('name as name' as never)
    .where('state' as never, '=', 'created' as never)
    .execute()) as { name: string }[]
  return rows.map(({ name }) => name)
}

/** The bot as it runs at the moment: it may have been started again since. */
const pass = (bot: Bot, until: string) => clockwork(bot).pass(until)

const down = async (bot: Bot, at: string) => {
  await bot.bot.stop()
  vi.setSystemTime(new Date(at))
}

const up = async (bot: Bot) => {
  await bot.start()
  await bot.until(async () => (await waiting(bot)).includes('digest'), 'the plan')
  await clockwork(bot).quiet()
}

const lines = (text: string | undefined) => (text ?? '').split('\n').map((line) => line.trim())

test('a day with an outage and a night in which the bot slept: uptime, when it was down, and what was not measured (faults 47)', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z')
  await pass(bot, '2026-11-24T10:05:00Z')
  bot.target.status = 503
  await pass(bot, '2026-11-24T11:05:00Z')
  bot.target.status = 200
  await pass(bot, '2026-11-24T20:05:00Z')
  await down(bot, '2026-11-24T23:10:00Z')
  await up(bot)
  await pass(bot, '2026-11-25T08:00:00Z')

  const texts = await bot.texts('kiosk-daily')
  expect(texts).toHaveLength(2)
  const [first, second] = texts.map(lines)
  // The first day had just begun: five minutes are no gap of half an hour, and the rest was not measured.
  expect(first).toContain('⚪ not measured yesterday 09:00–09:00')
  expect(second?.[0]).toBe('📊 Kiosk yesterday 09:00–09:00 Europe/Berlin')
  expect(second?.[1]).toMatch(
    /Health endpoint 95\.23 % of 42 samples healthy, 2 failed \(4\.77 %\) · \d+ ms on average, 95 % within \d+ ms$/,
  )
  expect(second?.[2]).toMatch(/yesterday 11:30–12:30: Answered 503/)
  expect(second?.[3]).toContain('not measured yesterday 21:30–00:30')
  expect(second?.[4]).toMatch(/Front page latency \d+ ms/)
})
