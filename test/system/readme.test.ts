/** The README's first screen, typed line by line against `npm start` without any settings: it gives what the README promises. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../bot.ts'
import { until } from '../until.ts'

const run = promisify(execFile)

/** The shell lines of the README's part `Try it`, continued ones joined. */
const lines = (readFileSync(join(root, 'README.md'), 'utf8').split('## What you can type')[0] ?? '')
  .split('```')
  .filter((block) => block.startsWith('sh\n'))
  .flatMap((block) => block.slice(3).replaceAll('\\\n', ' ').trim().split('\n'))

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** The bot's port; the world takes the next. */
const twoPorts = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 30_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return port
  }
}

describe('the story of the README', () => {
  let data = ''
  let port = 0
  let token = ''
  let bot: ChildProcess | undefined
  let said = ''
  const environment = () => ({
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
    HOME: process.env['HOME'] ?? '/',
    TOCSIN_DATA: data,
    TOKEN: token,
  })

  /** Types one line of it, on the ports of this test. */
  const type = async (line: string): Promise<string> => {
    const here = line.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`).replaceAll('127.0.0.1:3001', `127.0.0.1:${port + 1}`)
    const { stdout } = await run('bash', ['-c', here], { cwd: root, env: environment(), timeout: 30_000 })
    return stripVTControlCharacters(stdout)
  }
  const typed = (part: string): string => {
    const line = lines.find((each) => each.includes(part))
    if (line === undefined) throw new Error(`the README has no line with ${part}`)
    return line
  }

  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'tocsin-readme-'))
    port = await twoPorts()
    // `npm ci` has been run by whoever runs this; `npm start` is what it stands for.
    bot = spawn('npm', ['start', '--silent'], {
      cwd: root,
      env: { ...environment(), PORT: String(port) },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    bot.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await until(() => said.includes('Try it from another terminal'), 'the banner of npm start', 60_000)
    token = /Bearer (\S+)/.exec(said)?.[1] ?? ''
  }, 90_000)

  afterAll(async () => {
    if (bot?.pid !== undefined && bot.exitCode === null) {
      const exited = once(bot, 'exit')
      process.kill(-bot.pid, 'SIGTERM')
      await exited
    }
    rmSync(data, { recursive: true, force: true })
  })

  test('starts with one line, and says what is embedded and where', () => {
    expect(lines[0]).toBe('npm ci && npm start')
    for (const part of [
      `http://127.0.0.1:${port}`,
      `http://127.0.0.1:${port + 1}/slack/api/`,
      '/github',
      '/supabase',
      '/health',
      '/metrics',
      '/alerts/alertmanager',
    ])
      expect(said).toContain(part)
  })

  test('every line does what it says, in order', { timeout: 120_000 }, async () => {
    const declared = await type(typed('/incident new'))
    for (const part of [
      'INC-1 P1',
      '#inc-1-invoice2e-payments-fail (new)',
      '📌',
      'Ack due',
      'oncall.invoice2e',
      'checklist',
      'Checks at opening',
      '#incidents',
    ])
      expect(declared).toContain(part)
    expect(await type(typed('/incident ack'))).toContain('INC-1 acknowledged after')
    expect(await type(typed('/diag'))).toContain('Diagnosis')
    expect(await type(typed('/incident note'))).toContain('Noted')
    expect(await type(typed('/incident update'))).toContain('The next is due')
    expect(await type(typed('/incident resolve'))).toContain('INC-1 resolved')
    const page = await until(
      async () => {
        const text = await type(typed('/pull/1'))
        return text.includes('postmortems/') && text
      },
      'the post-mortem',
      20_000,
    )
    for (const part of ['# INC-1: Payments fail', 'Rolled back to v141', 'Deploy of v142 went out just before', 'Root cause', '## Clocks'])
      expect(page).toContain(part)
    expect(
      await until(async () => {
        const text = await type(typed('--read'))
        return text.includes('post-mortem is ready') && text
      }, 'the link in the channel'),
    ).toContain('/pull/1')
    expect(await type(typed('/incident audit'))).toContain('INC-1 is whole')
    const accepted = await type(typed('curl -X POST'))
    expect(JSON.parse(accepted)).toEqual({ accepted: 1 })
    await until(
      async () => (await type("npm run slack -- --as alice --in general '/incident list'")).includes('The API answers 503'),
      'the incident of the alert',
      20_000,
    )
  })
})
