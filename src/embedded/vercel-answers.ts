/** Answers as Vercel gives them. */
import type { Answer } from './gate.ts'
import { object, string, type Json } from './json.ts'

export const reply = (status: number, body: Json): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: Buffer.from(JSON.stringify(body)),
  ...(status < 400 ? {} : { error: string(object(body['error'])['message']) }),
})

export const refused = (message: string, status: number, code = status >= 500 ? 'internal_server_error' : 'bad_request'): Answer =>
  reply(status, { error: { code, message } })

/** Objects one a line. */
export const lines = (items: readonly Json[], type: string): Answer => ({
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(items.map((item) => `${JSON.stringify(item)}\n`).join('')),
})
