import { expect, test } from 'vitest'
import type { Person } from '../../src/incident/areas/area.ts'
import { homeOf } from '../../src/incident/home.ts'
import type { Part, Span } from '../../src/incident/message.ts'
import { ack, after, alice, at, bob, declared, policy, resolve, step } from '../given.ts'

const wordsOf = (span: Span): string =>
  typeof span === 'string' ? span : 'bold' in span ? span.bold : 'time' in span ? span.time : 'text' in span ? span.text : ''
const lines = (parts: readonly Part[]): string[] =>
  parts.flatMap((part) => {
    if (part.kind === 'heading') return [part.text]
    if (part.kind === 'list') return part.items.map((item) => item.map(wordsOf).join(''))
    return 'spans' in part ? [part.spans.map(wordsOf).join('')] : []
  })
const seen = (incident: ReturnType<typeof after>) => ({ id: incident.id, hidden: false, incident })
const todo = (text: string, owner: Person, due: string | null) => step({ type: 'add-todo', text, owner, due, source: null }, 1)

test('without anything, it says so and begins an incident', () => {
  const parts = homeOf({ open: [], over: [] }, alice, at(0), 'UTC')
  expect(parts[0]).toMatchObject({ kind: 'buttons', buttons: [{ action: 'new' }] })
  expect(lines(parts)).toEqual([
    'Overdue',
    'Nothing is overdue.',
    'Yours',
    'You have declared or lead nothing that is open.',
    'Your to-dos',
    'Nothing is left for you to do.',
    'Open',
    'Nothing is open.',
    `As of ${at(0)}. For 8 h from its opening this page follows what happens.`,
  ])
})

test('clocks that ran out, to-dos whose day is over, what is mine and why', () => {
  const incident = after(
    declared(),
    ack(3, bob),
    todo('Call the bank', alice as Person, '2026-01-14'),
    todo('Tidy up', bob as Person, null),
  )
  // 31 minutes on the update is due; a day later the to-do is, too.
  expect(lines(homeOf({ open: [seen(incident)], over: [] }, alice, at(31), 'UTC'))).toContain(`INC-7 Status update since ${at(30)}`)
  const shown = lines(homeOf({ open: [seen(incident)], over: [] }, alice, at(24 * 60), 'UTC'))
  expect(shown).toContain('Overdue: 2')
  expect(shown.filter((each) => each === 'INC-7 to do 1: Call the bank · by 2026-01-14')).toHaveLength(2)
  expect(shown).toContain('INC-7 P1 🟠 Acknowledged · Acme Shop · Checkout fails · you declared')
  expect(lines(homeOf({ open: [seen(incident)], over: [] }, bob, at(5), 'UTC'))).toContain(
    'INC-7 P1 🟠 Acknowledged · Acme Shop · Checkout fails · you lead',
  )
})

test('what is mine to do stays after the resolution; what others have to do there is theirs', () => {
  const over = after(
    declared(),
    todo('Call the bank', alice as Person, '2026-01-14'),
    todo('Tidy up', bob as Person, '2026-01-14'),
    resolve(9),
  )
  const shown = lines(homeOf({ open: [], over: [over] }, alice, at(24 * 60), 'UTC'))
  expect(shown).toContain('Overdue: 1')
  expect(shown).toContain('Your to-dos: 1')
  expect(shown.join()).not.toContain('Tidy up')
})

test('what is only played, or planned, says so', () => {
  const shown = (incident: ReturnType<typeof after>) =>
    lines(homeOf({ open: [seen(incident)], over: [] }, alice, at(150), 'UTC')).join('\n')
  const drill = shown(after(declared({ kind: 'drill' })))
  expect(drill).toContain('INC-7 🧪 DRILL P1 Acknowledgement since')
  expect(drill.match(/INC-7 🧪 DRILL P1 🔴 Declared/g)).toHaveLength(2)
  const maintenance = shown(after(declared({ kind: 'maintenance', policy: policy('P4'), window: { from: at(60), to: at(120) } })))
  expect(maintenance).toContain('INC-7 🛠 Maintenance Maintenance window since')
  expect(`${drill}${maintenance}`).not.toMatch(/INC-7 [^🧪🛠]|Maintenance P4/u)
})

test('a private record is its number, a damaged one says so, and a long list ends', () => {
  const open = [
    { id: 'INC-1', hidden: true, incident: after(declared({ title: 'Secret' })) },
    { id: 'INC-2', hidden: false, incident: null },
  ]
  expect(lines(homeOf({ open, over: [] }, alice, at(999), 'UTC'))).toEqual(
    expect.arrayContaining(['INC-1 private', expect.stringContaining('INC-2 ⚠ cannot be read')]),
  )
  expect(lines(homeOf({ open, over: [] }, alice, at(999), 'UTC')).join()).not.toContain('Secret')
  const many = Array.from({ length: 25 }, (_, index) => ({ id: `INC-${index}`, hidden: true, incident: null }))
  expect(lines(homeOf({ open: many, over: [] }, alice, at(0), 'UTC'))).toContain('and 5 more')
})
