/** `npm start` as somebody types it: wrong settings, a folder that is in use. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { appToken, botToken, root, testWorld } from '../bot.ts'
import { until } from '../until.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts the program with these settings and no others. */
const start = (settings: Record<string, string>) => {
  // The kernel ends it when this process dies, however that happens.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, 'src/main.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'error', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, said, exited }
}

test('half-filled settings: every problem at once, and the exit code 1', async () => {
  const { said, exited } = start({
    PORT: 'many',
    SLACK_BOT_TOKEN: 'xoxp-wrong',
    GITHUB_TOKEN: 'ghp_x',
    SUPABASE_URL: 'ftp://x',
    ALERT_TOKEN: 'short',
    TOCSIN_DATA: folder,
  })
  expect(await exited).toBe(1)
  expect(said.err).toBe(`The settings cannot be used:
  - PORT must be a number from 0 to 65535
  - SLACK_BOT_TOKEN must start with xoxb-
  - SUPABASE_URL must be an http or https address
  - ALERT_TOKEN must have at least 16 characters
  - SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN) is missing: Slack is half configured (SLACK_BOT_TOKEN set). Set all of it, or none.
  - GITHUB_REPOSITORY is missing: GitHub is half configured (GITHUB_TOKEN set). Set all of it, or none.
  - SUPABASE_SECRET_KEY is missing: Supabase is half configured (SUPABASE_URL set). Set all of it, or none.
See .env.example for all settings.
`)
  expect(said.out).toBe('')
})

test('41: a second start on the same data folder refuses, and leaves the first alone', async () => {
  const first = start({ PORT: '0', TOCSIN_DATA: folder })
  try {
    await until(() => first.said.out.includes('Tocsin is ready at'), 'the first start', 30_000)
    const url = /ready at (\S+)/.exec(first.said.out)?.[1] ?? ''
    expect(first.said.out).toContain('embedded')
    const second = start({ PORT: '0', TOCSIN_DATA: folder })
    expect(await second.exited).toBe(1)
    expect(second.said.err).toMatch(/^Tocsin did not start: .* is in use by process \d+: stop that one first, or take another folder\n$/)
    expect(second.said.err).toContain(folder)
    expect(second.said.out).toBe('')
    expect((await fetch(`${url}/health`)).status).toBe(200)
  } finally {
    first.child.kill('SIGTERM')
    expect(await first.exited).toBe(0)
  }
}, 60_000)

test('what a product names as a secret stays out of the log, whatever the setting is called (faults 58)', async () => {
  const runbooks = join(folder, 'runbooks')
  const services = {
    shop: 'name: Shop\nalerts: { secrets: { generic: SHOP_PIN } }\n',
    stall: 'name: Stall\nchecks: { web: { kind: opening-word-9, title: Web, options: {} } }\n',
  }
  for (const [key, text] of Object.entries(services)) {
    mkdirSync(join(runbooks, key), { recursive: true })
    writeFileSync(join(runbooks, key, 'service.yml'), text)
  }
  const { child, said, exited } = start({
    PORT: '0',
    TOCSIN_DATA: join(folder, 'pin'),
    TOCSIN_RUNBOOKS: runbooks,
    SHOP_PIN: 'opening-word-9',
  })
  try {
    await until(() => said.out.includes('Tocsin is ready at'), 'the start', 30_000)
    expect(said.err).toContain('no kind of check is called `***`')
    expect(said.err).not.toContain('opening-word-9')
  } finally {
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  }
}, 60_000)

test('with an app token it is heard over sockets, outlives a refusal of that token, and stops', async () => {
  await using world = await testWorld()
  const ask = async (path: string, body: object): Promise<{ status: number; body: string }> =>
    (await (
      await fetch(`${world.url}/world${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).json()) as { status: number; body: string }
  const { child, said, exited } = start({
    PORT: '0',
    TOCSIN_DATA: join(folder, 'sockets'),
    SLACK_BOT_TOKEN: botToken,
    SLACK_APP_TOKEN: appToken,
    SLACK_API_URL: world.slackApiUrl,
  })
  try {
    await until(() => said.out.includes('Tocsin is ready at'), 'the start', 30_000)
    expect(said.out).toMatch(/Slack +live, over sockets/)
    const url = /ready at (\S+)/.exec(said.out)?.[1] ?? ''
    const answer = await ask('/command', { as: 'alice', in: 'general', text: '/incident list' })
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('Nothing is open')])
    await ask('/faults', { service: 'slack', method: 'apps.connections.open', kind: 'error', error: 'token_revoked', times: 0 })
    await ask('/sockets/rotate', { all: true, ms: 0 })
    const slack = async () => ((await (await fetch(`${url}/health`)).json()) as { services: { slack: string } }).services.slack
    await until(async () => (await slack()).includes('make another app-level token'), 'the reason in /health')
  } finally {
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  }
}, 60_000)
