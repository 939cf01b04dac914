/** A product's data changed through Slack: what is typed is held against the catalogue's bounds, approved, and done once. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actionOf } from '../../src/incident/acting/request.ts'
import { startCutting } from '../actions/cutting-proxy.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { redisPackages, startRedis } from '../checks/redis.ts'
import { ensurePostgres, type Postgres, startPostgres } from '../postgres.ts'
import { ensure } from '../system/debian.ts'
import { until } from '../until.ts'

const isThere = ensurePostgres() && ensure(redisPackages)
let bot: TestBot
let server: Postgres
let proxy: Awaited<ReturnType<typeof startCutting>>
let redis: Awaited<ReturnType<typeof startRedis>>
let owner: Client
let channel: string

beforeAll(async () => {
  if (!isThere) return
  server = await startPostgres()
  proxy = await startCutting(server.port)
  redis = await startRedis()
  owner = new Client({ connectionString: server.url() })
  await owner.connect()
  await owner.query(`create table letters (id int, status text);
    insert into letters select n, 'generating' from generate_series(1, 3) n;
    create table credits (owner text, amount int)`)
  await redis.client.mset('limits:1', 'x', 'limits:2', 'x', 'session:1', 'x')
  const place = `{ host: 127.0.0.1, port: ${proxy.port}, secret: KIOSK_DATABASE_URL, tls: none`
  const service = `name: Kiosk
privateHosts: [127.0.0.1]
actions:
  letters.unstick:
    kind: sql.update
    title: Un-stick letters
    risk: low
    options: ${place}, what: Letters that are stuck become drafts, rows: letters, target: "database:letters", most: 100, left: 0,
      parameters: [{ name: least, type: integer, least: 1, most: 99, default: 2, label: Ids from }],
      statement: "update letters set status = 'draft' where status = 'generating' and id >= $1 returning id",
      count: "select count(*) from letters where status = 'generating' and id >= $1",
      undo: { statement: "update letters set status = 'generating' where id = any($1) and status = 'draft'",
        count: "select count(*) from letters where id = any($1) and status = 'draft'" } }
  credits.add:
    kind: sql.update
    title: Add credits
    options: ${place}, what: Credits are added, target: "database:credits", most: 1, count: select 1,
      parameters: [{ name: user, type: text, pattern: "[a-z]+" }, { name: amount, type: integer, least: 1, most: 50 }],
      statement: "insert into credits values ($1, $2)" }
  cache.flush:
    kind: redis.flush
    title: Flush the cache
    options: { via: redis, host: 127.0.0.1, port: ${redis.port}, tls: none, prefixes: ["limits:"] }
`
  bot = await startTestBot({
    files: { 'kiosk/service.yml': service },
    options: { environment: { KIOSK_DATABASE_URL: `postgres://tocsin@127.0.0.1:${proxy.port}/postgres` } },
  })
  expect(bot.bot.problems).toEqual([])
  await bot.say('alice', 'general', '/incident new kiosk P1 Letters are stuck')
  channel = await bot.opened('INC-1')
})
afterAll(async () => {
  if (!isThere) return
  await bot[Symbol.asyncDispose]()
  await owner.end()
  await redis[Symbol.asyncDispose]()
  await proxy[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const becomes = (action: number, status: string) =>
  until(async () => actionOf(await bot.incident('INC-1'), action)?.status === status, `action ${action} ${status}`)
const run = async (words: string): Promise<number> => {
  await bot.say('alice', channel, `/incident run ${words}`)
  const action = (await bot.incident('INC-1')).actions.length
  await becomes(action, 'waiting')
  await bot.say('bob', channel, `/incident approve ${action}`)
  return action
}
const drafts = async () => (await owner.query("select from letters where status = 'draft'")).rowCount

describe.skipIf(!isThere)('data of a product', () => {
  test.each([
    ['letters.unstick least=-5', 'must be a whole number from 1 to 99'],
    ['letters.unstick least=100', 'must be a whole number from 1 to 99'],
    ['letters.unstick minutes=10', 'least='],
    ['letters.unstick statement=x', 'least='],
    ['credits.add user=ada', 'amount'],
    ['cache.flush pattern=*', 'matches every key'],
    ['cache.flush pattern=session:*', 'must begin with limits:'],
    ['cache.flush all=yes', 'pattern='],
  ])('%s is refused at once', async (words, says) => {
    expect((await bot.say('alice', channel, `/incident run ${words}`)).text).toContain(says)
    expect((await bot.incident('INC-1')).actions).toEqual([])
  })

  test('what an action changes can be locked before anybody asks for it', async () => {
    expect((await bot.say('alice', channel, '/incident lock database:credits The books are closed')).text).toContain(
      'Locked database:credits',
    )
    await bot.say('alice', channel, '/incident unlock database:credits')
  })

  test('the database answers the commit, and nobody hears it: done once, and told so; then taken back', async () => {
    proxy.cut({ sees: /commit/, when: 'after' })
    const action = await run('letters.unstick')
    await becomes(action, 'done')
    expect(proxy.cuts()).toBe(1)
    expect(actionOf(await bot.incident('INC-1'), action)?.ran).toMatchObject({ outcome: 'done', text: 'Changed 2 letters.' })
    expect(await drafts()).toBe(2)

    await bot.say('bob', channel, `/incident undo ${action} they are sent twice`)
    await becomes(action + 1, 'waiting')
    await bot.say('alice', channel, `/incident approve ${action + 1}`)
    await becomes(action + 1, 'done')
    expect(await drafts()).toBe(0)
  })

  test('keys like a pattern are flushed, and no others', async () => {
    await becomes(await run('cache.flush pattern=limits:*'), 'done')
    expect(await redis.client.keys('*')).toEqual(['session:1'])
  })
})
