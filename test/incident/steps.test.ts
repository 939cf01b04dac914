/** The steps of S6: the chat, the post-mortem and the published record say the same. */
import { expect, test } from 'vitest'
import status from '../../commands/incident/status.ts'
import type { CommandContext } from '../../src/define.ts'
import { replay } from '../../src/incident/evolve.ts'
import { plainText } from '../../src/incident/plain.ts'
import { postmortem } from '../../src/incident/postmortem.ts'
import { published } from '../../src/incident/record.ts'
import { ack, alice, declared, happened, mitigate, resolve, review, severity, type Step, step, update } from '../given.ts'

const reopen = (minute: number) => step({ type: 'reopen', why: 'It is back' }, minute)
const merge = (minute: number) => step({ type: 'merge', into: 'INC-8', channel: null }, minute)

/** What each says, with a reached step as ✓. */
const said = async (...steps: readonly Step[]) => {
  const events = happened(...steps)
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  const context = { load: () => Promise.resolve({ incident, events, head: () => 'h' }) } as unknown as CommandContext
  const reply = await status.run({ by: alice, channel: 'C1', id: incident.id, incident, words: '', canShowForm: false }, context)
  const text = 'parts' in reply ? plainText(reply.parts, { typed: (code) => code }) : ''
  const line = /^Detect .*$/m.exec(text)?.[0] ?? ''
  const { steps: rows } = published(incident, events, { seq: events.length, hash: 'h' }, null)
  return {
    chat: line.split(' → ').map((each) => each.replace(/ \d{4}-.*$/, ' ✓').replace(/ –$/, ' pending')),
    postmortem: postmortem(incident, events, { seq: events.length, hash: 'h' }).steps.map(
      ({ name, at }) => `${name} ${/^\d/.test(at) ? '✓' : at}`,
    ),
    record: rows.map(({ step: name, state }) => `${name.charAt(0).toUpperCase()}${name.slice(1)} ${state === 'reached' ? '✓' : state}`),
  }
}

const first = [declared(), ack(2), update('We look', 5), mitigate(10), resolve(20), review(30)] as const

test.each<[string, readonly Step[], string]>([
  ['only declared', [declared()], 'Detect ✓, Assess pending, Communicate pending, Mitigate pending, Resolve pending, Review pending'],
  ['all of them', first, 'Detect ✓, Assess ✓, Communicate ✓, Mitigate ✓, Resolve ✓, Review ✓'],
  [
    'resolved at once',
    [declared(), resolve(5)],
    'Detect ✓, Assess skipped, Communicate skipped, Mitigate skipped, Resolve ✓, Review pending',
  ],
  [
    'assessed by its severity',
    [declared(), severity('P2', 1), mitigate(3)],
    'Detect ✓, Assess ✓, Communicate skipped, Mitigate ✓, Resolve pending, Review pending',
  ],
  ['opened again', [...first, reopen(40)], 'Detect ✓, Assess ✓, Communicate ✓, Mitigate pending, Resolve pending, Review pending'],
  [
    'opened again, and nothing told in between',
    [declared(), ack(1), resolve(5), reopen(9)],
    'Detect ✓, Assess ✓, Communicate pending, Mitigate pending, Resolve pending, Review pending',
  ],
  [
    'resolved again without a mitigation',
    [...first, reopen(40), resolve(50)],
    'Detect ✓, Assess ✓, Communicate ✓, Mitigate ✓, Resolve ✓, Review pending',
  ],
  [
    'resolved twice, and never mitigated',
    [declared(), resolve(5), reopen(9), resolve(50)],
    'Detect ✓, Assess skipped, Communicate skipped, Mitigate skipped, Resolve ✓, Review pending',
  ],
  [
    'resolved three times, mitigated the first time only',
    [...first, reopen(40), resolve(50), reopen(60), resolve(70)],
    'Detect ✓, Assess ✓, Communicate ✓, Mitigate ✓, Resolve ✓, Review pending',
  ],
  ['merged', [declared(), ack(1), merge(5)], 'Detect ✓, Assess ✓, Communicate skipped, Mitigate skipped, Resolve ✓, Review skipped'],
  [
    'a drill',
    [declared({ kind: 'drill' }), resolve(5)],
    'Detect ✓, Assess skipped, Communicate skipped, Mitigate skipped, Resolve ✓, Review pending',
  ],
  [
    'a disaster',
    [declared({ kind: 'disaster' }), ack(1), mitigate(9)],
    'Detect ✓, Assess ✓, Communicate skipped, Mitigate ✓, Resolve pending, Review pending',
  ],
  ['a change', [declared({ kind: 'change' }), resolve(5)], 'Detect ✓, Communicate skipped, Resolve ✓, Review pending'],
  [
    'a change that did harm',
    [declared({ kind: 'change' }), mitigate(3), resolve(5)],
    'Detect ✓, Communicate skipped, Mitigate ✓, Resolve ✓, Review pending',
  ],
  ['maintenance', [declared({ kind: 'maintenance' }), update('Begun', 1)], 'Detect ✓, Communicate ✓, Resolve pending, Review pending'],
])('%s', async (_, steps, expected) => {
  const all = expected.split(', ')
  expect(await said(...steps)).toEqual({ chat: all, postmortem: all, record: all })
})
