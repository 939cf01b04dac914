import { expect, test } from 'vitest'
import check from '../../src/checks/paypal.ts'
import { ask } from './asking.ts'
import { startVendor } from './vendor.ts'

const place = 'https://app.example/api/paypal/webhook'
const secrets = { PAYPAL_CLIENT_ID: 'client-of-paypal', PAYPAL_CLIENT_SECRET: 'secret-of-paypal' }
const token = { access_token: 'A21AA-token-of-paypal', token_type: 'Bearer', expires_in: 32400 }
const webhook = (url: string, status: string, ...names: string[]) => ({
  id: 'W1',
  url,
  event_types: names.map((name) => ({ name, status })),
})

const about = async (webhooks: unknown, options: object = {}, more: object = {}) => {
  await using vendor = await startVendor({
    '/v1/oauth2/token': { body: token },
    '/v1/notifications/webhooks': { body: { webhooks } },
    ...more,
  })
  const asked = { clientIdSecret: 'PAYPAL_CLIENT_ID', secret: 'PAYPAL_CLIENT_SECRET', apiUrl: vendor.url, url: place, ...options }
  const answer = await ask(check, asked, { secrets })
  return { ...answer, heard: vendor.heard }
}

test('credentials are valid, events are sent; only the token is posted for', async () => {
  const events = ['PAYMENT.CAPTURE.COMPLETED', 'PAYMENT.CAPTURE.DENIED']
  const { texts, heard } = await about([webhook(place, 'ENABLED', ...events)], { events: ['PAYMENT.CAPTURE.*'] })
  expect(texts).toEqual([
    'ok: PayPal accepts the credentials.',
    'ok: 1 of 1 endpoint for https://app.example/api/paypal/webhook enabled; it is sent PAYMENT.CAPTURE.* (as COMPLETED, DENIED).',
  ])
  expect(heard.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['POST', '/v1/oauth2/token', 'grant_type=client_credentials'],
    ['GET', '/v1/notifications/webhooks', ''],
  ])
  expect(heard[0]?.headers.authorization).toBe(`Basic ${Buffer.from('client-of-paypal:secret-of-paypal').toString('base64')}`)
  expect(heard[1]?.headers.authorization).toBe('Bearer A21AA-token-of-paypal')
})
test('every event of the webhook is disabled; an event is missing; no webhook is there', async () => {
  const off = await about([webhook(place, 'DISABLED', 'PAYMENT.SALE.COMPLETED')])
  expect([off.status, off.texts[1]]).toEqual(['fail', expect.stringMatching(/^fail: PayPal sends nothing to .* the endpoint is disabled/)])
  const other = await about([webhook(place, 'ENABLED', 'PAYMENT.SALE.COMPLETED')], { events: ['CHECKOUT.ORDER.APPROVED'] })
  expect([other.status, other.texts[1]]).toEqual(['fail', expect.stringMatching(/^fail: PayPal does not send CHECKOUT\.ORDER\.APPROVED/)])
  expect((await about([])).status).toBe('fail')
  expect((await about([], { url: undefined })).texts).toEqual(['ok: PayPal accepts the credentials.'])
})
test('wrong credentials', async () => {
  const body = { error: 'invalid_client', error_description: 'Client Authentication failed' }
  const { status, texts, heard } = await about([], {}, { '/v1/oauth2/token': { status: 401, body } })
  expect([status, ...texts]).toEqual([
    'unknown',
    'unknown: PayPal does not accept the key (401): look whether PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET is current. It says: Client Authentication failed',
  ])
  expect(heard).toHaveLength(1)
})
