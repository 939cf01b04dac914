import { execFile, fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WorldInfo } from '../../src/embedded/world.ts'
import { BOT_TOKEN, control, SIGNING_SECRET, slackClient, startListener } from './world.ts'

let data: string
let child: ChildProcess
let world: WorldInfo
let listener: Awaited<ReturnType<typeof startListener>>

const header = (state: string) => [
  { type: 'header' as const, text: { type: 'plain_text' as const, text: 'INC-1 Payments fail' } },
  { type: 'section' as const, text: { type: 'mrkdwn' as const, text: `*State:* ${state}, lead <@${alice}>, R&amp;D` } },
  {
    type: 'actions' as const,
    elements: [{ type: 'button' as const, action_id: 'ack', text: { type: 'plain_text' as const, text: 'Acknowledge' }, value: 'INC-1' }],
  },
]
const plain = (text: string) => ({ type: 'plain_text' as const, text })
const form = {
  type: 'modal' as const,
  callback_id: 'form:new',
  title: plain('Declare'),
  submit: plain('Send'),
  blocks: [
    { type: 'section' as const, text: plain('Take care.') },
    {
      type: 'input' as const,
      block_id: 'title',
      label: plain('What is wrong'),
      element: { type: 'plain_text_input' as const, action_id: 'value' },
    },
    {
      type: 'input' as const,
      block_id: 'severity',
      label: plain('Severity'),
      hint: plain('Empty: suggested'),
      optional: true,
      element: {
        type: 'static_select' as const,
        action_id: 'value',
        options: [
          { text: plain('P1 Down'), value: 'P1' },
          { text: plain('P2'), value: 'P2' },
        ],
        initial_option: { text: plain('P2'), value: 'P2' },
      },
    },
  ],
}
let alice = ''

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'world-'))
  const bot = { token: BOT_TOKEN, name: 'bot', signingSecret: SIGNING_SECRET }
  child = fork(new URL('../../src/embedded/main.ts', import.meta.url), {
    env: { ...process.env, TOCSIN_DATA: data, TOCSIN_WORLD: JSON.stringify({ port: 0, supabase: null, bot }) },
    stdio: 'inherit',
  })
  const [message] = (await once(child, 'message')) as [WorldInfo]
  world = message
  const client = slackClient(world.slackApiUrl)
  const posted = { channel: '', ts: '' }
  listener = await startListener(async (heard) => {
    alice = heard.form.get('user_id') ?? alice
    if (heard.form.get('command') === '/incident') {
      posted.channel = (await client.conversations.create({ name: 'inc-1-payments-fail' })).channel?.id ?? ''
      posted.ts = (await client.chat.postMessage({ channel: posted.channel, text: 'INC-1', blocks: header('declared') })).ts ?? ''
      await client.pins.add({ channel: posted.channel, timestamp: posted.ts })
      await client.conversations.setTopic({ channel: posted.channel, topic: 'P1 &lt;payments&gt;' })
      await client.conversations.invite({ channel: posted.channel, users: alice })
      return `Declared in <#${posted.channel}>`
    }
    if (heard.form.get('command') === '/diag') {
      await client.views.open({ trigger_id: heard.form.get('trigger_id') ?? '', view: form })
      return ''
    }
    const payload = JSON.parse(heard.form.get('payload') ?? '{}') as { type?: string; view?: { state: unknown } }
    if (payload.type === 'view_submission')
      return JSON.stringify(payload.view?.state).includes('"P1"')
        ? '{}'
        : JSON.stringify({ response_action: 'errors', errors: { severity: 'The severity is missing.' } })
    await client.chat.update({ ...posted, text: 'INC-1', blocks: header('acknowledged') })
    return ''
  })
  await control(world.url)('PUT', '/bot-url', { url: listener.url })
})
afterAll(async () => {
  await listener.close()
  child.kill()
  await rm(data, { recursive: true, force: true })
})

const script = new URL('../../src/embedded/say.ts', import.meta.url).pathname
const say = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
    env: { ...process.env, TOCSIN_DATA: data, NO_COLOR: '1' },
  })
  return stdout
}

test('a command typed in a terminal shows the answer and what came of it', async () => {
  const declared = await say('--as', 'alice', '--in', 'general', '/incident new Payments fail')
  expect(declared).toContain('Declared in #inc-1-payments-fail')
  expect(declared).toContain('#inc-1-payments-fail (new)')
  expect(declared).toContain('topic: P1 <payments>')
  expect(declared).toContain('joined: bot, alice')
  expect(declared).toMatch(/bot 📌\n {4}INC-1 Payments fail\n {4}State: declared, lead @alice, R&D\n {4}\[Acknowledge] ack\n/)

  const pressed = await say('--as', 'bob', '--in', 'inc-1-payments-fail', '--press', 'ack')
  expect(pressed).toMatch(/bot \(edited\)\n {4}INC-1 Payments fail\n {4}State: acknowledged/)
  expect(await say('--read', 'inc-1-payments-fail')).toContain('State: acknowledged')
})

test('a form is shown with its fields and the command that sends it; what is wrong with it is said', async () => {
  const shown = await say('--as', 'bob', '--in', 'general', '/diag')
  expect(shown).toBe(`A form: Declare
  Take care.
  title     What is wrong: text
  severity  Severity: P1 (P1 Down) | P2 (may be left out; it is "P2" unless you say otherwise)
            Empty: suggested
Send it: npm run slack -- --as bob --submit title='…'
`)
  expect(await say('--as', 'bob', '--submit', 'title=Payments fail')).toBe(
    'Nothing was done; the form is still open:\n  severity: The severity is missing.\n',
  )
  // A form that was there before is not shown again.
  expect(await say('--as', 'bob', '--in', 'general', '--say', 'Hello')).not.toContain('A form')
  expect(await say('--as', 'bob', '--submit', 'title=Payments fail', '--submit', 'severity=P1')).toBe('')
  await expect(say('--as', 'bob', '--submit', 'title=x')).rejects.toThrow('bob has no form open')
})

test('it ends quietly when nobody reads any more, as with `| head`', async () => {
  const piped = spawn(process.execPath, [script, '--read', 'general'], {
    env: { ...process.env, TOCSIN_DATA: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  piped.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  piped.stdout.destroy()
  expect(await once(piped, 'close')).toEqual([0, null])
  expect(complaint).toBe('')
})

test('without a world the terminal says what to do, and the world ends with its parent', async () => {
  await expect(say('--url', 'http://127.0.0.1:9', '/incident list')).rejects.toThrow('run `npm start`')
  const exited = once(child, 'exit')
  child.disconnect()
  expect(await exited).toEqual([0, null])
})
