/** A product's own endpoint and a rotation, through Slack: bounds, an answer that is lost, steps that people tick off. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { actionOf } from '../../src/incident/acting/request.ts'
import { startHttp } from '../adapters/server.ts'
import { startTestBot, type TestBot } from '../bot.ts'
import { until } from '../until.ts'

let bot: TestBot
let server: Awaited<ReturnType<typeof startHttp>>
let channel: string
let id: string
let pending = 18_204
let loses = false
const calls: string[] = []

beforeAll(async () => {
  server = await startHttp((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.method === 'GET') return response.end(JSON.stringify({ pending }))
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      calls.push(`${request.headers.authorization} ${body}`)
      pending = 0
      if (loses) request.socket.destroy()
      else response.end('{"processed":18204}')
    })
    return undefined
  })
  const url = `http://${server.host}`
  const service = `name: Kiosk
privateHosts: [127.0.0.1]
actions:
  queue.process:
    kind: http.call
    title: Work the queue off
    options:
      what: The queue is worked off
      url: "${url}/cron"
      secret: ACME_ALERT_SECRET
      risk: low
      parameters: [{ name: batch, type: integer, least: 1, most: 500, default: 100 }]
      count: { url: "${url}/queue", path: pending, of: mails pending }
      result: { path: processed, of: mails sent }
  secret.rotate:
    kind: secret.rotate
    title: Rotate a secret
    risk: low
    options:
      product: kiosk
      secrets: { KIOSK_KEY: { make: a random one, way: swap, remove: it is gone already } }
`
  bot = await startTestBot({ files: { 'kiosk/service.yml': service } })
  expect(bot.bot.problems).toEqual([])
  await bot.say('alice', 'general', '/incident new kiosk P1 Mails are late')
  id = 'INC-1'
  channel = await bot.opened(id)
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const statusOf = async (action: number) => actionOf(await bot.incident(id), action)?.status
const becomes = (action: number, status: string) => until(async () => (await statusOf(action)) === status, `action ${action} ${status}`)

test('what is out of its bounds is not asked for (faults 57)', async () => {
  expect((await bot.say('alice', channel, '/incident run queue.process batch=-5')).text).toContain('must be a whole number from 1 to 500')
  expect((await bot.say('alice', channel, '/incident run queue.process url=https://example.com')).text).toContain('url')
  expect((await bot.say('alice', channel, '/incident run secret.rotate name=OTHER_KEY')).text).toContain('must be one of KIOSK_KEY')
  expect((await bot.incident(id)).actions).toEqual([])
})

test('called once with what was approved, and told; the secret is nowhere', async () => {
  await bot.say('alice', channel, '/incident run queue.process batch=50 nobody gets mail')
  await becomes(1, 'waiting')
  const card = await bot.sees(channel, '18 204 mails pending')
  expect(card).toContain('{"batch":50}')
  await bot.say('bob', channel, '/incident approve 1')
  await becomes(1, 'done')
  expect(calls).toEqual(['Bearer acme-alert-secret-0123 {"batch":50}'])
  expect(await bot.sees(channel, '18 204 mails sent')).not.toContain('acme-alert-secret')
})

test('an answer that is lost is read back, and the call not repeated (faults 53)', async () => {
  calls.length = 0
  pending = 7
  loses = true
  await bot.say('alice', channel, '/incident run queue.process')
  await becomes(2, 'waiting')
  await bot.say('bob', channel, '/incident approve 2')
  await becomes(2, 'done')
  expect(calls).toHaveLength(1)
  expect(actionOf(await bot.incident(id), 2)?.ran).toMatchObject({
    text: 'The answer was lost; before it there were 7 mails pending, now 0 mails pending.',
  })
})

test('a rotation waits for each step, and is over with the last', async () => {
  await bot.say('alice', channel, '/incident run secret.rotate name=KIOSK_KEY breach=yes')
  await becomes(3, 'waiting')
  await bot.say('bob', channel, '/incident approve 3')
  for (const step of [1, 2, 3, 4, 5]) {
    await until(async () => actionOf(await bot.incident(id), 3)?.task?.text.includes(`Step ${step} of 5`) === true, `step ${step}`)
    await bot.say('carol', channel, `/incident tick 3 ${step}`)
  }
  await becomes(3, 'done')
  expect(actionOf(await bot.incident(id), 3)?.ticks).toHaveLength(5)
})
