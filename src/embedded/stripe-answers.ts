/** Answers as Stripe gives them. */
import { randomBytes } from 'node:crypto'
import type { Answer } from './gate.ts'
import { object, string, type Json } from './json.ts'

export const STRIPE_VERSION = '2026-10-28.endive'

export const reply = (status: number, body: Json): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'request-id': `req_${randomBytes(7).toString('hex')}`, 'stripe-version': STRIPE_VERSION },
  body: Buffer.from(JSON.stringify(body)),
  ...(status < 400 ? {} : { error: string(object(body['error'])['message']) }),
})

export const refused = (message: string, status: number, more: Json = {}): Answer =>
  reply(status, { error: { type: status >= 500 ? 'api_error' : 'invalid_request_error', message, ...more } })

export const missing = (what: string, id: string): Answer =>
  refused(`No such ${what}: '${id}'`, 404, { code: 'resource_missing', param: 'id' })
