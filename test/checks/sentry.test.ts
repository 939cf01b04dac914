import { expect, test } from 'vitest'
import check from '../../src/checks/sentry.ts'
import { ask, type Asking } from './asking.ts'
import { type Heard, startVendor } from './vendor.ts'

const secret = 'SENTRY_AUTH_TOKEN'
const issue = (shortId: string, title: string, firstSeen: string, more: object = {}) => ({
  id: '1',
  shortId,
  title,
  level: 'error',
  status: 'unresolved',
  count: '14',
  userCount: 3,
  firstSeen,
  lastSeen: '2026-11-20T10:00:00Z',
  ...more,
})
const path = '/api/0/organizations/acme/issues/'
const about = async (
  answer: (heard: Heard) => { body: unknown; headers?: Record<string, string>; status?: number },
  options: object = {},
  more: Asking = {},
) => {
  await using vendor = await startVendor({ [path]: answer })
  const asked = { secret, apiUrl: vendor.url, organization: 'acme', project: 'web', ...options }
  const result = await ask(check, asked, { secrets: { [secret]: 'sntrys_token_of_sentry' }, ...more })
  return { ...result, queries: vendor.heard.map(({ url }) => Object.fromEntries(new URL(url, 'http://x').searchParams)) }
}

const two = [issue('WEB-2', 'TypeError: x is undefined', '2026-11-20T09:00:00.123456Z'), issue('WEB-1', 'Timeout', '2026-10-01T00:00:00Z')]

test('issues of a window', async () => {
  const { status, texts, measurements, detail, queries } = await about(() => ({ body: two }), { issues: 5, environment: 'production' })
  expect([status, ...texts]).toEqual([
    'ok',
    'ok: 2 unresolved issues in the last day, 1 of them new. Newest: WEB-2 “TypeError: x is undefined” (error, 14 events, 3 users, first seen 2026-11-20T09:00:00.123456Z).',
  ])
  expect(measurements).toEqual([{ name: 'unresolved issues', value: 2, unit: '', limit: 5 }])
  expect(detail?.text.split('\n')).toHaveLength(2)
  expect(queries).toEqual([
    {
      query: 'is:unresolved lastSeen:-24h project:web',
      statsPeriod: '24h',
      sort: 'new',
      limit: '100',
      project: '-1',
      environment: 'production',
    },
  ])
})
test('none is what one hopes for', async () => {
  const { status, texts } = await about(() => ({ body: [] }))
  expect([status, ...texts]).toEqual(['ok', 'ok: No unresolved issues in the last day.'])
})
test('new ones warn where there is no limit, old ones do not', async () => {
  expect((await about(() => ({ body: two }))).status).toBe('warn')
  expect((await about(() => ({ body: two.slice(1) }))).status).toBe('ok')
})
test('security comes first, and none is allowed', async () => {
  const { status, texts, queries } = await about(
    ({ url }) => ({ body: url.includes('security') ? [two[1]] : two }),
    { security: 'is:unresolved category:security', issues: 5 },
    { words: { since: '90m' } },
  )
  expect(status).toBe('warn')
  expect(texts.slice(0, 2)).toEqual([
    expect.stringMatching(/^warn: 1 security issue in the last 1 h 30 min, none of them new\. Newest: WEB-1/),
    expect.stringMatching(/^ok: 2 unresolved issues in/),
  ])
  expect(new Set(queries.map(({ query }) => query))).toEqual(
    new Set(['is:unresolved category:security lastSeen:-90m project:web', 'is:unresolved lastSeen:-90m project:web']),
  )
})
test('more than a page', async () => {
  const link = '<https://sentry.io/?cursor=0:100:0>; rel="next"; results="true"; cursor="0:100:0"'
  const counted = await about(() => ({ body: two, headers: { 'x-hits': '340', link } }), { issues: 50 })
  expect(counted.texts.slice(0, 2)).toEqual([expect.stringMatching(/^warn: 340 unresolved issues in/)])
  const uncounted = await about(() => ({ body: two, headers: { link } }), { issues: 50 })
  expect(uncounted.texts).toEqual([expect.stringMatching(/^ok: 2 or more unresolved issues in/)])
})
test('a title that deceives; a search that Sentry does not understand', async () => {
  const odd = issue('WEB-3', '\u202Eevil\n<!channel> '.repeat(400), '2026-11-20T09:00:00Z', { count: null, userCount: null })
  const { texts } = await about(() => ({ body: [odd] }))
  expect(texts[0]).not.toMatch(/\u202E|\n/)
  expect(texts[0]?.length).toBeLessThan(300)
  const wrong = await about(() => ({ status: 400, body: { detail: 'Error parsing search query' } }), { query: '((' })
  expect(wrong.texts).toEqual(['unknown: Sentry answered 400, which was not expected. It says: Error parsing search query'])
})
