/** Through the emulator and its front, which builds a moment later, as Vercel does. */
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import kind from '../../src/actions/env.switch.ts'
import rollback from '../../src/actions/vercel.rollback.ts'
import { FetchFault } from '../../src/ports.ts'
import { startVendor } from '../checks/vendor.ts'
import { type Acting, hand, handBack } from './acting.ts'
import { startFront } from './front.ts'
import { minute, secret, startVercel, token, type TestVercel } from './vercel.ts'

const hidden = 'key-of-the-second-provider-never-shown'
let vercel: TestVercel
let before: string
beforeEach(async () => {
  vercel = await startVercel([
    { key: 'EMAIL_PROVIDER', value: 'resend', type: 'encrypted', target: ['production', 'preview'] },
    { key: 'EMAIL_KEY', value: 'key-of-the-first-provider-never-shown', type: 'encrypted', target: ['production'] },
    { key: 'RATE_LIMIT', value: '250', type: 'plain', target: ['production'] },
    { key: 'SEALED', value: 'resend', type: 'sensitive', target: ['production'] },
  ])
  onTestFinished(() => vercel[Symbol.asyncDispose]())
  await vercel.deploy('aaa1111aaa1111', 'Add invoices', 3 * 60 * minute)
  before = await vercel.deploy('bbb2222bbb2222', 'Fix checkout', 41 * minute)
  await vercel.manner({})
  await vercel.forget()
})

const secrets = { [secret]: token, FIRST_KEY: 'key-of-the-first-provider-never-shown', SECOND_KEY: hidden }
const provider = { variable: 'EMAIL_PROVIDER', values: { resend: 'resend', brevo: 'brevo' } }
const key = { variable: 'EMAIL_KEY', values: { first: { secret: 'FIRST_KEY' }, second: { secret: 'SECOND_KEY' } } }
const at = (input: Record<string, string>, options: object = {}, more: Acting = {}) =>
  hand(kind, { ...vercel.options, ...provider, ...options }, input, { secrets, ...more })
const unable = async (input: Record<string, string>, options: object = {}) => {
  const seen = await at(input, options).preview()
  return 'unable' in seen ? seen.unable : `possible: ${seen.summary}`
}
const value = async (name: string): Promise<unknown> => {
  const { envs } = await vercel.call('GET', '/v10/projects/shop/env?decrypt=true')
  return (envs as { key: string; value: string }[]).find((one) => one.key === name)?.value
}
const short = (calls: string[]) => calls.map((call) => call.replace(/(prj|env)_[A-Za-z0-9_-]+/g, '$1'))
const once = ['PATCH /v9/projects/prj/env/env', 'POST /v13/deployments']

test('switched, built, served, verified, and put back', async () => {
  const doing = at({ to: 'brevo' })
  const { plan, ...seen } = await doing.plan()
  expect(seen).toMatchObject({
    summary: 'EMAIL_PROVIDER goes from resend to brevo, and production is built anew.',
    effects: ['EMAIL_PROVIDER: resend → brevo', expect.stringContaining(`Production is built anew from ${before}`)],
    reversible: 'EMAIL_PROVIDER is put back to resend, and production is built anew',
    warnings: [expect.anything(), 'The same variable holds for preview, and changes there with the next build.'],
    state: { value: 'resend', production: before },
  })
  expect(seen).not.toHaveProperty('returnsAfter')
  expect(await vercel.changes()).toEqual([])
  const ran = await doing.run(plan)
  const { production } = await vercel.project()
  expect(ran).toEqual({
    outcome: 'done',
    text: `EMAIL_PROVIDER is brevo, and production serves ${production}, which has it.`,
    undo: { from: 'brevo', to: 'resend' },
  })
  expect(await value('EMAIL_PROVIDER')).toBe('brevo')
  expect(short(await vercel.changes())).toEqual(once)
  expect(await doing.verify(plan)).toMatchObject({ settled: true })
  const undo = handBack(kind, { ...vercel.options, ...provider }, { from: 'brevo', to: 'resend' }, { secrets, runKey: 'inc-1:2' })
  const back = await undo.plan()
  expect(back.state).toMatchObject({ value: 'brevo', production })
  expect(await undo.run(back.plan)).toMatchObject({ outcome: 'done' })
  expect(await undo.verify(back.plan)).toMatchObject({ settled: true })
  expect(await value('EMAIL_PROVIDER')).toBe('resend')
  expect(short(await vercel.changes())).toEqual([...once, ...once])
  expect(await undo.preview()).toEqual({ unable: 'EMAIL_PROVIDER is resend already.' })
})

test('for a time, within the bounds', async () => {
  const bounds = { for: { preset: '2h', least: '10m', most: '6h' } }
  const span = async (input: Record<string, string>) => (await at({ to: 'brevo', ...input }, bounds).plan()).returnsAfter
  expect([await span({}), await span({ for: '30m' }), await span({ for: '6h' })]).toEqual([120, 30, 360])
  expect(await unable({ to: 'brevo', for: '7h' }, bounds)).toBe('It can be switched for 10 min to 6 h, and 7 h was asked for.')
  expect(await unable({ to: 'brevo', for: '5m' }, bounds)).toContain('and 5 min was asked for')
  expect(await unable({ to: 'brevo', for: '0m' }, bounds)).toContain('is not a time such as')
  expect(await unable({ to: 'brevo', for: '1h' })).toContain('gives it no bounds')
  expect(kind.input.safeParse({ to: 'brevo', for: '-2h' }).error?.issues[0]?.message).toBe('must be a time such as 30m or 2h')
})

test('values that are secrets stand in nothing that is kept or said', async () => {
  const doing = at({ to: 'second' }, key)
  const seen = await doing.plan()
  const ran = await doing.run(seen.plan)
  const after = await doing.verify(seen.plan)
  expect(ran).toMatchObject({ outcome: 'done' })
  expect(await value('EMAIL_KEY')).toBe(hidden)
  expect(JSON.stringify([seen, ran, after, doing.memo(), doing.said()])).not.toContain('never-shown')
})

test('a refusal that repeats the value is not repeated', async () => {
  const doing = at({ to: 'second' }, key)
  const { plan } = await doing.plan()
  await vercel.fault({ kind: 'status', method: 'PATCH *', status: 400, error: `invalid value ${hidden}` })
  const ran = await doing.run(plan)
  expect(ran).toEqual({ outcome: 'failed', text: 'Vercel refused (400). Nothing was changed.' })
})

describe('what cannot be switched', () => {
  test.each([
    [{ to: 'sendgrid' }, {}, 'EMAIL_PROVIDER can be resend, brevo, and nothing else.'],
    [{ to: 'constructor' }, {}, 'EMAIL_PROVIDER can be resend, brevo, and nothing else.'],
    [{ to: 'resend' }, {}, 'EMAIL_PROVIDER is resend already.'],
    [{ to: 'brevo' }, { variable: 'NONE' }, 'Production has no variable NONE of its own'],
    [
      { to: 'high' },
      { variable: 'RATE_LIMIT', values: { usual: '100', high: '500' } },
      'RATE_LIMIT has a value that is none of usual, high',
    ],
    [{ to: 'brevo' }, { variable: 'SEALED' }, 'SEALED is a sensitive variable, which nobody can read'],
  ])('%j %j', async (input, options, says) => {
    const text = await unable(input, options)
    expect(text).toContain(says)
    expect(text).not.toContain('250')
  })
  test('what is not a name of a value', () => {
    expect(kind.input.safeParse({}).error?.issues[0]?.message).toBe('must be given: the name of a value')
    for (const to of ['a b', '../x', '$(id)', '']) expect(kind.input.safeParse({ to }).success).toBe(false)
  })
  test('after a rollback, when a build would not be served', async () => {
    const back = hand(rollback, vercel.options, {}, { secrets })
    await back.run((await back.plan()).plan)
    expect(await unable({ to: 'brevo' })).toMatch(/^Production was rolled back, so a new build would not be served: promote/)
  })
  test('with another token, or with Vercel away', async () => {
    expect(await at({ to: 'brevo' }, {}, { secrets: { ...secrets, [secret]: 'other' } }).preview()).toMatchObject({
      unable: expect.stringContaining('look whether VERCEL_TOKEN is current'),
    })
    await vercel.fault({ kind: 'down' })
    await expect(at({ to: 'brevo' }).preview()).rejects.toThrow(FetchFault)
  })
})

test.each([
  ['the build fails', async () => vercel.manner({ builds: 'fails' }), 'failed to build'],
  ['the build is refused', async () => vercel.fault({ kind: 'status', method: 'POST *', status: 402 }), 'plan does not include that (402)'],
])('%s: the variable has its former value again', async (_, prepare, says) => {
  const doing = at({ to: 'brevo' })
  const { plan } = await doing.plan()
  await prepare()
  const ran = await doing.run(plan)
  expect(ran).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(/Production serves what it did, and EMAIL_PROVIDER is resend as before\.$/),
  })
  expect(ran).toMatchObject({ text: expect.stringContaining(says) })
  expect(await value('EMAIL_PROVIDER')).toBe('resend')
  expect((await vercel.project()).production).toBe(before)
})

describe('a crash between Vercel’s answer and the record (faults 53)', () => {
  test.each([
    ['setting: the line drops after', 'PATCH *', { kind: 'drop-after' }],
    ['setting: 500 after', 'PATCH *', { kind: 'status', status: 500, when: 'after' }],
    ['building: the line drops after', 'POST *', { kind: 'drop-after' }],
    ['building: 408 after', 'POST *', { kind: 'status', status: 408, when: 'after' }],
    ['building: 500 after', 'POST *', { kind: 'status', status: 500, when: 'after' }],
  ] as const)('%s the effect: it goes on from there, and nothing is asked twice', async (_, method, fault) => {
    const doing = at({ to: 'brevo' })
    const { plan } = await doing.plan()
    await vercel.fault({ ...fault, method })
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    const found = await doing.recover(plan)
    expect(found.outcome === 'resume' ? await doing.run(plan) : found).toMatchObject({ outcome: 'done' })
    expect(short(await vercel.changes())).toEqual(once)
  })

  test('before anything: it did not happen', async () => {
    const doing = at({ to: 'brevo' })
    const { plan } = await doing.plan()
    expect(await doing.recover(plan)).toEqual({ outcome: 'undone' })
    await vercel.fault({ kind: 'drop-before', method: 'PATCH *' })
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    expect(await doing.recover(plan)).toEqual({ outcome: 'undone' })
  })

  test('a build that may be under way yet is not asked for again before it would have come', async () => {
    const began = Date.now()
    let now = began
    const doing = at({ to: 'brevo' }, {}, { now: () => new Date(now).toISOString() })
    const { plan } = await doing.plan()
    await vercel.fault({ kind: 'drop-before', method: 'POST *' })
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    await expect(doing.recover(plan)).rejects.toThrow('Vercel does not list the build yet')
    now += 2 * minute
    expect(await doing.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await doing.run(plan)).toMatchObject({ outcome: 'done' })
    expect(doing.memo()).toMatchObject({ step: 'build', began: new Date(began).toISOString() })
  })

  test('a build that cannot be found among all that came since is neither guessed at nor asked for again', async () => {
    const page = Array.from({ length: 100 }, (_, index) => ({ uid: `dpl_${index}`, created: 1_000_000 - index, readyState: 'READY' }))
    await using shop = await startVendor({
      '/v1/projects/prj_1/env/env_1': { body: { value: 'brevo' } },
      '/v6/deployments': { body: { deployments: page, pagination: { next: 1 } } },
    })
    const memo = { step: 'build', at: '2026-06-01T11:00:00.000Z', began: '2026-06-01T11:00:00.000Z' }
    const doing = at({ to: 'brevo' }, { apiUrl: shop.url }, { memo })
    const build = { project: 'prj_1', name: 'shop', source: 'dpl_0', target: 'production' as const }
    const plan = { ...build, variable: 'env_1', from: 'resend', to: 'brevo', production: 'dpl_0' }
    const unclear = { outcome: 'unclear', text: expect.stringMatching(/^EMAIL_PROVIDER is brevo\. Vercel has made more than 1000/) }
    expect(await doing.recover(plan)).toMatchObject(unclear)
    expect(await doing.run(plan)).toMatchObject(unclear)
    expect(shop.heard.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  test('after a failed build, before the variable is put back', async () => {
    await vercel.manner({ builds: 'fails' })
    const doing = at({ to: 'brevo' })
    const { plan } = await doing.plan()
    await vercel.fault({ kind: 'drop-before', method: 'PATCH *', contains: 'resend' })
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    expect(await doing.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await doing.run(plan)).toMatchObject({ outcome: 'failed' })
    expect(await value('EMAIL_PROVIDER')).toBe('resend')
  })

  test('the build does not end', async () => {
    await vercel.manner({ builds: 'never' })
    const doing = at({ to: 'brevo' }, {}, { timeoutMs: 1_500 })
    const { plan } = await doing.plan()
    await expect(doing.run(plan)).rejects.toThrow(FetchFault)
    expect(await doing.recover(plan)).toEqual({ outcome: 'resume' })
    expect(await doing.verify(plan)).toMatchObject({ settled: false })
    const late = at({ to: 'brevo' }, {}, { memo: doing.memo(), now: () => new Date(Date.now() + 51 * minute).toISOString() })
    expect(await late.recover(plan)).toMatchObject({ outcome: 'unclear' })
  })
})

test('Vercel cannot be reached any more when it is to be asked: it has failed, and nobody has to look', async () => {
  await using front = await startFront(vercel.options.apiUrl)
  const doing = at({ to: 'brevo' }, { apiUrl: front.url }, { remembered: () => front[Symbol.asyncDispose]() })
  const { plan } = await doing.plan()
  expect(await doing.run(plan)).toMatchObject({
    outcome: 'failed',
    text: expect.stringMatching(/nothing listens .* Nothing was changed\.$/),
  })
  expect(await doing.recover(plan)).toEqual({ outcome: 'undone' })
  expect(await value('EMAIL_PROVIDER')).toBe('resend')
})
