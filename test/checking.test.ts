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

/** A product whose checks are of the given kinds, one each, and its runner. */
const checking = (
  kinds: Record<string, CheckDefinition<typeof options>>,
  given: Record<string, object> = {},
  environment = {},
  log: Log = silent,
) => {
  const folder = mkdtempSync(join(tmpdir(), 'checking-'))
  mkdirSync(join(folder, 'shop'))
  const checks = Object.keys(kinds).map((key) => [key, { kind: key, title: key, ...given[key], options: given[key] ?? {} }])
  for (const [, check] of checks as [string, Record<string, unknown>][]) for (const name of ['url', 'secret']) delete check[name]
  const service = { name: 'Shop', ladder: [], privateHosts: ['127.0.0.1'], checks: Object.fromEntries(checks) as object }
  writeFileSync(join(folder, 'shop/service.yml'), JSON.stringify(service))
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
    elapsed: () => performance.now(),
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
      openLog('debug', environment, to),
    )('shop', 'all')
    expect(results.map(({ findings }) => findings[0]?.text)).toEqual([
      'It refused *** of shop, and ***.',
      'The check itself failed; the log of the bot says why.',
    ])
    expect(written).toContain('no way for *** with sk_live_***')
    expect(written).not.toMatch(/quite|51H8/)
  })
})
