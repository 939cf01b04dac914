/** What is typed behind a check by somebody who means harm (faults 57), and what a product says that nobody may read (faults 58). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DockerEngine, startDockerEngine } from '../../src/embedded/docker-engine.ts'
import { openLog } from '../../src/log.ts'
import { filesOf } from '../../src/store/files.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { type Heard, startVendor } from '../checks/vendor.ts'

const token = 'correct-horse-battery-staple'
const leaked = ['sk_live_51H8xyzABCDEFGHIJKLMNOPQ', 'hunter22!x', token]
const leaking = `key sk_live_51H8xyzABCDEFGHIJKLMNOPQ, password=hunter22!x and ${token}`

let bot: TestBot
let engine: DockerEngine
let vendor: Awaited<ReturnType<typeof startVendor>>
let folder: string
let written = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-words-'))
  const socket = join(folder, 'docker.sock')
  const at = new Date(Date.now() - 60_000).toISOString()
  engine = await startDockerEngine({
    socket,
    project: 'kiosk',
    containers: [{ service: 'api', log: [{ at, text: `ERROR $(reboot) ; ${leaking}` }] }],
  })
  vendor = await startVendor({
    '/health': () => ({ body: { status: leaking, timestamp: new Date().toISOString(), version: token, services: { [leaking]: 'down' } } }),
    '/sentry/api/0/organizations/kiosk/issues/': ({ headers }: Heard) => ({
      status: 401,
      body: { detail: `Invalid token ${headers.authorization ?? ''}: ${leaking}` },
    }),
    '/numbers': { body: { items: [{ name: leaking, v: 3 }] } },
  })
  const log = new Writable({
    write: (chunk: Buffer, _, done) => {
      written += chunk.toString()
      done()
    },
  })
  const environment = { KIOSK_SENTRY_TOKEN: token }
  bot = await startTestBot({
    files: {
      'kiosk/service.yml': `name: Kiosk
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, auto: true, title: Health, options: { url: "${vendor.url}/health", json: true } }
  sentry: { kind: sentry, auto: true, title: Sentry, options: { apiUrl: "${vendor.url}/sentry", organization: kiosk, secret: KIOSK_SENTRY_TOKEN } }
  logs: { kind: docker, auto: true, title: Logs, options: { ask: logs, socket: "${socket}", project: kiosk, most: 0 } }
`,
    },
    options: { environment, log: openLog('debug', environment, { to: log }) },
  })
  expect(bot.bot.problems).toEqual([])
})
afterAll(async () => {
  await bot?.[Symbol.asyncDispose]()
  await vendor?.[Symbol.asyncDispose]()
  await engine?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** What the Engine was asked since. */
const heardBy = async (work: () => Promise<unknown>): Promise<string[]> => {
  const before = engine.heard.length
  await work()
  return engine.heard.slice(before).map(({ method, url }) => `${method} ${url}`)
}

describe('words behind a check (faults 57)', () => {
  test.each([
    'service=../../images',
    'service="api; rm -rf /"',
    'service=$(reboot)',
    'service=`reboot`',
    'service=--all',
    'service=api%2F..%2F..',
    'service="api\nGET /images"',
    'service=api/../../info?',
    'since=--help',
    'since="1h; reboot"',
    'since=$(date)',
    'since=../1h',
    'since=99999d',
    '--follow=true',
    '--help',
    '; reboot',
    '$(reboot)',
    '../../etc/passwd',
    'constructor=1',
    '__proto__=1',
  ])('%s is refused, and nothing is asked', async (words) => {
    let text = ''
    const heard = await heardBy(async () => {
      ;({ text } = await bot.say('alice', 'general', `/diag kiosk logs ${words}`))
    })
    expect(text).toMatch(/logs takes|It takes/)
    expect(heard).toEqual([])
  })

  test.each(['logs;reboot', '$(logs)', '--logs', '../logs', 'logs/../health', 'LOGS\u202E', 'toString', '__proto__'])(
    'a check called %s is none',
    async (name) => {
      expect((await bot.say('alice', 'general', `/diag kiosk ${name}`)).text).toContain('Kiosk has no check')
    },
  )

  test('a word to look for is looked for as it stands: it is no pattern, no command, and never reaches Docker', async () => {
    for (const [filter, found] of [
      ['$(reboot)', true],
      ['; reboot', false],
      ['.*', false],
      ['--help', false],
      ['../../', false],
    ] as const) {
      let text = ''
      const heard = await heardBy(async () => {
        ;({ text } = await bot.say('alice', 'general', `/diag kiosk logs "filter=${filter}"`.replace('"filter=', 'filter="')))
      })
      expect([filter, /Logs 1 of 1 line/.test(text)]).toEqual([filter, found])
      expect(heard.length).toBeGreaterThan(0)
      expect(heard.filter((line) => !/^GET \/(v[\d.]+\/)?containers\/(json|[0-9a-f]{64}\/(json|logs))(\?|$)/.test(line))).toEqual([])
      expect(heard.join()).not.toMatch(/reboot|help|\.\./)
    }
  })
})

describe('secrets in what a product says (faults 58)', () => {
  test('are in no message, no event, no file, no pull request, and not in the log', async () => {
    await bot.say('alice', 'general', '/incident new kiosk P2 Something is said')
    const channel = await bot.opened('INC-1')
    await bot.sees(channel, /🩺 Checks at opening\n(?![\s\S]*Still running)/)
    await bot.say('alice', channel, '/diag all')
    await bot.sees(channel, /🩺 Diagnosis\n(?![\s\S]*Still running)/)
    await bot.say('alice', channel, '/incident lines 2 logs')
    await bot.say('alice', channel, '/incident resolve Back again')
    const url = await bot.until(async () => (await bot.incident('INC-1')).pullRequest, 'a pull request')
    expect(url).toContain('/pull/')
    await bot.idle()

    const page = `${bot.world.githubApiUrl}/repos/acme/incidents/contents/postmortems/${new Date().getUTCFullYear()}/INC-1-something-is-said.md?ref=postmortem/inc-1`
    const file = await (await fetch(page, { headers: { authorization: 'Bearer ghp_test' } })).json()
    const document = Buffer.from((file as { content: string }).content, 'base64').toString('utf8')
    const places = {
      Slack: JSON.stringify((await bot.messages(channel)).map(({ raw }) => raw)),
      events: JSON.stringify((await bot.load('INC-1'))?.events),
      files: (await filesOf(bot.store.db, 'INC-1')).map(({ name, content }) => `${name} ${content.toString('utf8')}`).join('\n'),
      GitHub: document,
      calls: JSON.stringify([...(await bot.calls('slack')), ...(await bot.calls('github'))]),
      log: written,
    }
    // What was found is there, without them.
    expect(places.events).toContain('sk_live_***')
    expect(places.Slack).toContain('sk_live_***')
    expect(places.files).toContain('sk_live_***')
    expect(places.GitHub).toContain('What **Health** found')
    expect(written).not.toBe('')
    for (const [place, text] of Object.entries(places))
      for (const secret of leaked) expect([place, text.includes(secret)]).toEqual([place, false])
  })
})
