/** Nothing that is answered is too much at once: answers are cut where they pass their limits, and what is long is done in pieces. How long
 *  each piece takes `bench/blocking.ts` measures. */
import { expect, test } from 'vitest'
import { guarded } from '../../src/adapters/fetch.ts'
import { throughClient } from '../../src/checking/client.ts'
import { durationIn } from '../../src/checking/docker/duration.ts'
import github from '../../src/checks/github.ts'
import stripe from '../../src/checks/stripe.ts'
import supabase from '../../src/checks/supabase.ts'
import upstash from '../../src/checks/upstash.ts'
import { startHttp } from '../adapters/server.ts'
import { ask, json, now } from './asking.ts'

const limit = 2 * 1024 * 1024
const secrets = { secrets: { KEY: 'key-of-the-bound-0123' } }

test('a vendor’s client reads 2 MiB of an answer, and not a byte more', async () => {
  let bytes = limit
  await using server = await startHttp((_, response) => void response.end('x'.repeat(bytes)))
  const { web } = guarded({ hosts: [server.host], privateHosts: [server.host] })
  expect(await (await web(`http://${server.host}/`)).text()).toHaveLength(limit)
  bytes += 1
  await expect((await web(`http://${server.host}/`)).text()).rejects.toMatchObject({ code: 'too-large' })
})

test('a client is given no list longer than any page; others come to their turn before it reads', async () => {
  const given = async (body: unknown) => {
    const order: string[] = []
    const web = () => {
      setImmediate(() => order.push('others'))
      return Promise.resolve(new Response(JSON.stringify(body)))
    }
    const asked = await throughClient({ web }, { vendor: 'Acme', secret: 'KEY', lists: true }, async (fetch) => {
      const answer: unknown = await (await fetch('https://acme.example/')).json()
      order.push('client')
      return answer
    })
    expect(order).toEqual(['others', 'client'])
    return 'value' in asked ? asked.value : asked.findings
  }
  const long = Array.from({ length: 5000 }, (_, index) => index)
  expect(await given(long)).toHaveLength(1000)
  expect(await given({ data: long, more: true })).toEqual({ data: long.slice(0, 1000), more: true })
  expect(await given({ data: [1, 2] })).toEqual({ data: [1, 2] })
})

test('of a page no more is looked at than was asked for', async () => {
  const event = (index: number) => ({
    id: `evt_${index}`,
    type: 'a.b',
    created: Date.parse(now) / 1000 - 600,
    pending_webhooks: 0,
    object: 'event',
  })
  const endpoint = {
    id: 'we_1',
    object: 'webhook_endpoint',
    url: 'https://a.example/',
    enabled_events: ['*'],
    status: 'enabled',
    api_version: null,
  }
  await using payments = await startHttp((request, response) =>
    json({
      object: 'list',
      has_more: false,
      data: request.url?.includes('webhook_endpoints') === true ? [endpoint] : Array.from({ length: 900 }, (_, index) => event(index)),
    })(request, response),
  )
  const delivered = await ask(stripe, { ask: 'deliveries', apiUrl: `http://${payments.host}`, secret: 'KEY' }, secrets)
  expect(delivered.texts).toEqual([expect.stringContaining('100 of 100 events of the last hour did not arrive')])

  const who = { name: 'a', date: now }
  const commit = (index: number) => ({
    sha: `${index}`.padStart(40, 'a'),
    commit: { message: 'm', committer: who, author: who },
    author: null,
  })
  await using code = await startHttp((request, response) => {
    const body = request.url?.includes('/commits') === true ? Array.from({ length: 900 }, (_, index) => commit(index)) : []
    json(request.url?.includes('/runs') === true ? { workflow_runs: [] } : body)(request, response)
  })
  const changed = await ask(github, { ask: 'changes', apiUrl: `http://${code.host}`, secret: 'KEY', repository: 'acme/shop' }, secrets)
  expect(changed.measurements).toEqual([{ name: 'changes before', value: 300, unit: '' }])
  expect(changed.texts.join()).toContain('There is more than was read.')

  await using project = await startHttp(json(Array.from({ length: 20_000 }, (_, id) => ({ id }))))
  expect((await ask(supabase, { url: `http://${project.host}`, secret: 'KEY', parts: ['rest'] }, secrets)).texts).toEqual([
    'ok: Answering: REST.',
  ])
})

test('keys that come all at once are not counted as if they were all', async () => {
  await using server = await startHttp((request, response) => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `a:${index}`)
    const result = request.url?.startsWith('/SCAN') === true ? ['0', keys] : request.url === '/PING' ? 'PONG' : ''
    json({ result })(request, response)
  })
  const { texts } = await ask(upstash, { apiUrl: `http://${server.host}`, secret: 'KEY', keys: [{ pattern: 'a:*' }] }, secrets)
  expect(texts).toContain('unknown: At least 10000 keys like a:*: there are too many to count them all.')
})

test('a duration stands near its name, or it is none', () => {
  expect(durationIn(`duration:${' '.repeat(8)}12 ms`)).toBe(12)
  expect(durationIn(`duration${' '.repeat(4000)}!`)).toBeNull()
})
