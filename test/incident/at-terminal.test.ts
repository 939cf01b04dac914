/** What is noted at a terminal while the chat is away is shown in the channel; what is typed there is not, its author is told. */
import { expect, test } from 'vitest'
import { atTerminal, isAtTerminal } from '../../src/incident/at-terminal.ts'
import { conversation } from '../../src/incident/conversation.ts'
import type { Actor } from '../../src/incident/events.ts'
import { alice, at, bot, declared, happened, note, pager, type Step } from '../given.ts'

const bea: Actor = { kind: 'person', id: 'bea', name: atTerminal('Bea Beck') }
const by = (actor: Actor, step: Step): Step => ({ ...step, by: actor })
const notes = (...steps: readonly Step[]) =>
  conversation(happened(declared(), ...steps)).flatMap((item) =>
    item.step === 'message' && item.key.startsWith('note:') ? [item.message] : [],
  )

test('who acts there is known by it', () => {
  expect(bea).toMatchObject({ name: 'Bea Beck (terminal)' })
  expect([bea, alice, bot, pager].map(isAtTerminal)).toEqual([true, false, false, false])
})

test('a note from there is a message of the channel, with its own time where that is another one', () => {
  expect(notes(by(alice, note('Restarted it', 3)))).toEqual([])
  expect(notes(by(bea, note('Restarted it', 3)))).toMatchObject([
    { summary: 'Note: Restarted it', parts: [{ spans: ['🗒 ', { bold: 'Bea Beck (terminal)' }, ' noted', ': Restarted it'] }] },
  ])
  expect(notes(by(bea, note('Restarted it', 9, 3)))[0]?.parts).toMatchObject([
    { spans: ['🗒 ', {}, ' noted', ' for ', { time: at(3) }, ': Restarted it'] },
  ])
})
