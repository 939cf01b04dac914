/** The checklist of a severity (S5): who ticked what, and what the record ticks by itself. */
import { describe, expect, test } from 'vitest'
import { checklistOf } from '../../../src/incident/areas/checklist.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { disasterPolicy } from '../../../src/incident/kinds.ts'
import type { Contact } from '../../../src/incident/policy.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import { ack, after, alice, at, bob, declared, given, happened, policy, severity, type Step, step, update } from '../../given.ts'

const items = [
  'Page on-call',
  'Confirm the severity',
  'Name a lead',
  'Post a first status update',
  'Tell customers',
  'Customer communication within 30 minutes',
]
const p1 = { policy: policy('P1', { checklist: items }) }
const marks = (item: string, minute: number, by = bob, state: 'done' | 'open' = 'done') =>
  step({ type: 'mark-item', item, state }, minute, by)
const rows = (...steps: readonly Step[]) => checklistOf(after(...steps)).map(({ item, done }) => [item, done])
const opening = (...steps: readonly Step[]) =>
  conversation(happened(...steps)).flatMap((item) => (item.step === 'message' && item.key === 'opening' ? item.message.parts : []))

test('is ticked once, by its words or its number, and can be opened again', () => {
  const ticked = [declared(p1), marks('Tell customers', 4)] as const
  given(declared(p1)).when(marks('tell  customers', 4)).happens({ type: 'checklist-marked', item: 'Tell customers', state: 'done' })
  given(declared(p1)).when(marks('5', 4)).happens({ type: 'checklist-marked', item: 'Tell customers' })
  given(...ticked)
    .when(marks('5', 4, alice))
    .refused('item_is_done', `“Tell customers” is ticked off already, by Bob Berg at ${at(4)}; nothing changed.`)
  given(...ticked)
    .when(marks('5', 5, alice, 'open'))
    .happens({ type: 'checklist-marked', state: 'open' })
  expect(rows(...ticked, marks('5', 5, alice, 'open'))).toContainEqual(['Tell customers', null])
  given(declared(p1))
    .when(marks('5', 5, alice, 'open'))
    .refused('item_is_open', '“Tell customers” is not ticked off; nothing changed.')
  given(declared(p1))
    .when(marks('7', 4))
    .refused('unknown_item', '`7` is not on the checklist: its items are numbered 1 to 6. `/incident checklist` shows them.')
  expect(timeline(happened(...ticked), { zone: 'UTC' }).at(-1)).toMatchObject({ who: 'Bob Berg', text: 'Ticked off: Tell customers' })
})

test('stands in the opening message, with a button for each that is to be done', () => {
  expect(opening(declared(p1), ack(3), marks('5', 4))).toEqual(
    expect.arrayContaining([
      { kind: 'text', spans: [{ bold: 'P1 checklist' }] },
      {
        kind: 'list',
        items: [
          ['✅ Page on-call', ' · ', { time: at(0), zone: 'Europe/Berlin' }],
          ['✅ Confirm the severity', ' · ', { time: at(3), zone: 'Europe/Berlin' }],
          ['✅ Name a lead'],
          ['☐ Post a first status update'],
          ['✅ Tell customers', ' · ', { bold: 'Bob Berg' }, ' · ', { time: at(4), zone: 'Europe/Berlin' }],
          ['☐ Customer communication within 30 minutes'],
        ],
      },
      {
        kind: 'buttons',
        buttons: [
          { label: '✓ Post a first status update', action: 'checklist', value: 'INC-7 done Post a first status update' },
          {
            label: '✓ Customer communication within 30 minutes',
            action: 'checklist',
            value: 'INC-7 done Customer communication within 30 minutes',
          },
        ],
      },
    ]),
  )
})

describe('the record ticks what it knows', () => {
  const known = (ladder: readonly Contact[] | undefined, ...steps: readonly Step[]) =>
    rows(declared({ policy: policy('P1', { checklist: items, ...(ladder === undefined ? {} : { ladder }) }) }), ...steps).flatMap(
      ([item, done]) => (done === null ? [] : [item]),
    )

  test('paged, acknowledged, led, told; nothing that its words do not say', () => {
    expect(known(undefined)).toEqual(['Page on-call'])
    expect(known([{ name: 'On-call' }])).toEqual([])
    expect(known(undefined, ack(2))).toEqual(items.slice(0, 3))
    expect(known(undefined, update('We look', 2))).toEqual(['Page on-call', 'Post a first status update'])
    const missed = step({ type: 'step-failed', surface: 'channel', step: 'call:2', reason: 'On-call (not in this workspace)' }, 1)
    expect(known(undefined, missed)).toEqual([])
  })

  test('and nobody takes that back', () =>
    given(declared(p1), ack(2))
      .when(marks('3', 3, alice, 'open'))
      .refused(
        'item_is_known',
        '“Name a lead” was ticked off by the record itself, which knows that it is done; nothing changed. `/incident note <text>` says what is not as it seems.',
      ))

  test('the phases of a disaster', () => {
    const plan = {
      rto: 240,
      rpo: 60,
      phases: {
        assessment: { title: 'Assessment', task: 'Find the scope', by: 15 },
        recovery: { title: 'Recovery', task: 'Restore', by: 240 },
      },
    }
    const disaster = declared({ kind: 'disaster', policy: disasterPolicy(policy('P1'), plan) })
    expect(rows(disaster, step({ type: 'finish-phase', phase: 'assessment', text: null }, 9))).toEqual([
      ['Assessment: Find the scope', { by: null, at: at(9) }],
      ['Recovery: Restore', null],
    ])
  })
})

test('another severity adds its items; what was ticked stays', () => {
  const other = ['Tell customers', 'Assign it']
  const steps = [declared(p1), marks('5', 1), marks('6', 2)] as const
  const changed = rows(...steps, severity('P3', 3, { checklist: other }))
  expect(changed.map(([item, done]) => [item, done !== null])).toEqual([
    ['Tell customers', true],
    ['Assign it', false],
    ['Customer communication within 30 minutes', true],
  ])
  expect(
    rows(...steps, severity('P3', 3, { checklist: other }), severity('P1', 4, { checklist: items })).filter(([, done]) => done !== null),
  ).toHaveLength(4)
})
