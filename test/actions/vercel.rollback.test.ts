/** Through the emulator and its front, which accepts first and moves traffic a moment later, as Vercel does. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import promote from '../../src/actions/vercel.promote.ts'
import rollback from '../../src/actions/vercel.rollback.ts'
import { FetchFault } from '../../src/ports.ts'
import { startHttp } from '../adapters/server.ts'
import { startVendor } from '../checks/vendor.ts'
import { type Acting, hand, handBack } from './acting.ts'
import { startFront } from './front.ts'
import { minute, secret, shiftCalls as calls, startVercel, token, type TestVercel } from './vercel.ts'

let vercel: TestVercel
let before: string
let bad: string
beforeEach(async () => {
  vercel = await startVercel()
  onTestFinished(() => vercel[Symbol.asyncDispose]())
  before = await vercel.deploy('aaa1111aaa1111', 'Add invoices', 2 * 24 * 60 * minute)
  bad = await vercel.deploy('bbb2222bbb2222', 'Break checkout\n\nlong story', 41 * minute)
  await vercel.manner({})
  await vercel.forget()
})

const secrets = { [secret]: token }
const back = (input: Record<string, string> = {}, options: object = {}, more: Acting = {}) =>
  hand(rollback, { ...vercel.options, ...options }, input, { secrets, ...more })
const unable = async (input: Record<string, string>, options: object = {}, more: Acting = {}) => {
  const seen = await back(input, options, more).preview()
  return 'unable' in seen ? seen.unable : `possible: ${seen.summary}`
}
describe('back, and forth again', () => {
  test('to the one before: previewed, run once, watched until traffic has moved, verified', async () => {
    const { id } = await vercel.project()
    const at = back()
    const { plan, ...seen } = await at.plan()
    expect(seen).toEqual({
      summary: `Production goes from ${bad} (bbb2222 “Break checkout” by Ann, live for 41 min) to ${before} (aaa1111 “Add invoices” by Ann, built 2 d ago).`,
      calls: [`POST ${vercel.options.apiUrl}/v1/projects/${id}/rollback/${before}?slug=local`],
      effects: ['Commits and migrations in between: not known'],
      reversible: `${bad} is promoted again; that turns automatic promotion on, too`,
      warnings: [
        'Nobody knows which commits and migrations lie in between: the action’s options name no repository.',
        expect.stringMatching(/^Automatic promotion is off: .* environment variables and the cron jobs of its time\.$/),
      ],
      state: { production: bad, release: null },
    })
    expect(await vercel.changes()).toEqual([])
    expect(await at.run(plan)).toEqual({
      outcome: 'done',
      text: `Production serves ${before}. Automatic promotion is off: what is pushed from now on is built, but not served until somebody promotes a deployment.`,
      undo: { from: before, to: bad },
    })
    expect(await vercel.changes()).toEqual(calls('rollback', before, id))
    expect((await vercel.project()).production).toBe(before)
    const { settled, findings } = await at.verify(plan)
    expect([settled, findings.map(({ status, text }) => `${status}: ${text.split('.')[0]}`)]).toEqual([
      true,
      [
        `ok: Production serves ${before}`,
        'warn: Automatic promotion is off: what is pushed from now on is built, but not served until somebody promotes a deployment',
      ],
    ])
  })

  test('undone by a promotion, which turns automatic promotion on', async () => {
    const { id } = await vercel.project()
    const at = back()
    const ran = await at.run((await at.plan()).plan)
    const later = await vercel.deploy('ccc3333ccc3333', 'Fix', 0)
    expect((await vercel.project()).production).toBe(before)
    const undo = handBack(rollback, vercel.options, ran.outcome === 'done' ? (ran.undo ?? null) : null, { secrets })
    const { plan, summary, warnings } = await undo.plan()
    expect(summary).toMatch(new RegExp(`^Production goes from ${before} .* to ${bad} `))
    expect(warnings.at(-1)).toMatch(/^Production was rolled back before\. Automatic promotion is on/)
    await vercel.forget()
    expect(await undo.run(plan)).toMatchObject({ outcome: 'done', text: expect.stringContaining('Automatic promotion is on') })
    expect(await vercel.changes()).toEqual(calls('promote', bad, id))
    expect(await undo.verify(plan)).toEqual({ settled: true, findings: [{ status: 'ok', text: `Production serves ${bad}.` }] })
    expect(later).not.toBe(bad)
    expect((await vercel.project()).production).toBe(bad)
  })

  test('what was moved meanwhile is not taken back', async () => {
    const undo = handBack(rollback, vercel.options, { from: before, to: bad }, { secrets })
    expect(await undo.preview()).toEqual({
      unable: `Production serves ${bad}, not ${before} that it was moved to: there is nothing left to take back.`,
    })
  })

  test.each(['id', 'address', 'https address', 'commit'] as const)('to one that is named by its %s', async (by) => {
    const old = await vercel.deploy('ddd4444ddd4444', 'Long ago', 9 * 24 * 60 * minute)
    const { url } = await vercel.call('GET', `/v13/deployments/${old}`)
    // The emulator has made it the served one.
    const { id } = await vercel.project()
    await vercel.put('projects', { id, targets: { production: { id: bad, created: Date.now() - 41 * minute } } })
    const to = { id: old, address: String(url), 'https address': `https://${String(url)}/`, commit: 'ddd4444' }[by]
    const { plan } = await back({ to }).plan()
    expect(plan).toMatchObject({ from: bad, to: old })
  })

  test('not to the one that was taken back itself, where Vercel tells what served before', async () => {
    await back().run((await back().plan()).plan)
    const fix = await vercel.deploy('fff6666fff6666', 'Fix', 0)
    const up = hand(promote, vercel.options, { to: fix }, { secrets, runKey: 'inc-1:2' })
    await up.run((await up.plan()).plan)
    const seen = await back().plan()
    expect(seen.plan).toMatchObject({ from: fix, to: before })
    expect(seen.warnings.join(' ')).not.toContain('may have been taken back')
    // Rolled back to from something newer, it hides what it was promoted from.
    const { id } = await vercel.project()
    const last = { fromDeploymentId: 'dpl_newer', toDeploymentId: fix, requestedAt: Date.now(), type: 'rollback', jobStatus: 'succeeded' }
    await vercel.put('projects', { id, lastAliasRequest: last })
    const { plan, warnings } = await back().plan()
    expect(plan.to).toBe(bad)
    expect(warnings[0]).toMatch(
      new RegExp(`^${bad} is the newest that was built before, and may have been taken back itself: .* name that: \`to=\``),
    )
    expect((await back({ to: before }).plan()).warnings.join(' ')).not.toContain('may have been taken back')
    // What was built since can only have been served by itself.
    await vercel.put('projects', { id, lastAliasRequest: { ...last, requestedAt: Date.now() - 2 * 60 * minute } })
    expect((await back().plan()).warnings.join(' ')).not.toContain('may have been taken back')
    // Nor was what was promoted last, when a push is served since.
    await vercel.put('projects', { id, lastAliasRequest: { ...last, type: 'promote' } })
    await vercel.deploy('aab8888aab8888', 'Another fix', 0)
    const next = await back().plan()
    expect(next.plan.to).toBe(fix)
    expect(next.warnings.join(' ')).not.toContain('may have been taken back')
  })

  test('long after a rollback, when the one that is served is on another page', async () => {
    const one = (uid: string, created: number, more: object = {}) => ({
      uid,
      created,
      readyState: 'READY',
      readySubstate: 'PROMOTED',
      target: 'production',
      projectId: 'prj_1',
      ...more,
    })
    const newer = Array.from({ length: 100 }, (_, index) => one(`dpl_new${index}`, 1_000 + index, { readySubstate: 'STAGED' }))
    await using old = await startVendor({
      '/v9/projects/shop': { body: { id: 'prj_1', name: 'shop', targets: { production: one('dpl_served', 500) } } },
      '/v6/deployments': ({ url }) => ({ body: { deployments: url.includes('until=500') ? [one('dpl_before', 400)] : newer } }),
    })
    expect((await back({}, { apiUrl: old.url }).plan()).plan).toMatchObject({ from: 'dpl_served', to: 'dpl_before' })
  })

  test('commits and migrations in between, as GitHub knows them', async () => {
    await using github = await startVendor({
      '/repos/acme/shop/compare/aaa1111aaa1111...bbb2222bbb2222': {
        body: {
          status: 'ahead',
          total_commits: 3,
          commits: ['one', 'two', 'Break checkout'].map((message, index) => ({ sha: `${index}abcdef0`, commit: { message } })),
          files: ['supabase/migrations/20261101_total.sql', 'supabase/migrations/20261102_tax.sql', 'app/page.tsx'].map((filename) => ({
            filename,
          })),
        },
      },
    })
    const there = { repository: 'acme/shop', secret: 'GITHUB_TOKEN', apiUrl: github.url }
    const { effects, warnings } = await back({}, { github: there }, { secrets: { ...secrets, GITHUB_TOKEN: 'ghp_x' } }).plan()
    expect(effects).toEqual([
      '3 commits are taken back: 2abcdef “Break checkout”; 1abcdef “two”; 0abcdef “one”',
      '2 migrations among them: 20261101_total.sql; 20261102_tax.sql',
    ])
    expect(warnings[0]).toMatch(/^The database keeps what these migrations changed/)
    expect(github.heard[0]?.headers.authorization).toBe('Bearer ghp_x')
  })

  test.each([
    ['its token is not set', {}, 'GITHUB_TOKEN is not set.'],
    ['GitHub is down', { GITHUB_TOKEN: 'ghp_x' }, 'Connection refused: '],
    ['its repository is not said', { GITHUB_TOKEN: 'ghp_x' }, 'name no repository', {}],
  ])('nobody knows what lies in between: %s', async (_, more, says, where: object = { repository: 'acme/shop' }) => {
    const closed = await startHttp(() => {})
    await closed[Symbol.asyncDispose]()
    const github = { ...where, secret: 'GITHUB_TOKEN', apiUrl: `http://${closed.host}` }
    const { effects, warnings } = await back({}, { github }, { secrets: { ...secrets, ...more } }).plan()
    expect([effects, warnings[0]]).toEqual([['Commits and migrations in between: not known'], expect.stringContaining(says)])
  })
})

describe('what cannot be gone back to (faults 52)', () => {
  test('the one that is served', async () => {
    expect(await unable({ to: bad })).toBe(`Production serves ${bad} (bbb2222 “Break checkout” by Ann) already: there is nothing to do.`)
  })
  test('one of another project', async () => {
    const { id } = await vercel.call('POST', '/v13/deployments', { name: 'other', target: 'production' })
    expect(await unable({ to: String(id) })).toBe(`${String(id)} is a deployment of another project than shop.`)
  })
  test('one that was built for preview', async () => {
    const { id } = await vercel.call('POST', '/v13/deployments', { name: 'shop' })
    expect(await unable({ to: String(id) })).toBe(`${String(id)} was built for preview, not for production.`)
  })
  test.each([
    [{ readyState: 'ERROR', state: 'ERROR' }, 'failed to build, so it can serve nothing.'],
    [{ readyState: 'BUILDING', state: 'BUILDING' }, 'is building, not ready: it can serve nothing.'],
    [{ readySubstate: 'STAGED' }, 'was never in production, so there is nothing to go back to: promote it instead.'],
    [{ isRollbackCandidate: false }, 'was never in production, so there is nothing to go back to: promote it instead.'],
  ])('one that is %j', async (like, says) => {
    await vercel.put('deployments', { id: before, ...like })
    expect(await unable({ to: before })).toBe(`${before} ${says}`)
    // Nor is it taken for the one before.
    expect(await unable({})).toMatch(/^Production has served nothing else before /)
  })
  test('one that nobody knows, was deleted, or is no name at all', async () => {
    await vercel.call('DELETE', `/v13/deployments/${before}`)
    expect(await unable({ to: before })).toBe(`Vercel knows no deployment ${before}: it was deleted, or belongs to another team.`)
    expect(await unable({ to: '0123456' })).toMatch(/^None of the last 1 deployments to production was built from commit 0123456/)
    for (const to of ['../../v9/projects', 'dpl_1/promote', 'dpl_1?x=1', '$(id)', 'latest', 'http://shop.example'])
      expect(rollback.input.safeParse({ to }).error?.issues[0]?.message).toMatch(/^must be the id of a deployment/)
  })
  test('further back than Hobby goes', async () => {
    await vercel.deploy('eee5555eee5555', 'Older', 3 * 24 * 60 * minute)
    const { id } = await vercel.project()
    await vercel.put('projects', { id, targets: { production: { id: bad, created: Date.now() - 41 * minute } } })
    await vercel.put('deployments', { id: bad, plan: 'hobby' })
    expect(await unable({ to: 'eee5555' })).toMatch(/^On Vercel’s Hobby plan production goes back one deployment only, which is dpl_/)
    expect(await unable({ to: before })).toMatch(/^possible/)
  })
  test('while another is under way', async () => {
    const { id } = await vercel.project()
    const last = { fromDeploymentId: bad, toDeploymentId: before, requestedAt: 1, type: 'rollback', jobStatus: 'pending' }
    await vercel.put('projects', { id, lastAliasRequest: last })
    expect(await unable({})).toBe(`A rollback to ${before} is under way at Vercel: wait until it is done, then ask anew.`)
  })
  test('without the right, or with Vercel away', async () => {
    expect(await unable({}, {}, { secrets: { [secret]: 'another' } })).toMatch(
      /does not accept the key \(401\): look whether VERCEL_TOKEN is current/,
    )
    await vercel.fault({ kind: 'status', status: 503, times: 1 })
    expect(await unable({})).toMatch(/^Vercel has a problem of its own \(503\)/)
    await vercel.fault({ kind: 'down' })
    await expect(back().preview()).rejects.toThrow(FetchFault)
  })
})

describe('what Vercel refuses when it is asked', () => {
  test.each([
    [402, 'To roll back further than the previous production deployment, upgrade to pro', 'Vercel’s plan does not include that (402)'],
    [403, 'You do not have permission', 'Vercel does not let the token in VERCEL_TOKEN change that (403)'],
    [404, 'Deployment not found', 'Vercel does not know what was to be changed (404)'],
    [409, 'There is a pending alias request', 'Vercel is at another change of the same (409)'],
    [429, 'Rate limit exceeded', 'Vercel limits the rate of our calls (429)'],
  ])('%i', async (status, error, says) => {
    const at = back()
    const { plan } = await at.plan()
    await vercel.fault({ kind: 'status', method: 'POST *', status, error })
    const ran = await at.run(plan)
    expect(ran).toMatchObject({ outcome: 'failed', text: expect.stringContaining(says) })
    expect(ran).toMatchObject({ text: expect.stringContaining(`It says: ${error}.`) })
    expect((await vercel.project()).production).toBe(bad)
  })
  test('it was moved between the approval and the run', async () => {
    const at = back()
    const { plan } = await at.plan()
    const next = await vercel.deploy('fff6666fff6666', 'Fix', 0)
    await vercel.forget()
    expect(await at.run(plan)).toEqual({ outcome: 'failed', text: `Production serves ${next} by now: nothing was asked of Vercel.` })
    expect(await vercel.changes()).toEqual([])
  })
  test('somebody else rolled back to the same between the approval and the run: theirs is not taken for this one', async () => {
    const at = back()
    const { plan } = await at.plan()
    const other = back({}, {}, { runKey: 'inc-9:9' })
    expect(await other.run((await other.plan()).plan)).toMatchObject({ outcome: 'done' })
    await vercel.forget()
    expect(await at.run(plan)).toEqual({ outcome: 'done', text: `Production serves ${before} already: nothing was asked of Vercel.` })
    expect(await vercel.changes()).toEqual([])
    expect(at.memo()).toBeNull()
  })
  test.each(['pending', 'in-progress', 'succeeded', 'skipped', 'failed'])('theirs is %s, and has not moved it', async (jobStatus) => {
    const at = back()
    const { plan } = await at.plan()
    const theirs = { fromDeploymentId: bad, toDeploymentId: before, requestedAt: Date.now(), type: 'rollback', jobStatus }
    await vercel.put('projects', { id: (await vercel.project()).id, lastAliasRequest: theirs })
    await vercel.forget()
    expect(await at.run(plan)).toEqual({
      outcome: 'failed',
      text: `Somebody else has asked Vercel meanwhile to move production to ${before}: this run asked for nothing. Production serves ${bad} now.`,
    })
    expect(await vercel.changes()).toEqual([])
  })
  test('one that failed before is none of this one', async () => {
    const { id } = await vercel.project()
    const failed = {
      fromDeploymentId: bad,
      toDeploymentId: before,
      requestedAt: Date.now() - minute,
      type: 'rollback',
      jobStatus: 'failed',
    }
    await vercel.put('projects', { id, lastAliasRequest: failed })
    const at = back()
    const { plan } = await at.plan()
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    expect(await at.run(plan)).toMatchObject({ outcome: 'done' })
  })
  test('not every domain moved', async () => {
    await vercel.manner({ moves: 'fails' })
    const at = back()
    expect(await at.run((await at.plan()).plan)).toMatchObject({
      outcome: 'unclear',
      text: expect.stringContaining('did not get every domain'),
    })
  })
})

describe('a crash between Vercel’s answer and the record (faults 53)', () => {
  test('before it was asked: it did not happen', async () => {
    const at = back()
    expect(await at.recover((await at.plan()).plan)).toEqual({ outcome: 'undone' })
  })

  test.each([
    ['the line drops after the effect', { kind: 'drop-after' }],
    ['500 after the effect', { kind: 'status', status: 500, when: 'after' }],
    ['408 after the effect', { kind: 'status', status: 408, when: 'after' }],
    ['no answer after the effect', { kind: 'hold', when: 'after' }],
  ] as const)('%s: it is read back, and nothing is asked twice', async (_, fault) => {
    const { id } = await vercel.project()
    const at = back({}, {}, { timeoutMs: 1_500 })
    const { plan } = await at.plan()
    await vercel.fault({ ...fault, method: 'POST *' })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await vercel.mend()
    // As the bot does it: read back, and go on if it is still under way.
    const found = await at.recover(plan)
    const end = found.outcome === 'resume' ? await at.run(plan) : found
    expect(end).toMatchObject({ outcome: 'done', undo: { from: before, to: bad } })
    expect(await vercel.changes()).toEqual(calls('rollback', before, id))
  })

  test('the line drops before the effect: it did not happen', async () => {
    const at = back()
    const { plan } = await at.plan()
    await vercel.fault({ kind: 'drop-before', method: 'POST *' })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
  })

  const asked = async (request: object) =>
    vercel.put('projects', {
      id: (await vercel.project()).id,
      lastAliasRequest: { type: 'promote', jobStatus: 'succeeded', toDeploymentId: bad, requestedAt: Date.now(), ...request },
    })

  test('somebody promotes it back before it is read back: it happened, and since then something else is served', async () => {
    const at = back()
    const { plan } = await at.plan()
    await vercel.fault({ kind: 'drop-after', method: 'POST *', times: 1 })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect.poll(async () => (await vercel.project()).production).toBe(before)
    const by = hand(promote, vercel.options, { to: bad }, { secrets, runKey: 'inc-9:9' })
    expect(await by.run((await by.plan()).plan)).toMatchObject({ outcome: 'done' })
    expect(await at.recover(plan)).toEqual({
      outcome: 'done',
      text: `Production was moved to ${before}; since then ${bad} is served.`,
    })
    expect(await at.verify(plan)).toEqual({
      settled: true,
      findings: [{ status: 'warn', text: `Production serves ${bad}: it was moved on from ${before}.` }],
    })
  })

  test('somebody else moves it while nobody knows whether this was: it is not said to be undone', async () => {
    const at = back()
    const { plan } = await at.plan()
    await vercel.fault({ kind: 'drop-before', method: 'POST *', times: 1 })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await asked({ fromDeploymentId: 'dpl_other' })
    expect(await at.recover(plan)).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('somebody else has moved it') })
  })

  test('what others did between the preview and the run is none of it', async () => {
    const at = back()
    const { plan } = await at.plan()
    await asked({ fromDeploymentId: before })
    await vercel.fault({ kind: 'drop-before', method: 'POST *', times: 1 })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
    expect(await back().run(plan)).toMatchObject({ outcome: 'done', undo: { from: before, to: bad } })
  })

  test('traffic does not move: it is waited for, gone on with, and given up', async () => {
    await vercel.manner({ moves: 'never' })
    const at = back({}, {}, { timeoutMs: 1_500 })
    const { plan } = await at.plan()
    await expect(at.run(plan)).rejects.toThrow('traffic had not moved')
    expect(await at.recover(plan)).toEqual({ outcome: 'resume' })
    await expect(at.run(plan)).rejects.toThrow('traffic had not moved')
    // Whoever does not know what was remembered asks no second time.
    expect(await back().run(plan)).toMatchObject({ outcome: 'failed', text: expect.stringContaining('this run asked for nothing') })
    expect(await vercel.changes()).toHaveLength(1)
    expect(await at.verify(plan)).toEqual({
      settled: false,
      findings: [{ status: 'fail', text: `Production serves ${bad}, not ${before}.` }],
    })
    const late = back({}, {}, { memo: at.memo(), now: () => new Date(Date.now() + 11 * minute).toISOString() })
    expect(await late.recover(plan)).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('for 11 min') })
  })

  test('Vercel does not answer when it is read back', async () => {
    const at = back({}, {}, { memo: { asked: true } })
    const { plan } = await at.plan()
    await vercel.fault({ kind: 'status', status: 500, times: 1 })
    await expect(at.recover(plan)).rejects.toThrow(FetchFault)
  })
})

test('Vercel cannot be reached any more when it is to be asked: it has failed, and nobody has to look', async () => {
  await using front = await startFront(vercel.options.apiUrl)
  const at = back({}, { apiUrl: front.url }, { remembered: () => front[Symbol.asyncDispose]() })
  const { plan } = await at.plan()
  expect(await at.run(plan)).toEqual({
    outcome: 'failed',
    text: expect.stringMatching(/nothing listens there\. \(ECONNREFUSED\) Nothing was changed\.$/),
  })
  // A crash before that was recorded.
  expect(await at.recover(plan)).toEqual({ outcome: 'undone' })
  expect(await vercel.changes()).toEqual([])
})
