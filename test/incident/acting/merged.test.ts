/** What a record ran can still be taken back when the record was merged: no other record knows how. */
import { expect, test } from 'vitest'
import { conversation } from '../../../src/incident/conversation.ts'
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
