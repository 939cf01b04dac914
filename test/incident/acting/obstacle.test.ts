/** What stands against an action outside of its record: said with who, why and what to do before anybody agrees, and no vote is spent on it. */
import { describe, expect, test } from 'vitest'
import type { Control } from '../../../src/incident/acting/controls.ts'
import { type Facts, type Obstacle, obstacleTo } from '../../../src/incident/acting/obstacle.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import type { Kind } from '../../../src/incident/events.ts'
import { waitingActions } from '../../../src/incident/acting/pending.ts'
import { plainText } from '../../../src/incident/plain.ts'
import type { Severity } from '../../../src/incident/policy.ts'
import { sitrep } from '../../../src/incident/sitrep.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { evolve } from '../../../src/incident/evolve.ts'
import { react } from '../../../src/incident/react.ts'
import { after, at, bob, bot, declared, given, happened, policy, step, type Step } from '../../given.ts'
import { approves, asks, cardAfter, carol, forces, previewed } from './asked.ts'

const said = (what: Control['what'], why: string): Control => ({
  seq: 1,
  at: at(-60),
  by: carol,
  what,
  target: 'server:shop',
  why,
  incident: null,
})
const nothing: Facts = {
  at: at(0),
  controls: { locks: new Map(), frozen: null },
  running: null,
  limits: { freezes: [], perHour: 2 },
  recent: [],
}
const locked: Partial<Facts> = { controls: { locks: new Map([['server:shop', said('lock', 'The disk is being moved')]]), frozen: null } }
const frozen: Partial<Facts> = { controls: { locks: new Map(), frozen: said('freeze', 'Somebody has the account!') } }
const busy: Partial<Facts> = { running: { incident: 'INC-3', action: 2, target: 'server:shop', since: at(-5) } }
const closed: Partial<Facts> = { limits: { freezes: [{ from: 'Wed 08:00', to: 'Thu 08:00', why: 'The audit' }], perHour: 2 } }
const many: Partial<Facts> = { recent: [at(-50), at(-40), at(-30)] }

type Where = { readonly severity?: Severity; readonly kind?: Kind; readonly undoes?: number | null }
const against = (facts: Partial<Facts>, { severity = 'P3', kind = 'incident', undoes = null }: Where = {}) =>
  obstacleTo(after(declared({ kind, policy: policy(severity) })), { target: 'server:shop', undoes }, { ...nothing, ...facts })
const of = (target: string, facts: Partial<Facts>) =>
  obstacleTo(after(declared({ policy: policy('P3') })), { target, undoes: null }, { ...nothing, ...facts })
const containing = (text: string) => expect.stringContaining(text) as string
const words = (obstacle: Obstacle | null) => obstacle && [obstacle.why, obstacle.remedy, obstacle.command ?? ''].join(' ').trim()

describe('what it is, in words, with times of the product’s zone', () => {
  test.each<[string, Partial<Facts>, string]>([
    [
      'a lock',
      locked,
      'server:shop is locked since 2026-01-14 09:00 CET (08:00 UTC), by Carol Celik: The disk is being moved. To open it: /incident unlock server:shop',
    ],
    [
      'the switch',
      frozen,
      'All actions are stopped since 2026-01-14 09:00 CET (08:00 UTC), by Carol Celik: Somebody has the account. To let them run: /incident unfreeze',
    ],
    [
      'another run',
      busy,
      'Action 2 of INC-3 is changing server:shop, since 2026-01-14 09:55 CET (08:55 UTC). Wait for its end: its card says how far it is.',
    ],
    [
      'a lock of a private record',
      { controls: { locks: new Map([['server:shop', { ...said('lock', 'A raid'), incident: 'INC-3', private: true }]]), frozen: null } },
      'server:shop is locked since 2026-01-14 09:00 CET (08:00 UTC), by Carol Celik: the reason stands in a private record. To open it: /incident unlock server:shop',
    ],
    [
      'the switch, in its own private record',
      { controls: { locks: new Map(), frozen: { ...said('freeze', 'A raid'), incident: 'INC-7', private: true } } },
      'All actions are stopped since 2026-01-14 09:00 CET (08:00 UTC), by Carol Celik: A raid. To let them run: /incident unfreeze',
    ],
    [
      'a run of a private record',
      { running: { incident: 'INC-3', action: 2, target: 'server:shop', since: at(-5), private: true } },
      'An action of a private record is changing server:shop, since 2026-01-14 09:55 CET (08:55 UTC). Wait for its end.',
    ],
    [
      'a time of the product',
      closed,
      'No action of Acme Shop runs from Wed 08:00 to Thu 08:00 (Europe/Berlin): The audit. It holds for all but an incident of P1 or P2.',
    ],
    [
      'the cap of an hour',
      many,
      '3 actions of Acme Shop ran in the last hour, and more than 2 are not meant to. The next may run from 2026-01-14 10:20 CET (09:20 UTC) on; an incident of P1 or P2 need not wait.',
    ],
  ])('%s', (_, facts, says) => {
    expect(words(against(facts))).toBe(says)
  })

  test('nothing, where nothing is', () => {
    expect(against({})).toBeNull()
    expect(against({ recent: [at(-50)] })).toBeNull()
  })
})

describe('whom it holds up', () => {
  test.each<[string, Partial<Facts>, Where, boolean]>([
    ['a P1 is not held up by the time of day', closed, { severity: 'P1' }, false],
    ['nor a P2 by the cap of an hour', many, { severity: 'P2' }, false],
    ['a disaster neither', many, { severity: 'P1', kind: 'disaster' }, false],
    ['planned work is, whatever its severity', many, { severity: 'P1', kind: 'change' }, true],
    ['a P1 is by a lock', locked, { severity: 'P1' }, true],
    ['a P1 is by the switch', frozen, { severity: 'P1' }, true],
    ['what takes something back is not by the cap', many, { undoes: 1 }, false],
    ['but by another run', busy, { undoes: 1 }, true],
    ['a drill, which changes nothing, is not by a lock', locked, { kind: 'drill' }, false],
    ['nor by another run', busy, { kind: 'drill' }, false],
    ['nor by the switch', frozen, { kind: 'drill' }, false],
    ['nor by the cap', many, { kind: 'drill' }, false],
  ])('%s', (_, facts, where, holds) => {
    expect(against(facts, where) !== null).toBe(holds)
  })
})

const lock = against(locked)!

describe('before anybody agrees', () => {
  test('the card says it, and the story', () => {
    expect(cardAfter(declared(), asks(1), previewed(2, lock))).toContain(
      `⛔ It cannot run now: ${words(lock)}\nNobody can approve it until that has passed; it is said here then.`,
    )
    expect(cardAfter(declared(), asks(1), previewed(2))).not.toContain('⛔')
    const story = timeline(happened(declared(), asks(1), previewed(2, lock)), { zone: 'UTC' })
    expect(story.map(({ text }) => text).join('\n')).toContain(`It changes. It could not have run then: ${lock.why}`)
  })

  test('what comes to stand against it later is on the card, and that it has passed rings once', () => {
    const steps = [declared(), asks(1), previewed(2)]
    const held = (minute: number, obstacle: Obstacle | null) => step({ type: 'hold-action', action: 1, against: obstacle }, minute, bot)
    expect(cardAfter(...steps, held(3, lock))).toContain(`⛔ It cannot run now: ${words(lock)}`)
    expect(cardAfter(...steps, held(3, lock), held(4, null))).not.toContain('⛔')
    const rings = (...more: readonly Step[]) =>
      conversation(happened(...steps, ...more)).flatMap((item) =>
        item.step === 'message' && item.key.startsWith('action-news:') ? [plainText(item.message.parts, { typed: (code) => code })] : [],
      )
    expect(rings(held(3, lock))).toEqual([])
    const [rung, ...others] = rings(held(3, lock), held(4, null))
    expect(others).toEqual([])
    expect(rung).toContain('Action 1, “Roll back”, can be approved now: what stood against it has passed. It needs one person.')
    given(...steps, held(3, lock))
      .when(held(4, lock))
      .happens()
    given(...steps)
      .when(held(4, null))
      .happens()
    given(...steps, approves(carol, 3))
      .when(held(4, lock))
      .happens()
  })

  test('nobody who asks what can be done is offered to approve it', () => {
    const offered = (...steps: readonly Step[]) => {
      const events = happened(declared(), asks(1), ...steps)
      const incident = after(declared(), asks(1), ...steps)
      return [waitingActions(incident), sitrep(incident, events)].map((parts) => JSON.stringify(parts))
    }
    for (const parts of offered(previewed(2))) expect(parts).toContain('/incident approve 1')
    for (const parts of offered(previewed(2, lock))) {
      expect(parts).toContain(lock.why)
      expect(parts).not.toMatch(/approve/)
    }
  })

  test('of what passes with time the card says that it was so', () => {
    const card = cardAfter(declared({ policy: policy('P3') }), asks(1), previewed(2, against(closed)))
    expect(card).toContain('It could not run when that was looked at')
    expect(card).toContain('Whether that is still so, says /incident approve 1.')
  })

  test('what does not hold a P1 is not said of one', () => {
    const time = against(closed)!
    expect(cardAfter(declared({ policy: policy('P3') }), asks(1), previewed(2, time))).toContain('The audit')
    expect(cardAfter(declared(), asks(1), previewed(2, time))).not.toContain('The audit')
  })

  test('a vote is not taken while it stands, and those that are there stay (faults 51)', () => {
    const two = [
      declared(),
      asks(1, { rule: { needed: 2, approvers: [], minutes: 10, breakGlassMinutes: 5 } }),
      previewed(2),
      approves(bob, 3),
    ]
    const refused = `Not recorded: action 1 cannot run now. ${lock.why} To open it: \`/incident unlock server:shop\`. Its approvals stay until ${at(12)}.`
    given(...two)
      .when(approves(carol, 4, lock))
      .refused('action_held', refused)
    const { actions } = given(...two)
      .when(approves(carol, 5))
      .happens({ type: 'action-approved' })
    expect(actions[0]).toMatchObject({ status: 'approved', votes: [{ by: bob }, { by: carol }] })
  })

  test('nor the word of who runs it alone', () => {
    const steps = [declared(), step({ type: 'take-role', role: 'lead', person: carol }, 1, carol), asks(1), previewed(2)]
    given(...steps)
      .when(forces(carol, 8, lock))
      .refused('action_held', expect.stringContaining('cannot run now'))
    given(...steps)
      .when(forces(carol, 8))
      .happens({ type: 'action-forced' })
  })

  test('who may not approve it at all is told that first', () => {
    given(declared(), asks(1), previewed(2))
      .when(approves(after(declared()).declaredBy, 3, lock))
      .refused('own_request', expect.stringContaining('You asked for action 1'))
  })
})

test('the card of a drill says first that nothing is run', () => {
  const drill = declared({ kind: 'drill' })
  expect(cardAfter(drill, asks(1), previewed(2)).split('\n')[0]).toBe('🧪 This is a drill: nothing is run, whoever approves it.')
  expect(cardAfter(drill, asks(1), previewed(2), approves(bob, 3))).toContain('This is a drill')
  expect(cardAfter(declared(), asks(1), previewed(2))).not.toContain('drill')
})

test('what holds a target holds what lies in it, and names itself', () => {
  expect(of('server:shop:disk', locked)).toMatchObject({
    why: containing('server:shop is locked'),
    command: '/incident unlock server:shop',
  })
  expect(of('server:shops', locked)).toBeNull()
  expect(of('server:shop:disk', busy)).toMatchObject({ why: containing('is changing server:shop, since') })
})

test('what came or passed while the target was looked at is seen once more', () => {
  const before = after(declared(), asks(1))
  const recorded = happened(declared(), asks(1), previewed(2, against(locked))).at(-1)!
  expect(react(before, recorded, evolve(before, recorded))).toContainEqual({ queue: 'held', data: { incident: before.id }, key: before.id })
})
