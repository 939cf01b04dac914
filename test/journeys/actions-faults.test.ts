/** Actions while everything fails: the process that runs them stops at each point, two bots run them, the chat and the lease are gone. The
 *  server is called once, and the record is right in the end. */
import { sql } from 'kysely'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { JobContext, JobDefinition } from '../../src/define.ts'
import type { World } from '../../src/embedded/world.ts'
import { actionOf } from '../../src/incident/acting/request.ts'
import type { Registry } from '../../src/registry.ts'
import { openRuns } from '../../src/store/controls.ts'
import { startTestBot, type TestBot, testWorld } from '../bot.ts'
import { startVersions, withVersions } from '../fixture-action.ts'
import { freshDatabase } from '../stores.ts'
import { until } from '../until.ts'

/** Where a job stops. What it does there is done before it stops, or not. */
type Point = 'previewed' | 'start' | 'started' | 'end' | 'ended' | 'verified'

/** What happens at a point, once; when it throws the job stops there, as its process would. */
const at = new Map<Point, () => Promise<void> | void>()
const reach = async (point: Point) => {
  const happens = at.get(point)
  at.delete(point)
  await happens?.()
}
class Died extends Error {}
const dies = () => {
  throw new Died('the process is gone')
}
/** What happens as the action is looked at again, before it starts. */
let asItStarts: (() => Promise<unknown>) | null = null

const mortal = (context: JobContext): JobContext => ({
  ...context,
  handle: async (id, intent, by, occurredAt) => {
    if (intent.type === 'preview-action') await reach('previewed')
    const outcome = await context.handle(id, intent, by, occurredAt)
    if (intent.type === 'verify-action') await reach('verified')
    return outcome
  },
  actions: {
    ...context.actions,
    start: async (...given) => {
      await reach('start')
      const started = await context.actions.start(...given)
      await reach('started')
      return started
    },
    end: async (...given) => {
      await reach('end')
      const ended = await context.actions.end(...given)
      await reach('ended')
      return ended
    },
  },
  approvers: {
    ...context.approvers,
    lapsed: async (...given) => {
      const happens = asItStarts
      asItStarts = null
      await happens?.()
      return context.approvers.lapsed(...given)
    },
  },
})

let scanned: Registry | null = null

const mortalWith = (retryLimit: number, registry = scanned!): Registry => {
  const action = registry.jobs.get('action')!
  const run: JobDefinition['run'] = (job, context) => action.run(job, mortal(context))
  return { ...registry, jobs: new Map([...registry.jobs, ['action', { ...action, retryLimit, run }]]) }
}

let world: World
let bot: TestBot
let other: TestBot
let server: Awaited<ReturnType<typeof startVersions>>
let number = 0
let id: string
let channel: string

beforeAll(async () => {
  server = await startVersions()
  world = await testWorld()
  const service = `name: Kiosk
privateHosts: [127.0.0.1]
approvals: { perHour: 1000 }
checks:
  version: { kind: http, title: Version, options: { url: "${server.url}/version" } }
contacts:
  bob: { name: Bob, email: bob@example.test }
  carol: { name: Carol, email: carol@example.test }
actions:
  back: { kind: versions, title: Roll back the server, options: { url: "${server.url}" } }
  two: { kind: versions, title: Roll back with two, risk: high, approvers: [bob, carol], options: { url: "${server.url}" } }
  watched: { kind: versions, title: Roll back and watch, checks: [version], watch: 5 min, options: { url: "${server.url}" } }
  later: { kind: versions, title: Roll back for a time, options: { url: "${server.url}", returns: 60 } }
`
  const given = {
    world,
    store: { url: await freshDatabase() },
    github: false,
    files: { 'kiosk/service.yml': service },
    registry: (registry: Registry) => {
      scanned = withVersions(registry)
      return mortalWith(20)
    },
  }
  other = await startTestBot(given)
  bot = await startTestBot(given)
  expect(bot.bot.problems).toEqual([])
})
afterAll(async () => {
  await bot[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await world.close()
  await server[Symbol.asyncDispose]()
})
beforeEach(async () => {
  at.clear()
  asItStarts = null
  await bot.mend()
  server.posts.length = 0
  server.become('v142')
  number += 1
  id = `INC-${number}`
  await bot.say('alice', 'general', `/incident new kiosk P1 Orders fail ${number}`)
  channel = await bot.opened(id)
})

const request = async (action = 1) => actionOf(await bot.incident(id), action)
const becomes = (status: string, action = 1) =>
  until(async () => (await request(action))?.status === status, `action ${action} of ${id} ${status}`, 40_000)
const ask = async (key: string) => {
  await bot.say('alice', channel, `/incident run ${key}`)
  await becomes('waiting')
}
const run = async (key = 'back') => {
  await ask(key)
  await bot.say('bob', channel, '/incident approve 1')
}
const eventsOf = async (type: string) => (await bot.load(id))!.events.filter(({ event }) => event.type === type).length
const nothingRuns = async () => expect((await openRuns(bot.store.db)).filter(({ incident }) => incident === id)).toEqual([])

describe('the process stops (faults 53)', () => {
  test.each<[string, Point]>([
    ['before the preview is recorded', 'previewed'],
    ['before it is started', 'start'],
    ['between the server’s answer and the record', 'end'],
    ['between the record and the look at it', 'ended'],
    ['after the look at it', 'verified'],
  ])('%s: the server was called once, and it is done', async (_, point) => {
    at.set(point, dies)
    await run()
    await becomes('done')
    expect(server.posts).toEqual(['v141'])
    expect(at.size).toBe(0)
    expect([await eventsOf('action-started'), await eventsOf('action-ran')]).toEqual([1, 1])
    await nothingRuns()
  })

  test('between the start and the call: nothing was called, and nothing is repeated', async () => {
    at.set('started', dies)
    await run()
    await becomes('failed')
    expect(server.posts).toEqual([])
    expect((await request())?.ran).toMatchObject({ outcome: 'failed', text: expect.stringContaining('It did not happen') })
    await nothingRuns()
  })

  test('while the server is at it, and says nothing any more', async () => {
    server.hold()
    try {
      await run()
      await becomes('done')
    } finally {
      server.release()
    }
    expect(server.posts).toEqual(['v141'])
    await nothingRuns()
  })

  test('at its last try: the target is not locked for ever, and the next look reads it back', async () => {
    at.set('end', dies)
    // As after the last of all its tries.
    const registry = mortalWith(0)
    await other.bot.stop()
    await bot.restart({ registry })
    await run()
    await until(() => !at.has('end'), 'the last try')
    await until(async () => (await bot.bot.queue.dead()).some(({ data }) => data['incident'] === id), 'its death')
    expect((await request())?.status).toBe('running')
    await bot.idle()
    // As when another action of the record succeeds: nobody revives it then.
    expect(await bot.bot.queue.mend('action', { incident: id })).toBe(1)
    await bot.restart()
    await other.start()
    await becomes('done')
    expect(server.posts).toEqual(['v141'])
    await nothingRuns()
  })
})

test('what is watched for a while is looked at once a minute, not without a pause', async () => {
  await run('watched')
  await until(async () => (await eventsOf('action-verified')) > 0, 'a first look')
  await bot.idle()
  expect((await request())?.status).toBe('verifying')
  expect(await eventsOf('action-verified')).toBe(1)
})

describe('two at it', () => {
  test('the lease is lost before the start: who lost it starts nothing', async () => {
    asItStarts = () =>
      sql`update tocsin.lease set token = gen_random_uuid()::text, expires_at = clock_timestamp() where surface = 'action:1' and incident = ${id}`.execute(
        bot.store.db,
      )
    await run()
    await becomes('done')
    expect(server.posts).toEqual(['v141'])
    expect(await eventsOf('action-started')).toBe(1)
  })

  test('votes at both bots at once: one run (faults 50)', async () => {
    await ask('back')
    await Promise.all(
      [bot, other, bot, other].map((each, index) => each.say(index % 2 === 0 ? 'bob' : 'carol', channel, '/incident approve 1')),
    )
    await becomes('done')
    expect(server.posts).toEqual(['v141'])
  })
})

describe('who has approved', () => {
  test('is deactivated before it starts: not run (faults 51)', async () => {
    await ask('two')
    await bot.say('bob', channel, '/incident approve 1')
    try {
      asItStarts = () => bot.change('bob', { deleted: true })
      await bot.say('carol', channel, '/incident approve 1')
      await becomes('refused')
    } finally {
      await bot.change('bob', { deleted: false })
    }
    expect((await request())?.ended?.why).toMatch(/^bob.* may not any more\.$/)
    expect(server.posts).toEqual([])
  })

  test('is not among those who may', async () => {
    await ask('two')
    expect((await bot.say('dave', channel, '/incident approve 1')).text).toContain('You may not approve action 1. These may: Bob, Carol.')
    expect((await request())?.votes).toEqual([])
  })

  test('cannot be told while Slack is away: at the vote it does not count, at the start nothing runs', async () => {
    await ask('back')
    await bot.fault({ service: 'slack', method: 'users.info', kind: 'status', status: 503, times: 0 })
    expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('Slack could not be asked who you are')
    expect((await bot.say('bob', channel, '/incident run back to=v9')).text).toContain('Slack could not be asked who you are')
    expect((await bot.incident(id)).actions).toHaveLength(1)
    expect((await request())?.votes).toEqual([])
    await bot.mend()
    asItStarts = () => bot.fault({ service: 'slack', method: 'users.info', kind: 'status', status: 503, times: 0 })
    await bot.say('bob', channel, '/incident approve 1')
    await becomes('refused')
    expect((await request())?.ended?.why).toContain('may still approve cannot be told')
    expect(server.posts).toEqual([])
  })
})

describe('what returns by itself', () => {
  const overdue = () =>
    sql`update tocsin_jobs.job set start_after = now() where name = 'action' and state = 'created'`.execute(bot.store.db)
  const done = async () => {
    await run('later')
    await becomes('done')
  }

  test('stays where it returned to: what takes back is not taken back by itself', async () => {
    await done()
    await overdue()
    await becomes('done', 2)
    await bot.idle()
    await overdue()
    await bot.idle()
    expect((await bot.incident(id)).actions).toHaveLength(2)
    expect(server.posts).toEqual(['v141', 'v142'])
  })

  test('waits for a lock to be opened', async () => {
    await done()
    await bot.say('carol', channel, '/incident lock server:shop The disk is being moved')
    await overdue()
    await becomes('approved', 2)
    await bot.idle()
    expect((await request(2))?.status).toBe('approved')
    await bot.say('carol', channel, '/incident unlock server:shop')
    await overdue()
    await becomes('done', 2)
    expect(server.posts).toEqual(['v141', 'v142'])
  })

  test('comes although somebody was about to take it back, and was denied it', async () => {
    await done()
    await bot.say('alice', channel, '/incident undo 1')
    await becomes('waiting', 2)
    await overdue()
    await bot.idle()
    expect((await bot.incident(id)).actions).toHaveLength(2)
    await bot.say('carol', channel, '/incident deny 2')
    await overdue()
    await becomes('done', 3)
    expect(server.posts).toEqual(['v141', 'v142'])
  })

  test('is tried again while it is not possible', async () => {
    await done()
    // What it would return to is there already.
    server.become('v142')
    await overdue()
    await until(async () => (await request(2))?.status === 'previewing', 'a second action')
    await bot.idle()
    expect((await request(2))?.status).toBe('previewing')
    server.become('v141')
    await overdue()
    await becomes('done', 2)
  })
})

test('the product’s rule asks for more by the time somebody approves: that holds, and the vote that is there counts (faults 51)', async () => {
  await ask('back')
  await other.bot.stop()
  const file = join(bot.folder, 'runbooks/kiosk/service.yml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('perHour: 1000', 'perHour: 1000, low: 2'))
  await bot.restart()
  expect((await bot.say('bob', channel, '/incident approve 1')).text).toContain('It needs one more person.')
  await bot.sees(channel, 'Needs one more person: ')
  expect(await request()).toMatchObject({ status: 'waiting', ruleNow: { needed: 2 } })
  expect(server.posts).toEqual([])
  await bot.say('carol', channel, '/incident approve 1')
  await becomes('done')
})
