/** Speaks to the bot in the local workspace from a terminal, and shows what came of it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs, styleText } from 'node:util'
import { changesBetween, type ChannelChange, type Snapshot } from './changes.ts'
import type { Call } from './gate.ts'
import { formLines, submittedLines } from './form.ts'
import { isJson, object, parsed, string, type Json } from './json.ts'
import type { Acted } from './people.ts'
import { plainMessage, plainText, type Names } from './plain.ts'
import type { Received } from './responses.ts'
import type { TrueChannel, TrueMessage } from './truth.ts'
import type { Workspace } from './workspace.ts'

const USAGE = `usage: npm run slack -- --as alice --in general '/incident list'
       npm run slack -- --as alice --in general --press ack     press a button by its id or label
       npm run slack -- --as alice --submit title='Payments fail' --submit severity=P1
                                                                fill in and send the form that was shown; what is left out stays as it is
       npm run slack -- --read general                          show a whole channel
       npm run slack -- --as bob --in inc-1-… --do react --name pushpin --on 'Deploy of v142'
                                                                also pin, unpin, unreact, edit, remove, shortcut (the newest message with
                                                                these words), home
       --say writes a plain message, --value says which of several buttons, --url says where the world is`

const QUIET_MS = 1_500
const LONGEST_MS = 8_000
const READS = /list|info|history|replies|members|lookup|auth\.test/

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    as: { type: 'string', default: 'alice' },
    in: { type: 'string', default: 'general' },
    press: { type: 'string' },
    value: { type: 'string' },
    ts: { type: 'string' },
    submit: { type: 'string', multiple: true },
    say: { type: 'boolean', default: false },
    do: { type: 'string' },
    on: { type: 'string', default: '' },
    name: { type: 'string', default: '' },
    read: { type: 'string' },
    url: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

// Whoever reads may have seen enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const print = (line = ''): void => void process.stdout.write(`${line}\n`)
const dim = (text: string): string => styleText('dim', text)

const worldUrl = async (): Promise<string> => {
  if (options.url) return options.url.replace(/\/$/, '')
  const file = join(process.env['TOCSIN_DATA'] || '.tocsin', 'world.json')
  return string(object(parsed(await readFile(file, 'utf8').catch(() => '')))['url']) || 'http://127.0.0.1:3001'
}

const url = await worldUrl()

const ask = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
  const response = await fetch(`${url}/world${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  }).catch(() => {
    throw new Error(`there is no local workspace at ${url}: run \`npm start\` in another terminal first`)
  })
  const answer = parsed(await response.text())
  if (!response.ok) throw new Error(isJson(answer) ? string(answer['error']) : `the world answered ${response.status}`)
  return answer as Answer
}

const snapshot = async (): Promise<Snapshot> => {
  const channels = await ask<TrueChannel[]>('GET', '/channels')
  const entries = await Promise.all(
    channels.map(
      async (channel) =>
        [channel.id, { ...channel, messages: await ask<TrueMessage[]>('GET', `/channels/${channel.id}/messages`) }] as const,
    ),
  )
  return new Map(entries)
}

const namesIn = async (channels: Iterable<TrueChannel>): Promise<Names> => {
  const workspace = await ask<Workspace>('GET', '/workspace')
  return {
    users: new Map([...workspace.people, workspace.bot].map((user) => [user.id, user.name])),
    groups: new Map(workspace.groups.map((group) => [group.id, group.handle])),
    channels: new Map([...channels].map((channel) => [channel.id, channel.name])),
  }
}

/** Until nothing was written for a while. */
const quiet = async (since: number): Promise<void> => {
  const until = Date.now() + LONGEST_MS
  let last = Date.now()
  while (Date.now() < until && Date.now() - last < QUIET_MS) {
    await sleep(150)
    const writes = (await ask<Call[]>('GET', `/calls?since=${since}`)).filter(
      (call) => call.service === 'slack' && !READS.test(call.method),
    )
    last = Math.max(last, ...writes.map((call) => call.at + call.took))
  }
}

const clock = (ts: string): string => new Date(Number(ts.split('.')[0]) * 1000).toTimeString().slice(0, 5)
const who = (id: string, names: Names): string => names.users.get(id) ?? id

const printMessage = (message: TrueMessage, names: Names, mark = ''): void => {
  const whisper = message.ephemeralTo ? dim(` (only ${who(message.ephemeralTo, names)} sees this)`) : ''
  const edited = mark || (message.edited ? dim(' (edited)') : '')
  print(
    `  ${dim(clock(message.ts))} ${styleText('bold', who(message.user, names))}${message.thread_ts ? dim(' ↳') : ''}${edited}${whisper}`,
  )
  for (const line of plainMessage(message, names)) print(`    ${line}`)
}

const printChange = (change: ChannelChange, names: Names): void => {
  const { channel } = change
  const state = [channel.isPrivate ? 'private' : '', change.isNew ? 'new' : '', change.archived ? 'archived' : '']
    .filter(Boolean)
    .join(', ')
  print(`\n${styleText(['bold', 'cyan'], `#${channel.name}`)}${state ? dim(` (${state})`) : ''}`)
  if (change.topic !== null) print(`  topic: ${plainText(change.topic, names)}`)
  if (change.joined.length > 0) print(`  joined: ${change.joined.map((id) => who(id, names)).join(', ')}`)
  if (change.left.length > 0) print(`  left: ${change.left.map((id) => who(id, names)).join(', ')}`)
  for (const bookmark of change.bookmarked) print(`  bookmark: ${bookmark.title} ${dim(bookmark.link)}`)
  for (const { message, was } of change.messages) {
    const pinned = change.pinned.includes(message.ts) ? ' 📌' : ''
    printMessage(message, names, `${pinned}${was === 'edited' ? styleText('yellow', ' (edited)') : ''}`)
  }
  if (change.deleted > 0) print(`  ${change.deleted} message(s) deleted`)
}

/** What only the person who asked got to see: it is printed as the answer, not among the changes. */
const printAnswer = (acted: Acted, received: Received[], names: Names): void => {
  if (acted.status !== 200) print(`the bot answered ${acted.status || 'nothing'}: ${acted.body.slice(0, 300)}`)
  else if (acted.late) print(dim(`late: ${Math.round(acted.took)} ms, Slack would have shown an error`))
  for (const answer of received) for (const line of plainMessage(answer, names)) print(line)
}

type OpenForm = { id: string; user: string; open: boolean; view: Json }

/** The forms that whoever acts has open. */
const openForms = async (): Promise<OpenForm[]> => {
  const { people } = await ask<Workspace>('GET', '/workspace')
  const me = people.find(({ name, id }) => [name, id].includes(options.as.replace(/^@/, '')))?.id
  return (await ask<OpenForm[]>('GET', '/views')).filter(({ user, open, view }) => open && user === me && view['type'] === 'modal')
}

const act = async (): Promise<Acted> => {
  const common = { as: options.as, in: options.in }
  if (options.press !== undefined)
    return ask('POST', '/press', {
      ...common,
      action: options.press,
      ...(options.value === undefined ? {} : { value: options.value }),
      ...(options.ts === undefined ? {} : { ts: options.ts }),
    })
  if (options.submit) {
    const pairs = options.submit.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
    return {
      ...(await ask<Acted>('POST', '/submit', { as: options.as, values: Object.fromEntries(pairs) as object })),
      id: '',
      responses: [],
    }
  }
  const text = positionals.join(' ')
  if (options.do !== undefined) {
    await deed(options.do)
    return { status: 200, took: 0, body: '', headers: {}, late: false, id: '', responses: [] }
  }
  if (!options.say) return ask('POST', '/command', { ...common, text })
  await ask('POST', '/say', { ...common, text })
  return { status: 200, took: 0, body: '', headers: {}, late: false, id: '', responses: [] }
}

/** What somebody does to a message; what their home shows afterwards. */
const deed = async (what: string): Promise<void> => {
  const all = await ask<TrueMessage[]>('GET', `/channels/${encodeURIComponent(options.in.replace(/^#/, ''))}/messages`)
  const ts = options.ts ?? all.findLast(({ text, ephemeralTo }) => ephemeralTo === undefined && text.includes(options.on))?.ts
  const order = { as: options.as, in: options.in, ts, name: options.name, text: positionals.join(' '), callback: 'declare' }
  await ask('POST', `/${what}`, order)
  if (what !== 'home') return
  const { view } = await ask<{ view: { blocks: unknown } | null }>('GET', `/home/${options.as}`)
  const names = await namesIn(await ask<TrueChannel[]>('GET', '/channels?detail=false'))
  for (const line of plainMessage({ text: '', blocks: view?.blocks }, names)) print(line)
}

const read = async (channel: string): Promise<void> => {
  const [described, messages] = await Promise.all([
    ask<TrueChannel>('GET', `/channels/${encodeURIComponent(channel.replace(/^#/, ''))}`),
    ask<TrueMessage[]>('GET', `/channels/${encodeURIComponent(channel.replace(/^#/, ''))}/messages`),
  ])
  const names = await namesIn(await ask<TrueChannel[]>('GET', '/channels?detail=false'))
  print(`${styleText(['bold', 'cyan'], `#${described.name}`)} ${dim(described.members.map((id) => who(id, names)).join(', '))}`)
  if (described.topic) print(`  topic: ${plainText(described.topic, names)}`)
  for (const message of messages) printMessage(message, names, described.pins?.includes(message.ts) ? ' 📌' : '')
}

const run = async (): Promise<void> => {
  if (options.read !== undefined) return read(options.read)
  if (options.do === 'home') return deed('home')
  if (options.help || (options.do === undefined && positionals.length === 0 && options.press === undefined && !options.submit))
    return print(USAGE)
  const before = await snapshot()
  const formsBefore = new Map((await openForms()).map(({ id, view }) => [id, JSON.stringify(view)]))
  const since = Date.now()
  const acted = await act()
  await quiet(since)
  const received = acted.id ? (await ask<{ responses: Received[] }>('GET', `/responses/${acted.id}`)).responses : acted.responses
  const after = await snapshot()
  const names = await namesIn(after.values())
  printAnswer(
    acted,
    received.filter((each) => each.type === 'ephemeral'),
    names,
  )
  if (options.submit && acted.status === 200) for (const line of submittedLines(acted.body, names)) print(line)
  for (const { id, view } of await openForms()) {
    // Unchanged it was shown already, and what an answer has put in its place is shown above.
    const isNew = formsBefore.get(id) !== JSON.stringify(view)
    if (isNew && !options.submit) for (const line of formLines(view, options.as, names)) print(line)
  }
  const answers = new Set(received.map((each) => JSON.stringify([each.text, each.blocks])))
  for (const change of changesBetween(before, after)) {
    const messages = change.messages.filter(
      ({ message }) => !message.ephemeralTo || !answers.has(JSON.stringify([message.text, message.blocks])),
    )
    const other = change.isNew || change.topic !== null || change.joined.length + change.left.length + change.bookmarked.length > 0
    if (messages.length > 0 || other) printChange({ ...change, messages }, names)
  }
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
