/** The agent's program: who may ask it, what it runs, and that it runs nothing twice. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AgentRun, headers, newNonce, paths, type Said, signAsk, signLine } from '../../src/agent/protocol.ts'
import { type Agent, type Host, runAgent, secret, startAgent, startHost } from './agent.ts'

let host: Host
let agent: Agent
let first: string
let second: string

beforeEach(async () => {
  host = await startHost()
  first = host.commit('Start the shop', { 'compose.yml': 'services: {}\n' })
  second = host.commit('Sell more', { 'app.py': 'print(1)\n', 'db/migrations/1.sql': 'select 1;\n' })
  agent = await startAgent(host)
})
afterEach(async () => {
  await agent[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

type Letter = { method?: string; body?: string; at?: number; nonce?: string; secret?: string; signature?: string; signedPath?: string }

const send = (path: string, letter: Letter = {}) => {
  const { method = 'GET', body = '', at = Date.now(), nonce = newNonce() } = letter
  const signature =
    letter.signature ?? signAsk(letter.secret ?? secret, { method, path: letter.signedPath ?? path, at: String(at), nonce, body })
  return fetch(`${agent.url()}${path}`, {
    method,
    ...(body === '' ? {} : { body }),
    headers: { [headers.at]: String(at), [headers.nonce]: nonce, [headers.signature]: signature },
  })
}

/** The lines of the answer; each must be signed for this very request. */
const ask = async (path: string, letter: Letter = {}): Promise<Said[]> => {
  const nonce = newNonce()
  const answer = await send(path, { ...letter, nonce })
  expect(answer.status).toBe(200)
  return (await answer.text())
    .trim()
    .split('\n')
    .map((line, index) => {
      const { mac, said } = JSON.parse(line) as { mac: string; said: string }
      expect(mac).toBe(signLine(secret, nonce, index, said))
      return JSON.parse(said) as Said
    })
}

const run = (wanted: object) => ask(paths.runs, { method: 'POST', body: JSON.stringify(wanted) })
const endOf = (said: readonly Said[]): AgentRun | null => {
  const last = said.at(-1)
  if (last?.type !== 'run') throw new Error(`no end: ${JSON.stringify(last)}`)
  return last.run
}
const whyOf = (said: readonly Said[]): string => {
  const last = said.at(-1)
  return last?.type === 'refused' ? last.why : `not refused: ${JSON.stringify(last)}`
}

describe('settings', () => {
  test('half configured it does not start, and names everything', async () => {
    const { code, said } = await runAgent({ PATH: '/nowhere', AGENT_SECRET: 'short', AGENT_SCALE: 'api=0,worker=3', AGENT_SERVICE: 'api' })
    expect(code).toBe(2)
    expect(
      said
        .split('\n')
        .filter((line) => line.startsWith('  - '))
        .map((line) => line.slice(4, 40)),
    ).toEqual([
      'AGENT_SERVICE is no setting of the a',
      'AGENT_SECRET must have at least 32 c',
      'AGENT_DATA is not set: a folder for ',
      'AGENT_COMPOSE_FILE is not set: the C',
      'AGENT_SERVICES is not set: the servi',
      'AGENT_SCALE: “api=0” is no service w',
      'AGENT_SCALE: worker is not among AGE',
      'There is no program `docker` in PATH',
    ])
    expect(said).not.toContain('short')
  })

  test.each<[string, string, RegExp]>([
    ['AGENT_LISTEN', '127.0.0.1', /AGENT_LISTEN must be an address and a port/],
    ['AGENT_DATA', 'data', /AGENT_DATA must be the absolute path/],
    ['AGENT_COMPOSE_FILE', '/nowhere/compose.yml', /AGENT_COMPOSE_FILE must be/],
    ['AGENT_PROJECT', '--help', /AGENT_PROJECT must be/],
    ['AGENT_SERVICES', 'api,--all', /“--all” is no name/],
    ['AGENT_BRANCH', '--all', /AGENT_BRANCH must be/],
    ['AGENT_BRANCH', 'nowhere', /git cannot read the branch nowhere/],
    ['AGENT_REPOSITORY', '/tmp', /AGENT_REPOSITORY must be/],
    ['AGENT_TIMEOUT_MINUTES', '0', /AGENT_TIMEOUT_MINUTES must be/],
  ])('%s=%s', async (name, value, words) => {
    const { code, said } = await runAgent({ ...host.environment, [name]: value })
    expect([code, said]).toEqual([2, expect.stringMatching(words)])
  })
})

describe('who may ask', () => {
  test('the state, signed both ways', async () => {
    expect(await ask(paths.state)).toEqual([
      {
        type: 'state',
        services: ['api', 'celery_worker', 'redis'],
        scales: { celery_worker: 8, api: 3 },
        head: { sha: second, subject: 'Sell more', changed: false },
      },
    ])
  })

  test.each<[string, Letter]>([
    ['another secret', { secret: 'b'.repeat(48) }],
    ['no signature', { signature: '' }],
    ['for another path', { signedPath: paths.runs }],
    ['10 min ago', { at: Date.now() - 600_000 }],
    ['in 10 min', { at: Date.now() + 600_000 }],
    ['a nonce of another form', { nonce: 'x' }],
  ])('%s: refused, and says nothing', async (_, letter) => {
    const answer = await send(paths.state, letter)
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('message')])
  })

  test('a body that was changed on the way', async () => {
    const [at, nonce] = [Date.now(), newNonce()]
    const right = JSON.stringify({ key: 'k1', operation: 'up', args: {} })
    const signature = signAsk(secret, { method: 'POST', path: paths.runs, at: String(at), nonce, body: right })
    const answer = await send(paths.runs, { method: 'POST', body: right.replace('up', 'down'), at, nonce, signature })
    expect([answer.status, host.calls]).toEqual([401, []])
  })

  test('the same request a second time, also after it was started anew', async () => {
    const letter = { at: Date.now(), nonce: newNonce() }
    expect((await send(paths.state, letter)).status).toBe(200)
    expect((await send(paths.state, letter)).status).toBe(401)
    await agent.kill()
    await agent.start()
    expect((await send(paths.state, letter)).status).toBe(401)
  })

  test('what is too large, and what is nowhere', async () => {
    expect((await send(paths.runs, { method: 'POST', body: 'x'.repeat(20_000) })).status).toBe(413)
    expect((await send('/v1/shell')).status).toBe(404)
    expect((await send(paths.state, { method: 'DELETE' })).status).toBe(404)
  })
})

describe('what it runs', () => {
  test.each<[string, object, string]>([
    ['up', {}, 'up -d'],
    ['down', {}, 'down'],
    ['pull', {}, 'pull'],
    ['build', {}, 'build --no-cache'],
    ['scale', { service: 'celery_worker', count: 5 }, 'up -d --no-deps --no-recreate --scale celery_worker=5 celery_worker'],
  ])('%s %j', async (operation, args, argv) => {
    host.answer((_, say) => {
      say('Container shop-api-1  Started')
      return 0
    })
    const said = await run({ key: 'inc-1:1:0', operation, args })
    expect(said.map(({ type }) => type)).toEqual(['started', 'line', 'run'])
    expect(endOf(said)).toMatchObject({ state: 'ended', exit: 0, why: null, tail: ['Container shop-api-1  Started'] })
    expect(host.calls.map((call) => call.argv.join(' '))).toEqual([
      `compose --ansi never -f ${host.environment['AGENT_COMPOSE_FILE']} -p shop ${argv}`,
    ])
    // Neither its secret nor anything else of its environment reaches the program.
    expect(Object.keys(host.calls[0]?.env ?? {}).toSorted()).toEqual(['GIT_TERMINAL_PROMPT', 'LANG', 'PATH'])
    expect(host.calls[0]?.cwd).toBe(host.repository)
  })

  test('a commit of the branch is checked out, by git itself', async () => {
    expect(endOf(await run({ key: 'k', operation: 'checkout', args: { commit: first } }))).toMatchObject({ exit: 0 })
    expect(host.git('rev-parse', 'HEAD')).toBe(first)
  })

  test('a hook of the repository is not run', async () => {
    writeFileSync(join(host.repository, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${host.folder}/hooked\n`, { mode: 0o755 })
    expect(endOf(await run({ key: 'k', operation: 'checkout', args: { commit: first } }))).toMatchObject({ exit: 0 })
    expect(readdirSync(host.folder)).not.toContain('hooked')
  })

  test('a program that fails, with its last lines', async () => {
    host.answer((_, say) => {
      for (let line = 0; line < 100; line += 1) say(`\u001B[31mline\u001B[0m ${line}`)
      return 17
    })
    const end = endOf(await run({ key: 'k', operation: 'build', args: {} }))
    expect(end).toMatchObject({ state: 'ended', exit: 17 })
    expect([end?.tail.length, end?.tail.at(-1)]).toEqual([40, 'line 99'])
  })

  test('a flood is cut off, and its end is told', async () => {
    host.answer((_, say) => {
      for (let line = 0; line < 20_000; line += 1) say(`${line} ${'x'.repeat(300)}`)
      return 0
    })
    const said = await run({ key: 'k', operation: 'build', args: {} })
    expect(said.length).toBeLessThan(4_000)
    expect(endOf(said)?.tail.at(-1)).toMatch(/^19999 /)
  })
})

describe('what it refuses, whatever the bot has let through (faults 57)', () => {
  test.each<[string, object]>([
    ['scale', { service: 'api; reboot', count: 2 }],
    ['scale', { service: '$(reboot)', count: 2 }],
    ['scale', { service: 'api\nredis', count: 2 }],
    ['scale', { service: '--all', count: 2 }],
    ['scale', { service: '../api', count: 2 }],
    ['scale', { service: 'postgres', count: 2 }],
    ['scale', { service: 'redis', count: 2 }],
    ['scale', { service: 'celery_worker', count: 9 }],
    ['scale', { service: 'celery_worker', count: 0 }],
    ['scale', { service: 'celery_worker', count: -1 }],
    ['scale', { service: 'celery_worker', count: 1.5 }],
    ['scale', { service: 'celery_worker', count: '5 --privileged' }],
    ['scale', { service: 'celery_worker' }],
    ['checkout', { commit: 'main' }],
    ['checkout', { commit: '--orphan' }],
    ['checkout', { commit: 'HEAD~1' }],
    ['checkout', { commit: '0'.repeat(40) }],
    ['checkout', {}],
    ['up', { service: 'api' }],
    ['down', { '--volumes': '' }],
    ['exec', { service: 'api' }],
    ['constructor', {}],
  ])('%s %j', async (operation, args) => {
    const before = host.git('rev-parse', 'HEAD')
    expect((await run({ key: 'k', operation, args })).map(({ type }) => type)).toEqual(['refused'])
    expect([host.calls, host.git('rev-parse', 'HEAD'), readdirSync(join(host.folder, 'data/runs'))]).toEqual([[], before, []])
  })

  test('a commit that is not on the branch, and a checkout that was changed by hand', async () => {
    host.git('checkout', '-q', '-b', 'other')
    const other = host.commit('Try something', { 'other.py': '' })
    host.git('checkout', '-q', 'main')
    expect(whyOf(await run({ key: 'k', operation: 'checkout', args: { commit: other } }))).toContain('is not on main')
    writeFileSync(join(host.repository, 'app.py'), 'print(2)\n')
    expect(whyOf(await run({ key: 'k', operation: 'checkout', args: { commit: first } }))).toContain('changed by hand')
    expect(host.git('rev-parse', 'HEAD')).toBe(second)
  })

  test.each([
    'nothing',
    '[]',
    '{"key":"../k","operation":"up","args":{}}',
    '{"key":"k","operation":"up","args":{},"shell":true}',
    '{"key":"k","operation":"up"}',
  ])('the body %s', async (body) => {
    expect((await ask(paths.runs, { method: 'POST', body })).map(({ type }) => type)).toEqual(['refused'])
    expect(host.calls).toEqual([])
  })
})

describe('once', () => {
  test('the same key again is given the end, and not run; something else under it is refused', async () => {
    const up = { key: 'inc-1:1:0', operation: 'up', args: {} }
    const end = endOf(await run(up))
    expect(endOf(await run(up))).toEqual(end)
    await agent.kill()
    await agent.start()
    expect(endOf(await run(up))).toEqual(end)
    expect(endOf(await ask(`${paths.runs}/inc-1%3A1%3A0`))).toEqual(end)
    expect(whyOf(await run({ ...up, operation: 'down' }))).toContain('Something else was run under this key')
    expect(host.composed()).toEqual(['up -d'])
  })

  test('while it runs the same is followed, and anything else must wait', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    host.answer((_, say) => {
      say('Building')
      return promise
    })
    const build = { key: 'k1', operation: 'build', args: {} }
    const [one, two] = [run(build), run(build)]
    await expect.poll(() => host.calls.length).toBe(1)
    expect(whyOf(await run({ key: 'k2', operation: 'up', args: {} }))).toContain('at something else (build)')
    expect(endOf(await ask(`${paths.runs}/k1`))).toMatchObject({ state: 'running', exit: null })
    resolve(0)
    expect(endOf(await one)).toEqual(endOf(await two))
    expect((await one).map(({ type }) => type)).toEqual(['started', 'line', 'run'])
    expect(host.calls).toHaveLength(1)
  })

  test('whoever asked is gone: it runs on, and its end is there', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    host.answer(() => promise)
    const gone = new AbortController()
    const body = JSON.stringify({ key: 'k1', operation: 'up', args: {} })
    const [at, nonce] = [String(Date.now()), newNonce()]
    const asked = fetch(`${agent.url()}${paths.runs}`, {
      method: 'POST',
      body,
      signal: gone.signal,
      headers: {
        [headers.at]: at,
        [headers.nonce]: nonce,
        [headers.signature]: signAsk(secret, { method: 'POST', path: paths.runs, at, nonce, body }),
      },
    })
    await asked
    await expect.poll(() => host.calls.length).toBe(1)
    gone.abort()
    resolve(0)
    await expect.poll(async () => endOf(await ask(`${paths.runs}/k1`))).toMatchObject({ state: 'ended', exit: 0 })
  })

  test('killed while it ran: unclear, and not run again', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    host.answer(() => promise)
    const up = { key: 'k1', operation: 'up', args: {} }
    const broken = run(up).catch(() => 'broken off')
    await expect.poll(() => host.calls.length).toBe(1)
    await agent.kill()
    expect(await broken).toBe('broken off')
    resolve(0)
    await agent.start()
    expect(endOf(await run(up))).toMatchObject({
      state: 'unclear',
      exit: null,
      why: 'The agent ended while it ran, so nobody saw its end.',
    })
    expect(host.calls).toHaveLength(1)
  })

  test('told to end, it waits for what runs', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    host.answer(() => promise)
    const going = run({ key: 'k1', operation: 'up', args: {} })
    await expect.poll(() => host.calls.length).toBe(1)
    const stopped = agent.stop()
    await expect.poll(() => agent.log()).toContain('SIGTERM: ends when nothing runs')
    resolve(0)
    expect(endOf(await going)).toMatchObject({ state: 'ended', exit: 0 })
    await stopped
  })
})

describe('commits', () => {
  test('back: what is lost, and its migrations', async () => {
    expect(await ask(`${paths.commits}/${first.slice(0, 8)}`)).toEqual([
      {
        type: 'compared',
        head: { sha: second, subject: 'Sell more' },
        commit: { sha: first, subject: 'Start the shop' },
        allowed: true,
        direction: 'back',
        between: [{ sha: second, subject: 'Sell more' }],
        count: 1,
        files: 2,
        migrations: 1,
      },
    ])
  })
  test.each(['main', '--all', '..', 'abc', '%2e%2e', 'g'.repeat(40)])('%s is no name of a commit', async (name) => {
    expect((await ask(`${paths.commits}/${name}`).catch(() => [{ type: 'refused' }]))[0]).toMatchObject({ type: 'refused' })
  })
  test('one that is not there', async () => {
    expect(whyOf(await ask(`${paths.commits}/${'1'.repeat(10)}`))).toContain('knows no commit 1111111111')
  })
})

test('its log names what was run, and no secret', async () => {
  await run({ key: 'k1', operation: 'up', args: {} })
  await send(paths.state, { secret: 'x'.repeat(40) })
  await expect.poll(() => agent.log()).toContain('refused GET "/v1/state"')
  expect(agent.log()).toContain('k1 up: docker compose --ansi never -f')
  expect(agent.log()).not.toContain(secret)
  expect(readFileSync(join(host.folder, 'data/nonces'), 'utf8')).not.toContain(secret)
})
