/** Two records that become one: who may, what comes over, and how both tell it. */
import { describe, expect, test } from 'vitest'
import type { Brought } from '../../../src/incident/areas/brought.ts'
import { mayMerge, type Merged } from '../../../src/incident/areas/merging.ts'
import { compliance } from '../../../src/incident/compliance.ts'
import { conversation, topicOf } from '../../../src/incident/conversation.ts'
import { announcementOf, headerOf } from '../../../src/incident/header.ts'
import type { Incident } from '../../../src/incident/incident.ts'
import type { Message } from '../../../src/incident/message.ts'
import { mergedOf } from '../../../src/incident/merged.ts'
import { metricsOf } from '../../../src/incident/metrics.ts'
import { postmortem } from '../../../src/incident/postmortem.ts'
import type { Recorded } from '../../../src/incident/events.ts'
import { react } from '../../../src/incident/react.ts'
import { published } from '../../../src/incident/record.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import {
  ack,
  after,
  alertOf,
  at,
  bot,
  declared,
  given,
  happened,
  note,
  pager,
  policy,
  resolve,
  type Step,
  step,
  tick,
  writer,
} from '../../given.ts'

const there = { id: 'C0THERE', name: 'inc-12-acme-shop' }
const opened = step({ type: 'channel-opened', channel: 'C0HERE', name: 'inc-7-acme-checkout' }, 1, bot)
const merge = (minute: number) => step({ type: 'merge', into: 'INC-12', channel: there }, minute)
const todo = (text: string, minute: number): Step => step({ type: 'add-todo', text, owner: null, due: null, source: null }, minute)

const from: Merged = {
  id: 'INC-12',
  title: 'The shop is slow',
  severity: 'P1',
  declaredAt: at(-10),
  detectedAt: at(-12),
  channel: there,
  alerts: [{ ...alertOf({ fingerprint: 'beef', rule: 'ShopSlow' }), endedAt: null }],
  todos: [
    { text: 'Call the host', owner: null, due: null },
    { text: 'Add an alert', owner: null, due: null },
  ],
  lead: null,
}
const brings: Brought = {
  acknowledged: null,
  firstAcknowledged: null,
  lastUpdate: null,
  stamps: { assess: null, communicate: null, mitigate: null },
  team: {},
  leads: [],
  people: [],
  paused: null,
  pauses: [],
  promised: [],
  clocks: [],
  todos: from.todos.map((each, index) => ({ ...each, todo: index + 1, source: null, addedAt: at(-9), doneAt: null })),
  hypotheses: [],
  messages: [],
  story: [],
}
const absorb = (minute: number, more: Partial<Merged> = {}) => step({ type: 'absorb', from: { ...from, ...more }, brings }, minute)
const words = (message: Message | undefined) => JSON.stringify(message?.parts ?? null)
/** The text of its paragraphs, as it is read. */
const plainText = (message: Message | undefined) =>
  (message?.parts ?? [])
    .flatMap((part) => (part.kind === 'text' ? part.spans : []))
    .map((span) =>
      typeof span === 'string' ? span : 'bold' in span ? span.bold : 'code' in span ? span.code : 'text' in span ? span.text : '…',
    )
    .join('')
const other = (more: Partial<Incident>): Incident => ({ ...after(declared()), id: 'INC-12', ...more })

describe('the record that is merged', () => {
  test('is over, with its clocks, and says where it went', () => {
    const merged = given(declared(), ack(3), merge(5)).when(note('too late', 6))
    merged.refused('is_merged', 'INC-7 was merged into INC-12. Go on there.')
    const incident = after(declared(), ack(3), merge(5))
    expect(incident).toMatchObject({ status: 'resolved', mergedInto: 'INC-12', mergedWhere: there, stamps: { resolve: at(5) } })
    expect(topicOf(incident)).toContain('merged into INC-12')
    expect(words(headerOf(incident))).toContain('🔗 Merged into INC-12')
    expect(words(headerOf(incident))).toContain('C0THERE')
    expect(words(announcementOf(incident))).not.toContain('Resolved')
    given(declared(), merge(5))
      .when(tick('response', 1, 25))
      .happens()
  })

  test('with actions that are not over says what becomes of each, in both channels, and who sees to what runs', () => {
    const rule = { needed: 1, approvers: [], minutes: 30, breakGlassMinutes: null }
    const ask = (title: string, input: Record<string, string> = {}) => {
      const wanted = {
        key: 'shop.do',
        kind: 'manual',
        title,
        input,
        risk: 'low',
        target: title,
        rule,
        checks: [],
        watchMinutes: 0,
      } as const
      return step({ type: 'ask-action', wanted: { ...wanted, link: null }, reason: null, identities: ['person:alice'] }, 1)
    }
    const preview = { summary: 'x', calls: [], effects: [], reversible: null, warnings: [], plan: null, state: null }
    const seen = (action: number) => step({ type: 'preview-action', action, preview, hash: 'h', before: [] }, 1, bot)
    const vote = { identities: ['email:bob@acme.example'], basis: 'member' } as const
    const runs = [
      step({ type: 'approve-action', action: 1, hash: null, ...vote }, 2, writer),
      step({ type: 'start-action', action: 1, hash: 'h', hindrance: null }, 2, bot),
    ]
    const before = [declared(), opened, ask('Restore'), seen(1), ...runs, ask('Roll back', { to: 'v1', why: 'it is old' }), seen(2)]
    const events = happened(...before, merge(5))
    const incident = after(...before, merge(5))
    expect(incident.actions.map(({ status }) => status)).toEqual(['running', 'closed'])
    const { from: merged, brings: brought } = mergedOf(events)
    expect(merged.todos.map(({ text }) => text)).toEqual([
      'See action 1 of INC-7, Restore, to its end: it still ran when that was merged into INC-12',
    ])
    const postIn = (stream: readonly Recorded[], key: string) =>
      plainText(conversation(stream).flatMap((item) => (item.step === 'message' && item.key.startsWith(key) ? [item.message] : []))[0])
    expect(postIn(events, 'merged:')).toContain(
      'Action 1, “Restore”, still runs: it goes on here, where it can be ticked off or given up. Action 2, “Roll back”, is called off before it ran. To ask for it there: /incident run shop.do to=v1 why="it is old".',
    )
    const told = happened(declared({ id: 'INC-12' }), step({ type: 'absorb', from: merged, brings: brought }, 5))
    expect(postIn(told, 'absorbed:')).toContain(
      'still runs: it goes on in INC-7 inc-7-acme-checkout, where it can be ticked off or given up.',
    )
    expect(postIn(told, 'absorbed:')).toContain('To ask for it here: /incident run shop.do to=v1')
    // Nothing of the kind where there is nothing.
    expect(postIn(happened(declared(), merge(5)), 'merged:')).not.toContain('ction')
    expect(mergedOf(happened(declared(), merge(5))).brings).not.toHaveProperty('actions')
  })

  test('whose clocks were paused is paused no more', () => {
    const paused = step({ type: 'pause', why: 'Waiting' }, 2)
    expect(after(declared(), paused, merge(5))).toMatchObject({ paused: null, pauses: [{ from: at(2), to: at(5) }] })
  })

  test('was late for nothing by a pause: what stood is over with what was left of it', () => {
    const paused = step({ type: 'pause', why: 'Waiting' }, 5)
    const clocks = [
      { key: 'fix', title: 'Fix', minutes: 120, from: 'declared', until: 'resolved' },
      { key: 'customers', title: 'Customers', minutes: 30, from: 'declared', until: 'update' },
    ] as const
    const long = [declared({ policy: policy('P1', { clocks }) }), paused, merge(600)] as const
    const incident = after(...long)
    expect(incident.response).toMatchObject({ startedAt: at(595), due: at(615), metAt: at(600), breachedAt: null })
    expect(incident.update).toMatchObject({ due: at(625), metAt: at(600) })
    expect(incident.deadlines['fix']).toMatchObject({ due: at(715), metAt: at(600) })
    const told = compliance(incident, happened(...long), 'UTC').rows.map(({ clock, outcome, text }) => [clock, outcome, text])
    expect(told).toEqual([
      ['Customers', 'ended', 'not needed: merged first'],
      ['Fix', 'ended', 'not needed: merged first'],
      ['Response', 'unacknowledged', 'not acknowledged; stopped by merging after 5 min'],
    ])
    expect(words(headerOf(incident))).toContain('Ack none: merged after 5 min of 20 min')
    expect(published(incident, happened(...long), { seq: 1, hash: 'h' }, null).responseBreached).toBe(false)
    // A resolution says the same of the same pause.
    const resolved = [...long.slice(0, 2), resolve(600)]
    expect(after(...resolved).response).toEqual(incident.response)
    expect(metricsOf([{ incident, events: happened(...long) }])).toMatchObject({ records: 0, responses: null })
  })

  test('and is as late as it was before the pause, when it had run out by then', () => {
    const breach = [declared(), tick('response', 1, 20), step({ type: 'pause', why: 'Waiting' }, 25)] as const
    const rowOf = (...steps: readonly Step[]) => {
      const [row] = compliance(after(...steps), happened(...steps), 'UTC').rows.filter(({ clock }) => clock === 'Response')
      return { outcome: row?.outcome, text: row?.text, over: row?.over }
    }
    expect(rowOf(...breach, merge(600))).toEqual({
      outcome: 'breached',
      text: 'breached and never acknowledged; merged 5 min later, without the time that the clocks stood',
      over: '5 min',
    })
    expect(rowOf(...breach, resolve(600)).text).toMatch(/never acknowledged; resolved 5 min later, without/)
    // Also while it still stands, and after it went on.
    expect(rowOf(...breach, ack(600)).text).toBe('breached by 5 min, without the time that the clocks stood')
    expect(rowOf(...breach, step({ type: 'resume' }, 100), ack(110)).over).toBe('15 min')
    expect(rowOf(declared(), tick('response', 1, 20), ack(27))).toMatchObject({ text: 'breached by 7 min', over: '7 min' })
    expect(words(headerOf(after(...breach, merge(600))))).toContain('Ack ⏰ none: merged after 25 min of 20 min')
  })

  test('that was never acknowledged does not look met', () => {
    expect(words(headerOf(after(declared(), merge(5))))).toContain('Ack none: merged after 5 min')
  })

  test('still learns what becomes of its alerts and its channel', () => {
    given(declared({ alert: alertOf() }, pager), opened, merge(5))
      .when(step({ type: 'channel-renamed', channel: 'C0HERE', name: 'old' }, 6, bot))
      .happens({ type: 'channel-renamed' })
  })

  test('has no post-mortem of its own', () => {
    const events = happened(declared(), ack(3), opened, merge(5))
    const last = events.at(-1)
    if (last === undefined) throw new Error('nothing happened')
    const queues = react(after(declared(), ack(3), opened), last, after(declared(), ack(3), opened, merge(5))).map(({ queue }) => queue)
    expect(queues).toEqual(expect.arrayContaining(['sync-channel', 'sync-record', 'sync-announcement']))
    expect(queues).not.toContain('sync-pull-request')
    expect(queues).not.toContain('check')
  })

  test('tells it in its channel and its timeline', () => {
    const events = happened(declared(), merge(5))
    const messages = conversation(events).flatMap((item) => (item.step === 'message' ? [words(item.message)] : []))
    expect(messages.at(-1)).toContain('Go on there; this stays to be read.')
    expect(timeline(events, { zone: 'UTC' }).at(-1)).toMatchObject({ kind: 'merged', text: 'Merged into INC-12; the story goes on there.' })
  })
})

describe('the record that takes it in', () => {
  test('gets its alerts, its open to-dos and its earlier beginning', () => {
    const incident = given(declared({ alert: alertOf() }, pager), todo('Add an alert', 2))
      .when(absorb(5))
      .happens({ type: 'absorbed' })
    expect(incident.alerts.map(({ rule }) => rule)).toEqual(['CheckoutErrors', 'ShopSlow'])
    expect(incident.stamps.detect).toBe(at(-12))
    expect(incident.todos.map(({ todo: number, text }) => [number, text])).toEqual([
      [1, 'Add an alert'],
      [2, 'Call the host'],
    ])
  })

  test('has each alert once', () => {
    const alerts = [{ ...alertOf(), endedAt: null }]
    expect(after(declared({ alert: alertOf() }, pager), absorb(5, { alerts })).alerts).toHaveLength(1)
  })

  test('links to it, invites who was there, and says when it was graver', () => {
    const events = happened(declared({}), absorb(5))
    const items = conversation(events)
    expect(items.find(({ key }) => key === 'gather:INC-12')).toEqual({
      key: 'gather:INC-12',
      step: 'gather',
      of: 'INC-12',
      channel: 'C0THERE',
      people: [],
    })
    expect(words(headerOf(after(declared(), absorb(5))))).toContain('C0THERE')
    const said = items.flatMap((item) => (item.key.startsWith('absorbed:') && item.step === 'message' ? [words(item.message)] : []))
    expect(said[0]).toContain('1 alert and 2 open to-dos came with it.')
    expect(said[0]).toContain(`It began when that one did: ",{"time":"${at(-12)}"`)
    const light = conversation(happened(declared({ policy: { ...after(declared()).policy, severity: 'P3' } }), absorb(5)))
    expect(light.some((item) => item.step === 'message' && words(item.message).includes('/incident severity P1'))).toBe(true)
  })

  test('says who did it, and only what came over; in the story, since when it was known', () => {
    const said = (more: Partial<Merged>) => {
      const item = conversation(happened(declared(), absorb(5, more))).find(({ key }) => key.startsWith('absorbed:'))
      return item?.step === 'message' ? words(item.message) : ''
    }
    expect(said({})).toContain('is merged into this by ",{"mention":{"name":"Alice Adler","slackUser":"U0ALICE"}}')
    expect(said({ alerts: [], todos: [], detectedAt: at(1) })).toContain('Its people are invited."')
    expect(said({ alerts: [], detectedAt: at(1) })).toContain('Its people are invited; 2 open to-dos came with it."')
    expect(said({ detectedAt: at(1) })).not.toContain('It began')
    const told = timeline(happened(declared(), absorb(5)), { zone: 'UTC' }).find(({ kind }) => kind === 'merged')
    expect(told?.text).toBe('Merged INC-12 into this one: P1 The shop is slow, detected 2026-01-14 08:48 UTC')
    const gone = conversation(happened(declared(), merge(5))).find(({ key }) => key.startsWith('merged:'))
    expect(gone?.step === 'message' ? words(gone.message) : '').toContain(
      'by ",{"mention":{"name":"Alice Adler","slackUser":"U0ALICE"}},". Go on there',
    )
  })

  test('names it in the post-mortem', () => {
    const events = happened(declared(), absorb(5), resolve(9))
    expect(postmortem(after(declared(), absorb(5), resolve(9)), events, { seq: events.length, hash: 'h' }).merged).toMatchObject([
      { id: 'INC-12', url: 'https://slack.com/app_redirect?channel=C0THERE' },
    ])
  })

  test('brings what it took in along when it is merged itself', () => {
    expect(mergedOf(happened(declared(), absorb(5), merge(6))).from).toMatchObject({
      id: 'INC-7',
      alerts: [{ rule: 'ShopSlow' }],
      todos: [{}, {}],
    })
  })
})

describe('who cannot be merged', () => {
  const source = after(declared())
  const refusal = (target: Incident, of: Incident = source) => mayMerge(of, target)?.code ?? null
  test.each([
    ['an open one', other({}), null],
    ['itself', source, 'merge_with_itself'],
    ['a resolved one', other({ stamps: { ...source.stamps, resolve: at(4) } }), 'merge_resolved'],
    ['one that was merged', other({ mergedInto: 'INC-20' }), 'target_is_merged'],
    ['a private one', other({ private: true }), 'merge_private'],
    ['a change', other({ kind: 'change' }), 'merge_kinds'],
    ['a drill', other({ kind: 'drill' }), 'merge_kinds'],
    ['a disaster', other({ kind: 'disaster' }), 'merge_kinds'],
    ['one of another product', other({ product: { ...source.product, key: 'kontor', name: 'Kontor' } }), 'merge_products'],
  ] as const)('%s', (_, target, code) => expect(refusal(target)).toBe(code))

  test('a private one into another private one goes', () =>
    expect(refusal(other({ private: true }), { ...source, private: true })).toBeNull())
  test('a private one into a public one does not', () => expect(refusal(other({}), { ...source, private: true })).toBe('merge_private'))
  test('one that was merged already does not', () => expect(refusal(other({}), { ...source, mergedInto: 'INC-3' })).toBe('is_merged'))
})
