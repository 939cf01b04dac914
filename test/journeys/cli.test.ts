/** 20, Slack down: the incident is run from a terminal on the server, and the channel tells all of it when Slack is back. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { createHandle } from '../../src/handle.ts'
import { saveFile } from '../../src/store/files.ts'
import { type Door, openDoor } from '../../src/web/door.ts'
import { firing, group, root, startTestBot, type TestBot } from '../bot.ts'
import { recorder } from '../silent.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

/** A port where nobody listens. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

type Ran = { readonly code: number; readonly out: string; readonly err: string }

const data = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))
const doorFile = join(data, 'terminal.json')
afterAll(() => rmSync(data, { recursive: true, force: true }))

/** Runs the program as its own process, as on a server. */
const runWith =
  (environment: Record<string, string>) =>
  (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(root, 'src/cli.ts'), ...args],
        { cwd: root, env: { PATH: process.env['PATH'], TOCSIN_DATA: data, ...environment } },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })
const run = runWith({})

/** So many minutes pass for what was recorded. */
const pass = (bot: TestBot, id: string, minutes: number) =>
  sql`update tocsin.event set text = replace(text, data ->> 'at', to_char((data ->> 'at')::timestamptz at time zone 'UTC' - make_interval(mins => ${minutes}::int), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) where incident = ${id}`.execute(
    bot.store.db,
  )

const people = 'bea:\n  name: Bea Beck\n  email: bob@example.test\n'

describe('through the bot that runs', () => {
  let bot: TestBot
  beforeAll(async () => {
    bot = await startTestBot({ github: false, files: { 'people.yml': people }, options: { doorFile } })
    // Slack has said who has Bob's e-mail.
    await until(async () => (await bot.calls()).some(({ method }) => method === 'users.lookupByEmail'), 'the contacts looked up')
    await bot.say('bob', 'general', '/incident list')
  })
  afterAll(() => bot[Symbol.asyncDispose]())
  beforeEach(() => bot.mend())

  test('Slack is away for an hour: alerts open, the terminal acknowledges, notes, reports and resolves', async () => {
    await bot.fault({ service: 'slack', kind: 'status', status: 503, times: 0 })
    expect((await bot.alert(group(firing('CheckoutErrors', { summary: 'The checkout fails' })))).status).toBe(202)
    await until(async () => bot.incident('INC-1'), 'INC-1')
    await until(async () => (await bot.health()).status === 'degraded', 'a degraded bot')
    expect((await bot.health()).services['slack']).toContain('unreachable')

    const list = await run('incident', 'list')
    expect(list).toMatchObject({ code: 0, err: '' })
    expect(list.out).toMatch(/1 open\n- INC-1 P1 .*Acme · The checkout fails/)
    const acked = await run('--as', 'bea', 'incident', 'INC-1', 'ack')
    expect(acked).toMatchObject({ code: 0, err: '' })
    expect(acked.out).toMatch(/^✅ INC-1 acknowledged after \d+ s\.\n$/)
    expect(await run('--as', 'BOB@example.test', 'incident', 'ack', 'INC-1')).toMatchObject({ code: 1, out: '' })
    expect((await run('incident', '--incident', 'INC-1', 'note', 'Restarted the worker')).out).toBe('INC-1: ✅ Noted.\n')
    expect((await run('--as', 'bea', 'incident', 'update', 'inc-1', 'Rolled back,', 'watching', 'next', '45m')).out).toContain(
      '✅ Update posted.',
    )
    expect((await run('--as', 'bea', 'incident', 'resolve', 'INC-1', 'Back to v141')).out).toContain('✅ INC-1 resolved.')
    expect((await run('incident', 'status', 'INC-1')).out).toMatch(
      /Resolved[\s\S]*Bea Beck \(terminal\): Resolved the incident: Back to v141/,
    )

    // An hour passes, and Slack is back.
    await pass(bot, 'INC-1', 60)
    await bot.mend()
    const channel = await bot.opened('INC-1')
    await bot.sees(channel, 'resolved after')
    await bot.sees('incidents', 'The checkout fails')
    await until(async () => (await bot.incident('INC-1')).failedSteps.length === 0, 'all steps mended')
    await until(async () => (await bot.health()).services['slack'] === 'healthy', 'a healthy Slack')
    await bot.idle()
    const texts = await bot.texts(channel)
    const told = ['please acknowledge', 'acknowledged after', 'Update Rolled back, watching', 'resolved after']
    const places = told.map((text) => texts.findIndex((shown) => shown.includes(text)))
    expect(places.every((place) => place >= 0)).toBe(true)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    for (const place of places.slice(1)) expect(texts[place]).toContain('🕓 Late: this happened')
    expect(new Set(texts).size).toBe(texts.length)
    const loaded = await bot.load('INC-1')
    expect(loaded?.events.find(({ event }) => event.type === 'noted')?.by).toMatchObject({
      id: `terminal:${userInfo().username}`,
      name: `${userInfo().username} (terminal, not verified)`,
      unverified: true,
    })
    // The same as when they type in Slack.
    expect(loaded?.events.find(({ event }) => event.type === 'acknowledged')?.by).toEqual({
      kind: 'person',
      id: `slack:${bot.user('bob')}`,
      name: 'Bea Beck (terminal)',
      slack: bot.user('bob'),
      via: 'terminal',
    })
  })

  test('while Slack is away nobody is said to be called: how they are reached is', async () => {
    await bot.fault({ service: 'slack', kind: 'status', status: 503, times: 0 })
    const opened = await run('--as', 'bea', 'incident', 'new', 'acme', 'P1', 'Nobody hears of this')
    expect(opened.out).toContain('Its channel opens when Slack can be used again.')
    expect(opened.out).toMatch(/nobody was called there yet[^]*\n- Bob: bob@example\.test\n- Carol: carol@example\.test/)
    const id = /INC-\d+/.exec(opened.out)?.[0] ?? ''
    const paged = await run('--as', 'bea', 'incident', 'page', id, 'second')
    expect(paged.out).toMatch(/nobody was called there yet[^]*\n- Carol: carol@example\.test\n$/)
    // Whoever is not known while Slack is away is invited when it is back.
    const own = /INC-\d+/.exec((await run('--as', 'dave@example.test', 'incident', 'new', 'acme', 'P3', 'Mine')).out)?.[0] ?? ''
    await bot.mend()
    await bot.sees(await bot.opened(id, 60_000), 'you are needed')
    const channel = await bot.opened(own, 60_000)
    await until(async () => (await bot.channel(channel)).members.includes(bot.user('dave')), 'who declared it')
  })

  test('what is refused says what to type, on standard error, with exit code 1', async () => {
    const refused = async (...args: string[]) => {
      const { code, out, err } = await run(...args)
      expect([code, out]).toEqual([1, ''])
      return err
    }
    expect(await refused('incident', 'ack', 'INC-99')).toBe('There is no INC-99. npm run tocsin -- incident list shows the open ones.\n')
    expect(await refused('incident', 'ack')).toContain('npm run tocsin -- incident ack INC-12')
    expect(await refused('incident', 'new')).toContain('The title is missing. For example npm run tocsin -- incident new')
    expect(await refused('incident', 'INC-1', 'note')).toContain('The text is missing')
    expect(await refused('incident', 'akc', 'INC-1')).toContain('Did you mean npm run tocsin -- incident ack')
    expect(await refused('--as', 'bae', 'incident', 'list')).toContain('Did you mean bea?')
    expect(await run('dance')).toMatchObject({ code: 2, err: expect.stringContaining('There is no command dance') as string })
    expect(await run('incident', 'list', '--as')).toMatchObject({ code: 2 })
    const help = await run('help')
    expect(help.code).toBe(0)
    expect(help.out).toContain('--as <who>')
    expect((await run('incident', 'help', 'ack')).out).toContain('npm run tocsin -- incident ack')
  })

  test('a kept file is written where the command was typed, once, under a name that leads nowhere else', async () => {
    await bot.say('alice', 'general', '/incident new acme P3 Files')
    const id = (await bot.store.db.selectFrom('incident').select('id').orderBy('number', 'desc').executeTakeFirstOrThrow()).id
    const channel = await bot.opened(id)
    const file = { id: 'F1', name: '../../evil\u001B.png', type: 'image/png', bytes: 8 }
    await saveFile(bot.store.db, id, file, Buffer.from('iVBORw0KGgo=', 'base64'))
    const kept = await createHandle({ store: bot.store, queue: bot.bot.queue }).handle(
      id,
      {
        type: 'keep-message',
        channel,
        ts: '1768381200.000100',
        text: 'Look',
        files: [file],
        link: null,
        keptBy: { kind: 'bot' },
        how: 'pin',
      },
      { kind: 'bot' },
    )
    expect(kept).not.toHaveProperty('refused')
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-files-'))
    const here = runWith({ INIT_CWD: folder })
    expect((await here('incident', id, 'files')).out).toContain(`npm run tocsin -- incident files ${id} 1`)
    expect(readdirSync(folder)).toEqual([])
    const got = await here('incident', id, 'files', '1')
    expect(got).toMatchObject({ code: 0, err: '' })
    const [name = ''] = readdirSync(folder)
    expect(got.out).toContain(`Written to ${join(folder, name)}`)
    expect(name).toMatch(/^_.*evil.*\.png$/)
    expect(readFileSync(join(folder, name)).toString('base64')).toBe('iVBORw0KGgo=')
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    expect(await here('incident', id, 'files', '1')).toMatchObject({ code: 2, err: expect.stringContaining('cannot be written') as string })
    rmSync(folder, { recursive: true })
  })

  const byOf = async (id: string) => (await bot.load(id))?.events.findLast(({ by }) => by.kind === 'person')?.by
  test('who has an e-mail of Slack is who they are there; one that nobody has is refused, with what to do', async () => {
    expect((await run('--as', 'Carol@Example.test', 'incident', 'new', 'acme', 'P4', 'Slow exports')).out).toContain('INC-')
    const id =
      /INC-\d+/.exec((await run('incident', 'list')).out.split('\n').find((line) => line.includes('Slow exports')) ?? '')?.[0] ?? ''
    expect((await bot.load(id))?.events[0]?.by).toEqual({
      kind: 'person',
      id: `slack:${bot.user('carol')}`,
      name: 'carol Example (terminal)',
      slack: bot.user('carol'),
      via: 'terminal',
    })
    const { code, err } = await run('--as', 'nobody@example.test', 'incident', 'note', id, 'Let me in')
    expect([code, err]).toEqual([
      1,
      'Nobody in Slack has the e-mail nobody@example.test, and people.yml does not name it. Check how it is written. Or leave --as out: your account here is recorded then, as not verified.\n',
    ])
    await bot.say('dave', 'general', '/incident list')
    await bot.change('dave', { deleted: true })
    expect((await run('--as', 'dave@example.test', 'incident', 'note', id, 'Let me in')).err).toContain('dave Example is deactivated')
    await bot.change('dave', { deleted: false })

    // While Slack is away: who was seen before is known, the others are recorded by what they call themselves, and not as a person.
    await bot.fault({ service: 'slack', kind: 'status', status: 503, times: 0 })
    expect(await run('--as', 'carol@example.test', 'incident', 'note', id, 'Known')).toMatchObject({ code: 0 })
    expect(await byOf(id)).toMatchObject({ id: `slack:${bot.user('carol')}` })
    expect(await run('--as', 'eve@example.test', 'incident', 'note', id, 'Unknown')).toMatchObject({ code: 0 })
    expect(await byOf(id)).toEqual({
      kind: 'person',
      id: 'terminal:eve@example.test',
      name: 'eve@example.test (terminal, not verified)',
      via: 'terminal',
      unverified: true,
    })
  })

  test('an answer is plain text: nothing foreign moves the cursor', async () => {
    await run('incident', 'new', 'acme', 'P3', 'Red \u001B[31mletters\u0007 <!channel>')
    const { out } = await run('incident', 'list')
    expect(out).toContain('<!channel>')
    expect(out).not.toMatch(/[^\P{Cc}\t\n]/u)
  })

  test('the door is the owner’s, and closed to who does not know the token', async () => {
    expect(statSync(doorFile).mode & 0o777).toBe(0o600)
    const door = JSON.parse(readFileSync(doorFile, 'utf8')) as Door
    const knock = (authorization: string, body: string) =>
      fetch(door.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization }, body })
    const request = JSON.stringify({ command: 'incident', words: 'list', as: null, account: 'eve' })
    expect((await knock('Bearer wrong', request)).status).toBe(401)
    expect((await knock('', request)).status).toBe(401)
    expect((await knock(`Bearer ${door.token}`, '{"command":"rm"}')).status).toBe(400)
    expect((await knock(`Bearer ${door.token}`, request)).status).toBe(200)
    expect((await fetch(`${bot.url}/cli`, { method: 'POST', headers: { authorization: `Bearer ${door.token}` } })).status).toBe(404)
    expect(door.url).toMatch(/^http:\/\/127\.0\.0\.1:/)
  })
})

test('bots that share a folder and start together: each opens its door, and the last one takes the commands', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-doors-'))
  const file = join(folder, 'terminal.json')
  const opening = Array.from({ length: 8 }, () => openDoor({ file, run: () => Promise.resolve({}), log: recorder().log }))
  const close = await Promise.all(opening)
  expect(readdirSync(folder)).toEqual(['terminal.json'])
  const { url, token } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; token: string }
  expect((await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
  await Promise.all(close.map((each) => each()))
  expect(readdirSync(folder)).toEqual([])
  rmSync(folder, { recursive: true })
})

test('no bot: with PostgreSQL the command is carried out, and the next bot shows it; without it says what to do', async () => {
  const none = await run('incident', 'list')
  expect(none).toMatchObject({ code: 2, out: '' })
  expect(none.err).toContain('No bot runs on this data folder')
  // A file that a killed bot left behind.
  writeFileSync(doorFile, JSON.stringify({ url: `http://127.0.0.1:${await freePort()}/cli`, token: 'x' }))
  expect((await run('incident', 'list')).err).toContain('No bot runs on this data folder')

  const url = await freshDatabase()
  const bot = await startTestBot({ github: false, store: { url } })
  try {
    await bot.bot.stop()
    const direct = runWith({ DATABASE_URL: url, TOCSIN_RUNBOOKS: join(bot.folder, 'runbooks') })
    const opened = await direct('incident', 'new', 'acme', 'P2', 'Exports hang')
    expect(opened).toMatchObject({ code: 0, err: '' })
    expect(opened.out).toContain('INC-1 P2')
    expect((await direct('incident', 'ack', 'INC-1')).out).toContain('INC-1 acknowledged')
    await bot.start()
    const channel = await bot.opened('INC-1')
    await bot.sees(channel, 'acknowledged after')
  } finally {
    await bot[Symbol.asyncDispose]()
  }
})
