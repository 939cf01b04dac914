/** `npm run doctor` as somebody runs it: a process with settings, against a local world in which things are wrong. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebClient } from '@slack/web-api'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { World } from '../../src/embedded/world.ts'
import { botToken, root, signingSecret, testWorld } from '../bot.ts'
import { startSmtp } from '../smtp.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

type Finding = { level: string; where: string; what: string; todo: string }
type Run = { code: number; out: string; err: string }

const scopes = (parse(readFileSync(join(root, 'manifest.yml'), 'utf8')) as { oauth_config: { scopes: { bot: string[] } } }).oauth_config
  .scopes.bot
const folder = mkdtempSync(join(tmpdir(), 'tocsin-doctor-'))
const secrets = { webhook: 'w3bhook-s3cret-token', smtp: 'sm7p-passw0rd', supabase: '' }

let world: World
let target: { url: string; close: () => void }

const write = (path: string, text: string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const acme = (url: string, more = ''): string => `name: Acme
contacts:
  first: { name: Bob, email: bob@example.test, phone: "+41 44 123 45 67" }
  second: { name: Carol, email: carol@example.test }
ladder: [first, second]
privateHosts: [127.0.0.1]
checks:
  health: { kind: http, title: Health, options: { url: "${url}/health?key=hidden" } }
${more}`

beforeAll(async () => {
  const server = createServer((request, response) => response.writeHead(request.url === '/hook' ? 405 : 503).end())
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  target = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
  world = await testWorld({ supabase: { migrations: join(root, 'supabase/migrations') } })
  secrets.supabase = world.supabaseSecretKey
  write('good/acme/service.yml', acme(target.url))
})
afterAll(async () => {
  await world.close()
  target.close()
  rmSync(folder, { recursive: true, force: true })
})

const control = async (method: string, path: string, body?: object, to = world) =>
  fetch(`${to.url}/world${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const manner = (more: object) => control('PUT', '/manner', { scopes, skewSeconds: 0, ...more })
afterEach(async () => {
  await control('DELETE', '/faults')
  await manner({})
})

/** Runs it with exactly these settings. */
const doctor = (settings: Record<string, string>, ...flags: string[]): Promise<Run> =>
  new Promise((resolve) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TOCSIN_RUNBOOKS: join(folder, 'good'),
      TOCSIN_DATA: join(folder, 'data'),
      FALLBACK_EMAIL: 'bob@example.test',
      ...settings,
    }
    execFile(process.execPath, [join(root, 'src/doctor-cli.ts'), ...flags], { cwd: root, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
const found = ({ out }: Run): Finding[] => (JSON.parse(out) as { findings: Finding[] }).findings
const bad = (run: Run): Finding[] => found(run).filter(({ level }) => level !== 'ok')

const live = async (): Promise<Record<string, string>> => ({
  SLACK_BOT_TOKEN: botToken,
  SLACK_SIGNING_SECRET: signingSecret,
  SLACK_API_URL: world.slackApiUrl,
  GITHUB_TOKEN: 'ghp_test',
  GITHUB_REPOSITORY: 'acme/incidents',
  GITHUB_API_URL: world.githubApiUrl,
  SUPABASE_URL: world.supabaseUrl,
  SUPABASE_SECRET_KEY: world.supabaseSecretKey,
  DATABASE_URL: await freshDatabase(),
  ALERT_TOKEN: 'a-token-of-16-letters',
})

describe('without settings', () => {
  test('says what is embedded, examines the rest, and finds nothing wrong', async () => {
    const run = await doctor({})
    expect(run.err).toBe('')
    expect(run.out)
      .toBe(`✔ settings: Slack embedded, GitHub embedded, Supabase embedded, database embedded; what is embedded runs on this machine and publishes nothing
✔ alarm: off: nobody is told when Slack cannot be used
✔ catalogue: 1 product, 1 check
✔ templates: postmortem renders
✔ checks: Acme can be reached

0 errors, 0 warnings
`)
    expect(run.code).toBe(0)
  })

  test('the catalogue of this repository has warnings only', async () => {
    const run = await doctor({ TOCSIN_RUNBOOKS: 'runbooks', FALLBACK_EMAIL: '' }, '--static')
    expect(run.out).toMatch(/\n0 errors, \d+ warnings\n$/)
    expect(run.out).toContain('⚠ runbooks/schnittwerk/service.yml:85:1 ladder: a P1 of SCHNITTWERK reaches nobody: set FALLBACK_EMAIL')
    expect(run.code).toBe(0)
    expect((await doctor({ TOCSIN_RUNBOOKS: 'runbooks' }, '--static', '--strict')).code).toBe(1)
  })
})

describe('with settings that cannot be used', () => {
  test('names every problem, examines the rest, and exits with 2', async () => {
    const run = await doctor({
      PORT: 'many',
      SLACK_BOT_TOKEN: botToken,
      SMTP_URL: 'mail.example.test',
      ALARM_EMAIL_TO: 'nobody',
      ALARM_WEBHOOK_SECRET: secrets.webhook,
    })
    expect(run.code).toBe(2)
    for (const part of [
      '✘ settings: PORT must be a number from 0 to 65535 → ',
      '✘ settings: SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN) is missing: Slack is half configured (SLACK_BOT_TOKEN set).',
      '✘ settings: SMTP_URL must start with smtp:// or smtps://',
      '✘ settings: ALARM_EMAIL_TO must be e-mail addresses',
      '✘ settings: ALARM_EMAIL_FROM is missing: The alarm by e-mail is half configured',
      '✘ settings: ALARM_WEBHOOK_URL is missing: The alarm by webhook is half configured (ALARM_WEBHOOK_SECRET set).',
      '✔ catalogue: ',
    ])
      expect(run.out).toContain(part)
    expect(run.out).not.toContain(secrets.webhook)
  })

  test('an unknown flag is no reason to guess', async () => {
    const run = await doctor({}, '--statik')
    expect(run.code).toBe(2)
    expect(run.err).toContain('--static')
    expect((await doctor({}, '--help')).out).toContain('--strict')
  })
})

describe('with services', () => {
  test('all is well: exit code 0', async () => {
    await manner({})
    await using mail = await startSmtp({ user: { name: 'tocsin', password: secrets.smtp } })
    const run = await doctor(
      {
        ...(await live()),
        ALARM_WEBHOOK_URL: `${target.url}/hook`,
        SMTP_URL: `smtp://tocsin:${secrets.smtp}@127.0.0.1:${mail.port}`,
        ALARM_EMAIL_TO: 'team@example.test',
        ALARM_EMAIL_FROM: 'tocsin@example.test',
      },
      '--json',
    )
    // What the target answers, 503, is a check's business.
    expect(bad(run).map(({ level, what }) => `${level} ${what}`)).toEqual([
      'warning acme/incidents is public: everybody can read the post-mortems',
    ])
    expect(run.code).toBe(0)
    expect(found(run).map(({ where, what }) => `${where}: ${what}`)).toEqual(
      expect.arrayContaining([
        'Slack: the token is tocsin’s in Local workspace',
        `Slack: all ${scopes.length} scopes`,
        'clock: agrees with Slack’s',
        'clock: agrees with the database’s',
        'channels: #incidents will be made',
        'people: everybody who may be called is in this workspace',
        'GitHub: whoever the token belongs to may write',
        'Supabase: all 6 tables, views and functions',
        'database: its tables are there',
        'alarm: by webhook',
        'alarm: by e-mail',
        'checks: Acme can be reached',
      ]),
    )
    expect(mail.mails).toEqual([])
  })

  test('each thing that is wrong is named with what to do, and no secret is', async () => {
    write(
      'bad/acme/service.yml',
      acme('http://localhost.invalid', 'alerts: { secrets: { generic: ACME_ALERT_SECRET } }\n').replace('carol@', 'nobody@'),
    )
    write(
      'bad/shop/service.yml',
      'name: Shop\ncontacts: { only: { name: Ghost, email: ghost@example.test, slackGroup: S0NOSUCH } }\nladder: [only]\n',
    )
    await manner({ scopes: [...scopes.filter((scope) => scope !== 'pins:write'), 'im:write'], skewSeconds: -400 })
    const slack = new WebClient('xoxp-bob', { slackApiUrl: world.slackApiUrl })
    const { channel } = await slack.conversations.create({ name: 'old-news' })
    await slack.conversations.archive({ channel: channel?.id ?? '' })
    await using bare = await testWorld({ supabase: {} })

    const run = await doctor(
      {
        ...(await live()),
        TOCSIN_RUNBOOKS: join(folder, 'bad'),
        SLACK_ANNOUNCE_CHANNEL: '#old-news',
        GITHUB_WEBHOK_SECRET: 'x',
        GITHUB_TOKEN: 'ghp_wrong_0123456789abcdef',
        SUPABASE_URL: bare.supabaseUrl,
        SUPABASE_SECRET_KEY: bare.supabaseSecretKey,
        DATABASE_URL: 'postgres://tocsin:s3cretpassword@127.0.0.1:1/nothing',
        ALARM_WEBHOOK_URL: 'http://127.0.0.1:1/hooks/h00k-s3cret',
        ALARM_WEBHOOK_SECRET: secrets.webhook,
      },
      '--json',
    )
    expect(run.code).toBe(1)
    const lines = bad(run).map(({ level, where, what, todo }) => `${level} ${where}: ${what} → ${todo}`)
    expect(lines).toEqual([
      'warning GITHUB_WEBHOK_SECRET: is no setting; did you mean GITHUB_WEBHOOK_SECRET? → Rename it to GITHUB_WEBHOOK_SECRET, or take it away.',
      'warning ACME_ALERT_SECRET: is not set: without it alerts to /alerts/generic/acme are refused → Set it to Acme’s secret in the environment of the bot.',
      'error Slack: the token lacks pins:write → Install the app again from manifest.yml, and set SLACK_BOT_TOKEN to the new token.',
      'warning Slack: the token may more than the bot needs: im:write → Take them away from the app, and install it again.',
      'error clock: this machine’s clock is 6 min ahead of Slack’s: every command and event is refused as a replay → Set the clock of this machine by NTP (`timedatectl set-ntp true`, or the host’s settings).',
      'error SLACK_ANNOUNCE_CHANNEL: #old-news is archived → Unarchive it, or name another channel.',
      'error Shop: Ghost: there is no user group S0NOSUCH → Correct the id of the group in service.yml, or make the group in Slack.',
      'warning Acme: Carol: nobody@example.test is nobody in this workspace → Invite them to Slack, or correct the address in service.yml or in the variable that stands for it.',
      'error GitHub: Bad credentials - https://docs.github.com/rest → Give the token read and write access to contents and pull requests of GITHUB_REPOSITORY.',
      'error Supabase: lacks incidents, timeline_entries, postmortems, incident_times, incident_metrics, publish_incident → Apply supabase/migrations to the project: `supabase db push`, or paste them into the SQL editor.',
      'error DATABASE_URL: cannot be used: connect ECONNREFUSED 127.0.0.1:1 → Check host, user, password and database name, and whether the server runs.',
      expect.stringMatching(/^error alarm: by webhook does not work: .* → Check ALARM_WEBHOOK_URL and ALARM_WEBHOOK_SECRET\.$/) as string,
      'warning Acme: health: http://localhost.invalid/health cannot be asked: The name of localhost.invalid does not resolve. (ENOTFOUND) → Correct the host in service.yml, or look at the DNS of this machine.',
    ])
    expect(run.out + run.err).not.toMatch(/s3cret|h00k|ghp_wrong|sb_secret|xoxb/)
  })

  test('the bot itself looks after its start, says what it found in the log and in /health, and works on', async () => {
    await manner({ scopes: scopes.filter((scope) => scope !== 'pins:write') })
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, join(root, 'src/main.ts')], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        TOCSIN_RUNBOOKS: join(folder, 'good'),
        TOCSIN_DATA: join(folder, 'data'),
        PORT: '0',
        LOG_LEVEL: 'warn',
        ...(await live()),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()))
    try {
      const url = await until(() => /ready at (\S+)/.exec(said.out)?.[1], 'the banner')
      expect(said.out).toContain('Alarm      off: nobody is told when Slack cannot be used; set ALARM_WEBHOOK_URL')
      const health = await until(async () => {
        const state = (await (await fetch(`${url}/health`)).json()) as { status: string; problems: string[]; services: object }
        return state.problems.length > 0 ? state : null
      }, 'what the doctor found')
      expect(health).toMatchObject({ status: 'degraded', services: { slack: 'healthy', database: 'healthy' } })
      expect(health.problems).toEqual([
        'Slack: the token lacks pins:write',
        'GitHub: acme/incidents is public: everybody can read the post-mortems',
      ])
      expect(said.err).toMatch(
        /"where":"Slack","what":"the token lacks pins:write","todo":"Install the app again.*the doctor found an error/,
      )
    } finally {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  })
})
