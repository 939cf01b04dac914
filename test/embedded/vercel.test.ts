/** The front before the emulator's Vercel: what it adds, and where it is as strict as the real one. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { World } from '../../src/embedded/world.ts'
import { until } from '../until.ts'
import { control, testWorld } from './world.ts'

const token = 'vercel_token'
const Project = z.object({
  id: z.string(),
  targets: z.object({ production: z.object({ id: z.string() }) }),
  lastAliasRequest: z.object({ jobStatus: z.string(), type: z.string() }).optional(),
})
let world: World
beforeAll(async () => {
  world = await testWorld({
    vercel: {
      token,
      projects: [{ name: 'shop' }, { name: 'moving', variables: [{ key: 'MODE', value: 'a', type: 'encrypted', target: ['production'] }] }],
    },
  })
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

test('a rollback is accepted first, and moves traffic a moment later; from then on nothing is promoted by itself', async () => {
  const deploy = async (name = 'moving') => String((await call('POST', '/v13/deployments', { name, target: 'production' })).json['id'])
  const [first, second, other] = [await deploy(), await deploy(), await deploy('shop')]
  const read = async () => Project.parse((await call('GET', '/v9/projects/moving')).json)
  const { id } = await read()
  const asks = async (how: string, to: string) =>
    (await call('POST', `/${how === 'promote' ? 'v10' : 'v1'}/projects/${id}/${how}/${to}`, {})).status
  expect([await asks('rollback', 'dpl_none'), await asks('rollback', other), await asks('rollback', second)]).toEqual([404, 404, 409])
  expect(await asks('rollback', first)).toBe(201)
  expect(await read()).toMatchObject({
    targets: { production: { id: second } },
    lastAliasRequest: { jobStatus: 'pending', type: 'rollback' },
  })
  expect(await asks('rollback', first)).toBe(409)
  await until(async () => (await read()).targets.production.id === first, 'traffic moved')
  const third = await deploy()
  expect((await read()).targets.production.id).toBe(first)
  expect((await call('GET', `/v13/deployments/${third}`)).json).toMatchObject({ readySubstate: 'STAGED' })
  expect(await asks('rollback', third)).toBe(422)
  expect(await asks('promote', third)).toBe(202)
  await until(async () => (await read()).targets.production.id === third, 'traffic moved')
  const fourth = await deploy()
  expect((await read()).targets.production.id).toBe(fourth)
})

test('what is built anew takes a moment, keeps what is known of its source, and is served then', async () => {
  const read = async () => Project.parse((await call('GET', '/v9/projects/moving')).json).targets.production.id
  const before = await read()
  const { status, json } = await call('POST', '/v13/deployments?forceNew=1', {
    name: 'moving',
    deploymentId: before,
    target: 'production',
    meta: { by: 'me' },
  })
  expect([status, json['readyState'], await read()]).toEqual([200, 'QUEUED', before])
  await until(async () => (await read()) === json['id'], 'the build served')
  expect((await call('GET', `/v13/deployments/${String(json['id'])}`)).json).toMatchObject({ readyState: 'READY', meta: { by: 'me' } })
  expect((await call('POST', '/v13/deployments?forceNew=1', { name: 'moving', deploymentId: 'dpl_none' })).status).toBe(404)
})

test('a variable is read by itself with its value', async () => {
  const { json } = await call('GET', '/v10/projects/moving/env')
  const [{ id }] = z.tuple([z.object({ id: z.string(), value: z.literal('') })]).parse(json['envs'])
  expect((await call('GET', `/v1/projects/moving/env/${id}`)).json).toMatchObject({ key: 'MODE', value: 'a', decrypted: true })
  expect((await call('GET', '/v1/projects/moving/env/env_none')).status).toBe(404)
})
