/** What goes through the agent on the host: hard restart, scaling, rollback, update. The agent is a process, its `docker` acts on the
 *  Engine's containers, its repository is a real one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import restart from '../../src/actions/compose.restart.ts'
import rollback from '../../src/actions/compose.rollback.ts'
import scale from '../../src/actions/compose.scale.ts'
import update from '../../src/actions/compose.update.ts'
import { type DockerEngine, type EngineContainer, startDockerEngine } from '../../src/embedded/docker-engine.ts'
import type { Json } from '../../src/incident/acting/action.ts'
import { FetchFault } from '../../src/ports.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { type Agent, type Host, secret, startAgent, startHost } from '../agent/agent.ts'
import { type Acting, type Hand, hand, handBack } from './acting.ts'

let host: Host
let agent: Agent
let engine: DockerEngine
let [first, second, third]: string[] = []

/** What Compose would make of its file. */
const written = (): EngineContainer[] => [
  { service: 'api', health: 'healthy' },
  { service: 'celery_worker', number: 1 },
  { service: 'redis' },
]

/** Does to the Engine's containers what Compose would. */
const compose = (argv: readonly string[]): number => {
  const words = argv.slice(argv.indexOf('shop') + 1)
  const { containers } = engine
  if (words[0] === 'down') containers.splice(0)
  if (words[0] === 'up' && words.includes('--scale')) {
    const [, service = '', count = ''] = /^(\w+)=(\d+)$/.exec(words[words.indexOf('--scale') + 1] ?? '') ?? []
    const others = containers.filter((one) => one.service !== service)
    containers.splice(0, containers.length, ...others, ...Array.from({ length: Number(count) }, (_, at) => ({ service, number: at + 1 })))
  } else if (words[0] === 'up') containers.splice(0, containers.length, ...written())
  return 0
}

beforeEach(async () => {
  host = await startHost()
  first = host.commit('Start the shop', { 'compose.yml': 'services: {}\n' })
  second = host.commit('Sell more', { 'app.py': 'print(1)\n' })
  third = host.commit('Sell <!channel> even more', { 'app.py': 'print(2)\n', 'db/migrations/1.sql': 'select 1;\n' })
  agent = await startAgent(host)
  engine = await startDockerEngine({ project: 'shop', containers: written() })
  host.answer((argv) => compose(argv))
})
afterEach(async () => {
  await agent[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

const place = () => ({
  host: '127.0.0.1',
  port: engine.port,
  tls: 'none' as const,
  project: 'shop',
  steadySeconds: 0,
  agent: { url: agent.url(), secret: 'SHOP_AGENT' },
})
const services = ['api', 'celery_worker', 'redis']
const secrets = { SHOP_AGENT: secret }

const hard = (more: Acting = {}) => hand(restart, { ...place(), services }, { service: 'all', hard: 'true' }, { secrets, ...more })
const scaling = (service: string, count: string, more: Acting = {}) =>
  hand(
    scale,
    { ...place(), services: { celery_worker: { most: 5 }, api: { most: 3, balancer: true }, redis: { most: 2 } } },
    { service, count },
    { secrets, ...more },
  )
const rolling = (commit: string, more: Acting = {}) => hand(rollback, { ...place(), services }, { commit }, { secrets, ...more })
const updating = (more: Acting = {}) => hand(update, { ...place(), services }, {}, { secrets, ...more })

const done = (text: string) => ({ outcome: 'done', text })
const failed = (text: string) => ({ outcome: 'failed', text: expect.stringContaining(text) as string })

describe('compose.restart, hard', () => {
  test('takes all down and brings it up again, after an approval for high risk', async () => {
    const at = hard()
    const seen = await at.plan()
    expect(seen).toMatchObject({
      summary: 'All of shop is taken down, and brought up again.',
      calls: ['docker compose down', 'docker compose up -d'],
      reversible: null,
      warnings: ['Until it is up again, nothing of it answers.'],
    })
    expect(seen.effects[0]).toBe('3 containers removed, and made anew; volumes stay')
    expect(host.calls).toEqual([])
    expect(await at.run(seen.plan)).toEqual(done('shop was taken down and brought up again.'))
    expect(host.composed()).toEqual(['down', 'up -d'])
    expect(await at.verify(seen.plan)).toMatchObject({ settled: true })
    const input = restart.input.parse({ service: 'all', hard: 'true' })
    expect(restart.risk(restart.options.parse({ ...place(), services }), input)).toBe('high')
  })

  test('of one service, or without an agent: not possible', async () => {
    const one = hand(restart, { ...place(), services }, { service: 'api', hard: 'true' }, { secrets })
    expect(await one.preview()).toMatchObject({ unable: expect.stringContaining('takes the whole project down') as string })
    const { agent: _, ...without } = place()
    const none = hand(restart, { ...without, services }, { service: 'all', hard: 'true' })
    expect(await none.preview()).toMatchObject({ unable: expect.stringContaining('which service.yml does not name') as string })
  })

  test('down, and not up again: the card says what is up and what is not', async () => {
    host.answer((argv, say) => {
      if (!argv.includes('up')) return compose(argv)
      say('Error response from daemon: port is already allocated')
      engine.containers.push({ service: 'redis' }, { service: 'api', state: 'created' })
      return 1
    })
    const at = hard()
    const { plan } = await at.plan()
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: '`up` failed: exit code 1. Error response from daemon: port is already allocated Done before: down. Running: redis; not running: api (created).',
    })
  })
})

describe('the agent goes between two steps, and what was begun is gone on with', () => {
  const goesAfter = async <Plan extends Json>(step: string, doing: (more: Acting) => Hand<Plan>): Promise<void> => {
    let gone = false
    const at = doing({
      remembered: async () => {
        if (gone || !host.composed().includes(step)) return
        gone = true
        await agent.kill()
      },
    })
    const { plan } = await at.plan()
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect(at.recover(plan)).rejects.toThrow(FetchFault)
    await agent.start()
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect(host.composed()).toEqual([step, 'up -d'])
  }

  test('all is down', () => goesAfter('down', hard))
  test('the images are built', () => goesAfter('build --no-cache', (more) => rolling(first ?? '', more)))
})

test('between two steps the agent is at something else: it is waited for', async () => {
  const held = Promise.withResolvers<number>()
  host.answer((argv) => (argv.includes('pull') ? held.promise : compose(argv)))
  const other = updating({ runKey: 'inc-2:1' })
  const { plan: others } = await other.plan()
  let going: Promise<unknown> | undefined
  const at = hard({
    remembered: async () => {
      if (going !== undefined || !host.composed().includes('down')) return
      going = other.run(others)
      await expect.poll(() => host.composed()).toContain('pull')
    },
  })
  const { plan } = await at.plan()
  await expect(at.run(plan)).rejects.toThrow('The agent is at something else (pull)')
  expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
  held.resolve(0)
  await going
  expect(await at.run(plan)).toHaveProperty('outcome', 'done')
})

describe('compose.scale', () => {
  test('more of a service, and back again', async () => {
    const at = scaling('celery_worker', '5')
    const seen = await at.plan()
    expect(seen).toMatchObject({
      summary: 'Of celery_worker there will be 5 instead of 1.',
      effects: ['celery_worker: 1 → 5 (at most 5)'],
      reversible: '1 of celery_worker again, by undo',
      warnings: [],
    })
    const ran = await at.run(seen.plan)
    expect(ran).toEqual({ ...done('There are 5 of celery_worker, instead of 1.'), undo: { service: 'celery_worker', count: 1 } })
    expect(await at.verify(seen.plan)).toMatchObject({
      settled: true,
      findings: [{ status: 'ok', text: '5 of celery_worker run.' }, {}, {}, {}, {}, {}],
    })
    const back = handBack(
      scale,
      { ...place(), services: { celery_worker: { most: 5 } } },
      { service: 'celery_worker', count: 1 },
      { secrets, runKey: 'inc-1:2' },
    )
    const way = await back.plan()
    expect(way.effects).toEqual(['celery_worker: 5 → 1 (at most 5)', '4 of them end, with what they are at'])
    expect(await back.run(way.plan)).toHaveProperty('outcome', 'done')
    expect(host.composed()).toEqual([
      'up -d --no-deps --no-recreate --scale celery_worker=5 celery_worker',
      'up -d --no-deps --no-recreate --scale celery_worker=1 celery_worker',
    ])
  })

  test('more than one API says that it needs a load balancer', async () => {
    expect((await scaling('api', '3').plan()).warnings).toEqual([
      'More than one of api needs a load balancer before it: look that there is one.',
    ])
  })

  test.each([
    ['celery_worker', '6', 'Of celery_worker there may be at most 5.'],
    ['celery_worker', '1', 'There are 1 of celery_worker already.'],
    ['redis', '2', 'The agent on the host allows no scaling of redis: see its AGENT_SCALE.'],
    ['postgres', '2', 'postgres is none of the services that may be scaled: celery_worker, api, redis.'],
  ])('%s=%s', async (service, count, unable) => {
    expect(await scaling(service, count).preview()).toEqual({ unable })
  })

  test.each(['0', '-5', '1.5', '5; reboot', '1e3', '', '05'])('count=%j is no number of containers', (count) => {
    expect(() => scaling('api', count)).toThrow('must be a number from 1')
  })

  test('the agent dies while it scales: what runs tells (faults 53)', async () => {
    const held = Promise.withResolvers<number>()
    host.answer((argv) => {
      compose(argv)
      return held.promise
    })
    const at = scaling('celery_worker', '4')
    const { plan } = await at.plan()
    const going = at.run(plan)
    const lost = expect(going).rejects.toThrow(FetchFault)
    await expect.poll(() => host.calls.length).toBe(1)
    await agent.kill()
    await lost
    await expect(at.recover(plan)).rejects.toThrow(FetchFault)
    await agent.start()
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await at.run(plan)).toMatchObject({ outcome: 'done', undo: { service: 'celery_worker', count: 1 } })
    expect(host.calls).toHaveLength(1)
    held.resolve(0)
  })

  test('the agent dies before anything happened: a person must look, and nothing is done again', async () => {
    const held = Promise.withResolvers<number>()
    host.answer(() => held.promise)
    const at = scaling('celery_worker', '4')
    const { plan } = await at.plan()
    const lost = expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect.poll(() => host.calls.length).toBe(1)
    await agent.kill()
    await lost
    await agent.start()
    expect(await at.run(plan)).toMatchObject({
      outcome: 'unclear',
      text: expect.stringContaining('The agent ended while it ran `scale celery_worker 4`') as string,
    })
    expect(host.calls).toHaveLength(1)
    held.resolve(0)
  })
})

describe('compose.rollback', () => {
  test('to a named commit: what is lost is shown; checked out, built, started; and back again', async () => {
    const at = rolling(first?.slice(0, 7) ?? '')
    const seen = await at.plan()
    expect(seen).toMatchObject({
      summary: `shop goes back from ${third?.slice(0, 7)} “Sell <!channel> even more” to ${first?.slice(0, 7)} “Start the shop”: checked out, built and started.`,
      calls: [`git checkout --detach ${first}`, 'docker compose build --no-cache', 'docker compose up -d'],
      plan: { from: third, to: first },
      state: { head: third },
    })
    expect(seen.effects).toEqual([
      '2 commits fewer, 2 files, 1 migration',
      `− ${third?.slice(0, 7)} “Sell <!channel> even more”`,
      `− ${second?.slice(0, 7)} “Sell more”`,
    ])
    expect(seen.warnings[0]).toContain('The database stays as it is')
    const ran = await at.run(seen.plan)
    expect(ran).toEqual({
      ...done(`${first?.slice(0, 7)} is checked out, built and started, instead of ${third?.slice(0, 7)}.`),
      undo: { commit: third },
    })
    expect([host.git('rev-parse', 'HEAD'), host.composed()]).toEqual([first, ['build --no-cache', 'up -d']])
    expect(await at.verify(seen.plan)).toMatchObject({ settled: true })
    expect(at.said()).toEqual([
      `Checking out ${first?.slice(0, 7)} (1 of 3)`,
      expect.stringContaining('Checking out') as string,
      ...at.said().slice(2),
    ])

    const back = handBack(rollback, { ...place(), services }, { commit: third ?? '' }, { secrets, runKey: 'inc-1:2' })
    const way = await back.plan()
    expect(way.warnings[0]).toBe('This goes forward, to a newer commit.')
    expect(await back.run(way.plan)).toHaveProperty('outcome', 'done')
    expect([host.git('rev-parse', 'HEAD'), host.calls]).toMatchObject([third, { length: 4 }])
  })

  test('what cannot be checked out', async () => {
    expect(await rolling(third ?? '').preview()).toEqual({ unable: `${third?.slice(0, 7)} is checked out already.` })
    expect(await rolling('1234567').preview()).toMatchObject({ unable: expect.stringContaining('knows no commit 1234567') as string })
    host.git('checkout', '-q', '-b', 'other')
    const other = host.commit('Try', { 'try.py': '' })
    host.git('checkout', '-q', 'main')
    expect(await rolling(other).preview()).toMatchObject({ unable: expect.stringContaining('is not on the branch') as string })
    writeFileSync(join(host.repository, 'app.py'), 'print(3)\n')
    expect(await rolling(first ?? '').preview()).toMatchObject({ unable: expect.stringContaining('changed by hand') as string })
  })

  test.each(['main', 'HEAD', '--force', 'abc', '../../x', '$(id)', 'abcdef1\n'])('%j is no commit (faults 57)', (commit) => {
    expect(() => rolling(commit)).toThrow('must be a commit')
  })

  test('the build fails: nothing runs otherwise, and the former commit is checked out again', async () => {
    host.answer((argv, say) => {
      if (!argv.includes('build')) return compose(argv)
      say('failed to solve: process "/bin/sh -c pip install" did not complete')
      return 17
    })
    const at = rolling(first ?? '')
    const { plan } = await at.plan()
    const ran = await at.run(plan)
    expect(ran).toMatchObject(failed('`build` failed: exit code 17. failed to solve'))
    expect(ran).toMatchObject(failed(`Checking out ${third?.slice(0, 7)} again: done. Running: api, celery_worker, redis.`))
    expect([host.git('rev-parse', 'HEAD'), host.composed()]).toEqual([third, ['build --no-cache']])
  })

  test('killed between the steps, bot and agent, and neither step runs twice', async () => {
    const held = Promise.withResolvers<number>()
    host.answer((argv, say) => {
      say('Step 1 of 9')
      return argv.includes('build') ? held.promise : compose(argv)
    })
    const at = rolling(first ?? '', { timeoutMs: 4_000 })
    const { plan } = await at.plan()
    // The bot hangs up in the middle of the build, which goes on; on a busy machine it may not have come as far at first.
    while (host.calls.length === 0) await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(host.composed()).toEqual(['build --no-cache'])
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    const going = at.run(plan)
    held.resolve(0)
    expect(await going).toHaveProperty('outcome', 'done')
    expect(host.composed()).toEqual(['build --no-cache', 'up -d'])
    await agent.kill()
    await agent.start()
    // Whoever goes on from any of the steps finds all of them done.
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    expect(host.composed()).toEqual(['build --no-cache', 'up -d'])
  })

  test('the agent dies during the build: it is built again, as nothing runs of it; during the start nobody can tell', async () => {
    const held = Promise.withResolvers<number>()
    let holds = 'build'
    host.answer((argv) => (argv.includes(holds) ? held.promise : compose(argv)))
    const at = rolling(first ?? '')
    const { plan } = await at.plan()
    const building = expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect.poll(() => host.composed()).toEqual(['build --no-cache'])
    await agent.kill()
    await building
    holds = 'up'
    await agent.start()
    const starting = expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect.poll(() => host.composed()).toEqual(['build --no-cache', 'build --no-cache', 'up -d'])
    await agent.kill()
    await starting
    await agent.start()
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    const ran = await at.run(plan)
    expect(ran).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('The agent ended while it ran `up`') as string })
    expect(host.calls).toHaveLength(3)
    held.resolve(0)
  })

  test('before anything was asked it is undone', async () => {
    const at = rolling(first ?? '')
    const { plan } = await at.plan()
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    await agent.kill()
    // Nothing was sent, so that nobody has to ask the agent what became of it.
    const ran = await at.run(plan)
    expect(ran).toMatchObject({
      outcome: 'failed',
      text: expect.stringMatching(/was not begun\. .* Nothing was changed\. Running: /) as string,
    })
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    await agent.start()
    expect([await at.recover(plan), host.git('rev-parse', 'HEAD')]).toEqual([{ outcome: 'undone' }, third])
  })

  test('a request of another time with the same number is not taken for this one', async () => {
    const at = rolling(first ?? '')
    const { plan } = await at.plan()
    expect(await at.run(plan)).toHaveProperty('outcome', 'done')
    // A bot whose records begin anew counts from one again.
    const other = rolling(second ?? '')
    const next = await other.plan()
    expect(await other.run(next.plan)).toHaveProperty('outcome', 'done')
    expect(host.git('rev-parse', 'HEAD')).toBe(second)
  })
})

describe('compose.update', () => {
  test('the images before are shown; pulled and started', async () => {
    host.answer((argv) => {
      const exit = compose(argv)
      const [api] = engine.containers
      if (argv.includes('up') && api !== undefined) api.imageId = `sha256:${'f'.repeat(64)}`
      return exit
    })
    const at = updating()
    const seen = await at.plan()
    expect(seen.effects).toHaveLength(3)
    expect(seen.effects[0]).toMatch(/^api: sha256:[0-9a-f]{64} now$/)
    expect(seen.warnings[0]).toContain('Going back is by hand')
    const ran = await at.run(seen.plan)
    expect(ran).toMatchObject({
      outcome: 'done',
      text: expect.stringMatching(/^Started anew: api [0-9a-f]{12} → ffffffffffff\.$/) as string,
    })
    expect(host.composed()).toEqual(['pull', 'up -d'])
    expect(await at.verify(seen.plan)).toMatchObject({ settled: true })
  })

  test('nothing newer', async () => {
    const at = updating()
    expect(await at.run((await at.plan()).plan)).toEqual(done('Nothing newer was there.'))
  })

  test('what is scaled is said: up -d takes that back', async () => {
    engine.containers.push({ service: 'celery_worker', number: 2 })
    expect((await updating().plan()).warnings).toContain(
      'There are 2 of celery_worker now: afterwards there are as many as the Compose file says.',
    )
  })

  test('the registry refuses: nothing was started', async () => {
    host.answer((_, say) => {
      say('unauthorized: authentication required')
      return 18
    })
    const at = updating()
    const { plan } = await at.plan()
    expect(await at.run(plan)).toMatchObject(failed('`pull` failed: exit code 18. unauthorized: authentication required Running:'))
    expect(host.composed()).toEqual(['pull'])
  })
})

describe('whom it speaks with', () => {
  test('another secret', async () => {
    expect(await updating({ secrets: { SHOP_AGENT: 'x'.repeat(40) } }).preview()).toMatchObject({
      unable: expect.stringContaining('look whether SHOP_AGENT is its AGENT_SECRET') as string,
    })
  })

  test('clocks that are apart', async () => {
    expect(await updating({ now: () => '2026-01-01T00:00:00Z' }).preview()).toMatchObject({
      unable: expect.stringContaining('The clocks of the bot and of the agent') as string,
    })
  })

  test('nobody, and somebody who is not our agent', async () => {
    const at = (url: string) => hand(update, { ...place(), agent: { url, secret: 'SHOP_AGENT' }, services }, {}, { secrets })
    await expect(at(`http://127.0.0.1:${await closedPort()}`).preview()).rejects.toThrow(FetchFault)
    await using impostor = await startHttp((_, response) => {
      response.end(
        `${JSON.stringify({ mac: 'f'.repeat(64), said: JSON.stringify({ type: 'state', services: [], scales: {}, head: null }) })}\n`,
      )
    })
    expect(await at(`http://${impostor.host}`).preview()).toMatchObject({
      unable: expect.stringContaining('signature of its answer is wrong') as string,
    })
    expect(() => update.options.parse({ ...place(), services, agent: { url: 'http://127.0.0.1/agent', secret: 'X' } })).toThrow(
      'without a path',
    )
  })

  test('somebody in between who says that it was done: not believed, and nothing was', async () => {
    const at = updating()
    const { plan } = await at.plan()
    const said = JSON.stringify({ type: 'run', run: { key: 'k', state: 'ended', exit: 0, tail: [] } })
    await using impostor = await startHttp((_, response) => void response.end(`${JSON.stringify({ mac: '0'.repeat(64), said })}\n`))
    const deceived = hand(
      update,
      { ...place(), agent: { url: `http://${impostor.host}`, secret: 'SHOP_AGENT' }, services },
      {},
      { secrets },
    )
    for (let tries = 1; tries < 5; tries += 1) await expect(deceived.run(plan)).rejects.toThrow(FetchFault)
    expect(await deceived.run(plan)).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('does not come') as string })
    expect(host.calls).toEqual([])
  })

  test('the agent is at something else', async () => {
    const held = Promise.withResolvers<number>()
    host.answer((argv) => (argv.includes('pull') ? held.promise : compose(argv)))
    const slow = updating({ runKey: 'inc-2:1' })
    const going = slow.run((await slow.plan()).plan)
    await expect.poll(() => host.calls.length).toBe(1)
    const at = scaling('celery_worker', '2')
    expect(await at.run((await at.plan()).plan)).toMatchObject(
      failed('was not begun. The agent says: The agent is at something else (pull)'),
    )
    held.resolve(0)
    expect(await going).toHaveProperty('outcome', 'done')
  })
})
