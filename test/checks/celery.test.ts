import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { lastSent } from '../../src/checking/celery/redbeat.ts'
import { readEnds, readResult } from '../../src/checking/celery/results.ts'
import check from '../../src/checks/celery.ts'
import { closedPort } from '../adapters/server.ts'
import { ensure } from '../system/debian.ts'
import { until } from '../until.ts'
import { ask, type Asking, now } from './asking.ts'
import { celeryPackages, startCelery } from './celery.ts'
import { redisPackages, startRedis } from './redis.ts'

type Given = Partial<z.input<typeof check.options>>

const asked = (port: number, given: Given = {}, more: Asking = {}) => ask(check, { host: '127.0.0.1', port, tls: 'none', ...given }, more)

describe.skipIf(!ensure([...redisPackages, ...celeryPackages]))('celery: a real one', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  let celery: Awaited<ReturnType<typeof startCelery>>

  beforeAll(async () => {
    redis = await startRedis()
    celery = await startCelery(redis.port)
    celery.send(`
for n in range(18): pay.delay()
pay.delay(200000)
fail.delay(20000)
for priority in [0, 3, 9, 9]: pay.apply_async(queue='slow', priority=priority)`)
    await redis.client.select(1)
    const done = async () => {
      if (celery.hasEnded()) throw new Error('Celery did not start')
      const keys = await redis.client.keys('celery-task-meta-*')
      return (await Promise.all(keys.map((key) => redis.client.get(key)))).filter((text) => text?.includes('"name": "shop.')).length
    }
    await until(async () => (await done()) > 21, 'results of Celery’s tasks', 60_000, 200)
  }, 90_000)

  afterAll(async () => {
    await celery[Symbol.asyncDispose]()
    await redis[Symbol.asyncDispose]()
  })

  /** Against the true time, which the worker writes. */
  const ofShop = (given: Given = {}, more: Asking = {}) =>
    asked(redis.port, { resultDb: 1, ...given }, { now: new Date().toISOString(), ...more })

  test('queues with all their priorities', async () => {
    const { texts, measurements } = await ofShop({ queues: ['celery', 'slow'], waiting: 3 })
    expect(texts).toContain('warn: queue slow is 4, above the limit of 3.')
    expect(texts.join('\n')).toMatch(/\d+ tasks? waits? in celery, 4 tasks wait in slow; workers have taken \d+/)
    expect(measurements).toContainEqual({ name: 'queue slow', value: 4, unit: '', limit: 3 })
  })

  test('failures, also those that are too large to read as a whole', async () => {
    const { texts, measurements } = await ofShop({ failures: { warn: 0.5, fail: 50 } })
    expect(texts).toContainEqual(expect.stringMatching(/^warn: task failure rate is [\d.]+ %, above the limit of 0\.5 %/))
    expect(texts).toContainEqual(expect.stringMatching(/^ok: 1 of \d+ tasks failed in the last hour: shop\.fail 1\.$/))
    expect(measurements.find(({ name }) => name === 'task failure rate')).toMatchObject({ unit: '%', limit: 0.5 })
  })

  test('the last run of what is scheduled', async () => {
    const { texts } = await ofShop({ scheduled: [{ task: 'shop.refresh', within: '5m' }] })
    expect(texts).toContainEqual(expect.stringMatching(/^ok: shop\.refresh last succeeded \d+ s ago\.$/))
    const late = await ofShop(
      {
        scheduled: [
          { task: 'shop.refresh', within: '5m', failAfter: '1h' },
          { task: 'shop.never', within: '5m' },
          { task: 'shop.fail', within: '1d', failAfter: '2d' },
        ],
      },
      { now: new Date(Date.now() + 3 * 3_600_000).toISOString() },
    )
    expect(late.status).toBe('fail')
    expect(late.texts).toContainEqual(
      expect.stringMatching(/^fail: shop\.refresh last succeeded .* ago, more than 1 h: look at its schedule/),
    )
    expect(late.texts).toContainEqual(expect.stringMatching(/^warn: shop\.never has no success/))
    expect(late.texts).toContainEqual(expect.stringMatching(/^fail: shop\.fail has no success .*, but 1 failure: look at beat/))
  })

  test('an hour in which nothing ended', async () => {
    const { status, texts } = await ofShop({ failures: 1 }, { now: new Date(Date.now() + 3 * 3_600_000).toISOString() })
    expect([status, texts.at(-1)]).toEqual(['unknown', expect.stringMatching(/^unknown: No task with a result ended in the last hour/)])
  })
})

describe.skipIf(!ensure(redisPackages))('celery: what Redis may hold', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  const holding = async (keys: Readonly<Record<string, string>>, given: Given = {}) => {
    await redis.client.flushall()
    await redis.client.sadd('_kombu.binding.celery.pidbox', 'x')
    for (const [key, value] of Object.entries(keys)) await redis.client.set(key, value)
    return asked(redis.port, given)
  }
  const meta = (status: string, more: object = {}) =>
    JSON.stringify({ status, result: null, date_done: '2026-11-20T10:14:00.123456', ...more })
  const some = (statuses: readonly string[], more: object = {}) =>
    Object.fromEntries(statuses.map((status, n) => [`celery-task-meta-${n}`, meta(status, more)]))

  test('no trace of Celery is no empty queue', async () => {
    await redis.client.flushall()
    const { status, texts } = await asked(redis.port)
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('no trace of a Celery worker')])
  })

  test('a user who may do nothing but read is enough, so nothing else is sent', async () => {
    await holding(some(['SUCCESS'], { name: 'a' }))
    const reads = ['exists', 'scan', 'llen', 'hlen', 'hget', 'getrange', 'select'].map((name) => `+${name}`)
    await redis.client.call('ACL', 'SETUSER', 'looker', 'on', '>right-horse', '~*', ...reads)
    const given: Given = { user: 'looker', secret: 'REDIS_PASSWORD', failures: 1, scheduled: [{ task: 'a', within: '5m' }] }
    const more = { secrets: { REDIS_PASSWORD: 'right-horse' } }
    expect(await asked(redis.port, given, more)).toMatchObject({ status: 'ok' })
    await redis.client.hset('redbeat:a', 'meta', sent(at(14, 'UTC')))
    expect(await asked(redis.port, { ...given, scheduledIn: 'redbeat' }, more)).toMatchObject({ status: 'ok' })
    expect(await asked(redis.port, given, { secrets: { REDIS_PASSWORD: 'wrong' } })).toMatchObject({ status: 'unknown' })
  })

  test('nothing waits, and what is unfinished does not count', async () => {
    const { status, texts } = await holding(some(['SUCCESS', 'SUCCESS', 'STARTED', 'RETRY', 'REVOKED']), { failures: 1 })
    expect([status, texts]).toEqual([
      'ok',
      ['ok: 0 tasks wait in celery; workers have taken 0.', 'ok: 0 of 2 tasks failed in the last hour.'],
    ])
  })

  test('too few for a rate', async () => {
    const { status, texts } = await holding(some(['SUCCESS', 'FAILURE']), { failures: 1, minimum: 10 })
    expect([status, texts[1]]).toEqual(['unknown', expect.stringContaining('Only 2 tasks ended')])
  })

  test('results without names', async () => {
    const { texts } = await holding(some(['SUCCESS']), { scheduled: [{ task: 'a', within: '5m' }] })
    expect(texts).toContainEqual(expect.stringContaining('Set result_extended'))
  })

  test('a schedule that is longer than results are kept', async () => {
    const { texts } = await holding(some(['SUCCESS'], { name: 'b' }), { scheduled: [{ task: 'a', within: '7d' }] })
    expect(texts).toContainEqual(expect.stringMatching(/^unknown: a has no result, which Celery keeps for a day/))
  })

  test('more results than are looked at', async () => {
    await redis.client.flushall()
    await redis.client.sadd('_kombu.binding.celery.pidbox', 'x')
    const all = Array.from({ length: 3000 }, (_, n) => [`celery-task-meta-${n}`, meta('SUCCESS', { name: 'b' })] as const)
    await redis.client.mset(Object.fromEntries(all))
    const { texts } = await asked(redis.port, { failures: 1, scheduled: [{ task: 'a', within: '5m' }] })
    expect(texts).toContainEqual(expect.stringMatching(/0 of 2000 tasks failed in the last hour \(of 2000 results that were looked at\)/))
    expect(texts).toContainEqual(expect.stringMatching(/^unknown: a: no success is among the results that were looked at/))
  })

  test('hostile results', async () => {
    const { texts } = await holding({
      'celery-task-meta-a': 'not json',
      'celery-task-meta-b': '{"status": 7}',
      'celery-task-meta-c': '['.repeat(8000),
      'celery-task-meta-d': meta('FAILURE', { name: '<!channel>\u202E' }),
      'celery-task-meta-e': meta('SUCCESS', { date_done: 'yesterday' }),
    })
    expect(texts.join('\n')).toContain('1 of 1 task failed in the last hour: <!channel> 1. 3 results could not be read.')
  })

  test('a key of another type', async () => {
    const { status, texts } = await holding({ celery: 'x' })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('of another type')])
  })

  const sent = (time: object | null) => JSON.stringify({ last_run_at: time, total_run_count: 3 })
  const at = (minute: number, timezone: string | number, hour = 10) => ({
    __type__: 'datetime',
    year: 2026,
    month: 11,
    day: 20,
    hour,
    minute,
    second: 0,
    microsecond: 7,
    timezone,
  })

  test('RedBeat’s schedule', async () => {
    await redis.client.flushall()
    await redis.client.rpush('celery', 'x')
    for (const [name, value] of Object.entries({
      good: sent(at(14, 'UTC')),
      zone: sent(at(14, 'Europe/Zurich', 11)),
      late: sent(at(14, 7200, 10)),
      never: sent(null),
      odd: '{}',
    }))
      await redis.client.hset(`redbeat:${name}`, 'meta', value)
    const { status, texts } = await asked(redis.port, {
      scheduledIn: 'redbeat',
      scheduled: ['good', 'zone', 'late', 'never', 'odd', 'none'].map((task) => ({ task, within: '5m', failAfter: '1h' })),
    })
    expect(status).toBe('fail')
    expect(texts.filter((text) => /^\w+: (good|zone|late|never|odd|RedBeat)\b/.test(text))).toEqual([
      'ok: good was last sent 1 min ago.',
      'ok: zone was last sent 1 min ago.',
      'fail: late was last sent 2 h 01 min ago, more than 1 h: look at its schedule and its log.',
      'fail: never was never sent: look at beat.',
      'unknown: odd: RedBeat’s entry is not as documented.',
      expect.stringMatching(/^unknown: RedBeat has no entry none/),
    ])
  })
})

describe('celery: pieces', () => {
  test('times with and without an offset', () => {
    const at = (date_done: unknown) => readResult(JSON.stringify({ status: 'SUCCESS', date_done }))?.doneAt
    expect(['2026-11-20T10:15:00', '2026-11-20T10:15:00+00:00', '2026-11-20T12:15:00.000+02:00'].map(at)).toEqual(
      Array(3).fill(Date.parse(now)),
    )
    expect([at(null), at(''), at('x')]).toEqual([null, null, null])
  })
  test('the ends of what is too large', () => {
    const text = JSON.stringify({
      status: 'FAILURE',
      result: { name: 'x'.repeat(9000), date_done: '1999-01-01T00:00:00' },
      date_done: '2026-11-20T10:15:00',
      name: 'shop.fail',
    })
    const spaced = text.replaceAll('":', '": ')
    expect(readEnds(spaced.slice(0, 100), spaced.slice(-200))).toEqual({ status: 'FAILURE', task: 'shop.fail', doneAt: Date.parse(now) })
    expect(readEnds('nonsense', spaced)).toBeNull()
  })
  test.each(['', '[]', 'null', '{"last_run_at":{"year":"x"}}', '{"last_run_at":{"year":2026,"month":1,"day":1,"timezone":"No/Where"}}'])(
    '%j is no entry',
    (text) => expect(lastSent(text)).toBeUndefined(),
  )
  test('refused', async () => {
    const { status, texts } = await asked(await closedPort())
    expect([status, texts[0]]).toEqual(['fail', expect.stringMatching(/^fail: Connection refused: /)])
  })
})
