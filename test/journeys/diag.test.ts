/** Asking a product how it is: in a record's channel for everybody, elsewhere for who asked. */
import type { ServerResponse } from 'node:http'
import { WebClient } from '@slack/web-api'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CheckAnswer } from '../../src/define/check.ts'
import { startHttp } from '../adapters/server.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { withTold } from '../fixture-check.ts'
import { until } from '../until.ts'

/** What each check is told by its address; who is not here, hangs until `release`. */
const says = new Map<string, CheckAnswer>()
const hanging = new Map<string, ServerResponse>()
const asked: string[] = []

const ok: CheckAnswer = { findings: [{ status: 'ok', text: 'Fine.' }], measurements: [] }
const value = (ms: number, status: 'ok' | 'fail' = 'ok'): CheckAnswer => ({
  findings: [{ status, text: status === 'ok' ? 'Fine.' : 'Slow.' }],
  measurements: [{ name: 'p95', value: ms, unit: 'ms', limit: 500 }],
})

let bot: TestBot
let target: Awaited<ReturnType<typeof startHttp>>
let channel: string

const release = (check: string, answer: CheckAnswer) => {
  says.set(check, answer)
  hanging.get(check)?.end(JSON.stringify(answer))
  hanging.delete(check)
}

beforeAll(async () => {
  for (const check of ['p95', 'queue', 'logs', 'a', 'b', 'c', 'd', 'changes']) says.set(check, ok)
  target = await startHttp((request, response) => {
    asked.push(request.url ?? '')
    const check = /^\/(\w+)/.exec(request.url ?? '')?.[1] ?? ''
    const answer = says.get(check)
    if (answer === undefined) hanging.set(check, response)
    else response.end(JSON.stringify(answer))
  })
  const check = (key: string, more = '') =>
    `  ${key}: { kind: told, title: ${key.toUpperCase()}, ${more}options: { url: "http://${target.host}/${key}" } }\n`
  const service = `name: Kiosk
links: [{ name: Dashboard, url: "https://dash.example.test/", kind: dashboard }]
privateHosts: [127.0.0.1]
checks:
${check('p95', 'auto: true, link: Dashboard, ')}${check('changes', 'auto: true, ')}${'queue logs a b c d'
    .split(' ')
    .map((key) => check(key))
    .join('')}  lacking: { kind: told, title: LACKING, options: { url: "http://${target.host}/lacking", secret: KIOSK_KEY } }
`
  const unset = ['x', 'y', 'z'].map((key) => check(key).replace('" }', '", secret: STALL_KEY }')).join('')
  const stall = `name: Stall\nprivateHosts: [127.0.0.1]\nchecks:\n${unset}`
  bot = await startTestBot({ registry: withTold, files: { 'kiosk/service.yml': service, 'stall/service.yml': stall } })
  expect(bot.bot.problems).toEqual([])
  says.set('p95', value(2100, 'fail'))
  const before = (minutes: number) => new Date(Date.now() - minutes * 60_000 - 5000).toISOString()
  says.set('changes', {
    ...ok,
    changes: [
      { at: before(3), kind: 'commit', title: 'Faster cart', by: null, url: null },
      { at: before(4), kind: 'deployment', title: 'v142', by: 'Bea', url: 'https://deploys.example.test/142' },
      { at: before(2000), kind: 'deployment', title: 'v141', by: 'Bea', url: null },
    ],
  })
  await bot.say('alice', 'general', '/incident new kiosk P1 Orders fail')
  channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})
beforeEach(() => {
  asked.length = 0
})

const posted = async () => (await bot.messages(channel)).filter(({ ephemeralTo }) => ephemeralTo === undefined).length
/** What waits for its time is due now. */
const askAgain = async () => {
  const before = asked.length
  await sql`update tocsin_jobs.job set start_after = now() where name = 'watch' and state = 'created'`.execute(bot.store.db)
  await until(() => Promise.resolve(asked.length > before), 'the check to be asked again')
  await bot.idle()
}
const runs = async () => (await bot.incident('INC-1')).checks

describe('what can be asked', () => {
  test('each with what it asks, what can be typed behind it, and what it lacks', async () => {
    const { text } = await bot.say('alice', 'general', '/diag kiosk')
    expect(text).toContain('/diag kiosk queue [since=1h] QUEUE')
    expect(text).toMatch(/p95 \[since=1h\].*by itself, too/)
    expect(text).toMatch(/not configured yet: set KIOSK_KEY for lacking/)
    expect((await bot.say('alice', channel, '/diag')).text).toContain('/diag queue [since=1h]')
  })

  test('help is on the verbs of this command, wherever it is asked', async () => {
    for (const where of ['general', channel]) {
      const { text } = await bot.say('alice', where, '/diag help')
      expect(text).toContain('watch <check> [key=value …] [every 2m] Ask a check again and again')
      expect(text).toMatch(/What each product can be asked: .*\/diag kiosk/)
      const one = await bot.say('alice', where, '/diag help watch')
      expect(one.text).toContain('/diag watch <check> [key=value …] [every 2m] Ask a check again')
      expect(one.text).toContain('/diag watch health every 5m')
    }
    expect((await bot.say('alice', 'general', '/diag help wach')).text).toContain('Did you mean /diag watch?')
    expect((await bot.say('alice', 'general', '/diag')).text).toMatch(/Which product\? For example \/diag [a-z]/)
  })

  test.each([
    ['/diag queue until=2h', 'until cannot be said of queue. It takes since=1h.'],
    ['/diag queue since=soon', 'since=soon: must be hours, such as 2h. queue takes since=1h.'],
    ['/diag queue fast', 'fast cannot be said of queue. It takes since=1h.'],
    ['/diag all since=2h', 'since cannot be said of all. It takes no words.'],
    ['/diag quue', 'Kiosk has no check quue. Did you mean queue?'],
  ])('%s is refused, with what is possible', async (text, refusal) => {
    expect((await bot.say('alice', channel, text)).text).toContain(refusal)
    expect(asked).toEqual([])
  })
})

describe('in the channel', () => {
  test('words reach the check, and the start of the incident', async () => {
    const { text } = await bot.say('bob', channel, '/diag queue since=2h')
    expect(text).toContain('Asking QUEUE; its answer comes in INC-1’s channel')
    await bot.sees(channel, /🩺 Diagnosis\n🟢 QUEUE Fine\./)
    const { stamps } = await bot.incident('INC-1')
    expect(asked).toEqual([`/queue?since=2h&around=${stamps.detect}`])
  })

  test('all at once: what is known is shown while the rest is asked, in one message, and kept', async () => {
    const before = await posted()
    for (const check of ['c', 'd']) says.delete(check)
    await bot.say('bob', channel, '/diag all')
    const first = await bot.sees(channel, /7 of 9 have answered/)
    expect(first).toMatch(/⏳ Still running: C, D/)
    expect(first.indexOf('🔴 P95 Slow.')).toBeLessThan(first.indexOf('⚪ LACKING Not configured yet: set KIOSK_KEY'))
    expect(first).toContain('p95 2.1 s (limit 500 ms) · dashboard')
    expect(first).toContain('✅ 5 fine: CHANGES, QUEUE, LOGS, A, B')
    release('c', ok)
    release('d', ok)
    await bot.sees(channel, '✅ 7 fine')
    expect(await posted()).toBe(before + 1)
    expect((await runs()).at(-1)?.results).toHaveLength(9)
    await bot.idle()
  })

  test('all lines of a result: into the thread by a button, once; elsewhere for who asks', async () => {
    says.set('logs', { ...ok, detail: { title: 'Log', text: 'line 1\nline 2' } })
    await bot.say('bob', channel, '/diag logs')
    await bot.sees(channel, /LOGS Fine[\s\S]*\[Log\]/)
    const run = (await runs()).at(-1)?.run ?? 0
    const message = (await bot.messages(channel)).find(({ shown }) => shown.includes('[Log]'))
    expect((await bot.press('carol', channel, 'lines', { value: `INC-1 ${run} logs` })).text).toContain('The lines come into the thread')
    const reply = await until(
      async () => (await bot.messages(channel)).find(({ raw }) => JSON.stringify(raw['files'] ?? []).includes(`inc-1-logs-${run}.txt`)),
      'the file in the thread',
    )
    expect(reply.thread_ts).toBe(message?.ts)
    expect((await bot.say('carol', channel, `/incident lines ${run} logs`)).text).toContain('are in the thread of that diagnosis already')
    expect((await bot.say('dave', 'general', `/incident lines INC-1 ${run} logs`)).text).toContain('It is in your messages with the bot')
  })
})

describe('more than a message holds', () => {
  const long: CheckAnswer = {
    findings: Array.from({ length: 4 }, (_, part) => ({ status: 'fail', text: `Part ${part} ${'does not answer '.repeat(15)}.` })),
    measurements: Array.from({ length: 9 }, (_, part) => ({ name: `the wait of part number ${part}`, value: 9, unit: 's', limit: 1 })),
  }
  const all = ['p95', 'queue', 'logs', 'a', 'b', 'c', 'd', 'changes']
  const before = new Map(says)

  test('is named, and all of it comes into the thread by a button', async () => {
    for (const check of all) {
      before.set(check, says.get(check) ?? ok)
      // Each says something else, or they would be told together.
      says.set(check, { ...long, findings: [{ status: 'fail', text: `${check} is down.` }, ...long.findings] })
    }
    await bot.say('bob', channel, '/diag all')
    const text = await bot.sees(channel, /🔴 P95 p95 is down[\s\S]*🔴 \d more: /)
    expect(text).toContain('All results in full')
    expect(text).toMatch(/asked /)
    const run = (await runs()).at(-1)?.run ?? 0
    const message = (await bot.messages(channel)).find(({ shown }) => shown.includes('All results in full'))
    expect((await bot.press('carol', channel, 'lines', { value: `INC-1 ${run} all` })).text).toContain('The lines come into the thread')
    const reply = await until(
      async () => (await bot.messages(channel)).find(({ raw }) => JSON.stringify(raw['files'] ?? []).includes(`inc-1-all-${run}.txt`)),
      'the file in the thread',
    )
    expect(reply.thread_ts).toBe(message?.ts)
    expect((await bot.say('dave', 'general', `/incident lines INC-1 ${run} all`)).text).toContain('It is in your messages with the bot')
    for (const [check, answer] of before) says.set(check, answer)
    await bot.idle()
  })
})

describe('watched', () => {
  test('only what changes is posted, and it ends with the record', async () => {
    says.set('queue', value(100))
    expect((await bot.say('bob', channel, '/diag watch queue every 2s')).text).toContain('2s is not a time from 1m to 1h')
    const named = 'For example /diag watch p95 every 5m.'
    expect((await bot.say('bob', channel, '/diag watch all')).text).toContain(`all is not one check to watch. ${named}`)
    expect((await bot.say('bob', channel, '/diag watch')).text).toContain(`The one check to watch is missing. ${named}`)
    expect((await bot.say('bob', channel, '/diag watch queue since=2h every 1m')).text).toContain('Watching QUEUE every 1 min')
    await bot.sees(channel, /👁 @bob watches QUEUE every 1 min, until .*\nAt first: 🟢 Fine\./)
    const before = await posted()
    await askAgain()
    says.set('queue', value(900, 'fail'))
    await askAgain()
    await bot.sees(channel, /👁 🟢 → 🔴 QUEUE Slow\.\np95 100 ms → 900 ms \(limit 500 ms\)/)
    expect(await posted()).toBe(before + 1)
    expect(asked.filter((url) => url.startsWith('/queue?since=2h'))).toHaveLength(3)
    expect((await bot.say('bob', 'general', '/diag watch queue')).text).toContain('/diag watch INC-12')
    expect((await bot.say('bob', channel, '/diag unwatch')).text).toBe('👁 Nothing is watched any more.')
    await bot.sees(channel, '👁 @bob watches QUEUE: stopped.')
  })
})

describe('evidence', () => {
  test('what was changed before it began is shown, the likeliest cause first', async () => {
    await bot.sees(
      channel,
      /🔎 What changed before it began\n.*deployment, 4 min before: v142, by Bea · show.*\n.*commit, 3 min before: Faster cart/,
    )
  })

  test('a change of severity asks again', async () => {
    says.set('p95', value(1200, 'fail'))
    await bot.say('bob', channel, '/incident severity P2 only some')
    await bot.sees(channel, /🩺 Checks at the change of severity\n🔴 P95 Slow\.\np95 1\.2 s/)
  })

  test('now against the opening', async () => {
    says.set('p95', value(180))
    await bot.say('bob', channel, '/diag diff')
    await bot.sees(
      channel,
      /🩺 Now, against the checks at opening\n🔴 → 🟢 P95 Fine\.\np95 2\.1 s → 180 ms \(limit 500 ms\)\nAs before: 🟢 CHANGES/,
    )
  })

  test('is compared in the post-mortem, with what was changed as a suspicion', async () => {
    await bot.say('bob', channel, '/incident resolve Rolled back')
    await bot.sees(channel, '🩺 Checks at resolution')
    const get = async <Answer>(path: string) =>
      (await (
        await fetch(`${bot.world.githubApiUrl}/repos/acme/incidents${path}`, { headers: { authorization: 'Bearer ghp_test' } })
      ).json()) as Answer
    const path = `postmortems/${new Date().getUTCFullYear()}/INC-1-orders-fail.md`
    const document = await until(async () => {
      const [pull] = await get<{ head: { ref: string } }[]>('/pulls?state=open')
      const { content } = await get<{ content?: string }>(`/contents/${path}?ref=${pull?.head.ref}`)
      return content === undefined ? null : Buffer.from(content, 'base64').toString()
    }, 'the post-mortem')
    expect(document).toContain('| P95 | | fail | ok | |\n| | p95 | 2.1 s | 180 ms | 500 ms |')
    expect(document).toMatch(/Changed before it began[^]*1\. \[deployment, 4 min before: v142, by Bea\]/)
    expect(document).toContain('Ran 2 checks at the change of severity: P95 fail (Slow.)')
  })
})

describe('elsewhere', () => {
  test('what is to be set is asked for with the product, which the channel does not name', async () => {
    expect((await bot.say('dave', 'general', '/diag stall all')).text).toContain('3 not configured yet: X, Y, Z. What to set: /diag stall')
  })

  test('who asked gets what is there soon, and the rest in its place', async () => {
    says.delete('c')
    const before = await runs()
    const first = await bot.type('dave', 'general', '/diag kiosk all')
    expect(first.text).toMatch(/🩺 Kiosk: Diagnosis · 8 of 9 have answered/)
    expect(first.text).toContain('⏳ Still running: C')
    release('c', ok)
    const last = await until(
      async () =>
        (await bot.messages('general'))
          .filter(({ shown }) => shown.includes('Kiosk: Diagnosis'))
          .findLast(({ shown }) => !shown.includes('Still running')),
      'the rest',
    )
    expect(last).toMatchObject({ shown: expect.stringContaining('✅ 7 fine') as string, ephemeralTo: bot.user('dave'), edited: true })
    expect((await bot.messages('general')).filter(({ shown }) => shown.includes('Kiosk: Diagnosis'))).toHaveLength(1)
    // It is no evidence in a record that nobody named.
    expect(await runs()).toEqual(before)
  })
})

describe('lines of a check that is asked outside of a record', () => {
  const client = () => new WebClient('xoxp-dave', { slackApiUrl: bot.world.slackApiUrl, retryConfig: { retries: 0 } })
  /** The names of the files in Dave's messages with the bot, the newest first. */
  const received = async (): Promise<string[]> => {
    const { channels = [] } = await client().conversations.list({ types: 'im' })
    const pages = await Promise.all(channels.map(({ id }) => client().conversations.history({ channel: id ?? '' })))
    return pages.flatMap(({ messages = [] }) => messages.flatMap(({ files = [] }) => files.map(({ name }) => name ?? '')))
  }
  const log = (lines: number): CheckAnswer => ({
    ...ok,
    detail: { title: 'Log', text: Array.from({ length: lines }, (_, index) => `line ${index}`).join('\n') },
  })

  test('a few are in the answer', async () => {
    says.set('logs', log(3))
    const before = await received()
    expect((await bot.say('dave', 'general', '/diag kiosk logs')).text).toMatch(/LOGS Fine[\s\S]*Log\n[\s\S]*line 2/)
    expect(await received()).toEqual(before)
  })

  test('many are a file for who asked, also when the check is slow', async () => {
    says.set('logs', log(200))
    const before = await received()
    const { text } = await bot.say('dave', 'general', '/diag kiosk logs')
    expect(text).toMatch(/LOGS Fine[\s\S]*kiosk-logs\.txt is in your messages with the bot, where only you see it\./)
    expect(text).not.toContain('line 2')
    expect(await received()).toEqual(['kiosk-logs.txt', ...before])

    says.delete('logs')
    const slow = await bot.say('dave', 'general', '/diag kiosk logs')
    expect(slow.text).toContain('Still running: LOGS')
    release('logs', log(201))
    await until(async () => (await received()).length === before.length + 2, 'the second file')
  })

  test('where the file cannot be sent, what was found is told all the same', async () => {
    says.set('logs', log(200))
    await bot.fault({ service: 'slack', method: 'files.getUploadURLExternal', kind: 'error', error: 'access_denied' })
    const { text } = await bot.say('dave', 'general', '/diag kiosk logs')
    await bot.mend()
    expect(text).toMatch(/LOGS Fine[\s\S]*kiosk-logs\.txt could not be sent/)
  })

  test('of all checks it is said how to get them', async () => {
    says.set('logs', log(200))
    const before = await received()
    expect((await bot.say('dave', 'general', '/diag kiosk all')).text).toMatch(/More lines by .?\/diag kiosk logs/)
    expect(await received()).toEqual(before)
  })
})
