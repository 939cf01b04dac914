/** Composition root: settings → adapters, embedded or live → start, stop. Nothing imports it. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { writeBackup } from './backup.ts'
import { type Bot, startBot } from './bot.ts'
import { loadCatalogue, type Product } from './catalogue.ts'
import { noProducts } from './catalogue/files.ts'
import { type Config, parseConfig, SettingsFault } from './config.ts'
import type { Log } from './define.ts'
import { examineLive } from './doctor.ts'
import { startWorldProcess, type WorldProcess } from './embedded/child.ts'
import { openLog } from './log.ts'
import { kindsOf, loadRegistry, type Registry } from './registry.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A secret that is made once and kept beside the embedded database. */
const keptSecret = (folder: string, name: string): string => {
  const file = join(folder, name)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const secret = randomBytes(24).toString('base64url')
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
    return secret
  }
}

const productsOf = ({ runbooks, templates }: Config, registry: Registry): Product[] => {
  const { catalogue } = loadCatalogue({ runbooks, templates, ...kindsOf(registry) })
  return [...(catalogue?.products.values() ?? [])]
}

/** The settings that products name as secrets. */
const secretNames = (config: Config, registry: Registry): string[] => productsOf(config, registry).flatMap(({ secrets }) => [...secrets])

/** The people of the local workspace: a small team, and everybody whom the catalogue names by e-mail. */
const localPeople = (config: Config, registry: Registry) => {
  const team = ['alice', 'bob', 'carol', 'dave'].map((name) => ({
    name,
    email: `${name}@example.test`,
    realName: name.charAt(0).toUpperCase() + name.slice(1),
  }))
  const named = productsOf(config, registry).flatMap((product) =>
    [...product.contacts.values()].flatMap(({ email, name }) =>
      email === undefined
        ? []
        : [
            {
              name: email
                .toLowerCase()
                .replace('@', '.')
                .replace(/\.[^.]+$/, ''),
              email,
              realName: `${product.name}: ${name}`,
            },
          ],
    ),
  )
  const byEmail = new Map([...team, ...named].map((person) => [person.email.toLowerCase(), person]))
  return [...byEmail.values()]
}

const startWorld = (config: Config, registry: Registry): Promise<WorldProcess> => {
  const folder = config.data
  return startWorldProcess(
    {
      port: Number(process.env['TOCSIN_WORLD_PORT'] ?? (config.port === 0 ? 0 : config.port + 1)),
      users: localPeople(config, registry),
      bot: { token: 'xoxb-local', name: 'tocsin', signingSecret: keptSecret(folder, 'slack-signing-secret') },
      github: { token: 'ghp_local', owner: 'acme', repo: 'incidents' },
      supabase: { dataDir: join(folder, 'supabase'), migrations: join(root, 'supabase/migrations') },
    },
    folder,
  )
}

const off = 'off: not configured'

const alarmWays = ({ alarm: { webhook, email } }: Config): string => {
  const ways = [...(webhook === null ? [] : ['webhook']), ...(email === null ? [] : ['e-mail'])]
  return ways.length === 0
    ? 'off: nobody is told when Slack cannot be used; set ALARM_WEBHOOK_URL, or SMTP_URL with ALARM_EMAIL_TO and ALARM_EMAIL_FROM'
    : `by ${ways.join(' and ')}, when Slack cannot be used`
}

const banner = (
  config: Config,
  bot: { url: string; problems: readonly string[]; warnings: readonly string[]; unreachable: Readonly<Record<string, string>> },
  world: WorldProcess | null,
  alertToken: string | undefined,
): string => {
  const line = (name: string, text: string) => `  ${name.padEnd(11)}${text}`
  const slack =
    world !== null && config.slack.mode === 'embedded'
      ? `embedded at ${world.slackApiUrl}; nothing is published`
      : config.slack.mode === 'live' && config.slack.live.appToken !== undefined
        ? 'live, over sockets'
        : 'live'
  const state = (mode: string, embeddedAt: string | undefined) =>
    mode === 'live' ? 'live' : mode === 'off' ? off : `embedded at ${embeddedAt}`
  return [
    '',
    `Tocsin is ready at ${bot.url}`,
    line('Slack', slack),
    line('GitHub', state(config.github.mode, world?.githubApiUrl)),
    line('Supabase', state(config.supabase.mode, world?.supabaseUrl)),
    line('Database', config.databaseUrl === undefined ? `embedded in ${join(config.data, 'db')}` : 'PostgreSQL'),
    line('Health', `${bot.url}/health`),
    line('Metrics', `${bot.url}/metrics`),
    line(
      'Alerts',
      `${bot.url}/alerts/alertmanager and /alerts/generic${alertToken === undefined ? ' – refused until ALERT_TOKEN is set' : ''}`,
    ),
    ...(alertToken !== undefined && config.alertToken === undefined ? [line('', `with Authorization: Bearer ${alertToken}`)] : []),
    line('Alarm', alarmWays(config)),
    ...Object.entries(bot.unreachable).map(
      ([service, why]) => `  ⚠ ${service} is ${why}. What is for it is kept, and sent when it answers.`,
    ),
    ...[...bot.problems, ...bot.warnings].map((problem) => `  ⚠ ${problem}`),
    ...(world === null ? [] : ['', 'Try it from another terminal:', "  npm run slack -- --as alice --in general '/incident help'"]),
    '',
  ].join('\n')
}

/** Writes a backup of the embedded database whenever SIGUSR2 asks for one, as `npm run backup` does. */
const backUpOnSignal = (data: string, log: Log): { bot?: Bot } => {
  const running: { bot?: Bot } = {}
  const backUp = async () => {
    const dump = await running.bot?.store.dump()
    if (running.bot === undefined || dump === null || dump === undefined) log.warn({}, 'there is no embedded database to back up')
    else log.info({ file: await writeBackup(data, dump, await running.bot.store.now()) }, 'backup written')
  }
  process.on('SIGUSR2', () => {
    backUp().catch((error: unknown) => log.error({ err: error }, 'backup failed'))
  })
  return running
}

const start = async (): Promise<void> => {
  const config = parseConfig(process.env)
  const none = noProducts(config.runbooks)
  if (none !== null) throw new SettingsFault([`TOCSIN_RUNBOOKS (${resolve(config.runbooks)}): ${none}`])
  const registry = await loadRegistry(root)
  const log = openLog(config.logLevel, process.env, { named: secretNames(config, registry) })
  // From now on the signal does not end the process.
  const running = backUpOnSignal(config.data, log)
  const embedded = [config.slack, config.github, config.supabase].some((group) => group.mode === 'embedded')
  mkdirSync(config.data, { recursive: true })
  const world = embedded ? await startWorld(config, registry) : null
  const alertToken = config.alertToken ?? (config.slack.mode === 'embedded' ? keptSecret(config.data, 'alert-token') : undefined)
  const bot = await startBot({
    registry,
    port: config.port,
    host: config.host,
    runbooks: config.runbooks,
    templates: config.templates,
    database: config.databaseUrl === undefined ? { dataDir: join(config.data, 'db') } : { url: config.databaseUrl },
    slack:
      config.slack.mode === 'live'
        ? { ...config.slack.live, mode: 'live' }
        : {
            botToken: 'xoxb-local',
            signingSecret: keptSecret(config.data, 'slack-signing-secret'),
            apiUrl: world?.slackApiUrl,
            mode: 'embedded',
          },
    freshWorkspace: config.slack.mode === 'embedded',
    freshCodeHost: config.github.mode === 'embedded',
    announceChannel: config.announceChannel,
    github:
      config.github.mode === 'live'
        ? config.github.live
        : config.github.mode === 'off'
          ? null
          : { token: 'ghp_local', repository: 'acme/incidents', apiUrl: world?.githubApiUrl },
    supabase:
      config.supabase.mode === 'live'
        ? config.supabase.live
        : config.supabase.mode === 'off' || world === null
          ? null
          : { url: world.supabaseUrl, secretKey: world.supabaseSecretKey },
    alarm: config.alarm,
    alertToken,
    doorFile: join(config.data, 'terminal.json'),
    webhookSecrets: config.webhookSecrets,
    environment: process.env,
    examine: (inside) =>
      examineLive({
        ...inside,
        config,
        environment: process.env,
        registry,
        // Embedded, nothing goes out but what somebody asks for.
        reach: config.slack.mode === 'live',
        thorough: false,
        now: () => Date.now(),
        wait: (ms) => sleep(ms, undefined, { ref: false }),
        log,
      }),
    clock: () => Date.now(),
    log,
  })
  running.bot = bot
  if (world !== null) {
    await fetch(`${world.url}/world/bot-url`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: bot.url }),
    })
  }
  process.stdout.write(banner(config, bot, world, alertToken))

  let stopping = false
  const stop = (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    bot
      .stop()
      .then(() => world?.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed')
          process.exit(1)
        },
      )
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
}

start().catch((error: unknown) => {
  const known = error instanceof SettingsFault
  process.stderr.write(
    `${known ? error.message : error instanceof Error ? `Tocsin did not start: ${error.message}${error.cause instanceof Error ? `\n  ${error.cause.message}` : ''}` : String(error)}\n`,
  )
  if (!known && process.env['LOG_LEVEL'] === 'debug' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
