import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { control, SIGNING_SECRET, slackClient, slackError, startListener, testWorld, type Heard } from './world.ts'

type Acted = { status: number; id: string; body: string; responses: { text: string; type: string }[] }
type Payload = Record<string, unknown> & { trigger_id: string; response_url: string }

let world: World
let bot: ReturnType<typeof slackClient>
let ask: ReturnType<typeof control>
let listener: Awaited<ReturnType<typeof startListener>>
let answer: (heard: Heard) => Promise<string> | string = () => ''

beforeAll(async () => {
  world = await testWorld()
  bot = slackClient(world.slackApiUrl)
  ask = control(world.url)
  listener = await startListener((heard) => answer(heard))
  await ask('PUT', '/bot-url', { url: listener.url })
})
afterAll(async () => {
  await listener.close()
  await world.close()
})

const last = (): Heard => {
  const heard = listener.heard.at(-1)
  if (!heard) throw new Error('nothing was heard')
  return heard
}
const payload = (): Payload => JSON.parse(last().form.get('payload') ?? '{}') as Payload
const post = (url: string, body: object) => fetch(url, { method: 'POST', body: JSON.stringify(body) })

const modal = {
  type: 'modal' as const,
  callback_id: 'declare',
  title: { type: 'plain_text' as const, text: 'Declare' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'title',
      label: { type: 'plain_text' as const, text: 'Title' },
      element: { type: 'plain_text_input' as const, action_id: 'title' },
    },
    {
      type: 'input' as const,
      block_id: 'severity',
      label: { type: 'plain_text' as const, text: 'Severity' },
      element: {
        type: 'static_select' as const,
        action_id: 'severity',
        options: ['P1', 'P2'].map((value) => ({ text: { type: 'plain_text' as const, text: value }, value })),
      },
    },
  ],
}

test('a command arrives signed and whole, and is answered at once and later', async () => {
  answer = () => 'on it'
  const acted = await ask<Acted>('POST', '/command', { as: 'alice', in: '#general', text: '/incident new Payments fail' })
  expect(acted).toMatchObject({ status: 200, body: 'on it', responses: [{ text: 'on it', type: 'ephemeral' }] })
  const { headers, body, form } = last()
  const signature = createHmac('sha256', SIGNING_SECRET)
    .update(`v0:${String(headers['x-slack-request-timestamp'])}:${body}`)
    .digest('hex')
  expect(headers['x-slack-signature']).toBe(`v0=${signature}`)
  expect(Object.fromEntries(form)).toMatchObject({
    command: '/incident',
    text: 'new Payments fail',
    team_id: 'T000000001',
    channel_id: 'C000000001',
    channel_name: 'general',
    user_name: 'alice',
    is_enterprise_install: 'false',
  })

  const url = form.get('response_url') ?? ''
  expect((await post(url, { text: 'done' })).status).toBe(200)
  expect((await post(url, { text: 'for all', response_type: 'in_channel' })).status).toBe(200)
  const { responses } = await ask<Acted>('GET', `/responses/${acted.id}?wait=1000`)
  expect(responses.map((each) => each.text)).toEqual(['on it', 'done', 'for all'])
  for (let use = 0; use < 3; use += 1) await post(url, { text: `use ${use}` })
  expect(await (await post(url, { text: 'once more' })).text()).toBe('used_url')
})

test('a button reaches the bot with its message', async () => {
  const channel = (await bot.conversations.create({ name: 'buttons' })).channel?.id ?? ''
  const button = { type: 'button' as const, action_id: 'ack', text: { type: 'plain_text' as const, text: 'Acknowledge' }, value: 'INC-1' }
  const { ts = '' } = await bot.chat.postMessage({ channel, text: 'header', blocks: [{ type: 'actions', elements: [button] }] })
  answer = () => ''
  const acted = await ask<Acted>('POST', '/press', { as: 'bob', in: 'buttons', action: 'ack' })
  expect(acted.status).toBe(200)
  expect(payload()).toMatchObject({
    type: 'block_actions',
    user: { username: 'bob' },
    container: { type: 'message', message_ts: ts, channel_id: channel },
    message: { ts, text: 'header' },
    actions: [{ type: 'button', action_id: 'ack', value: 'INC-1' }],
  })
  await post(payload().response_url, { replace_original: true, text: 'acknowledged' })
  expect(await ask('GET', '/channels/buttons/messages')).toMatchObject([{ text: 'acknowledged', edited: true }])
  await expect(ask('POST', '/press', { as: 'bob', in: 'buttons', action: 'resolve' })).rejects.toThrow('no button resolve')
})

test('a form is opened in time, filled in, refused and sent', async () => {
  let opened = ''
  answer = async (heard) => {
    opened = await slackError(bot.views.open({ trigger_id: heard.form.get('trigger_id') ?? '', view: modal }))
    return ''
  }
  await ask('POST', '/command', { as: 'carol', in: 'general', text: '/incident', staleTrigger: true })
  expect(opened).toBe('expired_trigger_id')
  await ask('POST', '/command', { as: 'carol', in: 'general', text: '/incident' })
  expect(opened).toBe('no error')

  const submit = (values: object) => ask<{ closed: boolean }>('POST', '/submit', { as: 'carol', values })
  answer = () => JSON.stringify({ response_action: 'errors', errors: { title: 'too short' } })
  expect(await submit({ title: 'x', severity: 'P1' })).toMatchObject({ closed: false })
  answer = () => ''
  expect(await submit({ title: 'Payments fail', severity: 'P1' })).toMatchObject({ closed: true })
  expect(payload()).toMatchObject({
    type: 'view_submission',
    view: {
      callback_id: 'declare',
      state: {
        values: {
          title: { title: { type: 'plain_text_input', value: 'Payments fail' } },
          severity: { severity: { type: 'static_select', selected_option: { value: 'P1' } } },
        },
      },
    },
  })
  await expect(submit({})).rejects.toThrow('carol has no form open')
  const long = { ...modal, title: { type: 'plain_text' as const, text: 'x'.repeat(25) } }
  expect(await slackError(bot.views.open({ trigger_id: 'any', view: long }))).toBe('invalid_arguments')
})

test('events are what a test makes of them', async () => {
  answer = () => ''
  const event = { type: 'channel_archive', channel: 'C1' }
  const sent = await ask('POST', '/event', { event, event_id: 'Ev1', retry: 2 })
  expect(sent).toMatchObject({ status: 200, event_id: 'Ev1' })
  expect(JSON.parse(last().body)).toMatchObject({ type: 'event_callback', event_id: 'Ev1', team_id: 'T000000001', event })
  expect(last().headers['x-slack-retry-num']).toBe('2')
})
