/** Maintenance mode, with a real Caddy before the product and Docker's Engine API behind it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { pagesUp } from '../../src/acting/caddy/page.ts'
import restart from '../../src/actions/compose.restart.ts'
import maintenance from '../../src/actions/maintenance.ts'
import { guarded } from '../../src/adapters/fetch.ts'
import { type DockerEngine, type EngineContainer, startDockerEngine } from '../../src/embedded/docker-engine.ts'
import { around } from '../../src/incident/acting/controls.ts'
import { FetchFault } from '../../src/ports.ts'
import { startHttp } from '../adapters/server.ts'
import { hand } from './acting.ts'
import { ensureCaddy, startCaddy } from './caddy.ts'

type Given = z.input<typeof maintenance.options>

const has = ensureCaddy()
let caddy: Awaited<ReturnType<typeof startCaddy>>
let engine: DockerEngine
let folder: string
let api: EngineContainer

beforeEach(async () => {
  if (!has) return
  folder = mkdtempSync(join(tmpdir(), 'maintenance-'))
  caddy = await startCaddy()
  api = { service: 'api' }
  engine = await startDockerEngine({ socket: join(folder, 'docker.sock'), project: 'shop', containers: [api, { service: 'redis' }] })
})
afterEach(async () => {
  if (!has) return
  await engine[Symbol.asyncDispose]()
  await caddy[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const options = (given: Partial<Given> = {}): Given => ({
  socket: join(folder, 'docker.sock'),
  project: 'shop',
  services: ['api'],
  caddy: { url: caddy.url, hosts: ['shop.example'] },
  page: '<h1>Back soon</h1>',
  task: 'Move the disk.',
  stopSeconds: 0,
  steadySeconds: 0,
  startSeconds: 0,
  ...given,
})
const of = (given: Partial<Given> = {}, note = '', more: Parameters<typeof hand>[3] = {}) =>
  hand(maintenance, options(given), { note }, more)
const waits = (words: string) => ({ outcome: 'waits', task: expect.stringContaining(words) as string })
const containing = (words: string) => expect.stringContaining(words) as string

describe.skipIf(!has)('maintenance', () => {
  test('page up, stopped, worked, started, page away', async () => {
    const at = of({}, 'Disk 2 of 3.')
    const seen = await at.plan()
    const id = engine.idOf(api).slice(0, 12)
    expect(seen).toMatchObject({
      summary: 'Visitors see a page, api is stopped, somebody works; ticked off, all comes back.',
      calls: [
        `PUT ${caddy.url}/config/apps/http/servers/srv0/routes/0`,
        `POST /containers/${id}/stop?t=0 (api)`,
        `POST /containers/${id}/start (api)`,
        `DELETE ${caddy.url}/id/tocsin-maintenance-shop`,
      ],
      effects: ['Page: for shop.example, status 503', 'api: Up 3 hours', 'Work: Move the disk. Disk 2 of 3.'],
    })
    expect([engine.deeds, (await caddy.visit('shop.example')).status]).toEqual([[], 200])

    expect(await at.run(seen.plan)).toEqual({ outcome: 'waits', task: 'The page is up, and api stopped. Move the disk. Disk 2 of 3.' })
    expect(await caddy.visit('shop.example')).toEqual({ status: 503, body: '<h1>Back soon</h1>', retry: '300' })
    expect((await caddy.visit('other.example')).body).toBe('the shop')
    expect(engine.deeds).toEqual(['stop api 1'])

    at.tick()
    expect(await at.run(seen.plan)).toEqual({ outcome: 'done', text: 'The page is away; api runs.' })
    expect([engine.deeds, (await caddy.visit('shop.example')).body]).toEqual([['stop api 1', 'start api 1'], 'the shop'])
    expect(await at.verify(seen.plan)).toEqual({
      settled: true,
      findings: [
        { status: 'ok', text: 'The page is away.' },
        { status: 'ok', text: 'api runs.' },
      ],
    })
  })

  test('what is up already, missing, or of another name is not possible', async () => {
    expect(await of({ services: ['celery'] }).preview()).toEqual({ unable: 'Docker has no container of celery in shop.' })
    expect(await of({ caddy: { url: caddy.url, server: 'srv9' } }).preview()).toMatchObject({
      unable: containing('Caddy has no server srv9'),
    })
    expect(await of({ socket: join(folder, 'none.sock') }).preview()).toMatchObject({ unable: containing('does not exist') })
    const { plan } = await of().plan()
    await of().run(plan)
    expect(await of().preview()).toMatchObject({ unable: containing('The page is up already') })
    await caddy.stop()
    await expect(of().preview()).rejects.toThrow(FetchFault)
  })

  test('what answers there is something else, or does not let us in', async () => {
    await using other = await startHttp((_, response) => void response.end('hello'))
    expect(await of({ caddy: { url: `http://${other.host}` } }).preview()).toMatchObject({ unable: containing('is not Caddy’s admin API') })
    await using closed = await startHttp((_, response) => void response.writeHead(403).end('{"error":"host not allowed"}'))
    expect(await of({ caddy: { url: `http://${closed.host}` } }).preview()).toMatchObject({ unable: containing('host not allowed') })
  })

  test.each(['../load', 'srv0/routes', 'a b', ''])('%j is no server', (server) => {
    expect(() => of({ caddy: { url: caddy.url, server } })).toThrow('must be the name of a server')
  })

  test('what Docker does not let us stop: taken back, and said', async () => {
    engine.conduct = ({ verb }) => (verb === 'stop' ? 'denied' : 'well')
    const at = of()
    const ran = await at.run((await at.plan()).plan)
    expect(ran).toMatchObject({ outcome: 'failed', text: containing('It was taken back. The page is away. Running: api, redis.') })
    expect((await caddy.visit('shop.example')).body).toBe('the shop')
  })

  test('what does not start keeps the page up, says so, and is tried again when it is ticked off', async () => {
    const at = of()
    const { plan } = await at.plan()
    await at.run(plan)
    engine.conduct = () => 'denied'
    at.tick()
    expect(await at.run(plan)).toMatchObject(waits('allow POST …/start'))
    expect(await at.run(plan)).toMatchObject(waits('The page is up. Running: redis; not running: api (exited).'))
    expect((await caddy.visit('shop.example')).status).toBe(503)
    engine.conduct = () => 'well'
    api.health = 'unhealthy'
    at.tick()
    expect(await at.run(plan)).toMatchObject(waits('The page stays: api runs, but is unhealthy'))
    api.health = 'healthy'
    at.tick()
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect((await caddy.visit('shop.example')).status).toBe(200)
  })

  test('Docker that fails again and again is told, and not asked for ever', async () => {
    const at = of()
    const { plan } = await at.plan()
    engine.conduct = ({ verb }) => (verb === 'stop' ? 'broken' : 'well')
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.run(plan)).toMatchObject({ outcome: 'failed', text: containing('Docker could not stop it (500)') })
    expect(engine.deeds).toEqual(['stop api 1', 'stop api 1', 'stop api 1'])
  })

  test('the page is twice there: both go', async () => {
    const at = of()
    const { plan } = await at.plan()
    await at.run(plan)
    const route = (await caddy.ask('/id/tocsin-maintenance-shop')).body
    await caddy.ask('/config/apps/http/servers/srv0/routes/0', 'PUT', route)
    at.tick()
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect((await caddy.visit('shop.example')).status).toBe(200)
  })

  test('while somebody works, its services can be restarted; what runs by then is left as it is', async () => {
    const at = of()
    const { plan } = await at.plan()
    await at.run(plan)
    const target = { socket: join(folder, 'docker.sock'), project: 'shop', services: ['api', 'redis'], stopSeconds: 0, steadySeconds: 0 }
    expect(around(maintenance.target(maintenance.options.parse(options()), { note: '' }))).toEqual([
      'compose:shop:maintenance',
      restart.target(restart.options.parse(target), { service: 'api', hard: 'false' }),
    ])
    const again = hand(restart, target, { service: 'api' })
    expect(await again.run((await again.plan()).plan)).toHaveProperty('outcome', 'done')
    expect((await caddy.visit('shop.example')).status).toBe(503)
    at.tick()
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect(engine.deeds).toEqual(['stop api 1', 'restart api 1'])
  })

  test('somebody has taken the page away: what was stopped starts all the same', async () => {
    const at = of()
    const { plan } = await at.plan()
    await at.run(plan)
    await caddy.stop()
    await caddy.start()
    at.tick()
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
  })
})

/** Passes all on to Caddy, and breaks the connection after it has done what `loses` says. `isDead`: nothing is passed on from then until
 *  it is healed, so that whoever asked does not get to look either. */
const between = async (loses: string, isDead = false) => {
  let isLosing = true
  let isCut = false
  const changes: string[] = []
  const server = await startHttp((incoming, response) => {
    const { method = '', url = '' } = incoming
    if (isCut) {
      incoming.socket.destroy()
      return
    }
    if (method !== 'GET') changes.push(method)
    const onward = request(`${caddy.url}${url}`, { method, headers: { ...incoming.headers, host: caddy.host } }, (answer) => {
      if (isLosing && method === loses) {
        isLosing = false
        isCut = isDead
        answer.resume()
        answer.on('end', () => response.destroy())
        return
      }
      response.writeHead(answer.statusCode ?? 500, { 'content-type': 'application/json' })
      answer.pipe(response)
    })
    incoming.pipe(onward)
  })
  return {
    url: `http://${server.host}`,
    changes,
    heal: () => {
      isCut = false
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describe.skipIf(!has)('maintenance: an answer of Caddy is lost', () => {
  test.each(['PUT', 'DELETE'])('%s: what is there tells', async (method) => {
    await using way = await between(method)
    const at = of({ caddy: { url: way.url, hosts: ['shop.example'] } })
    const { plan } = await at.plan()
    expect(await at.run(plan)).toMatchObject(waits('The page is up, and api stopped.'))
    expect((await caddy.visit('shop.example')).status).toBe(503)
    at.tick()
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect((await caddy.visit('shop.example')).status).toBe(200)
    expect(way.changes).toEqual(['PUT', 'DELETE'])
  })

  test.each([
    ['twice: it is asked again', 2, 0],
    ['again and again: nobody can tell', 9, null],
  ] as const)('a connection that the former admin endpoint had accepted is reset, %s', async (_, times, up) => {
    let resets: number = times
    await using server = await startHttp((incoming, response) => {
      if (resets > 0) incoming.socket.resetAndDestroy()
      else response.end('[]')
      resets -= 1
    })
    const page = { caddy: { url: `http://${server.host}`, server: 'srv0', hosts: [] }, id: 'page' }
    const { fetch } = guarded({ hosts: [server.host], privateHosts: [server.host] })
    const asked = pagesUp(page, { fetch })
    await (up === null ? expect(asked).rejects.toThrow(FetchFault) : expect(asked).resolves.toBe(up))
    expect(resets).toBe(up === null ? 6 : -1)
  })
})

describe.skipIf(!has)('maintenance: killed between the steps (faults 53)', () => {
  test('before anything', async () => {
    const at = of()
    expect(await at.recover((await at.plan()).plan)).toEqual({ outcome: 'undone' })
  })

  test('after the page was put up: it is not put up twice', async () => {
    await using way = await between('PUT', true)
    const at = of({ caddy: { url: way.url, hosts: ['shop.example'] } })
    const { plan } = await at.plan()
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    way.heal()
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toMatchObject(waits('The page is up, and api stopped.'))
    expect([way.changes, engine.deeds]).toEqual([['PUT'], ['stop api 1']])
  })

  test('after api was stopped: it is not stopped twice', async () => {
    engine.conduct = () => 'lost'
    const at = of()
    const { plan } = await at.plan()
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toMatchObject(waits('The page is up, and api stopped.'))
    expect(engine.deeds).toEqual(['stop api 1'])
  })

  test('after api was started, and after the page was taken away', async () => {
    await using way = await between('DELETE', true)
    const at = of({ caddy: { url: way.url, hosts: ['shop.example'] } })
    const { plan } = await at.plan()
    await at.run(plan)
    at.tick()
    engine.conduct = () => 'lost'
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    way.heal()
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect([way.changes, engine.deeds]).toEqual([
      ['PUT', 'DELETE'],
      ['stop api 1', 'start api 1'],
    ])
  })

  test('Docker is gone once the page is up: nothing was stopped, and visitors do not keep the page', async () => {
    let times = 0
    const gone = async () => {
      times += 1
      if (times === 2) await engine[Symbol.asyncDispose]()
    }
    const at = of({}, '', { remembered: gone })
    const { plan } = await at.plan()
    for (const _ of [1, 2]) {
      await expect(at.run(plan)).rejects.toThrow(FetchFault)
      expect((await caddy.visit('shop.example')).status).toBe(503)
      expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    }
    expect(await at.run(plan)).toMatchObject({
      outcome: 'failed',
      text: containing('It was taken back. The page is away. Docker does not say what runs'),
    })
    expect((await caddy.visit('shop.example')).body).toBe('the shop')
    engine = await startDockerEngine({ socket: join(folder, 'docker.sock'), project: 'shop', containers: [api] })
  })

  test('Caddy, or Docker, is gone: nobody can tell yet', async () => {
    const at = of()
    const { plan } = await at.plan()
    await at.run(plan)
    await caddy.stop()
    await expect(at.recover(plan)).rejects.toThrow(FetchFault)
    await caddy.start()
    await engine[Symbol.asyncDispose]()
    await expect(at.recover(plan)).rejects.toThrow(FetchFault)
    engine = await startDockerEngine({ socket: join(folder, 'docker.sock'), project: 'shop', containers: [api] })
  })
})
