/** Jobs that can never succeed, and timers that came due while nobody ran. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/catalogue.ts'
import { createHandle } from '../../src/handle.ts'
import { openStore } from '../../src/store/database.ts'
import { openQueue } from '../../src/store/queue.ts'
import { silent } from '../silent.ts'
import { kindsOf } from '../../src/registry.ts'
import { root, startTestBot, testWorld } from '../bot.ts'
import { until } from '../until.ts'
import { freshDatabase } from '../stores.ts'
import { setTimeout as sleep } from 'node:timers/promises'

test('34: a poison job backs off, dies, is told of; the others flow', async () => {
  const templates = mkdtempSync(join(tmpdir(), 'tocsin-templates-'))
  cpSync(join(root, 'templates'), templates, { recursive: true })
  writeFileSync(join(templates, 'postmortem.md'), '{{ nothing.like.this }}')
  await using bot = await startTestBot({
    templates,
    // Twice instead of a hundred times.
    registry: (registry) => ({ ...registry, jobs: new Map([...registry.jobs].map(([name, job]) => [name, { ...job, retryLimit: 1 }])) }),
  })
  await bot.say('alice', 'general', '/incident new acme P3 Poison')
  const channel = await bot.opened('INC-1')
  await bot.sees(channel, 'Checks at opening')
  await bot.say('alice', channel, '/incident resolve It is over')
  await bot.say('alice', 'general', '/incident new acme P3 Beside it')
  await bot.sees(await bot.opened('INC-2'), 'Checks at opening')
  await until(async () => (await bot.bot.queue.dead()).length > 0, 'a dead letter')
  const [dead] = await bot.bot.queue.dead()
  expect(dead).toMatchObject({
    queue: 'sync-pull-request',
    data: { incident: 'INC-1' },
    error: expect.stringMatching(/postmortem\.md.*undefined variable/) as string,
  })
  expect(bot.lines.filter(({ message }) => message === 'job failed').length).toBeGreaterThanOrEqual(2)
  await until(() => bot.lines.some(({ level, message }) => level === 'error' && message === 'job is dead'), 'a line in the log')
  const health = await bot.health()
  expect([health.status, health.services['jobs']]).toEqual(['degraded', expect.stringMatching(/^\d+ dead/)])
  expect(await bot.metrics()).toMatch(/tocsin_jobs_dead [1-9]/)
  expect(await bot.sees(channel, /⚠ .*postmortem\.md/)).toContain('INC-1')
  rmSync(templates, { recursive: true })
})

test('44: asleep past every warning, the breach and two escalations: each clock speaks once', async () => {
  const url = await freshDatabase()
  const world = await testWorld()
  {
    // Declared by a process that then sleeps: nothing of what comes due is looked at.
    await using bot = await startTestBot({ world, store: { url }, github: false })
    const registry = bot.options.registry
    const { catalogue } = loadCatalogue({
      runbooks: bot.options.runbooks,
      templates: bot.options.templates,
      ...kindsOf(registry),
    })
    const product = catalogue?.product('acme')
    if (product === null || product === undefined) throw new Error('no acme')
    await bot.bot.stop()
    const store = await openStore({ url, log: silent })
    const queue = await openQueue(store, {
      queues: [...registry.jobs].map(([name, job]) => ({ ...job, name, retryDelay: 1, retryBackoff: true, retryDelayMax: 60 })),
      log: silent,
    })
    const policy = {
      ...product.policy('P1'),
      response: { kind: 'duration' as const, minutes: 0.01, hours: 'always' as const },
      update: 0.01,
      escalateEvery: 0.005,
    }
    const alice = { kind: 'person' as const, id: `slack:${bot.user('alice')}`, name: 'alice', slack: bot.user('alice') }
    await createHandle({ store, queue }).declare(
      {
        kind: 'incident',
        product: { key: 'acme', name: 'Acme', links: [], hash: product.hash },
        title: 'Asleep',
        summary: null,
        policy,
        private: false,
        rule: null,
        alert: null,
      },
      alice,
    )
    await queue.stop(0)
    await store.close()
    // Not a wait for something to happen, but for nothing to: the clocks of 600 ms run out while no process runs.
    await sleep(1_500)
    await bot.start()
    const channel = await bot.opened('INC-1')
    await bot.sees(channel, 'Acknowledgement overdue')
    await bot.sees(channel, '@carol')
    await bot.idle()
    const texts = await bot.texts(channel)
    expect(texts.filter((text) => text.includes('Acknowledgement overdue'))).toHaveLength(1)
    expect(texts.filter((text) => text.includes('update overdue'))).toHaveLength(1)
    expect(texts.filter((text) => text.startsWith('⏳'))).toEqual([])
    expect(texts.filter((text) => text.startsWith('📟') && text.includes('@carol'))).toHaveLength(1)
    const types = (await bot.load('INC-1'))?.events.map(({ event }) => event.type) ?? []
    expect(types.filter((type) => type === 'clock-breached')).toHaveLength(2)
    expect(types.filter((type) => type === 'clock-warned')).toEqual([])
  }
  await world.close()
})
