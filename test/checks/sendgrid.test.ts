import { expect, test } from 'vitest'
import check from '../../src/checks/sendgrid.ts'
import { ask } from './asking.ts'
import { startVendor } from './vendor.ts'

const secret = 'SENDGRID_API_KEY'
const metrics = { requests: 500, processed: 500, delivered: 490, bounces: 4, blocks: 1, bounce_drops: 0, invalid_emails: 0 }
const day = (date: string, more: object = {}) => ({ date, stats: [{ metrics: { ...metrics, ...more } }] })

const about = async (more: object = {}, options: object = {}) => {
  await using vendor = await startVendor({
    '/v3/scopes': { body: { scopes: ['mail.send', 'stats.read'] } },
    '/v3/whitelabel/domains': { body: [{ id: 1, domain: 'mail.example', subdomain: 'em', valid: true, default: true }] },
    '/v3/stats': { body: [day('2026-11-19'), day('2026-11-20')] },
    '/v3/user/credits': { body: { remain: 200, total: 1000, overage: 0, used: 800 } },
    ...more,
  })
  const asked = { secret, apiUrl: vendor.url, delivery: 95, bounces: 2, ...options }
  const answer = await ask(check, asked, { secrets: { [secret]: 'SG.secret-of-sendgrid' } })
  return { ...answer, heard: vendor.heard }
}

test('all is well', async () => {
  const { status, texts, measurements, heard } = await about({}, { days: 2 })
  expect([status, ...texts]).toEqual([
    'ok',
    'ok: The key may send.',
    'ok: 1 domain verified: mail.example.',
    'ok: 980 of 990 e-mails (the last 2 days) delivered, 8 bounced, 2 given up. 10 e-mails of 1000 not decided.',
  ])
  expect(measurements.map(({ name, value }) => [name, value])).toEqual([
    ['delivery rate', 98.99],
    ['bounce rate', 0.81],
  ])
  expect(heard.map(({ url }) => url)).toContain('/v3/stats?start_date=2026-11-19&aggregated_by=day')
  expect(heard.map(({ url }) => url)).not.toContain('/v3/user/credits')
})
test('limits passed', async () => {
  const { status, texts } = await about({ '/v3/stats': { body: [day('2026-11-20', { bounces: 40 })] } }, { credits: { fail: 500 } })
  expect(status).toBe('fail')
  expect(texts).toContain('warn: delivery rate is 92.28 %, below the limit of 95 %.')
  expect(texts).toContain('warn: bounce rate is 7.53 %, above the limit of 2 %.')
  expect(texts).toContain('fail: credits left is 200, below the limit of 500.')
})
test('a key that may not send, a domain that is not valid', async () => {
  const { status, texts } = await about({
    '/v3/scopes': { body: { scopes: ['stats.read'] } },
    '/v3/whitelabel/domains': { body: [{ domain: 'mail.example', valid: false }] },
  })
  expect([status, texts[0], texts[1]]).toEqual([
    'fail',
    'warn: The key in SENDGRID_API_KEY may not send (no scope mail.send): look whether it is the product’s own.',
    expect.stringMatching(/^fail: SendGrid does not send for mail\.example \(not valid\)/),
  ])
})
test('domains are read page by page', async () => {
  const page = ({ url }: { url: string }) => {
    const offset = Number(new URL(url, 'http://api').searchParams.get('offset'))
    return {
      body: Array.from({ length: offset === 100 ? 3 : 50 }, (_, n) => ({ domain: `d${offset + n}.example`, valid: offset + n !== 102 })),
    }
  }
  const all = await about({ '/v3/whitelabel/domains': page })
  expect(all.texts[1]).toMatch(/^fail: SendGrid does not send for d102\.example \(not valid\)/)
  expect((await about({ '/v3/whitelabel/domains': page }, { domains: ['d101.example'] })).status).toBe('ok')
  const endless = await about({
    '/v3/whitelabel/domains': { body: Array.from({ length: 50 }, (_, n) => ({ domain: `d${n}.example`, valid: true })) },
  })
  expect(endless.texts).toContain('unknown: Only 500 domains were read: there may be more.')
})
test('what was handed over and never decided', async () => {
  const { status, texts } = await about({ '/v3/stats': { body: [day('2026-11-20', { delivered: 5, bounces: 0, blocks: 0 })] } })
  expect([status, texts[2]]).toEqual(['warn', expect.stringMatching(/^warn: Of 500 e-mails \(today\) 495 are neither/)])
})
test('nothing was sent', async () => {
  const { status, texts } = await about({ '/v3/stats': { body: [] } })
  expect([status, texts[2]]).toEqual(['unknown', 'unknown: No e-mail was decided (today): no rate can be told.'])
})
test('what SendGrid says of a wrong key', async () => {
  const no = { status: 401, body: { errors: [{ field: null, message: 'authorization required' }] } }
  const { texts } = await about({ '/v3/scopes': no, '/v3/whitelabel/domains': no, '/v3/stats': no })
  expect(texts).toEqual([
    'unknown: SendGrid does not accept the key (401): look whether SENDGRID_API_KEY is current. It says: authorization required',
  ])
})
