import { expect, test } from 'vitest'
import { conversation } from '../../../src/incident/conversation.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { at, bob, declared, given, happened, step } from '../../given.ts'

const lock = step({ type: 'suspect', text: 'A lock' }, 1)
const out = (text: string, because = 'it was gone') => step({ type: 'rule-out', text, because }, 3, bob)

test('what is suspected is numbered; the same again is refused, also when it was ruled out', () => {
  given(declared()).when(lock).happens({ type: 'suspected', suspect: 1, text: 'A lock' })
  given(declared(), lock)
    .when(step({ type: 'suspect', text: 'a LOCK' }, 2))
    .refused('is_suspected', 'That is suspicion 1 already: A lock.')
  given(declared(), lock, out('1'))
    .when(step({ type: 'suspect', text: 'A lock' }, 4))
    .refused('is_suspected', 'That was suspicion 1, and was ruled out: it was gone. If it is possible again, say what is new about it.')
})

test.each(['1', '#1', 'a lock', 'A lok'])('is ruled out as %s', (words) => {
  given(declared(), lock).when(out(words)).happens({ type: 'ruled-out', suspect: 1, because: 'it was gone' })
})

test('what nobody has named yet is suspected and ruled out at once', () => {
  given(declared(), lock)
    .when(out('The deploy of v142'))
    .happens({ type: 'suspected', suspect: 2, text: 'The deploy of v142' }, { type: 'ruled-out', suspect: 2 })
})

test('refusals say what to do', () => {
  given(declared()).when(out('1')).refused('unknown_suspect', 'Nothing is suspected yet. First: `/incident suspect <text>`.')
  given(declared(), lock)
    .when(out('4'))
    .refused('unknown_suspect', 'There is no suspicion 4: they are numbered 1 to 1. `/incident suspect` lists them.')
  given(declared(), lock)
    .when(out('1', ''))
    .refused('missing', 'The reason is missing. For example `/incident ruled-out 1 because the lock was gone at 14:10`.')
  given(declared(), lock, out('1'))
    .when(out('A lock'))
    .refused('is_ruled_out', 'Suspicion 1 is ruled out already: it was gone. `/incident note` takes what else speaks against it.')
})

test('stand in one message, which is edited, and in the story', () => {
  const events = happened(declared(), lock, out('1'))
  expect(conversation(events).filter(({ key }) => key === 'hypotheses')).toHaveLength(1)
  expect(timeline(events, { zone: 'UTC' }).filter(({ kind }) => kind === 'suspect')).toMatchObject([
    { who: 'Alice Adler', text: 'Suspected (1): A lock', occurredAt: at(1) },
    { who: 'Bob Berg', text: 'Ruled out (1) A lock: it was gone', occurredAt: at(3) },
  ])
})
