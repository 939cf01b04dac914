/** Who does what, and the asking for a lead while nobody does. */
import { describe, expect, test } from 'vitest'
import { instructions, roleDuties, roles } from '../../../src/incident/areas/roles.ts'
import type { Person } from '../../../src/incident/areas/area.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { replay } from '../../../src/incident/evolve.ts'
import type { Contact } from '../../../src/incident/policy.ts'
import { react } from '../../../src/incident/react.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import {
  ack,
  after,
  alice,
  at,
  bob,
  bot,
  declared,
  given,
  happened,
  pager,
  policy,
  resolve,
  severity,
  type Step,
  step,
} from '../../given.ts'

const carol: Person = { kind: 'person', id: 'carol', name: 'Carol Cole', slack: 'U0CAROL' }
const nags = { policy: policy('P1', { nagLead: 2 }) }
const take = (role: (typeof roles)[number], minute: number, person = carol, by: Step['by'] = person): Step =>
  step({ type: 'take-role', role, person }, minute, by)
const leave = (role: (typeof roles)[number], minute: number, by: Step['by'] = carol): Step => step({ type: 'leave-role', role }, minute, by)
const gone = (id: string, minute: number): Step => step({ type: 'person-gone', id }, minute, bot)
const due = (search: number, count: number, minute: number): Step => step({ type: 'lead-due', search, count }, minute, bot)

/** When the last of these steps asks for a lead again. */
const timers = (...steps: readonly Step[]): string[] => {
  const events = happened(...steps)
  const last = events.at(-1)
  if (last === undefined) throw new Error('nothing happened')
  const minute = last.at
  return events
    .flatMap((recorded, index) => {
      if (recorded.at !== minute) return []
      const now = replay(events.slice(0, index + 1))
      return now === null ? [] : react(replay(events.slice(0, index)), recorded, now)
    })
    .flatMap(({ data, startAfter }) =>
      data['search'] === undefined ? [] : [`search ${data['search']}, time ${data['count']}, at ${startAfter ?? 'once'}`],
    )
}

const shown = (...steps: readonly Step[]): string[] =>
  conversation(happened(...steps)).flatMap((item) => (item.step === 'message' && item.key.startsWith('lead-wanted') ? [item.key] : []))

describe('a role', () => {
  test('is taken, given to another, and given back', () => {
    given(declared()).when(take('scribe', 1)).happens({ type: 'role-taken', role: 'scribe', person: carol })
    expect(after(declared(), take('comms', 1), take('comms', 2, alice as Person)).team.comms).toEqual(alice)
    expect(after(declared(), take('comms', 1), leave('comms', 2)).team).toEqual({})
    expect(after(declared(), ack(1, bob), take('lead', 2)).lead).toEqual(carol)
  })

  test('is refused to who has it, and cannot be given back by who has it not', () => {
    given(declared(), take('lead', 1)).when(take('lead', 2)).refused('has_role', 'Carol Cole is Lead already; nothing changed.')
    given(declared(), take('lead', 1))
      .when(leave('lead', 2, bob))
      .refused('not_your_role', 'Lead is Carol Cole, not you. To take it over: `/incident role lead`.')
  })

  test('can be taken by somebody who has another', () => {
    const incident = after(declared(), take('lead', 1), take('scribe', 2))
    expect([incident.lead, incident.team.scribe]).toEqual([carol, carol])
  })

  test('is not taken when all is over', () => {
    given(declared(), resolve(5))
      .when(take('lead', 6))
      .refused(
        'already_resolved',
        `Already resolved at ${at(5)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
      )
  })

  test('is free again when its person is gone; of who has none nothing is said', () => {
    given(declared(), take('lead', 1), take('scribe', 2))
      .when(gone('carol', 3))
      .happens({ type: 'role-left', role: 'lead', why: 'gone' }, { type: 'role-left', role: 'scribe', why: 'gone' })
    given(declared(), take('lead', 1)).when(gone('bob@acme.example', 3)).happens()
    given(declared(), take('lead', 1), resolve(2)).when(gone('carol', 3)).happens()
  })

  test('is told in the story', () => {
    const story = timeline(happened(declared(), take('scribe', 1, carol, alice), leave('scribe', 2)), { zone: 'UTC' })
    expect(story.map(({ who, text }) => `${who}: ${text}`).slice(-2)).toEqual([
      'Alice Adler: Gave the role Scribe to Carol Cole.',
      'Carol Cole: Gave the role Scribe back.',
    ])
  })
})

describe('who takes a role is instructed', () => {
  const told = (...steps: readonly Step[]) =>
    conversation(happened(...steps)).flatMap((item) => (item.step === 'whisper' ? [`${item.key} ${item.to.name}`] : []))

  test('alone, once, whoever gave it', () => {
    expect(told(declared(), take('scribe', 1, carol, alice))).toEqual(['instructions:3:scribe Carol Cole'])
    expect(told(declared(), take('lead', 1), take('lead', 2, alice as Person))).toHaveLength(2)
  })

  test('also when the acknowledgement makes them lead, and not when somebody leads', () => {
    expect(told(declared(), ack(1))).toEqual(['instructions:3:lead Alice Adler'])
    expect(told(declared(), take('lead', 1), ack(2))).toEqual(['instructions:3:lead Carol Cole'])
  })

  test.each(roles)('%s: what they read names verbs that they can type', (role) => {
    expect(roleDuties[role].length).toBeGreaterThan(2)
    const events = happened(declared(), take(role, 1))
    const [whisper] = instructions(replay(events.slice(0, 2)), events[2]!, replay(events)!)
    expect(JSON.stringify(whisper?.message)).toContain(`/incident role ${role} leave`)
  })
})

describe('while nobody leads', () => {
  test('somebody is asked at the pace of the severity, five times', () => {
    expect(timers(declared(nags))).toEqual([`search 1, time 1, at ${at(2)}`])
    expect(timers(declared(nags), due(1, 1, 2))).toEqual([`search 1, time 2, at ${at(4)}`])
    const all = [1, 2, 3, 4, 5].map((count) => due(1, count, count * 2))
    expect(timers(declared(nags), ...all)).toEqual([])
    expect(shown(declared(nags), ...all)).toEqual(['lead-wanted:1', 'lead-wanted:1:last'])
  })

  test('whoever is asked can be reached: the next of the ladder, else who declared it, else it is said that nobody was asked', () => {
    const unreachable = { name: 'Emergency contact', phone: '+49 30 1234' }
    const asked = (ladder: readonly Contact[], by = alice) =>
      conversation(
        happened(
          declared({ policy: policy('P1', { nagLead: 2, page: false, ladder }) }, by),
          ...[1, 2, 3, 4, 5].map((n) => due(1, n, n * 2)),
        ),
      ).flatMap((item) => {
        const [part] = item.step === 'message' && item.key.startsWith('lead-wanted') ? item.message.parts : []
        return part?.kind === 'text' ? [part.spans.slice(0, 2)] : []
      })
    const bea = { name: 'Bea', email: 'bea@acme.example' }
    expect(asked([unreachable, bea])).toEqual([
      ['🙋 ', { mention: bea }],
      ['🙋 ', { mention: bea }],
    ])
    expect(asked([unreachable, bea, { name: 'Cy', slackUser: 'U0CY' }]).at(-1)).toEqual([
      '🙋 ',
      { mention: { name: 'Cy', slackUser: 'U0CY' } },
    ])
    expect(asked([unreachable]).at(0)).toEqual(['🙋 ', { mention: { name: 'Alice Adler', slackUser: 'U0ALICE' } }])
    const nobody = asked([unreachable], pager)
    expect(nobody.at(0)?.[0]).toBe('🙋 ')
    expect(JSON.stringify(nobody)).not.toContain('mention')
    expect(
      JSON.stringify(
        conversation(happened(declared({ policy: policy('P1', { nagLead: 2, page: false, ladder: [] }) }, pager), due(1, 1, 2))),
      ),
    ).toContain('the bot could ask nobody')
  })

  test('a severity that does not ask, and work that is planned, ask nobody', () => {
    expect(timers(declared())).toEqual([])
    expect(timers(declared({ ...nags, kind: 'change' }))).toEqual([])
  })

  test('a timer that is stale asks nobody: there is a lead, it ran twice, another search is on', () => {
    given(declared(nags), ack(1))
      .when(due(1, 1, 2))
      .happens()
    given(declared(nags), due(1, 1, 2))
      .when(due(1, 1, 3))
      .happens()
    given(declared(nags), ack(1), leave('lead', 2, alice))
      .when(due(1, 1, 3))
      .happens()
    given(declared(nags), severity('P4', 1))
      .when(due(1, 1, 2))
      .happens()
  })

  test('a graver severity asks sooner', () => {
    expect(timers(declared({ policy: policy('P3') }), severity('P1', 30, { nagLead: 2 }))).toEqual([`search 1, time 1, at ${at(32)}`])
  })

  test('a lead who goes is looked for anew, and the message says who leads then', () => {
    const left = [declared(nags), due(1, 1, 2), take('lead', 3), leave('lead', 4)]
    expect(timers(...left)).toEqual([`search 2, time 1, at ${at(6)}`])
    expect(shown(...left, due(2, 1, 6))).toEqual(['lead-wanted:1', 'lead-wanted:2'])
    const message = conversation(happened(...left.slice(0, 3))).find(({ key }) => key === 'lead-wanted:1')
    expect(JSON.stringify(message)).toContain('Nobody led for a while; now ')
  })
})
