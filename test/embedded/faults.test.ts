import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { World } from '../../src/embedded/world.ts'
import { BOT_TOKEN, control, slackClient, slackError, testWorld } from './world.ts'

let world: World
let bot: ReturnType<typeof slackClient>
let ask: ReturnType<typeof control>

beforeAll(async () => {
  world = await testWorld()
  bot = slackClient(world.slackApiUrl)
  ask = control(world.url)
})
beforeEach(async () => {
  await ask('DELETE', '/faults')
  await ask('DELETE', '/calls')
  await ask('PUT', '/limits', { on: false })
})
afterAll(() => world.close())

const texts = async (channel: string) =>
  (await ask<{ text: string }[]>('GET', `/channels/${channel}/messages`)).map((message) => message.text)
const created = async (name: string): Promise<string> => (await bot.conversations.create({ name })).channel?.id ?? ''

describe('faults on order', () => {
  test('the connection breaks before or after the effect (fault 15)', async () => {
    const channel = await created('dropped')
    await ask('POST', '/faults', { service: 'slack', method: 'chat.postMessage', kind: 'drop-before' })
    await ask('POST', '/faults', { service: 'slack', method: 'chat.postMessage', kind: 'drop-after' })
    expect(await slackError(bot.chat.postMessage({ channel, text: 'lost' }))).toContain('request error')
    expect(await slackError(bot.chat.postMessage({ channel, text: 'kept' }))).toContain('request error')
    expect(await slackError(bot.chat.postMessage({ channel, text: 'normal' }))).toBe('no error')
    expect(await texts(channel)).toEqual(['kept', 'normal'])
  })

  test('a limit on one channel leaves the others alone (fault 12)', async () => {
    const [slow, free] = [await created('slow'), await created('free')]
    const fault = { service: 'slack', method: 'chat.*', channel: slow, kind: 'status', status: 429, retryAfter: 30, times: 0 }
    await ask('POST', '/faults', fault)
    await expect(bot.chat.postMessage({ channel: slow, text: 'x' })).rejects.toMatchObject({ retryAfter: 30 })
    await expect(bot.chat.postMessage({ channel: slow, text: 'x' })).rejects.toMatchObject({ retryAfter: 30 })
    expect(await slackError(bot.chat.postMessage({ channel: free, text: 'x' }))).toBe('no error')
  })

  test('an error, a delay, a service that is down', async () => {
    await ask('POST', '/faults', { service: 'slack', method: 'auth.test', kind: 'error', error: 'token_revoked' })
    expect(await slackError(bot.auth.test())).toBe('token_revoked')
    await ask('POST', '/faults', { service: 'slack', method: 'auth.test', kind: 'delay', ms: 60 })
    const started = performance.now()
    await bot.auth.test()
    expect(performance.now() - started).toBeGreaterThan(55)
    await ask('POST', '/faults', { service: 'slack', kind: 'down' })
    expect(await slackError(bot.auth.test())).toContain('request error')
    expect(await slackError(bot.team.info())).toContain('request error')
    await ask('DELETE', '/faults')
    expect(await slackError(bot.auth.test())).toBe('no error')
    await expect(ask('POST', '/faults', { service: 'slack', kind: 'nonsense' })).rejects.toThrow('kind must be one of')
  })

  test('a call of one caller is held, before or after its effect, until the faults are cleared', async () => {
    const channel = await created('held')
    const named = slackClient(world.slackApiUrl, `${BOT_TOKEN}~a`)
    for (const when of ['before', 'after']) {
      await ask('POST', '/faults', { service: 'slack', method: 'chat.*', kind: 'hold', when, caller: 'a', contains: `held ${when}` })
      expect(await slackError(bot.chat.postMessage({ channel, text: `not held ${when}` }))).toBe('no error')
      const call = named.chat.postMessage({ channel, text: `held ${when}` })
      expect(await ask('GET', '/held?caller=a&wait=5000')).toEqual([{ service: 'slack', method: 'chat.postMessage', caller: 'a', when }])
      expect((await texts(channel)).includes(`held ${when}`)).toBe(when === 'after')
      await ask('DELETE', '/faults')
      expect(await slackError(call)).toBe('no error')
      expect((await texts(channel)).filter((text) => text === `held ${when}`)).toHaveLength(1)
    }
  })

  test('every call is written down', async () => {
    const channel = await created('written')
    await slackError(bot.chat.postMessage({ channel, text: 'x'.repeat(40_001) }))
    expect(await ask('GET', '/calls?since=0')).toMatchObject([
      { service: 'slack', method: 'conversations.create', status: 200, ok: true },
      { service: 'slack', method: 'chat.postMessage', channel, status: 200, ok: false, error: 'msg_too_long' },
    ])
  })
})

describe('limits, when they are on', () => {
  test('creating channels is tier 2 (fault 13)', async () => {
    await ask('PUT', '/limits', { on: true })
    const results = await Promise.all(
      Array.from({ length: 22 }, (_, index) => slackError(bot.conversations.create({ name: `storm-${index}` }))),
    )
    expect(results.filter((result) => result === 'no error')).toHaveLength(20)
  })

  test('a channel takes bursts, but not for long', async () => {
    const channel = await created('burst')
    const other = await created('no-burst')
    await ask('PUT', '/limits', { on: true, posting: { max: 2, seconds: 2 } })
    expect(await slackError(bot.chat.postMessage({ channel, text: '1' }))).toBe('no error')
    expect(await slackError(bot.chat.postMessage({ channel, text: '2' }))).toBe('no error')
    await expect(bot.chat.postMessage({ channel, text: '3' })).rejects.toMatchObject({ retryAfter: 2 })
    expect(await slackError(bot.chat.postMessage({ channel: other, text: '1' }))).toBe('no error')
  })
})
