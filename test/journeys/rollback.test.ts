/** A bad deployment, from the check that sees it to the post-mortem: rolled back by two people, verified, and undone again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { World } from '../../src/embedded/world.ts'
import { actionOf } from '../../src/incident/acting/request.ts'
import { startHttp } from '../adapters/server.ts'
import { startTestBot, type TestBot, testWorld } from '../bot.ts'
import { until } from '../until.ts'

const token = 'vercel_token_of_the_kiosk'
const minute = 60_000

let world: World
let bot: TestBot
let kiosk: { readonly host: string; [Symbol.asyncDispose](): Promise<void> }
let good: string
let bad: string
let channel: string

const vercel = async (method: string, path: string, body?: object) => {
  const response = await fetch(`${world.vercelApiUrl}${path}?slug=local`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return response.json()
}
const Project = z.object({ targets: z.object({ production: z.object({ id: z.string() }) }) })
const served = async (): Promise<string> => Project.parse(await vercel('GET', '/v9/projects/kiosk')).targets.production.id
const deploy = async (commit: string, message: string, ago: number): Promise<string> => {
  const meta = { githubCommitSha: commit, githubCommitMessage: message, githubCommitRef: 'main', githubCommitAuthorName: 'Ann' }
  const { id } = z.object({ id: z.string() }).parse(await vercel('POST', '/v13/deployments', { name: 'kiosk', target: 'production', meta }))
  const at = Date.now() - ago
  await fetch(`${world.url}/world/vercel/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, created: at, createdAt: at, aliasAssigned: at }),
  })
  return id
}

beforeAll(async () => {
  world = await testWorld({ vercel: { token, projects: [{ name: 'kiosk' }] } })
  good = await deploy('aaa1111aaa1111', 'Add invoices', 2 * 24 * 60 * minute)
  bad = await deploy('bbb2222bbb2222', 'Break checkout', 41 * minute)
  // The product itself: how it is depends on what production serves.
  kiosk = await startHttp((_, response) => {
    response.setHeader('content-type', 'application/json')
    void served().then((id) => response.end(JSON.stringify({ payments: { failed: id === bad ? 14 : 0.4 } })))
  })
  const place = `secret: KIOSK_VERCEL_TOKEN, project: kiosk, team: local, apiUrl: "${world.vercelApiUrl}"`
  const service = `name: Kiosk
privateHosts: [127.0.0.1]
checks:
  payments:
    kind: metrics
    auto: true
    title: Payments
    options: { name: payment failures, unit: "%", json: { url: "http://${kiosk.host}/metrics", path: payments.failed }, fail: { most: 10 } }
  vercel.deployment: { kind: vercel, auto: true, title: What production serves, options: { ask: deployment, ${place} } }
actions:
  vercel.rollback:
    kind: vercel.rollback
    title: Roll back production
    checks: [payments, vercel.deployment]
    options: { ${place} }
criteria:
  payments: { title: Payments fail, check: payments, measurement: payment failures, above: 10, action: vercel.rollback }
`
  bot = await startTestBot({
    world,
    files: { 'kiosk/service.yml': service },
    options: { environment: { KIOSK_VERCEL_TOKEN: token, ACME_ALERT_SECRET: 'acme-alert-secret-0123' } },
  })
  expect(bot.bot.problems).toEqual([])
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await kiosk[Symbol.asyncDispose]()
  await world.close()
})

const becomes = (action: number, status: string) =>
  until(async () => actionOf(await bot.incident('INC-1'), action)?.status === status, `action ${action} ${status}`)
const changes = async () =>
  (await bot.ask<{ service: string; method: string }[]>('GET', '/calls'))
    .filter(({ service, method }) => service === 'vercel' && !/^GET |deployments$/.test(method))
    .map(({ method }) => method.replace(/prj_[^/]+/, 'prj'))

test('a check sees it, and suggests the rollback', async () => {
  await bot.say('alice', 'general', '/incident new kiosk P1 Payments fail')
  channel = await bot.opened('INC-1')
  expect(await bot.sees(channel, 'Consider vercel.rollback')).toContain('payment failures 14 % > 10 %')
})

test('one asks by the button, another sees what would happen and approves; it runs once and is verified', async () => {
  expect((await bot.press('alice', channel, 'run')).text).toContain('Asked for action 1: Roll back production')
  await becomes(1, 'waiting')
  const card = await bot.sees(channel, 'Needs one person')
  expect(card).toContain(`Production goes from ${bad} (bbb2222 “Break checkout” by Ann, live for 41 min) to ${good} (aaa1111`)
  expect(card).toContain(`/rollback/${good}`)
  expect(card).toContain('Automatic promotion is off: what is pushed from now on is built, but not served')
  expect((await bot.say('alice', channel, '/incident approve 1')).text).toContain('somebody else must approve it')
  expect(await served()).toBe(bad)
  await bot.say('bob', channel, '/incident approve 1')
  await becomes(1, 'done')
  expect(await served()).toBe(good)
  expect(await changes()).toEqual([`POST /v1/projects/prj/rollback/${good}`])
  const end = await bot.sees(channel, '– done\n')
  expect(end).toContain(`Production serves ${good}.`)
  expect(end).toMatch(/14 % → 0\.4 %/)
})

test('undone again, by two people too', async () => {
  await bot.say('bob', channel, '/incident undo 1 the fix is a variable')
  await becomes(2, 'waiting')
  expect((await bot.say('bob', channel, '/incident approve 2')).text).toContain('somebody else must approve it')
  await bot.say('alice', channel, '/incident approve 2')
  await becomes(2, 'done')
  expect(await served()).toBe(bad)
  expect(await changes()).toEqual([`POST /v1/projects/prj/rollback/${good}`, `POST /v10/projects/prj/promote/${bad}`])
  expect(await bot.sees(channel, 'Taken back by action 2')).toContain('Roll back production')
})

test('the post-mortem shows both, with the measurements before and after', async () => {
  await bot.say('alice', channel, '/incident resolve The variable is set right')
  await bot.sees(channel, '📄 The post-mortem is ready')
  await bot.idle()
  const api = `${world.githubApiUrl}/repos/acme/incidents`
  const get = async (path: string): Promise<unknown> =>
    (await fetch(`${api}${path}`, { headers: { authorization: 'Bearer ghp_test' } })).json()
  const [pull] = z.array(z.object({ head: z.object({ ref: z.string() }) })).parse(await get('/pulls?state=open'))
  const path = `postmortems/${new Date().getUTCFullYear()}/INC-1-payments-fail.md`
  const { content } = z.object({ content: z.string() }).parse(await get(`/contents/${path}?ref=${pull?.head.ref}`))
  const text = Buffer.from(content, 'base64').toString().replaceAll('\\', '')
  expect(text).toMatch(
    /\| 1 \| Roll back production \| alice Example, .* \| bob Example, .* done: Production serves dpl_.*[^.]; taken back by action 2 \|/,
  )
  expect(text).toMatch(
    /\| 2 \| Undo: Roll back production \| bob Example, .*: the fix is a variable \| alice Example, .* done: Production serves dpl_/,
  )
  const [first, second] = text.slice(text.indexOf('What action 1 did'), text.indexOf('tocsin:end actions')).split('What action 2 did')
  expect(first).toContain(`/rollback/${good}`)
  expect(first).toContain(`afterwards: Production serves ${good}.`)
  expect(first).toContain('Payments: 14 % → 0.4 % (limit 10 %)')
  expect(second).toContain(`/promote/${bad}`)
  expect(second).toContain('Payments: 0.4 % → 14 % (limit 10 %)')
  expect(text).toContain('Suggested vercel.rollback: Payments fail, payment failures 14 %')
  expect(text).not.toContain(token)
})

test('Vercel’s answer is lost on the way: it is read back, and nothing is asked twice (faults 53)', async () => {
  await bot.say('alice', 'general', '/incident new kiosk P1 Payments fail again')
  const second = await bot.opened('INC-2')
  await bot.forgetCalls()
  await bot.fault({ service: 'vercel', kind: 'drop-after', method: 'POST *' })
  await bot.say('alice', second, '/incident run vercel.rollback because it is back')
  await until(async () => actionOf(await bot.incident('INC-2'), 1)?.status === 'waiting', 'action 1 waiting')
  await bot.say('bob', second, '/incident approve 1')
  await until(async () => actionOf(await bot.incident('INC-2'), 1)?.status === 'done', 'action 1 done')
  expect(await served()).toBe(good)
  expect(await changes()).toEqual([`POST /v1/projects/prj/rollback/${good}`])
})
