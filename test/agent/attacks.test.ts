/** The agent under attack: by who reaches its port, by what stands in the repository, by what its programs do, and by its own end. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askCompared, askState, runOn } from '../../src/acting/agent/client.ts'
import { guarded } from '../../src/adapters/fetch.ts'
import type { Args, OperationName } from '../../src/agent/protocol.ts'
import type { ActContext } from '../../src/define/action.ts'
import { FetchFault } from '../../src/ports.ts'
import { type Agent, type Host, runAgent, secret, startAgent, startHost } from './agent.ts'

let host: Host
let agent: Agent
let first: string
let second: string
const sockets: Socket[] = []

beforeEach(async () => {
  host = await startHost()
  first = host.commit('Start the shop', { 'compose.yml': 'services: {}\n' })
  second = host.commit('Sell more', { 'app.py': 'print(1)\n' })
  agent = await startAgent(host)
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await agent[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

/** As the bot asks. */
const bot = (held = secret) => {
  const hosts = [agent.host()]
  const guard = { hosts, privateHosts: hosts, timeoutMs: 30_000, readOnly: { posts: [] }, calls: [`POST ${agent.url()}/v1/runs`] }
  const context = { ...guarded(guard), now: () => new Date().toISOString(), secret: () => held } as unknown as ActContext
  const place = { url: agent.url(), secret: 'SHOP_AGENT' }
  return {
    state: () => askState(place, context),
    compared: (commit: string) => askCompared(place, context, commit),
    run: (operation: OperationName, args: Args = {}, key = 'k') => runOn(place, context, { key, operation, args }, () => undefined),
  }
}

/** Writes to its port and waits. */
const open = (text: string): Socket => {
  const socket = connect(Number(new URL(agent.url()).port), '127.0.0.1', () => socket.write(text))
  // It is thrown out: that is what is looked for.
  socket.on('error', () => socket.destroy())
  socket.resume()
  sockets.push(socket)
  return socket
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

/** A program that leaves a mark beside the repository, where it was run. */
const mark = (): string => {
  const file = join(host.folder, 'bin/mark')
  writeFileSync(file, `#!/bin/sh\necho "$0 $*" >> ${host.folder}/marked\n`, { mode: 0o755 })
  return file
}
const marked = (): string => (existsSync(join(host.folder, 'marked')) ? readFileSync(join(host.folder, 'marked'), 'utf8') : '')

describe('who reaches its port', () => {
  test('connections that say nothing are ended, and let others in (faults 29)', async () => {
    for (let at = 0; at < 60; at += 1) open('GET /v1/state HTTP/1.1\r\nhost: a\r\nx-slow: ')
    await expect
      .poll(
        () =>
          bot()
            .state()
            .then(
              () => 'answered',
              () => 'not',
            ),
        { timeout: 20_000 },
      )
      .toBe('answered')
  }, 25_000)

  test('a connection that says nothing does not hold up its end', async () => {
    open('POST /v1/runs HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{')
    await bot().state()
    await agent.stop()
  })

  test.each([
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['another protocol', 'GET / HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'],
    ['no HTTP', '\0'.repeat(99)],
  ])('it goes on after %s', async (_, text) => {
    const socket = open(text)
    await expect.poll(() => socket.destroyed).toBe(true)
    expect(await bot().state()).toHaveProperty('type', 'state')
  })
})

describe('what stands in the repository', () => {
  test('a tag that is called like the branch does not allow its commit', async () => {
    host.git('checkout', '-q', '-b', 'other')
    const other = host.commit('Mine for coins', { 'compose.yml': 'services: {miner: {}}\n' })
    host.git('checkout', '-q', 'main')
    host.git('tag', 'main', other)
    expect(await bot().compared(other)).toMatchObject({ allowed: false })
    await expect(bot().run('checkout', { commit: other })).rejects.toThrow('is not on main')
    expect(await bot().run('checkout', { commit: first })).toMatchObject({ exit: 0 })
  })

  test.each(['tag', 'branch'])('a %s that is called like a commit is not taken for it', async (kind) => {
    host.git(kind, first.slice(0, 8), second)
    await expect(bot().compared(first.slice(0, 8))).rejects.toThrow('knows no commit')
    expect(await bot().compared(first)).toMatchObject({ commit: { sha: first } })
  })

  test('a replaced commit is checked out as it was committed', async () => {
    host.git('checkout', '-q', '-b', 'other', first)
    const other = host.commit('Mine for coins', { 'compose.yml': 'services: {miner: {}}\n' })
    host.git('checkout', '-q', 'main')
    host.git('replace', first, other)
    expect(await bot().run('checkout', { commit: first })).toMatchObject({ exit: 0 })
    expect(readFileSync(join(host.repository, 'compose.yml'), 'utf8')).toBe('services: {}\n')
  })

  test.each<[string, () => void]>([
    [
      'a hook of the index',
      () => writeFileSync(join(host.repository, '.git/hooks/post-index-change'), `#!/bin/sh\n${mark()}\n`, { mode: 0o755 }),
    ],
    ['core.fsmonitor', () => host.git('config', 'core.fsmonitor', mark())],
    [
      'gpg.program',
      () => {
        host.git('config', 'log.showSignature', 'true')
        host.git('config', 'gpg.program', mark())
        const signed = host
          .git('cat-file', 'commit', 'HEAD')
          .replace('\n\n', '\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n')
        const sha = execFileSync('git', ['-C', host.repository, 'hash-object', '-t', 'commit', '-w', '--stdin'], { input: `${signed}\n` })
        host.git('reset', '-q', '--hard', sha.toString().trim())
      },
    ],
    [
      'core.sshCommand, for what is missing',
      () => {
        for (const [name, value] of Object.entries({
          'core.repositoryFormatVersion': '1',
          'extensions.partialClone': 'origin',
          'remote.origin.promisor': 'true',
          'remote.origin.url': 'ssh://git@127.0.0.1/shop',
          'core.sshCommand': mark(),
        }))
          host.git('config', name, value)
      },
    ],
  ])('what the repository would have git run is not run: %s', async (_, plant) => {
    plant()
    // The index is older than the file: git looks, and would write down what it saw.
    writeFileSync(join(host.repository, 'app.py'), 'print(1)\n')
    await bot().state()
    await expect(bot().compared('1'.repeat(40))).rejects.toThrow('knows no commit')
    await bot().run('checkout', { commit: first })
    expect(marked()).toBe('')
  })
})

describe('what its programs do', () => {
  const docker = (script: string) => {
    writeFileSync(join(host.folder, 'bin/docker'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(host.folder, 'bin/docker'), 0o755)
  }

  test('what they leave running, with their output in its hands, does not keep the agent busy', async () => {
    docker(`setsid sleep 600 & echo $! > ${host.folder}/left; echo started`)
    try {
      expect(await bot().run('up')).toMatchObject({ state: 'ended', exit: 0, tail: ['started'] })
      expect(await bot().run('checkout', { commit: first }, 'k2')).toMatchObject({ exit: 0 })
    } finally {
      process.kill(Number(readFileSync(join(host.folder, 'left'), 'utf8')))
    }
  })

  test('an output of quotes and backslashes does not become too large to be read', async () => {
    host.answer((_, say) => {
      for (let line = 0; line < 4_000; line += 1) say(`{"n":${line},"p":"${'\\"'.repeat(200)}"}`)
      return 3
    })
    expect(await bot().run('build')).toMatchObject({ state: 'ended', exit: 3 })
  })

  test('their programs are not looked for in the project’s folder', async () => {
    await agent.stop()
    host.environment['PATH'] = `.:${host.environment['PATH'] ?? ''}::bin`
    await agent.start()
    await bot().run('up')
    expect(host.calls[0]?.env['PATH']).toBe(`${join(host.folder, 'bin')}:/usr/bin:/bin`)
  })
})

describe('its own end', () => {
  test('killed, what it ran is ended before anything else is begun', async () => {
    const { promise } = Promise.withResolvers<number>()
    host.answer(() => promise)
    const lost = expect(bot().run('up')).rejects.toThrow(FetchFault)
    await expect.poll(() => host.calls.length).toBe(1)
    const [pid] = readFileSync(join(host.folder, 'data/child'), 'utf8').split(' ').map(Number)
    if (pid === undefined) throw new Error('its process is not noted')
    await agent.kill()
    await lost
    expect(isAlive(pid)).toBe(true)
    await agent.start()
    expect([isAlive(pid), agent.log()]).toEqual([false, expect.stringContaining(`ended process ${pid}`)])
    expect(await bot().run('up')).toMatchObject({ state: 'unclear' })
  })

  test('the terminal it was started from is closed: it ends when nothing runs', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    host.answer(() => promise)
    const going = bot().run('up')
    await expect.poll(() => host.calls.length).toBe(1)
    const stopped = agent.stop('SIGHUP')
    await expect.poll(() => agent.log()).toContain('SIGHUP: ends when nothing runs')
    resolve(0)
    expect(await going).toMatchObject({ state: 'ended', exit: 0 })
    await stopped
  })

  test('a second one on the same folder does not start, and takes nothing for unclear', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    host.answer(() => promise)
    const going = bot().run('up')
    await expect.poll(() => host.calls.length).toBe(1)
    expect(await runAgent(host.environment)).toEqual({ code: 1, said: expect.stringContaining('another agent (process ') as string })
    const again = bot().run('up')
    resolve(0)
    expect([await going, await again]).toMatchObject([{ state: 'ended' }, { state: 'ended' }])
  })
})

describe('how it is set up', () => {
  const said = async (environment: Readonly<Record<string, string>>) => {
    const { code, said: text } = await runAgent({ ...host.environment, ...environment })
    return [code, text]
  }

  test('a folder of records and a Compose file that others may write', async () => {
    const [data, file] = [join(host.folder, 'open'), join(host.repository, 'compose.yml')]
    mkdirSync(data)
    chmodSync(data, 0o777)
    chmodSync(file, 0o666)
    const [code, text] = await said({ AGENT_DATA: data })
    expect(code).toBe(2)
    expect(text).toContain('AGENT_DATA must belong to the agent’s user')
    expect(text).toContain(`AGENT_COMPOSE_FILE: others than the agent’s user and root can write ${file},`)
  })

  test.each<[string, string, number]>([
    ['AGENT_COMPOSE_FILE', 'shop/compose.yml', 0o664],
    ['AGENT_COMPOSE_FILE', 'shop', 0o777],
    ['AGENT_REPOSITORY', 'shop', 0o775],
    ['AGENT_REPOSITORY', 'shop/.git', 0o775],
  ])('%s where others may put what they like in its place: %s', async (name, place, mode) => {
    const path = join(host.folder, place)
    chmodSync(path, mode)
    const [code, text] = await said({})
    expect(code).toBe(2)
    expect(text).toContain(`${name}: others than the agent’s user and root can write ${path}, and who does has this machine`)
  })

  test('a secret that nobody drew', async () => {
    expect(await said({ AGENT_SECRET: 'change-me'.padEnd(40, 'e') })).toEqual([2, expect.stringContaining('must be drawn at random')])
  })

  test('Windows’ end of a line is no part of a setting, here and there', async () => {
    await agent.stop()
    for (const [name, value] of Object.entries(host.environment)) if (name.startsWith('AGENT_')) host.environment[name] = `${value}\r`
    host.environment['HOME'] = '/root\r'
    await agent.start()
    await bot(`${secret}\r`).run('up')
    expect(host.calls[0]?.env['HOME']).toBe('/root')
  })
})
