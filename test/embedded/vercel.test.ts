/** The front before the emulator's Vercel: what it adds, and where it is as strict as the real one. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { World } from '../../src/embedded/world.ts'
import { control, testWorld } from './world.ts'

const token = 'vercel_token'
let world: World
beforeAll(async () => {
  world = await testWorld({ vercel: { token, projects: [{ name: 'shop' }] } })
})
afterAll(() => world.close())

const call = async (method: string, path: string, body?: object, bearer = token) => {
  const response = await fetch(`${world.vercelApiUrl}${path}${path.includes('?') ? '&' : '?'}slug=local`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text.startsWith('{') ? z.record(z.string(), z.unknown()).parse(JSON.parse(text)) : {} }
}
const Listed = z.object({ deployments: z.array(z.object({ uid: z.string() })), pagination: z.object({ next: z.number().nullable() }) })

test('a world without Vercel has none', async () => {
  await using other = await testWorld()
  expect(other.vercelApiUrl).toBe('')
  await expect(control(other.url)('POST', '/vercel/logs', {})).rejects.toThrow('there is no logs of Vercel here')
})

test('another token is refused as Vercel does', async () => {
  expect(await call('GET', '/v9/projects/shop', undefined, 'other')).toEqual({
    status: 403,
    json: { error: { code: 'forbidden', message: 'Not authorized' } },
  })
})

test('deployments are listed by the time that they were given, in pages', async () => {
  const ids: string[] = []
  for (const created of [3_000, 1_000, 2_000]) {
    const { json } = await call('POST', '/v13/deployments', { name: 'shop', target: 'production' })
    ids.push(String(json['id']))
    await control(world.url)('POST', '/vercel/deployments', { id: json['id'], created })
  }
  const list = async (query: string) => {
    const { deployments, pagination } = Listed.parse((await call('GET', `/v6/deployments?target=production&${query}`)).json)
    return [deployments.map(({ uid }) => ids.indexOf(uid)), pagination.next]
  }
  expect(await list('limit=2')).toEqual([[0, 2], 2_000])
  expect(await list('limit=2&until=2000')).toEqual([[1], null])
  expect(await list('since=1000&until=3000')).toEqual([[2], null])
  expect(await list('state=ERROR')).toEqual([[], null])
})

test('the log of requests wants to know whose it is', async () => {
  expect((await call('GET', '/api/logs/request-logs?projectId=p')).status).toBe(400)
  expect(await call('GET', '/api/logs/request-logs?projectId=p&ownerId=o')).toEqual({ status: 200, json: { rows: [], hasMoreRows: false } })
})
