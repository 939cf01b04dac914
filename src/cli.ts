/** `npm run tocsin -- incident …`: the verbs from a terminal on the server. The bot that runs here carries them out; when none does and
 *  the database is PostgreSQL, this process does, and the next bot shows what came of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { guarded } from './adapters/fetch.ts'
import { loadCatalogue } from './catalogue.ts'
import { createChecks } from './checking.ts'
import { type Config, parseConfig } from './config.ts'
import type { Log } from './define.ts'
import { createControls } from './controls.ts'
import { createDigestNow, createGather } from './digest-facts.ts'
import { createHandle } from './handle.ts'
import { createWrittenMask } from './masking.ts'
import { createPerson, createWho } from './people.ts'
import { kindsOf, loadRegistry } from './registry.ts'
import { createRequests } from './requests.ts'
import { createDispatch } from './slack/dispatch.ts'
import { isAway } from './store/away.ts'
import { openStore } from './store/database.ts'
import { openQueue } from './store/queue.ts'
import { createTerminal, type TerminalAnswer, type TerminalRequest, wordsOf } from './terminal.ts'
import { createVerbContext } from './verbs.ts'
import type { Door } from './web/door.ts'

const usage = `Runs incidents from this terminal, also while Slack is away. What is done here follows in the channel, marked as late.

  npm run tocsin -- incident list
  npm run tocsin -- incident new <product> P1 Payments fail
  npm run tocsin -- incident INC-3 ack          or: incident ack INC-3, or: --incident INC-3 incident ack
  npm run tocsin -- incident INC-3 update Rolled back, watching next 30m
  npm run tocsin -- incident INC-3 files [2]    files that were kept; with a number, writes one here
  npm run tocsin -- incident help [verb]        every verb
  npm run tocsin -- diag <product> <check>      read-only checks

  --as <who>         who you are: your e-mail in Slack, or a key of people.yml. Without it, your account here, as not verified.
  --incident <id>    which record

Exit code: 0 done, 1 refused (standard error says why and what to do), 2 not understood, or no bot to ask.
`

/** How long the bot is waited for, in milliseconds. */
const patienceMs = 30_000

/** Nothing of the inside of the program belongs on a terminal, unless something failed. */
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => void process.stderr.write(`${message}: ${inspect(fields, { depth: 1 })}\n`),
}

class CannotAsk extends Error {}

const readDoor = (file: string): Door | null => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Door
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CannotAsk(`${file} cannot be read (${String(error)}). Use the account that the bot runs under.`, { cause: error })
  }
}

const isRefusedConnection = (error: unknown): boolean =>
  error instanceof Error && (error.cause as { code?: unknown } | undefined)?.code === 'ECONNREFUSED'

/** Null when no bot listens there. A command that may have arrived is never given to somebody else. */
const throughBot = async (door: Door, request: TerminalRequest): Promise<TerminalAnswer | null> => {
  try {
    const response = await fetch(door.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${door.token}` },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(patienceMs),
    })
    if (!response.ok) throw new CannotAsk(`The bot answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as TerminalAnswer
  } catch (error) {
    if (isRefusedConnection(error)) return null
    if (error instanceof CannotAsk) throw error
    throw new CannotAsk(`The bot gave no answer (${String(error)}). Look before you try again: npm run tocsin -- incident list`, {
      cause: error,
    })
  }
}

/** Carries the command out here; the jobs that it causes wait for the next bot. */
const directly = async (url: string, config: Config, request: TerminalRequest): Promise<TerminalAnswer> => {
  const registry = await loadRegistry(fileURLToPath(new URL('..', import.meta.url)))
  const { catalogue, problems } = loadCatalogue({
    runbooks: config.runbooks,
    templates: config.templates,
    ...kindsOf(registry),
    environment: process.env,
  })
  if (catalogue === null) throw new CannotAsk(`The templates cannot be used: ${problems[0]?.message ?? ''}`)
  const store = await openStore({ url, log, connections: 4 })
  try {
    const queue = await openQueue(store, {
      queues: [...registry.jobs].map(([name, job]) => ({ ...job, name, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 })),
      log,
    })
    const handle = createHandle({ store, queue })
    const now = () => new Date(Date.now()).toISOString()
    const checks = createChecks({
      catalogue,
      kinds: registry.checks,
      guarded,
      now,
      elapsed: () => performance.now(),
      environment: process.env,
      log,
    })
    // No service is watched from here.
    const facts = { store, queue, catalogue, ...checks, away: () => ({}) }
    const verbs = createVerbContext({
      store,
      queue,
      // The chat is not asked from here: whoever people.yml names is taken, as when the chat gives no answer.
      who: createWho({ glance: () => Promise.resolve('unknown') }, createPerson(catalogue)),
      resolve: (contact) => Promise.resolve(contact),
      handle,
      catalogue,
      verbs: registry.verbs,
      // Who asks from here cannot be told apart from anybody else; what is asked in Slack is.
      approvers: {
        identify: () => Promise.resolve({ identities: [] }),
        standing: () => Promise.resolve({ identities: [], basis: null }),
        lapsed: () => Promise.resolve('It is not asked from a terminal.'),
      },
      actions: createControls({ store, queue, handle, catalogue }),
      requests: createRequests({ catalogue, kinds: registry.actions, environment: process.env }),
      ...checks,
      digest: createDigestNow(facts, createGather(facts)),
      publishes: { codeHost: config.github.mode === 'live', record: config.supabase.mode === 'live' },
      mask: createWrittenMask(catalogue, process.env),
    })
    const answer = await createTerminal({
      dispatch: createDispatch(verbs),
      catalogue,
      byEmail: () => Promise.resolve('unknown'),
      databaseIsAway: isAway,
      log,
    })(request)
    await queue.stop(0)
    return answer
  } finally {
    await store.close()
  }
}

/** The request, or null for help. */
const parse = (argv: readonly string[]): TerminalRequest | null => {
  const words: string[] = []
  const options = new Map<string, string>()
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (word !== '--as' && word !== '--incident') words.push(word)
    else {
      index += 1
      const value = argv[index]
      if (value === undefined) throw new CannotAsk(`${word} needs a value. npm run tocsin -- help`)
      options.set(word, value)
    }
  }
  const [command = 'help', ...rest] = words
  if (command === 'help' || command === '--help') return null
  if (command !== 'incident' && command !== 'diag') throw new CannotAsk(`There is no command ${command}. npm run tocsin -- help`)
  return {
    command,
    words: command === 'diag' ? rest.join(' ') : wordsOf(rest.length === 0 ? ['help'] : rest, options.get('--incident') ?? null),
    as: options.get('--as') ?? null,
    account: userInfo().username,
  }
}

/** Writes a kept file into the folder that the command was typed in, under its own name; what is there already stays. The name comes
 *  from whoever uploaded it. */
const writeKept = ({ name, content }: NonNullable<TerminalAnswer['file']>): void => {
  const folder = process.env['INIT_CWD'] ?? process.cwd()
  const path = join(folder, name.replace(/[^\p{L}\p{N} ._-]/gu, '_').replace(/^[. ]+/, '') || 'file')
  try {
    writeFileSync(path, Buffer.from(content, 'base64'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new CannotAsk(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  process.stdout.write(`Written to ${path}\n`)
}

const run = async (): Promise<number> => {
  const request = parse(process.argv.slice(2))
  if (request === null) {
    process.stdout.write(usage)
    return 0
  }
  const config = parseConfig(process.env)
  const file = join(config.data, 'terminal.json')
  const door = readDoor(file)
  const answer =
    (door === null ? null : await throughBot(door, request)) ??
    (config.databaseUrl === undefined ? null : await directly(config.databaseUrl, config, request))
  if (answer === null)
    throw new CannotAsk(
      `No bot runs on this data folder (looked in ${file}). Start it with npm start, or set TOCSIN_DATA to its folder. Without a bot commands need DATABASE_URL.`,
    )
  if (answer.file !== undefined) writeKept(answer.file)
  ;(answer.refused ? process.stderr : process.stdout).write(`${answer.text}\n`)
  return answer.refused ? 1 : 0
}

try {
  process.exitCode = await run()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
