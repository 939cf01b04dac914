/** Against the emulator, whose git is real as far as its API shows. */
import { Octokit } from '@octokit/rest'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { reversal } from '../../src/acting/git/reversal.ts'
import kind from '../../src/actions/git.revert.ts'
import type { World } from '../../src/embedded/world.ts'
import type { Json } from '../../src/incident/acting/action.ts'
import { FetchFault } from '../../src/ports.ts'
import { control, testWorld } from '../embedded/world.ts'
import { closedPort, startHttp } from '../adapters/server.ts'
import { type Acting, hand, handBack } from './acting.ts'
import { startFront } from './front.ts'

const secret = 'GITHUB_TOKEN_SHOP'
const more: Acting = { secrets: { [secret]: 'ghp_test' } }

let world: World
let octokit: Octokit
let shop: { owner: string; repo: string }
let options: z.input<typeof kind.options>
let repositories = 0

beforeAll(async () => {
  world = await testWorld()
  octokit = new Octokit({ auth: 'ghp_test', baseUrl: world.githubApiUrl })
})
afterAll(() => world.close())
beforeEach(async () => {
  repositories += 1
  shop = { owner: 'acme', repo: `shop-${repositories}` }
  await control(world.url)('DELETE', '/faults')
  await octokit.repos.createForAuthenticatedUser({ name: shop.repo, auto_init: true })
  options = { secret, apiUrl: world.githubApiUrl, repository: `acme/${shop.repo}` }
})

const head = async (branch = 'main') => (await octokit.git.getRef({ ...shop, ref: `heads/${branch}` })).data.object.sha

/** A commit on `branch`; null takes a file away. */
const commit = async (message: string, files: Record<string, string | null>, { branch = 'main', parents = [] as string[] } = {}) => {
  const parent = await head(branch)
  const { data: base } = await octokit.git.getCommit({ ...shop, commit_sha: parent })
  const tree = Object.entries(files).map(([path, content]) => ({
    path,
    mode: '100644' as const,
    type: 'blob' as const,
    ...(content === null ? { sha: null } : { content }),
  }))
  const { data: made } = await octokit.git.createTree({ ...shop, base_tree: base.tree.sha, tree })
  const { data: done } = await octokit.git.createCommit({ ...shop, message, tree: made.sha, parents: [parent, ...parents] })
  await octokit.git.updateRef({ ...shop, ref: `heads/${branch}`, sha: done.sha })
  return done.sha
}

const files = async (ref = 'main'): Promise<Record<string, string>> => {
  const { data } = await octokit.git.getTree({ ...shop, tree_sha: await head(ref), recursive: '1' })
  const texts = data.tree
    .filter(({ type, path }) => type === 'blob' && path !== 'README.md')
    .map(async ({ path, sha }) => {
      const { data: blob } = await octokit.git.getBlob({ ...shop, file_sha: sha })
      return [path, Buffer.from(blob.content, 'base64').toString()] as const
    })
  return Object.fromEntries(await Promise.all(texts))
}

const at = (input: Record<string, string> = {}, extra: Partial<typeof options> = {}, given: Acting = {}) =>
  hand(kind, { ...options, ...extra }, input, { ...more, ...given })

const fault = (order: object) => control(world.url)('POST', '/faults', { service: 'github', times: 1, ...order })
const writes = async () => {
  const calls = await control(world.url)<{ method: string; ok: boolean }[]>('GET', '/calls?service=github')
  return calls
    .filter(({ method }) => !method.startsWith('GET') && method.includes(`/${shop.repo}/`))
    .map(({ method }) => method.split(' ')[0])
}

test('the newest commit is taken back by another, and brought back again', async () => {
  await commit('First', { 'a.txt': 'one', 'b.txt': 'b' })
  const bad = await commit('Break it\n\nbody', { 'a.txt': 'two', 'b.txt': null, 'new/c.txt': 'c', 'supabase/migrations/1.sql': 'select 1' })
  const here = at({}, { effects: ['Vercel deploys main'] })
  const { plan, summary, effects, warnings, state, calls } = await here.plan()
  expect(summary).toContain(`A commit on main of acme/${shop.repo} takes back ${bad.slice(0, 7)} “Break it” by`)
  expect(effects).toEqual(['4 files: a.txt, b.txt, new/c.txt, supabase/migrations/1.sql', 'Vercel deploys main'])
  expect(warnings).toEqual(['1 migration among the files (supabase/migrations/1.sql): the database keeps what they changed.'])
  expect(state).toEqual({ head: bad, by: 'push' })
  expect(calls.at(-1)).toBe(`PATCH ${world.githubApiUrl}/repos/acme/${shop.repo}/git/refs/heads/main`)
  expect(await head()).toBe(bad)

  const ran = await here.run(plan)
  const reverted = await head()
  expect(ran).toEqual({
    outcome: 'done',
    text: `main of acme/${shop.repo} is at ${reverted.slice(0, 7)}, which takes the commit back.`,
    undo: { commit: reverted },
  })
  expect(await files()).toEqual({ 'a.txt': 'one', 'b.txt': 'b' })
  const { data: made } = await octokit.git.getCommit({ ...shop, commit_sha: reverted })
  expect(made.message).toBe(`Revert "Break it"\n\nThis reverts commit ${bad}.\n\nTocsin-Run: inc-1:1`)
  expect(made.parents.map(({ sha }) => sha)).toEqual([bad])
  expect(await here.verify(plan)).toMatchObject({ settled: true, findings: [{ status: 'ok' }] })

  const back = handBack(kind, options, 'undo' in ran ? (ran.undo ?? null) : null, { ...more, runKey: 'inc-1:2' })
  const again = await back.plan()
  expect(again.calls[1]).toContain('Reapply "Break it"')
  expect(await back.run(again.plan)).toMatchObject({ outcome: 'done' })
  expect(await files()).toEqual({ 'a.txt': 'two', 'new/c.txt': 'c', 'supabase/migrations/1.sql': 'select 1' })
})

test('an older commit goes, what came after it stays', async () => {
  await commit('First', { 'a.txt': 'one' })
  const bad = await commit('Break it', { 'a.txt': 'two' })
  await commit('Other', { 'z.txt': 'z' })
  const here = at({ commit: bad.slice(0, 7).toUpperCase() })
  const { plan, effects } = await here.plan()
  expect(effects).toEqual(['1 file: a.txt', expect.stringMatching(/^[0-9a-f]{7} and what else came after it stays$/)])
  await here.run(plan)
  expect(await files()).toEqual({ 'a.txt': 'one', 'z.txt': 'z' })
})

describe('what cannot be done is refused', () => {
  const refused = async (input: Record<string, string>, why: string | RegExp, extra: Partial<typeof options> = {}, given: Acting = {}) => {
    const seen = await at(input, extra, given).preview()
    expect('unable' in seen && seen.unable).toMatch(why)
    expect(await writes()).toEqual([])
  }
  beforeEach(() => control(world.url)('DELETE', '/calls'))

  test('a file that the commit touched was changed since', async () => {
    await commit('First', { 'a.txt': 'one', 'b.txt': 'b' })
    const bad = await commit('Break it', { 'a.txt': 'two', 'b.txt': 'c' })
    await commit('On top', { 'a.txt': 'three' })
    await control(world.url)('DELETE', '/calls')
    await refused({ commit: bad }, /cannot be taken back by itself: 1 file it touched changed since: a\.txt\./)
  })

  test('a merge, until somebody says which side comes back', async () => {
    await octokit.git.createRef({ ...shop, ref: 'refs/heads/side', sha: await head() })
    const side = await commit('Side', { 's.txt': 's' }, { branch: 'side' })
    await commit('First', { 'a.txt': 'one' })
    const merge = await commit('Merge side', { 's.txt': 's' }, { parents: [side] })
    await control(world.url)('DELETE', '/calls')
    await refused({}, new RegExp(`is a merge: .*mainline=1 \\(.{7}\\) or mainline=2 \\(${side.slice(0, 7)}\\)`))
    await refused({ mainline: '3' }, 'has no parent 3')
    const here = at({ mainline: '1' })
    expect(await here.run((await here.plan()).plan)).toMatchObject({ outcome: 'done' })
    expect(await files()).toEqual({ 'a.txt': 'one' })
    const { data } = await octokit.git.getCommit({ ...shop, commit_sha: await head() })
    expect(data.message).toContain(`This reverts commit ${merge}, reversing changes made to `)
  })

  test('no merge, the first commit, one of another branch, one that is not there, one that is taken back already', async () => {
    const first = await head()
    await refused({}, 'is the first commit')
    await octokit.git.createRef({ ...shop, ref: 'refs/heads/side', sha: first })
    const side = await commit('Side', { 's.txt': 's' }, { branch: 'side' })
    const bad = await commit('Break it', { 'a.txt': 'two' })
    await commit('By hand', { 'a.txt': null })
    await control(world.url)('DELETE', '/calls')
    await refused({ commit: side }, /^[0-9a-f]{7} is not on main\.$/)
    await refused({ commit: 'abcdef1234' }, 'has no commit abcdef1234')
    await refused({ commit: bad, mainline: '2' }, 'is no merge: leave `mainline` out')
    await refused({ commit: bad }, 'there is nothing to take back')
  })

  test('a wrong token, a repository and a branch that are not there', async () => {
    await refused({}, /does not accept the key \(401\): look whether GITHUB_TOKEN_SHOP is current/, {}, { secrets: { [secret]: 'wrong' } })
    await refused({}, /does not know what it is about \(404\)/, { repository: 'acme/none' })
    await refused({}, /does not know what it is about \(404\)/, { branch: 'none' })
  })

  test('a token without the right, an archived repository', async () => {
    await using other = await startHttp((_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ permissions: { push: false }, commit: { sha: 'a'.repeat(40) }, protected: false }))
    })
    await refused({}, 'The token in GITHUB_TOKEN_SHOP may not write', { apiUrl: `http://${other.host}` })
    await using archive = await startHttp((_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ archived: true, commit: { sha: 'a'.repeat(40) } }))
    })
    await refused({}, 'is archived', { apiUrl: `http://${archive.host}` })
  })
})

test.each(['HEAD', 'main', '../..', '1234567;ls', 'a'.repeat(41), '--force'])('what is no commit is not taken (faults 57): %s', (value) => {
  expect(kind.input.safeParse({ commit: value }).success).toBe(false)
})

test('a branch that moved after the preview is not touched', async () => {
  await commit('Break it', { 'a.txt': 'two' })
  const here = at()
  const { plan, state } = await here.plan()
  const later = await commit('Later', { 'z.txt': 'z' })
  expect((await here.plan()).state).not.toEqual(state)
  expect(await here.run(plan)).toMatchObject({ outcome: 'failed', text: expect.stringContaining('not a fast-forward') as string })
  expect(await head()).toBe(later)
})

describe('by pull request', () => {
  const protect = () =>
    octokit.repos.updateBranchProtection({
      ...shop,
      branch: 'main',
      required_status_checks: null,
      enforce_admins: true,
      required_pull_request_reviews: { required_approving_review_count: 1 },
      restrictions: null,
    })
  const pulls = async () => (await octokit.pulls.list({ ...shop, state: 'all' })).data

  test('where the branch is protected, and people merge it', async () => {
    await commit('First', { 'a.txt': 'one' })
    const bad = await commit('Break it', { 'a.txt': 'two' })
    await protect()
    const here = at()
    const { plan, summary } = await here.plan()
    expect(summary).toContain('main is protected. People merge it.')
    const first = await here.run(plan)
    const [pull] = await pulls()
    expect(first).toEqual({ outcome: 'waits', task: `Review and merge pull request #${pull?.number}.`, link: pull?.html_url })
    expect(pull).toMatchObject({ title: 'Revert "Break it"', body: `This reverts commit ${bad}.\n\nTocsin-Run: inc-1:1` })
    expect(await head()).toBe(bad)
    expect(await files(pull?.head.ref)).toEqual({ 'a.txt': 'one' })

    here.tick()
    expect(await here.run(plan)).toMatchObject({ outcome: 'waits', task: expect.stringContaining('It is not merged yet.') as string })
    await octokit.repos.deleteBranchProtection({ ...shop, branch: 'main' })
    await octokit.pulls.merge({ ...shop, pull_number: pull?.number ?? 0, merge_method: 'merge' })
    const merged = await head()
    expect(await here.run(plan)).toMatchObject({ outcome: 'done', undo: { commit: merged } })
    expect(await pulls()).toHaveLength(1)

    const back = handBack(kind, options, { commit: merged }, { ...more, runKey: 'inc-1:2' })
    expect(await back.run((await back.plan()).plan)).toMatchObject({ outcome: 'done' })
    expect(await files()).toEqual({ 'a.txt': 'two' })
  })

  test('where a rule asks for it, or the catalogue; one that is closed is no revert', async () => {
    await commit('Break it', { 'a.txt': 'two' })
    const here = at({}, { by: 'pull' })
    const { plan, summary } = await here.plan()
    expect(summary).toContain('the catalogue wants it so')
    await here.run(plan)
    const [pull] = await pulls()
    await octokit.pulls.update({ ...shop, pull_number: pull?.number ?? 0, state: 'closed' })
    here.tick()
    expect(await here.run(plan)).toMatchObject({ outcome: 'failed', text: expect.stringContaining('was closed unmerged') as string })

    await octokit.git.createRef({ ...shop, ref: 'refs/heads/release', sha: await head() })
    await control(world.url)('POST', '/github/rules', { branch: 'release', type: 'pull_request' })
    expect((await at({}, { branch: 'release' }).plan()).summary).toContain('a rule of release asks for it')
  })

  test.each([
    ['POST /repos/*/git/refs', 'drop-after'],
    ['POST /repos/*/git/refs', 'drop-before'],
    ['POST /repos/*/pulls', 'drop-after'],
    ['POST /repos/*/pulls', 'drop-before'],
    ['POST /repos/*/pulls', 'status'],
  ])('an answer to %s that is lost (%s) leaves one branch and one pull request (faults 53)', async (method, how) => {
    await commit('Break it', { 'a.txt': 'two' })
    const here = at({}, { by: 'pull' })
    const { plan } = await here.plan()
    await fault({ method, kind: how, status: 502 })
    await expect(here.run(plan)).rejects.toThrow(FetchFault)
    const back = await here.recover(plan)
    const none = method.endsWith('refs') && how === 'drop-before'
    expect(back).toEqual({ outcome: none ? 'undone' : 'resume' })
    expect(await here.run(plan)).toMatchObject({ outcome: 'waits' })
    expect(await pulls()).toHaveLength(1)
    const { data: branches } = await octokit.git.listMatchingRefs({ ...shop, ref: 'heads/revert-' })
    expect(branches).toHaveLength(1)
  })

  test.each([true, false])(
    'merged, its branch deleted, and the bot gone before it knew (the number remembered: %s)',
    async (remembered) => {
      await commit('Break it', { 'a.txt': 'two' })
      const before = at({}, { by: 'pull' })
      const { plan } = await before.plan()
      // Else its answer is lost, and a person is faster than the bot.
      if (!remembered) await fault({ method: 'POST /repos/*/pulls', kind: 'drop-after' })
      const begun = before.run(plan)
      await (remembered ? begun : expect(begun).rejects.toThrow(FetchFault))
      const [pull] = await pulls()
      await octokit.pulls.merge({ ...shop, pull_number: pull?.number ?? 0, merge_method: 'merge' })
      // As GitHub does by itself, where the repository's settings say so.
      await octokit.git.deleteRef({ ...shop, ref: `heads/${pull?.head.ref}` })
      before.tick()
      const done = { outcome: 'done', undo: { commit: await head() } }
      expect(await before.recover(plan)).toMatchObject(done)
      expect(await before.run(plan)).toMatchObject(done)
      expect(await pulls()).toHaveLength(1)
    },
  )

  test('a pull request that GitHub does not tell of is not said to have changed nothing', async () => {
    await commit('Break it', { 'a.txt': 'two' })
    const here = at({}, { by: 'pull' })
    const { plan } = await here.plan()
    await here.run(plan)
    here.tick()
    await fault({ method: 'GET /repos/*/pulls/*', kind: 'status', status: 403, times: 2 })
    await expect(here.run(plan)).rejects.toThrow(FetchFault)
    await expect(here.recover(plan)).rejects.toThrow(FetchFault)
  })

  test('a pull request that cannot be made is not tried for ever', async () => {
    await commit('Break it', { 'a.txt': 'two' })
    const here = at({}, { by: 'pull' })
    const { plan } = await here.plan()
    await fault({ method: 'POST /repos/*/pulls', kind: 'status', status: 502, times: 3 })
    for (const outcome of ['resume', 'resume', 'unclear']) {
      await expect(here.run(plan)).rejects.toThrow(FetchFault)
      expect(await here.recover(plan)).toMatchObject({ outcome })
    }
  })
})

test.each([
  ['POST /repos/*/git/trees', 'drop-after'],
  ['POST /repos/*/git/commits', 'drop-after'],
  ['PATCH /repos/*/git/refs/*', 'drop-before'],
  ['PATCH /repos/*/git/refs/*', 'drop-after'],
  ['PATCH /repos/*/git/refs/*', 'status'],
  // A proxy gives up waiting, and GitHub has it.
  ['PATCH /repos/*/git/refs/*', '408'],
])('an answer to %s that is lost (%s) is read back, and the branch has one revert at most (faults 53)', async (method, how) => {
  const bad = await commit('Break it', { 'a.txt': 'two' })
  const here = at()
  const { plan } = await here.plan()
  await fault({ method, ...(how === '408' ? { kind: 'status', status: 408, when: 'after' } : { kind: how, status: 502 }) })
  await expect(here.run(plan)).rejects.toThrow(FetchFault)
  const moved = await head()
  const happened = method.startsWith('PATCH') && ['drop-after', '408'].includes(how)
  expect(moved === bad).toBe(!happened)
  expect(await here.recover(plan)).toMatchObject(happened ? { outcome: 'done', undo: { commit: moved } } : { outcome: 'undone' })
  // What came later does not hide it.
  await commit('Later', { 'z.txt': 'z' })
  expect(await here.recover(plan)).toMatchObject({ outcome: happened ? 'done' : 'undone' })
})

test('it is found below more commits than a page holds', async () => {
  await commit('Break it', { 'a.txt': 'two' })
  const here = at()
  const { plan } = await here.plan()
  await fault({ method: 'PATCH /repos/*/git/refs/*', kind: 'drop-after' })
  await expect(here.run(plan)).rejects.toThrow(FetchFault)
  const moved = await head()
  const { data: made } = await octokit.git.getCommit({ ...shop, commit_sha: moved })
  let last = moved
  for (let number = 1; number <= 101; number += 1)
    last = (await octokit.git.createCommit({ ...shop, message: `Push ${number}`, tree: made.tree.sha, parents: [last] })).data.sha
  await octokit.git.updateRef({ ...shop, ref: 'heads/main', sha: last })
  expect(await here.recover(plan)).toMatchObject({ outcome: 'done', undo: { commit: moved } })
})

test('GitHub down or slow says so, and nothing is guessed', async () => {
  await expect(at({}, { apiUrl: `http://127.0.0.1:${await closedPort()}` }).preview()).rejects.toThrow(FetchFault)
  await commit('Break it', { 'a.txt': 'two' })
  const { plan } = await at().plan()
  await fault({ method: '*', kind: 'delay', ms: 60_000, times: 0 })
  const slow = at({}, {}, { timeoutMs: 200 })
  await expect(slow.preview()).rejects.toThrow(FetchFault)
  const begun = at({}, {}, { timeoutMs: 200, memo: { commit: plan.commit, tries: 1, pull: null } })
  await expect(begun.recover(plan)).rejects.toThrow(FetchFault)
  await expect(slow.verify(plan)).rejects.toThrow(FetchFault)
})

test('what is not there yet does not settle', async () => {
  await commit('Break it', { 'a.txt': 'two' })
  const here = at()
  expect(await here.verify((await here.plan()).plan as Json as never)).toMatchObject({ settled: false, findings: [{ status: 'warn' }] })
})

describe('whole files', () => {
  const entry = (path: string, sha: string, mode = '100644', type = 'blob') => ({ path, sha, mode, type })
  test('a mode is a change, a folder in the way a conflict', () => {
    const [plain, executable] = [entry('run', 'a'), entry('run', 'a', '100755')]
    expect(reversal([plain], [executable], [executable])).toEqual({ changes: [plain], conflicts: [] })
    // The commit took the file away, and somebody made a folder of that name.
    expect(reversal([plain], [], [entry('run/x', 'b')])).toMatchObject({ conflicts: ['run'] })
    expect(reversal([entry('run/x', 'b')], [], [plain])).toMatchObject({ conflicts: ['run/x'] })
    // The commit itself made the one of the other.
    expect(reversal([plain], [entry('run/x', 'b')], [entry('run/x', 'b')])).toMatchObject({
      changes: [plain, { ...entry('run/x', 'b'), sha: null }],
      conflicts: [],
    })
  })
})

test('GitHub cannot be reached any more when the branch is to be moved: it has failed, and nobody has to look', async () => {
  const bad = await commit('Break it', { 'a.txt': 'two' })
  await using front = await startFront(world.githubApiUrl)
  const here = at({}, { apiUrl: front.url }, { remembered: () => front[Symbol.asyncDispose]() })
  const { plan } = await here.plan()
  expect(await here.run(plan)).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(/nothing listens .* Nothing was changed\.$/) as string,
  })
  expect(await here.recover(plan)).toEqual({ outcome: 'undone' })
  expect(await head()).toBe(bad)
})
