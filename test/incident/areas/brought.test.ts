/** An incident that others worked on for half an hour is merged into a duplicate that nobody has looked at: the duplicate goes on where
 *  the other stood, and every document tells one story. */
import { describe, expect, test } from 'vitest'
import type { Person } from '../../../src/incident/areas/area.ts'
import { compliance } from '../../../src/incident/compliance.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import type { Recorded } from '../../../src/incident/events.ts'
import { replay } from '../../../src/incident/evolve.ts'
import { explain } from '../../../src/incident/explain.ts'
import { headerOf } from '../../../src/incident/header.ts'
import { mergedOf } from '../../../src/incident/merged.ts'
import { metricsOf } from '../../../src/incident/metrics.ts'
import { postmortem } from '../../../src/incident/postmortem.ts'
import { published } from '../../../src/incident/record.ts'
import { sitrep } from '../../../src/incident/sitrep.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import {
  ack,
  alice,
  at,
  bob,
  bot,
  declared,
  given,
  happened,
  mitigate,
  note,
  policy,
  resolve,
  type Step,
  step,
  tick,
  update,
} from '../../given.ts'
import { asks, forces, previewed } from '../acting/asked.ts'

const carol: Person = { kind: 'person', id: 'carol', name: 'Carol Coe', slack: 'U0CAROL' }
const old = { id: 'INC-1', number: 1, title: 'Payments fail' } as const
const clocks = [
  { key: 'customers', title: 'Customers', minutes: 30, from: 'declared', until: 'update' },
  { key: 'fix', title: 'Fix', minutes: 120, from: 'declared', until: 'resolved' },
] as const
const ref = { channel: 'C0OLD', ts: '1768381920.000100' }
const merge = (minute: number, into = 'INC-7') => step({ type: 'merge', into, channel: null }, minute, bob)
const suspect = (text: string, minute: number) => step({ type: 'suspect', text }, minute, bob)
const keep = (text: string, minute: number): Step => ({
  intent: { type: 'keep-message', ...ref, text, files: [], link: null, keptBy: bob, how: 'pin' },
  minute,
  by: carol,
})
const opened = (channel: string, minute: number) =>
  step({ type: 'channel-opened', channel, name: `inc-1-${channel.toLowerCase()}` }, minute, bot)

/** What happened to the other, until it is merged at 35 min. */
const worked: readonly Step[] = [
  declared({ ...old, policy: policy('P1', { clocks }) }, carol),
  opened('C0OLD', 1),
  ack(5, bob),
  step({ type: 'take-role', role: 'comms', person: carol }, 6, bob),
  suspect('The new index', 8),
  suspect('The host', 9),
  step({ type: 'rule-out', text: '2', because: 'its page is green' }, 10, bob),
  update('Some payments fail', 12),
  keep('p99 is 9 s', 13),
  step({ type: 'pause', why: 'Waiting for the host' }, 20, bob),
  step({ type: 'resume' }, 25, bob),
]
const absorb = (minute: number, ...steps: readonly Step[]): Step =>
  step({ type: 'absorb', ...mergedOf(happened(...steps, merge(minute))) }, minute, bob)

/** The duplicate, declared at 30 min unless it says otherwise, and what happens to it then. */
const freshAt = (minute: number, ...steps: readonly Step[]): readonly Recorded[] =>
  happened({ ...declared({ policy: policy('P1', { clocks, page: false }) }), minute }, ...steps)
const fresh = (...steps: readonly Step[]) => freshAt(30, ...steps)
const merged = fresh(absorb(35, ...worked))
const of = (events: readonly Recorded[]) => {
  const incident = replay(events)
  if (incident === null) throw new Error('no incident')
  return incident
}
const said = (value: unknown) => JSON.stringify(value)
const document = (events: readonly Recorded[]) => postmortem(of(events), events, { seq: events.length, hash: 'h' })

describe('the one that takes it in', () => {
  const incident = of(merged)

  test('is acknowledged, by whom and when it was there; its own clock stops', () => {
    expect(incident).toMatchObject({ status: 'acknowledged', acknowledged: { at: at(5), by: { name: 'Bob Berg' } } })
    expect(incident.response).toMatchObject({ run: 1, startedAt: at(30), metAt: at(30), breachedAt: null })
    given(declared(), absorb(10, ...worked.slice(0, 3)))
      .when(tick('response', 1, 25))
      .happens()
    given(declared(), absorb(10, ...worked.slice(0, 3)))
      .when(ack(12))
      .refused(
        'already_acknowledged',
        'Already acknowledged by Bob Berg at 2026-01-14T09:05:00.000Z: the response clock has stopped. `/incident status` shows the others.',
      )
  })

  test('has its lead and its roles; who has one here keeps it', () => {
    expect(incident).toMatchObject({ lead: { name: 'Bob Berg' }, team: { comms: carol } })
    const own = of(fresh(ack(32, alice), absorb(35, ...worked)))
    expect(own).toMatchObject({ lead: alice, acknowledged: { at: at(32) }, team: { comms: carol } })
  })

  test('knows what was suspected and ruled out there, and the last update', () => {
    expect(incident.hypotheses.map(({ suspect: number, text, ruledOut }) => [number, text, ruledOut?.because])).toEqual([
      [1, 'The new index', undefined],
      [2, 'The host', 'its page is green'],
    ])
    expect(incident.lastUpdate).toMatchObject({ text: 'Some payments fail', occurredAt: at(12) })
    const known = of(fresh(suspect('the HOST', 31), suspect('DNS', 32), absorb(35, ...worked)))
    expect(known.hypotheses.map(({ suspect: number, text, ruledOut }) => [number, text, ruledOut?.because])).toEqual([
      [1, 'the HOST', 'its page is green'],
      [2, 'DNS', undefined],
      [3, 'The new index', undefined],
    ])
  })

  test('says with its words what is ruled out later', () => {
    const later = happened(declared(), absorb(10, ...worked.slice(0, 5)), step({ type: 'rule-out', text: '1', because: 'no change' }, 12))
    expect(timeline(later, { zone: 'UTC' }).at(-1)?.text).toBe('Ruled out (1) The new index: no change')
  })

  test('has met what was met there: the steps, and the word to the customers', () => {
    expect(incident.stamps).toMatchObject({ detect: at(0), assess: at(5), communicate: at(12), mitigate: null })
    expect(incident.deadlines['customers']?.metAt).not.toBeNull()
    expect(incident.deadlines['fix']?.metAt).toBeNull()
  })

  test('says so in its channel, and asks for no lead', () => {
    const nag = step({ type: 'lead-due', search: 1, count: 1 }, 32, bot)
    const events = fresh(nag, absorb(35, ...worked))
    const items = conversation(events)
    const told = items.find(({ key }) => key.startsWith('absorbed:'))
    expect(said(told)).toContain('It was acknowledged there by ')
    expect(said(told)).toContain('Bob Berg')
    expect(said(told)).toContain('leads, as there.')
    expect(said(told)).toMatch(/Communications: .*, as there\./)
    expect(said(told)).toContain('2 suspicions came with it')
    expect(said(items.find(({ key }) => key === 'hypotheses'))).toContain('The new index')
    expect(items.find(({ key }) => key === 'gather:INC-1')).toMatchObject({ people: [carol, alice] })
    expect(items.flatMap((item) => (item.step === 'whisper' ? [item.to.name] : []))).toEqual(['Bob Berg', 'Carol Coe'])
    expect(said(headerOf(incident))).toContain('Bob Berg')
  })

  test('was mitigated with it, where the mitigation came after both were declared', () => {
    expect(of(fresh(absorb(35, ...worked, mitigate(33))))).toMatchObject({ status: 'mitigated', stamps: { mitigate: at(33) } })
    const before = fresh(absorb(35, ...worked, mitigate(26)))
    expect(of(before)).toMatchObject({ status: 'acknowledged', stamps: { mitigate: null } })
    expect(said(conversation(before).find(({ key }) => key.startsWith('absorbed:')))).toContain('It was mitigated before this was declared')
  })

  test('where the clock had run out because nobody knew, it is late until the merge', () => {
    const events = fresh(tick('response', 1, 50), absorb(55, ...worked))
    const [row] = compliance(of(events), events, 'UTC').rows.filter(({ clock, of: other }) => clock === 'Response' && other === undefined)
    expect(row).toMatchObject({ outcome: 'breached', over: '5 min' })
  })

  test('keeps what was promised there sooner, and no more than that', () => {
    const unanswered = [declared({ ...old, policy: policy('P1', { clocks }) }), opened('C0OLD', 1)]
    const sooner = freshAt(10, absorb(15, ...unanswered))
    expect(of(sooner).response).toMatchObject({ run: 2, startedAt: at(0), due: at(20), metAt: null, warned: 0 })
    expect(said(explain(of(sooner), 'response'))).toContain('20 min from the declaration of INC-1')
    expect(said(conversation(sooner).find(({ key }) => key.startsWith('absorbed:')))).toContain('What was promised there sooner counts:')
    const promised = of(freshAt(10, absorb(15, ...unanswered, update('More soon', 9, 10))))
    expect(promised.update).toMatchObject({ run: 2, startedAt: at(9), due: at(19) })
    // A graver one promises what this one may not need.
    const lighter = happened(declared({ policy: policy('P3') }), absorb(15, ...unanswered))
    expect(of(lighter).response).toMatchObject({ run: 1, due: at(240) })
    const paused = freshAt(10, absorb(15, ...unanswered, step({ type: 'pause', why: 'Host' }, 12)))
    expect(of(paused).response).toMatchObject({ run: 1, due: at(30) })
    expect(said(conversation(paused).find(({ key }) => key.startsWith('absorbed:')))).toContain('Its clocks stood (Host); those here run.')
  })
})

describe('one and the same story', () => {
  const whole = fresh(absorb(35, ...worked), note('Both look alike', 36), resolve(45))

  test('the timeline has both, in the order in which it happened, the other’s marked', () => {
    const lines = timeline(whole, { zone: 'UTC' }).map(({ of: other = '', occurredAt, text }) => [other, occurredAt, text])
    for (const [index, [, when = '']] of lines.entries()) expect(when >= (lines[index - 1]?.[1] ?? '')).toBe(true)
    expect(lines.filter(([other]) => other === 'INC-1').map(([, , text]) => text)).toEqual([
      'Declared P1: Payments fail',
      expect.stringContaining('Paged On-call'),
      'Opened the channel #inc-1-c0old.',
      'Acknowledged the incident.',
      'Gave the role Communications to Carol Coe.',
      'Suspected (1): The new index',
      'Suspected (2): The host',
      'Ruled out (2) The host: its page is green',
      'Reported: Some payments fail',
      'Wrote: p99 is 9 s',
      'Paused the clocks: Waiting for the host',
      'Let the clocks run again after 5 min.',
    ])
    expect(lines.filter(([other]) => other === '').map(([, , text]) => text)).toEqual([
      'Declared P1: Checkout fails',
      'Merged INC-1 into this one: P1 Payments fail, detected 2026-01-14 09:00 UTC',
      'Noted: Both look alike',
      expect.stringContaining('Resolved the incident'),
    ])
    const keys = timeline(whole, { zone: 'UTC' }).map(({ of: other = '', seq }) => `${other}/${seq}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(timeline(whole, { zone: 'UTC', last: 5 })).toEqual(timeline(whole, { zone: 'UTC' }).slice(-5))
  })

  test('the post-mortem, the record and the figures agree', () => {
    const told = document(whole)
    expect(told).toMatchObject({
      responseTime: '5 min',
      resolutionTime: '45 min',
      lead: 'Bob Berg',
      clocksBreached: 0,
      clocksUnacknowledged: 0,
    })
    expect(told.steps.map(({ name, after }) => [name, after])).toEqual([
      ['Detect', ''],
      ['Assess', '5 min'],
      ['Communicate', '12 min'],
      ['Mitigate', ''],
      ['Resolve', '45 min'],
      ['Review', ''],
    ])
    expect(told.timeline.filter(({ of: other }) => other === 'INC-1')).toHaveLength(12)
    expect(told.clocks.filter(({ of: other }) => other === 'INC-1').map(({ clock, text }) => `${clock}: ${text}`)).toEqual([
      'Customers: met in 12 min',
      'Response: met in 5 min',
      'Status update: met in 12 min',
    ])
    expect(told.pauses).toMatchObject([{ of: 'INC-1', took: '5 min', why: 'Waiting for the host' }])
    expect(told.people).toEqual([
      { name: 'Alice Adler', did: 'declared, reported, took notes, resolved' },
      { name: 'Carol Coe', did: 'did communications, declared' },
      { name: 'Bob Berg', did: 'led, acknowledged' },
    ])
    expect(told.merged).toMatchObject([{ id: 'INC-1', told: true }])
    expect(told.front.find(({ key }) => key === 'minutes_to_acknowledge')?.value).toBe(5)
    const row = published(of(whole), whole, { seq: whole.length, hash: 'h' }, null)
    expect(row).toMatchObject({ acknowledgedAt: at(5), lead: 'Bob Berg', responses: { met: 2, of: 2 }, responseBreached: false })
    expect(row.timeline.filter(({ of: other }) => other === 'INC-1')).toHaveLength(12)
    const source = happened(...worked, merge(35))
    const figures = metricsOf([whole, source].map((events) => ({ incident: of(events), events })))
    expect(figures).toMatchObject({ records: 1, acknowledge: { count: 1, median: 5 * 60_000 }, resolve: { median: 45 * 60_000 } })
  })

  test('a promise that was broken there is not made good by the merge', () => {
    const broken = [worked[0] as Step, tick('response', 1, 20), ack(27, bob)]
    const events = freshAt(10, absorb(28, ...broken))
    expect(document(events)).toMatchObject({ clocksBreached: 1 })
    expect(published(of(events), events, { seq: 1, hash: 'h' }, null)).toMatchObject({
      responseBreached: true,
      responses: { met: 1, of: 2 },
    })
  })

  test('who comes later reads what was tried there, and what happened last, with where', () => {
    const told = said(sitrep(of(merged), merged))
    expect(told).toContain('The new index')
    expect(told).toContain('ruled out: its page is green')
    expect(told).toContain('Some payments fail')
    expect(told).toContain('INC-1 · Bob Berg: Let the clocks run again')
  })

  test('what people correct of their words there is followed here', () => {
    const corrected = fresh(absorb(35, ...worked), step({ type: 'edit-message', ...ref, text: 'p99 is 4 s' }, 40, carol))
    expect(timeline(corrected, { zone: 'UTC' }).filter(({ kind }) => kind === 'message')).toMatchObject([
      { of: 'INC-1', text: 'Wrote: p99 is 4 s' },
    ])
    const deleted = fresh(absorb(35, ...worked), step({ type: 'delete-message', ...ref }, 40, carol))
    expect(timeline(deleted, { zone: 'UTC' }).find(({ kind }) => kind === 'message')?.text).toBe('Wrote: p99 is 9 s (deleted since)')
    const dropped = fresh(absorb(35, ...worked), step({ type: 'drop-message', ...ref }, 40, carol))
    expect(timeline(dropped, { zone: 'UTC' }).filter(({ kind }) => kind === 'message')).toEqual([])
  })

  test('goes on into a third, once each', () => {
    const second = happened(declared(), absorb(15, ...worked.slice(0, 9)), note('Both look alike', 16), merge(20, 'INC-9'))
    const third = happened(declared({ id: 'INC-9', number: 9 }), step({ type: 'absorb', ...mergedOf(second) }, 20, bob), resolve(30))
    const lines = timeline(third, { zone: 'UTC' })
    const from = (other: string) => lines.filter((entry) => entry.of === other).map(({ text }) => text)
    expect(from('INC-1')).toContain('Wrote: p99 is 9 s')
    expect(from('INC-1').filter((text) => text === 'Acknowledged the incident.')).toHaveLength(1)
    expect(from('INC-7')).toContain('Noted: Both look alike')
    expect(document(third)).toMatchObject({ responseTime: '5 min', lead: 'Bob Berg' })
    expect(of(third).messages).toHaveLength(1)
  })
})

describe('the actions of both are one table', () => {
  const started = step({ type: 'start-action', action: 1, hash: 'a'.repeat(64), hindrance: null }, 12, bot)
  const ran = step({ type: 'end-action', action: 1, ran: { outcome: 'done', text: 'It is back.' } }, 13, bot)
  const took = step({ type: 'take-role', role: 'lead', person: carol }, 2, carol)
  const glass = [declared(old), took, asks(3), previewed(4), forces(carol, 11), started]

  test('with the record that each is of, and what ran there without an approval in the count', () => {
    const events = happened(declared(), asks(2), absorb(20, ...glass, ran))
    const [theirs, ours] = document(events).actions
    expect(theirs).toMatchObject({ of: 'INC-1', action: 1, forced: expect.stringContaining('Nobody answers') })
    expect(theirs?.outcome).toContain('It is back.')
    expect(ours).toMatchObject({ action: 1, outcome: 'being previewed' })
    expect(ours?.of).toBeNull()
    expect(document(events).actionsForced).toBe(1)
  })

  test('what still ran says so, and all of them go on into a third', () => {
    const second = happened(declared(), absorb(20, ...glass), merge(25, 'INC-9'))
    const third = happened(declared({ id: 'INC-9', number: 9 }), step({ type: 'absorb', ...mergedOf(second) }, 25, bob))
    expect(document(third).actions).toMatchObject([{ of: 'INC-1', outcome: 'still ran when INC-1 was merged' }])
    expect(document(third).actionsForced).toBe(1)
  })
})

test('what was recorded before any of this came along is replayed as it was', () => {
  const { from } = mergedOf(happened(...worked, merge(35)))
  const recorded: Recorded[] = [
    ...happened(declared()),
    { incident: 'INC-7', seq: 3, at: at(5), occurredAt: at(5), by: bob, event: { type: 'absorbed', v: 1, from } },
  ]
  expect(of(recorded)).toMatchObject({ status: 'declared', lead: null, acknowledged: null, hypotheses: [] })
  expect(timeline(recorded, { zone: 'UTC' }).filter(({ of: other }) => other !== undefined)).toEqual([])
})

describe('the other’s channel was replaced', () => {
  const moved = step({ type: 'move-link', record: 'INC-1', channel: { id: 'C0NEW', name: 'inc-1-again' } }, 40, bot)
  const events = happened(declared(), absorb(15, ...worked.slice(0, 4)), moved)

  test('the header, what was said of the merge, the invitation and the post-mortem lead to the new one', () => {
    const items = conversation(events)
    for (const key of ['header', 'gather:INC-1']) expect(said(items.find((item) => item.key === key))).toContain('C0NEW')
    const told = said(items.find(({ key }) => key.startsWith('absorbed:')))
    expect(told).toContain('C0NEW')
    expect(said(items)).not.toContain('C0OLD"')
    expect(document(events).merged).toMatchObject([{ url: 'https://slack.com/app_redirect?channel=C0NEW' }])
  })

  test('so they do in the one that was merged', () => {
    const gone = happened(declared(), merge(5, 'INC-1'), moved)
    expect(of(gone).mergedWhere?.id).toBe('C0NEW')
    expect(said(conversation(gone).find(({ key }) => key.startsWith('merged:')))).toContain('C0NEW')
  })

  test('is told once, and only of who is linked', () => {
    given(declared(), merge(5, 'INC-1'), moved).when(moved).happens()
    given(declared(), merge(5, 'INC-3')).when(moved).happens()
  })
})
