/** A job that died is a problem as long as its work is not done. */
import { expect, test } from 'vitest'
import { startTestBot } from '../bot.ts'
import { until } from '../until.ts'

test('health is whole again once what a dead job left undone is done; metrics and log keep it', async () => {
  await using bot = await startTestBot({
    // Once instead of a hundred times.
    registry: (registry) => ({ ...registry, jobs: new Map([...registry.jobs].map(([name, job]) => [name, { ...job, retryLimit: 0 }])) }),
  })
  await bot.say('alice', 'general', '/incident new acme P3 Published late')
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.fault({ service: 'github', kind: 'status', method: '*', status: 500, times: 0 })
  await bot.say('alice', channel, '/incident resolve It is over')
  await bot.sees(channel, /⚠ .*post-mortem/)
  await until(async () => (await bot.health()).services['jobs'] === '1 dead', 'a dead letter')
  expect((await bot.health()).status).toBe('degraded')
  expect(await bot.metrics()).toMatch(/tocsin_jobs_unmended 1\n/)

  await bot.mend()
  await bot.say('alice', channel, '/incident note It was the certificate')
  await bot.sees(channel, 'post-mortem is ready')
  await until(async () => (await bot.health()).status === 'healthy', 'health')
  const metrics = await bot.metrics()
  expect(metrics).toMatch(/tocsin_jobs_dead [1-9]/)
  expect(metrics).toMatch(/tocsin_jobs_unmended 0\n/)
  const said = bot.lines.filter(({ message }) => message === 'job is dead' || message === 'what dead jobs left undone is done')
  expect(said.map(({ level }) => level)).toEqual(expect.arrayContaining(['error', 'info']))
})
