/** Restarting through Docker's Engine API. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import restart from '../../src/actions/compose.restart.ts'
import { type DockerEngine, type EngineContainer, startDockerEngine } from '../../src/embedded/docker-engine.ts'
import { FetchFault } from '../../src/ports.ts'
import { closedPort } from '../adapters/server.ts'
import { type Acting, hand } from './acting.ts'

type Given = z.input<typeof restart.options>

let folder: string
let socket: string
let engine: DockerEngine
let api: EngineContainer
let worker: EngineContainer

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'compose-restart-'))
  socket = join(folder, 'docker.sock')
  api = { service: 'api', health: 'healthy' }
  worker = { service: 'celery_worker', restarts: 2 }
  engine = await startDockerEngine({ socket, project: 'shop', containers: [api, worker, { service: 'redis' }] })
})
afterEach(async () => {
  await engine[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const of = (service: string, given: Partial<Given> = {}, more: Acting = {}) =>
  hand(
    restart,
    { socket, project: 'shop', services: ['api', 'celery_worker'], stopSeconds: 0, steadySeconds: 0, ...given },
    { service },
    more,
  )

describe('compose.restart', () => {
  test('one service: says what, does it once, and it is well', async () => {
    const at = of('api')
    const seen = await at.plan()
    expect(seen).toMatchObject({
      summary: 'Docker restarts api of shop, one after the other.',
      calls: [`POST /containers/${engine.idOf(api).slice(0, 12)}/restart?t=0 (api)`],
      effects: ['api: Up 3 hours (healthy)'],
      reversible: null,
      warnings: [],
    })
    expect(engine.deeds).toEqual([])
    expect(await at.run(seen.plan)).toEqual({ outcome: 'done', text: 'Restarted: api.' })
    expect(engine.deeds).toEqual(['restart api 1'])
    expect(await at.verify(seen.plan)).toEqual({ findings: [{ status: 'ok', text: 'api runs and is healthy.' }], settled: true })
  })

  test('all of what may be restarted, and nothing else', async () => {
    worker.state = 'exited'
    const at = of('all')
    const seen = await at.plan()
    expect(seen.effects[1]).toContain('restarted by itself 2 times')
    expect(seen.warnings).toEqual(['celery_worker does not run now (exited): it will be started.'])
    expect(await at.run(seen.plan)).toEqual({ outcome: 'done', text: 'Restarted: api, celery_worker.' })
    expect(engine.deeds).toEqual(['restart api 1', 'restart celery_worker 1'])
  })

  test.each(['redis', 'celery_beat'])('%s may not be restarted', async (service) => {
    expect(await of(service).preview()).toEqual({
      unable: `${service} is none of the services that may be restarted: api, celery_worker, or all.`,
    })
  })

  test.each(['api; reboot', '$(reboot)', 'api\nredis', '--all', '../api', ''])('%j is no service (faults 57)', (service) => {
    expect(() => of(service)).toThrow('must be the name of a service')
  })

  test('no container of it, another project, no Docker', async () => {
    engine.containers.splice(0, 1)
    expect(await of('api').preview()).toEqual({ unable: 'Docker has no container of api in shop: there is nothing to restart.' })
    expect(await of('all', { project: 'other' }).preview()).toHaveProperty('unable')
    expect(await of('api', { socket: join(folder, 'none.sock') }).preview()).toMatchObject({
      unable: expect.stringContaining('does not exist') as string,
    })
    const port = await closedPort()
    const elsewhere = hand(restart, { host: '127.0.0.1', port, tls: 'none', project: 'shop', services: ['api'] }, { service: 'api' })
    await expect(elsewhere.preview()).rejects.toThrow(FetchFault)
  })

  test('what Docker refuses failed, with its words', async () => {
    const at = of('all')
    const { plan } = await at.plan()
    engine.conduct = ({ service }) => (service === 'api' ? 'well' : 'denied')
    const ran = await at.run(plan)
    expect(ran).toMatchObject({ outcome: 'failed', text: expect.stringContaining('Restarted before that: api.') as string })
    expect(ran).toHaveProperty('text', expect.stringContaining('not allowed here'))
  })

  test('the state moves when it was restarted in between, and not by itself', async () => {
    const [first, again] = [await of('api').plan(), await of('api').plan()]
    expect(again.state).toEqual(first.state)
    expect(await of('api').run(first.plan)).toHaveProperty('outcome', 'done')
    expect((await of('api').plan()).state).not.toEqual(first.state)
  })
})

describe('compose.restart: a run whose end nobody saw (faults 53)', () => {
  test('done, and the answer lost: it is read back', async () => {
    const at = of('api')
    const { plan } = await at.plan()
    engine.conduct = () => 'lost'
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'done', text: 'Restarted: api.' })
    expect(engine.deeds).toEqual(['restart api 1'])
  })

  test('done, and never answered', async () => {
    const at = of('api', {}, { timeoutMs: 1_500 })
    const { plan } = await at.plan()
    engine.conduct = () => 'hung'
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toHaveProperty('outcome', 'done')
  })

  test('dead before anything was asked, or refused by an error of its own', async () => {
    const at = of('api')
    const { plan } = await at.plan()
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    engine.conduct = () => 'broken'
    await expect(at.run(plan)).rejects.toThrow('Docker could not restart it (500). It says: driver failed')
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
  })

  test('dead after the first of two: the second alone is restarted', async () => {
    const at = of('all')
    const { plan } = await at.plan()
    engine.conduct = ({ service }) => (service === 'api' ? 'lost' : 'well')
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toEqual({ outcome: 'done', text: 'Restarted: api, celery_worker.' })
    expect(engine.deeds).toEqual(['restart api 1', 'restart celery_worker 1'])
  })

  test('the second never does it: said after some tries, and not asked for ever', async () => {
    const at = of('all')
    const { plan } = await at.plan()
    engine.conduct = ({ service }) => (service === 'api' ? 'well' : 'broken')
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.run(plan)).toMatchObject({
      outcome: 'failed',
      text: expect.stringContaining('celery_worker: Docker could not restart it (500)') as string,
    })
    expect(engine.deeds).toEqual(['restart api 1', ...Array.from({ length: 3 }, () => 'restart celery_worker 1')])
  })

  test('asked a moment ago, and Docker is still at it: it is not asked again', async () => {
    const at = of('all')
    const { plan } = await at.plan()
    engine.conduct = ({ service }) => (service === 'api' ? 'well' : 'broken')
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    // Docker does it although it has said nothing of it.
    const asked = engine.heard.length
    const going = at.run(plan)
    engine.conduct = () => 'well'
    await expect.poll(() => engine.heard.length, { timeout: 10_000 }).toBeGreaterThan(asked + 6)
    worker.startedAt = '2026-11-26T01:00:00.000000000Z'
    expect(await going).toHaveProperty('outcome', 'done')
    expect(engine.deeds).toEqual(['restart api 1', 'restart celery_worker 1'])
  })

  test('stopped, and not started again', async () => {
    const at = of('api')
    const { plan } = await at.plan()
    engine.conduct = () => 'half'
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    const recovered = await at.recover(plan)
    expect(recovered).toMatchObject({ outcome: 'failed', text: expect.stringContaining('not running: api (exited)') as string })
  })

  test('replaced by others meanwhile: a person must look', async () => {
    const { plan } = await of('api').plan()
    engine.containers[0] = { service: 'api', number: 2 }
    expect(await of('api', {}, { memo: { at: plan.containers[0]?.id ?? '', tries: 1 } }).recover(plan)).toMatchObject({
      outcome: 'unclear',
      text: expect.stringContaining('api were replaced') as string,
    })
  })

  test('Docker is gone: nobody can tell yet', async () => {
    const at = of('api')
    const { plan } = await at.plan()
    await engine[Symbol.asyncDispose]()
    await expect(at.run(plan)).resolves.toMatchObject({
      outcome: 'failed',
      text: expect.stringContaining('Nothing was restarted.') as string,
    })
    // Nothing was asked for, so that nothing hangs on it.
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    await expect(of('api', {}, { memo: { at: plan.containers[0]?.id ?? '', tries: 1 } }).recover(plan)).rejects.toThrow(FetchFault)
    engine = await startDockerEngine({ socket, project: 'shop', containers: [api] })
  })
})

describe('compose.restart: how it is afterwards', () => {
  const verify = async (more: Acting = {}, steadySeconds = 0) => {
    const at = of('api', { steadySeconds }, more)
    const { findings, settled } = await at.verify((await at.plan()).plan)
    return [findings.map(({ status, text }) => `${status}: ${text}`), settled]
  }
  test.each<[Partial<EngineContainer>, string, boolean]>([
    [{ health: 'starting' }, 'warn: api is starting: its health is not known yet.', false],
    [{ health: 'unhealthy' }, 'fail: api runs, but is unhealthy: look at its log.', false],
    [{ state: 'restarting', exitCode: 3 }, 'fail: api restarts again and again (exit code 3): look at its log.', false],
    [{ state: 'exited', exitCode: 1 }, 'fail: api does not run: it is exited (exit code 1).', false],
  ])('%j', async (how, words, settled) => {
    Object.assign(api, how)
    expect(await verify()).toEqual([[words], settled])
  })
  test('without a health check it must run for a while', async () => {
    delete api.health
    api.startedAt = '2026-11-26T01:00:00.000000000Z'
    expect(await verify({ now: () => '2026-11-26T01:00:04Z' }, 10)).toEqual([['warn: api runs since 4 s.'], false])
    expect(await verify({ now: () => '2026-11-26T01:00:10Z' }, 10)).toEqual([['ok: api runs.'], true])
  })
})
