/** The ladder has ended and nobody has acknowledged: what is said then, and how often. */
import { describe, expect, test } from 'vitest'
import { announcement, conversation } from '../../../src/incident/conversation.ts'
import type { Recorded } from '../../../src/incident/events.ts'
import { headerOf } from '../../../src/incident/header.ts'
import { evolve, replay } from '../../../src/incident/evolve.ts'
import type { Incident } from '../../../src/incident/incident.ts'
import type { Contact } from '../../../src/incident/policy.ts'
import { type Job, react } from '../../../src/incident/react.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import {
  ack,
  after,
  at,
  bot,
  declared,
  given,
  happened,
  ladder,
  mitigate,
  policy,
  resolve,
  severity,
  silence,
  type Step,
  step,
  tick,
} from '../../given.ts'

const due = (round: number, minute: number, run = 1): Step => step({ type: 'unanswered-due', run, round }, minute, bot)
const spent = [declared(), tick('response', 1, 20), silence(2, 30)] as const

const timersOf = (events: readonly Recorded[]): Job[] => {
  const jobs: Job[] = []
  let incident: Incident | null = null
  for (const recorded of events) {
    const next: Incident = evolve(incident, recorded)
    jobs.push(...react(incident, recorded, next))
    incident = next
  }
  return jobs.filter(({ queue, data }) => queue === 'timer' && data['unanswered'] !== undefined)
}

const words = (key: string, ...steps: readonly Step[]): string => {
  const item = conversation(happened(...steps)).find((each) => each.key === key)
  if (item?.step !== 'message') throw new Error(`no message ${key}`)
  return JSON.stringify(item.message)
}

describe('when the last of the ladder was called', () => {
  test('a pause of the ladder later all of them are called together', () => {
    expect(timersOf(happened(...spent))).toMatchObject([{ data: { unanswered: 1, run: 1 }, startAfter: at(40) }])
    given(...spent)
      .when(due(1, 40))
      .happens({ type: 'unanswered', run: 1, round: 1, to: ladder })
  })

  test('the channel says who was called and when, and what to do', () => {
    const said = words('unanswered:1:1', ...spent, due(1, 40))
    expect(said).toContain('Everybody on the ladder of INC-7 was called, and nobody has acknowledged')
    for (const [index, minute] of [0, 20, 30].entries())
      expect(said).toContain(`{"mention":${JSON.stringify(ladder[index])}}," at ",{"time":"${at(minute)}"`)
    expect(said).toContain('/incident page @user')
    expect(said).toContain('"label":"Acknowledge"')
    expect(said).toContain('"label":"Take the lead"')
    expect(said).toContain(`They are called again at ",{"time":"${at(50)}"`)
  })

  test('three times, and the last says that it is the last', () => {
    const steps = [...spent, due(1, 40), due(2, 50), due(3, 60)]
    expect(timersOf(happened(...steps)).map(({ startAfter }) => startAfter)).toEqual([at(40), at(50), at(60)])
    expect(words('unanswered:1:3', ...steps)).toContain('The bot calls nobody again by itself.')
    given(...steps)
      .when(due(4, 70))
      .happens()
  })

  test('a timer that comes twice says it once', () => {
    given(...spent, due(1, 40))
      .when(due(1, 41))
      .happens()
  })

  test('not once somebody has responded, nor of an earlier run of the clock', () => {
    for (const answer of [ack(35), mitigate(35), resolve(35)]) {
      const next = given(...spent, answer).when(due(1, 40))
      if (answer.intent.type === 'resolve') next.refused('already_resolved', expect.stringContaining('Already resolved'))
      else next.happens()
    }
    given(declared({ policy: policy('P2') }), tick('response', 1, 60), silence(1, 70), silence(2, 80), severity('P1', 85))
      .when(due(1, 90))
      .happens()
  })

  test('who telephones is asked to', () => {
    const desk: Contact = { name: 'Data centre', phone: '+41 44 123 45 67' }
    const steps = [declared({ policy: policy('P1', { ladder: [ladder[0]!, desk] }) }), tick('response', 1, 20), due(1, 30)]
    expect(words('unanswered:1:1', ...steps)).toContain('The bot cannot telephone. Please do: ')
    given(...steps.slice(0, 2))
      .when(due(1, 30))
      .happens({ type: 'unanswered', to: [ladder[0]!] })
  })

  test('nobody on it can be called: nothing more than that is said', () => {
    expect(timersOf(happened(declared({ policy: policy('P1', { ladder: [{ name: 'Somebody' }] }) }), tick('response', 1, 20)))).toEqual([])
    expect(timersOf(happened(declared({ policy: policy('P1', { ladder: [] }) }), tick('response', 1, 20)))).toEqual([])
  })

  test('called by hand to the end before the clock ran out: from the breach on', () => {
    const page = (minute: number): Step => step({ type: 'page', to: null, why: null }, minute)
    expect(timersOf(happened(declared(), page(6), page(12), tick('response', 1, 20)))).toMatchObject([
      { data: { unanswered: 1 }, startAfter: at(30) },
    ])
  })

  test('while the clocks stand nothing is said; a whole pause of the ladder after they go on, it is', () => {
    const steps = [...spent, step({ type: 'pause', why: 'Waiting' }, 35)]
    given(...steps)
      .when(due(1, 40))
      .happens()
    const resumed = [...steps, step({ type: 'resume' }, 60)]
    given(...resumed)
      .when(due(1, 65))
      .happens()
    expect(timersOf(happened(...resumed)).at(-1)).toMatchObject({ data: { unanswered: 1 }, startAfter: at(70) })
    given(...resumed)
      .when(due(1, 70))
      .happens({ type: 'unanswered', round: 1 })
  })

  test('the header and the announcement warn until somebody acknowledges', () => {
    const shown = (...steps: readonly Step[]) =>
      [headerOf(after(...steps)), announcement(after(...steps))].map((each) => JSON.stringify(each))
    for (const text of shown(...spent, due(1, 40))) expect(text).toContain('⚠ Nobody has acknowledged. Everybody on the ladder was called')
    for (const text of [...shown(...spent), ...shown(...spent, due(1, 40), ack(41))])
      expect(text).not.toContain('⚠ Nobody has acknowledged')
    const events = happened(...spent, due(1, 40))
    const queues = react(replay(events.slice(0, -1)), events.at(-1)!, replay(events)!).map(({ queue }) => queue)
    expect(queues).toContain('sync-announcement')
  })

  test('the story tells it, as something that the bot did', () => {
    expect(timeline(happened(...spent, due(1, 40)), { zone: 'UTC' }).at(-1)).toMatchObject({
      who: 'Tocsin',
      kind: 'escalation',
      text: 'Nobody on the ladder had acknowledged: called On-call, Team lead, Head of engineering again.',
    })
  })

  test('of a drill it says that it is one', () => {
    const drill = [declared({ kind: 'drill' }), tick('response', 1, 20), silence(2, 30), due(1, 40)]
    expect(words('unanswered:1:1', ...drill)).toContain('🧪 Drill: ')
  })
})
