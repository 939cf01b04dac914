/** Against the emulator's Vercel and its front, and against a server that answers as Docker's Engine does, on a Unix socket. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { guarded } from '../../src/adapters/fetch.ts'
import { loadCatalogue } from '../../src/catalogue.ts'
import { createChecking } from '../../src/checking.ts'
import { type Environment, formOf } from '../../src/checking/secrets/judge.ts'
import check from '../../src/checks/secrets.ts'
import type { CheckDefinition } from '../../src/define/check.ts'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from '../embedded/world.ts'
import { ask, type Asking, now } from './asking.ts'
import { startVendor } from './vendor.ts'

const token = 'vercel_token_of_checks'
const secret = 'VERCEL_TOKEN'
const day = 86_400_000
const at = (ms: number) => Date.parse(now) + ms
const about = (options: Record<string, unknown>, more: Asking = {}) =>
  ask(check, options as never, { secrets: { [secret]: token }, ...more })

/** Parts of values that must never be seen again. */
const canary = 'Qz7KfWm2XpLt9RvB4nHs'

describe('what a value is like', () => {
  test.each<[string, string[], Environment, string]>([
    [`sk_live_${canary}`, ['sk_live_'], 'production', 'good'],
    [`sk_test_${canary}`, ['sk_live_'], 'production', 'test'],
    [`sk_live_${canary}`, ['sk_test_'], 'preview', 'live'],
    [`pk_test_${canary}`, ['pk_test_'], 'development', 'good'],
    [`rk_test_${canary}`, [], 'production', 'test'],
    [`whsec_${canary}`, ['whsec_'], 'production', 'good'],
    [`re_${canary}`, ['whsec_'], 'production', 'other'],
    [`sk-proj-${canary}`, ['sk-', 'sk_live_'], 'production', 'good'],
    ['whsec_', ['whsec_'], 'production', 'other'],
    ['', [], 'production', 'empty'],
    [' \n', ['re_'], 'production', 'empty'],
    ['""', [], 'production', 'empty'],
    [`re_${canary}\n`, ['re_'], 'production', 'padded'],
    [`"re_${canary}"`, ['re_'], 'production', 'padded'],
    ['your_anon_key', [], 'production', 'placeholder'],
    ['sk_live_...', ['sk_live_'], 'production', 'placeholder'],
    ['<set me>', [], 'production', 'placeholder'],
    ['anything', [], 'production', 'good'],
    ['mysecretpassword123', [], 'production', 'good'],
    ['thequickbrownfox', [], 'production', 'good'],
    ['undefined', [], 'production', 'placeholder'],
    ['null', [], 'production', 'placeholder'],
    ['[object Object]', [], 'production', 'placeholder'],
    ['changeme', [], 'production', 'placeholder'],
    ['${STRIPE_KEY}', [], 'production', 'placeholder'],
    [`sk_live_${'x'.repeat(24)}`, ['sk_live_'], 'production', 'placeholder'],
    [`sk_live_${'x'.repeat(24)}`, [], 'production', 'placeholder'],
    ['sk_live_undefined', ['sk_live_'], 'production', 'placeholder'],
    ['whsec_0000000000000000', ['whsec_'], 'production', 'placeholder'],
    ['whsec_your_webhook_secret', ['whsec_'], 'production', 'placeholder'],
    ['sk-proj-****************', ['sk-'], 'production', 'placeholder'],
    [`sk_live_${canary}example`, ['sk_live_'], 'production', 'placeholder'],
    ['postgres://me:pass@db.example:5432/shop', [], 'production', 'good'],
  ])('%j %j %s: %s', (value, prefixes, environment, form) => expect(formOf(value, prefixes, environment)).toBe(form))
})

describe('the emulator’s Vercel', () => {
  let world: World
  const variable = (key: string, value: string, type = 'encrypted', target = ['production']) => ({ key, value, type, target })
  beforeAll(async () => {
    world = await testWorld({
      vercel: {
        token,
        projects: [
          {
            name: 'shop',
            variables: [
              variable('STRIPE_SECRET_KEY', `sk_test_${canary}`, 'sensitive'),
              variable('STRIPE_PUBLISHABLE_KEY', `pk_live_${canary}`, 'encrypted', ['production', 'preview']),
              variable('NEXT_PUBLIC_KEY', `pk_live_${canary}`, 'plain'),
              variable('RESEND_API_KEY', `whsec_${canary}`, 'plain'),
              variable('WEBHOOK_SECRET', `whsec_${canary}`, 'encrypted', ['preview']),
              variable('CLERK_SECRET_KEY', `sk_test_${canary}`, 'plain'),
              variable('UNNAMED', `re_${canary}`, 'plain'),
            ],
          },
        ],
      },
    })
    const response = await fetch(`${world.vercelApiUrl}/v10/projects/shop/env?slug=local`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { envs } = z.object({ envs: z.array(z.object({ id: z.string(), key: z.string() })) }).parse(await response.json())
    for (const { id, key } of envs)
      await control(world.url)('POST', '/vercel/variables', {
        id,
        createdAt: at(-800 * day),
        updatedAt: at(key === 'STRIPE_SECRET_KEY' ? -400 * day : -10 * day),
      })
    await control(world.url)('POST', '/vercel/shared', {
      key: 'OPENAI_API_KEY',
      type: 'encrypted',
      target: ['production'],
      projectId: [],
      updatedAt: at(-20 * day),
    })
  })
  afterAll(() => world.close())
  const here = (names: object, more: object = {}) =>
    about({ from: 'vercel', secret, apiUrl: world.vercelApiUrl, project: 'shop', team: 'local', names, ...more })

  test('present, value not readable; well-formed where it can be read', async () => {
    const { status, texts, measurements } = await here({
      STRIPE_SECRET_KEY: { prefix: 'sk_live_' },
      NEXT_PUBLIC_KEY: { prefix: 'pk_live_', rotateDays: 30 },
      GONE: { optional: true },
    })
    expect([status, ...texts]).toEqual(['ok', 'ok: Vercel’s production: 1 well-formed, 1 present, value not readable.'])
    expect(measurements).toEqual([
      { name: 'missing secrets', value: 0, unit: '', limit: 0 },
      { name: 'overdue secrets', value: 0, unit: '', limit: 0 },
      { name: 'oldest secret', value: 400, unit: 'd' },
    ])
  })
  test('missing, too old, another key, of the wrong world, given to others, readable by everybody', async () => {
    const { status, texts, measurements } = await here({
      STRIPE_SECRET_KEY: { prefix: 'sk_live_', rotateDays: 365 },
      STRIPE_PUBLISHABLE_KEY: { prefix: ['pk_live_'] },
      RESEND_API_KEY: { prefix: 're_' },
      CLERK_SECRET_KEY: { prefix: 'sk_live_' },
      WEBHOOK_SECRET: { prefix: 'whsec_' },
      NOT_THERE: {},
    })
    expect([status, ...texts]).toEqual([
      'fail',
      'fail: 2 of 6 names not set in Vercel’s production: WEBHOOK_SECRET, NOT_THERE. Set them, then deploy again.',
      'fail: A test key where a live key belongs, in Vercel’s production: CLERK_SECRET_KEY. Set the other one, then deploy again.',
      'fail: RESEND_API_KEY in Vercel’s production does not begin as it should (re_): it is another key, or was cut when it was set.',
      'warn: STRIPE_SECRET_KEY in Vercel’s production is 400 days old, to be changed every 365: rotate it.',
      'warn: The same value goes to production and elsewhere (preview): STRIPE_PUBLISHABLE_KEY. Live keys belong to production only.',
      'warn: Stored so that whoever sees the project can read it: RESEND_API_KEY, CLERK_SECRET_KEY. Make it sensitive.',
      'ok: Vercel’s production: 2 present, value not readable.',
    ])
    expect(measurements.slice(0, 2)).toEqual([
      { name: 'missing secrets', value: 2, unit: '', limit: 0 },
      { name: 'overdue secrets', value: 1, unit: '', limit: 0 },
    ])
  })
  test('what is set for previews is theirs', async () => {
    const { texts } = await here({ WEBHOOK_SECRET: { prefix: 'whsec_' }, NEXT_PUBLIC_KEY: {} }, { target: 'preview' })
    expect(texts[0]).toBe('fail: 1 of 2 names not set in Vercel’s preview: NEXT_PUBLIC_KEY. Set them, then deploy again.')
  })
  test('a variable of the team counts where the project is given it', async () => {
    expect((await here({ OPENAI_API_KEY: {} })).status).toBe('fail')
    const response = await fetch(`${world.vercelApiUrl}/v9/projects/shop?slug=local`, { headers: { authorization: `Bearer ${token}` } })
    const { id } = z.object({ id: z.string() }).parse(await response.json())
    await control(world.url)('POST', '/vercel/shared', {
      key: 'OPENAI_API_KEY',
      type: 'encrypted',
      target: ['production'],
      projectId: [id],
    })
    expect((await here({ OPENAI_API_KEY: {} })).texts).toEqual(['ok: Vercel’s production: 1 present, value not readable.'])
  })
  test('nothing is asked to be decrypted, and nothing changed', async () => {
    await control(world.url)('DELETE', '/calls')
    await here({ NOT_THERE: {} })
    const calls = await control(world.url)<{ service: string; method: string }[]>('GET', '/calls')
    expect(calls.filter(({ service }) => service === 'vercel').map(({ method }) => method)).toEqual([
      'GET /v10/projects/shop/env',
      'GET /v9/projects/shop',
      'GET /v1/env',
    ])
  })
  test('variables of the team may not be read: missing is not certain', async () => {
    await using vendor = await startVendor({
      '/v10/projects/shop/env': { body: { envs: [] } },
      '/v9/projects/shop': { body: { id: 'prj_1', name: 'shop' } },
      '/v1/env': { status: 403, body: { error: { message: 'no' } } },
    })
    const { status, texts, measurements } = await here({ A_KEY: {} }, { apiUrl: vendor.url })
    expect([status, texts[0], texts[1]]).toEqual([
      'unknown',
      'unknown: Not found in Vercel’s production: A_KEY; but not all could be asked.',
      expect.stringMatching(/does not let this key ask that \(403\)/),
    ])
    expect(measurements.map(({ name }) => name)).toEqual(['overdue secrets'])
    expect(vendor.heard.map(({ url }) => url).join()).not.toContain('decrypt')
  })
})

/** A stand-in for the Engine, on a socket of its own. */
const startEngine = async (listener: RequestListener) => {
  const folder = mkdtempSync(join(tmpdir(), 'engine-'))
  const socket = join(folder, 'docker.sock')
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    socket,
    heard,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
const id = 'a1b2c3d4e5f6'.padEnd(64, '0')
const engine = (env: readonly string[], created = at(-40 * day)) =>
  startEngine((request, response) => {
    const body =
      request.url?.startsWith('/containers/json') === true
        ? [{ Id: id, Names: ['/fair-api-1'], State: 'running' }]
        : { Id: id, Created: new Date(created).toISOString(), Config: { Env: env, Labels: {} } }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })

describe('containers', () => {
  const names = {
    STRIPE_SECRET_KEY: { prefix: 'sk_live_', rotateDays: 30 },
    SUPABASE_KEY: { prefix: ['eyJ', 'sb_secret_'] },
    REDIS_URL: { prefix: 'redis://' },
  }
  test('what a service was started with', async () => {
    await using docker = await engine([`STRIPE_SECRET_KEY=sk_test_${canary}`, `SUPABASE_KEY=eyJ${canary}==`, 'PATH=/bin', 'NOVALUE'])
    const { status, texts, measurements } = await about({
      from: 'docker',
      socket: docker.socket,
      service: 'api',
      composeProject: 'fair',
      names,
    })
    expect([status, ...texts]).toEqual([
      'fail',
      'fail: 1 of 3 names not set in container fair-api-1: REDIS_URL. Set them, then deploy again.',
      'fail: A test key where a live key belongs, in container fair-api-1: STRIPE_SECRET_KEY. Set the other one, then deploy again.',
      'warn: STRIPE_SECRET_KEY in container fair-api-1 is at least 40 days old, to be changed every 30: rotate it.',
      'ok: container fair-api-1: 1 well-formed.',
    ])
    expect(measurements[0]).toEqual({ name: 'missing secrets', value: 1, unit: '', limit: 0 })
    expect(docker.heard).toEqual([
      'GET /containers/json?filters={"label":["com.docker.compose.service=api","com.docker.compose.project=fair"],"status":["running"]}',
      `GET /containers/${id}/json`,
    ])
  })
  test.each<[string, RequestListener, RegExp]>([
    ['none runs', (_, response) => void response.end('[]'), /^fail: No container of api runs/],
    ['500', (_, response) => void response.writeHead(500).end('{"message":"broken"}'), /^unknown: Docker answered 500 on /],
    ['HTML', (_, response) => void response.end('<html>'), /^unknown: Docker answered with what is not JSON\.$/],
    ['another shape', (_, response) => void response.end('[{"Id":7}]'), /^unknown: Docker’s answer is not as documented\.$/],
    ['an id that is none', (_, response) => void response.end('[{"Id":"../../x"}]'), /^unknown: Docker’s answer is not as documented\.$/],
    ['huge', (_, response) => void response.end('x'.repeat(5_000_000)), /^unknown: Docker’s answer is larger than 4 MB\.$/],
    ['cut off', (request) => void request.socket.destroy(), /^unknown: Connection broken: .*docker\.sock closed the connection/],
    ['no answer', () => {}, /^unknown: Docker did not answer in time/],
    ['no HTTP', (request) => void request.socket.end('SSH-2.0-x\r\n\r\n'), /^unknown: What answers on .* does not speak as Docker does\.$/],
  ])('%s', async (_, listener, words) => {
    await using docker = await startEngine(listener)
    const { texts } = await about({ from: 'docker', socket: docker.socket, service: 'api', names }, { timeoutMs: 400 })
    expect(texts).toEqual([expect.stringMatching(words)])
  })
  test('no socket', async () => {
    const { texts } = await about({ from: 'docker', socket: '/nowhere/docker.sock', service: 'api', names })
    expect(texts).toEqual([expect.stringMatching(/^unknown: There is no socket at \/nowhere\/docker\.sock/)])
  })
})

describe('no value leaves the process', () => {
  /** Of no form that the rules for masking know: it must not come that far. */
  const value = `zz_${canary}`
  /** The runner as in the bot, with everything that it logs. */
  const runner = (options: object) => {
    const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
    mkdirSync(join(folder, 'shop'))
    const checks = { secrets: { kind: 'secrets', title: 'Secrets', options } }
    writeFileSync(join(folder, 'shop/service.yml'), JSON.stringify({ name: 'Shop', ladder: [], privateHosts: ['127.0.0.1'], checks }))
    const { catalogue } = loadCatalogue({ runbooks: folder, templates: 'templates', kinds: { secrets: check } })
    rmSync(folder, { recursive: true })
    const logged: string[] = []
    const log = (fields: object, message: string) =>
      void logged.push(
        message,
        JSON.stringify(fields),
        ...Object.values(fields).map((field) => (field instanceof Error ? `${field.stack} ${String(field.cause)}` : '')),
      )
    const run = createChecking({
      catalogue: catalogue!,
      kinds: new Map([['secrets', check as unknown as CheckDefinition]]),
      guarded,
      now: () => now,
      elapsed: () => performance.now(),
      environment: { [secret]: token },
      log: { debug: log, info: log, warn: log, error: log },
    })
    return { run: () => run('shop', 'all'), logged }
  }
  /** Any part of the value of some length, and what could be made of it. */
  const expectNothing = (seen: string) => {
    for (let from = 0; from + 6 <= canary.length; from += 1) expect(seen).not.toContain(canary.slice(from, from + 6))
    for (const whole of [value, canary])
      for (const made of [
        ...['md5', 'sha1', 'sha256', 'sha512'].flatMap((kind) =>
          ['hex', 'base64'].map((as) =>
            createHash(kind)
              .update(whole)
              .digest(as as 'hex'),
          ),
        ),
        Buffer.from(whole).toString('base64'),
        Buffer.from(whole).toString('hex'),
      ])
        expect(seen).not.toContain(made.slice(0, 12))
  }
  const prefixed = { STRIPE_SECRET_KEY: { prefix: 're_', rotateDays: 1 }, OTHER: {} }
  const variable = (more: object) => ({
    id: 'e1',
    key: 'STRIPE_SECRET_KEY',
    target: ['production'],
    updatedAt: at(-9 * day),
    value,
    ...more,
  })
  const bodies: readonly (readonly [string, number, unknown])[] = [
    ['readable', 200, { envs: [variable({ type: 'plain' })] }],
    ['readable, of another name', 200, { envs: [variable({ type: 'plain', key: 'UNNAMED' })] }],
    ['encrypted, yet sent', 200, { envs: [variable({ type: 'encrypted', decrypted: true })] }],
    ['padded', 200, { envs: [variable({ type: 'plain', value: ` ${value}\n` })] }],
    ['where the time should be', 200, { envs: [variable({ type: 'plain', updatedAt: value })] }],
    ['where the type should be', 200, { envs: [variable({ type: { [value]: value } })] }],
    ['where the target should be', 200, { envs: [variable({ type: 'plain', target: [value, 'production'] })] }],
    ['as a name', 200, { envs: [variable({ type: 'plain', key: value })] }],
    ['in a refusal', 400, { error: { message: `bad value ${value}`, code: value } }],
    ['in a refusal of the token', 403, { error: { message: `Not authorized ${value}` } }],
    ['in an error', 500, value],
    ['no JSON', 200, `${value} is the key`],
    ['half of it', 200, `{"envs":[{"key":"STRIPE_SECRET_KEY","value":"${value}`],
    ['a string', 200, JSON.stringify(value)],
  ]
  test.each(bodies)('Vercel: %s', async (_, status, body) => {
    await using vendor = await startVendor({
      '/v10/projects/shop/env': { status, body },
      '/v9/projects/shop': { body: { id: 'prj_1', name: 'shop' } },
      '/v1/env': { status, body: typeof body === 'object' ? { data: (body as { envs?: unknown }).envs } : body },
    })
    const { run, logged } = runner({ from: 'vercel', secret, apiUrl: vendor.url, project: 'shop', team: 'acme', names: prefixed })
    const results = await run()
    expect(results[0]?.findings.length).toBeGreaterThan(0)
    expect(results[0]?.status).not.toBe('ok')
    expectNothing(JSON.stringify(results))
    expectNothing(logged.join('\n'))
  })
  test.each<[string, (path: string) => readonly [number, unknown]]>([
    [
      'in the environment',
      (path) => [
        200,
        path === 'list'
          ? [{ Id: id, Names: ['/api'] }]
          : { Created: now, Config: { Env: [`STRIPE_SECRET_KEY=${value}`, `UNNAMED=${value}`, value] } },
      ],
    ],
    ['in a refusal', () => [500, { message: value }]],
    ['in a refusal, as text', () => [409, value]],
    ['no JSON', () => [200, `x${value}`]],
    ['in another shape', (path) => [200, path === 'list' ? [{ Id: id }] : { Created: value, Config: { Env: { [value]: value } } }]],
    ['as an id', () => [200, [{ Id: value }]]],
  ])('Docker: %s', async (_, answer) => {
    await using docker = await startEngine((request, response) => {
      const [status, body] = answer(request.url?.startsWith('/containers/json') === true ? 'list' : 'one')
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    const { run, logged } = runner({ from: 'docker', socket: docker.socket, service: 'api', names: prefixed })
    const results = await run()
    expect(results[0]?.status).not.toBe('ok')
    expectNothing(JSON.stringify(results))
    expectNothing(logged.join('\n'))
  })
  test('the names of what is wanted are names, never values', () => {
    const given = (names: object) => check.options.safeParse({ from: 'docker', service: 'api', names }).success
    expect([given({ STRIPE_SECRET_KEY: {} }), given({ 'sk_live_x y': {} }), given({}), given({ A: { value: 'x' } })]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
