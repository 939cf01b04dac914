/** Through the emulator and its front, which accepts first and moves traffic a moment later, as Vercel does. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import promote from '../../src/actions/vercel.promote.ts'
import rollback from '../../src/actions/vercel.rollback.ts'
import { FetchFault } from '../../src/ports.ts'
import { hand, handBack } from './acting.ts'
import { minute, secret, shiftCalls as calls, startVercel, token, type TestVercel } from './vercel.ts'

let vercel: TestVercel
let before: string
let bad: string
beforeEach(async () => {
  vercel = await startVercel()
  onTestFinished(() => vercel[Symbol.asyncDispose]())
  before = await vercel.deploy('aaa1111aaa1111', 'Add invoices', 2 * 24 * 60 * minute)
  bad = await vercel.deploy('bbb2222bbb2222', 'Break checkout', 41 * minute)
  await vercel.manner({})
  await vercel.forget()
})

const secrets = { [secret]: token }
const back = () => hand(rollback, vercel.options, {}, { secrets })
const forth = (input: Record<string, string> = {}) => hand(promote, vercel.options, input, { secrets })

describe('releases in stages', () => {
  const staged = async () => {
    const next = await vercel.deploy('abc7777abc7777', 'New shop', minute)
    const { id } = await vercel.project()
    await vercel.put('deployments', { id: next, readySubstate: 'STAGED', aliasAssigned: false })
    await vercel.put('projects', {
      id,
      rollingRelease: { target: 'production' },
      targets: { production: { id: bad, created: Date.now() - 41 * minute } },
    })
    return { id, next }
  }

  test('a promotion begins one, and a rollback ends it', async () => {
    const { id, next } = await staged()
    const at = forth()
    const { plan, warnings } = await at.plan()
    expect(warnings).toEqual([
      expect.anything(),
      expect.stringContaining('Releases go in stages there'),
      `${next} was never in production before.`,
    ])
    expect(await at.run(plan)).toMatchObject({ outcome: 'done', text: expect.stringContaining('with 10 % of the traffic') })
    expect(await at.verify(plan)).toMatchObject({ settled: true })
    const refused = await forth({ to: next }).preview()
    expect(refused).toMatchObject({ unable: expect.stringContaining('is under way: let it end') })
    const stop = back()
    const seen = await stop.plan()
    expect(seen.summary).toContain(`while a release to ${next} is under way (10 % of the traffic)`)
    expect(seen.state).toEqual({ production: bad, release: next })
    expect(await stop.run(seen.plan)).toMatchObject({ outcome: 'done', text: expect.stringContaining(`Production serves ${bad}.`) })
    expect(await vercel.call('GET', `/v1/projects/${id}/rolling-release`)).toMatchObject({ rollingRelease: { state: 'ABORTED' } })
  })
})

describe('a promotion', () => {
  test('its answer is lost, and a push is served before it is read back: it happened', async () => {
    const at = forth({ to: before })
    const { plan } = await at.plan()
    await vercel.fault({ kind: 'drop-after', method: 'POST *', times: 1 })
    await expect(at.run(plan)).rejects.toThrow(FetchFault)
    await expect.poll(async () => (await vercel.project()).production).toBe(before)
    const pushed = await vercel.deploy('ddd4444ddd4444', 'Fix', 0)
    expect((await vercel.project()).production).toBe(pushed)
    expect(await at.recover(plan)).toEqual({
      outcome: 'done',
      text: `Production was moved to ${before}; since then ${pushed} is served.`,
    })
    expect(await at.verify(plan)).toMatchObject({ settled: true, findings: [{ status: 'warn' }] })
  })

  test('to the newest that is ready, undone by a rollback', async () => {
    const next = await vercel.deploy('abc7777abc7777', 'New shop', minute)
    const { id } = await vercel.project()
    await vercel.put('deployments', { id: next, readySubstate: 'STAGED', aliasAssigned: false })
    await vercel.put('projects', { id, targets: { production: { id: bad, created: Date.now() - 41 * minute } } })
    await vercel.forget()
    const at = forth()
    const { plan, calls: shown, reversible } = await at.plan()
    expect(shown).toEqual([`POST ${vercel.options.apiUrl}/v10/projects/${id}/promote/${next}?slug=local`])
    expect(reversible).toBe(`production is rolled back to ${bad}; that turns automatic promotion off`)
    const ran = await at.run(plan)
    expect(ran).toMatchObject({
      outcome: 'done',
      text: expect.stringContaining('Automatic promotion is on'),
      undo: { from: next, to: bad },
    })
    const undo = handBack(promote, vercel.options, ran.outcome === 'done' ? (ran.undo ?? null) : null, { secrets })
    const seen = await undo.plan()
    expect(await undo.run(seen.plan)).toMatchObject({ outcome: 'done', text: expect.stringContaining('Automatic promotion is off') })
    expect(await undo.recover(seen.plan)).toMatchObject({ outcome: 'done' })
    expect(await vercel.changes()).toEqual([...calls('promote', next, id), ...calls('rollback', bad, id)])
  })

  test('not of what is served, was built for preview, or failed', async () => {
    const { id } = await vercel.call('POST', '/v13/deployments', { name: 'shop' })
    await vercel.put('deployments', { id: before, readyState: 'ERROR', state: 'ERROR' })
    const says = async (to: string) => forth({ to }).preview()
    expect(await says(bad)).toMatchObject({ unable: expect.stringContaining('already: there is nothing to do') })
    expect(await says(String(id))).toMatchObject({ unable: expect.stringContaining('was built for preview') })
    expect(await says(before)).toMatchObject({ unable: expect.stringContaining('failed to build') })
    expect(await says('')).toMatchObject({ unable: expect.stringContaining('no other deployment to production that is ready') })
  })
})

test.each([
  ['the line drops after the effect', { kind: 'drop-after' }],
  ['500 after the effect', { kind: 'status', status: 500, when: 'after' }],
] as const)('%s: it is read back, and nothing is asked twice (faults 53)', async (_, fault) => {
  const next = await vercel.deploy('abc7777abc7777', 'New shop', minute)
  const { id } = await vercel.project()
  await vercel.put('projects', { id, targets: { production: { id: bad, created: Date.now() - 41 * minute } } })
  const at = forth({ to: next })
  const { plan } = await at.plan()
  await vercel.forget()
  await vercel.fault({ ...fault, method: 'POST *' })
  await expect(at.run(plan)).rejects.toThrow(FetchFault)
  const found = await at.recover(plan)
  expect(found.outcome === 'resume' ? await at.run(plan) : found).toMatchObject({ outcome: 'done', undo: { from: next, to: bad } })
  expect(await vercel.changes()).toEqual(calls('promote', next, id))
})
