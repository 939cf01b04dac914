/** Claim: 50 commands a second, with the database, are answered at p50 within 10 ms and at p99 within 100 ms; and with the database
 *  frozen for 10 s every command is still answered within 2.5 s. Baseline in the same run: a bare Bolt app that only acknowledges. */
import { type ChildProcess, fork } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../test/postgres.ts'
import { testWorld } from '../test/embedded/world.ts'
import { baseline, claim, percentile, ratio } from './claim.ts'

const rate = 50
const seconds = Number(process.env['BENCH_SECONDS'] ?? 20)
const incidents = 10
const signingSecret = 'bench-signing-secret'

let sent = 0
/** Ids of people of the workspace: others are refused before anything is asked of the database. */
let people: readonly string[] = []
/** Sends one signed slash command as Slack does; gives how long the answer took, and its text. */
const command = async (
  url: string,
  text: string,
  channel = 'C0GENERAL',
  responseUrl = 'http://127.0.0.1:9/',
): Promise<{ took: number; body: string }> => {
  sent += 1
  const body = new URLSearchParams({
    command: '/incident',
    text,
    team_id: 'T000000001',
    user_id: people[sent % people.length] ?? '',
    user_name: `bench${sent % people.length}`,
    channel_id: channel,
    channel_name: 'general',
    response_url: responseUrl,
    trigger_id: `${sent}`,
    api_app_id: 'A0BENCH',
  }).toString()
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`
  const started = performance.now()
  const response = await fetch(`${url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signature,
    },
    body,
  })
  const answer = await response.text()
  return { took: performance.now() - started, body: answer }
}

/** `rate` commands a second for `seconds`, each at its own time, whether or not those before have been answered. */
const load = async (url: string, text: (index: number) => string): Promise<{ times: number[]; empty: number }> => {
  const started = performance.now()
  const answers: Promise<{ took: number; body: string }>[] = []
  for (let index = 0; index < rate * seconds; index += 1) {
    await sleep(Math.max(0, started + (index * 1000) / rate - performance.now()))
    answers.push(command(url, text(index)))
  }
  const done = await Promise.all(answers)
  return { times: done.map(({ took }) => took).toSorted((a, b) => a - b), empty: done.filter(({ body }) => body === '').length }
}

const start = async (file: string, environment: Record<string, string>): Promise<{ child: ChildProcess; url: string }> => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await once(child, 'message')) as [{ url: string }]
  return { child, url: message.url }
}

const main = async () => {
  await using postgres = await startPostgres({ durable: true })
  await using world = await testWorld({ bot: { token: 'xoxb-bench', name: 'tocsin', signingSecret } })
  const workspace = (await (await fetch(`${world.url}/world/workspace`)).json()) as { people: { id: string }[] }
  people = workspace.people.map(({ id }) => id)
  const bare = await start('bare-bolt.ts', { SIGNING_SECRET: signingSecret })
  const bot = await start('bot-process.ts', {
    DATABASE_URL: await postgres.createDatabase('bench'),
    SLACK_API_URL: world.slackApiUrl,
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_SIGNING_SECRET: signingSecret,
    LOG_LEVEL: 'error',
  })
  try {
    for (let index = 1; index <= incidents; index += 1) {
      const { body } = await command(bot.url, `new napoleon P3 Bench ${index}`)
      // Without incidents every answer would be a quick refusal.
      if (!body.includes(`INC-${index} P3`)) throw new Error(`no incident was opened: ${body.slice(0, 300)}`)
    }
    const mixed = (index: number) =>
      index % 5 === 0
        ? 'list'
        : index % 5 === 1
          ? `status INC-${(index % incidents) + 1}`
          : `note INC-${(index % incidents) + 1} measured ${index}`
    await Promise.all([command(bare.url, 'list'), command(bot.url, 'list')])
    const plain = await load(bare.url, mixed)
    const real = await load(bot.url, mixed)
    for (const [name, share, most] of [
      ['p50', 0.5, 10],
      ['p99', 0.99, 100],
    ] as const) {
      const [alone, ours] = [percentile(plain.times, share), percentile(real.times, share)]
      baseline(`bare Bolt, acknowledges only, ${name}`, alone, 'ms')
      claim(`answered, ${rate} commands a second, ${name}`, ours, 'ms', { most })
      ratio('  of it', ours / alone)
    }
    claim('answers without a text', real.empty, '', { most: 0 })

    postgres.freeze()
    const frozen: Promise<{ took: number; body: string }>[] = []
    const began = performance.now()
    while (performance.now() - began < 10_000) {
      frozen.push(command(bot.url, `note INC-${(frozen.length % incidents) + 1} while frozen ${frozen.length}`))
      await sleep(100)
    }
    postgres.thaw()
    const slowest = Math.max(...(await Promise.all(frozen)).map(({ took }) => took))
    claim(`slowest of ${frozen.length}, database frozen for 10 s`, slowest, 'ms', { most: 2_500 })
  } finally {
    bot.child.kill('SIGKILL')
    bare.child.kill('SIGKILL')
  }
}

await main()
