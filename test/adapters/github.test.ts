import { Octokit } from '@octokit/rest'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { githubHost } from '../../src/adapters/github.ts'
import type { World } from '../../src/embedded/world.ts'
import { PortFault } from '../../src/ports.ts'
import { control, testWorld } from '../embedded/world.ts'
import { silent } from '../silent.ts'

let world: World
let octokit: Octokit
const repository = { owner: 'acme', repo: 'incidents' }

beforeAll(async () => {
  world = await testWorld()
  octokit = new Octokit({ auth: 'ghp_test', baseUrl: world.githubApiUrl, log: silentOctokit })
})
afterAll(() => world.close())
afterEach(() => control(world.url)('DELETE', '/faults'))

const silentOctokit = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const host = (token = 'ghp_test', more: { repository?: string; apiUrl?: string; timeoutMs?: number } = {}) =>
  githubHost({ token, repository: 'acme/incidents', apiUrl: world.githubApiUrl, log: silent, ...more })
const proposal = (name: string, text = '# What happened\n') => ({
  branch: `postmortem/${name}`,
  path: `postmortems/2026/${name}.md`,
  write: (present: string | null) => (present === null || !present.includes('human') ? text : `${text}human\n`),
  message: `Write the post-mortem of ${name}`,
  title: `Post-mortem of ${name}`,
  body: 'Please read.',
})
const pulls = async (name: string) => (await octokit.rest.pulls.list({ ...repository, head: `acme:postmortem/${name}`, state: 'all' })).data
const read = async (path: string, ref: string) => {
  const { data } = await octokit.rest.repos.getContent({ ...repository, path, ref })
  return Array.isArray(data) || data.type !== 'file' ? null : Buffer.from(data.content, 'base64').toString()
}
const commits = async (branch: string) => (await octokit.rest.repos.listCommits({ ...repository, sha: branch })).data.length
const writes = async (work: () => Promise<unknown>) => {
  await control(world.url)('DELETE', '/calls')
  await work()
  const calls = await control(world.url)<{ service: string; method: string }[]>('GET', '/calls')
  return calls.filter(({ service, method }) => service === 'github' && !method.startsWith('GET')).map(({ method }) => method.split(' ')[0])
}
const fault = async (work: Promise<unknown>): Promise<Partial<PortFault>> => {
  try {
    await work
  } catch (error) {
    if (error instanceof PortFault) return { code: error.code, method: error.method, message: error.message, retryAfter: error.retryAfter }
    throw error
  }
  throw new Error('no fault')
}

describe('propose', () => {
  test('makes a branch, a file and a pull request; running it again changes nothing', async () => {
    const made = await host().propose(proposal('INC-1'))
    expect(made).toEqual({ url: expect.stringMatching(/\/acme\/incidents\/pull\/\d+$/) as string, state: 'open' })
    expect(await read('postmortems/2026/INC-1.md', 'postmortem/INC-1')).toBe('# What happened\n')
    expect(await writes(async () => expect(await host().propose(proposal('INC-1'))).toEqual(made))).toEqual([])
  })

  test('writes on the open pull request and keeps what people wrote there, also beyond ASCII', async () => {
    const { url } = await host().propose(proposal('INC-2'))
    const { data } = await octokit.rest.repos.getContent({ ...repository, path: 'postmortems/2026/INC-2.md', ref: 'postmortem/INC-2' })
    const sha = Array.isArray(data) ? '' : data.sha
    await octokit.rest.repos.createOrUpdateFileContents({
      ...repository,
      path: 'postmortems/2026/INC-2.md',
      branch: 'postmortem/INC-2',
      message: 'x',
      sha,
      content: Buffer.from('human').toString('base64'),
    })
    expect(await host().propose(proposal('INC-2', '# Später 🔥\n'))).toEqual({ url, state: 'open' })
    expect(await read('postmortems/2026/INC-2.md', 'postmortem/INC-2')).toBe('# Später 🔥\nhuman\n')
    expect(await pulls('INC-2')).toHaveLength(1)
  })

  test('after the merge: nothing while the file is the same, a branch of its own when it is not', async () => {
    const first = await host().propose(proposal('INC-3'))
    await octokit.rest.pulls.merge({ ...repository, pull_number: Number(first.url.split('/').at(-1)), merge_method: 'squash' })
    expect(await writes(async () => expect(await host().propose(proposal('INC-3'))).toEqual({ url: first.url, state: 'merged' }))).toEqual(
      [],
    )
    const second = await host().propose(proposal('INC-3', '# Reopened\n'))
    expect(second.state).toBe('open')
    expect(second.url).not.toBe(first.url)
    expect(await read('postmortems/2026/INC-3.md', 'postmortem/INC-3-2')).toBe('# Reopened\n')
    expect(await host().propose(proposal('INC-3', '# Reopened\n'))).toEqual(second)
    await octokit.rest.pulls.merge({ ...repository, pull_number: Number(second.url.split('/').at(-1)), merge_method: 'squash' })
    expect(await host().propose(proposal('INC-3', '# Reopened\n'))).toMatchObject({ state: 'merged' })
  })

  test('a pull request that somebody closed is left alone', async () => {
    const { url } = await host().propose(proposal('INC-4'))
    await octokit.rest.pulls.update({ ...repository, pull_number: Number(url.split('/').at(-1)), state: 'closed' })
    expect(await writes(async () => expect(await host().propose(proposal('INC-4', 'new'))).toEqual({ url, state: 'closed' }))).toEqual([])
  })

  test('a file that is there already, as it should be, needs no pull request', async () => {
    await octokit.rest.repos.createOrUpdateFileContents({
      ...repository,
      path: 'postmortems/2026/INC-5.md',
      message: 'by hand',
      content: Buffer.from('# What happened\n').toString('base64'),
    })
    expect(await writes(async () => expect(await host().propose(proposal('INC-5'))).toMatchObject({ state: 'merged' }))).toEqual([])
  })
})

// Each call that changes something, lost before it arrives and after it has worked (faults 33).
describe.each(['drop-before', 'drop-after'])('a crash: %s', (kind) => {
  test.each(['POST */git/refs', 'PUT */contents/*', 'POST */pulls'])(
    'of %s ends in one branch, one file and one pull request',
    async (method) => {
      const name = `INC-${kind}-${method.replace(/\W/g, '')}`
      await control(world.url)('POST', '/faults', { service: 'github', method, kind })
      expect(await fault(host().propose(proposal(name)))).toMatchObject({ code: 'unavailable' })
      const { url, state } = await host().propose(proposal(name))
      expect(state).toBe('open')
      expect((await pulls(name)).map(({ html_url }) => html_url)).toEqual([url])
      expect(await read(`postmortems/2026/${name}.md`, `postmortem/${name}`)).toBe('# What happened\n')
      expect((await commits(`postmortem/${name}`)) - (await commits('main'))).toBe(1)
    },
  )
})

describe('two at once', () => {
  test('end in one pull request: who is told that there is one already looks for it', async () => {
    const done = await Promise.allSettled([host().propose(proposal('INC-6')), host().propose(proposal('INC-6'))])
    for (const each of done)
      if (each.status === 'rejected') expect(await fault(Promise.reject(each.reason as Error))).toMatchObject({ code: 'unavailable' })
    const { url } = await host().propose(proposal('INC-6'))
    expect((await pulls('INC-6')).map(({ html_url }) => html_url)).toEqual([url])
  })

  test('a file that changed since it was read is a fault that is tried again', async () => {
    await host().propose(proposal('INC-7'))
    for (const [status, error] of [
      [409, 'postmortems/2026/INC-7.md does not match 0123'],
      [422, '"sha" wasn\'t supplied.'],
    ] as const) {
      await control(world.url)('POST', '/faults', { service: 'github', method: 'PUT */contents/*', kind: 'status', status, error })
      expect(await fault(host().propose(proposal('INC-7', 'new')))).toMatchObject({ code: 'unavailable' })
    }
  })
})

describe('faults', () => {
  test.each([
    [500, 'boom', undefined, { code: 'unavailable' }],
    [403, 'Resource not accessible by personal access token', undefined, { code: 'denied' }],
    [403, 'You have exceeded a secondary rate limit', 7, { code: 'limited', retryAfter: 7 }],
    [429, 'Too many requests', undefined, { code: 'limited', retryAfter: 60 }],
    [422, 'Validation Failed', undefined, { code: 'invalid', method: 'git.createRef' }],
  ])('%d %s', async (status, error, retryAfter, expected) => {
    const method = status === 422 ? 'POST */git/refs' : 'GET /repos/acme/incidents'
    await control(world.url)('POST', '/faults', {
      service: 'github',
      method,
      kind: 'status',
      status,
      error,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    })
    expect(await fault(host().propose(proposal(`INC-status-${status}`)))).toMatchObject(expected)
  })

  test('a wrong token, a wrong repository, a slow answer, nobody there', async () => {
    expect(await fault(host('ghp_wrong').propose(proposal('INC-8')))).toMatchObject({ code: 'denied', method: 'repos.get' })
    expect(await fault(host('ghp_test', { repository: 'acme/nothing' }).propose(proposal('INC-8')))).toMatchObject({ code: 'gone' })
    await control(world.url)('POST', '/faults', { service: 'github', kind: 'delay', ms: 1000 })
    expect(await fault(host('ghp_test', { timeoutMs: 100 }).propose(proposal('INC-8')))).toMatchObject({ code: 'unavailable' })
    expect(await fault(host('ghp_test', { apiUrl: 'http://127.0.0.1:9' }).propose(proposal('INC-8')))).toMatchObject({
      code: 'unavailable',
    })
  })
})
