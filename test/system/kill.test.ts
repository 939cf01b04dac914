/** `kill -9` at named points (faults 31): each row's bot is killed exactly there, started again, and the story must end as if nothing
 *  had happened: no lost event, no second channel, message or pull request, the audit whole, every timer there. */
import { cpus } from 'node:os'
import PQueue from 'p-queue'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Postgres, startPostgres } from '../postgres.ts'
import { type BotProcess, startProcess, startSurroundings, type Surroundings } from './bots.ts'
import { type DatabaseProxy, startDatabaseProxy, type Stop } from './database-proxy.ts'
import { type Beginning, live, look, type Row } from './story.ts'

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
  /** On a database without tables. */
  readonly empty?: boolean
}

/** Held before the effect, and after the effect but before the answer. */
const both = (name: string, call: Omit<Call, 'when'>): Point[] =>
  (['before', 'after'] as const).map((when) => ({ name: `${name}: ${when} it`, point: { call: { ...call, when } } }))
const after = (name: string, call: Omit<Call, 'when'>): Point => ({
  name: `${name}: after it`,
  point: { call: { ...call, when: 'after' } },
})

const calls: Point[] = [
  { name: 'asking Slack who the bot is, at the start', point: { call: { service: 'slack', method: 'auth.test', when: 'before' } } },
  ...both('creating the channel', { service: 'slack', method: 'conversations.create', contains: 'inc-N-' }),
  ...both('posting the header', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/header' }),
  ...both('pinning the header', { service: 'slack', method: 'pins.add' }),
  after('setting the topic', { service: 'slack', method: 'conversations.setTopic' }),
  ...both('looking up who is invited', { service: 'slack', method: 'users.lookupByEmail' }).slice(0, 1),
  ...both('inviting', { service: 'slack', method: 'conversations.invite' }),
  ...both('adding the bookmark', { service: 'slack', method: 'bookmarks.add', contains: 'dashboard' }),
  ...both('posting the checklist', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/opening' }),
  after('posting the checks', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/check:' }),
  ...both('creating the announcements channel', { service: 'slack', method: 'conversations.create', contains: 'announce-N' }),
  ...both('posting the announcement', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/announcement' }),
  after('editing the announcement', { service: 'slack', method: 'chat.update', contains: 'INC-N/announcement' }),
  ...both('editing the header', { service: 'slack', method: 'chat.update', contains: 'INC-N/header' }),
  after('posting the acknowledgement', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/ack:' }),
  after('posting the update', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/update:' }),
  after('posting the warning', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/clock:' }),
  after('posting the resolution', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/resolved:' }),
  after('posting the post-mortem’s link', { service: 'slack', method: 'chat.postMessage', contains: 'INC-N/post-mortem' }),
  after('adding the post-mortem’s bookmark', { service: 'slack', method: 'bookmarks.add', contains: 'Post-mortem' }),
  ...both('publishing the record', { service: 'supabase', method: 'POST *publish_incident' }),
  ...both('publishing the post-mortem', { service: 'supabase', method: 'POST *publish_incident', contains: 'tocsin:begin' }),
  ...both('making the branch', { service: 'github', method: 'POST *git/refs' }),
  ...both('writing the file', { service: 'github', method: 'PUT *contents/*' }),
  ...both('opening the pull request', { service: 'github', method: 'POST */pulls' }),
]

const stop = (name: string, statement: Stop, more: Partial<Point> = {}): Point => ({ name, point: { statement }, ...more })
const statements = (name: string, sql: RegExp, whens: readonly Stop['when'][], more: Partial<Point> = {}): Point[] =>
  whens.map((when) => stop(`${name}: ${when} it`, { sql, when }, more))
const commits = (name: string, sql: RegExp, more: Partial<Point> = {}): Point[] =>
  (['before', 'after'] as const).map((when) => stop(`the commit of ${name}: ${when} it`, { sql, of: 'commit', when }, more))

const event = (type: string) => new RegExp(`insert into tocsin\\.event[^]*\\\\"type\\\\":\\\\"${type}\\\\"`)
const item = (key: string, state: 'intent' | 'done') => new RegExp(`insert into tocsin\\.item[^]*${key}[^]*${state}`)
const alerted = { beginning: 'alerted' } as const
const empty = { empty: true } as const

const database: Point[] = [
  ...statements('drawing the number', /update "tocsin"\."counter"/, ['before']),
  ...statements('recording the declaration', event('declared'), ['before', 'after']),
  ...statements('enqueueing the declaration’s jobs', /INSERT INTO tocsin_jobs[^]*'sync-channel'/, ['before', 'after']),
  ...commits('the declaration', event('declared')),
  ...commits('the channel’s opening', event('channel-opened')),
  ...commits('the checks at opening', event('checked')),
  ...commits('the acknowledgement', event('acknowledged')),
  ...commits('the update', event('updated')),
  ...statements('recording the warning', event('clock-warned'), ['before']),
  ...commits('the warning', event('clock-warned')),
  ...commits('the resolution', event('resolved')),
  ...commits('the pull request’s publication', event('published')),
  stop('a job for the channel was taken', { sql: /WITH next[^]*'sync-channel'/, when: 'after', answer: /INC-/ }),
  stop('a timer was taken', { sql: /WITH next[^]*'timer'/, when: 'after', answer: /INC-/ }),
  stop('a job for the pull request was taken', { sql: /WITH next[^]*'sync-pull-request'/, when: 'after', answer: /INC-/ }),
  ...statements('taking the channel’s lease', /insert into tocsin\.lease[^]*channel/, ['after']),
  ...statements('releasing the channel’s lease', /delete from tocsin\.lease[^]*channel/, ['before', 'after']),
  ...statements('completing a job of the channel', /SET completed_on[^]*sync-channel/, ['before', 'after']),
  ...statements('completing the timer', /SET completed_on[^]*timer/, ['before', 'after']),
  ...statements('intending the channel', item('channel:0:', 'intent'), ['after']),
  ...statements('recording the channel', item('channel:0:', 'done'), ['before', 'after']),
  ...statements('intending the header', item('/header', 'intent'), ['after']),
  ...statements('recording the header', item('/header', 'done'), ['before', 'after']),
  ...statements('intending the bookmark', item('/bookmark', 'intent'), ['after']),
  ...statements('recording the acknowledgement’s line', item('/ack:', 'done'), ['before']),
  ...statements('remembering the announcements channel', /insert into "tocsin"\."setting"[^]*announce-channel/, ['before']),
  ...statements('intending the announcement', item('/announcement', 'intent'), ['after']),
  ...statements('recording the announcement', item('/announcement', 'done'), ['before']),
  ...statements('recording that it is published', item('record', 'done'), ['before']),
  ...statements('recording the pull request', item('pull-request', 'done'), ['before', 'after']),
  ...statements('writing the alert', /insert into tocsin\.alert/, ['before', 'after'], alerted),
  ...commits('the alert', /insert into tocsin\.alert/, alerted),
  ...commits('the match that opens an incident', event('declared'), alerted),
  ...commits('the match that clears an alert', event('alert-resolved'), alerted),
  ...statements('making the tables', /create table tocsin\.incident/, ['before', 'after'], empty),
  ...commits('the migration', /insert into tocsin\.migration/, empty),
  ...statements('making the job tables', /CREATE TABLE tocsin_jobs\.queue/i, ['before', 'after'], empty),
  stop('making a queue', { sql: /create_queue\('sync-channel'/, when: 'after' }, empty),
]

const points: readonly Point[] = [...calls, ...database].filter(({ name }) => new RegExp(process.env['ONLY'] ?? '').test(name))
const undisturbed: readonly Beginning[] = ['declared', 'alerted']

/** Rows that live at a time: most of each is waiting. */
const concurrency = Math.max(2, cpus().length) * Number(process.env['PER'] ?? 4)
const patienceMs = 400_000
const template = 'template_kill'

let postgres: Postgres
let surroundings: Surroundings
const queue = new PQueue({ concurrency })
/** What was seen at the end of each row. */
const ends = new Map<string, Promise<object>>()

const newDatabase = async (name: string, from: string | undefined, value: number | null): Promise<string> => {
  const url = await postgres.createDatabase(name, from)
  if (value !== null) await setCounter(url, value)
  return url
}

/** Each row has an incident number of its own, because they share one Slack, GitHub and Supabase. */
const setCounter = async (url: string, number: number): Promise<void> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('update tocsin.counter set value = $1', [number - 1])
  await client.end()
}

/** Parks the bot at the point; resolves when it is there. */
const arm = async ({ point }: Point, name: string, number: number, proxy: DatabaseProxy | null): Promise<{ parked: Promise<void> }> => {
  if ('statement' in point) return { parked: proxy?.park(point.statement) ?? Promise.reject(new Error('a statement needs a proxy')) }
  const { contains, ...call } = point.call
  await surroundings.ask('POST', '/faults', {
    kind: 'hold',
    caller: name,
    ...call,
    ...(contains === undefined ? {} : { contains: contains.replace('N', String(number)) }),
  })
  const wait = async () => {
    while ((await surroundings.ask<unknown[]>('GET', `/held?caller=${name}&wait=30000`)).length === 0);
  }
  const parked = wait()
  // The world may close while it is asked.
  parked.catch(() => undefined)
  return { parked }
}

const liveRow = async (point: Point | null, beginning: Beginning, number: number): Promise<object> => {
  const name = `row-${number}`
  const url = await newDatabase(`row_${number}`, point?.empty === true ? undefined : template, point?.empty === true ? null : number)
  const proxy = point !== null && 'statement' in point.point ? await startDatabaseProxy(url) : null
  const settings = surroundings.settings(name, proxy?.url ?? url, `announce-${number}`)
  const armed = point === null ? null : await arm(point, name, number, proxy)

  const first = startProcess(settings)
  let present = first.ready
  let killed = false
  armed?.parked.then(
    () => {
      killed = true
      present = first.kill().then(() => startProcess(settings).ready)
      present.catch(() => undefined)
    },
    () => undefined,
  )
  const bot = async (): Promise<BotProcess> => {
    for (;;) {
      const asked = present
      try {
        return await asked
      } catch (error) {
        if (asked === present) throw error
      }
    }
  }
  const row: Row = { surroundings, keeper: { bot }, database: url, number, announce: `announce-${number}` }
  const log = async () => (await bot()).log()
  try {
    if (point?.empty === true) {
      await bot()
      await setCounter(url, number)
    }
    await live(row, beginning)
    console.log(name, point?.name, Math.round(performance.now()))
    if (point !== null && !killed) throw new Error('the bot never came to this point')
    return await look(row)
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${await log().catch(String)}`, { cause: error })
  } finally {
    await (await bot().catch(() => null))?.kill()
    await proxy?.close()
  }
}

beforeAll(async () => {
  ;[postgres, surroundings] = await Promise.all([startPostgres({ settings: { max_connections: '600' } }), startSurroundings()])
  // Made once: a start on a database that has its tables is faster.
  const url = await postgres.createDatabase(template)
  await (await startProcess(surroundings.settings('template', url, 'announce')).ready).kill('SIGTERM')
  const begin = (name: string, work: () => Promise<object>) => {
    const end = queue.add(work)
    end.catch(() => undefined)
    ends.set(name, end)
  }
  undisturbed.forEach((beginning, index) => begin(beginning, () => liveRow(null, beginning, 100 + index)))
  points.forEach((point, index) => begin(point.name, () => liveRow(point, point.beginning ?? 'declared', 1_000 + index)))
}, patienceMs)

afterAll(async () => {
  queue.clear()
  await surroundings.close()
  await postgres[Symbol.asyncDispose]()
}, patienceMs)

test('every point has a name of its own, and there are more than fifty', () => {
  expect(new Set(points.map(({ name }) => name)).size).toBe(points.length)
  expect(points.length).toBeGreaterThanOrEqual(50)
})

describe('without a kill', () => {
  test.each(undisturbed)('an incident that was %s', { timeout: patienceMs }, async (beginning) => {
    expect(await ends.get(beginning)).toMatchObject({ audit: 'whole', left: [], leases: [] })
  })
})

describe('kill -9 at a point, and the story ends the same', () => {
  test.each(points)('$name', { timeout: patienceMs }, async ({ name, beginning }) => {
    expect(await ends.get(name)).toEqual(await ends.get(beginning ?? 'declared'))
  })
})
