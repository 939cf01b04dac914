/** Through the emulator and its front, which builds a moment later, as Vercel does. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import deploy from '../../src/actions/vercel.deploy.ts'
import rollback from '../../src/actions/vercel.rollback.ts'
import type { Json } from '../../src/incident/acting/action.ts'
import { FetchFault } from '../../src/ports.ts'
import { startVendor } from '../checks/vendor.ts'
import { type Acting, hand, handBack } from './acting.ts'
import { startFront } from './front.ts'
import { minute, secret, startVercel, token, type TestVercel } from './vercel.ts'

let vercel: TestVercel
let before: string
let served: string
beforeEach(async () => {
  vercel = await startVercel()
  onTestFinished(() => vercel[Symbol.asyncDispose]())
  before = await vercel.deploy('aaa1111aaa1111', 'Add invoices', 3 * 60 * minute)
  served = await vercel.deploy('bbb2222bbb2222', 'Break checkout', 41 * minute)
  await vercel.manner({})
  await vercel.forget()
})

const secrets = { [secret]: token }
const at = (input: Record<string, string> = {}, options: object = {}, more: Acting = {}) =>
  hand(deploy, { ...vercel.options, environment: 'production', ...options }, input, { secrets, ...more })
const unable = async (input: Record<string, string>, options: object = {}) => {
  const seen = await at(input, options).preview()
  return 'unable' in seen ? seen.unable : `possible: ${seen.summary}`
}

test('a commit is built anew for production, waited for, served, verified, and rolled back', async () => {
  const doing = at({ commit: 'aaa1111' })
  const { plan, ...seen } = await doing.plan()
  expect(seen).toMatchObject({
    summary: `aaa1111 is built anew for production, and served in place of ${served} (bbb2222 “Break checkout” by Ann, live for 41 min).`,
    reversible: `production is rolled back to ${served}; that turns automatic promotion off`,
    state: { production: served, commit: 'aaa1111aaa1111' },
  })
  expect(seen.calls).toEqual([
    `POST ${vercel.options.apiUrl}/v13/deployments?forceNew=1&slug=local {"deploymentId":"${before}","name":"shop","project":"${(await vercel.project()).id}","target":"production"}`,
  ])
  expect(await vercel.changes()).toEqual([])
  const ran = await doing.run(plan)
  const { production } = await vercel.project()
  expect([served, before]).not.toContain(production)
  expect(ran).toEqual({ outcome: 'done', text: `Production serves ${production}.`, undo: { from: production, to: served } })
  expect(await doing.verify(plan)).toEqual({ settled: true, findings: [{ status: 'ok', text: `Production serves ${production}.` }] })
  const undo = handBack(deploy, { ...vercel.options, environment: 'production' }, { from: production, to: served }, { secrets })
  expect(await undo.run((await undo.plan()).plan)).toMatchObject({ outcome: 'done' })
  expect((await vercel.project()).production).toBe(served)
  expect(await vercel.changes()).toHaveLength(2)
})

test('the last commit of the branch to staging, which takes nothing from production', async () => {
  await vercel.deploy(
    'ccc3333ccc3333',
    'Try',
    minute,
    {},
    { target: 'preview', meta: { githubCommitSha: 'ccc3333ccc3333', githubCommitRef: 'develop' } },
  )
  const doing = at({}, { environment: 'staging', branch: 'develop' })
  const { plan, summary, state } = await doing.plan()
  expect(summary).toMatch(/^ccc3333 is built anew for staging: /)
  expect(state).toEqual({ production: null, commit: 'ccc3333ccc3333' })
  const ran = await doing.run(plan)
  expect(ran).toMatchObject({ outcome: 'done', text: expect.stringMatching(/ is built for staging\.$/) })
  expect(ran).not.toHaveProperty('undo')
  expect(await doing.verify(plan)).toMatchObject({ settled: true })
  expect((await vercel.project()).production).toBe(served)
})

test('production is the riskier place', () => {
  const risk = (environment: 'production' | 'staging') =>
    deploy.risk(deploy.options.parse({ ...vercel.options, environment }), deploy.input.parse({}))
  expect([risk('production'), risk('staging')]).toEqual(['high', 'low'])
})

test('after a rollback it is built, and not served', async () => {
  const back = hand(rollback, vercel.options, {}, { secrets })
  await back.run((await back.plan()).plan)
  const doing = at({ commit: 'bbb2222' })
  const { plan, warnings } = await doing.plan()
  expect(warnings.at(-1)).toMatch(/^Production was rolled back: the build is not served/)
  expect(await at({ commit: 'aaa1111' }).plan()).toMatchObject({
    effects: [expect.anything(), 'No commit in between: both were built from the same'],
    warnings: expect.arrayContaining(['Production serves this commit already.']),
  })
  expect(await doing.run(plan)).toMatchObject({ outcome: 'done', text: expect.stringContaining('and not served') })
  expect(await doing.verify(plan)).toMatchObject({ settled: true, findings: [{ status: 'warn' }] })
  expect((await vercel.project()).production).toBe(before)
})

test.each([
  [{ commit: '0123456' }, {}, 'Vercel has built no commit 0123456 of branch main'],
  [{}, { branch: 'release' }, 'Vercel has built nothing of branch release'],
  [{ commit: 'aaa1111' }, { branch: 'release' }, 'aaa1111 is of branch main, and this action deploys release only.'],
  [{}, { project: 'nothing' }, 'knows nothing by that name (404)'],
])('not possible: %j %j', async (input, options, says) => {
  expect(await unable(input, options)).toContain(says)
})

test('arguments out of range', () => {
  for (const commit of ['main', 'abc', '../..', '--force', '$(id)', 'abcdefg1'])
    expect(deploy.input.safeParse({ commit }).error?.issues[0]?.message).toBe('must be a commit of 7 digits or more')
  expect(deploy.input.safeParse({ target: 'production' }).success).toBe(false)
})

test('the build fails: production serves what it did', async () => {
  await vercel.manner({ builds: 'fails' })
  const doing = at()
  const { plan } = await doing.plan()
  const ran = await doing.run(plan)
  expect(ran).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(
      / failed to build\. Vercel says: Command "npm run build" exited with 1\. Production serves dpl_\S+ as before\.$/,
    ),
  })
  expect((await vercel.project()).production).toBe(served)
  expect(await doing.recover(plan)).toEqual(ran)
})

test.each([
  [403, 'failed', 'does not let the token in VERCEL_TOKEN change that'],
  [429, 'failed', 'ask anew in a minute'],
])('refused with %i', async (status, outcome, says) => {
  const doing = at()
  const { plan } = await doing.plan()
  await vercel.fault({ kind: 'status', method: 'POST *', status })
  expect(await doing.run(plan)).toMatchObject({ outcome, text: expect.stringContaining(says) })
})

describe('a crash between Vercel’s answer and the record (faults 53)', () => {
  test.each([
    ['the line drops after the effect', { kind: 'drop-after' }],
    ['500 after the effect', { kind: 'status', status: 500, when: 'after' }],
  ] as const)('%s: it is found by its mark, and not built twice', async (_, fault) => {
    const doing = at()
    const { plan } = await doing.plan()
    await vercel.fault({ ...fault, method: 'POST *' })
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    const found = await doing.recover(plan)
    expect(found.outcome === 'resume' ? await doing.run(plan) : found).toMatchObject({ outcome: 'done' })
    // Nor by whoever knows nothing of what was remembered.
    expect(await at().run(plan)).toMatchObject({ outcome: 'done' })
    expect(await vercel.changes()).toEqual(['POST /v13/deployments'])
  })

  test('nothing was asked for: it did not happen', async () => {
    const doing = at()
    const { plan } = await doing.plan()
    await vercel.fault({ kind: 'drop-before', method: 'POST *' })
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    expect(await doing.recover(plan)).toEqual({ outcome: 'undone' })
    // Another run’s build is none of this one.
    await at({}, {}, { runKey: 'inc-1:2' }).run(plan)
    expect(await doing.recover(plan)).toEqual({ outcome: 'undone' })
  })

  test('it is found below more deployments than a page holds, and not guessed at below more than are looked through', async () => {
    const [now, began] = [Date.parse('2026-06-01T12:00:00Z'), '2026-06-01T11:00:00.000Z']
    const one = (uid: string, created: number, more: object = {}) => ({
      uid,
      created,
      readyState: 'READY',
      target: 'preview',
      projectId: 'prj_1',
      ...more,
    })
    const ours = one('dpl_ours', Date.parse(began) + 1, { meta: { tocsinRun: 'inc-1:1' } })
    const made = (count: number) => [...Array.from({ length: count }, (_, index) => one(`dpl_${index}`, now - Math.floor(index / 2))), ours]
    let all = made(250)
    await using shop = await startVendor({
      '/v6/deployments': ({ url }) => {
        const query = new URL(url, 'http://vercel').searchParams
        const [until, since] = [Number(query.get('until') ?? Infinity), Number(query.get('since') ?? 0)]
        const left = all.filter(({ created }) => created < until && created > since)
        const page = left.slice(0, 100)
        return { body: { deployments: page, pagination: { next: left.length > 100 ? page.at(-1)?.created : null } } }
      },
      '/v13/deployments/dpl_ours': { body: ours },
    })
    const plan = { project: 'prj_1', name: 'shop', source: 'dpl_0', target: 'preview' as const, commit: 'aaa1111', from: null }
    const recovered = (memo: Json) => at({}, { environment: 'preview', apiUrl: shop.url }, { memo }).recover(plan)
    expect(await recovered({ asked: true, at: began })).toEqual({ outcome: 'done', text: 'dpl_ours is built for preview.' })
    // As a run of an older version remembers it.
    expect(await recovered({ asked: true })).toMatchObject({ outcome: 'done' })
    all = made(1_200)
    const end = await recovered({ asked: true, at: began })
    expect(end).toMatchObject({ outcome: 'unclear', text: expect.stringContaining('`vercel list --meta tocsinRun=inc-1:1`') })
    // What was made long before this run is not looked through.
    expect(await recovered({ asked: true, at: '2026-06-01T13:30:00.000Z' })).toEqual({ outcome: 'undone' })
  })

  test('a build that does not end is gone on with, and given up', async () => {
    await vercel.manner({ builds: 'never' })
    const doing = at({}, {}, { timeoutMs: 1_500 })
    const { plan } = await doing.plan()
    await expect(doing.run(plan)).rejects.toThrow('was not built when the time was up')
    expect(await doing.recover(plan)).toEqual({ outcome: 'resume' })
    const late = at({}, {}, { memo: doing.memo(), now: () => new Date(Date.now() + 51 * minute).toISOString() })
    expect(await late.recover(plan)).toMatchObject({ outcome: 'unclear' })
    expect(await doing.verify(plan)).toMatchObject({ settled: false })
    expect(await vercel.changes()).toHaveLength(1)
  })
})

test('Vercel cannot be reached any more when it is to be asked: it has failed, and nobody has to look', async () => {
  await using front = await startFront(vercel.options.apiUrl)
  const doing = at({}, { apiUrl: front.url }, { remembered: () => front[Symbol.asyncDispose]() })
  const { plan } = await doing.plan()
  expect(await doing.run(plan)).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(/nothing listens .* Nothing was changed\.$/),
  })
  expect(await doing.recover(plan)).toEqual({ outcome: 'undone' })
  expect(await vercel.changes()).toEqual([])
})
