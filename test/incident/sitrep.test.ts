/** Where an incident stands, for who comes to it; and what can be done then. */
import { describe, expect, test } from 'vitest'
import type { Person } from '../../src/incident/areas/area.ts'
import type { CheckResult } from '../../src/incident/check.ts'
import { replay } from '../../src/incident/evolve.ts'
import { involved } from '../../src/incident/involved.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { usefulButtons, usefulVerbs } from '../../src/incident/now.ts'
import { sitrep, welcome } from '../../src/incident/sitrep.ts'
import {
  checked,
  ack,
  after,
  alice,
  at,
  bob,
  bot,
  declared,
  happened,
  mitigate,
  note,
  policy,
  resolve,
  review,
  type Step,
  step,
  update,
} from '../given.ts'

const carol: Person = { kind: 'person', id: 'carol', name: 'Carol Cole', slack: 'U0CAROL' }
const todo = (text: string, minute: number, owner: Person | null = null): Step =>
  step({ type: 'add-todo', text, owner, due: null, source: null }, minute)
const check = (status: 'ok' | 'fail'): CheckResult => ({
  check: 'health',
  title: 'Health',
  status,
  findings: [{ status, text: '503' }],
  measurements: [],
  kind: 'http',
  startedAt: at(1),
  took: 5,
})
const take = (role: 'lead' | 'scribe', minute: number, person: Person = carol): Step => step({ type: 'take-role', role, person }, minute)

const spanText = (span: Span): string => {
  if (typeof span === 'string') return span
  if ('bold' in span) return `*${span.bold}*`
  if ('mention' in span) return `@${span.mention.name}`
  if ('time' in span) return `+${(Date.parse(span.time) - Date.parse(at(0))) / 60_000}`
  return 'code' in span ? span.code : span.text
}
const partText = (part: Part): string => {
  if (part.kind === 'text' || part.kind === 'context') return part.spans.map(spanText).join('')
  if (part.kind === 'list') return part.items.map((item) => `- ${item.map(spanText).join('')}`).join('\n')
  return part.kind === 'quote' ? `> ${part.text}` : part.kind
}
const shown = (...steps: readonly Step[]): string => {
  const events = happened(...steps)
  return sitrep(replay(events)!, events).map(partText).join('\n')
}

describe('a situation report', () => {
  test('of a busy incident has state, clocks, people, the last update, what is open, what was tried, the last events', () => {
    const steps = [
      declared(),
      ack(3, bob),
      take('scribe', 4),
      update('Rolling back to v141', 5),
      todo('Ask the provider', 6, carol),
      todo('Add an alert on the pool', 7),
      step({ type: 'finish-todo', todo: 2 }, 8),
      step({ type: 'suspect', text: 'The migration holds a lock' }, 9),
      step({ type: 'suspect', text: 'The cache is cold' }, 10),
      step({ type: 'rule-out', text: '2', because: 'hit rate is 98 %' }, 11),
    ]
    expect(shown(...steps)).toMatchInlineSnapshot(`
      "*INC-7 P1* 🟠 Acknowledged · Checkout fails
      Lead *Bob Berg* · Scribe @Carol Cole
      Ack ✅ 3 min of 20 min · Update due +35
      *Last update* +5
      > Rolling back to v141
      *To do*
      - *1* Ask the provider · @Carol Cole
      *Suspected and tried*
      - ❓ *1* The migration holds a lock
      - ❌ *2* The cache is cold – ruled out: hit rate is 98 %
      *Last events*
      - +7 Alice Adler: To do 2: Add an alert on the pool
      - +8 Alice Adler: Ticked off to do 2: Add an alert on the pool
      - +9 Alice Adler: Suspected (1): The migration holds a lock
      - +10 Alice Adler: Suspected (2): The cache is cold
      - +11 Alice Adler: Ruled out (2) The cache is cold: hit rate is 98 %"
    `)
  })

  test('of a new one says that nobody leads, and nothing of what there is not', () => {
    expect(shown(declared())).toMatchInlineSnapshot(`
      "*INC-7 P1* 🔴 Declared · Checkout fails
      Lead nobody yet
      Ack due +20 · Update due +30
      *Last events*
      - +0 Alice Adler: Declared P1: Checkout fails
      - +0 Tocsin: Paged On-call (step 1) at once, as the severity asks."
    `)
  })

  test('counts what is more than can be read', () => {
    const many = Array.from({ length: 8 }, (_, index) => todo(`Task ${index}`, index + 1))
    const text = shown(declared(), ...many)
    expect(text).toContain('- and 3 more')
    expect(text.split('Last events*\n')[1]?.split('\n')).toHaveLength(5)
  })

  test('the last events are of the trouble: neither the channel, nor every check that ran', () => {
    const opened = step({ type: 'channel-opened', channel: 'C1', name: 'inc-7' }, 0.1, bot)
    const renamed = step({ type: 'channel-renamed', channel: 'C1', name: 'inc-7-new' }, 5, bot)
    const there = [declared(), opened, ...checked(1, 'opening', 1, check('fail')), ack(2), renamed] as const
    const last = (...steps: readonly Step[]) => (shown(...steps).split('Last events*\n')[1] ?? '').split('\n').map((text) => text.slice(2))
    expect(last(...there)).toEqual([
      expect.stringContaining('Declared P1'),
      expect.stringContaining('Paged On-call'),
      '+1 Tocsin: Ran 1 check at opening: Health fail (503)',
      '+2 Alice Adler: Acknowledged the incident.',
    ])
    expect(last(...there, ...checked(2, 'asked', 6, check('ok'))).join()).not.toContain('Ran 1 check')
  })

  test('says why the clocks stand', () => {
    expect(shown(declared(), step({ type: 'pause', why: 'Waiting for the provider' }, 2))).toContain('paused: Waiting for the provider')
  })

  test('of five hundred events is one message within bounds', () => {
    const notes = Array.from({ length: 500 }, (_, index) => note(`Note ${index} ${'x'.repeat(2000)}`, index + 1))
    const events = happened(declared(), ...notes)
    expect(JSON.stringify(welcome(replay(events)!, events)).length).toBeLessThan(6_000)
  })
})

describe('what can be done', () => {
  const verbs = new Set([
    'ack',
    'role',
    'severity',
    'page',
    'update',
    'resolve',
    'note',
    'status',
    'postmortem',
    'mitigate',
    'audit',
    'resume',
  ])
  const useful = (...steps: readonly Step[]) => usefulVerbs(after(...steps), verbs, 6)
  const buttons = (...steps: readonly Step[]) => usefulButtons(after(...steps), verbs).map(({ label }) => label)

  test('is another thing in each state', () => {
    expect(useful(declared())).toEqual(['ack', 'role', 'severity', 'page', 'update', 'resolve'])
    expect(useful(declared({ kind: 'change' }))[0]).toBe('role')
    expect(useful(declared(), ack(1))).toEqual(['update', 'note', 'mitigate', 'resolve', 'page', 'role'])
    expect(useful(declared(), ack(1), mitigate(2))[0]).toBe('resolve')
    expect(useful(declared(), resolve(2))).toEqual(['postmortem', 'note', 'status', 'audit'])
    expect(useful(declared(), resolve(2), review(3))[0]).toBe('note')
    expect(useful(declared(), step({ type: 'pause', why: 'Waiting' }, 2))[0]).toBe('resume')
  })

  test('what does not exist is not offered', () => {
    expect(usefulVerbs(after(declared(), ack(1)), new Set(['note']), 6)).toEqual(['note'])
    expect(usefulButtons(after(declared()), new Set(['status'])).map(({ action }) => action)).toEqual(['status'])
    const run = new Set(['run'])
    expect(usefulButtons(after(declared({ kind: 'change' })), run)).toEqual([{ label: 'Run an action', action: 'run', value: 'INC-7' }])
    expect(usefulButtons(after(declared(), resolve(1)), run)).toEqual([])
  })

  test('by a button, where no words are needed', () => {
    const open = ['Change the severity', 'Who does what', 'Mitigated', 'Resolve', 'Where it stands']
    expect(buttons(declared())).toEqual([
      'Acknowledge',
      'Take the lead',
      'Post update',
      'Note',
      'Call the next of the ladder',
      'Call somebody',
      ...open,
    ])
    expect(buttons(declared({ policy: policy('P1', { ladder: [] }) }), ack(1))).toEqual(['Post update', 'Note', 'Call somebody', ...open])
    expect(buttons(declared({ kind: 'change' }))).toEqual([
      'Post update',
      'Note',
      'Call somebody',
      'Who does what',
      'Done',
      'Where it stands',
    ])
    expect(buttons(declared(), resolve(1))).toEqual(['Note', 'Post-mortem', 'Where it stands'])
  })
})

describe('who had a part in it', () => {
  test('with every role that they had, also one that they gave away, whoever gave it', () => {
    const steps = [
      declared(),
      ack(1, bob),
      take('lead', 2),
      take('scribe', 3),
      step({ type: 'page', to: { name: 'Desk', phone: '+41 44 123 45 67' }, why: null }, 4, alice),
      step({ type: 'note', text: 'It is the cache' }, 5, bob),
    ]
    expect(involved(happened(...steps))).toEqual([
      { name: 'Alice Adler', did: 'declared, called somebody' },
      { name: 'Bob Berg', did: 'led, acknowledged, took notes' },
      { name: 'Carol Cole', did: 'led, was scribe' },
    ])
  })
})
