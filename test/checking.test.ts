/** The runner of checks: what it lets them do, how long, and what of their answers may be seen. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { guarded } from '../src/adapters/fetch.ts'
import { loadCatalogue } from '../src/catalogue.ts'
import { type Checked, createChecking } from '../src/checking.ts'
import { vendorRefusal } from '../src/checking/fault.ts'
import { askJson } from '../src/checking/json.ts'
import { createTarget } from '../src/check-target.ts'
import { type CheckAnswer, type CheckDefinition, defineCheck } from '../src/define/check.ts'
import type { Log } from '../src/define.ts'
import { openLog } from '../src/log.ts'
import { FetchFault } from '../src/ports.ts'
import { startHttp } from './adapters/server.ts'
import { silent } from './silent.ts'

const ok = (text: string): CheckAnswer => ({ findings: [{ status: 'ok', text }], measurements: [] })

const options = z.strictObject({ url: z.string().optional(), secret: z.string().optional() })
type Run = CheckDefinition<typeof options>['run']

const kindOf = (run: Run, more: Partial<CheckDefinition<typeof options>> = {}) =>
  defineCheck({
    summary: 'asks',
    options,
    hosts: ({ url }) => (url === undefined ? [] : [new URL(url).host]),
    needs: ({ secret }) => (secret === undefined ? [] : [secret]),
    timeoutMs: 10_000,
    concurrency: 8,
    run,
    ...more,
  })

/** `kind`: of another's kind, not of its own. */
type Given = { readonly kind?: string; readonly url?: string; readonly secret?: string }

/** Two products whose checks are of the given kinds, and their runner. */
const checking = (
  kinds: Record<string, CheckDefinition<typeof options>>,
  given: Record<string, Given> = {},
  environment = {},
  log: Log = silent,
  elapsed = () => performance.now(),
) => {
  const folder = mkdtempSync(join(tmpdir(), 'checking-'))
  const checks = Object.keys(kinds).map((key) => {
    const { kind = key, ...more } = given[key] ?? {}
    return [key, { kind, title: key, options: more }]
  })
  const service = { ladder: [], privateHosts: ['127.0.0.1'], checks: Object.fromEntries(checks) as object }
  // The other product asks the same.
  for (const product of ['shop', 'stall']) {
    mkdirSync(join(folder, product))
    writeFileSync(join(folder, product, 'service.yml'), JSON.stringify({ name: product, ...service }))
  }
  const { catalogue, problems } = loadCatalogue({
    runbooks: folder,
    templates: 'templates',
    kinds,
  })
  rmSync(folder, { recursive: true })
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  return createChecking({
    catalogue: catalogue!,
    kinds: new Map(Object.entries(kinds) as [string, CheckDefinition][]),
    guarded,
    now: () => '2026-11-20T10:15:00.000Z',
    elapsed,
    environment,
    log,
  })
}

const said = (results: readonly Checked[]) =>
  results.map(({ check, status, findings }) => `${check} ${status}: ${findings.map(({ text }) => text).join(' ')}`)

describe('time', () => {
  test('one that hangs holds up nobody, and is reported at its limit', async () => {
    const order: string[] = []
    const hangs = kindOf(() => new Promise(() => {}), { timeoutMs: 100 })
    const answers = kindOf(() => Promise.resolve(ok('Well.')))
    const results = await checking({ hangs, answers })('shop', 'all', { onResult: ({ check }) => void order.push(check) })
    expect(order).toEqual(['answers', 'hangs'])
    expect(said(results)).toEqual(['hangs unknown: No answer within 0.1 s.', 'answers ok: Well.'])
  })

  test('among thirty the one that hangs is waited for by nobody, and only that is unknown', async () => {
    await using server = await startHttp((_, response) => void response.end('well'))
    const url = `http://${server.host}/`
    const keys = Array.from({ length: 30 }, (_, index) => `c${index}`)
    const others = Promise.withResolvers<void>()
    // Gives up only when all the others have answered: were one of them to wait for it, neither would ever end.
    const hangs = kindOf(async () => {
      await others.promise
      throw new FetchFault('timeout', 'no answer')
    })
    const answers = kindOf(async (_, { fetch }) => ok((await fetch(url)).body))
    const kinds = { hangs, ...Object.fromEntries(keys.map((key) => [key, answers])) }
    const order: string[] = []
    const results = await checking(kinds, Object.fromEntries(keys.map((key) => [key, { url }])))('shop', 'all', {
      onResult: ({ check }) => {
        order.push(check)
        if (order.length === keys.length) others.resolve()
      },
    })
    expect(order.at(-1)).toBe('hangs')
    expect(results.filter(({ status }) => status !== 'ok').map(({ check, status }) => [check, status])).toEqual([['hangs', 'unknown']])
    expect(results).toHaveLength(31)
  })

  test('at its limit a check is told to stop, and says itself what it waited for', async () => {
    await using server = await startHttp(() => {})
    const url = `http://${server.host}/`
    const slow = kindOf(async (_, { fetch }) => ok((await fetch(url)).body), { timeoutMs: 200 })
    const [line] = said(await checking({ slow }, { slow: { url } })('shop', 'slow'))
    expect(line).toContain('slow unknown: Timeout: ')
  })

  test('no more of a kind are asked side by side than it says', async () => {
    let [now, most] = [0, 0]
    const counted = kindOf(
      async () => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setImmediate(resolve))
        now -= 1
        return ok('Well.')
      },
      { concurrency: 2 },
    )
    const run = checking({ counted })
    await Promise.all(Array.from({ length: 10 }, () => run('shop', 'all')))
    expect(most).toBe(2)
  })

  test('who asks does not wait for what is asked in the background', async () => {
    const asked = Promise.withResolvers<void>()
    let runs = 0
    // The background's is answered only after the person's: were that one to wait for it, neither would ever end.
    const slow = kindOf(
      async () => {
        runs += 1
        if (runs === 1) await asked.promise
        return ok(`Run ${runs}.`)
      },
      { concurrency: 1 },
    )
    const run = checking({ slow })
    const background = run('shop', 'all', { background: true })
    expect(said(await run('shop', 'all'))).toEqual(['slow ok: Run 2.'])
    asked.resolve()
    expect(said(await background)).toEqual(['slow ok: Run 2.'])
  })
})

describe('a target that hangs', () => {
  const fifteen = Array.from({ length: 15 }, (_, index) => `h${index}`)
  const all = <Value>(value: Value): Record<string, Value> => Object.fromEntries(fifteen.map((key) => [key, value]))

  test('fifteen checks of it are reported together at the limit, and no more than its connections are opened to it', async () => {
    let asked = 0
    const hangs = kindOf(
      async (_, { signal }) => {
        asked += 1
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw new FetchFault('timeout', 'db.example did not answer in time.')
      },
      { timeoutMs: 200, concurrency: 2 },
    )
    const results = await checking({ ...all(hangs) }, all({ kind: 'h0', url: 'http://db.example/' }))('shop', 'all')
    expect(asked).toBeLessThanOrEqual(2)
    expect(results).toHaveLength(15)
    expect(said(results.slice(2))).toEqual(
      fifteen.slice(2).map((key) => `${key} unknown: Not asked: db.example answered no other check within 0.2 s.`),
    )
  })

  /** Hangs until `others` have answered: were one of them to wait for it, it would be given up. */
  const until = (others: Promise<void>) =>
    kindOf(
      async ({ url }) => {
        if (url === 'http://well.example/') return ok('Well.')
        await others
        return ok('Well at last.')
      },
      { timeoutMs: 2000, concurrency: 2 },
    )

  test('nobody waits for it who asks another host', async () => {
    const others = Promise.withResolvers<void>()
    const given = { ...all({ kind: 'h0', url: 'http://db.example/' }), well: { kind: 'h0', url: 'http://well.example/' } }
    const results = await checking({ ...all(until(others.promise)), well: until(others.promise) }, given)('shop', 'all', {
      onResult: ({ check }) => {
        if (check === 'well') others.resolve()
      },
    })
    expect(results.filter(({ status }) => status !== 'ok')).toEqual([])
  })

  test('nor a check of another product, nor one that cannot be asked anyway', async () => {
    const others = Promise.withResolvers<void>()
    let is = 'shop'
    const hangs = kindOf(
      async () => {
        if (is === 'shop') await others.promise
        return ok('Well.')
      },
      { timeoutMs: 2000, concurrency: 2 },
    )
    const given = {
      ...all({ kind: 'h0', url: 'http://db.example/' }),
      unset: { kind: 'h0', url: 'http://db.example/', secret: 'SHOP_KEY' },
    }
    const run = checking({ ...all(hangs), unset: hangs }, given)
    const shop = run('shop', 'all')
    is = 'stall'
    expect(said(await run('stall', 'h3'))).toEqual(['h3 ok: Well.'])
    expect(said(await run('shop', 'unset'))).toEqual(['unset unknown: Not configured yet: set SHOP_KEY in the bot’s environment.'])
    others.resolve()
    expect((await shop).filter(({ status }) => status !== 'ok').map(({ check }) => check)).toEqual(['unset'])
  })

  /** Questions one after the other, each of which takes 9 s of a limit of 10 s. */
  const oneAfterTheOther = async (alive: boolean) => {
    let clock = 0
    const target = createTarget(1, () => clock)
    return Promise.all(
      Array.from({ length: 4 }, () =>
        target({
          askedAt: 0,
          limitMs: 10_000,
          ask: (leftMs) => {
            clock += 9000
            return Promise.resolve({ answer: `asked with ${leftMs / 1000} s left`, alive })
          },
          tooLate: () => 'not asked',
        }),
      ),
    )
  }

  test('one that is only slow is asked everything; one that does not answer, no longer than the limit', async () => {
    expect(await oneAfterTheOther(true)).toEqual(Array.from({ length: 4 }, () => 'asked with 10 s left'))
    expect(await oneAfterTheOther(false)).toEqual(['asked with 10 s left', 'asked with 1 s left', 'not asked', 'not asked'])
  })
})

test('a target that refuses slowly lives: everything is asked of it', async () => {
  await using server = await startHttp((_, response) => void response.writeHead(401).end())
  const url = `http://${server.host}/`
  let clock = 0
  const asks = (way: 'fetch' | 'web') =>
    kindOf(
      async (_, context) => {
        const { status } = await context[way](url)
        clock += 9000
        return { findings: [{ status: 'unknown', text: `It answered ${status}.` }], measurements: [] }
      },
      { concurrency: 1 },
    )
  for (const way of ['fetch', 'web'] as const) {
    const keys = ['a', 'b', 'c', 'd']
    const kinds = Object.fromEntries(keys.map((key) => [key, asks(way)]))
    const run = checking(kinds, Object.fromEntries(keys.map((key) => [key, { kind: 'a', url }])), {}, silent, () => clock)
    expect(said(await run('shop', 'all'))).toEqual(keys.map((key) => `${key} unknown: It answered 401.`))
  }
})

describe('what a check may do', () => {
  test('it reads: what could change something is refused, but for the one address that its kind names', async () => {
    const seen: string[] = []
    await using server = await startHttp((request, response) => {
      seen.push(`${request.method} ${request.url}`)
      response.end('{}')
    })
    const [url, hook] = [`http://${server.host}/`, `http://${server.host}/hook`]
    const tries: Run = async (_, { fetch, web }) => {
      const attempt = (name: string, call: () => Promise<unknown>) =>
        call().then(
          () => `${name} went`,
          (error: Error) => `${name}: ${error.message}`,
        )
      const lines = [
        await attempt('get', () => fetch(url)),
        await attempt('post', () => fetch(url, { method: 'POST', body: 'x' })),
        await attempt('hook', () => fetch(hook, { method: 'POST', body: 'x' })),
        await attempt('web delete', () => web(url, { method: 'DELETE' })),
        await attempt('web get', async () => (await web(url)).text()),
        await attempt('elsewhere', () => web('http://127.0.0.1:1/')),
      ]
      return { findings: lines.map((text) => ({ status: 'ok', text })), measurements: [] }
    }
    const [line] = await checking({ tries: kindOf(tries, { posts: () => [hook] }) }, { tries: { url } })('shop', 'tries')
    expect(line?.findings.map(({ text }) => text)).toEqual([
      'get went',
      'post: Not asked: POST may change something, and a check only reads.',
      'hook went',
      'web delete: Not asked: DELETE may change something, and a check only reads.',
      'web get went',
      'elsewhere: Not asked: 127.0.0.1:1 is not a host that the product names.',
    ])
    expect(seen).toEqual(['GET /', 'POST /hook', 'GET /'])
  })

  test('without a setting that it needs it is not run, and says which', async () => {
    const needy = kindOf(() => Promise.reject(new Error('it was run')))
    const run = checking({ needy }, { needy: { secret: 'SHOP_KEY' } })
    expect(said(await run('shop', 'all'))).toEqual(['needy unknown: Not configured yet: set SHOP_KEY in the bot’s environment.'])
  })

  test('a bug in a check is no finding about the product, and never all is well', async () => {
    const broken = kindOf(() => Promise.reject(new TypeError('undefined is not a function')))
    expect(said(await checking({ broken })('shop', 'all'))).toEqual([
      'broken unknown: The check itself failed; the log of the bot says why.',
    ])
  })
})

describe('secrets (faults 58)', () => {
  test('are masked by their value, and by what they look like, in findings, changes, names of measurements, and details', async () => {
    const at = '2026-11-20T10:00:00.000Z'
    const secret = 'correct horse battery'
    const leaks = kindOf((_, context) => {
      const text = `Key ${context.secret('SHOP_KEY')} of postgres://admin:hunter22@db.example/shop and sk_live_51H8xyzABCDEFGHIJKLMNOPQ`
      return Promise.resolve({
        findings: [{ status: 'warn', text }],
        measurements: [{ name: `queue ${secret}`, value: 3, unit: '' }],
        detail: { title: `Log of ${secret}`, text: `${text}\n${Buffer.from(secret).toString('base64')}` },
        changes: [
          { at, kind: 'commit', title: text, by: secret, url: `https://code.example/?token=${encodeURIComponent(secret)}` },
          { at, kind: 'commit', title: 'Fix', by: 'Ann', url: 'https://code.example/1' },
        ],
      })
    })
    const results = await checking({ leaks }, { leaks: { secret: 'SHOP_KEY' } }, { SHOP_KEY: secret })('shop', 'all')
    const shown = JSON.stringify(results)
    for (const part of [secret, 'hunter22', '51H8xyz', Buffer.from(secret).toString('base64')]) expect(shown).not.toContain(part)
    expect(results[0]?.findings[0]?.text).toBe('Key *** of postgres://admin:***@db.example/shop and sk_live_***')
    expect(shown).not.toContain(encodeURIComponent(secret))
    expect(results[0]?.detail).toEqual({ title: 'Log of ***', lines: 2 })
    expect(results[0]?.measurements).toEqual([{ name: 'queue ***', value: 3, unit: '' }])
    expect(results[0]?.changes).toMatchObject([
      { by: '***', url: null },
      { title: 'Fix', by: 'Ann', url: 'https://code.example/1' },
    ])
  })

  test('the password of an address that is a secret is one, too; what a bug says comes masked into the log', async () => {
    let written = ''
    const to = new Writable({
      write: (chunk: Buffer, _, done) => {
        written += chunk.toString()
        done()
      },
    })
    const environment = { SHOP_DATABASE_URL: 'postgres://shop:quite%20plain@db.example/shop' }
    const repeats = kindOf(() => Promise.resolve(ok('It refused quite plain of shop, and quite%20plain.')))
    const broken = kindOf(() => Promise.reject(new Error('no way for quite plain with sk_live_51H8xyzABCDEFGHIJKLMNOPQ')))
    const secret = { secret: 'SHOP_DATABASE_URL' }
    const results = await checking(
      { repeats, broken },
      { repeats: secret, broken: secret },
      environment,
      openLog('debug', environment, { to }),
    )('shop', 'all')
    expect(results.map(({ findings }) => findings[0]?.text)).toEqual([
      'It refused *** of shop, and ***.',
      'The check itself failed; the log of the bot says why.',
    ])
    expect(written).toContain('no way for *** with sk_live_***')
    expect(written).not.toMatch(/quite|51H8/)
  })

  /** The longest piece of `secret` that stands in `text`. */
  const longestPiece = (text: string, secret: string): number => {
    let longest = 0
    for (let from = 0; from < secret.length; from += 1)
      while (from + longest < secret.length && text.includes(secret.slice(from, from + longest + 1))) longest += 1
    return longest
  }

  const jwtPart = (held: object) => Buffer.from(JSON.stringify(held)).toString('base64url')
  const keys = {
    hex: 'b7f1c09e5d3a48e2f6a917c3d5e8f0b24a6c9d1e',
    mixed: 'Kz8mVq2LpW9xTn4RbYc7Jd5F',
    jwt: `${jwtPart({ alg: 'HS256', typ: 'JWT' })}.${jwtPart({ iss: 'supabase', role: 'service_role', iat: 1_700_000_000 })}.${'q9Xz_-A1'.repeat(6)}`,
    words: 'correct horse battery staple',
    passphrase: 'correct-horse-battery-staple-7',
  }
  const echoes: Record<string, (key: string) => [status: number, body: string]> = {
    'a page that begins with it': (key) => [200, `<html>key ${key} is wrong`],
    'a message that is cut within it': (key) => [400, JSON.stringify({ message: `${'x'.repeat(170)} ${key}` })],
    'a message': (key) => [401, JSON.stringify({ message: `bad key ${key}` })],
    'in two words': (key) => [401, JSON.stringify({ message: `bad key ${key.slice(0, 10)} ${key.slice(10)}` })],
    'split unseen': (key) => [401, JSON.stringify({ message: `bad key ${key.slice(0, 10)}\u200B${key.slice(10)}` })],
    'cut by itself': (key) => [401, JSON.stringify({ message: `bad key ${key.slice(0, 10)}…` })],
    'its second half': (key) => [401, JSON.stringify({ message: `bad key …${key.slice(key.length / 2 - 3, -1)}` })],
    'as a login': (key) => [401, JSON.stringify({ message: `not ${Buffer.from(`me:${key}`).toString('base64')}` })],
  }
  test.each(Object.keys(echoes).flatMap((how) => Object.keys(keys).map((kind) => [how, kind] as const)))(
    'a key that is sent back is not shown, whole or in part: %s, %s',
    async (how, kind) => {
      const secret = keys[kind as keyof typeof keys]
      const [status, body] = echoes[how]!(secret)
      await using server = await startHttp((_, response) => void response.writeHead(status).end(body))
      const url = `http://${server.host}/`
      const asks = kindOf(async (_, context) => {
        const asked = await askJson(context, { vendor: 'Shop', url, secret: 'SHOP_KEY', schema: z.object({}) })
        return { findings: 'findings' in asked ? asked.findings : [], measurements: [] }
      })
      const results = await checking({ asks }, { asks: { url, secret: 'SHOP_KEY' } }, { SHOP_KEY: secret })('shop', 'all')
      const text = results[0]?.findings[0]?.text ?? ''
      expect(text).toContain('Shop')
      expect(text).toContain('***')
      expect(longestPiece(text, secret)).toBeLessThan(4)
      expect(longestPiece(text, Buffer.from(`me:${secret}`).toString('base64').slice(4))).toBeLessThan(8)
    },
  )

  test('nor is what is left of a key that nobody knows, where a text is cut within it', () => {
    const { text } = vendorRefusal('Shop', 400, null, `${'word '.repeat(37)}sk_live_51H8xyzABCDEFGHIJKLMNOPQ is no key`)
    expect(text).toContain('sk_live_***')
    expect(text).not.toContain('51H')
  })

  test('no text of an answer is left out', async () => {
    const key = keys.mixed
    const leaks = kindOf(() =>
      Promise.resolve({
        findings: [{ status: 'ok', text: 'Well.' }],
        measurements: [{ name: `age of ${key}`, value: 1, unit: `${key.slice(0, 12)}/s` }],
        detail: { title: `Log of ${key}`, text: key },
        changes: [{ at: '2026-11-20T10:00:00.000Z', kind: 'commit', title: key, by: key, url: `https://shop.example/?key=${key}` }],
      } as const),
    )
    const results = await checking({ leaks }, { leaks: { secret: 'SHOP_KEY' } }, { SHOP_KEY: key })('shop', 'all')
    expect(longestPiece(JSON.stringify(results), key)).toBeLessThan(4)
    expect(results[0]?.changes?.[0]).toMatchObject({ title: '***', by: '***', url: null })
  })

  test('of an address only what is secret in it: its host, and words that stand in any text, stay', async () => {
    const text = 'https://shop.example:5432 refuses user postgres.abcdefgh: password Hunter22pass is wrong, or Hunter22…'
    const login = 'postgres://postgres.abcdefgh:Hunter22pass@shop.example:5432/postgres?sslmode=verify-full'
    const tells = kindOf(() => Promise.resolve(ok(text)))
    const results = await checking({ tells }, { tells: { secret: 'SHOP_LOGIN' } }, { SHOP_LOGIN: login })('shop', 'all')
    expect(results[0]?.findings[0]?.text).toBe('https://shop.example:5432 refuses user postgres.abcdefgh: password *** is wrong, or ***…')
  })
})

test('of too many findings those that make the status are kept', async () => {
  const many = kindOf(() =>
    Promise.resolve({
      findings: [
        ...Array.from({ length: 40 }, (_, index) => ({ status: 'ok' as const, text: `Part ${index} is well.` })),
        { status: 'fail' as const, text: 'Part 40 is down.' },
      ],
      measurements: [],
    }),
  )
  const [result] = await checking({ many })('shop', 'all')
  expect(result?.status).toBe('fail')
  expect(result?.findings).toHaveLength(30)
  expect(result?.findings[0]).toEqual({ status: 'fail', text: 'Part 40 is down.' })
})
