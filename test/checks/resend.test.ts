import { createEmulator, type Emulator } from 'emulate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import check from '../../src/checks/resend.ts'
import { ask, type Asking, now } from './asking.ts'
import { startVendor } from './vendor.ts'

const secret = 'RESEND_API_KEY'
const about = (options: object, more: Asking = {}) =>
  ask(check, { secret, ...options }, { secrets: { [secret]: 're_test_key_of_resend' }, ...more })

describe('the emulator', () => {
  let emulator: Emulator
  let apiUrl: string
  const post = (path: string, body: object = {}) =>
    fetch(`${apiUrl}${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer re_test_key_of_resend', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  beforeAll(async () => {
    emulator = await createEmulator({ service: 'resend', port: 0, seed: { resend: { domains: [{ name: 'mail.example' }] } } })
    apiUrl = `http://127.0.0.1:${new URL(emulator.url).port}`
  })
  afterAll(() => emulator.close())

  test('domains, verified or not', async () => {
    expect((await about({ apiUrl })).texts).toEqual(['ok: 1 domain verified: mail.example.'])
    await post('/domains', { name: 'new.example' })
    const { status, texts } = await about({ apiUrl })
    expect([status, ...texts]).toEqual([
      'fail',
      'fail: Resend does not send for new.example (pending): compare its DNS records with Resend’s dashboard, Domains.',
    ])
    expect((await about({ apiUrl, domains: ['MAIL.example'] })).status).toBe('ok')
    expect((await about({ apiUrl, domains: ['mail.example', 'gone.example'] })).texts).toEqual([
      'fail: Resend does not know gone.example: add and verify it in Resend’s dashboard, Domains.',
    ])
  })
  test('what became of e-mails', async () => {
    const asked = { apiUrl, domains: ['mail.example'], delivery: 95, bounces: 2 }
    const here = { now: new Date(Date.now() + 1000).toISOString() }
    expect((await about(asked, here)).texts[1]).toBe('unknown: No e-mail was decided (the last day): no rate can be told.')
    for (let sent = 0; sent < 3; sent += 1) await post('/emails', { from: 'a@mail.example', to: 'b@example.test', subject: 'x', text: 'x' })
    const { status, texts, measurements } = await about(asked, here)
    expect([status, texts[1]]).toEqual(['ok', 'ok: 3 of 3 e-mails (the last day) delivered, 0 bounced, 0 given up.'])
    expect(measurements).toEqual([
      { name: 'delivery rate', value: 100, unit: '%', limit: 95, bound: 'least' },
      { name: 'bounce rate', value: 0, unit: '%', limit: 2 },
    ])
  })
})

const domain = { id: 'd1', name: 'mail.example', status: 'verified', capabilities: { sending: 'enabled' } }
const email = (id: number, last_event: string | null, minutesAgo = 1) => ({
  id: `e${id}`,
  created_at: new Date(Date.parse(now) - minutesAgo * 60_000).toISOString().replace('T', ' ').replace('Z', '000+00'),
  last_event,
})

describe('as Resend documents', () => {
  test('limits passed; what is under way does not count', async () => {
    const events = ['delivered', 'opened', 'clicked', 'complained', 'bounced', 'failed', 'sent', 'queued', null]
    await using vendor = await startVendor({
      '/domains': { body: { data: [domain], has_more: false }, headers: { 'x-resend-daily-quota': '42' } },
      '/emails': { body: { data: [...events.map((event, id) => email(id, event)), email(99, 'bounced', 120)], has_more: false } },
    })
    const { status, texts, measurements } = await about({ apiUrl: vendor.url, delivery: { fail: 95 }, bounces: 2, window: '1h' })
    expect([status, ...texts]).toEqual([
      'fail',
      'ok: 1 domain verified: mail.example.',
      'fail: delivery rate is 66.67 %, below the limit of 95 %.',
      'warn: bounce rate is 16.67 %, above the limit of 2 %.',
      'ok: 4 of 6 e-mails (the last hour) delivered, 1 bounced, 1 given up. 3 e-mails under way.',
    ])
    expect(measurements[0]).toEqual({ name: 'daily quota used', value: 42, unit: '' })
    expect(vendor.heard.map(({ method, headers }) => [method, headers.authorization])).toEqual(
      vendor.heard.map(() => ['GET', 'Bearer re_test_key_of_resend']),
    )
  })
  test('what waits for hours has not arrived', async () => {
    const events = ['sent', 'delivery_delayed', 'queued', null, 'held']
    const old = Array.from({ length: 90 }, (_, id) => email(id, events[id % events.length]!, 360))
    const fresh = [
      email(100, 'delivered'),
      email(101, 'delivery_delayed'),
      email(102, 'sent'),
      email(103, 'scheduled', 360),
      email(104, 'canceled', 360),
    ]
    await using vendor = await startVendor({ '/domains': { body: { data: [domain] } }, '/emails': { body: { data: [...fresh, ...old] } } })
    const { status, texts, measurements } = await about({ apiUrl: vendor.url, delivery: 95 })
    expect([status, ...texts.slice(1)]).toEqual([
      'warn',
      'warn: delivery rate is 1.09 %, below the limit of 95 %.',
      'ok: 1 of 92 e-mails (the last day) delivered, 0 bounced, 0 given up, 91 waiting for too long. 1 e-mail under way.',
    ])
    expect(measurements[0]?.value).toBe(1.09)
  })
  test('times that cannot be read', async () => {
    const odd = Array.from({ length: 90 }, (_, id) => ({ ...email(id, 'bounced'), created_at: 'yesterday' }))
    await using vendor = await startVendor({
      '/domains': { body: { data: [domain] } },
      '/emails': { body: { data: [email(100, 'delivered'), ...odd] } },
    })
    const { status, texts } = await about({ apiUrl: vendor.url, bounces: 2 })
    expect([status, texts.at(-1)]).toEqual(['unknown', expect.stringMatching(/^unknown: 90 e-mails could not be counted/)])
  })
  test('pages, until the window is over or the cap is reached', async () => {
    let pages = 0
    await using vendor = await startVendor({
      '/domains': { body: { data: [domain] } },
      '/emails': () => {
        pages += 1
        return { body: { data: [email(pages, 'delivered')], has_more: true } }
      },
    })
    const { texts } = await about({ apiUrl: vendor.url, delivery: 95 })
    expect(texts[1]).toBe('ok: 10 of 10 e-mails (the last day) delivered, 0 bounced, 0 given up. Only the newest 10 were counted.')
    expect(vendor.heard.map(({ url }) => url).slice(1, 3)).toEqual(['/emails?limit=100', '/emails?limit=100&after=e1'])
    const old = { data: [email(1, 'bounced', 600)], has_more: true }
    await using quiet = await startVendor({ '/domains': { body: { data: [domain] } }, '/emails': { body: old } })
    expect((await about({ apiUrl: quiet.url }, { words: { since: '15m' } })).texts[1]).toMatch(/^unknown: No e-mail was decided/)
    expect(quiet.heard).toHaveLength(2)
  })
  test('sending is switched off for a domain; a name that deceives', async () => {
    const off = { ...domain, name: 'mail\u202E.example\n<!channel>', capabilities: { sending: 'disabled' } }
    await using vendor = await startVendor({ '/domains': { body: { data: [off] } } })
    expect((await about({ apiUrl: vendor.url })).texts).toEqual([
      'fail: Resend does not send for mail.example <!channel> (verified, sending is disabled): compare its DNS records with Resend’s dashboard, Domains.',
    ])
  })
  test('a key that may only send', async () => {
    const body = { statusCode: 401, name: 'restricted_api_key', message: 'This API key is restricted to only send emails' }
    await using vendor = await startVendor({ '/domains': { status: 401, body } })
    expect((await about({ apiUrl: vendor.url })).texts).toEqual([
      'unknown: Resend does not accept the key (401): look whether RESEND_API_KEY is current. It says: This API key is restricted to only send emails',
    ])
  })
})
