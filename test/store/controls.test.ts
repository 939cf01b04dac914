/** Starts and ends of actions on a real PostgreSQL, from two processes at once: what must be one is one, whoever comes first. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Catalogue } from '../../src/catalogue.ts'
import { type ActionControls, createControls } from '../../src/controls.ts'
import { createHandle, type Handle } from '../../src/handle.ts'
import type { Freeze } from '../../src/incident/acting/controls.ts'
import { actionOf } from '../../src/incident/acting/request.ts'
import type { Intent } from '../../src/incident/commands.ts'
import type { Actor, Kind } from '../../src/incident/events.ts'
import type { Severity } from '../../src/incident/policy.ts'
import { openRuns } from '../../src/store/controls.ts'
import { openStore, type Store } from '../../src/store/database.ts'
import { openQueue, type Queue } from '../../src/store/queue.ts'
import { readStream } from '../../src/store/stream.ts'
import { silent } from '../silent.ts'
import { freshDatabase } from '../stores.ts'
import { declare, queueOf } from './sample.ts'

type Process = { readonly store: Store; readonly queue: Queue; readonly handle: Handle; readonly controls: ActionControls }

const person = (id: string): Actor => ({ kind: 'person', id, name: id, slack: `U0${id.toUpperCase()}` })
const identities = (id: string) => [`person:${id}`]
const hash = 'a'.repeat(64)

let freezes: readonly Freeze[] = []
let perHour = 1000
const catalogue = { product: () => ({ acting: { freezes, approvals: { perHour } } }) } as unknown as Catalogue
const queues = [
  'timer',
  'action',
  'action-rule',
  'controls',
  'held',
  'check',
  'match',
  'sync-channel',
  'sync-announcement',
  'sync-record',
  'sync-pull-request',
  'homes',
]

const startProcess = async (url: string): Promise<Process> => {
  const store = await openStore({ url, log: silent, connections: 6 })
  const queue = await openQueue(store, { queues: queues.map((name) => queueOf(name)), log: silent })
  const handle = createHandle({ store, queue })
  return { store, queue, handle, controls: createControls({ store, queue, handle, catalogue }) }
}

let one: Process
let two: Process
beforeAll(async () => {
  const url = await freshDatabase()
  one = await startProcess(url)
  two = await startProcess(url)
})
afterAll(async () => {
  for (const { queue, store } of [one, two]) {
    await queue.stop(0)
    await store.close()
  }
})
beforeEach(() => {
  freezes = []
  perHour = 1000
})

const does = async (id: string, intent: Intent, by: Actor) => {
  const outcome = await one.handle.handle(id, intent, by)
  if ('refused' in outcome) throw new Error(outcome.refused.code)
  return outcome
}

const becomes = async (id: string, severity: Severity) => {
  const { policy } = (await readStream(one.store.db, id))!.incident
  await does(id, { type: 'change-severity', policy: { ...policy, severity }, why: null }, person('alice'))
}

let targets = 0
/** A record with an action that waits for approval, on a target of its own unless it says which. */
const waiting = async (more: { id?: string; target?: string; key?: string; kind?: Kind } = {}) => {
  targets += 1
  const target = more.target ?? `server:${targets}`
  const id =
    more.id ?? (await declare(one.store, { product: `product${targets}`, ...(more.kind === undefined ? {} : { kind: more.kind }) })).id
  const wanted = {
    key: more.key ?? 'rollback',
    kind: 'versions',
    title: 'Roll back',
    input: {},
    risk: 'low' as const,
    target,
    rule: { needed: 1, approvers: [], minutes: 10, breakGlassMinutes: null },
    checks: [],
    watchMinutes: 0,
    link: null,
  }
  const { incident } = await does(id, { type: 'ask-action', wanted, reason: null, identities: identities('alice') }, person('alice'))
  const action = incident.actions.length
  const preview = { summary: 'It changes', calls: [], effects: [], reversible: null, warnings: [], plan: null, state: null }
  await does(id, { type: 'preview-action', action, preview, hash, before: [] }, { kind: 'bot' })
  return { id, action, target }
}

const vote = (process: Process, { id, action }: { id: string; action: number }, who = 'bob') =>
  process.controls.vote(id, { type: 'approve-action', action, hash, identities: identities(who), basis: 'a member' }, person(who))
const approved = async (more: Parameters<typeof waiting>[0] = {}) => {
  const it = await waiting(more)
  await does(it.id, { type: 'approve-action', action: it.action, hash, identities: identities('bob'), basis: 'a member' }, person('bob'))
  return it
}

const statusOf = async ({ id, action }: { id: string; action: number }) => {
  const request = actionOf((await readStream(one.store.db, id))!.incident, action)
  return { status: request?.status, why: request?.ended?.why ?? '' }
}
const start = (process: Process, { id, action }: { id: string; action: number }) => process.controls.start(id, action, hash, null)
const startEvents = async (id: string) =>
  (await readStream(one.store.db, id))!.events.filter(({ event }) => event.type === 'action-started').length

describe('one run', () => {
  test('eight starts of one action at two processes: one of them starts it (faults 50)', async () => {
    const it = await approved()
    const starts = await Promise.all([one, two, one, two, one, two, one, two].map((process) => start(process, it)))
    expect(starts.toSorted()).toEqual([...Array<string>(7).fill('not'), 'started'])
    expect(await startEvents(it.id)).toBe(1)
    expect((await openRuns(one.store.db)).filter(({ incident }) => incident === it.id)).toHaveLength(1)
  })

  test('one action a target, over two records and two processes; the next one when it is over', async () => {
    const first = await approved()
    const second = await approved({ target: first.target })
    const both = await Promise.all([start(one, first), start(two, second)])
    expect(both.toSorted()).toEqual(['not', 'started'])
    const [runs, waits] = both[0] === 'started' ? [first, second] : [second, first]
    expect(await statusOf(waits)).toMatchObject({
      status: 'refused',
      why: expect.stringContaining(`Action ${runs.action} of ${runs.id} is changing ${first.target}, since `),
    })
    await two.controls.end(runs.id, runs.action, { outcome: 'failed', text: 'It failed' })
    const third = await approved({ target: first.target })
    expect(await start(two, third)).toBe('started')
    await one.controls.end(third.id, third.action, { outcome: 'failed', text: 'It failed' })
  })

  test('two in one record on two targets run side by side', async () => {
    const first = await approved()
    const second = await approved({ id: first.id, key: 'flush' })
    expect(await Promise.all([start(one, first), start(two, second)])).toEqual(['started', 'started'])
  })

  test('an end that is recorded twice is recorded once, and frees the target once', async () => {
    const it = await approved()
    await start(one, it)
    const done = { outcome: 'done', text: 'Done' } as const
    await Promise.all([one.controls.end(it.id, it.action, done), two.controls.end(it.id, it.action, { outcome: 'failed', text: 'No' })])
    const { events } = (await readStream(one.store.db, it.id))!
    expect(events.filter(({ event }) => event.type === 'action-ran')).toHaveLength(1)
    expect((await openRuns(one.store.db)).filter(({ incident }) => incident === it.id)).toEqual([])
  })
})

describe('what stands against it', () => {
  test('a lock', async () => {
    const it = await approved()
    await one.controls.say({ by: person('carol'), what: 'lock', target: it.target, why: 'A restore', incident: null })
    expect(await start(two, it)).toBe('not')
    const { status, why } = await statusOf(it)
    expect([status, why]).toEqual(['refused', expect.stringMatching(/ is locked since .+, by carol: A restore\.$/)])
    await two.controls.say({ by: person('carol'), what: 'unlock', target: it.target, why: '', incident: null })
    expect(await start(two, await approved({ target: it.target }))).toBe('started')
  })

  test('a lock and a run on what its target lies in; it holds neither of them up', async () => {
    const outer = await approved()
    const target = `${outer.target}:maintenance`
    await one.controls.say({ by: person('carol'), what: 'lock', target: outer.target, why: 'A restore', incident: null })
    const locked = await approved({ target })
    expect(await start(one, locked)).toBe('not')
    expect((await statusOf(locked)).why).toMatch(new RegExp(`^${outer.target} is locked since .+, by carol: A restore\\.$`))
    await one.controls.say({ by: person('carol'), what: 'unlock', target: outer.target, why: '', incident: null })

    expect(await start(one, outer)).toBe('started')
    const busy = await approved({ target })
    expect(await start(two, busy)).toBe('not')
    expect((await statusOf(busy)).why).toMatch(new RegExp(`^Action ${outer.action} of ${outer.id} is changing ${outer.target}, since `))
    await one.controls.end(outer.id, outer.action, { outcome: 'failed', text: 'It failed' })

    expect(await start(two, await approved({ target }))).toBe('started')
    expect(await start(one, await approved({ target: outer.target }))).toBe('started')
  })

  test('the switch: whoever is first, nothing starts behind it', async () => {
    const all = []
    for (let index = 0; index < 6; index += 1) all.push(await approved())
    const said = one.controls.say({ by: person('carol'), what: 'freeze', target: '*', why: 'Stop', incident: null })
    const starts = await Promise.all(all.map((each, index) => start(index % 2 === 0 ? one : two, each)))
    expect(await said).toBeNull()
    const frozen = (await one.controls.now()).frozen
    for (const [index, each] of all.entries()) {
      const { incident } = (await readStream(one.store.db, each.id))!
      const { status, startedAt } = actionOf(incident, each.action)!
      expect([starts[index], status]).toEqual(starts[index] === 'started' ? ['started', 'running'] : ['not', 'refused'])
      if (startedAt !== null) expect(startedAt <= frozen!.at).toBe(true)
    }
    expect(await start(one, await approved())).toBe('not')
    // Two that stop it at once say it once.
    const again = { by: person('bob'), what: 'unfreeze', target: '*', why: '', incident: null } as const
    const answers = await Promise.all([one.controls.say(again), two.controls.say(again)])
    expect(answers.filter((answer) => answer === null)).toHaveLength(1)
    expect(answers.find((answer) => answer !== null)).toMatchObject({ code: 'not_frozen' })
  })

  test('the cap of an hour, counted over all processes, except in an incident that hurts', async () => {
    perHour = 2
    const { id } = await declare(one.store, { product: 'capped' })
    await becomes(id, 'P3')
    const all = []
    for (const key of ['a', 'b', 'c']) all.push(await approved({ id, key }))
    const starts = await Promise.all(all.map((each, index) => start(index % 2 === 0 ? one : two, each)))
    expect(starts.toSorted()).toEqual(['not', 'started', 'started'])
    expect((await statusOf(all[starts.indexOf('not')]!)).why).toContain('ran in the last hour')
    const late = await approved({ id, key: 'd' })
    await becomes(id, 'P2')
    expect(await start(two, late)).toBe('started')
  })

  test('a time of the product, except in an incident that hurts', async () => {
    freezes = [{ from: '2020-01-01', to: '2099-12-31', why: 'Nobody is there' }]
    // A P1.
    expect(await start(one, await approved())).toBe('started')
    const it = await approved()
    await becomes(it.id, 'P3')
    expect(await start(one, it)).toBe('not')
    expect((await statusOf(it)).why).toContain('Nobody is there')
  })

  test('it is known before anybody agrees, and no vote is spent on it', async () => {
    const it = await waiting()
    const { incident } = (await readStream(one.store.db, it.id))!
    const request = actionOf(incident, it.action)!
    expect(await two.controls.against(incident, request)).toBeNull()
    await one.controls.say({ by: person('carol'), what: 'lock', target: it.target, why: 'A restore', incident: null })
    expect(await two.controls.against(incident, request)).toMatchObject({ code: 'locked', command: `/incident unlock ${it.target}` })
    expect(await vote(two, it)).toMatchObject({ refused: { code: 'action_held' } })
    expect(await statusOf(it)).toEqual({ status: 'waiting', why: '' })
    await two.controls.say({ by: person('carol'), what: 'unlock', target: it.target, why: '', incident: null })
    expect(await vote(two, it)).toMatchObject({ events: [{ event: { type: 'action-approved' } }] })
    // What comes between the last vote and the start still keeps it from starting.
    await one.controls.say({ by: person('carol'), what: 'lock', target: it.target, why: 'Again', incident: null })
    expect(await start(one, it)).toBe('not')
    await one.controls.say({ by: person('carol'), what: 'unlock', target: it.target, why: '', incident: null })
  })

  test('a vote of a record or an action that is not there', async () => {
    expect(await vote(one, { id: 'INC-99999', action: 1 })).toMatchObject({ refused: { code: 'unknown_incident' } })
    const { id } = await waiting()
    expect(await vote(one, { id, action: 9 })).toMatchObject({ refused: { code: 'unknown_action_number' } })
  })

  test('a drill takes no target, waits for none, and does not count', async () => {
    perHour = 1
    const real = await approved()
    expect(await start(one, real)).toBe('started')
    const drill = await approved({ target: real.target, kind: 'drill' })
    await one.controls.say({ by: person('carol'), what: 'lock', target: real.target, why: 'A restore', incident: null })
    expect(await start(two, drill)).toBe('started')
    expect((await openRuns(one.store.db)).filter(({ target }) => target === real.target)).toHaveLength(1)
    await one.controls.end(real.id, real.action, { outcome: 'failed', text: 'It failed' })
    await one.controls.say({ by: person('carol'), what: 'unlock', target: real.target, why: '', incident: null })
    // The drill still runs: its target is free all the same, and the cap of one is not reached by it.
    const { product } = (await readStream(one.store.db, drill.id))!.incident
    const { id } = await declare(one.store, { product: product.key })
    await becomes(id, 'P3')
    expect(await start(one, await approved({ id, target: real.target }))).toBe('started')
  })

  test('what the job found, and another hash', async () => {
    const lapsed = await approved()
    await one.controls.start(lapsed.id, lapsed.action, hash, { code: 'role', why: 'Bob may not any more.' })
    expect(await statusOf(lapsed)).toEqual({ status: 'refused', why: 'Bob may not any more.' })
    const moved = await approved()
    expect(await one.controls.start(moved.id, moved.action, 'b'.repeat(64), null)).toBe('not')
    expect((await statusOf(moved)).status).toBe('refused')
    // Nothing of these ran: the targets are free.
    const open = await openRuns(one.store.db)
    expect(open.filter(({ target }) => target === lapsed.target || target === moved.target)).toEqual([])
  })
})

test('a secret in a reason is kept by nobody, whatever is said with it', async () => {
  const secret = `sk_live_${'a1'.repeat(12)}`
  const by = person('carol')
  const target = 'server:masked'
  for (const what of ['lock', 'unlock', 'freeze', 'unfreeze'] as const)
    expect(
      await one.controls.say({ by, what, target: what.endsWith('lock') ? target : '*', why: `key ${secret}`, incident: null }),
    ).toBeNull()
  const said = await two.controls.said()
  expect(said.slice(-4).map(({ why }) => why)).toEqual(Array(4).fill('key sk_live_***'))
  for (const what of ['lock', 'freeze'] as const)
    expect(await one.controls.say({ by, what, target, why: ' \u200b', incident: null })).toMatchObject({ code: 'missing' })
  expect(await one.controls.said()).toHaveLength(said.length)
})

test('what is locked, or runs, in a private record keeps its reason and its number there', async () => {
  const [own, other] = [await approved(), await waiting()]
  // What an event changes writes the row as its stream has it, so that comes first.
  expect(await one.controls.start(own.id, own.action, hash, null)).toBe('started')
  await one.store.db.updateTable('incident').set({ private: true }).where('id', '=', own.id).execute()
  const [here, there] = [(await readStream(one.store.db, own.id))!.incident, (await readStream(one.store.db, other.id))!.incident]
  const told = async (incident: typeof here, aim = own) => (await two.controls.against(incident, { target: aim.target, undoes: null }))?.why

  expect(await told(there)).toContain(`An action of a private record is changing ${own.target}`)
  expect(await told(here)).toContain(`Action 1 of ${own.id} is changing`)

  const lock = { by: person('carol'), what: 'lock', target: other.target, why: 'A raid', incident: own.id } as const
  expect(await one.controls.say(lock)).toBeNull()
  expect(await told(there, other)).toContain('is locked since')
  expect(await told(there, other)).not.toContain('A raid')
  expect(await told(here, other)).toContain('A raid')
  expect(await two.controls.say({ ...lock, incident: other.id })).toMatchObject({
    params: { why: 'the reason stands in a private record' },
  })
  expect(await two.controls.say(lock)).toMatchObject({ params: { why: 'A raid' } })
  expect((await two.controls.said()).at(-1)).toMatchObject({ incident: own.id, private: true })
  await one.controls.say({ ...lock, what: 'unlock' })
})
