/** Pauses and reopenings: what stands is left as it was, nothing is said twice, and nothing is lost. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addWorkingMinutes, isWorking, subtractWorkingMinutes, workingMinutesBetween } from '../../../src/incident/calendar.ts'
import { responseDue, running, thresholds, updateDue } from '../../../src/incident/clocks.ts'
import type { Command, Intent } from '../../../src/incident/commands.ts'
import { compliance } from '../../../src/incident/compliance.ts'
import { decide } from '../../../src/incident/decide.ts'
import type { Recorded } from '../../../src/incident/events.ts'
import { evolve, replay } from '../../../src/incident/evolve.ts'
import type { FurtherClock, Instant, Policy } from '../../../src/incident/policy.ts'
import { type Job, react } from '../../../src/incident/react.ts'
import { conversation } from '../../../src/incident/conversation.ts'
import { timeline } from '../../../src/incident/timeline.ts'
import * as g from '../../given.ts'
import { ack, after, at, calendar, declared, given, happened, policy, resolve, severity, silence, step, tick, update } from '../../given.ts'

const pause = (minute: number, why = 'Waiting for the provider') => step({ type: 'pause', why }, minute)
const resume = (minute: number) => step({ type: 'resume' }, minute)
const reopen = (minute: number, why = 'It is back') => step({ type: 'reopen', why }, minute)
const due = (clock: string, run: number, minute: number) => step({ type: 'clock-due', clock, run }, minute, g.bot)

const fix: FurtherClock = { key: 'fix', title: 'Fix', minutes: 120, from: 'declared', until: 'resolved' }
const tell: FurtherClock = { key: 'customers', title: 'Customer communication', minutes: 30, from: 'declared', until: 'update' }
const look: FurtherClock = { key: 'review', title: 'Review', minutes: 60, from: 'resolved', until: 'reviewed' }
const withClocks = (...clocks: FurtherClock[]) => declared({ policy: policy('P1', { clocks }) })

const rows = (...steps: readonly g.Step[]) => {
  const events = happened(...steps)
  const incident = replay(events)
  if (incident === null) throw new Error('nothing happened')
  return compliance(incident, events, 'Europe/Berlin').rows
}

describe('pause', () => {
  test('needs a reason, and says since when and why it stands already', () => {
    given(declared())
      .when(pause(1, ' '))
      .refused('missing', 'The reason is missing. For example `/incident pause Waiting for the provider`.')
    given(declared(), pause(1))
      .when(pause(2, 'again'))
      .refused('already_paused', `The clocks stand since ${at(1)}: Waiting for the provider. To let them run: \`/incident resume\`.`)
    given(declared(), resolve(1))
      .when(pause(2))
      .refused(
        'already_resolved',
        `Already resolved at ${at(1)}. \`/incident note <text>\` still works. If it is back: \`/incident reopen <why>\`.`,
      )
    given(declared({ kind: 'change' }))
      .when(pause(1))
      .refused('no_clock_runs', 'No clock of INC-7 runs, so there is nothing to pause.')
    given(declared()).when(resume(1)).refused('not_paused', 'The clocks are not paused. To pause them: `/incident pause <why>`.')
  })

  test('moves what runs by as long as it stood', () => {
    const { response, update: next } = after(declared(), pause(5), resume(25))
    expect(response).toMatchObject({ run: 2, startedAt: at(20), due: at(40), begunAt: at(0) })
    expect(next).toMatchObject({ run: 2, startedAt: at(20), due: at(50) })
  })

  test('no timer says anything while it stands; what came due is said afterwards, once', () => {
    given(declared(), pause(5))
      .when(tick('response', 1, 20))
      .happens()
    given(declared(), pause(5), resume(25))
      .when(tick('response', 1, 25))
      .happens()
    given(declared(), pause(5), resume(25))
      .when(tick('response', 2, 30))
      .happens({ type: 'clock-warned', percent: 50, due: at(40) })
    given(declared(), pause(5), resume(25))
      .when(tick('response', 2, 40))
      .happens({ type: 'clock-breached', due: at(40) }, { type: 'escalated', level: 1 })
  })

  test('what was warned of is not warned of again', () => {
    const steps = [declared(), tick('response', 1, 10), pause(12), resume(32)] as const
    expect(after(...steps).response).toMatchObject({ run: 2, warned: 50 })
    given(...steps)
      .when(tick('response', 2, 32))
      .happens()
    given(...steps)
      .when(tick('response', 2, 35))
      .happens({ type: 'clock-warned', percent: 75 })
  })

  test('what had run out stays run out, and the ladder goes on after a whole pause of it', () => {
    const steps = [declared(), tick('response', 1, 20), pause(22), resume(60)] as const
    expect(after(...steps).response).toMatchObject({ run: 1, due: at(20), breachedAt: at(20) })
    given(...steps.slice(0, 3))
      .when(silence(2, 30))
      .happens()
    given(...steps)
      .when(silence(2, 69))
      .happens()
    given(...steps)
      .when(silence(2, 70))
      .happens({ type: 'escalated', level: 2 })
  })

  test('a step of the ladder that was set before a short pause is not early', () => {
    given(declared(), tick('response', 1, 20), pause(22), resume(28))
      .when(silence(2, 30))
      .happens()
  })

  test('what was due a moment before the pause, and not said, is said afterwards', () => {
    const events = happened(declared(), pause(20), resume(40))
    const [before, now] = [replay(events.slice(0, -1)), replay(events)]
    const last = events.at(-1)
    if (before === null || now === null || last === undefined) throw new Error('nothing happened')
    expect(now.response).toMatchObject({ run: 1, due: at(20), breachedAt: null })
    expect(react(before, last, now)).toContainEqual(
      expect.objectContaining({ queue: 'timer', startAfter: at(40), data: { incident: 'INC-7', clock: 'response', run: 1, at: at(40) } }),
    )
  })

  test.each([
    ['acknowledged', ack(60)],
    ['mitigated', g.mitigate(60)],
    ['resolved', resolve(60)],
  ])('%s while it stands: in time, however long it stood', (_, end) => {
    const { response } = after(declared(), pause(5), end)
    expect(response).toMatchObject({ startedAt: at(55), due: at(75), metAt: at(60) })
    expect(rows(declared(), pause(5), end)).not.toContainEqual(expect.objectContaining({ outcome: 'breached' }))
  })

  test('an update while it stands meets the clock, and the next stands from there', () => {
    const steps = [declared(), pause(5), update('Waiting', 60)] as const
    expect(after(...steps).update).toMatchObject({ run: 2, startedAt: at(60), due: at(90) })
    expect(after(...steps, resume(100)).update).toMatchObject({ run: 3, startedAt: at(100), due: at(130) })
    expect(rows(...steps)).not.toContainEqual(expect.objectContaining({ clock: 'Status update', outcome: 'breached' }))
  })

  test('resolving ends it; the record knows how long it was', () =>
    expect(after(declared(), pause(5), resolve(60))).toMatchObject({
      paused: null,
      pauses: [{ from: at(5), to: at(60), why: 'Waiting for the provider' }],
    }))

  test('a change of severity while it stands: what is promised anew stands, too', () => {
    const steps = [declared({ policy: policy('P2') }), pause(10), severity('P1', 30)] as const
    expect(after(...steps).response).toMatchObject({ startedAt: at(30), due: at(50) })
    expect(after(...steps, resume(40)).response).toMatchObject({ startedAt: at(40), due: at(60) })
  })

  test('a lighter severity counts from the declaration, without the pauses', () => {
    expect(after(declared(), pause(5), resume(15), severity('P2', 20)).response).toMatchObject({
      startedAt: at(10),
      due: at(70),
      begunAt: at(0),
    })
    const standing = [declared(), pause(5), severity('P2', 15)] as const
    expect(after(...standing, resume(25)).response).toMatchObject({ startedAt: at(20), due: at(80) })
  })

  test('to and fro while it stands puts nothing off, and gives nothing twice', () => {
    const steps = [declared(), pause(5), severity('P2', 15), severity('P1', 20), resume(25)] as const
    expect(after(...steps).response).toMatchObject({ startedAt: at(20), due: at(40), begunAt: at(0) })
  })

  test('pauses between two changes of severity are no time of the run that comes back', () => {
    const steps = [declared(), severity('P2', 5), pause(6), resume(16), severity('P1', 18)] as const
    expect(after(...steps).response).toMatchObject({ startedAt: at(10), due: at(30) })
  })

  test('deadlines stand as the clocks do', () => {
    expect(after(withClocks(fix), pause(30), resume(60)).deadlines['fix']).toMatchObject({ run: 2, due: at(150) })
    expect(after(withClocks(fix), pause(30), resolve(600)).deadlines['fix']).toMatchObject({ due: at(690), metAt: at(600) })
  })

  test('the story says how long', () =>
    expect(
      timeline(happened(declared(), pause(5), resume(25)), { zone: 'UTC' })
        .map(({ text }) => text)
        .slice(-2),
    ).toEqual(['Paused the clocks: Waiting for the provider', 'Let the clocks run again after 20 min.']))
})

describe('asleep, set back, raced: with pauses', () => {
  test('44: asleep over a pause and its end: one breach, not four messages', () => {
    const steps = [declared(), pause(5), resume(25)] as const
    const woken = happened(...steps, ...[1, 1, 1, 1, 2, 2, 2, 2].map((run) => tick('response', run, 200)))
    expect(woken.slice(happened(...steps).length).map(({ event }) => event.type)).toEqual(['clock-breached', 'escalated'])
  })

  test('45: an acknowledgement against the end of a pause has one outcome in either order', () => {
    given(declared(), pause(5), ack(25), resume(25))
      .when(tick('response', 2, 40))
      .happens()
    given(declared(), pause(5), resume(25), ack(25))
      .when(tick('response', 2, 40))
      .happens()
    expect(after(declared(), pause(5), ack(25), resume(25)).response).toMatchObject({ metAt: at(25), startedAt: at(20) })
  })

  test('46: timers set before the pause are stale after it', () => {
    for (const minute of [25, 30, 40, 500])
      given(declared(), pause(5), resume(25))
        .when(tick('response', 1, minute))
        .happens()
  })

  test('43: a clock that was set back: nothing early', () => {
    given(declared(), pause(5), resume(25))
      .when(tick('response', 2, 20))
      .happens()
    // Resumed "before" it was paused: nothing is longer than it was.
    const { response } = after(declared(), pause(10), resume(8))
    expect(running(response) && response.due <= at(20)).toBe(true)
  })
})

describe('reopen', () => {
  test('only what is over, with a reason', () => {
    given(declared()).when(reopen(1)).refused('is_open', 'INC-7 is open; nothing changed.')
    given(declared(), resolve(1))
      .when(reopen(2, ''))
      .refused('missing', 'The reason is missing. For example `/incident reopen Payments fail again since 15:20`.')
  })

  test('status, clocks and page begin anew; what is over is kept', () => {
    const back = given(declared(), ack(3), resolve(60))
      .when(reopen(90))
      .happens(
        { type: 'reopened', why: 'It is back', responseDue: at(110), updateDue: at(120), clocks: [] },
        { type: 'escalated', level: 0, run: 2, why: 'page' },
      )
    expect(back).toMatchObject({
      status: 'declared',
      acknowledged: null,
      resolution: null,
      stamps: { resolve: null, mitigate: null, review: null, detect: at(0), assess: at(3) },
      response: { run: 2, startedAt: at(90), due: at(110), metAt: null },
      reopenings: [{ at: at(90), why: 'It is back', resolvedAt: at(60), resolution: 'Rolled back to v141' }],
    })
  })

  test('a lighter severity pages nobody at a reopening either', () => {
    given(declared({ policy: policy('P3') }), resolve(60))
      .when(reopen(90))
      .happens({ type: 'reopened', responseDue: at(330) })
  })

  test('a deadline that the resolution met goes on; the time while it was resolved is not counted', () => {
    expect(after(withClocks(fix), resolve(60), reopen(100)).deadlines['fix']).toMatchObject({ due: at(160), metAt: null, begunAt: at(0) })
  })

  test('one that was overdue at the resolution is overdue again, and not said twice', () => {
    const steps = [withClocks(fix), due('fix', 1, 120), resolve(130), reopen(200)] as const
    expect(after(...steps).deadlines['fix']).toMatchObject({ due: at(120), breachedAt: at(120), metAt: null })
    given(...steps)
      .when(due('fix', 2, 201))
      .happens()
  })

  test('the channel is told what goes on, and until when', () => {
    const told = (...steps: readonly g.Step[]) => {
      const item = conversation(happened(...steps)).find(({ key }) => key.startsWith('reopened:'))
      const [part] = item?.step === 'message' ? item.message.parts : []
      const spans = part?.kind === 'text' ? part.spans : []
      return spans
        .map((span) =>
          typeof span === 'string' ? span : 'time' in span ? `+${(Date.parse(span.time) - Date.parse(g.start)) / 60_000}` : '·',
        )
        .join('')
    }
    expect(told(withClocks(fix), resolve(60), reopen(100))).toBe(
      '🔁 · opened it again: It is back\nAcknowledge by +120: ·. Status update due +130. Fix due +160.',
    )
    expect(told(withClocks(fix), due('fix', 1, 120), resolve(130), reopen(200))).toContain('Fix overdue since +120.')
  })

  test('one that had been met by what it waits for stays met', () =>
    expect(after(withClocks(tell), update('We look', 10), resolve(60), reopen(100)).deadlines['customers']).toMatchObject({
      metAt: at(10),
    }))

  test('the review is not due any more, and is due anew after the next resolution', () => {
    const steps = [withClocks(look), resolve(60), reopen(100)] as const
    expect(after(...steps).deadlines['review']).toMatchObject({ dropped: 'it is open again', metAt: at(100) })
    expect(after(...steps, resolve(200)).deadlines['review']).toMatchObject({ due: at(260), dropped: null, metAt: null, run: 2 })
  })

  test('what was resolved while it stood goes on with what was left', () =>
    expect(after(withClocks(fix), pause(30), resolve(60), reopen(100)).deadlines['fix']).toMatchObject({ due: at(190) }))

  test('a change of severity after it counts from the reopening', () => {
    expect(after(declared(), resolve(60), reopen(100), severity('P2', 110)).response).toMatchObject({ startedAt: at(100), due: at(160) })
    // What was promised before the resolution binds nobody now.
    expect(after(declared(), resolve(60), reopen(100), severity('P2', 105), severity('P1', 110)).response).toMatchObject({ due: at(120) })
  })

  test('the checks of each resolution run once', () => {
    const resolutions = (events: readonly Recorded[]) =>
      events.flatMap((recorded, index) => {
        const [before, now] = [replay(events.slice(0, index)), replay(events.slice(0, index + 1))]
        return now === null ? [] : react(before, recorded, now).flatMap((job) => (job.queue === 'check' ? [job.once] : []))
      })
    expect(resolutions(happened(declared(), resolve(60), reopen(100), resolve(200), reopen(300), resolve(400)))).toEqual([
      'check:INC-7:opening',
      'check:INC-7:resolution',
      'check:INC-7:resolution:2',
      'check:INC-7:resolution:3',
    ])
  })

  test('what was merged is not opened again', () => {
    given(declared(), step({ type: 'merge', into: 'INC-8', channel: null }, 5))
      .when(reopen(10))
      .refused('is_merged', 'INC-7 was merged into INC-8. Go on there.')
  })
})

/** Working hours of all kinds, over both changes of the clock in 2026, weekends and a holiday. */
const calendars = fc.record({
  zone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
  from: fc.constantFrom('00:00', '09:00', '22:00'),
  to: fc.constantFrom('17:00', '24:00').filter((to) => to > '09:00'),
  days: fc.constantFrom([1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7], [6, 7]),
  holidays: fc.constantFrom([], ['2026-03-30', '2026-10-26']),
})
const hours = calendars.filter(({ from, to }) => from < to).map((more) => calendar(more))
const starts = fc.constantFrom(
  '2026-03-27T12:00:00.000Z',
  '2026-03-28T23:30:00.000Z',
  '2026-10-23T12:00:00.000Z',
  '2026-10-25T00:30:00.000Z',
  '2026-01-14T09:00:00.000Z',
)
const targets = fc.oneof(
  fc.record({
    kind: fc.constant('duration' as const),
    minutes: fc.integer({ min: 1, max: 3000 }),
    hours: fc.constantFrom('always' as const, 'business' as const),
  }),
)
/** Minutes from one thing to the next: running, standing, running … */
const gaps = fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 2, maxLength: 8 })

const later = (from: Instant, minutes: number): Instant => new Date(Date.parse(from) + minutes * 60_000).toISOString()

const live = (start: Instant, more: Partial<Policy>, list: readonly number[]) => {
  let events: Recorded[] = []
  const jobs: Job[] = []
  const run = (intent: Intent, now: Instant) => {
    const command: Command = { intent, at: now, by: g.alice }
    const before = replay(events)
    const added = g.record(events, command, decide(before, command))
    let incident = before
    for (const recorded of added) {
      const next = evolve(incident, recorded)
      jobs.push(...react(incident, recorded, next))
      incident = next
    }
    events = [...events, ...added]
  }
  run(g.declareIntent({ policy: policy('P2', { update: null, ...more }) }), start)
  let now = start
  for (const [index, gap] of list.entries()) {
    now = later(now, gap)
    run(index % 2 === 0 ? { type: 'pause', why: 'Waiting' } : { type: 'resume' }, now)
  }
  const incident = replay(events)
  if (incident === null) throw new Error('nothing was declared')
  return { incident, events, jobs, now }
}

describe('over weekends and changes of the clock (43)', () => {
  test('subtracting working minutes undoes adding them', () => {
    fc.assert(
      fc.property(hours, starts, fc.integer({ min: 0, max: 5000 }), (cal, from, minutes) => {
        const until = addWorkingMinutes(cal, from, minutes)
        const back = subtractWorkingMinutes(cal, until, minutes)
        expect(workingMinutesBetween(cal, back, until)).toBeCloseTo(minutes, 6)
        expect(workingMinutesBetween(cal, from, back)).toBeCloseTo(0, 6)
      }),
    )
  })

  test('what is counted between start and due, without the pauses, is what was promised', () => {
    let moved = 0
    fc.assert(
      fc.property(starts, targets, hours, gaps, (start, response, cal, list) => {
        const { incident } = live(start, { response, calendar: cal }, list)
        const { response: run, pauses, paused } = incident
        if (!running(run)) return
        const counted = (a: Instant, b: Instant) =>
          response.hours === 'business' ? workingMinutesBetween(cal, a, b) : Math.max(0, Date.parse(b) - Date.parse(a)) / 60_000
        const stood = pauses.filter(({ from }) => from < run.due).reduce((sum, { from, to }) => sum + counted(from, to), 0)
        if (stood > 0) moved += 1
        expect(counted(start, run.due) - stood).toBeCloseTo(response.minutes, 6)
        expect(counted(run.startedAt, run.due)).toBeCloseTo(response.minutes, 6)
        if (paused === null && response.hours === 'business') expect(isWorking(cal, later(run.due, -1 / 60_000))).toBe(true)
      }),
      { numRuns: 300 },
    )
    expect(moved).toBeGreaterThan(50)
  })

  test('next business day and next sprint: working time that is left is left, and it is never due while all stands', () => {
    fc.assert(
      fc.property(
        starts,
        fc.constantFrom({ kind: 'next-business-day' as const }, { kind: 'next-sprint' as const }),
        hours,
        gaps,
        (start, response, cal, list) => {
          const { incident } = live(start, { response, calendar: cal }, list)
          const { response: run, pauses } = incident
          const first = responseDue(policy('P2', { response, calendar: cal }), start)
          if (!running(run) || first === null) return
          expect(run.due >= first).toBe(true)
          for (const { from, to } of pauses) expect(run.due > from && run.due < to).toBe(false)
          const stood = pauses
            .filter(({ from }) => from < run.due)
            .reduce((sum, { from, to }) => sum + workingMinutesBetween(cal, from, to), 0)
          const left = workingMinutesBetween(cal, start, run.due) - workingMinutesBetween(cal, start, first) - stood
          // What had no working time left is due when work begins again.
          expect(left).toBeGreaterThan(-1e-6)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('thresholds are in order, not before the last resumption, and each has its timer once', () => {
    fc.assert(
      fc.property(starts, targets, hours, gaps, (start, response, cal, list) => {
        const { incident, jobs } = live(start, { response, calendar: cal }, list)
        const run = incident.response
        const once = jobs.flatMap((job) => (job.once === undefined ? [] : [job.once]))
        expect(new Set(once).size).toBe(once.length)
        if (!running(run)) return
        const said = [run.startedAt, ...thresholds('response', run).map((threshold) => threshold.at)]
        expect(said).toEqual(said.toSorted())
        for (const percent of [50, 75, 90, 100]) expect(once).toContain(`clock:INC-7:response:${run.run}:${percent}`)
      }),
      { numRuns: 200 },
    )
  })

  test('an update every 30 minutes is 30 minutes that ran', () =>
    fc.assert(
      fc.property(starts, gaps, (start, list) => {
        const { incident } = live(start, { response: null, update: 30 }, list)
        const { update: run, pauses } = incident
        if (!running(run)) return
        const stood = pauses.filter(({ from }) => from < run.due).reduce((sum, { from, to }) => sum + Date.parse(to) - Date.parse(from), 0)
        expect(Date.parse(run.due) - stood).toBe(Date.parse(updateDue(policy('P2', { update: 30 }), start) ?? ''))
      }),
    ))
})
