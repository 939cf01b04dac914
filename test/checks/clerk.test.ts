import { createEmulator, type Emulator } from 'emulate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import check from '../../src/checks/clerk.ts'
import { ask } from './asking.ts'
import { startVendor } from './vendor.ts'

const key = 'sk_live_of_clerk'
const secrets = { CLERK_SECRET_KEY: key }
let emulator: Emulator
let apiUrl: string
beforeAll(async () => {
  emulator = await createEmulator({ service: 'clerk', port: 0, seed: { tokens: { [key]: { login: 'admin' } } } })
  apiUrl = `http://127.0.0.1:${new URL(emulator.url).port}`
})
afterAll(() => emulator.close())

test('the key, sessions, users', async () => {
  const created = await fetch(`${apiUrl}/v1/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ email_address: ['a@example.test'], password: 'correct horse battery' }),
  })
  expect(created.ok).toBe(true)
  const { status, texts, measurements } = await ask(check, { secret: 'CLERK_SECRET_KEY', apiUrl, mode: 'live', users: 1 }, { secrets })
  const users = measurements[0]?.value ?? 0
  expect(users).toBeGreaterThan(1)
  expect([status, ...texts]).toEqual([
    'ok',
    'ok: The key in CLERK_SECRET_KEY is a live key.',
    `ok: The key is valid; ${users} users known.`,
    'ok: Sessions can be verified with 1 key.',
  ])
})
test('too few users, the wrong key', async () => {
  const few = await ask(check, { secret: 'CLERK_SECRET_KEY', apiUrl, users: { fail: 100 } }, { secrets })
  expect([few.status, few.texts[1]]).toEqual(['fail', expect.stringMatching(/^fail: users is \d+, below the limit of 100\.$/)])
  const no = { status: 401, body: { errors: [{ message: 'The provided Clerk Secret Key is invalid.', code: 'clerk_key_invalid' }] } }
  await using vendor = await startVendor({ '/v1/users/count': no, '/v1/jwks': no })
  const asked = { secret: 'CLERK_SECRET_KEY', apiUrl: vendor.url, mode: 'live' } as const
  const wrong = await ask(check, asked, { secrets: { CLERK_SECRET_KEY: 'sk_test_other' } })
  expect([wrong.status, ...wrong.texts]).toEqual([
    'fail',
    'fail: The key in CLERK_SECRET_KEY is a test key where a live key belongs: set the other one.',
    'unknown: Clerk does not accept the key (401): look whether CLERK_SECRET_KEY is current. It says: The provided Clerk Secret Key is invalid.',
  ])
})
test('no key to verify sessions with', async () => {
  await using vendor = await startVendor({
    '/v1/users/count': { body: { object: 'total_count', total_count: 3 } },
    '/v1/jwks': { body: { keys: [] } },
  })
  const { status, texts } = await ask(check, { secret: 'CLERK_SECRET_KEY', apiUrl: vendor.url }, { secrets })
  expect([status, texts[2]]).toEqual(['fail', expect.stringMatching(/nobody can be signed in/)])
})
