import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { example } from '../../src/acting/redis/keys.ts'
import redisFlush from '../../src/actions/redis.flush.ts'
import { type ActionDefinition, inputOf } from '../../src/define/action.ts'
import { FetchFault } from '../../src/ports.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { redisPackages, startRedis } from '../checks/redis.ts'
import { startSilent } from '../checks/silent-port.ts'
import { ensure } from '../system/debian.ts'
import { type Acting, hand } from './acting.ts'
import { startFront } from './front.ts'
import { startCutting } from './cutting-proxy.ts'

const isThere = ensure(redisPackages)
let server: Awaited<ReturnType<typeof startRedis>>
let rest: Awaited<ReturnType<typeof startRest>>

beforeAll(async () => {
  if (!isThere) return
  server = await startRedis({ databases: '4' })
  rest = await startRest()
  await server.client.call('ACL', 'SETUSER', 'looker', 'on', '>right-horse', '~*', '+ping', '+scan', '+dbsize', '+exists', '+select')
})
afterAll(async () => {
  if (!isThere) return
  await rest[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  if (!isThere) return
  rest.answers.length = 0
  await server.client.flushall()
  const pairs = Array.from({ length: 1200 }, (_, n) => [`cache:odds:${n}`, 'x']).flat()
  await server.client.mset(...pairs)
  await server.client.mset('session:alice@example.com', 'x', 'cache:user:alice', 'x', 'queue', 'x')
})

/** Upstash's REST API over the same Redis. `answers`: what is answered instead, after the command was done; `idle`: it is not done at all, and
 *  said to be. */
const startRest = async (token = 'token-of-upstash') => {
  const answers: (number | 'drop' | 'idle')[] = []
  const posted: string[][] = []
  const http = await startHttp((request, response) => {
    const respond = async () => {
      const body = await text(request)
      const words = body === '' ? (request.url ?? '').split('/').slice(1).map(decodeURIComponent) : (JSON.parse(body) as string[])
      const answer = (status: number, value: unknown) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'Unauthorized' })
      if (body !== '') posted.push(words)
      try {
        const [command = '', ...args] = words
        const instead = body === '' || !/^(unlink|flush)/i.test(command) ? undefined : answers.shift()
        if (instead === 'idle') return answer(200, { result: /^unlink/i.test(command) ? 0 : 'OK' })
        const result = await server.client.call(command, ...args)
        if (instead === 'drop') return void response.destroy()
        return instead === undefined ? answer(200, { result }) : answer(instead, { error: 'upstream' })
      } catch (error) {
        return answer(400, { error: error instanceof Error ? error.message : 'ERR' })
      }
    }
    respond().catch(() => response.destroy())
  })
  return { url: `http://${http.host}`, answers, posted, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() }
}

const common = { prefixes: ['cache:'], most: 5000 }

const overTcp = (given: object = {}, input: Record<string, string> = { pattern: 'cache:odds:*' }, more: Acting = {}) =>
  hand(redisFlush, { via: 'redis', host: '127.0.0.1', port: server.port, tls: 'none', ...common, ...given }, input, more)
const overRest = (given: object = {}, input: Record<string, string> = { pattern: 'cache:odds:*' }, more: Acting = {}) =>
  hand(redisFlush, { via: 'upstash', apiUrl: rest.url, secret: 'TOKEN', ...common, ...given }, input, {
    secrets: { TOKEN: 'token-of-upstash' },
    ...more,
  })

const left = async (pattern = '*') => (await server.client.keys(pattern)).length

describe.skipIf(!isThere).each([
  ['redis', overTcp],
  ['upstash', overRest],
] as const)('%s', (_, act) => {
  test('by a pattern: counted, removed in pieces, nothing else', async () => {
    const at = act()
    const seen = await at.plan()
    expect(seen.summary).toMatch(/^Removes the keys like cache:odds:\* from .*: 1200 of 1203\.$/)
    expect(seen.effects[0]).toMatch(/^1200 keys match now, such as cache:odds:/)
    expect(await left()).toBe(1203)
    expect(await at.run(seen.plan)).toEqual({ outcome: 'done', text: 'Removed 1200 keys like cache:odds:*.' })
    expect((await server.client.keys('*')).toSorted()).toEqual(['cache:user:alice', 'queue', 'session:alice@example.com'])
    expect(at.said().length).toBeGreaterThan(1)
    expect(await at.verify(seen.plan)).toEqual({ findings: [{ status: 'ok', text: 'No key is left like cache:odds:*.' }], settled: true })
    expect(await at.preview()).toEqual({ unable: 'No key of 3 matches cache:odds:*: there is nothing to remove.' })
  })

  test('above the cap it is not asked for, and stops when it is reached meanwhile (faults 54)', async () => {
    expect(await act({ most: 1000 }).preview()).toEqual({
      unable: '1200 keys match cache:odds:*, more than the 1000 that service.yml allows: take a narrower pattern.',
    })
    const at = act({ most: 1300 })
    const { plan } = await at.plan()
    await server.client.mset(...Array.from({ length: 300 }, (__, n) => [`cache:odds:new${n}`, 'x']).flat())
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: 'Removed 1300 keys, as many as were approved at most; 200 more like cache:odds:* are left, which were written since. Ask for it again.',
    })
    expect(await left('cache:odds:*')).toBe(200)
  })

  test('many more than were shown: approved anew, and no more removed than was approved (faults 54)', async () => {
    const at = act({}, { pattern: 'cache:user:*' })
    const first = await at.plan()
    expect(first).toMatchObject({ effects: [expect.stringContaining('1 key matches now'), 'it stops at 10'], state: { most: 10 } })
    const write = (many: number) => server.client.mset(...Array.from({ length: many }, (__, n) => [`cache:user:${n}`, 'x']).flat())
    await write(9)
    expect((await at.plan()).state).toEqual(first.state)
    await write(12)
    expect((await at.plan()).state).toMatchObject({ most: 20 })
    expect(await at.run(first.plan)).toMatchObject({ outcome: 'failed', text: expect.stringMatching(/^Removed 10 keys, .* 3 more like/) })
    expect(await left('cache:user:*')).toBe(3)
    // Which ones are left is up to SCAN.
    await server.client.unlink('cache:user:alice')

    const whole = act({ all: 'database' }, { all: 'yes' })
    const { plan, state } = await whole.plan()
    await write(1000)
    expect((await whole.plan()).state).not.toEqual(state)
    expect(await whole.run(plan)).toEqual({
      outcome: 'failed',
      text: 'There are 2202 keys by now, and 2000 were approved at most: ask for it again. Nothing was removed.',
    })
    expect(await left()).toBe(2202)
  })

  test('everything, where that is allowed', async () => {
    const at = act({ all: 'database' }, { all: 'yes' })
    const seen = await at.plan()
    expect(seen).toMatchObject({
      calls: ['FLUSHDB ASYNC'],
      effects: ['all 1203 keys; should it be more than 2000 when it runs, nothing is removed'],
      reversible: null,
    })
    expect(await at.run(seen.plan)).toMatchObject({
      outcome: 'done',
      text: expect.stringContaining('Removed everything in the database of'),
    })
    expect(await left()).toBe(0)
    expect(await at.recover(seen.plan)).toMatchObject({ outcome: 'done' })
    expect(await at.preview()).toMatchObject({ unable: expect.stringContaining('There is nothing in') })
  })

  test('nothing was begun: nothing happened', async () => {
    const at = act()
    expect(await at.recover((await at.plan()).plan)).toEqual({ outcome: 'undone' })
  })
})

describe.skipIf(!isThere)('redis over TCP', () => {
  test('all databases of the server', async () => {
    await server.client.select(2)
    await server.client.set('other', 'x')
    await server.client.select(0)
    const at = overTcp({ all: 'server' }, { all: 'yes' })
    const seen = await at.plan()
    expect(seen).toMatchObject({ calls: ['FLUSHALL ASYNC'], effects: [expect.stringContaining('all 1204 keys')] })
    await at.run(seen.plan)
    expect(await server.client.info('keyspace')).not.toContain('keys=')
  })

  test('another database than the first', async () => {
    await server.client.select(3)
    await server.client.set('cache:three', 'x')
    await server.client.select(0)
    const at = overTcp({ db: 3 }, { pattern: 'cache:*' })
    await at.run((await at.plan()).plan)
    expect(await left('cache:*')).toBe(1201)
  })

  test.each([
    ['before UNLINK', 'before'],
    ['after UNLINK', 'after'],
  ] as const)('the connection is lost %s: what is left is removed by whoever takes over (faults 53)', async (_, when) => {
    await using proxy = await startCutting(server.port)
    const at = overTcp({ port: proxy.port })
    const { plan } = await at.plan()
    proxy.cut({ sees: /unlink/i, when })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect((await left('cache:odds:*')) === 1200).toBe(when === 'before')
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
    expect(await at.recover(plan)).toEqual({ outcome: 'done', text: 'No key is left like cache:odds:*.' })
    expect(await left()).toBe(3)
  })

  test.each([
    ['before FLUSHDB', 'before', 'undone'],
    ['after FLUSHDB', 'after', 'done'],
  ] as const)('the connection is lost %s: a marker that goes with the rest tells (faults 53)', async (_, when, outcome) => {
    await using proxy = await startCutting(server.port)
    const at = overTcp({ port: proxy.port, all: 'database' }, { all: 'yes' })
    const { plan } = await at.plan()
    proxy.cut({ sees: /flushdb/i, when })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    // Whoever writes meanwhile makes no difference.
    await server.client.set('fresh', 'x')
    expect(await at.recover(plan)).toMatchObject({ outcome })
    expect(await left('cache:*')).toBe(outcome === 'done' ? 0 : 1201)
    const later = overTcp({ all: 'database' }, { all: 'yes' }, { now: () => '2100-01-01T00:00:00.000Z' })
    expect(await later.recover(plan)).toEqual({ outcome: 'undone' })
  })

  test('a marker that is gone alone, by eviction or with an older snapshot, does not tell that everything went', async () => {
    await using proxy = await startCutting(server.port)
    const at = overTcp({ port: proxy.port, all: 'database' }, { all: 'yes' })
    const { plan } = await at.plan()
    proxy.cut({ sees: /flushdb/i, when: 'before' })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await server.client.del('tocsin:inc-1:1')
    expect(await at.recover(plan)).toEqual({
      outcome: 'unclear',
      text: expect.stringMatching(/^1203 keys are in 127\.0\.0\.1, of 1203 before\. Either everything was removed and written again, or/),
    })
    await server.client.flushdb()
    expect(await at.recover(plan)).toMatchObject({ outcome: 'done' })
  })

  test('wrong credentials, no right to remove, nobody there, no answer', async () => {
    const secrets = { PASSWORD: 'wrong-horse' }
    expect(await overTcp({ secret: 'PASSWORD', user: 'looker' }, undefined, { secrets }).preview()).toMatchObject({
      unable: expect.stringContaining('Redis does not accept the login'),
    })
    const at = overTcp({ secret: 'PASSWORD', user: 'looker' }, undefined, { secrets: { PASSWORD: 'right-horse' } })
    expect(await at.run((await at.plan()).plan)).toEqual({
      outcome: 'failed',
      text: expect.stringMatching(/^Redis does not let this user ask that.*NOPERM.* 0 keys had been removed by then\.$/),
    })
    expect(await left()).toBe(1203)
    await expect(overTcp({ port: await closedPort() }).preview()).rejects.toThrow('refuses the connection')
    await using silent = await startSilent()
    await expect(overTcp({ port: silent.port }, undefined, { timeoutMs: 300 }).preview()).rejects.toThrow('did not answer in time')
  })
})

describe.skipIf(!isThere)('upstash over REST', () => {
  test.each([
    ['a pattern', {}, undefined],
    ['everything', { all: 'database' }, { all: 'yes' }],
  ])('it cannot be reached any more when it is to remove %s: nobody has to look', async (_, given, input) => {
    await using front = await startFront(rest.url)
    const at = overRest({ ...given, apiUrl: front.url }, input, {
      secrets: { TOKEN: 'token-of-upstash' },
      remembered: () => front[Symbol.asyncDispose](),
    })
    const { plan } = await at.plan()
    expect(await at.run(plan)).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/nothing listens .* Nothing was changed\.$/),
    })
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    expect(await left('cache:*')).toBe(1201)
  })

  test.each([502, 408, 'drop'] as const)('%s after it was done: read back, and gone on with (faults 53)', async (instead) => {
    const at = overRest()
    const { plan } = await at.plan()
    rest.answers.push(instead)
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
    expect(await left('cache:odds:*')).toBe(0)
  })

  test('it says that it removes, and removes nothing: that is no success', async () => {
    const few = overRest({}, { pattern: 'cache:user:*' })
    const one = await few.plan()
    rest.answers.push('idle')
    expect(await few.run(one.plan)).toEqual({
      outcome: 'failed',
      text: 'Redis was told to remove 1 key, and says that it removed none. Left like cache:user:*: 1.',
    })
    expect(await few.verify(one.plan)).toEqual({
      findings: [{ status: 'warn', text: '1 key is there now like cache:user:*, 1 before: look whether they are new.' }],
      settled: true,
    })
    const all = overRest({ all: 'database' }, { all: 'yes' })
    const { plan } = await all.plan()
    rest.answers.push('idle')
    expect(await all.run(plan)).toEqual({
      outcome: 'unclear',
      text: expect.stringMatching(/said that it removed everything, and 1204 keys of 1203 are there: look at it\.$/),
    })
    expect(await all.verify(plan)).toMatchObject({ findings: [{ status: 'warn' }] })
    // Its own marker tells as well, where others go by themselves meanwhile.
    const fewer = overRest(
      { all: 'database' },
      { all: 'yes' },
      {
        secrets: { TOKEN: 'token-of-upstash' },
        remembered: async () => void (await server.client.unlink('queue', 'cache:user:alice')),
      },
    )
    rest.answers.push('idle')
    expect(await fewer.run(plan)).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('1202 keys of 1204 are there') })
    await server.client.flushall()
    await server.client.set('fresh', 'x')
    expect(await all.verify(plan)).toMatchObject({
      findings: [{ status: 'ok', text: expect.stringMatching(/^1 key is there .*, 1203 before\.$/) }],
    })
  })

  test('the cap holds over tries that broke off: what may have been removed counts (faults 54)', async () => {
    const at = overRest({ most: 1300 })
    const { plan } = await at.plan()
    let gone = 0
    for (const answer of [502, 'drop'] as const) {
      // Its first lot is done, and nobody hears of it.
      rest.answers.push(answer)
      await expect(at.run(plan)).rejects.toThrow(FetchFault)
      gone += 1200 - (await left('cache:odds:*'))
      await server.client.mset(...Array.from({ length: 1200 }, (_, n) => [`cache:odds:${n}`, 'x']).flat())
      expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    }
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: 'Removed 300 keys, and up to 1000 before it broke off, as many as were approved at most; 900 more like cache:odds:* are left. Ask for it again.',
    })
    expect(gone + 300).toBeLessThanOrEqual(1300)
  })

  test('how far it is is remembered before each lot, not for each command', async () => {
    const memos: unknown[] = []
    const at: ReturnType<typeof overRest> = overRest({ most: 50_000 }, undefined, {
      secrets: { TOKEN: 'token-of-upstash' },
      remembered: async () => void memos.push(at.memo()),
    })
    const { plan } = await at.plan()
    await at.run({ ...plan, most: 50_000 })
    expect(memos).toEqual([
      { removed: 0, lost: 0, lot: 1000, tries: 1 },
      // One that SCAN gave twice is counted once.
      { removed: expect.any(Number), lost: 0, lot: expect.any(Number), tries: 1 },
    ])
  })

  test('a server that breaks off each time is given up', async () => {
    const at = overRest()
    const { plan } = await at.plan()
    for (let tries = 1; tries <= 5; tries += 1) {
      await server.client.set(`cache:odds:${tries}`, 'x')
      rest.answers.push(502)
      await expect(at.run(plan)).rejects.toThrow(FetchFault)
      await server.client.set(`cache:odds:${tries}`, 'x')
      expect(await at.recover(plan)).toMatchObject({ outcome: tries === 5 ? 'failed' : 'resume' })
    }
  })

  test('everything, and 502 after it was done: it is not done again', async () => {
    const at = overRest({ all: 'database' }, { all: 'yes' })
    const { plan } = await at.plan()
    rest.answers.push(502)
    rest.posted.length = 0
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await server.client.set('fresh', 'x')
    expect(await at.recover(plan)).toMatchObject({ outcome: 'done' })
    expect(rest.posted.map(([name]) => name)).toEqual(['SET', 'FLUSHDB'])
    expect(await left()).toBe(1)
  })

  test('a token that is not accepted', async () => {
    expect(await overRest({}, undefined, { secrets: { TOKEN: 'another' } }).preview()).toEqual({
      unable: 'Upstash does not accept the key (401): look whether TOKEN is current. It says: Unauthorized.',
    })
  })
})

describe('refused when it connects', () => {
  test.each([
    ['before anything was removed', null, 'Nothing was removed.'],
    [
      'when it is gone on with',
      { removed: 4000, lost: 20, lot: 500, tries: 1 },
      '4000 keys, and up to 520 before it broke off had been removed by then.',
    ],
  ])('%s', async (_, memo, gone) => {
    const said = '-LOADING Redis is loading the dataset in memory\r\n'
    const loading = createServer((socket) => void socket.on('error', () => {}).on('data', () => socket.write(said))).listen(0, '127.0.0.1')
    await once(loading, 'listening')
    const { port } = loading.address() as AddressInfo
    const options = { via: 'redis', host: '127.0.0.1', port, tls: 'none', db: 2, ...common } as const
    const at = hand(redisFlush, options, { pattern: 'cache:*' }, { memo })
    const ran = await at.run({ pattern: 'cache:*', keys: 9000, most: 10_000 })
    loading.close()
    expect(ran).toEqual({
      outcome: 'failed',
      text: expect.stringMatching(new RegExp(` It says: LOADING Redis is loading the dataset in memory\\. ${gone}$`)),
    })
  })
})

describe('what can be typed', () => {
  const parsed = (given: object = {}) => redisFlush.options.parse({ via: 'redis', host: 'cache.test', ...common, ...given })
  const said = (input: object, given: object = {}) => {
    const { success, error } = inputOf(redisFlush as unknown as ActionDefinition, parsed(given)).safeParse(input)
    return success ? 'taken' : (error?.issues[0]?.message ?? '')
  }

  test.each(['*', '**', '?*', '*?', '[a-z]*', '[^x]*', '*[!-~]*', '???', '?', '[\\]]*'])('%s matches everything (faults 54)', (pattern) =>
    expect(said({ pattern })).toMatch(/^matches every key/),
  )

  test.each([
    'session:*',
    '*cache:*',
    '?ache:*',
    '[c]ache:*',
    'c*',
    'CACHE:*',
    '\\cache:*',
    ' cache:*',
    'cache:\n*',
    'cache:[',
    'cache:\\',
    'cache:****?*',
    '',
  ])('%j is refused', (pattern) => expect(said({ pattern })).not.toBe('taken'))

  test.each(['cache:*', 'cache:odds:?', 'cache:[a-c]*', 'cache:one', 'cache:\\*'])('%s is taken', (pattern) =>
    expect(said({ pattern })).toBe('taken'),
  )

  test('everything only where it is allowed, and then alone', () => {
    expect(said({ all: 'yes' })).not.toBe('taken')
    expect(said({ pattern: 'cache:*', all: 'yes' })).not.toBe('taken')
    expect(said({ all: 'yes' }, { all: 'database' })).toBe('taken')
    expect(said({ pattern: 'cache:*' }, { all: 'database' })).toBe('taken')
    expect(said({ pattern: 'cache:*', all: 'yes' }, { all: 'database' })).toBe('must be given, or all=yes, and not both')
    expect(said({}, { all: 'database' })).toBe('must be given, or all=yes, and not both')
    expect(said({ all: 'yes' }, { all: 'database', prefixes: [] })).toBe('taken')
    expect(said({ pattern: '*', all: 'no' }, { all: 'server' })).toMatch(/^matches every key/)
    expect(redisFlush.risk(parsed(), { pattern: 'cache:*' })).toBe('low')
    expect(redisFlush.risk(parsed({ all: 'database' }), { all: 'yes' })).toBe('high')
  })

  test('what it changes is a database: another of the same host is none of its business', () => {
    const target = (given: object, input: Record<string, string> = { pattern: 'cache:*' }) => redisFlush.target(parsed(given), input)
    expect(target({})).toBe('redis:cache.test:6379:0')
    expect(target({ port: 6380, db: 2, all: 'database' }, { all: 'yes' })).toBe('redis:cache.test:6380:2')
    expect(target({ db: 2, all: 'server' })).toBe('redis:cache.test:6379:2')
    // Every database lies in it.
    expect(target({ db: 2, all: 'server' }, { all: 'yes' })).toBe('redis:cache.test:6379')
    const upstash = redisFlush.options.parse({ via: 'upstash', apiUrl: 'https://one.upstash.io', secret: 'TOKEN', ...common })
    expect(redisFlush.target(upstash, { pattern: 'cache:*' })).toBe('redis:one.upstash.io')
  })

  test('prefixes of the catalogue are plain, and something can be asked for', () => {
    const wrong = (given: object) => !redisFlush.options.safeParse({ via: 'redis', host: 'cache.test', ...common, ...given }).success
    expect(['', '*', 'a*', 'c', '[a]', 'a b', 'a\\'].map((prefix) => wrong({ prefixes: [prefix] }))).toEqual(
      Array.from({ length: 7 }, () => true),
    )
    expect(wrong({ prefixes: [] })).toBe(true)
  })

  test('an example shows what kind of key it is, and nobody’s name', () => {
    expect(example('cache:alice@example.com:42', 'cache:*')).toBe('cache:al…:42')
    expect(example('cache:user:9f8a7c6d5e', 'cache:u?er:*')).toBe('cache:us…:9f…')
  })
})
