/** Clocks that stand still for a reason, and a record that is opened again: both compute what is due anew, from the events. */
import { addMinutes } from 'date-fns/addMinutes'
import { addWorkingMinutes, workingMinutesBetween } from '../calendar.ts'
import { clockTitle } from '../clock-words.ts'
import { clocked, responseDue, running, runningClocks, targetOf, updateDue } from '../clocks.ts'
import type { ClockName } from '../events.ts'
import type { ClockRun, Incident } from '../incident.ts'
import { firstPaged } from '../ladder.ts'
import { author, line, type Span } from '../message.ts'
import type { Instant } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { isRefusal, written } from '../written.ts'
import type { Area } from './area.ts'
import { withoutReview } from './deadlines.ts'

/** A clock as it goes on after it stood: counted from `from`, due at `due`. */
export type Shifted = { readonly clock: ClockName; readonly from: Instant; readonly due: Instant }

export type PauseEvent =
  | { readonly type: 'paused'; readonly v: 1; readonly why: string }
  | { readonly type: 'resumed'; readonly v: 1; readonly clocks: readonly Shifted[] }
  | {
      readonly type: 'reopened'
      readonly v: 1
      readonly why: string
      readonly responseDue: Instant | null
      readonly updateDue: Instant | null
      readonly clocks: readonly Shifted[]
    }

export type PauseIntent =
  | { readonly type: 'pause'; readonly why: string }
  | { readonly type: 'resume' }
  | { readonly type: 'reopen'; readonly why: string }

export type PauseState = {
  readonly paused: { readonly at: Instant; readonly why: string } | null
  readonly pauses: readonly { readonly from: Instant; readonly to: Instant; readonly why: string }[]
  readonly reopenings: readonly { readonly at: Instant; readonly why: string; readonly resolvedAt: Instant; readonly resolution: string }[]
}

export const noPauses: PauseState = { paused: null, pauses: [], reopenings: [] }

const later = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString()

/** A clock that stood from `a` to `b`: what was left of it is left still. A clock of working hours has as much working time left,
 *  one that runs round the clock as much time. */
export const shifted = (clock: ClockName, run: ClockRun & { due: Instant }, a: Instant, b: Instant): Shifted => {
  const stood = Date.parse(b) - Date.parse(a)
  const from = later(run.startedAt, stood)
  const target = targetOf(clock, run)
  const { calendar } = run.target
  const working = target.kind !== 'duration' || target.hours === 'business'
  const left = working ? workingMinutesBetween(calendar, a, run.due) : 0
  // Between the end of work and a due time at its next beginning no working time is left, and yet it is not due.
  return { clock, from, due: left > 0 ? addWorkingMinutes(calendar, b, left) : later(run.due, stood) }
}

/** What goes on after a standstill: a clock that has run out already stays as it is. */
const going = (clocks: readonly { clock: ClockName; run: ClockRun & { due: Instant } }[], a: Instant, b: Instant): Shifted[] =>
  clocks
    .filter(({ run }) => run.breachedAt === null && run.due > a)
    // One that was started during the standstill has stood since then.
    .map(({ clock, run }) => shifted(clock, run, run.startedAt > a ? run.startedAt : a, b))

/** The run of a clock that goes on: a run of its own, so that timers of the one before are stale. What was warned of is not repeated. */
const goOn = (run: ClockRun, { from, due }: Shifted): ClockRun => ({ ...run, run: run.run + 1, startedAt: from, due, metAt: null })

const shift = (incident: Incident, clocks: readonly Shifted[]): Incident =>
  clocks.reduce<Incident>((now, each) => {
    const { clock } = each
    if (clock === 'response' || clock === 'update') {
      const run = now[clock]
      return run === null ? now : { ...now, [clock]: goOn(run, each) }
    }
    const deadline = now.deadlines[clock]
    return deadline === undefined ? now : { ...now, deadlines: { ...now.deadlines, [clock]: { ...deadline, ...goOn(deadline, each) } } }
  }, incident)

/** Deadlines that the resolution met, and that go on when it turns out to be none. */
const metByResolution = (incident: Incident, resolvedAt: Instant): { clock: ClockName; run: ClockRun & { due: Instant } }[] =>
  Object.entries(incident.deadlines).flatMap(([clock, run]) =>
    run.due !== null && run.metAt === resolvedAt && run.until !== 'reviewed' && run.until !== 'phase'
      ? [{ clock, run: { ...run, due: run.due } }]
      : [],
  )

/** The incident with its clocks going: what stands when it is resolved does not stand any more. */
export const unpaused = (incident: Incident, at: Instant): Incident =>
  incident.paused === null
    ? incident
    : { ...incident, paused: null, pauses: [...incident.pauses, { from: incident.paused.at, to: at, why: incident.paused.why }] }

export const pauseArea: Area<PauseIntent, PauseEvent> = {
  whileOpen: ['pause', 'resume'],
  decide: {
    pause: (incident, intent, _asked) => {
      if (incident.paused !== null) return refuse('already_paused', { at: incident.paused.at, why: incident.paused.why })
      const why = written('pause', intent.why)
      if (isRefusal(why)) return why
      return runningClocks(incident).length === 0 ? refuse('no_clock_runs', { id: incident.id }) : [{ type: 'paused', v: 1, why }]
    },
    resume: (incident, _intent, { at }) => {
      const { paused } = incident
      if (paused === null) return refuse('not_paused', {})
      return [{ type: 'resumed', v: 1, clocks: going(runningClocks(incident), paused.at, at) }]
    },
    reopen: (incident, intent, { at }) => {
      const resolvedAt = incident.stamps.resolve
      if (resolvedAt === null) return refuse('is_open', { id: incident.id })
      if (incident.mergedInto !== null) return refuse('is_merged', { id: incident.id, into: incident.mergedInto })
      const why = written('reopen', intent.why)
      if (isRefusal(why)) return why
      const { policy, kind } = incident
      const run = (incident.response?.run ?? 0) + 1
      const first = firstPaged(policy)
      return [
        {
          type: 'reopened',
          v: 1,
          why,
          responseDue: clocked(kind) ? responseDue(policy, at) : null,
          updateDue: clocked(kind) ? updateDue(policy, at) : null,
          clocks: going(metByResolution(incident, resolvedAt), resolvedAt, at),
        },
        ...withoutReview(incident),
        ...(clocked(kind) && first !== null ? [{ type: 'escalated' as const, v: 1 as const, run, ...first, why: 'page' as const }] : []),
      ]
    },
  },
  evolve: {
    paused: (incident, { why }, { at }) => ({ ...incident, paused: { at, why } }),
    resumed: (incident, { clocks }, { at }) => shift(unpaused(incident, at), clocks),
    reopened: (incident, event, { at }) => {
      const { resolve } = incident.stamps
      const start = (clock: 'response' | 'update', due: Instant | null): Pick<Incident, 'pastRuns'> & { run: ClockRun | null } => {
        const present = incident[clock]
        if (present === null && due === null) return { pastRuns: [], run: null }
        return {
          pastRuns: present === null ? [] : [{ clock, run: present }],
          run: {
            run: (present?.run ?? 0) + 1,
            startedAt: at,
            due,
            metAt: null,
            breachedAt: null,
            warned: 0,
            target: incident.policy,
          },
        }
      }
      const [response, update] = [start('response', event.responseDue), start('update', event.updateDue)]
      return shift(
        {
          ...incident,
          status: 'declared',
          acknowledged: null,
          stamps: { ...incident.stamps, mitigate: null, resolve: null, review: null },
          resolution: null,
          escalation: -1,
          response: response.run,
          update: update.run,
          pastRuns: [...incident.pastRuns, ...response.pastRuns, ...update.pastRuns],
          reopenings: [...incident.reopenings, { at, why: event.why, resolvedAt: resolve ?? at, resolution: incident.resolution ?? '' }],
        },
        event.clocks,
      )
    },
  },
  react: (_, { event, seq, at }, after) => {
    const { response, policy, escalation } = after
    // The step of the ladder that came due while the clocks stood was not taken.
    if (event.type !== 'resumed' || !running(response) || response.breachedAt === null || policy.ladder[escalation + 1] === undefined)
      return []
    const next = addMinutes(at, policy.escalateEvery).toISOString()
    return [
      {
        queue: 'timer',
        data: { incident: after.id, escalation: escalation + 1, run: response.run, at: next },
        once: `escalation:${after.id}:${response.run}:${escalation + 1}:${seq}`,
        startAfter: next,
      },
    ]
  },
  tell: {
    paused: ({ why }) => ({ kind: 'clock', text: `Paused the clocks: ${why}` }),
    resumed: () => ({ kind: 'clock', text: 'Let the clocks run again.' }),
    reopened: ({ why }) => ({ kind: 'reopened', text: `Opened it again: ${why}` }),
  },
  posts: {
    paused: (_, { why }, { seq, by }) => [
      line(`paused:${seq}`, 'The clocks are paused', [
        '⏸ ',
        author(by),
        ` paused the clocks: ${why}\nLet them run again: `,
        { code: '/incident resume' },
      ]),
    ],
    resumed: (incident, { clocks }, { seq, by }) => [
      line(`resumed:${seq}`, 'The clocks run again', [
        '▶ ',
        author(by),
        ' let the clocks run again.',
        ...clocks.flatMap(({ clock, due }): Span[] => [
          ` ${clockTitle(incident, clock)} due `,
          { time: due, zone: incident.policy.calendar.zone },
          '.',
        ]),
      ]),
    ],
    reopened: (incident, { why, responseDue: due }, { seq, by }) => [
      line(`reopened:${seq}`, `${incident.id} is open again`, [
        '🔁 ',
        author(by),
        ` opened it again: ${why}`,
        ...(due === null
          ? []
          : (['\nAcknowledge by ', { time: due, zone: incident.policy.calendar.zone }, ': ', { code: '/incident ack' }] as Span[])),
      ]),
    ],
  },
}
