/** What comes from Slack repeated, late, forged or from elsewhere, through the whole bot. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deliver, startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())

test('the same event four times makes one new channel (faults 1)', async () => {
  await bot.say('alice', 'general', '/incident new acme P3 Archived by mistake')
  const id = 'INC-1'
  const channel = await bot.opened(id)
  await bot.sees(channel, 'Checks at opening')
  await bot.idle()
  const event = { type: 'channel_archive', channel, user: bot.user('alice'), event_ts: '1.0' }
  const answers = []
  for (let retry = 0; retry < 4; retry += 1) answers.push(await bot.event(event, { event_id: 'EvSAME', ...(retry === 0 ? {} : { retry }) }))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  await until(async () => {
    const now = (await bot.incident(id)).channel?.id
    return now !== undefined && now !== channel
  }, 'another channel')
  await bot.idle()
  expect((await bot.channels()).filter(({ name }) => name.startsWith('inc-1-'))).toHaveLength(2)
  const renewed = (await bot.incident(id)).channel?.id ?? ''
  await bot.sees(renewed, 'Checks at opening')
  expect((await bot.say('alice', renewed, '/incident status')).text).toContain(id)
})

test('old, foreign and changed requests are refused (faults 3, 5, 6; field 8)', async () => {
  const body = 'command=%2Fincident&text=list'
  const type = 'application/x-www-form-urlencoded'
  expect((await deliver(bot.url, body, { type, at: Date.now() - 302_000 })).status).toBe(401)
  expect((await deliver(bot.url, body, { type, at: Date.now() + 302_000 })).status).toBe(401)
  expect((await deliver(bot.url, body, { type, secret: 'another' })).status).toBe(401)
  expect((await deliver(bot.url, body, { type, headers: { 'x-slack-signature': 'v0=12' } })).status).toBe(401)
  expect((await fetch(`${bot.url}/slack/events`, { method: 'POST', body })).status).toBe(401)
})

test('another workspace is refused, and told so (faults 8)', async () => {
  const form = (team: string) =>
    new URLSearchParams({
      command: '/incident',
      text: 'list',
      team_id: team,
      user_id: bot.user('alice'),
      user_name: 'alice',
      channel_id: 'C000000001',
      trigger_id: '1',
      response_url: `${bot.world.url}/none`,
    }).toString()
  const type = 'application/x-www-form-urlencoded'
  expect(await (await deliver(bot.url, form('T0OTHER'), { type })).text()).toContain('another workspace')
  expect(await (await deliver(bot.url, form(bot.workspace.team.id), { type })).text()).toContain('open')
})

test('without a secret nothing is changed at any address (field 8)', async () => {
  const list = (await bot.say('alice', 'general', '/incident list')).text
  const status = async (method: string, path: string) =>
    (
      await fetch(`${bot.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: '{"alerts":[]}' }),
      })
    ).status
  for (const path of ['/slack/events', '/alerts/generic', '/alerts/alertmanager', '/alerts/generic/acme', '/alerts/generic/nothing'])
    expect([path, await status('POST', path)]).toEqual([path, 401])
  for (const path of [
    '/',
    '/health',
    '/metrics',
    '/incident',
    '/incidents/INC-1',
    '/events',
    '/alerts',
    '/slack',
    '/terminal',
    '/files/INC-1',
  ])
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect([method, path, await status(method, path)]).toEqual([method, path, 404])
  // What can be read without one names no incident.
  for (const path of ['/', '/health', '/metrics'])
    expect(await (await fetch(`${bot.url}${path}`)).text()).not.toMatch(/INC-\d|Archived by mistake/)
  expect((await bot.say('alice', 'general', '/incident list')).text).toBe(list)
})

describe('a trigger that has expired gets words instead of the form (faults 11)', () => {
  const words = 'Slack did not show the form. What to type instead: /incident help new'
  const expired = { service: 'slack', method: 'views.open', kind: 'error', error: 'expired_trigger_id' } as const
  const answer = async ({ id }: { id: string }) =>
    (await bot.ask<{ responses: { text: string }[] }>('GET', `/responses/${id}?wait=10000`)).responses.map(({ text }) => text)

  test('behind a command', async () => {
    expect(await bot.say('alice', 'general', '/incident new', { staleTrigger: true })).toMatchObject({ form: false, text: words })
  })

  test('behind a button', async () => {
    const channel = await bot.opened('INC-1')
    const pressed = await bot.press('alice', channel, 'update', { staleTrigger: true })
    expect(pressed).toMatchObject({ form: false, text: words.replace('new', 'update') })
  })

  test('behind the menu of a message', async () => {
    const channel = await bot.opened('INC-1')
    const { ts } = await bot.ask<{ ts: string }>('POST', '/say', { as: 'alice', in: channel, text: 'It is down' })
    await bot.fault(expired)
    const acted = await bot.ask<{ id: string }>('POST', '/shortcut', { as: 'alice', in: channel, ts, callback: 'declare' })
    expect(await answer(acted)).toEqual([words])
  })

  test('in the app’s home, where Slack gives no address to answer to', async () => {
    await bot.ask('POST', '/home', { as: 'alice' })
    await until(async () => (await bot.ask<{ view: unknown }>('GET', '/home/alice')).view !== null, 'the home')
    await bot.fault(expired)
    await bot.forgetCalls()
    await bot.ask('POST', '/press', { as: 'alice', action: 'new', home: true })
    const direct = await until(
      async () => (await bot.calls()).find(({ method, channel }) => method === 'chat.postMessage' && channel === bot.user('alice')),
      'a direct message',
    )
    expect(direct.ok).toBe(true)
  })
})
