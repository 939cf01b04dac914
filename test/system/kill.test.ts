/** `kill -9` at named points (faults 31): each row's bot is killed exactly there, started again, and the story must end as if nothing
 *  had happened: no lost event, no second channel, message or pull request, the audit whole, every timer there.
 *
 *  Rows live in lanes: a lane has a database of its own, and its rows live in it one after the other, each with an incident of its own and
 *  begun on the bot that ended the one before. All lanes share one Slack, GitHub and Supabase. */
import { cpus } from 'node:os'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Postgres, startPostgres } from '../postgres.ts'
import { type BotProcess, startProcess, startSurroundings, type Surroundings } from './bots.ts'
import { type DatabaseProxy, startDatabaseProxy, type Stop } from './database-proxy.ts'
import { type Beginning, live, look } from './story.ts'

/** A call of the bot that is parked in the world; `N` in `contains` stands for the incident's number. */
type Call = {
  readonly service: 'slack' | 'github' | 'supabase'
  readonly method: string
  readonly contains?: string
  readonly when: 'before' | 'after'
}
type Point = {
  readonly name: string
  readonly point: { readonly call: Call } | { readonly statement: Stop }
  readonly beginning?: Beginning
  /** The first start on a database: without tables, or with nothing in its tables. */
  readonly first?: 'empty' | 'fresh'
}

type When = 'before' | 'after'
const both: readonly When[] = ['before', 'after']
const call = (name: string, of: Omit<Call, 'when'>, whens: readonly When[], more: Partial<Point> = {}): Point[] =>
  whens.map((when) => ({ name: `${name}: ${when} it`, point: { call: { ...of, when } }, ...more }))
const post = (name: string, what: string, whens: readonly When[] = ['after']) =>
  call(`posting ${name}`, { service: 'slack', method: 'chat.postMessage', contains: `INC-N/${what}` }, whens)
const fresh = { first: 'fresh' } as const
const empty = { first: 'empty' } as const
const alerted = { beginning: 'alerted' } as const

const calls: readonly Point[] = [
  ...call('asking Slack who the bot is, at the start', { service: 'slack', method: 'auth.test' }, ['before'], fresh),
  ...call('creating the channel', { service: 'slack', method: 'conversations.create', contains: 'inc-N-' }, both),
  ...post('the header', 'header', both),
  ...call('pinning the header', { service: 'slack', method: 'pins.add' }, ['after']),
  ...call('setting the topic', { service: 'slack', method: 'conversations.setTopic' }, ['before']),
  ...call('inviting', { service: 'slack', method: 'conversations.invite' }, ['after']),
  ...call('adding the bookmark', { service: 'slack', method: 'bookmarks.add', contains: 'dashboard' }, ['after']),
  ...post('the checklist', 'opening'),
  ...post('the checks', 'checks:'),
  ...call(
    'creating the announcements channel',
    { service: 'slack', method: 'conversations.create', contains: '"announce-' },
    ['after'],
    fresh,
  ),
  ...post('the announcement', 'announcement', both),
  ...call('editing the header', { service: 'slack', method: 'chat.update', contains: 'INC-N/header' }, ['after']),
  ...post('the acknowledgement', 'ack:'),
  ...post('the update', 'update:'),
  ...post('the resolution', 'resolved:'),
  ...post('the post-mortem’s link', 'post-mortem'),
  ...call('adding the post-mortem’s bookmark', { service: 'slack', method: 'bookmarks.add', contains: 'Post-mortem' }, ['after']),
  ...call('publishing the record', { service: 'supabase', method: 'POST *publish_incident', contains: '"INC-N"' }, ['after']),
  ...call('publishing the post-mortem', { service: 'supabase', method: 'POST *publish_incident', contains: 'tocsin:begin' }, ['after']),
  ...call('making the branch', { service: 'github', method: 'POST *git/refs' }, ['after']),
  ...call('writing the file', { service: 'github', method: 'PUT *contents/*' }, both),
  ...call('opening the pull request', { service: 'github', method: 'POST */pulls' }, both),
]

const statement = (name: string, sql: RegExp, whens: readonly When[], more: Partial<Point> = {}): Point[] =>
  whens.map((when) => ({ name: `${name}: ${when} it`, point: { statement: { sql, when } }, ...more }))
const commit = (name: string, sql: RegExp, whens: readonly When[] = both, more: Partial<Point> = {}): Point[] =>
  whens.map((when) => ({ name: `the commit of ${name}: ${when} it`, point: { statement: { sql, of: 'commit', when } }, ...more }))
/** A worker took a job of the queue: its own look for one was answered with it. */
const taken = (name: string, queue: string): Point => ({
  name: `${name} was taken`,
  point: { statement: { sql: new RegExp(`WITH\\s+next AS[^]*'${queue}'`), when: 'after', answer: /INC-/ } },
})

const event = (type: string) => new RegExp(`insert into tocsin\\.event[^]*\\\\"type\\\\":\\\\"${type}\\\\"`)
const item = (key: string, state: 'intent' | 'done') => new RegExp(`insert into tocsin\\.item[^]*${key}[^]*${state}`)

const statements: readonly Point[] = [
  ...statement('enqueueing the declaration’s jobs', /INSERT INTO tocsin_jobs[^]*'sync-channel'/, ['after']),
  ...commit('the declaration', event('declared')),
  ...commit('the channel’s opening', event('channel-opened'), ['before']),
  ...commit('the checks', event('checks-answered'), ['before']),
  ...commit('the acknowledgement', event('acknowledged'), ['after']),
  ...commit('the update', event('updated'), ['after']),
  ...commit('the warning', event('clock-warned'), ['before']),
  ...commit('the resolution', event('resolved'), ['after']),
  ...commit('the pull request’s publication', event('published'), ['before']),
  taken('a job of the channel', 'sync-channel'),
  taken('a timer', 'timer'),
  ...commit('taking the channel’s lease', /insert into tocsin\.lease[^]*channel/, ['after']),
  ...statement('recording the update as the lease is given back', item('/update:', 'done'), both),
  ...statement('completing a job of the channel', /SET completed_on[^]*sync-channel/, ['before']),
  ...statement('completing a timer', /SET completed_on[^]*timer/, ['before']),
  ...statement('intending the channel', item('channel:0:', 'intent'), ['after']),
  ...statement('recording the header', item('/header', 'done'), ['before']),
  ...statement('remembering the announcements channel', /insert into "tocsin"\."setting"[^]*announce-channel/, ['before'], fresh),
  ...statement('recording the announcement', item('/announcement', 'done'), ['before']),
  ...statement('recording the pull request', item('pull-request', 'done'), ['before']),
  ...commit('an alert', /insert into tocsin\.alert/, ['after'], alerted),
  ...commit('the match that opens an incident', event('declared'), ['before'], alerted),
  ...commit('the match that clears an alert', event('alert-resolved'), ['before'], alerted),
  ...statement('making the tables', /create table tocsin\.incident/, ['after'], empty),
  ...commit('the migration', /insert into tocsin\.migration/, ['before'], empty),
  ...statement('making a queue', /create_queue\('sync-channel'/, ['after'], empty),
]

const points: readonly Point[] = [...calls, ...statements]
const undisturbed: readonly Beginning[] = ['declared', 'alerted']

/** Rows that live at a time: most of each is waiting. */
const lanes = cpus().length * 6
const patienceMs = 400_000
const template = 'template_kill'

let postgres: Postgres
let surroundings: Surroundings
/** What was seen at the end of each row. */
const ends = new Map<string, PromiseWithResolvers<object>>()

const setCounter = async (url: string, number: number): Promise<void> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('update tocsin.counter set value = $1', [number - 1])
  await client.end()
}

/** A bot on a database of its own, that is started again when it is killed. `before` is done when the database is there. */
const startLane = async (
  number: number,
  proxied: boolean,
  from: string | undefined,
  before: (proxy: DatabaseProxy | null) => Promise<void>,
) => {
  const name = `lane-${number}`
  const url = await postgres.createDatabase(name, from)
  if (from !== undefined) await setCounter(url, number)
  const proxy = proxied ? await startDatabaseProxy(url) : null
  await before(proxy)
  const settings = surroundings.settings(name, proxy?.url ?? url, `announce-${number}`)
  let starting = startProcess(settings)
  let present = starting.ready
  const keeper = {
    /** The bot as soon as it is ready; the next one when it is killed meanwhile. */
    bot: async (): Promise<BotProcess> => {
      for (;;) {
        const asked = present
        try {
          return await asked
        } catch (error) {
          if (asked === present) throw error
        }
      }
    },
  }
  return {
    name,
    url,
    proxy,
    announce: `announce-${number}`,
    keeper,
    kill: () => {
      const dying = starting
      present = dying.kill().then(() => (starting = startProcess(settings)).ready)
      present.catch(() => undefined)
    },
    log: async () => (await keeper.bot()).log(),
    end: async () => {
      await (await keeper.bot().catch(() => null))?.kill()
      await proxy?.close()
    },
  }
}

type Lane = Awaited<ReturnType<typeof startLane>>

/** Parks the bot of the lane `name` at the point; `parked` resolves when it is there. */
const arm = async ({ point }: Point, name: string, number: number, proxy: DatabaseProxy | null): Promise<{ parked: Promise<void> }> => {
  if ('statement' in point) return { parked: proxy?.park(point.statement) ?? Promise.reject(new Error('a statement needs a proxy')) }
  const { contains, ...of } = point.call
  const filled = contains === undefined ? {} : { contains: contains.replace(/-N\b/, `-${number}`) }
  await surroundings.ask('POST', '/faults', { kind: 'hold', caller: name, ...of, ...filled })
  const wait = async () => {
    while ((await surroundings.ask<unknown[]>('GET', `/held?caller=${name}&wait=30000`)).length === 0);
  }
  const parked = wait()
  // The world may close while it is asked.
  parked.catch(() => undefined)
  return { parked }
}

/** One row, on a lane or on a new one; gives the lane that the next row may have. */
const liveRow = async (
  row: Point | null,
  beginning: Beginning,
  number: number,
  proxied: boolean,
  given: Lane | null,
): Promise<{ lane: Lane; end: object }> => {
  let killed = false
  let armed: Promise<void> | null = null
  const begin = async (name: string, proxy: DatabaseProxy | null) => {
    if (row !== null) armed = (await arm(row, name, number, proxy)).parked.then(() => void (killed = true))
  }
  let lane = given
  if (lane !== null) await begin(lane.name, lane.proxy)
  lane ??= await startLane(number, proxied, row?.first === 'empty' ? undefined : template, (proxy) => begin(`lane-${number}`, proxy))
  const mine = lane
  ;(armed as Promise<void> | null)?.then(mine.kill, () => undefined)
  try {
    if (row?.first === 'empty') {
      await mine.keeper.bot()
      await setCounter(mine.url, number)
    }
    const place = { surroundings, keeper: mine.keeper, database: mine.url, number, announce: mine.announce }
    await live(place, beginning)
    if (row !== null && !killed) throw new Error('the bot never came to this point')
    return { lane: mine, end: await look(place) }
  } catch (error) {
    const log = await mine.log().catch(String)
    await mine.end()
    throw new Error(`INC-${number}: ${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error })
  }
}

/** Lives rows one after the other. A row that fails leaves no lane to the next. */
const liveLane = async (rows: readonly (Point | Beginning)[], first: number): Promise<void> => {
  let lane: Lane | null = null
  for (const [index, row] of rows.entries()) {
    const name = typeof row === 'string' ? row : row.name
    const point = typeof row === 'string' ? null : row
    const beginning = typeof row === 'string' ? row : (row.beginning ?? 'declared')
    try {
      const lived = await liveRow(point, beginning, first + index, point !== null && 'statement' in point.point, lane)
      lane = lived.lane
      ends.get(name)?.resolve(lived.end)
    } catch (error) {
      lane = null
      ends.get(name)?.reject(error)
    }
  }
  await lane?.end()
}

/** Rows dealt to so many lanes. */
const dealt = <T>(rows: readonly T[], count: number): T[][] =>
  Array.from({ length: count }, (_, lane) => rows.filter((_row, index) => index % count === lane)).filter((each) => each.length > 0)

beforeAll(async () => {
  ;[postgres, surroundings] = await Promise.all([
    startPostgres({
      settings: {
        max_connections: '600',
        autovacuum: 'off',
        jit: 'off',
        update_process_title: 'off',
        wal_level: 'minimal',
        max_wal_senders: '0',
      },
    }),
    startSurroundings(),
  ])
  // Made once: a start on a database that has its tables is faster.
  const url = await postgres.createDatabase(template)
  await (await startProcess(surroundings.settings('template', url, 'announce')).ready).kill('SIGTERM')

  for (const name of [...undisturbed, ...points.map((point) => point.name)]) {
    const end = Promise.withResolvers<object>()
    end.promise.catch(() => undefined)
    ends.set(name, end)
  }
  const following = (all: readonly Point[]) => points.filter((point) => all.includes(point) && point.first === undefined)
  const share = following(calls).length / (following(calls).length + following(statements).length)
  const work = [
    [...undisturbed],
    ...points.filter((point) => point.first !== undefined).map((point) => [point]),
    ...dealt(following(calls), Math.max(1, Math.round(lanes * share))),
    ...dealt(following(statements), Math.max(1, Math.round(lanes * (1 - share)))),
  ].toSorted((a, b) => b.length - a.length)
  let next = 0
  const worker = async () => {
    for (let rows = work[next]; rows !== undefined; rows = work[next]) {
      next += 1
      await liveLane(rows, next * 100)
    }
  }
  for (let index = 0; index < lanes; index += 1) void worker()
}, patienceMs)

afterAll(async () => {
  await surroundings.close()
  await postgres[Symbol.asyncDispose]()
}, patienceMs)

test('every point has a name of its own, and there are more than fifty', () => {
  expect(new Set(points.map(({ name }) => name)).size).toBe(points.length)
  expect(points.length).toBeGreaterThanOrEqual(50)
})

describe('without a kill', () => {
  test.each(undisturbed)('an incident that was %s', { timeout: patienceMs }, async (beginning) => {
    expect(await ends.get(beginning)?.promise).toMatchObject({ audit: 'whole', left: [] })
  })
})

describe('kill -9 at a point, and the story ends the same', () => {
  test.each(points)('$name', { timeout: patienceMs }, async ({ name, beginning }) => {
    expect(await ends.get(name)?.promise).toEqual(await ends.get(beginning ?? 'declared')?.promise)
  })
})
