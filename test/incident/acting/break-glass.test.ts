/** When the lead of a P1 may run an action alone: said on its card and by a timer, also where it becomes a P1 while it waits. */
import { describe, expect, test } from 'vitest'
import { isUnanswered } from '../../../src/incident/acting/request.ts'
import type { Job } from '../../../src/incident/react.ts'
import type { Actor } from '../../../src/incident/events.ts'
import { react } from '../../../src/incident/react.ts'
import { evolve } from '../../../src/incident/evolve.ts'
import type { Incident } from '../../../src/incident/incident.ts'
import { mergedOf } from '../../../src/incident/merged.ts'
import { after, alice, at, bob, bot, declared, given, happened, policy, severity, step, type Step } from '../../given.ts'
import { approves, asks, cardAfter, carol, forces, previewed, rule } from './asked.ts'

const p3 = declared({ policy: policy('P3') })
const leads = step({ type: 'take-role', role: 'lead', person: carol }, 1, carol)
const may = /on the lead may run it alone/
const due = (minute: number) => step({ type: 'unanswered-action', action: 1 }, minute, bot)

/** The timers that tell the lead, which these steps set. */
const timers = (...steps: readonly Step[]): Job[] => {
  let before: Incident | null = null
  const jobs: Job[] = []
  for (const recorded of happened(...steps)) {
    const next: Incident = evolve(before, recorded)
    jobs.push(...react(before, recorded, next).filter(({ data }) => data['unanswered'] !== undefined && data['action'] !== undefined))
    before = next
  }
  return jobs
}

describe('it becomes a P1 while the request waits', () => {
  test('the card says so from then on, and not any more when it is none', () => {
    expect(cardAfter(p3, asks(1), previewed(2))).not.toMatch(may)
    expect(cardAfter(p3, asks(1), previewed(2), severity('P1', 3))).toMatch(may)
    expect(cardAfter(p3, asks(1), previewed(2), severity('P1', 3), severity('P2', 4))).not.toMatch(may)
  })

  test('the time counts from then on, for the timer, the card and the lead: nobody gives themselves the right', () => {
    expect(timers(p3, asks(1), previewed(2))).toEqual([])
    const raised = [p3, leads, asks(1), previewed(2), severity('P1', 6)]
    expect(timers(...raised).map(({ startAfter }) => startAfter)).toEqual([at(11)])
    expect(cardAfter(...raised)).toContain('From 2026-01-14 10:11 CET (09:11 UTC) on the lead may run it alone')
    given(...raised)
      .when(due(7))
      .happens()
    given(...raised)
      .when(due(11))
      .happens({ type: 'action-unanswered' })
    given(...raised)
      .when(forces(carol, 10.9))
      .refused('break_glass_later', `Somebody may still approve action 1. When nobody has by ${at(11)}, you may run it alone.`)
    given(...raised)
      .when(forces(carol, 11))
      .happens({ type: 'action-forced' })
  })

  test('where the approval is over before, nobody is promised it', () => {
    const late = [p3, leads, asks(1), previewed(2), severity('P1', 8)]
    expect(timers(...late)).toEqual([])
    expect(cardAfter(...late)).not.toMatch(may)
    given(...late)
      .when(forces(carol, 9))
      .refused(
        'break_glass_later',
        `The time for action 1 is over before you may run it alone (${at(13)}). Ask for it anew: \`/incident deny 1\`, then \`/incident run again 1\`.`,
      )
  })

  test('a timer that came while it was none does not keep the next from being set', () => {
    const set = timers(declared(), asks(1), previewed(2), severity('P3', 3), severity('P1', 6))
    expect(set.map(({ startAfter }) => startAfter)).toEqual([at(7), at(11)])
    expect(new Set(set.map(({ once }) => once)).size).toBe(2)
  })

  test('a P1 that was something else in between has its own time, and its own word', () => {
    const again = [
      declared(),
      leads,
      asks(1, { rule: { ...rule, minutes: 60 } }),
      previewed(2),
      due(7),
      severity('P3', 8),
      severity('P1', 9),
    ]
    expect(timers(...again).map(({ startAfter }) => startAfter)).toEqual([at(7), at(14)])
    const wasTold = (...steps: readonly Step[]) => isUnanswered(after(...steps), after(...steps).actions[0]!)
    expect([wasTold(...again.slice(0, 5)), wasTold(...again), wasTold(...again, due(14))]).toEqual([true, false, true])
    given(...again)
      .when(due(14))
      .happens({ type: 'action-unanswered' })
  })

  test('who was told, what is approved, and what is over needs none', () => {
    expect(timers(declared(), leads, asks(1), previewed(2), due(7), severity('P3', 8), severity('P1', 9))).toHaveLength(1)
    expect(timers(p3, asks(1), previewed(2), approves(carol, 3), severity('P1', 4))).toEqual([])
    expect(timers(p3, asks(1), previewed(2), severity('P1', 12))).toEqual([])
  })
})

test.each([
  ['a drill', { kind: 'drill' }, {}, 'this is a drill, in which nothing is run. Somebody else can approve it here as they would.'],
  ['a P2', { policy: policy('P2') }, {}, 'that is for the lead of a P1 whom nobody answers, and this is P2.'],
  [
    'a product that never allows it',
    {},
    { rule: { ...rule, breakGlassMinutes: null } },
    'Acme Shop has it that nobody may, not in a P1 either. Somebody else must approve it.',
  ],
] as const)('where it may not be, %s, the reason is said', (_, record, more, says) => {
  given(declared(record), leads, asks(1, more), previewed(2))
    .when(forces(carol, 9))
    .refused('no_break_glass', `Action 1 cannot be run without an approval: ${says}`)
})

test('the time that is said is the time that holds: a whole minute', () => {
  const seconds = [declared(), leads, asks(1), previewed(2.2)]
  expect(cardAfter(...seconds)).toContain('From 2026-01-14 10:08 CET (09:08 UTC) on the lead may run it alone')
  given(...seconds)
    .when(forces(carol, 7.9))
    .refused('break_glass_later', `Somebody may still approve action 1. When nobody has by ${at(8)}, you may run it alone.`)
  given(...seconds)
    .when(forces(carol, 8))
    .happens({ type: 'action-forced' })
})

const planned = 'Action 1 cannot be run without an approval: this is planned work, which waits for somebody else.'
const drill =
  'Action 1 cannot be run without an approval: this is a drill, in which nothing is run. Somebody else can approve it here as they would.'

test.each([
  ['change', planned],
  ['maintenance', planned],
  ['drill', drill],
] as const)('a %s has none, of whatever severity, and says so', (kind, says) => {
  const raised = [declared({ kind, policy: policy('P3') }), severity('P1', 1), leads, asks(1), previewed(2)]
  expect(timers(...raised)).toEqual([])
  expect(cardAfter(...raised)).not.toMatch(may)
  given(...raised)
    .when(forces(carol, 9))
    .refused('no_break_glass', says)
})

test('a disaster has one', () => {
  given(declared({ kind: 'disaster' }), leads, asks(1), previewed(2))
    .when(forces(carol, 9))
    .happens({ type: 'action-forced' })
})

describe('the review of what ran without an approval', () => {
  const starts = step({ type: 'start-action', action: 1, hash: 'a'.repeat(64), hindrance: null }, 9, bot)
  const ran = [declared(), leads, asks(1), previewed(2), forces(carol, 8), starts]
  const done = (by: Actor, identities: readonly string[] = []) => step({ type: 'finish-todo', todo: 1, identities }, 10, by)

  test('is to do for somebody else: not for who ran it, nor for who asked for it, by whatever account', () => {
    expect(after(...ran).todos.map(({ text }) => text)).toEqual([
      'Review by somebody else: action 1 of INC-7, Roll back, ran without an approval',
    ])
    const own =
      'To do 1 is a review of what you asked for, or ran without an approval: somebody else must do it. Then they type `/incident todo done 1`.'
    for (const by of [done(carol), done(alice), done(bob, ['person:carol']), done(bob, ['email:x@acme.example', 'person:alice'])])
      given(...ran)
        .when(by)
        .refused('own_todo', own)
    given(...ran)
      .when(done(bob, ['person:bob']))
      .happens({ type: 'todo-done' })
  })

  test('is not lost when the record is merged into one that has a review of its own', () => {
    const over = step({ type: 'end-action', action: 1, ran: { outcome: 'done', text: 'It changed.' } }, 10, bot)
    const { from, brings } = mergedOf(happened(...ran, over, step({ type: 'merge', into: 'INC-9', channel: null }, 11)))
    const absorbs = (...of: readonly Step[]) => after(...of, step({ type: 'absorb', from, brings }, 12)).todos.map(({ text }) => text)
    const review = (record: string) => `Review by somebody else: action 1 of ${record}, Roll back, ran without an approval`
    expect(absorbs(declared({ id: 'INC-9', number: 9 }), ...ran.slice(1))).toEqual([review('INC-9'), review('INC-7')])
    // Read alike, a to-do that anybody may tick off is not in its place.
    const typed = step({ type: 'add-todo', text: review('INC-7'), owner: null, due: null, source: null }, 1)
    expect(absorbs(declared({ id: 'INC-9', number: 9 }), typed)).toEqual([review('INC-7'), review('INC-7')])
  })
})

test('a product that has none says so, in a P1 too', () => {
  const never = { ...rule, breakGlassMinutes: null }
  given(declared(), leads, asks(1, { rule: never }), previewed(2))
    .when(forces(carol, 9))
    .refused(
      'no_break_glass',
      'Action 1 cannot be run without an approval: Acme Shop has it that nobody may, not in a P1 either. Somebody else must approve it.',
    )
})
