/** The jobs that an event causes. */
import { describe, expect, test } from 'vitest'
import { evolve } from '../../src/incident/evolve.ts'
import type { Incident } from '../../src/incident/incident.ts'
import { type Job, react } from '../../src/incident/react.ts'
import type * as g from '../given.ts'
import {
  ack,
  alertOf,
  at,
  bot,
  declared,
  happened,
  mitigate,
  note,
  pager,
  policy,
  resolve,
  review,
  severity,
  silence,
  step,
  tick,
  update,
} from '../given.ts'

/** The jobs of the last event that these steps make; `back` goes further back. */
const jobsOf = (steps: readonly g.Step[], back = 0): Job[] => {
  const events = happened(...steps)
  const index = events.length - 1 - back
  const before = events.slice(0, index).reduce<Incident | null>(evolve, null)
  const recorded = events[index]!
  return react(before, recorded, evolve(before, recorded))
}

const queues = (...steps: readonly g.Step[]) => [...new Set(jobsOf(steps).map(({ queue }) => queue))]
const timers = (steps: readonly g.Step[], back = 0) =>
  jobsOf(steps, back)
    .filter(({ queue }) => queue === 'timer')
    .map(({ once, startAfter }) => [once, startAfter])

const opened = step({ type: 'channel-opened', channel: 'C1', name: 'inc-7' }, 1, bot)
const published = step({ type: 'published', where: 'pull-request', url: 'https://x/1', head: 'h' }, 9, bot)
const failed = (surface: string, name = surface) => step({ type: 'step-failed', surface, step: name, reason: 'no' }, 9, bot)

test('a declaration syncs channel and record, checks, and sets every timer of both clocks once', () => {
  const jobs = jobsOf([declared({ policy: policy('P2') })])
  expect(jobs.filter(({ queue }) => queue !== 'timer')).toEqual([
    { queue: 'sync-channel', data: { incident: 'INC-7' }, key: 'INC-7' },
    { queue: 'sync-record', data: { incident: 'INC-7' }, key: 'INC-7' },
    { queue: 'homes', data: {}, key: 'all', startAfter: new Date(Date.parse(at(0)) + 5_000).toISOString() },
    { queue: 'check', data: { incident: 'INC-7', phase: 'opening' }, once: 'check:INC-7:opening' },
  ])
  expect(timers([declared({ policy: policy('P2') })])).toEqual([
    ['clock:INC-7:response:1:50', at(30)],
    ['clock:INC-7:response:1:75', at(45)],
    ['clock:INC-7:response:1:90', at(54)],
    ['clock:INC-7:response:1:100', at(60)],
    ['clock:INC-7:update:1:50', at(30)],
    ['clock:INC-7:update:1:75', at(45)],
    ['clock:INC-7:update:1:90', at(54)],
    ['clock:INC-7:update:1:100', at(60)],
  ])
  expect(jobs.find(({ queue }) => queue === 'timer')?.data).toEqual({ incident: 'INC-7', clock: 'response', run: 1, at: at(30) })
})

test('planned work sets no timer', () => {
  expect(timers([declared({ kind: 'change' })])).toEqual([])
  expect(timers([declared({ kind: 'maintenance' }), severity('P2', 1)])).toEqual([])
})

test('the announcement waits for the channel, or for the news that there is none', () => {
  expect(queues(declared({ policy: policy('P2') }))).not.toContain('sync-announcement')
  expect(queues(declared(), opened)).toContain('sync-announcement')
  expect(queues(declared(), failed('channel', 'channel'))).toContain('sync-announcement')
  expect(queues(declared(), failed('channel', 'topic'))).not.toContain('sync-announcement')
})

test.each([
  ['ack', [ack(1)]],
  ['severity', [severity('P2', 1)]],
  ['update', [update('x', 1)]],
  ['mitigate', [mitigate(1)]],
  ['resolve', [resolve(1)]],
  ['review', [resolve(1), review(2)]],
  ['published', [resolve(1), published]],
])('%s shows in the announcement; never in a private one', (_, steps) => {
  expect(queues(declared(), ...steps)).toContain('sync-announcement')
  expect(queues(declared({ private: true }), ...steps)).not.toContain('sync-announcement')
})

test('a note and an alert stay in the channel and the record', () => {
  expect(queues(declared(), note('x', 1))).toEqual(['sync-channel', 'sync-record'])
  expect(queues(declared(), step({ type: 'join-alert', alert: alertOf() }, 1, pager))).toEqual(['sync-channel', 'sync-record'])
})

describe('timers', () => {
  test('only an event that starts a run sets them', () => {
    expect(timers([declared(), ack(1)])).toEqual([])
    expect(timers([declared(), tick('response', 1, 10)])).toEqual([])
    expect(timers([declared(), update('x', 3)]).map(([once]) => once)).toEqual(
      [50, 75, 90, 100].map((percent) => `clock:INC-7:update:2:${percent}`),
    )
  })

  test('a change of severity sets those of both new runs', () => {
    expect(timers([declared({ policy: policy('P2') }), severity('P3', 10)])).toEqual([
      ...[50, 75, 90, 100].map((percent) => [`clock:INC-7:response:2:${percent}`, at((240 * percent) / 100)]),
      ...[50, 75, 90, 100].map((percent) => [`clock:INC-7:update:2:${percent}`, at((240 * percent) / 100)]),
    ])
  })

  test('acknowledged: only the update clock runs again', () => {
    expect(timers([declared(), ack(1), severity('P2', 10)]).map(([once]) => once)).toEqual(
      [50, 75, 90, 100].map((percent) => `clock:INC-7:update:2:${percent}`),
    )
  })

  test('a clock that stands sets none', () => {
    expect(timers([declared(), severity('P4', 1, { response: null })])).toEqual([])
  })

  test('a step of the ladder sets the next, the last calls all of them together, a page sets none', () => {
    expect(timers([declared()], 0)).toEqual([])
    expect(timers([declared(), tick('response', 1, 20)])).toEqual([['escalation:INC-7:1:2', at(30)]])
    expect(timers([declared(), tick('response', 1, 20), silence(2, 31)])).toEqual([['unanswered:INC-7:1:1:5', at(41)]])
  })
})

describe('the post-mortem', () => {
  const reopen = (minute: number) => step({ type: 'reopen', why: 'It is back' }, minute)
  const merge = (minute: number) => step({ type: 'merge', into: 'INC-8', channel: null }, minute)
  const proposals = (...steps: readonly g.Step[]) => jobsOf(steps).filter(({ queue }) => queue === 'sync-pull-request')

  test('waits a minute for the checks at resolution', () => {
    expect(proposals(declared(), resolve(5))).toEqual([
      { queue: 'sync-pull-request', data: { incident: 'INC-7' }, key: 'INC-7:patience', startAfter: at(6) },
    ])
    expect(jobsOf([declared(), resolve(5)])).toContainEqual({
      queue: 'check',
      data: { incident: 'INC-7', phase: 'resolution' },
      once: 'check:INC-7:resolution',
    })
  })

  test('is written anew for what it tells, not for its own publishing', () => {
    expect(proposals(declared(), resolve(5), note('x', 6))).toHaveLength(1)
    expect(proposals(declared(), note('x', 6))).toEqual([])
    // The page follows it.
    expect(jobsOf([declared(), resolve(5), published, reopen(9)], 1).filter(({ queue }) => queue === 'sync-pull-request')).toEqual([
      { queue: 'sync-pull-request', data: { incident: 'INC-7' }, key: 'INC-7' },
    ])
    // What happens until the next resolution waits for it.
    expect(proposals(declared(), resolve(5), published, reopen(9), note('x', 10))).toEqual([])
    expect(proposals(declared(), resolve(5), reopen(9), merge(12))).toHaveLength(1)
    expect(proposals(declared(), merge(12))).toEqual([])
    for (const own of [published, failed('pull-request', 'post-mortem')]) expect(proposals(declared(), resolve(5), own)).toEqual([])
  })
})

test('a failed step of the channel does not wake the channel, which would fail again without a pause; others show in its header', () => {
  expect(queues(declared(), failed('channel', 'topic'))).toEqual([])
  expect(queues(declared(), failed('record'))).toEqual(['sync-channel'])
  expect(queues(declared(), failed('record'), step({ type: 'step-mended', surface: 'record', step: 'record' }, 10, bot))).toEqual([
    'sync-channel',
  ])
})

test('what shows in somebody’s home makes the homes anew, all of the same seconds in one job; what does not, none', () => {
  const homes = (...steps: readonly g.Step[]) => jobsOf(steps).filter(({ queue }) => queue === 'homes')
  expect(homes(declared(), ack(3))).toEqual(homes(declared(), mitigate(3)))
  expect(homes(declared(), ack(3))).toHaveLength(1)
  for (const quiet of [note('x', 3), failed('record'), tick('response', 1, 10)]) expect(homes(declared(), quiet)).toEqual([])
})
