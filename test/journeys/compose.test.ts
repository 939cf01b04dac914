/** A hard restart by two people in Slack, through the agent, which is killed in the middle of it. */
import { expect, test } from 'vitest'
import { actionOf } from '../../src/incident/acting/request.ts'
import { startDockerEngine } from '../../src/embedded/docker-engine.ts'
import { secret, startAgent, startHost } from '../agent/agent.ts'
import { startTestBot } from '../bot.ts'
import { until } from '../until.ts'

test('the agent is killed while all goes down: it is not taken down twice, and comes up (faults 53)', async () => {
  await using host = await startHost()
  host.commit('Start the shop', { 'compose.yml': 'services: {}\n' })
  await using agent = await startAgent(host)
  await using engine = await startDockerEngine({ project: 'shop', containers: [{ service: 'api', health: 'healthy' }] })
  const held = Promise.withResolvers<number>()
  host.answer((argv) => {
    if (argv.includes('down')) {
      engine.containers.splice(0)
      return held.promise
    }
    engine.containers.push({ service: 'api', health: 'healthy' })
    return 0
  })
  await using bot = await startTestBot({
    options: { environment: { ACME_ALERT_SECRET: 'acme-alert-secret-0123', KIOSK_AGENT: secret } },
    files: {
      'kiosk/service.yml': `name: Kiosk
privateHosts: [127.0.0.1]
actions:
  restart:
    kind: compose.restart
    title: Restart
    options:
      host: 127.0.0.1
      port: ${engine.port}
      tls: none
      project: shop
      services: [api]
      agent: { url: "${agent.url()}", secret: KIOSK_AGENT }
`,
    },
  })
  expect(bot.bot.problems).toEqual([])
  await bot.say('alice', 'general', '/incident new kiosk P1 The shop is stuck')
  const channel = await bot.opened('INC-1')
  const becomes = (status: string) =>
    until(async () => actionOf(await bot.incident('INC-1'), 1)?.status === status, `action ${status}`, 45_000)
  await bot.say('alice', channel, '/incident run restart service=all hard=true because nothing answers')
  await becomes('waiting')
  expect(await bot.sees(channel, 'Needs 2 people')).toContain('All of shop is taken down, and brought up again.')
  await bot.say('bob', channel, '/incident approve 1')
  await bot.say('carol', channel, '/incident approve 1')
  await until(() => host.calls.length === 1, 'down')
  await agent.kill()
  held.resolve(0)
  await agent.start()
  await becomes('done')
  expect(host.composed()).toEqual(['down', 'up -d'])
  expect(await bot.sees(channel, '– done\n')).toContain('api runs and is healthy.')
})
