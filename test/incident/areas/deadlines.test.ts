/** Deadlines, phases, windows, reminders, and what the kind of a record does to them (S3, S9). */
import { describe, expect, test } from 'vitest'
import { compliance } from '../../../src/incident/compliance.ts'
import { instructions } from '../../../src/incident/areas/roles.ts'
import { announcement, conversation, topicOf } from '../../../src/incident/conversation.ts'
import { replay } from '../../../src/incident/evolve.ts'
import { disasterPolicy } from '../../../src/incident/kinds.ts'
import type { FurtherClock } from '../../../src/incident/policy.ts'
import { react } from '../../../src/incident/react.ts'
import { sentence } from '../../../src/incident/refusals.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import * as g from '../../given.ts'
import {
  ack,
  after,
  at,
  declared,
  given,
  happened,
  mitigate,
  policy,
  resolve,
  review,
  severity,
  type Step,
  step,
  tick,
  update,
} from '../../given.ts'

const customers: FurtherClock = { key: 'customers', title: 'Customer communication', minutes: 30, from: 'declared', until: 'update' }
const fix: FurtherClock = { key: 'fix', title: 'Fix', minutes: 24 * 60, from: 'declared', until: 'resolved' }
const look: FurtherClock = { key: 'review', title: 'Post-incident review', minutes: 24 * 60, from: 'resolved', until: 'reviewed' }
const L1 = { clocks: [customers, look] }
const L3 = { clocks: [fix] }
const due = (clock: string, run: number, minute: number) => step({ type: 'clock-due', clock, run }, minute, g.bot)
const phase = (name: string, minute: number, text: string | null = null) => step({ type: 'finish-phase', phase: name, text }, minute)

const plan = {
  rto: 240,
  rpo: 360,
  phases: {
    assessment: { title: 'Assessment', task: 'Determine the scope', by: 15 },
    recovery: { title: 'Recovery', task: 'Restore the services', by: 240 },
    validation: { title: 'Validation', task: 'Verify integrity', within: 120, after: 'recovery' },
    'post-mortem': { title: 'Post-Mortem', task: 'Write down what was learned', by: 2880 },
  },
}
const disaster = declared({ kind: 'disaster', policy: disasterPolicy(policy('P1', L1), plan) })

const texts = (...steps: readonly g.Step[]) =>
  conversation(happened(...steps)).flatMap((item) => (item.step === 'message' ? [[item.key, JSON.stringify(item.message)] as const] : []))
const textOf = (key: string, ...steps: readonly g.Step[]) => texts(...steps).find(([name]) => name === key)?.[1] ?? ''
const rows = (...steps: readonly g.Step[]) => {
  const events = happened(...steps)
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  return compliance(incident, events, 'UTC').rows.map(({ clock, from, target, text }) => [clock, target, from, text].join(' | '))
}

describe('S3: further clocks', () => {
  test('begin with the declaration, warn, breach, and are met by what they wait for', () => {
    const there = declared({ policy: policy('P1', L1) })
    expect(after(there).deadlines).toMatchObject({ customers: { due: at(30), run: 1 } })
    given(there)
      .when(due('customers', 1, 15))
      .happens({ type: 'clock-warned', clock: 'customers', percent: 50 })
    given(there)
      .when(due('customers', 1, 31))
      .happens({ type: 'clock-breached', clock: 'customers', title: 'Customer communication', due: at(30) })
    expect(after(there, update('We look', 10)).deadlines['customers']).toMatchObject({ metAt: at(10) })
    given(there, update('We look', 10))
      .when(due('customers', 1, 30))
      .happens()
  })

  test('the review begins with the resolution, and the review meets it', () => {
    const there = declared({ policy: policy('P1', L1) })
    expect(after(there, resolve(60)).deadlines['review']).toMatchObject({ due: at(60 + 24 * 60) })
    expect(after(there, resolve(60), review(600)).deadlines['review']).toMatchObject({ metAt: at(600) })
    given(there, resolve(60))
      .when(due('review', 1, 60 + 24 * 60))
      .happens({ type: 'clock-breached', clock: 'review' })
  })

  test('a change of severity: new ones of a graver one count from now, those of a lighter one from the declaration, the others are dropped', () => {
    const graver = [declared({ policy: policy('P3', L3) }), severity('P1', 100, L1)] as const
    expect(after(...graver).deadlines).toMatchObject({
      fix: { dropped: 'P1 does not promise it', metAt: at(100) },
      customers: { due: at(130) },
    })
    expect(after(declared({ policy: policy('P1', L1) }), severity('P3', 100, L3)).deadlines).toMatchObject({
      customers: { dropped: 'P3 does not promise it' },
      fix: { due: at(24 * 60) },
    })
    // To and fro: what was promised first is promised again.
    expect(after(...graver, severity('P3', 110, L3)).deadlines['fix']).toMatchObject({ due: at(24 * 60), dropped: null, metAt: null })
  })

  test('what is done already is not promised again', () =>
    expect(after(declared({ policy: policy('P2') }), update('Customers know', 5), severity('P1', 10, L1)).deadlines).toEqual({}))

  test('the same deadline in both is not put off', () => {
    const longer = { clocks: [{ ...fix, minutes: 48 * 60 }] }
    expect(after(declared({ policy: policy('P3', L3) }), severity('P4', 60, longer)).deadlines['fix']).toMatchObject({
      run: 1,
      due: at(24 * 60),
    })
    const shorter = { clocks: [{ ...fix, minutes: 60 }] }
    expect(after(declared({ policy: policy('P3', L3) }), severity('P2', 60, shorter)).deadlines['fix']).toMatchObject({
      run: 2,
      due: at(120),
    })
  })

  test('the compliance table has them', () => {
    expect(rows(declared({ policy: policy('P1', L1) }), ack(1), update('We look', 10), resolve(30), review(600))).toEqual([
      'Customer communication | 30 min | the declaration | met in 10 min',
      'Response | 20 min | the declaration | met in 1 min',
      'Status update | 30 min | the declaration | met in 10 min',
      'Post-incident review | 1 d | the resolution | met in 9 h 30 min',
    ])
    expect(rows(declared({ policy: policy('P1', L1) }), ack(1), resolve(20)).slice(0, 1)).toEqual([
      'Customer communication | 30 min | the declaration | not needed: resolved first',
    ])
    expect(rows(declared({ policy: policy('P3', L3) }), ack(1), due('fix', 1, 1440), resolve(1500))).toContain(
      'Fix | 1 d | the declaration | breached by 1 h',
    )
  })

  test('after a reopening, what was acknowledged before stays so', () => {
    const again = step({ type: 'reopen', why: 'It is back' }, 90)
    expect(rows(declared(), ack(3), resolve(60), again, ack(95), resolve(100)).filter((row) => row.startsWith('Response'))).toEqual([
      'Response | 20 min | the declaration | met in 3 min',
      'Response | 20 min | the reopening | met in 5 min',
    ])
  })
})

describe('disaster', () => {
  test('its phases are deadlines and the checklist; the severity’s own give way', () => {
    const incident = after(disaster)
    expect(Object.entries(incident.deadlines).map(([key, run]) => [key, run.due])).toEqual([
      ['assessment', at(15)],
      ['recovery', at(240)],
      ['post-mortem', at(2880)],
    ])
    expect(incident.policy.checklist[0]).toBe('Assessment: Determine the scope')
    expect(textOf('opening', disaster)).toContain('RTO 4 h · RPO 6 h')
    expect(textOf('header', disaster)).toContain('🆘 Disaster')
  })

  test('the end of one begins the next', () => {
    given(disaster)
      .when(phase('Recovery', 100, 'Restored'))
      .happens({ type: 'phase-done', phase: 'recovery', text: 'Restored' }, { type: 'deadline-set', clock: 'validation', due: at(220) })
    expect(after(disaster, phase('recovery', 100)).deadlines).toMatchObject({ recovery: { metAt: at(100) }, validation: { due: at(220) } })
  })

  test('refuses what is none, has not begun, or is done', () => {
    given(disaster)
      .when(phase('repair', 1))
      .refused('unknown_phase', '`repair` is not a phase. There are assessment, recovery, validation, post-mortem.')
    given(disaster)
      .when(phase('validation', 1))
      .refused('phase_not_begun', 'Validation has not begun: the phase before it is not done yet.')
    given(disaster, phase('assessment', 10))
      .when(phase('assessment', 11))
      .refused('phase_is_done', `Assessment is done since ${at(10)}; nothing changed.`)
    given(declared())
      .when(phase('assessment', 1))
      .refused('no_phases', 'INC-7 is of the kind incident, which has no phases. `/incident note <text>` keeps what was done.')
  })

  test('phases go on after the resolution: the post-mortem is one', () =>
    expect(after(disaster, resolve(300), phase('post-mortem', 900)).deadlines['post-mortem']).toMatchObject({ metAt: at(900) }))

  test('the recovery time is a deadline of its own where no phase has it; mitigation meets it', () => {
    const bare = declared({ kind: 'disaster', policy: disasterPolicy(policy('P1'), { rto: 60, rpo: 1440, phases: {} }) })
    expect(after(bare).deadlines).toMatchObject({ rto: { due: at(60), title: 'Recovery (RTO)' } })
    expect(after(bare, mitigate(50)).deadlines['rto']).toMatchObject({ metAt: at(50) })
    expect(textOf('opening', bare)).toContain('RTO 1 h · RPO 1 d')
  })

  test('another severity takes nothing of the plan away', () => {
    const there = after(disaster, severity('P2', 5))
    expect(there.policy).toMatchObject({ severity: 'P2', objectives: { rto: 240, rpo: 360 } })
    expect(there.deadlines).toMatchObject({ assessment: { due: at(15), dropped: null, metAt: null } })
  })
})

describe('drill', () => {
  const drill = declared({ kind: 'drill' })

  test('says so wherever it calls somebody, in the header, the topic and the announcement', () => {
    const incident = after(drill)
    expect(textOf('opening', drill)).toContain('This is a drill: nothing real is broken.')
    expect(textOf('breach:response:1', drill, tick('response', 1, 20))).toContain('🧪 Drill: ')
    expect(textOf('escalated:1:1', drill, tick('response', 1, 20))).toContain('🧪 Drill: ')
    expect(textOf('header', drill)).toContain('INC-7 · 🧪 DRILL · Checkout fails')
    expect(topicOf(incident)).toBe('INC-7 · 🧪 DRILL · P1 · Acme Shop · Checkout fails')
    expect(JSON.stringify(announcement(incident))).toContain('🧪 DRILL P1 Acme Shop')
    expect(timeline(happened(drill), { zone: 'UTC' })[0]?.text).toBe('Began a drill, P1: Checkout fails')
  })
})

describe('maintenance', () => {
  const maintenance = declared({ kind: 'maintenance', policy: policy('P4', L3), window: { from: at(60), to: at(120) } })

  test('has no clock but the end of its window, and is led by whoever plans it', () => {
    const incident = after(maintenance)
    expect(incident).toMatchObject({
      response: null,
      update: null,
      lead: { name: 'Alice Adler' },
      window: { from: at(60), to: at(120), begunAt: null },
    })
    expect(Object.keys(incident.deadlines)).toEqual(['window'])
    expect(after(maintenance, severity('P1', 5, L1)).deadlines).toMatchObject({ window: { due: at(120), metAt: null } })
    expect(Object.keys(after(maintenance, severity('P1', 5, L1)).deadlines)).toEqual(['window'])
  })

  test('is shown as planned work: not as grave, not as broken, and done in the end', () => {
    const begun = step({ type: 'window-due' }, 60, g.bot)
    const shown = (...steps: readonly Step[]) => {
      const header = textOf('header', ...steps)
      return ['🗓 Planned', '🛠 Under way', '🟢 Done', 'Begins', 'Began', 'Started', 'Resolve"', '"Done"', 'P4'].filter((word) =>
        header.includes(word),
      )
    }
    expect(shown(maintenance)).toEqual(['🗓 Planned', 'Begins', '"Done"'])
    expect(shown(maintenance, begun)).toEqual(['🛠 Under way', 'Began', '"Done"'])
    expect(shown(maintenance, begun, resolve(100))).toEqual(['🟢 Done', 'Began'])
    expect(shown(declared({ kind: 'change', policy: policy('P4', L3) }))).toEqual(['🛠 Under way', 'Started', '"Done"'])
    expect(topicOf(after(maintenance))).toBe('INC-7 · 🛠 Maintenance · Acme Shop · Checkout fails')
    expect(topicOf(after(maintenance, resolve(100)))).toContain(' · done · ')
    expect(JSON.stringify(announcement(after(maintenance)))).toMatch(/🗓 Planned · from .*2026-01-14T10:00/)
    const told = happened(maintenance).flatMap((recorded) => instructions(null, recorded, after(maintenance)))
    expect(JSON.stringify(told[0])).toContain('You carry it out')
    expect(JSON.stringify(told)).not.toContain('Confirm the severity')
  })

  test('its beginning is a timer, said once', () => {
    const events = happened(maintenance)
    const jobs = events.flatMap((recorded, index) => {
      const now = replay(events.slice(0, index + 1))
      return now === null ? [] : react(replay(events.slice(0, index)), recorded, now)
    })
    expect(jobs).toContainEqual(expect.objectContaining({ once: 'window:INC-7:begin', startAfter: at(60) }))
    const begin = (minute: number) => step({ type: 'window-due' }, minute, g.bot)
    given(maintenance).when(begin(59)).happens()
    given(maintenance).when(begin(60)).happens({ type: 'window-begun' })
    given(maintenance, begin(60)).when(begin(61)).happens()
    given(maintenance, resolve(10, 'Called off')).when(begin(60)).happens()
    expect(textOf('window:begun', maintenance, begin(60))).toContain('The maintenance window begins')
  })

  test('warns before it ends, and says that it is overdue, to whoever leads it', () => {
    given(maintenance)
      .when(due('window', 1, 114))
      .happens({ type: 'clock-warned', clock: 'window', percent: 90 })
    expect(textOf('breach:window:1', maintenance, due('window', 1, 120))).toContain('Maintenance window overdue')
    expect(textOf('breach:window:1', maintenance, due('window', 1, 120))).toContain('"mention":{"name":"Alice Adler"')
    given(maintenance, resolve(110))
      .when(due('window', 1, 120))
      .happens()
    expect(rows(maintenance, resolve(110))).toEqual(['Maintenance window | 1 h | its beginning | met in 50 min'])
  })

  test('a change has no clock at all, and nobody is paged', () => {
    expect(happened(declared({ kind: 'change', policy: policy('P1', L1) })).map(({ event }) => event.type)).toEqual(['declared'])
    expect(happened(declared({ kind: 'change', policy: policy('P1', L1) }), resolve(5)).map(({ event }) => event.type)).toEqual([
      'declared',
      'resolved',
    ])
  })
})

describe('snooze', () => {
  const snooze = (minute: number, minutes = 15) => step({ type: 'snooze', minutes }, minute)
  const remind = (run: number, until: number, minute = until) => step({ type: 'snooze-due', run, until: at(until) }, minute, g.bot)
  const there = declared()

  test('holds the warnings and moves no promise; the breach is recorded on time, and not posted', () => {
    expect(after(there, snooze(20)).update).toMatchObject({ due: at(30), run: 1 })
    given(there, snooze(20))
      .when(tick('update', 1, 27))
      .happens()
    given(there, snooze(20))
      .when(tick('update', 1, 30))
      .happens({ type: 'clock-breached', clock: 'update', due: at(30) })
    expect(textOf('breach:update:1', there, snooze(20), tick('update', 1, 30))).toBe('')
    // However late its timer is, and after the reminder, too: that has said it.
    expect(textOf('breach:update:1', there, snooze(20), tick('update', 1, 36))).toBe('')
    expect(textOf('breach:update:1', there, snooze(20), remind(1, 35), tick('update', 1, 36))).toBe('')
    expect(textOf('breach:update:1', there, snooze(5), remind(1, 20), tick('update', 1, 30))).not.toBe('')
    // Another clock is not held.
    given(there, snooze(5))
      .when(tick('response', 1, 10))
      .happens({ type: 'clock-warned', clock: 'response' })
  })

  test('reminds once, if it is still due', () => {
    given(there, snooze(20))
      .when(remind(1, 35))
      .happens({ type: 'reminded', run: 1, due: at(30) })
    given(there, snooze(20), remind(1, 35)).when(remind(1, 35)).happens()
    given(there, snooze(20), update('Here', 25)).when(remind(1, 35)).happens()
    given(there, snooze(20), snooze(22, 30)).when(remind(1, 35)).happens()
    expect(texts(there, snooze(20), remind(1, 35)).at(-1)?.[1]).toContain('Remind me in 15 min')
  })

  test('is over after an update, and refused where none is due', () => {
    given(declared({ policy: policy('P4') }))
      .when(snooze(1))
      .refused('no_update_due', sentence({ code: 'no_update_due', params: { id: 'INC-7' } }))
    given(there, snooze(10), update('Here', 12))
      .when(tick('update', 2, 39))
      .happens({ type: 'clock-warned', clock: 'update', run: 2 })
  })
})
