/** What a record ran can still be taken back when the record was merged: no other record knows how. */
import { describe, expect, test } from 'vitest'
import { conversation } from '../../../src/incident/conversation.ts'
import { handedOver } from '../../../src/incident/acting/left.ts'
import { mergedOf } from '../../../src/incident/merged.ts'
import { plainText } from '../../../src/incident/plain.ts'
import { after, at, bob, bot, declared, given, happened, resolve, step, type Step } from '../../given.ts'
import { approves, asks, carol, previewed, wanted } from './asked.ts'

const hash = 'a'.repeat(64)
const merge = step({ type: 'merge', into: 'INC-9', channel: null }, 6, bob)
const start = (action: number, minute: number) => step({ type: 'start-action', action, hash, hindrance: null }, minute, bot)
const done = (minute: number) =>
  step({ type: 'end-action', action: 1, ran: { outcome: 'done', text: 'It changed.', undo: 'v1' } }, minute, bot)
const undo = (minute: number): Step =>
  step(
    { type: 'ask-action', wanted: { ...wanted, title: 'Undo: Roll back' }, reason: null, identities: ['person:alice'], undoes: 1 },
    minute,
  )
const second = (by: Step, more: object): Step => ({ ...by, intent: { ...by.intent, ...more } })
const ran = [declared(), asks(1), previewed(2), approves(bob, 3), start(1, 3), done(4)]

test('asked for, approved and run where it ran; nothing else is', () => {
  const back = [...ran, merge, undo(7), second(previewed(8), { action: 2 })]
  given(...ran, merge)
    .when(asks(7))
    .refused('is_merged', 'INC-7 was merged into INC-9. Go on there.')
  given(...back)
    .when(second(approves(carol, 9), { action: 2 }))
    .happens({ type: 'action-approved', action: 2 })
  given(...back)
    .when(step({ type: 'deny-action', action: 2, why: null, identities: ['person:carol'] }, 9, carol))
    .happens({ type: 'action-ended', how: 'denied' })
  const over = after(...back, second(approves(carol, 9), { action: 2 }), start(2, 9))
  expect(over.actions[1]?.status).toBe('running')
})

test('in what was resolved it is opened again first', () => {
  given(...ran, resolve(6))
    .when(undo(7))
    .refused(
      'already_resolved',
      `Already resolved at ${at(6)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
    )
})

test('both records say that it can be, and where', () => {
  const events = happened(...ran, merge)
  const into = happened(declared({ id: 'INC-9', number: 9 }), step({ type: 'absorb', ...mergedOf(events) }, 6, bob))
  const said = (of: typeof events, key: string) =>
    conversation(of).flatMap((item) =>
      item.step === 'message' && item.key.startsWith(key) ? [plainText(item.message.parts, { typed: (code) => code })] : [],
    )[0]
  expect(said(events, 'merged:')).toContain('Action 1, “Roll back”, can be taken back here only: /incident undo 1.')
  expect(said(into, 'absorbed:')).toContain('Action 1 of INC-7, “Roll back”, can be taken back in INC-7 only: /incident undo 1.')
})

describe('what still runs when the record is closed is handed over', () => {
  const running = ran.slice(0, -1)
  const add = (text: string, minute: number) => step({ type: 'add-todo', text, owner: null, due: null, source: null }, minute)
  const closed = 'See action 1 of INC-7, Roll back, to its end: it still ran when that was closed'

  test('by one to-do; one that somebody typed is theirs, however it reads', () => {
    const incident = after(...running, add('See action 1, and write down what we learned', 4), add(`${closed}!`, 4), resolve(5))
    expect(incident.todos.map(({ text }) => text).slice(2)).toEqual([closed])
    expect(handedOver(incident, 'INC-7', 1)).toEqual([3])
  })

  test('once, also where it is opened again, closed again and merged; in the other record it is not about an action of that one', () => {
    const again = [...running, resolve(5), step({ type: 'reopen', why: 'It is back' }, 6)]
    expect(after(...again, resolve(7)).todos.map(({ text }) => text)).toEqual([closed])
    const brought = mergedOf(happened(...again, merge))
    const own = [declared({ id: 'INC-9', number: 9 }), ...running.slice(1)]
    const into = after(...own, step({ type: 'absorb', ...brought }, 7, bob), resolve(8))
    expect(into.todos.map(({ text }) => text)).toEqual([closed, closed.replace('INC-7', 'INC-9')])
    expect([handedOver(into, 'INC-7', 1), handedOver(into, 'INC-9', 1)]).toEqual([[1], [2]])
    // Typed there in the same words, it does not take the place of what came over.
    const typed = after(declared({ id: 'INC-9', number: 9 }), add(closed, 1), step({ type: 'absorb', ...brought }, 7, bob))
    expect(handedOver(typed, 'INC-7', 1)).toEqual([2])
  })
})
