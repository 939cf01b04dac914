/** Two bots on one PostgreSQL and one Slack share the work without doubling it (faults 9, 22, 33, 35); when one dies or leaves, the
 *  other one ends everything. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { TrueMessage } from '../../src/embedded/truth.ts'
import { type Postgres, startPostgres } from '../postgres.ts'
import { type BotProcess, killAll, startProcess, startSurroundings, type Surroundings, until } from './bots.ts'

const general = 'C000000001'
const patienceMs = 240_000

let postgres: Postgres
let surroundings: Surroundings
let database: Client
let settings: (name: string) => Record<string, string>

const start = (name: string): Promise<BotProcess> => startProcess(settings(name)).ready
const rows = async <R extends object>(sql: string): Promise<R[]> => (await database.query<R>(sql)).rows
const count = async (sql: string): Promise<number> => Number((await rows<{ count: string }>(`select count(*) ${sql}`))[0]?.count)

/** Types a command until somebody has taken it: at this bot, or at the other one when this one is gone; again when a busy machine's
 *  database did not answer. */
const type = async (bots: readonly BotProcess[], as: string, channel: string, text: string): Promise<string> => {
  for (let tries = 0; tries < 20; tries += 1) {
    for (const bot of bots) {
      const said = await surroundings.type(bot.url, as, channel, text).catch(() => null)
      if (said?.status === 200 && !said.text.includes('The database does not answer')) return said.text
    }
    await sleep(500)
  }
  throw new Error(`nobody took ${text}`)
}

const payload = (rules: readonly string[], status: 'firing' | 'resolved', startsAt: string) => ({
  version: '4',
  status,
  alerts: rules.map((rule) => ({
    status,
    labels: { alertname: rule, product: 'acme', severity: 'critical' },
    annotations: { summary: `${rule} fires` },
    startsAt,
    endsAt: status === 'resolved' ? new Date(Date.parse(startsAt) + 60_000).toISOString() : '0001-01-01T00:00:00Z',
    fingerprint: `fingerprint-${rule}`,
  })),
})

const rest = () =>
  until(
    async () =>
      (await count(`from tocsin_jobs.job where state in ('created', 'retry', 'active') and start_after < now() + interval '5 s' and name <> 'timer'
        and coalesce(singleton_key, '') not like '%:patience%'`)) === 0,
    'rest in the queue',
  )

const channelsOf = async () => (await surroundings.channels()).filter(({ name }) => name.startsWith('inc-'))

/** The bot's messages of a channel, by what they are. */
const markersOf = async (channel: string): Promise<string[]> =>
  (await surroundings.ask<TrueMessage[]>('GET', `/channels/${channel}/messages`)).flatMap(({ metadata }) => {
    const marker = (metadata as { event_payload?: { marker?: string } } | undefined)?.event_payload?.marker
    return marker === undefined ? [] : [marker]
  })

/** The events' numbers in a channel's messages, in the order in which they stand there. */
const sequence = (markers: readonly string[]): number[] =>
  markers.flatMap((marker) => (/^INC-\d+\/(?:ack|update|mitigated|resolved):(\d+)$/.exec(marker) ?? []).slice(1).map(Number))

beforeAll(async () => {
  ;[postgres, surroundings] = await Promise.all([startPostgres(), startSurroundings()])
  const url = await postgres.createDatabase('two')
  settings = (name) => surroundings.settings(name, url, 'incidents')
  database = new Client({ connectionString: url })
  await database.connect()
}, patienceMs)

afterEach(killAll)
afterAll(async () => {
  await database.end()
  await surroundings.close()
  await postgres[Symbol.asyncDispose]()
}, patienceMs)

test('thirty incidents and bursts over both, one of which is killed in the middle', { timeout: patienceMs }, async () => {
  // Both at once, on a database without tables.
  const [a, b] = await Promise.all([start('a'), start('b')])
  const both = [a, b]
  const order = (index: number) => (index % 2 === 0 ? both : both.toReversed())

  // Everything is typed twice, at both.
  const titles = Array.from({ length: 30 }, (_, index) => `Payments fail ${index}`)
  await Promise.all(titles.flatMap((title) => both.map((bot) => type([bot], 'alice', general, `/incident new acme P1 ${title}`))))
  await until(async () => (await count('from tocsin.incident')) >= titles.length, 'thirty incidents')
  expect(await count('from tocsin.incident')).toBe(30)

  const rules = ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon']
  const startsAt = new Date().toISOString()
  const alert = (bots: readonly BotProcess[], status: 'firing' | 'resolved') =>
    Promise.all(
      bots.flatMap((bot) =>
        [payload(rules, status, startsAt), payload(rules.toReversed(), status, startsAt)].map((body) => surroundings.alert(bot.url, body)),
      ),
    )
  expect(new Set(await alert(both, 'firing'))).toEqual(new Set([202]))
  await until(async () => (await count('from tocsin.incident where channel_id is not null')) === 35, '35 channels')

  const incidents = await rows<{ id: string; channel_id: string }>('select id, channel_id from tocsin.incident order by number')
  expect(incidents.map(({ id }) => id)).toEqual(Array.from({ length: 35 }, (_, index) => `INC-${index + 1}`))
  const burst = (text: (index: number) => string, bots: (index: number) => readonly BotProcess[]) =>
    Promise.all(
      incidents.map(({ channel_id: channel }, index) => type(bots(index), index % 3 === 0 ? 'bob' : 'carol', channel, text(index))),
    )
  // Both acknowledge at once.
  await Promise.all([
    burst(
      () => '/incident ack',
      () => [a],
    ),
    burst(
      () => '/incident ack',
      () => [b],
    ),
  ])
  await Promise.all(
    [1, 2, 3].map((round) =>
      burst(
        (index) => `/incident update ${index}, ${round}`,
        (index) => order(index + round),
      ),
    ),
  )

  const updates = () => count(`from tocsin.event where data->'event'->>'type' = 'updated'`)
  await until(async () => (await updates()) >= 35 * 3, 'the updates')

  const dying = a.kill()
  const last = burst(
    (index) => `/incident update ${index}, 4`,
    () => [a, b],
  )
  await dying
  await last
  await until(async () => (await updates()) >= 35 * 4, 'the last updates')
  await alert([b], 'resolved')
  const resolved = incidents.slice(0, 4)
  await Promise.all(resolved.map(({ channel_id: channel }) => type([b], 'alice', channel, '/incident resolve Rolled back')))
  await until(
    async () => (await count(`from tocsin.event where data->'event'->>'type' = 'published'`)) === resolved.length,
    'the post-mortems',
  )
  await rest()

  const times = (kind: string) => count(`from tocsin.event where data->'event'->>'type' = '${kind}'`)
  expect(await times('declared')).toBe(35)
  expect(await times('channel-opened')).toBe(35)
  expect(await times('acknowledged')).toBe(35)
  expect(await times('resolved')).toBe(4)
  expect(await times('alert-resolved')).toBe(5)
  expect(
    await rows(
      `select incident, phase, count(*) from (select incident, data->'event'->>'phase' as phase from tocsin.event where data->'event'->>'type' = 'checks-started') _ group by 1, 2 having count(*) > 1`,
    ),
  ).toEqual([])
  // The last burst may have been typed at the one that died, recorded, and never answered: then it was typed again at the other one.
  const told = await rows<{ incident: string; text: string }>(
    `select incident, data->'event'->>'text' as text from tocsin.event where data->'event'->>'type' = 'updated'`,
  )
  expect(new Set(told.map(({ incident, text }) => `${incident} ${text}`)).size).toBe(35 * 4)
  expect(told.filter(({ text }) => !text.endsWith('4'))).toHaveLength(35 * 3)

  const channels = await channelsOf()
  expect(new Set(channels.map(({ id }) => id))).toEqual(new Set(incidents.map(({ channel_id: channel }) => channel)))
  for (const { id: channel } of channels) {
    const markers = await markersOf(channel)
    expect(new Set(markers).size, markers.join(' ')).toBe(markers.length)
    expect(markers.slice(0, 2).map((marker) => marker.split('/')[1])).toEqual(['header', 'opening'])
    const numbers = sequence(markers)
    expect(numbers).toEqual(numbers.toSorted((x, y) => x - y))
    expect(numbers.length).toBeGreaterThanOrEqual(5)
  }
  const announced = await markersOf((await surroundings.channels()).find(({ name }) => name === 'incidents')?.id ?? '')
  expect(announced.toSorted()).toEqual(incidents.map(({ id }) => `${id}/announcement`).toSorted())
  const pulls = await surroundings.github<{ head: { ref: string } }[]>('/pulls?state=all&per_page=100')
  expect(pulls.map(({ head }) => head.ref).toSorted()).toEqual(resolved.map(({ id }) => `postmortem/${id.toLowerCase()}`).toSorted())
  expect(await surroundings.supabase<object[]>('incidents?select=id')).toHaveLength(35)
  for (const { id } of incidents) expect(await type([b], 'alice', general, `/incident audit ${id}`)).toMatch(/whole/i)
  expect(await rows(`select name, state from tocsin_jobs.job where name = 'dead' or state = 'failed'`)).toEqual([])
  expect(await rows('select incident from tocsin.lease')).toEqual([])

  await b.kill()
})

test(
  'SIGTERM hands over at once: no new work, and what it was doing is ended by it or by the other one',
  { timeout: patienceMs },
  async () => {
    const a = await start('a')
    const before = (await channelsOf()).length
    // `a` is in the middle of a message when it is told to go.
    await surroundings.ask('POST', '/faults', {
      kind: 'hold',
      service: 'slack',
      method: 'chat.postMessage',
      contains: '/opening',
      caller: 'a',
      when: 'after',
    })
    await type([a], 'alice', general, '/incident new acme P1 Held')
    await until(async () => (await surroundings.ask<unknown[]>('GET', '/held?caller=a&wait=30000')).length > 0, 'a call that is held')
    const b = await start('b')

    const stopping = a.kill('SIGTERM')
    await until(
      async () =>
        (await surroundings.type(a.url, 'alice', general, '/incident list').then(
          (said) => said.status,
          () => 503,
        )) === 503,
      'a refusal',
      2_000,
    )
    const asked = performance.now()
    await type([b], 'alice', general, '/incident new acme P1 Handed over')
    const opened = async () =>
      (await rows<{ channel_id: string | null }>(`select channel_id from tocsin.incident where title = 'Handed over'`))[0]?.channel_id
    const channel = await until(opened, 'the channel of the other one')
    expect(performance.now() - asked).toBeLessThan(10_000)

    await surroundings.ask('DELETE', '/faults')
    const released = performance.now()
    await stopping
    expect(performance.now() - released).toBeLessThan(10_000)
    expect(await a.exited).toEqual([0, null])
    await rest()
    // Given back, not left to lapse: nothing was noticed to be dead.
    expect((await channelsOf()).length).toBe(before + 2)
    const held = (await rows<{ channel_id: string }>(`select channel_id from tocsin.incident where title = 'Held'`))[0]?.channel_id ?? ''
    for (const each of [held, channel]) {
      const markers = await markersOf(each)
      expect(markers.map((marker) => marker.replace(/^INC-\d+\//, '').replace(/:\d+$/, ''))).toEqual(['header', 'opening', 'checks'])
    }
    expect(await rows('select incident from tocsin.lease')).toEqual([])
    await b.kill()
  },
)
