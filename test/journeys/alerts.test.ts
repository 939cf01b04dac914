/** Alerts over HTTP: authenticated, read, and what becomes of them. */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alertToken, deliver, firing, group, startTestBot, type TestBot, testWorld } from '../bot.ts'
import { until } from '../until.ts'
import { openIncidents, recentIncidents } from '../../src/store/reads.ts'
import { freshDatabase } from '../stores.ts'

let bot: TestBot
beforeAll(async () => {
  bot = await startTestBot({ github: false })
})
afterAll(() => bot[Symbol.asyncDispose]())

const incidents = async () => (await recentIncidents(bot.store.db, 100)).toReversed()
/** The incident of this rule, once it is there. */
const of = (rule: string) => until(async () => (await incidents()).find((row) => row.rule === rule)?.id, `an incident for ${rule}`)
const accepted = async (response: Response) => {
  expect([response.status, await response.clone().text()]).toEqual([202, expect.any(String)])
  return response.json() as Promise<{ accepted: number; unreadable?: { index: number; why: string }[] }>
}

test('a firing alert opens one incident; its repeat and its twin of the other peer change nothing (faults 22; field 10)', async () => {
  const alert = firing('PaymentsFailing', { summary: 'Payments fail' })
  expect(await accepted(await bot.alert(group(alert)))).toEqual({ accepted: 1 })
  const id = await of('PaymentsFailing')
  const channel = await bot.opened(id)
  await bot.sees(channel, /Opened by alertmanager: .?PaymentsFailing/)
  await bot.idle()
  const before = (await bot.incident(id)).version
  await Promise.all([bot.alert(group(alert)), bot.alert(group(alert)), bot.alert(group(alert))])
  await bot.idle()
  expect((await bot.incident(id)).version).toBe(before)
  expect(await incidents()).toHaveLength(1)
})

test('part of a group clears, then all of it: the incident is told and stays open (field 10)', async () => {
  const id = await of('PaymentsFailing')
  const channel = await bot.opened(id)
  const second = firing('PaymentsFailing', { summary: 'Payments fail in Bern' })
  const first = (await bot.incident(id)).alerts[0]
  if (first === undefined) throw new Error('no alert')
  const ended = { fingerprint: first.fingerprint, startsAt: first.startsAt, endsAt: new Date().toISOString() }
  await accepted(await bot.alert(group(firing('PaymentsFailing', ended), second)))
  await bot.sees(channel, '1 of 2 alerts firing')
  await accepted(
    await bot.alert({ ...group(firing('PaymentsFailing', { ...second, endsAt: new Date().toISOString() })), status: 'resolved' }),
  )
  await bot.sees(channel, 'All alerts have cleared')
  expect(await bot.incident(id)).toMatchObject({
    status: 'declared',
    alerts: [{ endedAt: expect.any(String) as string }, { endedAt: expect.any(String) as string }],
  })
})

test('resolved without firing opens nothing (faults 23; field 10)', async () => {
  await accepted(await bot.alert(group(firing('Ghost', { endsAt: new Date().toISOString() }))))
  await bot.idle()
  expect((await incidents()).map(({ rule }) => rule)).not.toContain('Ghost')
})

test('a warning opens nothing, but joins what is open of its product', async () => {
  await accepted(await bot.alert(group(firing('DiskFilling', { labels: { severity: 'warning' }, summary: 'Disk at 80 %' }))))
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'DiskFilling Disk at 80 %')
  await accepted(await bot.alert(group(firing('Elsewhere', { labels: { severity: 'warning', product: 'nobody' } }))))
  await bot.idle()
  expect(await incidents()).toHaveLength(1)
})

test('an alert of an unknown product opens one that is unassigned', async () => {
  await accepted(await bot.alert(group(firing('WhoseIsThis', { labels: { product: 'no-such-thing' }, summary: 'Something is wrong' }))))
  const id = await of('WhoseIsThis')
  expect(await bot.incident(id)).toMatchObject({ product: { key: 'unassigned' }, severity: 'P1' })
  expect((await bot.channel(await bot.opened(id))).name).toContain('unassigned-something-is-wrong')
})

test('26: what cannot be read is refused with a list; the good ones beside it are taken', async () => {
  for (const [body, why] of [
    ['{', 'JSON'],
    ['[]', ''],
    ['{"alerts":[null,7]}', ''],
    ['\u0000', 'JSON'],
    ['{"alerts":'.repeat(20_000), ''],
  ] as const) {
    const response = await bot.alert(body)
    const answer = (await response.json()) as { error: string; unreadable: { why: string }[] }
    expect([response.status, answer.unreadable.length > 0], body.slice(0, 30)).toEqual([400, true])
    expect(JSON.stringify(answer)).toContain(why)
  }
  const mixed = await accepted(
    await bot.alert(group(firing('GoodOne', { labels: { note: 'a\u0000b\uD800' }, startsAt: '9999-12-31T23:59:59Z' }), [] as object)),
  )
  expect(mixed).toMatchObject({ accepted: 1, unreadable: [{ index: 1 }] })
  const id = await of('GoodOne')
  expect(Date.parse((await bot.incident(id)).stamps.detect ?? '')).toBeLessThanOrEqual(Date.now())
})

test('27: no secret, a wrong one, and another product’s are refused', async () => {
  const body = group(firing('Forged'))
  const generic = { product: 'acme', severity: 'P3', alertname: 'Generic', summary: 'From a script' }
  for (const [path, token] of [
    ['alertmanager', null],
    ['alertmanager', 'wrong'],
    ['alertmanager', ''],
    ['generic', null],
    ['generic', 'acme-alert-secret-0123'],
    ['generic/acme', alertToken],
    ['generic/acme', null],
  ] as const) {
    const response = await bot.alert(path === 'alertmanager' ? body : generic, { path, token })
    expect(response.status, `${path} ${token}`).toBe(401)
  }
  await accepted(await bot.alert(generic, { path: 'generic/acme', token: 'acme-alert-secret-0123' }))
  expect((await bot.incident(await of('Generic'))).product.key).toBe('acme')
  expect((await incidents()).map(({ rule }) => rule)).not.toContain('Forged')
  expect((await bot.alert(body, { path: 'nothing' })).status).toBe(404)
})

test('without a secret everybody is refused (faults 27; field 8)', async () => {
  await using open = await startTestBot({ github: false, world: bot.world, options: { alertToken: undefined, environment: {} } })
  for (const path of ['alertmanager', 'generic', 'generic/acme', 'alertmanager/acme'])
    for (const token of [null, '', 'undefined', alertToken])
      expect((await open.alert(group(firing('X')), { path, token })).status, path).toBe(401)
  await bot.ask('PUT', '/bot-url', { url: bot.url })
})

test('7, 29: ten megabytes are refused at every door, also when they are packed', async () => {
  const large = 'x'.repeat(10 * 1024 * 1024)
  for (const path of ['alertmanager', 'generic', 'generic/acme']) expect((await bot.alert(large, { path })).status, path).toBe(413)
  expect((await deliver(bot.url, large)).status).toBe(413)
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
  const response = await fetch(`${bot.url}/alerts/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alertToken}`, 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: bomb,
  })
  expect(response.status).toBe(413)
  expect((await bot.health()).services['database']).toBe('healthy')
  const packed = gzipSync(JSON.stringify(group(firing('Packed'))))
  const good = await fetch(`${bot.url}/alerts/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alertToken}`, 'content-encoding': 'gzip' },
    body: packed,
  })
  expect(good.status).toBe(202)
})

test('two processes get the same webhook ten times each at the same moment: one incident', async () => {
  await using world = await testWorld()
  const url = await freshDatabase()
  await using one = await startTestBot({ github: false, world, store: { url } })
  await using two = await startTestBot({ github: false, world, store: { url } })
  const alert = firing('Race', { summary: 'Raced' })
  const twin = firing('Race', { summary: 'Raced' })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).alert(group(index % 3 === 0 ? twin : alert))),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
  await until(async () => (await openIncidents(one.store.db)).length > 0, 'an incident')
  await one.opened('INC-1')
  await one.idle()
  expect(await openIncidents(one.store.db)).toHaveLength(1)
  expect((await one.incident('INC-1')).alerts).toHaveLength(2)
  expect((await one.channels()).filter(({ name }) => name.startsWith('inc-'))).toHaveLength(1)
})

test('a sender that gives no times repeats and resolves what it has sent; a product maps its own label names', async () => {
  await using own = await startTestBot({
    github: false,
    files: { 'brew/service.yml': 'name: Brew\nalerts:\n  labels: { product: [service] }\n' },
  })
  const alert = {
    alertname: 'KettleCold',
    severity: 'high',
    summary: 'The kettle is cold',
    labels: { service: 'brew', password: 'hunter2hunter2' },
  }
  for (const status of ['firing', 'firing', 'resolved']) {
    expect((await own.alert({ ...alert, status }, { path: 'generic' })).status).toBe(202)
    await own.idle()
  }
  const incident = await own.incident('INC-1')
  expect(incident).toMatchObject({ severity: 'P2', product: { key: 'brew' }, title: 'The kettle is cold' })
  expect(incident.alerts.map(({ endedAt, labels }) => ({ over: endedAt !== null, labels }))).toEqual([
    { over: true, labels: { service: 'brew', password: '***' } },
  ])
  expect(await own.load('INC-2')).toBeNull()
  const bad = await own.alert(JSON.stringify(Array.from({ length: 1000 }, () => 1)), { path: 'generic' })
  expect(bad.status).toBe(400)
  const answer = (await bad.json()) as { unreadable: unknown[]; unlisted: number }
  expect([answer.unreadable.length, answer.unlisted]).toEqual([100, 900])
})

test('what people resolved is over: the same alert without times opens a new incident (field 10)', async () => {
  await using own = await startTestBot({ github: false })
  const alert = { alertname: 'Down', product: 'acme', severity: 'critical', summary: 'It is down' }
  await own.alert(alert, { path: 'generic' })
  const channel = await own.opened('INC-1')
  await own.say('alice', channel, '/incident resolve Fixed it')
  await own.alert(alert, { path: 'generic' })
  await own.idle()
  expect((await own.incident('INC-2')).title).toBe('It is down')
})
