/** The daily digest, from a health endpoint that is asked on a schedule to the message in the channel, by a clock that is set. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startTestBot } from '../bot.ts'
import { clockwork } from '../clockwork.ts'

/** Asked every two hours; in Berlin it is an hour later than UTC. */
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
  health: { kind: http, title: Health endpoint, sample: 2 h, options: { url: "${target}/api/health", json: true } }
  site: { kind: http, title: Front page, options: { url: "${target}/" } }
${more}`

// Days pass here; each step of them takes as long as the machine needs.
vi.setConfig({ testTimeout: 240_000 })

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

/** The digests of a channel, as lines. */
const digests = async (bot: Bot, channel = 'kiosk-daily') =>
  (await bot.texts(channel)).filter((text) => /^(?:📊|🟢) Kiosk/u.test(text)).map((text) => text.split('\n').map((line) => line.trim()))

test('a day with an outage and an evening in which the bot slept: when it was down, what was not measured, and then a quiet one (faults 47)', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z')
  await pass(bot, '2026-11-24T11:00:00Z')
  bot.target.status = 503
  await pass(bot, '2026-11-24T15:00:00Z')
  bot.target.status = 200
  await pass(bot, '2026-11-24T17:00:00Z')
  await down(bot, '2026-11-24T23:10:00Z')
  await up(bot)
  await pass(bot, '2026-11-25T08:00:00Z')

  const [first, second, ...more] = await digests(bot)
  expect(more).toEqual([])
  expect(first).toEqual([
    '📊 Kiosk, the 24 h to 09:00 Europe/Berlin',
    '⚪ Health endpoint was not measured at all',
    expect.stringMatching(/^• 🟢 Front page latency \d+ ms$/),
  ])
  expect(second).toEqual([
    '📊 Kiosk, the 24 h to 09:00 Europe/Berlin',
    expect.stringMatching(
      /^🔴 Health endpoint 77\.77 % of 9 samples healthy, 2 failed \(22\.23 %\) · \d+ ms on average, 95 % within \d+ ms$/,
    ),
    expect.stringMatching(/^🔴 yesterday 13:00–17:00: Answered 503/),
    '⚪ not measured yesterday 19:00–today 01:00',
    expect.stringMatching(/^• 🟢 Front page latency \d+ ms/),
  ])

  // The present slot was asked at eight already; it is asked for only once.
  await bot.restart()
  await pass(bot, '2026-11-26T08:00:00Z')
  const [, , third, ...later] = await digests(bot)
  expect(later).toEqual([])
  expect(third).toEqual([
    expect.stringMatching(
      /^🟢 Kiosk, the 24 h to 09:00 Europe\/Berlin: all quiet\. Health endpoint 100 % \(12 samples, \d+ ms\) · Front page: latency \d+ ms.* · nothing open or overdue$/,
    ),
  ])
})

test('down at the hour: it comes when the bot is back, and says so; of several dates only the newest, with the others named (faults 44, 47)', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z')
  await pass(bot, '2026-11-24T08:00:00Z')
  expect(await digests(bot)).toHaveLength(1)
  await down(bot, '2026-11-25T11:00:00Z')
  await up(bot)
  expect((await digests(bot))[1]?.slice(0, 2)).toEqual([
    '📊 Kiosk, the 24 h to 09:00 Europe/Berlin',
    '⏰ Late: it was due at 09:00, and could not be posted then.',
  ])
  await down(bot, '2026-11-28T11:00:00Z')
  await up(bot)
  expect((await digests(bot))[2]?.[1]).toBe(
    '⏰ Late: it was due at 09:00, and could not be posted then. There was no digest for 2026-11-26 and 2026-11-27.',
  )
  await pass(bot, '2026-11-29T08:00:00Z')
  expect(await digests(bot)).toHaveLength(4)
  expect((await digests(bot))[3]?.[1]).not.toContain('Late')
})

test('an earlier hour and another zone hold from the start that follows, and no date is left out or told twice', async () => {
  const daily = (at: string, zone: string) => `name: Kiosk\ndigest: { channel: kiosk-daily, at: "${at}", zone: ${zone} }\n`
  await using bot = await startKiosk('2026-11-24T07:55:00Z', () => daily('09:00', 'Europe/Berlin'))
  const change = async (at: string, service: string) => {
    await down(bot, at)
    writeFileSync(join(bot.folder, 'runbooks', 'kiosk', 'service.yml'), service)
    await up(bot)
  }
  const heads = async () => (await digests(bot)).map(([first = '']) => first.replace(/^.*, the /u, ''))
  const told = ['24 h to 09:00 Europe/Berlin']
  const tells = async (until: string, more: readonly string[]) => {
    await pass(bot, until)
    told.push(...more)
    expect(await heads()).toEqual(told)
  }
  await tells('2026-11-24T08:00:00Z', [])
  await change('2026-11-24T12:00:00Z', daily('07:30', 'Europe/Berlin'))
  await tells('2026-11-25T06:30:00Z', ['24 h to 07:30 Europe/Berlin'])
  await tells('2026-11-25T09:00:00Z', [])

  await change('2026-11-25T10:00:00Z', daily('07:30', 'America/Los_Angeles'))
  await tells('2026-11-26T15:29:00Z', [])
  await tells('2026-11-26T15:30:00Z', ['24 h to 07:30 America/Los_Angeles'])
  await tells('2026-11-27T15:30:00Z', ['24 h to 07:30 America/Los_Angeles'])

  await change('2026-11-27T16:00:00Z', daily('07:30', 'Asia/Tokyo'))
  await tells('2026-11-27T22:30:00Z', ['24 h to 07:30 Asia/Tokyo'])
  await tells('2026-11-28T22:30:00Z', ['24 h to 07:30 Asia/Tokyo'])
  expect((await digests(bot)).flat().filter((line) => line.includes('There was no digest') || line.includes('Late'))).toEqual([])
})

test('Slack took it and the answer was lost: there is one copy (faults 15, 47)', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z')
  await bot.fault({ service: 'slack', method: 'chat.postMessage', kind: 'drop-after', times: 1 })
  vi.setSystemTime(new Date('2026-11-24T08:00:00Z'))
  await bot.sees('kiosk-daily', 'Kiosk')
  vi.setSystemTime(new Date('2026-11-24T08:05:00Z'))
  await clockwork(bot).quiet()
  expect((await bot.store.db.selectFrom('digest').selectAll().execute()).map(({ posted_at: at }) => at !== null)).toEqual([true])
  expect(await digests(bot)).toHaveLength(1)
})

test('a channel that was archived: everything else goes on, it is said what to do, and the digest comes when that is done (field 5; field 14)', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z')
  await pass(bot, '2026-11-24T08:00:00Z')
  const { id } = await bot.channel('kiosk-daily')
  const archive = async (method: string) => {
    const response = await fetch(`${bot.world.slackApiUrl}${method}`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-test', 'content-type': 'application/json' },
      body: JSON.stringify({ channel: id }),
    })
    expect(await response.json()).toMatchObject({ ok: true })
  }
  await archive('conversations.archive')
  await pass(bot, '2026-11-25T08:00:00Z')
  const health = await bot.until(async () => {
    const { warnings } = await bot.health()
    return warnings.find((warning) => warning.includes('digest'))
  }, 'a warning')
  expect(health).toMatch(
    /^The digest of Kiosk for 2026-11-25 could not be posted: #kiosk-daily is archived: unarchive it, or name another channel in digest\.channel of kiosk$/,
  )
  expect((await bot.say('alice', 'general', '/incident new kiosk P3 Till stuck')).text).toContain('INC-1')

  await archive('conversations.unarchive')
  // Who looks for a channel and finds it archived does not look again for a minute; a bot that is started does.
  await bot.restart()
  await bot.until(async () => {
    vi.setSystemTime(new Date(Date.now() + 60_000))
    return (await digests(bot)).length === 2
  }, 'the digest')
  expect((await bot.health()).warnings.filter((warning) => warning.includes('digest'))).toEqual([])
})

test('a channel by an id that there is not: the rest goes on, and it is said what to do', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z', kiosk('', '{ channel: C0NOBODY99 }'))
  await pass(bot, '2026-11-24T08:00:00Z')
  const warning = await bot.until(async () => (await bot.health()).warnings.find((each) => each.includes('digest')), 'a warning')
  expect(warning).toBe(
    'The digest of Kiosk for 2026-11-24 could not be posted: the channel C0NOBODY99 is archived or deleted, or private without the bot: ' +
      'unarchive it or invite the bot, or set digest.channel of kiosk to another one',
  )
  // The chains go on without it.
  expect((await waiting(bot)).toSorted()).toEqual(expect.arrayContaining(['digest', 'sample']))
})

test('a check that cannot be asked before something is set is not asked, and takes one line', async () => {
  const service = (target: string) =>
    kiosk(
      '  money: { kind: stripe, title: Revenue, sample: 2 h, options: { ask: revenue, secret: KIOSK_STRIPE_KEY } }\n',
      '{ checks: [money since=24h] }',
    )(target)
  await using bot = await startKiosk('2026-11-24T07:55:00Z', service)
  await pass(bot, '2026-11-24T08:00:00Z')
  // Without a channel of its own it is posted where incidents are announced.
  const [text] = await digests(bot, 'incidents')
  expect(text).toEqual([
    '📊 Kiosk, the 24 h to 09:00 Europe/Berlin',
    '⚪ Health endpoint was not measured at all',
    '⚪ Not configured yet, so not in here: Revenue. What to set: `/diag kiosk`',
  ])
  expect((await bot.store.db.selectFrom('sample').select('check_key').distinct().execute()).map((row) => row.check_key)).toEqual(['health'])
})

test('/diag digest shows the last 24 h at any time, to who asked alone; in a record’s channel without a product', async () => {
  await using bot = await startKiosk('2026-11-24T07:55:00Z')
  await pass(bot, '2026-11-24T12:30:00Z')
  const asked = await bot.say('alice', 'general', '/diag digest kiosk')
  expect(asked.text.split('\n')).toEqual([
    '📊 Kiosk, the 24 h to 13:30 Europe/Berlin',
    expect.stringMatching(/^🟡 Health endpoint 100 % of 3 samples healthy/),
    '⚪ not measured yesterday 13:30–today 09:00',
    expect.stringMatching(/Front page latency \d+ ms$/),
  ])
  expect((await bot.messages('general')).filter(({ ephemeralTo }) => ephemeralTo === undefined)).toEqual([])

  await bot.say('alice', 'general', '/incident new kiosk P1 Nobody can pay')
  const channel = await bot.opened('INC-1')
  expect((await bot.say('alice', channel, '/diag digest')).text).toMatch(
    /Open: 1\n• INC-1 P1 🔴 Declared · Kiosk · Nobody can pay · Ack due/,
  )
  expect((await bot.say('alice', 'general', '/diag digest')).text).toContain('/diag digest acme')
  expect((await bot.say('alice', 'general', '/diag digest kiosc')).text).toContain('kiosk')
  // A product without a digest is told of all the same.
  expect((await bot.say('alice', 'general', '/diag digest acme')).text).toContain('No check was asked on a schedule')
})
