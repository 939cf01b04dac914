import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { readOnly } from '../../src/checking/docker/engine.ts'
import { logReader } from '../../src/checking/docker/lines.ts'
import { durationIn } from '../../src/checking/docker/duration.ts'
import check from '../../src/checks/docker.ts'
import { type DockerEngine, type EngineContainer, startDockerEngine } from '../../src/embedded/docker-engine.ts'
import { startHttp } from '../adapters/server.ts'
import { ask, type Asking, json, now } from './asking.ts'
import { startAuthority } from './certificates.ts'
import { conforms } from './conformance.ts'

type Given = z.input<typeof check.options>

const megabyte = 1024 * 1024
const ago = (minutes: number) => new Date(Date.parse(now) - minutes * 60_000).toISOString()

const api: EngineContainer = {
  service: 'api',
  health: 'healthy',
  restarts: 2,
  ports: { 8000: 8000, 9000: null },
  memory: { used: 1024 * megabyte, limit: 8192 * megabyte, cache: 512 * megabyte },
  cpus: { used: 1.5, online: 4 },
  log: [
    { at: ago(60), text: 'ERROR long ago' },
    { at: ago(10), text: 'INFO GET /health duration=12ms' },
    { at: ago(9), output: 'stderr', text: 'ERROR stripe: card_declined, whsec_0123456789abcdef' },
    { at: ago(8), text: '{"level":"error","msg":"Supabase is slow","duration_ms": 3400}' },
    { at: ago(7), text: 'POST /checkout took 1.2 s' },
    { at: ago(6), text: 'plain \u202Eline' },
  ],
}
const worker: EngineContainer = {
  service: 'celery_worker',
  memory: { used: 900 * megabyte, limit: 8192 * megabyte },
  cpus: { used: 0.5, online: 4 },
  tty: true,
  log: [{ at: ago(5), text: 'webhook handled, duration: 80 ms' }],
}
const migrate: EngineContainer = { service: 'migrate', state: 'exited', exitCode: 0 }

let folder: string
let socket: string
let engine: DockerEngine

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'docker-check-'))
  socket = join(folder, 'docker.sock')
  engine = await startDockerEngine({ socket, project: 'shop', containers: [api, worker, migrate] })
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const asked = (given: object, more: Asking = {}) => ask(check, { socket, project: 'shop', ...given } as Given, more)

/** The same of a project that is made for one test. */
const of = async (containers: readonly EngineContainer[], given: object, more: Asking = {}) => {
  const path = join(folder, 'other.sock')
  await using other = await startDockerEngine({ socket: path, project: 'shop', containers })
  return await asked({ socket: path, project: other.project, ...given }, more)
}

describe('docker: containers', () => {
  test('with status, health, ports and restarts', async () => {
    const { status, texts, measurements, detail } = await asked({ ask: 'containers', services: ['api', 'celery_worker'], restarts: 5 })
    expect([status, texts]).toEqual(['ok', ['ok: 2 of 3 containers of shop run: api, celery_worker.']])
    expect(measurements).toContainEqual({ name: 'restarts api', value: 2, unit: '', limit: 5 })
    expect(detail?.text.split('\n')).toEqual([
      'api | Up 3 hours (healthy) | 8000→8000/tcp, 9000/tcp | 2 restarts',
      'celery_worker | Up 3 hours | no ports | 0 restarts',
      'migrate | Exited (0) 2 minutes ago | no ports | 0 restarts',
    ])
  })
  test('too many restarts, and a service that is not there', async () => {
    const { status, texts } = await asked({ ask: 'containers', services: ['api', 'redis'], restarts: { warn: 1, fail: 10 } })
    expect(status).toBe('fail')
    expect(texts).toContain('fail: Docker has no container of redis: start it with compose up.')
    expect(texts).toContain('warn: restarts api is 2, above the limit of 1.')
  })
  test.each<[EngineContainer, string, RegExp]>([
    [{ service: 'api', health: 'unhealthy' }, 'fail', /api runs, but is unhealthy/],
    [{ service: 'api', health: 'starting' }, 'warn', /api is starting/],
    [{ service: 'api', state: 'exited', exitCode: 137, oomKilled: true }, 'fail', /api has ended \(exit code 137; .*used up its memory/],
    [{ service: 'api', state: 'exited', exitCode: 0 }, 'fail', /api has ended \(exit code 0/],
    [{ service: 'api', state: 'restarting', exitCode: 1 }, 'fail', /restarts again and again/],
    [{ service: 'api', state: 'paused' }, 'fail', /it is paused/],
    [{ service: 'other', state: 'dead' }, 'warn', /other has ended/],
  ])('%j', async (container, wanted, words) => {
    const containers = container.service === 'api' ? [container] : [api, container]
    const { status, texts } = await of(containers, { ask: 'containers', services: ['api'] })
    expect([status, texts[0]]).toEqual([wanted, expect.stringMatching(words)])
  })
  test('several of one service have numbers; one alone can be asked', async () => {
    const three = [1, 2, 3].map((number) => ({ service: 'api', number }))
    const { texts } = await of([...three, worker], { ask: 'containers' }, { words: { service: 'api' } })
    expect(texts).toEqual(['ok: 3 of 3 containers of shop run: api 1, api 2, api 3.'])
    const { status, texts: other } = await asked({ ask: 'containers' }, { words: { service: 'apo' } })
    expect([status, other]).toEqual(['unknown', ['unknown: The project has no service apo: there are api, celery_worker, migrate.']])
  })
  test('nothing of the project', async () => {
    const { status, texts } = await asked({ ask: 'containers', project: 'other' })
    expect([status, texts[0]]).toEqual(['fail', expect.stringContaining('no container of the project other')])
  })
})

describe('docker: memory and CPU', () => {
  const limits = { api: { cpus: 2, memory: 2048 }, celery_worker: { cpus: 1, memory: 1024 } }
  test('against what each service may use', async () => {
    const { status, texts, measurements } = await asked({ ask: 'resources', limits, memory: { warn: 80, fail: 95 }, cpu: 90 })
    expect(status).toBe('warn')
    expect(texts).toEqual([
      'warn: memory celery_worker is 87.89 %, above the limit of 80 %.',
      'ok: api 1024 MB of 2048 MB, 1.5 of 2 CPU; celery_worker 900 MB of 1024 MB, 0.5 of 1 CPU.',
    ])
    expect(measurements.map(({ name, value, unit }) => [name, value, unit])).toEqual([
      ['memory api', 50, '%'],
      ['CPU api', 75, '%'],
      ['memory celery_worker', 87.89, '%'],
      ['CPU celery_worker', 50, '%'],
    ])
  })
  test('without limits, against what Docker gives; what does not run is told', async () => {
    const { texts } = await asked({ ask: 'resources' })
    expect(texts).toEqual(['ok: api 1024 MB of 8192 MB, 1.5 of 4 CPU; celery_worker 900 MB of 8192 MB, 0.5 of 4 CPU.'])
    const gone = await asked({ ask: 'resources', limits: { redis: { memory: 512 } } })
    expect([gone.status, gone.texts[0]]).toEqual(['warn', 'warn: Nothing runs of redis: ask for the containers.'])
    const none = await of([migrate], { ask: 'resources' })
    expect(none.status).toBe('unknown')
  })
})

describe('docker: logs', () => {
  test('of all services, since a time', async () => {
    const { status, texts, detail, measurements } = await asked({ ask: 'logs' })
    expect([status, texts]).toEqual(['ok', ['ok: 6 of 6 lines of shop in the last 15 min.']])
    expect(detail?.text).toContain('celery_worker | 2026-11-20T10:10:00.000000000Z webhook handled')
    expect(detail?.text).not.toContain('long ago')
    expect(measurements).toEqual([{ name: 'lines', value: 6, unit: '' }])
  })
  test('words typed behind it', async () => {
    const { texts, detail } = await asked({ ask: 'logs', most: 0 }, { words: { since: '2h', service: 'api', filter: 'ERROR' } })
    expect(texts).toEqual(['warn: 3 of 6 lines of api in the last 2 h are with ERROR.'])
    expect(detail?.text.split('\n')).toHaveLength(3)
    const two = await asked({ ask: 'logs' }, { words: { filter: 'stripe,supabase' } })
    expect(two.texts).toEqual(['ok: 2 of 6 lines of shop in the last 15 min are with stripe, supabase.'])
  })
  test('a limit of what service.yml asks for', async () => {
    const { status, texts, measurements } = await asked({ ask: 'logs', service: 'api', filter: ['ERROR'], most: { fail: 1 } })
    expect([status, texts[0]]).toEqual(['fail', 'fail: lines with ERROR is 2, above the limit of 1.'])
    expect(measurements).toEqual([{ name: 'lines with ERROR', value: 2, unit: '', limit: 1 }])
    expect((await asked({ ask: 'logs', service: 'api', filter: ['(.*)+$'], most: 0 })).texts[0]).toContain('0 of 5 lines')
  })
  test('errors without a limit are not well, and what is only looked at is', async () => {
    const looked = async (...filter: string[]) => (await asked({ ask: 'logs', service: 'api', filter })).status
    expect([await looked('ERROR'), await looked('payment_failed'), await looked('stripe'), await looked('stripe', 'error')]).toEqual([
      'warn',
      'ok',
      'ok',
      'warn',
    ])
  })
  test('no time is told where one has a limit', async () => {
    const log = [{ at: ago(1), text: 'checkout done' }]
    const question = { ask: 'logs', filter: ['checkout', 'duration'] } as const
    expect(await of([{ service: 'api', log }], { ...question, most: 1000 })).toMatchObject({ status: 'unknown' })
    expect(await of([{ service: 'api', log }], question)).toMatchObject({ status: 'ok' })
  })
  test('the slowest', async () => {
    const { status, texts, detail, measurements } = await asked({ ask: 'logs', filter: ['duration'], most: 1000 })
    expect([status, texts]).toEqual([
      'warn',
      [
        'warn: slowest is 3400 ms, above the limit of 1000 ms.',
        'ok: 4 lines of shop in the last 15 min tell how long something took, the slowest 3400 ms.',
      ],
    ])
    expect(detail?.text.split('\n').map((line) => line.replace(/^.*Z /, '').slice(0, 20))).toEqual([
      '{"level":"error","ms',
      'POST /checkout took ',
      'webhook handled, dur',
      'INFO GET /health dur',
    ])
    expect(measurements).toEqual([{ name: 'slowest', value: 3400, unit: 'ms', limit: 1000 }])
    const some = await asked({ ask: 'logs' }, { words: { filter: 'webhook,duration' } })
    expect(some.texts[0]).toContain('1 line of shop with webhook in the last 15 min')
  })
  test('more than twenty slow ones', async () => {
    const log = Array.from({ length: 500 }, (_, n) => ({ at: ago(1), text: `request ${(n * 7919) % 500} duration=${(n * 7919) % 500}ms` }))
    const { detail } = await of([{ service: 'api', log }], { ask: 'logs', filter: ['duration'] })
    expect(detail?.text.split('\n').map((line) => Number(/request (\d+)/.exec(line)?.[1]))).toEqual(
      Array.from({ length: 20 }, (_, n) => 499 - n),
    )
  })
  test.each<[string, number | null]>([
    ['duration=12ms', 12],
    ['duration: 0.5s', 500],
    ['"duration":250,', 250],
    ['"duration_s":0.25', 250],
    ['took 3 seconds', 3000],
    ['took 2m3s', 123_000],
    ['took 1m', 60_000],
    ['took 1h0m0.5s', 3_600_500],
    ['took 5 min', 300_000],
    ['took 1 min 30 s', 90_000],
    ['elapsed=00:01:30', 90_000],
    ['duration: 0:00:02.250000', 2250],
    ['elapsed 1:30', 90_000],
    ['"durationMs": 12', 12],
    ['http_request_duration_seconds 0.25', 250],
    ['durations: many, took 7 ms', 7],
    ['GET /slow 200 2m3s', 123_000],
    ['10:15:30 GET / 85ms', 85],
    ['retry in 5 minutes', null],
    ['done in 1,200ms', 1200],
    ['took 1.5e3ms', 1500],
    ['sizes 3,4ms', null],
    ['3 items', null],
    ['GET / 200 85ms', 85],
    ['latency=900µs', 0.9],
    ['nothing of that', null],
    ['duration '.repeat(10_000), null],
  ])('%.40s takes %j ms', (line, ms) => expect(durationIn(line)).toBe(ms))

  test('nothing was written', async () => {
    const { status, texts } = await asked({ ask: 'logs', since: '1m' })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringContaining('wrote nothing to its log')])
  })

  test('200 MB are read as they come', async () => {
    const line = 'x'.repeat(1000)
    let [sent, peak] = [0, 0]
    const use = () => {
      const { heapUsed, external } = process.memoryUsage()
      return heapUsed + external
    }
    function* log() {
      for (let n = 0; n < 200_000; n += 1) {
        sent += line.length
        if (n % 5000 === 0) peak = Math.max(peak, use())
        yield { at: ago(1), text: n % 10_000 === 0 ? `ERROR ${n} duration=${n}ms` : line }
      }
    }
    const before = use()
    const { texts, detail } = await of([{ service: 'api', log }], { ask: 'logs', filter: ['ERROR'] })
    expect(texts).toEqual(['warn: 20 of 200000 lines of shop in the last 15 min are with ERROR.'])
    expect(detail?.text.split('\n')).toHaveLength(20)
    expect(sent).toBeGreaterThanOrEqual(200_000_000)
    expect(peak - before).toBeLessThan(150 * megabyte)
  })

  test('all of a long log is not kept', async () => {
    const log = () => Array.from({ length: 5000 }, (_, n) => ({ at: ago(1), text: `line ${n} ${'y'.repeat(n % 2 === 0 ? 10 : 6000)}` }))
    const { detail } = await of([{ service: 'api', log }], { ask: 'logs' })
    expect(detail?.text.length).toBeLessThanOrEqual(150_000)
    expect(detail?.text).toContain('line 4998')
    expect(detail?.title).toMatch(/\(the last \d+\)$/)
  })

  test('a log that does not end is told as far as it was read', async () => {
    async function* log() {
      yield { at: ago(1), text: 'ERROR first' }
      await new Promise(() => {})
    }
    const { status, texts } = await of([{ service: 'api', log }], { ask: 'logs', filter: ['ERROR'] }, { timeoutMs: 500 })
    expect(status).toBe('warn')
    expect(texts).toEqual([
      expect.stringContaining('1 of 1 line of shop'),
      expect.stringContaining('Only the first 1 line (0 MB) could be read'),
    ])
  })
})

describe('docker: pieces of a log', () => {
  const header = (output: number, length: number) => {
    const bytes = Buffer.alloc(8)
    bytes[0] = output
    bytes.writeUInt32BE(length, 4)
    return bytes
  }
  const read = (isTerminal: boolean, chunks: readonly Buffer[]) => {
    const lines: string[] = []
    const reader = logReader(isTerminal, (line) => void lines.push(line))
    for (const chunk of chunks) reader.push(chunk)
    reader.end()
    return lines
  }
  const whole = Buffer.concat([
    header(1, 4),
    Buffer.from('one\n'),
    header(2, 6),
    Buffer.from('err\r\no'),
    header(1, 4),
    Buffer.from('two\n'),
    header(2, 3),
    Buffer.from('ops'),
  ])

  test.each([1, 2, 3, 5, 7, 8, 9, 100])('of %i bytes', (size) => {
    const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) => whole.subarray(n * size, (n + 1) * size))
    expect(read(false, chunks)).toEqual(['one', 'err', 'two', 'oops'])
  })
  test('with a terminal', () => expect(read(true, [Buffer.from('o'), Buffer.from('ne\r\n\ntw'), Buffer.from('o')])).toEqual(['one', 'two']))
  test('a header that promises more than comes', () => {
    expect(read(false, [header(1, 0xffffffff), Buffer.from('begun')])).toEqual(['begun'])
    expect(read(false, [header(9, 0), header(1, 2), Buffer.from('x\n')])).toEqual(['x'])
  })
  test('a line without an end is cut', () => {
    const chunks = Array.from({ length: 200 }, () => Buffer.alloc(65_536, 'z'))
    expect(read(true, chunks).map((line) => line.length)).toEqual([4096])
  })
})

describe('docker: nothing can be changed', () => {
  test('only GET is asked, whatever is asked', async () => {
    for (const question of ['containers', 'resources', 'logs']) await asked({ ask: question })
    expect(engine.heard.length).toBeGreaterThan(10)
    expect(engine.heard.filter(({ method }) => method !== 'GET')).toEqual([])
    expect(engine.heard.filter(({ url }) => !/^\/containers\/(json|[a-f0-9]+\/(json|stats|logs))(\?|$)/.test(url))).toEqual([])
  })
  test.each<[string, (docker: Docker, id: string) => Promise<unknown>]>([
    ['restart', (docker, id) => docker.getContainer(id).restart()],
    ['stop', (docker, id) => docker.getContainer(id).stop()],
    ['kill', (docker, id) => docker.getContainer(id).kill()],
    ['remove', (docker, id) => docker.getContainer(id).remove()],
    ['exec', (docker, id) => docker.getContainer(id).exec({ Cmd: ['env'] })],
    ['create', (docker) => docker.createContainer({ Image: 'x' })],
    ['prune', (docker) => docker.pruneVolumes()],
    ['put', (docker, id) => docker.getContainer(id).putArchive(Buffer.from('x'), { path: '/' })],
  ])('%s', async (_, act) => {
    const before = engine.heard.length
    const docker = readOnly(new Docker({ socketPath: socket }))
    await expect(act(docker, 'abcdef')).rejects.toThrow(/by GET alone/)
    expect(engine.heard).toHaveLength(before)
  })
  test('an id that leads elsewhere is not asked', async () => {
    const heard: (string | undefined)[] = []
    const container = {
      Id: '../../info?',
      State: 'running',
      Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'api' },
    }
    await using web = await startHttp((request, response) => {
      heard.push(request.url)
      return json([container])(request, response)
    })
    const { status } = await asked({ ask: 'containers', socket: undefined, host: '127.0.0.1', port: web.port, tls: 'none' })
    expect([status, heard.length]).toEqual(['unknown', 1])
  })
  test('a redirect is not followed (faults 56)', async () => {
    const heard: (string | undefined)[] = []
    await using elsewhere = await startHttp((request, response) => {
      heard.push(request.url)
      response.end('[]')
    })
    const send: RequestListener = (_, response) => void response.writeHead(302, { location: `http://${elsewhere.host}/secret` }).end()
    await using web = await startHttp(send)
    const { status, texts } = await asked({ ask: 'containers', socket: undefined, host: '127.0.0.1', port: web.port, tls: 'none' })
    expect([status, texts[0], heard]).toEqual(['fail', expect.stringContaining('redirects, which Docker does not'), []])
  })
})

describe('docker: when it does not answer', () => {
  test('no socket', async () => {
    const { status, texts } = await asked({ ask: 'containers', socket: join(folder, 'none.sock') })
    expect([status, texts[0]]).toEqual(['unknown', expect.stringMatching(/none\.sock does not exist: look whether Docker runs/)])
  })
  test('the bot’s own DOCKER_HOST leads nowhere else', async () => {
    const before = process.env['DOCKER_HOST']
    process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1'
    const { status } = await asked({ ask: 'containers' })
    if (before === undefined) delete process.env['DOCKER_HOST']
    else process.env['DOCKER_HOST'] = before
    expect(status).toBe('ok')
  })
  test('a socket on which nobody listens, and one that says nothing', async () => {
    const path = join(folder, 'silent.sock')
    const silent = createServer(() => {}).listen(path)
    await once(silent, 'listening')
    const late = await asked({ ask: 'containers', socket: path }, { timeoutMs: 300 })
    silent.close()
    expect([late.status, late.texts[0]]).toEqual([
      'fail',
      expect.stringMatching(/^fail: Timeout: Docker at .*silent\.sock did not answer in time/),
    ])
  })
  test('options that say neither or both', () => {
    const parse = (given: object) => check.options.safeParse({ ask: 'containers', project: 'shop', ...given }).success
    expect([parse({}), parse({ socket: 'relative' }), parse({ socket: '/a', host: 'b' }), parse({ host: 'b', certSecret: 'A' })]).toEqual([
      false,
      false,
      false,
      false,
    ])
    expect([parse({ socket: '/a' }), parse({ host: 'b', certSecret: 'A', keySecret: 'B' })]).toEqual([true, true])
  })
})

describe('docker: over TCP with TLS', () => {
  test('a certificate of ours, and of a known authority', async () => {
    using signing = startAuthority()
    const ca = signing.make({ name: 'root', until: 30 }).cert
    const server = signing.make({ name: 'engine', names: ['docker.test'], until: 30, by: 'root' })
    const client = signing.make({ name: 'bot', names: ['bot.test'], until: 30, by: 'root' })
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true }
    await using remote = await startDockerEngine({ tls, project: 'shop', containers: [api] })
    const over = (host: string, given: object = {}, secrets: Record<string, string> = { CERT: client.cert, KEY: client.key }) =>
      ask(
        check,
        { ask: 'containers', project: 'shop', host, port: remote.port, ca, certSecret: 'CERT', keySecret: 'KEY', ...given },
        { secrets, lookup: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) },
      )
    expect(await over('docker.test')).toMatchObject({ status: 'ok' })
    const other = await over('other.test')
    expect([other.status, other.texts[0]]).toEqual(['fail', expect.stringMatching(/TLS failure: .*not trusted/)])
    const none = await over('docker.test', { certSecret: undefined, keySecret: undefined })
    expect(none.status).not.toBe('ok')
    const wrong = await over('docker.test', {}, { CERT: 'nonsense', KEY: 'nonsense' })
    expect([wrong.status, wrong.texts.join()]).toEqual(['unknown', expect.stringContaining('CERT')])
  })
})

const base = (question: 'containers' | 'resources' | 'logs') => (address: string) => {
  const { hostname, port } = new URL(address)
  return { ask: question, project: 'shop', host: hostname, port: Number(port), tls: 'none' as const }
}
for (const question of ['containers', 'resources', 'logs'] as const)
  conforms(`docker ${question}`, check, base(question), { mayFail: true })
