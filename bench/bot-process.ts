/** The bot in a process of its own, for benchmarks: the same `startBot` as `main.ts`, with PostgreSQL and an emulated Slack. */
import { fileURLToPath } from 'node:url'
import { startBot } from '../src/bot.ts'
import { loadRegistry } from '../src/registry.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const quiet = () => undefined
const away = 'the database is away'
const bot = await startBot({
  registry: await loadRegistry(root),
  port: 0,
  host: '127.0.0.1',
  runbooks: `${root}runbooks`,
  templates: `${root}templates`,
  database: { url: process.env['DATABASE_URL'] ?? '' },
  slack: {
    botToken: process.env['SLACK_BOT_TOKEN'] ?? '',
    signingSecret: process.env['SLACK_SIGNING_SECRET'] ?? '',
    apiUrl: process.env['SLACK_API_URL'],
    mode: 'live',
  },
  freshWorkspace: false,
  announceChannel: 'incidents',
  github: null,
  supabase: null,
  alertToken: undefined,
  alarm: { webhook: null, email: null },
  webhookSecrets: {},
  environment: process.env,
  clock: () => Date.now(),
  // That the database is away is what `commands.ts` does to it.
  log: { debug: quiet, info: quiet, warn: quiet, error: (fields, message) => message !== away && console.error(message, fields) },
})
process.send?.({ url: bot.url })
