/** What asks somebody to do something stops asking once it is done: every message of the channel that has a button, or calls somebody. */
import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../../src/incident/check.ts'
import { conversation } from '../../src/incident/conversation.ts'
import type { Message } from '../../src/incident/message.ts'
import {
  ack,
  alice,
  at,
  bob,
  bot,
  declared,
  happened,
  mitigate,
  policy,
  resolve,
  severity,
  silence,
  type Step,
  step,
  tick,
  update,
} from '../given.ts'

const messageOf = (key: string, steps: readonly Step[]): Message => {
  const item = conversation(happened(...steps)).find((each) => each.key === key)
  if (item?.step !== 'message') throw new Error(`no message ${key}`)
  return item.message
}
const buttons = (message: Message): string[] =>
  message.parts.flatMap((part) => (part.kind === 'buttons' ? part.buttons.map(({ action }) => action) : []))
const last = (message: Message): string => {
  const part = message.parts.at(-1)
  return part?.kind === 'context'
    ? part.spans.map((span) => (typeof span === 'string' ? span : 'time' in span ? span.time : 'x')).join('')
    : ''
}

const failing: CheckResult = {
  check: 'health',
  kind: 'http',
  title: 'Health',
  status: 'fail',
  findings: [],
  measurements: [],
  startedAt: at(6),
  took: 1,
}
const still = [declared(), ack(1), resolve(5), step({ type: 'record-checks', phase: 'resolution', results: [failing] }, 6, bot)]
const pause = (minute: number): Step => step({ type: 'pause', why: 'Waiting' }, minute)
const resume = (minute: number): Step => step({ type: 'resume' }, minute)
const reopen = (minute: number): Step => step({ type: 'reopen', why: 'It is back' }, minute)
const leadDue = (count: number, minute: number): Step => step({ type: 'lead-due', search: 1, count }, minute, bot)
const remind = [declared(), ack(1), step({ type: 'snooze', minutes: 15 }, 20), step({ type: 'snooze-due', run: 1, until: at(35) }, 35, bot)]
const spent = [declared(), tick('response', 1, 20), silence(2, 30), step({ type: 'unanswered-due', run: 1, round: 1 }, 40, bot)]
const merged: Step = step({ type: 'merge', into: 'INC-3', channel: null }, 50)

describe.each<[string, string, readonly Step[], readonly string[]]>([
  ['the last warning of an update', 'clock:update:1:last', [declared(), ack(1), tick('update', 1, 28)], ['update', 'snooze']],
  ['an update overdue', 'breach:update:1', [declared(), ack(1), tick('update', 1, 30)], ['update', 'snooze']],
  ['a reminder of an update', 'reminded:5', remind, ['update', 'snooze']],
])('%s', (_, key, steps, expected) => {
  test('has its buttons while it is due', () => expect(buttons(messageOf(key, steps))).toEqual(expected))
  test.each<[string, Step, string]>([
    ['an update', update('Looking', 50), `✅ x posted an update at ${at(50)}.`],
    ['the resolution', resolve(50), `✅ x resolved INC-7 at ${at(50)}.`],
    ['a merge', merged, `🔗 Merged into INC-3 at ${at(50)}.`],
    ['another severity', severity('P2', 50), '↪ It is P2 now: other times count.'],
  ])('has none after %s, and says what became of it', (__, next, words) => {
    const message = messageOf(key, [...steps, next])
    expect(buttons(message)).toEqual([])
    expect(last(message)).toBe(words)
  })
  test('keeps them while the clocks stand, and after what settles nothing', () =>
    expect(buttons(messageOf(key, [...steps, pause(50), step({ type: 'note', text: 'x' }, 51)]))).toEqual(expected))
})

describe.each<[string, string, readonly Step[], readonly string[]]>([
  // Its checklist is still to be done then: it has buttons of its own.
  ['the page at the opening', 'opening', [declared({ policy: policy('P1', { checklist: [] }) })], []],
  ['an acknowledgement overdue', 'breach:response:1', spent, []],
  ['a step of the ladder', 'escalated:1:2', spent, []],
  ['the ladder together', 'unanswered:1:1', spent, ['ack', 'role']],
  [
    'who is called because another was not reached',
    'paged:3',
    [declared(), step({ type: 'call-missed', level: 0, run: 1, reason: 'gone' }, 1, bot)],
    [],
  ],
])('%s', (_, key, steps, expected) => {
  test('asks while nobody has responded', () => expect(buttons(messageOf(key, steps))).toEqual(expected))
  test.each<[string, Step, string]>([
    ['acknowledged', ack(50, bob), `✅ x acknowledged at ${at(50)}.`],
    ['mitigated', mitigate(50), `✅ x mitigated the impact at ${at(50)}.`],
    ['resolved', resolve(50), `✅ x resolved INC-7 at ${at(50)}.`],
    ['merged', merged, `🔗 Merged into INC-3 at ${at(50)}.`],
  ])('%s: it says so, and has no button', (__, next, words) => {
    const message = messageOf(key, [...steps, next])
    expect(buttons(message)).toEqual([])
    expect(last(message)).toBe(words)
  })
})

test('somebody whom a person called is needed also after an acknowledgement', () => {
  const called = [declared(), step({ type: 'page', to: { name: 'Dave', slackUser: 'U0D' }, why: null }, 3)]
  expect(messageOf('paged:3', [...called, ack(5)])).toEqual(messageOf('paged:3', called))
})

test('asked for a lead: somebody leads, or it is over without one', () => {
  const steps = [declared({ policy: policy('P1', { nagLead: 2 }) }), leadDue(1, 2)]
  expect(last(messageOf('lead-wanted:1', [...steps, resolve(5)]))).toBe(`✅ x resolved INC-7 at ${at(5)}.`)
  expect(JSON.stringify(messageOf('lead-wanted:1', [...steps, ack(5), resolve(6)]))).toContain('Nobody led for a while')
  const back = [...steps, resolve(5), reopen(6), step({ type: 'take-role', role: 'lead', person: alice as never }, 7)]
  expect(JSON.stringify(messageOf('lead-wanted:1', back))).toContain('Nobody led for a while')
})

test('checks still fail at the resolution: the button to reopen goes with the reopening, and comes back with the next', () => {
  expect(buttons(messageOf('check:5', still))).toEqual(['reopen'])
  expect(buttons(messageOf('check:5', [...still, reopen(8)]))).toEqual([])
  expect(last(messageOf('check:5', [...still, reopen(8)]))).toBe(`🔁 x opened INC-7 again at ${at(8)}.`)
  const again = [...still, reopen(8), resolve(20), step({ type: 'record-checks', phase: 'resolution', results: [failing] }, 21, bot)]
  const keys = conversation(happened(...again)).map(({ key }) => key)
  expect(
    buttons(
      messageOf(
        keys.findLast((key) => key.startsWith('check:'))!,
        again,
      ),
    ),
  ).toEqual(['reopen'])
})

test('clocks that stood and go on are due later: what said otherwise says so', () => {
  const steps = [declared(), tick('response', 1, 18), pause(19), resume(40)]
  expect(last(messageOf('clock:response:1:last', steps))).toBe('▶ Due later: the clocks stood.')
})

test('what a message waits for stays inside', () => {
  for (const item of conversation(happened(...spent, ack(50), resolve(60))))
    if (item.step === 'message') expect(item.message).not.toHaveProperty('waits')
})
