/** What an action remembers of itself while it runs is there for whoever goes on with it. */
import { z } from 'zod'
import { expect, test } from 'vitest'
import { defineAction, type ActionDefinition } from '../../src/define/action.ts'
import { actionOf } from '../../src/incident/acting/request.ts'
import { FetchFault } from '../../src/ports.ts'
import { startTestBot } from '../bot.ts'
import { until } from '../until.ts'

const steps = defineAction({
  summary: 'Does two steps, and loses its line between them',
  options: z.strictObject({}),
  input: z.strictObject({}),
  risk: () => 'low',
  target: () => 'steps:all',
  hosts: () => [],
  timeoutMs: 5_000,
  preview: () => Promise.resolve({ summary: 'Two steps.', calls: [], effects: [], reversible: null, warnings: [], plan: {}, state: {} }),
  run: async (_, __, { memo, remember }) => {
    if (memo !== null) return { outcome: 'done', text: `Went on after ${JSON.stringify(memo)}.` }
    await remember({ step: 1 })
    throw new FetchFault('reset', 'The line broke.')
  },
  recover: (_, __, { memo }) =>
    Promise.resolve(memo === null ? { outcome: 'unclear', text: 'Nobody knows of the first step.' } : { outcome: 'resume' }),
})

test('the answer is lost after the first step: it is read back, and goes on, with what was remembered', async () => {
  await using bot = await startTestBot({
    registry: (registry) => ({
      ...registry,
      actions: new Map([...registry.actions, ['steps', steps as unknown as ActionDefinition]]),
    }),
    files: { 'kiosk/service.yml': 'name: Kiosk\nactions:\n  steps: { kind: steps, title: Two steps, options: {} }\n' },
  })
  await bot.say('alice', 'general', '/incident new kiosk P1 Orders fail')
  const channel = await bot.opened('INC-1')
  await bot.say('alice', channel, '/incident run steps')
  const status = async () => actionOf(await bot.incident('INC-1'), 1)?.status
  await until(async () => (await status()) === 'waiting', 'the request waiting')
  await bot.say('bob', channel, '/incident approve 1')
  expect(await bot.sees(channel, '– done\n')).toContain('Went on after {"step":1}.')
})
