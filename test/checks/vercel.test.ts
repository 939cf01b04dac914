/** Against the emulator and its front, and against a server that answers as Vercel documents. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import check from '../../src/checks/vercel.ts'
import type { World } from '../../src/embedded/world.ts'
import { startHttp } from '../adapters/server.ts'
import { control, testWorld } from '../embedded/world.ts'
import { ask, type Asking, now } from './asking.ts'
import { startVendor } from './vendor.ts'

const token = 'vercel_token_of_checks'
const secret = 'VERCEL_TOKEN'
const about = (options: Record<string, unknown>, more: Asking = {}) =>
  ask(check, { secret, project: 'shop', ...options } as never, { secrets: { [secret]: token }, ...more })

const minute = 60_000
const hour = 60 * minute
const at = (ms: number) => Date.parse(now) + ms
const iso = (ms: number) => new Date(at(ms)).toISOString()

describe('the emulator', () => {
  let world: World
  const started = async () => {
    world = await testWorld({
      vercel: { token, projects: [{ name: 'shop', variables: [{ key: 'STRIPE_SECRET_KEY', value: 'sk_live_neverShownAnywhere' }] }] },
    })
  }
  beforeAll(started)
  afterAll(() => world.close())
  const put = (collection: string, item: object) => control(world.url)('POST', `/vercel/${collection}`, item)
  const here = (options: Record<string, unknown>, more: Asking = {}) =>
    about({ apiUrl: world.vercelApiUrl, team: 'local', ...options }, more)
  const get = async (path: string) => {
    const response = await fetch(`${world.vercelApiUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })
    return z.record(z.string(), z.unknown()).parse(await response.json())
  }
  /** Deploys by Vercel's own call, then sets back the clock. */
  const deploy = async (message: string, ms: number, more: object = {}) => {
    const response = await fetch(`${world.vercelApiUrl}/v13/deployments?slug=local`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'shop',
        target: 'production',
        meta: {
          githubCommitSha: 'abc1234def5678',
          githubCommitMessage: message,
          githubCommitRef: 'main',
          githubCommitAuthorName: 'Ann',
        },
      }),
    })
    const { id } = z.object({ id: z.string() }).parse(await response.json())
    await put('deployments', { id, created: at(ms), createdAt: at(ms), aliasAssigned: at(ms), ...more })
    return id
  }

  test('nothing was deployed yet', async () => {
    expect((await here({ ask: 'deployment' })).texts).toEqual([
      'fail: shop has no production deployment: its domains serve nothing. Deploy, or promote one.',
    ])
  })

  test('what production serves, with the deployments before', async () => {
    await deploy('Add invoices', -3 * 24 * hour)
    const id = await deploy('Fix checkout\n\nlong story', -2 * hour)
    const { status, texts, measurements, detail } = await here({ ask: 'deployment', branch: 'main' })
    expect([status, ...texts]).toEqual(['ok', 'ok: Production serves abc1234 “Fix checkout” by Ann, for 2 h.'])
    expect(measurements).toEqual([
      { name: 'deployment age', value: 2, unit: 'h' },
      { name: 'failed builds', value: 0, unit: '' },
    ])
    expect(detail?.text).toBe(
      `${iso(-2 * hour)}  READY, served  abc1234 “Fix checkout” by Ann (main)\n${iso(-3 * 24 * hour)}  READY  abc1234 “Add invoices” by Ann (main)`,
    )
    expect((await here({ ask: 'deployment', branch: 'release' })).texts[1]).toBe(
      'warn: It was built from main, where production is built from release.',
    )
    const { id: project } = await get('/v9/projects/shop?slug=local')
    const later = await deploy('Break everything', -30 * minute, { readyState: 'ERROR', state: 'ERROR', errorMessage: 'exit 1' })
    await put('projects', { id: project, targets: { production: { id, uid: id, created: at(-2 * hour) } } })
    expect((await here({ ask: 'deployment' })).texts[1]).toBe(
      'warn: The newest deployment to production (abc1234 “Break everything” by Ann, 30 min ago) failed to build: the one before is served. Vercel says: exit 1',
    )
    await put('deployments', { id: later, readyState: 'BUILDING' })
    expect((await here({ ask: 'deployment' })).texts[1]).toMatch(/^ok: The newest deployment .* is being built\.$/)
    await put('deployments', { id: later, readyState: 'READY', readySubstate: 'STAGED' })
    expect((await here({ ask: 'deployment' })).texts[1]).toMatch(/is staged, but not what is served: promote it/)
    const request = { fromDeploymentId: later, toDeploymentId: id, requestedAt: at(-10 * minute), type: 'rollback' }
    await put('projects', { id: project, lastAliasRequest: { ...request, jobStatus: 'in-progress' } })
    expect((await here({ ask: 'deployment' })).texts[1]).toBe(
      'warn: A rollback to abc1234 “Fix checkout” by Ann was asked for 10 min ago and is under way: wait until it is done.',
    )
    await put('projects', { id: project, lastAliasRequest: { ...request, jobStatus: 'failed' } })
    expect((await here({ ask: 'deployment' })).texts[1]).toMatch(/^warn: A rollback to .*, asked for 10 min ago, failed/)
    await put('projects', { id: project, lastAliasRequest: { ...request, jobStatus: 'succeeded' } })
    const rolled = await here({ ask: 'deployment' })
    expect([rolled.status, ...rolled.texts]).toEqual([
      'warn',
      'ok: Production serves abc1234 “Fix checkout” by Ann, for 2 h.',
      'warn: Production was rolled back 10 min ago, from abc1234 “Break everything” by Ann: what is pushed now is built but not served until somebody promotes a deployment.',
    ])
  })

  test('what was changed near the start: deployments, the rollback, variables by name only', async () => {
    const { envs } = z.object({ envs: z.array(z.object({ id: z.string() })) }).parse(await get('/v10/projects/shop/env?slug=local'))
    await put('variables', { id: envs[0]?.id, createdAt: at(-300 * 24 * hour), updatedAt: at(-20 * minute) })
    const { status, texts, changes, ...rest } = await here({ ask: 'changes' })
    expect([status, ...texts]).toEqual([
      'ok',
      `ok: 4 changes in the 1 d before ${now}. The last one before it, 10 min earlier: Rolled back to abc1234 “Fix checkout” by Ann.`,
    ])
    expect(changes?.map(({ kind, title, by, at: when }) => [when, kind, title, by])).toEqual([
      [iso(-10 * minute), 'deployment', 'Rolled back to abc1234 “Fix checkout” by Ann', null],
      [iso(-20 * minute), 'setting', 'Variable STRIPE_SECRET_KEY changed', null],
      [iso(-30 * minute), 'deployment', 'Break everything (abc1234) (staged)', 'Ann'],
      [iso(-2 * hour), 'deployment', 'Fix checkout (abc1234)', 'Ann'],
    ])
    expect(JSON.stringify([texts, changes, rest])).not.toContain('sk_live')
    const narrow = await here({ ask: 'changes' }, { words: { since: '15m' }, around: iso(-25 * minute) })
    expect(narrow.texts).toEqual([
      `ok: 1 change in the 15 min before ${iso(-25 * minute)}, 2 since. The last one before it, 5 min earlier: Break everything (abc1234) (staged), by Ann.`,
    ])
    const old = await here({ ask: 'changes' }, { around: iso(-9 * 24 * hour) })
    expect(old.texts).toEqual([`ok: No deployment or variable of Vercel’s was changed in the 1 d before ${iso(-9 * 24 * hour)}.`])
  })

  const log = (ms: number, statusCode: number, level: string, message: string, path = '/api/checkout') =>
    put('logs', {
      requestId: `${ms} ${statusCode} ${message}`,
      timestamp: iso(ms),
      deploymentId: 'any',
      requestMethod: 'POST',
      requestPath: path,
      statusCode,
      domain: 'shop.example',
      logs: message === '' ? [] : [{ level, message }],
    })
  const errors = (options: Record<string, unknown> = {}, more: Asking = {}) =>
    here({ ask: 'errors', logsUrl: world.vercelApiUrl, ...options }, more)

  test('errors at run time of the past', async () => {
    const silent = await errors()
    expect([silent.status, silent.texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: The log has nothing of the last hour: /)])
    await log(-5 * minute, 200, 'info', 'fine')
    expect((await errors({ errors: 0 })).texts).toEqual(['ok: No runtime error in the last hour.'])
    for (const id of [1, 2, 3]) await log(-id * minute, 500, 'error', `TypeError: order ${id} has no total`)
    await log(-7 * minute, 504, '', '', '/api/slow?token=hidden')
    await log(-8 * minute, 200, 'fatal', 'Bearer abcdefghijklmnopqrstuvwxyz leaked')
    await log(-3 * hour, 500, 'error', 'long ago')
    const { status, texts, measurements, detail } = await errors({ errors: { warn: 0, fail: 4 } })
    expect([status, texts[0], texts[1]]).toEqual([
      'fail',
      'fail: runtime errors is 5, above the limit of 4.',
      'ok: 5 runtime errors in the last hour: 3 × POST /api/checkout 500 “TypeError: order 1 has no total”; 1 × POST /api/checkout 200 “Bearer *** leaked”; 1 × POST /api/slow 504.',
    ])
    expect(measurements).toEqual([{ name: 'runtime errors', value: 5, unit: '', limit: 0 }])
    expect(detail?.text.split('\n')).toHaveLength(5)
    expect(detail?.text).not.toMatch(/hidden|abcdefgh/)
    expect((await errors({}, { words: { since: '4h' } })).texts).toEqual([
      expect.stringMatching(/^warn: 6 runtime errors in the last 4 h: /),
    ])
  })
  test('more errors than are read', async () => {
    for (let number = 0; number < 300; number += 1) await log(-number * 1000, 503, 'error', `busy ${number}`, '/api/busy')
    expect((await errors()).texts[0]).toMatch(
      /^warn: \d+ runtime errors in the last hour: \d+ × POST \/api\/busy 503 .* There are more: only the newest were read\.$/,
    )
  })

  test('a check changes nothing', async () => {
    await control(world.url)('DELETE', '/calls')
    for (const asked of ['deployment', 'changes', 'functions']) await here({ ask: asked })
    await errors()
    const calls = await control(world.url)<{ service: string; method: string }[]>('GET', '/calls')
    const methods = calls.filter(({ service }) => service === 'vercel').map(({ method }) => method.split(' ')[0])
    expect(methods.length).toBeGreaterThan(6)
    expect(new Set(methods)).toEqual(new Set(['GET']))
    expect(calls.some(({ method }) => /decrypt|env\/./.test(method))).toBe(false)
  })
  test('functions by day, from the bill', async () => {
    const none = await here({ ask: 'functions' })
    expect([none.status, none.texts[0]]).toEqual(['unknown', expect.stringMatching(/^unknown: Vercel has no figures of the last days\./)])
    const charge = (day: number, ConsumedQuantity: number, more: object = {}) =>
      put('charges', {
        ServiceName: 'Function Invocations',
        ChargePeriodStart: `2026-11-${day}T08:00:00.000Z`,
        ConsumedQuantity,
        ConsumedUnit: 'Invocations',
        Tags: { ProjectName: 'shop' },
        ...more,
      })
    await charge(17, 100)
    await charge(18, 300)
    await charge(19, 500)
    await charge(19, 9000, { Tags: { ProjectName: 'other' } })
    await charge(19, 1, { ServiceName: 'Fast Data Transfer' })
    const { status, texts, measurements } = await here({ ask: 'functions', rise: 100 })
    expect([status, texts[0], texts[1]]).toEqual([
      'warn',
      'warn: function invocations rise is 150 %, above the limit of 100 %.',
      'ok: Function Invocations: 500 Invocations on 2026-11-19, 200 a day before.',
    ])
    expect(measurements).toEqual([
      { name: 'function invocations', value: 500, unit: '' },
      { name: 'function invocations rise', value: 150, unit: '%', limit: 100 },
    ])
    expect((await here({ ask: 'functions', team: undefined, apiUrl: world.vercelApiUrl, project: 'shop' })).status).toBe('unknown')
  })
  test('the token is not known', async () => {
    const { status, texts } = await here({ ask: 'deployment' }, { secrets: { [secret]: 'another' } })
    expect([status, texts[0]]).toEqual([
      'unknown',
      expect.stringMatching(/does not accept the key \(401\): look whether VERCEL_TOKEN is current/),
    ])
  })
})

const project = {
  id: 'prj_1',
  accountId: 'team_1',
  name: 'shop',
  targets: { production: { id: 'dpl_1', createdAt: at(-hour), readyState: 'READY' } },
}

describe('as Vercel documents', () => {
  const live = (options: object, more: Asking = {}) => about({ ask: 'errors', log: 'live', ...options }, more)
  const line = (id: number, level: string, message: string, responseStatusCode = 200) =>
    `${JSON.stringify({ rowId: `r${id}`, level, message, source: 'serverless', timestampInMs: at(-1000), domain: 'd', messageTruncated: false, requestMethod: 'GET', requestPath: '/', responseStatusCode })}\n`
  /** A server whose log is what `write` makes of it. */
  const logging = (write: (send: (text: string) => void, end: () => void) => void) =>
    startHttp((request, response) => {
      if (request.url?.includes('runtime-logs') !== true) {
        response.end(JSON.stringify(project))
        return
      }
      response.writeHead(200, { 'content-type': 'application/stream+json' })
      write(
        (text) => response.write(text),
        () => response.end(),
      )
    })

  test('rows of the log in which no error can be read are not none', async () => {
    const rows = [{ requestId: 'r1', timestamp: now, statusCode: 200, requestPath: '/api', logs: [] }]
    await using server = await startHttp((request, response) => {
      const isLog = request.url?.startsWith('/api/logs/') === true
      response.end(JSON.stringify(isLog ? { rows: request.url?.includes('level=') === true ? rows : [], hasMoreRows: false } : project))
    })
    const { status, texts } = await about({ ask: 'errors', apiUrl: `http://${server.host}`, logsUrl: `http://${server.host}` })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/answers 1 request as ones with errors, but not as documented/)])
  })
  test('a project that is paused serves nothing', async () => {
    const current = { id: 'd1', created: at(-3_600_000), readyState: 'READY', meta: { githubCommitSha: 'abc1234def5678' } }
    const answering = async (more: object) => {
      await using server = await startHttp(
        (request, response) =>
          void response.end(
            JSON.stringify(
              request.url?.startsWith('/v6/') === true
                ? { deployments: [current] }
                : { ...project, targets: { production: current }, ...more },
            ),
          ),
      )
      return await about({ ask: 'deployment', apiUrl: `http://${server.host}` })
    }
    const { status, texts } = await answering({ paused: true })
    expect([status, ...texts]).toEqual([
      'fail',
      expect.stringMatching(/^fail: shop is paused in Vercel: its domains serve nothing/),
      'ok: Production would serve abc1234, for 1 h.',
    ])
    expect((await answering({ paused: false })).texts).toEqual(['ok: Production serves abc1234, for 1 h.'])
  })
  test('the live log, which goes on and on, is left after a while', async () => {
    await using server = await logging((send) => {
      const full = line(2, 'error', 'caf\u00e9 broke')
      send(line(1, 'info', 'fine'))
      // Cut in the middle of a line.
      send(full.slice(0, 30))
      send(full.slice(30))
      send(line(3, 'info', 'gateway', 502))
    })
    const { status, texts } = await live({ apiUrl: `http://${server.host}`, listenMs: 400 })
    expect([status, ...texts]).toEqual([
      'warn',
      'warn: 2 runtime errors in 0.4 s of listening: 1 × GET / 200 “café broke”; 1 × GET / 502 “gateway”.',
    ])
  })
  test('it ends when Vercel says so', async () => {
    await using server = await logging((send) => {
      send(line(1, 'info', 'fine'))
      send(`${JSON.stringify({ rowId: '', level: 'error', message: 'Exceeded', source: 'delimiter', timestampInMs: at(0) })}\n`)
    })
    expect((await live({ apiUrl: `http://${server.host}`, listenMs: 60_000 })).texts).toEqual([
      'ok: No runtime error in 60 s of listening.',
    ])
  })
  test('silence is no proof', async () => {
    await using server = await logging(() => {})
    expect((await live({ apiUrl: `http://${server.host}`, listenMs: 150 })).status).toBe('unknown')
  })
  test('a line without end, and more than is read, are cut off', async () => {
    await using server = await logging((send, end) => {
      send('x'.repeat(700_000))
      send('\n')
      send(line(1, 'error', 'after it'))
      end()
    })
    expect((await live({ apiUrl: `http://${server.host}` })).texts[0]).toMatch(/1 × GET \/ 200 “after it”/)
    await using flood = await logging((send) => {
      send(line(1, 'error', 'first'))
      for (let part = 0; part < 90; part += 1) send(line(part + 2, 'error', 'y'.repeat(100_000)))
    })
    const { texts } = await live({ apiUrl: `http://${flood.host}` })
    expect(texts[0]).toMatch(/It was too much to hear to the end\.$/)
  })
  test('what is no log', async () => {
    await using server = await logging((send, end) => {
      send('<html>\n</html>\n')
      end()
    })
    const { status, texts } = await live({ apiUrl: `http://${server.host}` })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/no line of it could be read/)])
  })
  test('many errors are kept up to a bound', async () => {
    await using server = await logging((send, end) => {
      for (let id = 0; id < 700; id += 1) send(line(id, 'error', `e${id}`))
      end()
    })
    const { texts, detail } = await live({ apiUrl: `http://${server.host}` })
    expect(texts[0]).toMatch(/^warn: 500 runtime errors .* 200 more errors came than are kept\.$/)
    expect(detail?.text.split('\n')).toHaveLength(500)
  })

  test('hostile names, no commit, a deployment that is not ready', async () => {
    const current = {
      id: 'dpl_\u202E1',
      createdAt: at(-hour),
      readyState: 'ERROR',
      creator: { username: '<!channel>\u0000bob' },
      meta: { githubCommitMessage: 7 },
    }
    await using vendor = await startVendor({
      '/v9/projects/shop': { body: { ...project, targets: { production: current } } },
      '/v6/deployments': { body: { deployments: [], pagination: {} } },
    })
    const { status, texts, measurements } = await about({ ask: 'deployment', apiUrl: vendor.url, team: 'team_9' })
    expect([status, ...texts]).toEqual([
      'fail',
      'fail: Production points to a deployment that is error: dpl_1 by <!channel>bob. Roll back to one that is ready.',
    ])
    expect(measurements).toEqual([{ name: 'deployment age', value: 1, unit: 'h' }])
    expect(vendor.heard[0]?.url).toBe('/v9/projects/shop?teamId=team_9')
  })
  test.each<[string, object]>([
    ['deployment', { ask: 'deployment' }],
    ['errors', { ask: 'errors' }],
    ['live errors', { ask: 'errors', log: 'live' }],
    ['functions', { ask: 'functions', team: 'acme' }],
    ['changes', { ask: 'changes' }],
  ])('%s: what comes after the project is not believed blindly either', async (_, asked) => {
    for (const [status, body] of [
      [500, 'oops'],
      [200, '<html>sign in</html>'],
      [200, '{"rows":[{}],"deployments":[{}],"envs":[{}]}'],
      [200, '[null]'],
    ] as const) {
      await using server = await startHttp((request, response) => {
        const isProject = request.url?.startsWith('/v9/projects/shop') === true
        response.writeHead(isProject ? 200 : status).end(isProject ? JSON.stringify(project) : body)
      })
      const apiUrl = `http://${server.host}`
      const answer = await about({
        apiUrl,
        ...(Object.hasOwn(asked, 'log') || !('ask' in asked && asked.ask === 'errors') ? {} : { logsUrl: apiUrl }),
        ...asked,
      })
      expect([body, answer.status, answer.changes ?? []]).toEqual([body, 'unknown', []])
    }
  })
  test('a time that is none', async () => {
    await using vendor = await startVendor({
      '/v9/projects/shop': { body: { ...project, targets: { production: { id: 'd', createdAt: -5 } } } },
    })
    expect((await about({ ask: 'deployment', apiUrl: vendor.url })).status).toBe('unknown')
  })
  test('variables may not be read: the deployments are told all the same', async () => {
    await using vendor = await startVendor({
      '/v9/projects/shop': { body: project },
      '/v6/deployments': { body: { deployments: [{ uid: 'dpl_1', created: at(-hour), readyState: 'READY' }] } },
      '/v10/projects/shop/env': { status: 403, body: { error: { code: 'forbidden', message: 'You don’t have permission.' } } },
    })
    const { status, texts, changes } = await about({ ask: 'changes', apiUrl: vendor.url })
    expect(status).toBe('unknown')
    expect(texts[0]).toMatch(/^ok: 1 change in the 1 d before/)
    expect(texts[1]).toMatch(/^unknown: Vercel does not let this key ask that \(403\): give the key in VERCEL_TOKEN/)
    expect(changes).toHaveLength(1)
  })
  test('pages of variables end, also when they go in circles', async () => {
    const variable = (id: number) => ({
      id: `env_${id}`,
      key: `KEY_${id}`,
      type: 'encrypted',
      target: ['production'],
      value: 'x',
      updatedAt: at(-id * minute),
    })
    let page = 0
    await using vendor = await startVendor({
      '/v9/projects/shop': { body: project },
      '/v6/deployments': { body: { deployments: [] } },
      '/v10/projects/shop/env': () => ({ body: { envs: [variable((page += 1) > 2 ? 2 : page)], pagination: { next: 1 } } }),
    })
    const { texts, changes } = await about({ ask: 'changes', apiUrl: vendor.url })
    expect(texts[0]).toMatch(/There are more variables than were read\.$/)
    expect(changes?.map(({ title }) => title)).toEqual(['Variable KEY_1 changed', 'Variable KEY_2 changed'])
    expect(page).toBe(3)
  })
})
