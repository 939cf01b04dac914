/** `npm run backup`: of a running bot, of one that is stopped, and back again. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { recentAlerts } from '../../src/store/alerts.ts'
import { openStore } from '../../src/store/database.ts'
import { alertToken, root } from '../bot.ts'
import { silent } from '../silent.ts'
import { until } from '../until.ts'

const folder = mkdtempSync(join(tmpdir(), 'tocsin-backup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const settings = { PATH: process.env['PATH'], TOCSIN_DATA: join(folder, 'data'), LOG_LEVEL: 'info' }
const run = promisify(execFile)
const backup = (more: Record<string, string> = {}) =>
  run(process.execPath, ['src/backup-cli.ts'], { cwd: root, env: { ...settings, ...more } })

/** The alerts in the database that a backup is unpacked into. */
const alertsIn = async (file: string, name: string): Promise<string[]> => {
  const dataDir = join(folder, name)
  mkdirSync(dataDir)
  await run('tar', ['-xf', file, '-C', dataDir])
  const store = await openStore({ dataDir, log: silent })
  try {
    return (await recentAlerts(store.db, 10)).map(({ rule }) => rule)
  } finally {
    await store.close()
  }
}

test('a backup of a running bot, and of one that is stopped, can be unpacked and opened', async () => {
  await expect(backup()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('There is no database') as string })
  await expect(backup({ DATABASE_URL: 'postgres://x' })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('pg_dump') as string,
  })

  // A Slack that does not answer: nothing else than the database is embedded.
  const bot = spawn('setpriv', ['--pdeathsig', 'TERM', process.execPath, 'src/main.ts'], {
    cwd: root,
    env: {
      ...settings,
      PORT: '0',
      SLACK_BOT_TOKEN: 'xoxb-none',
      SLACK_SIGNING_SECRET: 'none',
      SLACK_API_URL: 'http://127.0.0.1:9/api/',
      ALERT_TOKEN: alertToken,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(bot, 'exit')
  let said = ''
  bot.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const url = await until(() => /ready at (\S+)/.exec(said)?.[1], 'the start', 60_000)
  const sent = await fetch(`${url}/alerts/generic`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alertToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ alertname: 'KeptInBackups', severity: 'info', summary: 'x' }),
  })
  expect(sent.status).toBe(202)

  const running = (await backup()).stdout.trim()
  expect(running).toMatch(/\/backups\/db-[\dTZ-]+\.tar\.gz$/)
  expect(statSync(running).mode & 0o777).toBe(0o600)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  expect(await alertsIn(running, 'one')).toEqual(['KeptInBackups'])

  bot.kill('SIGTERM')
  await exited
  const stopped = (await backup()).stdout.trim()
  expect(stopped > running && existsSync(stopped)).toBe(true)
  expect(await alertsIn(stopped, 'two')).toEqual(['KeptInBackups'])
})
