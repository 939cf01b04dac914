/** The real client, through the guard, against the emulator and its front, and against a server that answers as GitHub documents. */
import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import check from '../../src/checks/github.ts'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from '../embedded/world.ts'
import { ask, type Asking, now } from './asking.ts'
import { startVendor } from './vendor.ts'

const secret = 'GITHUB_TOKEN_SHOP'
const about = (options: Record<string, unknown>, more: Asking = {}) =>
  ask(check, { secret, repository: 'acme/incidents', ...options } as never, { secrets: { [secret]: 'ghp_test' }, ...more })

const minute = 60_000
const iso = (ms: number) => new Date(Date.parse(now) + ms).toISOString()

const run = (id: number, more: object = {}) => ({
  id,
  workflow_id: 7,
  name: 'Deploy',
  run_number: id,
  status: 'completed',
  conclusion: 'success',
  created_at: iso(-id * minute),
  run_started_at: iso(-id * minute),
  head_branch: 'main',
  head_sha: 'feed123456',
  html_url: `https://github.example/acme/incidents/actions/runs/${id}`,
  actor: { login: 'ann' },
  ...more,
})

describe('the emulator', () => {
  let world: World
  let octokit: Octokit
  const at = { owner: 'acme', repo: 'incidents' }
  /** A commit at a time of our choosing. */
  const commit = (message: string, ms: number, branch = 'main') => {
    const who = { name: 'Ann', email: 'ann@example.test', date: iso(ms) }
    const content = Buffer.from(message).toString('base64')
    return octokit.repos.createOrUpdateFileContents({
      ...at,
      path: `${message}.txt`,
      message,
      content,
      branch,
      author: who,
      committer: who,
    })
  }
  beforeAll(async () => {
    world = await testWorld()
    octokit = new Octokit({ auth: 'ghp_test', baseUrl: world.githubApiUrl })
  })
  afterAll(() => world.close())
  const here = (options: Record<string, unknown>, more: Asking = {}) => about({ apiUrl: world.githubApiUrl, ...options }, more)

  test('commits of the branch and runs of workflows in the window', async () => {
    await commit('Long ago', -49 * 60 * minute)
    await commit('Raise the limit', -30 * minute)
    await commit('Fix\n\nbody', 10 * minute)
    await control(world.url)('POST', '/github/runs', run(12, { conclusion: 'failure' }))
    await control(world.url)('POST', '/github/runs', run(13, { head_branch: 'other' }))
    const { status, texts, changes, measurements } = await here({ ask: 'changes' })
    expect(status).toBe('ok')
    expect(changes?.map(({ at: when, kind, title, by }) => [when, kind, title.replace(/\([0-9a-f]{7}\)/, '(#)'), by])).toEqual([
      [iso(10 * minute), 'commit', 'Fix (#)', expect.any(String)],
      [iso(-12 * minute), 'workflow', 'Deploy #12: failure (#)', 'ann'],
      [iso(-30 * minute), 'commit', 'Raise the limit (#)', expect.any(String)],
    ])
    expect(texts).toEqual([
      `ok: 2 changes in the 1 d before ${now}, 1 since. The last one before it, 12 min earlier: Deploy #12: failure (feed123), by ann.`,
    ])
    expect(measurements).toEqual([{ name: 'changes before', value: 2, unit: '' }])
    expect((await here({ ask: 'changes' }, { words: { since: '10m' } })).texts).toEqual([
      `ok: No commit, pull request or workflow on main was changed in the 10 min before ${now}; 1 change since.`,
    ])
  })

  test('a merged pull request stands for its merge', async () => {
    const { data: ref } = await octokit.git.getRef({ ...at, ref: 'heads/main' })
    await octokit.git.createRef({ ...at, ref: 'refs/heads/coupons', sha: ref.object.sha })
    await commit('Add coupons', -40 * minute, 'coupons')
    const { data: pull } = await octokit.pulls.create({ ...at, head: 'coupons', base: 'main', title: 'Coupons <!channel>\u202E' })
    await octokit.pulls.merge({ ...at, pull_number: pull.number, merge_method: 'merge' })
    const { changes } = await here({ ask: 'changes' }, { around: new Date(Date.now() + minute).toISOString() })
    expect(changes?.map(({ kind, title, by }) => [kind, title, by])).toContainEqual([
      'pull-request',
      `#${pull.number} Coupons <!channel>`,
      'acme',
    ])
    expect(changes?.filter(({ title }) => title.startsWith('Merge pull request'))).toEqual([])
  })

  test('a branch that is not there, and a token that is not known', async () => {
    expect((await here({ ask: 'changes', branch: 'gone' })).texts).toEqual([
      expect.stringMatching(/^unknown: GitHub shows no acme\/incidents with branch gone to the token in GITHUB_TOKEN_SHOP \(404\)/),
    ])
    const { status, texts } = await here({ ask: 'workflows' }, { secrets: { [secret]: 'wrong' } })
    expect([status, texts[0]]).toEqual([
      'unknown',
      expect.stringMatching(/does not accept the key \(401\): look whether GITHUB_TOKEN_SHOP/),
    ])
  })

  test('a check changes nothing', async () => {
    await control(world.url)('DELETE', '/calls')
    await here({ ask: 'changes' })
    await here({ ask: 'workflows' })
    const calls = await control(world.url)<{ service: string; method: string }[]>('GET', '/calls')
    const methods = calls.filter(({ service }) => service === 'github').map(({ method }) => method.split(' ')[0])
    expect(methods).toEqual(['GET', 'GET', 'GET', 'GET'])
  })
})

describe('as GitHub documents', () => {
  const runs = async (list: readonly object[], options: object = {}) => {
    await using vendor = await startVendor({
      '/repos/acme/incidents/actions/runs': { body: { total_count: list.length, workflow_runs: list } },
    })
    return await about({ ask: 'workflows', apiUrl: vendor.url, ...options })
  }
  test('the last run of each workflow that ended', async () => {
    const { status, texts, measurements, detail } = await runs([
      run(1, { status: 'in_progress', conclusion: null }),
      run(2, { conclusion: 'failure' }),
      run(3),
      run(4, { workflow_id: 8, name: 'Test' }),
      run(5, { workflow_id: 9, name: 'Nightly', conclusion: 'cancelled' }),
      run(6, { workflow_id: 10, name: null, status: 'queued', conclusion: null }),
    ])
    expect([status, ...texts]).toEqual([
      'warn',
      'warn: Deploy #2 (feed123, 2 min ago): failure. #1 is in progress. https://github.example/acme/incidents/actions/runs/2',
      'ok: Test #4 (feed123, 4 min ago): success.',
      'unknown: Nightly #5 (feed123, 5 min ago): cancelled.',
      'unknown: workflow 10 #6 (feed123, 6 min ago): queued.',
    ])
    expect(measurements).toEqual([{ name: 'failed workflows', value: 1, unit: '' }])
    expect(detail?.text.split('\n')).toHaveLength(6)
  })
  test.each<[string, (string | null)[], string, string]>([
    ['cancelled after a failure', ['cancelled', 'failure'], 'warn', ': cancelled. The last with a result, #3: failure.'],
    ['skipped after a failure', ['skipped', 'timed_out'], 'warn', ': skipped. The last with a result, #3: timed out.'],
    ['no result after a failure', [null, 'failure'], 'warn', 'The last with a result, #3: failure.'],
    ['cancelled after a success', ['cancelled', 'success'], 'ok', ': cancelled. The last with a result, #3: success.'],
    ['no result after a success', [null, 'success'], 'unknown', 'The last with a result, #3: success.'],
    ['waiting for somebody', ['action_required', 'success'], 'warn', ': action required.'],
    ['waiting for somebody, alone', ['action_required'], 'warn', ': action required.'],
    ['neutral', ['neutral', 'failure'], 'ok', ': neutral.'],
    ['never a result', ['cancelled', 'skipped'], 'unknown', ': cancelled.'],
    ['a word that is not known', ['exploded', 'success'], 'unknown', ': exploded.'],
  ])('%s', async (_, conclusions, expected, words) => {
    const { status, texts } = await runs(conclusions.map((conclusion, index) => run(index + 2, { conclusion })))
    expect([status, texts[0]]).toEqual([expected, expect.stringContaining(words)])
  })
  test('only those that matter; one that never ran; many that are well', async () => {
    const all = [run(2, { conclusion: 'failure' }), ...[3, 4, 5, 6].map((id) => run(id, { workflow_id: id, name: `W${id}` }))]
    expect((await runs(all, { workflows: ['W3', 'W9'] })).texts).toEqual([
      'unknown: No run of W9 on main: look at the names in service.yml.',
      'ok: W3 #3 (feed123, 3 min ago): success.',
    ])
    expect((await runs(all.slice(1))).texts).toEqual(['ok: The last runs of 4 workflows on main did not fail.'])
    expect((await runs([])).texts).toEqual(['unknown: No workflow ran on main: nothing can be told.'])
  })
  test('pages end at a bound', async () => {
    const commits = Array.from({ length: 50 }, (_, index) => ({
      sha: `${index}`.padStart(40, '0'),
      commit: { message: `c${index}`, committer: { date: iso(-index * 1000) } },
    }))
    await using vendor = await startVendor({
      '/repos/acme/incidents/commits': { body: commits },
      '/repos/acme/incidents/pulls': { body: [] },
      '/repos/acme/incidents/actions/runs': { body: { workflow_runs: [] } },
    })
    const { texts, changes } = await about({ ask: 'changes', apiUrl: vendor.url })
    expect(texts[0]).toMatch(/^ok: 300 changes .* There is more than was read\. Only the newest 50 are kept\.$/)
    expect(changes).toHaveLength(50)
    expect(vendor.heard.filter(({ url }) => url.includes('/commits')).length).toBe(6)
    expect(new Set(vendor.heard.map(({ headers }) => headers.authorization))).toEqual(new Set(['token ghp_test']))
  })
  test('one of the lists may not be read: the others are told all the same', async () => {
    await using vendor = await startVendor({
      '/repos/acme/incidents/commits': { body: [{ sha: 'a'.repeat(40), commit: { message: 'x', committer: { date: iso(-1000) } } }] },
      '/repos/acme/incidents/pulls': { body: [] },
      '/repos/acme/incidents/actions/runs': { status: 403, body: { message: 'Resource not accessible by personal access token' } },
    })
    const { texts, status } = await about({ ask: 'changes', apiUrl: vendor.url })
    expect(status).toBe('unknown')
    expect(texts[0]).toMatch(/^ok: 1 change in/)
    expect(texts[1]).toMatch(/^unknown: GitHub does not let this key ask that \(403\)/)
  })
  test.each<[number, object, RegExp]>([
    [
      403,
      { message: 'API rate limit exceeded for user ID 1.' },
      /limits the rate of the questions of the token in GITHUB_TOKEN_SHOP \(403\)/,
    ],
    [301, { message: 'Moved Permanently' }, /was moved or renamed: give its new name/],
    [409, { message: 'Git Repository is empty.' }, /acme\/incidents is empty/],
  ])('%i', async (code, body, words) => {
    const answer = { status: code, body }
    const path = '/repos/acme/incidents'
    await using vendor = await startVendor({ [`${path}/commits`]: answer, [`${path}/pulls`]: answer, [`${path}/actions/runs`]: answer })
    const { status, texts } = await about({ ask: 'changes', apiUrl: vendor.url })
    expect([status, texts.length, texts[0]]).toEqual(['unknown', 1, expect.stringMatching(words)])
  })
})
