/** `kill -9` of the whole embedded bot: started again on its folder, the incident goes on in a channel of the new local workspace. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WorldInfo } from '../../src/embedded/world.ts'
import type { TrueChannel, TrueMessage } from '../../src/embedded/truth.ts'
import { type BotProcess, killAll, startProcess, startTarget, type Target, until } from './bots.ts'

const patienceMs = 240_000

let folder: string
let target: Target

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-embedded-'))
  target = await startTarget(folder)
})
afterAll(() => {
  killAll()
  target.close()
  rmSync(folder, { recursive: true, force: true })
})

const data = () => join(folder, 'data')
const info = () => JSON.parse(readFileSync(join(data(), 'world.json'), 'utf8')) as WorldInfo
const start = (): Promise<BotProcess> => startProcess({ TOCSIN_DATA: data(), TOCSIN_RUNBOOKS: join(folder, 'runbooks') }).ready

const ask = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
  const response = await fetch(`${info().url}/world${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Answer
}
const type = async (as: string, where: string, text: string): Promise<string> => {
  const { responses } = await ask<{ responses: { text?: string; blocks?: unknown }[] }>('POST', '/command', { as, in: where, text })
  return JSON.stringify(responses)
}
/** The incident's one channel, with its messages by what they are. */
const look = async () => {
  const channels = (await ask<TrueChannel[]>('GET', '/channels')).filter(({ name }) => name.startsWith('inc-'))
  expect(channels.length).toBeLessThanOrEqual(1)
  const channel = channels[0]
  if (channel === undefined) return null
  const messages = await ask<TrueMessage[]>('GET', `/channels/${channel.id}/messages`)
  const markers = messages.flatMap(({ metadata }) => {
    const marker = (metadata as { event_payload?: { marker?: string } } | undefined)?.event_payload?.marker
    return marker === undefined ? [] : [marker.replace(/^INC-1\//, '').replace(/:\d+$/, '')]
  })
  // Whether the first channel was told of before the kill is a matter of moments.
  const told = markers.filter((marker) => marker !== 'lost')
  return { name: channel.name, markers: told, pins: channel.pins?.length, topic: channel.topic, members: channel.members.length }
}
const shows = (markers: readonly string[]) =>
  until(async () => {
    const seen = await look()
    return seen !== null && markers.every((marker) => seen.markers.includes(marker)) ? seen : null
  }, markers.join(', '))
const supabase = async <Answer>(path: string): Promise<Answer> => {
  const { supabaseUrl, supabaseSecretKey } = info()
  const headers = { apikey: supabaseSecretKey, authorization: `Bearer ${supabaseSecretKey}` }
  return (await (await fetch(`${supabaseUrl}/rest/v1/${path}`, { headers })).json()) as Answer
}

test('killed while the channel opens, again after it was acknowledged, and stopped when it is over', { timeout: patienceMs }, async () => {
  const first = await start()
  expect(await type('alice', 'general', '/incident new acme P1 Payments fail')).toContain('INC-1')
  await first.kill()

  const again = async (): Promise<BotProcess> => {
    // The local world ends with the bot.
    await until(() => !existsSync(join(data(), 'world.json')), 'the end of the world')
    const killed = performance.now()
    const bot = await start()
    // The folder's lock is a dead one's after 8 s, the published record's after 10.
    expect(performance.now() - killed).toBeLessThan(25_000)
    return bot
  }
  const second = await again()
  const opened = await shows(['header', 'opening', 'checks'])
  expect(opened).toMatchObject({ name: 'inc-1-acme-payments-fail', pins: 1, markers: ['header', 'opening', 'checks'] })
  await type('dave', opened.name, '/incident ack')
  await type('dave', opened.name, '/incident update Rolling back')
  await shows(['ack', 'update'])
  await second.kill()

  const third = await again()
  const anew = await shows(['header', 'opening', 'checks', 'ack', 'update'])
  expect(anew).toMatchObject({ name: 'inc-1-acme-payments-fail', pins: 1, markers: ['header', 'opening', 'checks', 'ack', 'update'] })
  expect(anew.topic).toContain('INC-1')
  expect(anew.members).toBeGreaterThanOrEqual(2)
  expect(await type('alice', anew.name, '/incident ack')).toMatch(/already/i)
  await type('alice', anew.name, '/incident resolve Rolled back')
  const ended = await shows(['resolved', 'post-mortem'])
  expect(new Set(ended.markers.filter((marker) => marker !== 'checks')).size).toBe(
    ended.markers.filter((marker) => marker !== 'checks').length,
  )
  expect(await type('alice', anew.name, '/incident audit')).toMatch(/whole/i)

  const record = await until(async () => {
    const [found] = await supabase<{ status: string; version: number }[]>('incidents?id=eq.INC-1')
    return found?.status === 'resolved' ? found : null
  }, 'the record')
  const timeline = await supabase<{ kind: string }[]>('timeline_entries?incident_id=eq.INC-1&order=seq')
  expect(timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['declared', 'acknowledged', 'update', 'resolved']))
  expect(timeline.filter(({ kind }) => ['declared', 'acknowledged', 'update', 'resolved'].includes(kind))).toHaveLength(4)
  expect(record.version).toBeGreaterThan(5)
  await third.kill('SIGTERM')

  // The local code host is new, too: the post-mortem is proposed in it, and the link leads there.
  const fourth = await again()
  const link = await until(async () => {
    const answer = await type('alice', 'general', '/incident postmortem INC-1')
    return /https?:[^|>"\s]*\/pull\/\d+/.exec(answer)?.[0]
  }, 'the new link')
  expect(link).toContain(info().url)
  expect(await (await fetch(link)).text()).toContain('# INC-1: Payments fail')
  await shows(['header', 'resolved', 'post-mortem'])
  await fourth.kill('SIGTERM')
})
