import { expect, test } from 'vitest'
import check from '../../src/checks/brevo.ts'
import { ask } from './asking.ts'
import { startVendor } from './vendor.ts'

const secret = 'BREVO_API_KEY'
const account = {
  email: 'ops@example.test',
  plan: [
    { type: 'payAsYouGo', creditsType: 'sendLimit', credits: 5000 },
    { type: 'sms', creditsType: 'sendLimit', credits: 999.5 },
  ],
  relay: { enabled: true, data: { relay: 'smtp-relay.example', port: 587 } },
}
const domains = { domains: [{ id: '1', domain_name: 'mail.example', authenticated: true, verified: true }] }
const report = { range: '2026-11-20|2026-11-20', requests: 1000, delivered: 970, hardBounces: 10, softBounces: 5, blocked: 3, invalid: 2 }
const limits = { delivery: 95, bounces: 2, credits: 1000 }

const about = async (more: object = {}, options: object = limits) => {
  await using vendor = await startVendor({
    '/v3/account': { body: account },
    '/v3/senders/domains': { body: domains },
    '/v3/smtp/statistics/aggregatedReport': { body: report },
    ...more,
  })
  const answer = await ask(check, { secret, apiUrl: vendor.url, ...options }, { secrets: { [secret]: 'xkeysib-secret-of-brevo' } })
  return { ...answer, heard: vendor.heard }
}

test('all is well', async () => {
  const { status, texts, measurements, heard } = await about({}, { ...limits, days: 7 })
  expect([status, ...texts]).toEqual([
    'ok',
    'ok: 1 domain verified: mail.example.',
    'ok: 970 of 990 e-mails (the last 7 days) delivered, 15 bounced, 5 given up. 10 e-mails of 1000 not decided.',
  ])
  expect(measurements).toEqual([
    { name: 'credits left', value: 5000, unit: '', limit: 1000, bound: 'least' },
    { name: 'delivery rate', value: 97.98, unit: '%', limit: 95, bound: 'least' },
    { name: 'bounce rate', value: 1.52, unit: '%', limit: 2 },
  ])
  expect(heard.map(({ headers }) => headers['api-key'])).toEqual(heard.map(() => 'xkeysib-secret-of-brevo'))
  expect(heard.map(({ url }) => url)).toContain('/v3/smtp/statistics/aggregatedReport?days=7')
})
test('limits passed', async () => {
  const { status, texts } = await about({
    '/v3/account': { body: { ...account, plan: [{ type: 'free', credits: 12 }] } },
    '/v3/smtp/statistics/aggregatedReport': { body: { ...report, delivered: 900, hardBounces: 60 } },
  })
  expect([status, ...texts.slice(0, 4)]).toEqual([
    'warn',
    'warn: credits left is 12, below the limit of 1000.',
    'ok: 1 domain verified: mail.example.',
    'warn: delivery rate is 92.78 %, below the limit of 95 %.',
    'warn: bounce rate is 6.7 %, above the limit of 2 %.',
  ])
})
test('what was handed over and never decided', async () => {
  const few = { ...report, delivered: 10, hardBounces: 0, softBounces: 0, blocked: 0, invalid: 0 }
  const { status, texts, measurements } = await about({ '/v3/smtp/statistics/aggregatedReport': { body: few } })
  expect([status, ...texts.slice(1)]).toEqual([
    'warn',
    'warn: Of 1000 e-mails (today) 990 are neither delivered nor given up: if they are not of the last minutes, they are stuck. Look at the sender’s log.',
    'ok: 10 of 10 e-mails (today) delivered, 0 bounced, 0 given up. 990 e-mails of 1000 not decided.',
  ])
  expect(measurements).toContainEqual({ name: 'delivery rate', value: 100, unit: '%', limit: 95, bound: 'least' })
  const none = await about({ '/v3/smtp/statistics/aggregatedReport': { body: { ...few, delivered: 0 } } })
  expect(none.texts.slice(1)).toEqual([expect.stringMatching(/^warn: Of 1000/), expect.stringMatching(/^unknown: No e-mail was decided/)])
})
test('no credits are left', async () => {
  const { status, texts } = await about({ '/v3/account': { body: { ...account, plan: [{ type: 'free', credits: 0 }] } } }, {})
  expect([status, texts[0]]).toEqual(['fail', expect.stringContaining('no credits left for e-mail: nothing is sent')])
})
test('nothing is sent: the relay is off, a domain is not authenticated', async () => {
  const { status, texts } = await about({
    '/v3/account': { body: { ...account, relay: { enabled: false } } },
    '/v3/senders/domains': { body: { domains: [{ domain_name: 'mail.example', authenticated: false }] } },
  })
  expect(status).toBe('fail')
  expect(texts[0]).toMatch(/^fail: Brevo’s SMTP relay is switched off/)
  expect(texts[1]).toMatch(/^fail: Brevo does not send for mail\.example \(not authenticated\)/)
})
test('nothing was sent, or counts that make no sense', async () => {
  const none = { range: 'x', requests: 0, delivered: 0 }
  expect((await about({ '/v3/smtp/statistics/aggregatedReport': { body: none } })).texts[1]).toBe(
    'unknown: No e-mail was decided (today): no rate can be told.',
  )
  const odd = { ...report, delivered: -5 }
  expect((await about({ '/v3/smtp/statistics/aggregatedReport': { body: odd } })).texts[1]).toMatch(
    /^unknown: The counts \(today\) make no sense/,
  )
})
test('a part that may not be asked leaves the others their answers', async () => {
  const { status, texts } = await about({ '/v3/account': { status: 403, body: { code: 'permission_denied', message: 'no' } } })
  expect(status).toBe('unknown')
  expect(texts).toHaveLength(3)
})
test('a key that is refused everywhere is said once', async () => {
  const no = { status: 401, body: { code: 'unauthorized', message: 'Key not found' } }
  const { texts } = await about({ '/v3/account': no, '/v3/senders/domains': no, '/v3/smtp/statistics/aggregatedReport': no })
  expect(texts).toEqual(['unknown: Brevo does not accept the key (401): look whether BREVO_API_KEY is current. It says: Key not found'])
})
