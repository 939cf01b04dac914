/** Clocks that stand still for a reason, and a record that is opened again: both compute what is due anew, from the events. */
import { addMinutes } from 'date-fns/addMinutes'
import { clockTitle } from '../clock-words.ts'
import { clocked, passed, responseDue, running, runningClocks, runOf, updateDue, withRun } from '../clocks.ts'
import { between, duration } from '../duration.ts'
import type { ClockName } from '../events.ts'
import type { ClockRun, Incident } from '../incident.ts'
import { firstPaged } from '../ladder.ts'
import { author, line, type Span } from '../message.ts'
import type { Instant } from '../policy.ts'
import type { Job } from '../react.ts'
import { refuse } from '../refusals.ts'
import { moved, type Shifted, shifted, standsSince } from '../standing.ts'
import { isRefusal, written } from '../written.ts'
import type { Area } from './area.ts'
import { withoutReview } from './deadlines.ts'

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
  readonly reopenings: readonly {
    readonly at: Instant
    readonly why: string
    readonly resolvedAt: Instant
    readonly resolution: string
    /** When its impact was over; absent: nobody said so before it was resolved. */
    readonly mitigatedAt?: Instant
  }[]
}

export const noPauses: PauseState = { paused: null, pauses: [], reopenings: [] }

type Due = { readonly clock: ClockName; readonly run: ClockRun & { readonly due: Instant } }

/** What goes on after a pause: a clock that has run out already stays as it is. */
const going = (incident: Incident, at: Instant): Shifted[] =>
  runningClocks(incident).flatMap(({ clock, run }) => {
    const since = standsSince(incident, run)
    return since === null ? [] : [shifted(clock, run, since, at)]
  })

/** What a resolution ends of a pause, where a deadline outlives it: that one has to be timed anew. */
export const resumedByResolution = (incident: Incident, at: Instant): PauseEvent[] => {
  const outlive =
    incident.paused !== null &&
    Object.values(incident.deadlines).some((run) => running(run) && (run.until === 'phase' || run.until === 'reviewed'))
  return outlive ? [{ type: 'resumed', v: 1, clocks: going(incident, at) }] : []
}

/** The run of a clock that goes on: a run of its own, so that timers of the one before are stale. What was warned of is not repeated. */
const goOn = <Run extends ClockRun>(run: Run, span: Shifted): Run => ({
  ...(span.from === run.startedAt && span.due === run.due ? run : moved(run, span)),
  run: run.run + 1,
  metAt: null,
})

const shift = (incident: Incident, clocks: readonly Shifted[]): Incident =>
  clocks.reduce<Incident>((now, each) => withRun(now, each.clock, (run) => goOn(run, each)), incident)

/** Deadlines that the resolution met, and that go on when it turns out to be none. What had run out by then stays as it is. */
const metByResolution = (incident: Incident, resolvedAt: Instant, at: Instant): Shifted[] =>
  Object.entries(incident.deadlines)
    .flatMap(([clock, run]): Due[] =>
      run.due !== null && run.metAt === resolvedAt && run.dropped === null && run.until !== 'reviewed' && run.until !== 'phase'
        ? [{ clock, run: { ...run, due: run.due } }]
        : [],
    )
    .map(({ clock, run }) =>
      run.breachedAt !== null || run.due <= resolvedAt ? { clock, from: run.startedAt, due: run.due } : shifted(clock, run, resolvedAt, at),
    )

/** The incident with its clocks going: what stands when it is resolved does not stand any more. */
export const unpaused = (incident: Incident, at: Instant): Incident =>
  incident.paused === null
    ? incident
    : { ...incident, paused: null, pauses: [...incident.pauses, { from: incident.paused.at, to: at, why: incident.paused.why }] }

/** What was due before the pause, and not said yet when it began: its timers came due while all stood, and were not heard. */
const owed = (before: Incident, after: Incident, seq: number, at: Instant): Job[] =>
  runningClocks(after)
    .filter(({ clock, run }) => run.run === runOf(before, clock)?.run && passed(clock, run, at) !== null)
    .map(({ clock, run }) => ({
      queue: 'timer',
      data: { incident: after.id, clock, run: run.run, at },
      once: `clock:${after.id}:${clock}:${run.run}:${seq}`,
      startAfter: at,
    }))

/** The step of the ladder that came due while the clocks stood was not taken: it is, after a whole pause of the ladder. */
const nextStep = ({ id, response, policy, escalation }: Incident, seq: number, at: Instant): Job[] => {
  if (!running(response) || response.breachedAt === null || policy.ladder[escalation + 1] === undefined) return []
  const next = addMinutes(at, policy.escalateEvery).toISOString()
  return [
    {
      queue: 'timer',
      data: { incident: id, escalation: escalation + 1, run: response.run, at: next },
      once: `escalation:${id}:${response.run}:${escalation + 1}:${seq}`,
      startAfter: next,
    },
  ]
}

/** How long the last pause was. */
const stood = ({ pauses }: Incident): string => {
  const last = pauses.at(-1)
  return last === undefined ? '' : ` after ${duration(between(last.from, last.to))}`
}

/** Whether so many minutes have gone since the clocks stood last: a timer that was set before counts on. */
export const settled = ({ pauses, policy }: Incident, at: Instant): boolean => {
  const last = pauses.at(-1)?.to
  return last === undefined || at >= addMinutes(last, policy.escalateEvery).toISOString()
}

/** When each of these is due now, at `at`. */
export const dues = (incident: Incident, clocks: readonly { readonly clock: ClockName; readonly due: Instant }[], at: Instant): Span[] =>
  clocks.flatMap(({ clock, due }): Span[] => [
    ` ${clockTitle(incident, clock)} ${due > at ? 'due' : 'overdue since'} `,
    { time: due, zone: incident.policy.calendar.zone },
    '.',
  ])

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
      if (incident.paused === null) return refuse('not_paused', {})
      return [{ type: 'resumed', v: 1, clocks: going(incident, at) }]
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
          clocks: metByResolution(incident, resolvedAt, at),
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
      const { resolve, mitigate } = incident.stamps
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
          reopenings: [
            ...incident.reopenings,
            {
              at,
              why: event.why,
              resolvedAt: resolve ?? at,
              resolution: incident.resolution ?? '',
              ...(mitigate === null ? {} : { mitigatedAt: mitigate }),
            },
          ],
        },
        event.clocks,
      )
    },
  },
  react: (before, { event, seq, at }, after) =>
    event.type === 'resumed' ? [...owed(before, after, seq, at), ...nextStep(after, seq, at)] : [],
  tell: {
    paused: ({ why }) => ({ kind: 'clock', text: `Paused the clocks: ${why}` }),
    resumed: (_, { events, seq }) => {
      const paused = events.findLast((recorded) => recorded.seq < seq && recorded.event.type === 'paused')
      const now = events.find((recorded) => recorded.seq === seq)
      const after = paused === undefined || now === undefined ? '' : ` after ${duration(between(paused.at, now.at))}`
      return { kind: 'clock', text: `Let the clocks run again${after}.` }
    },
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
    resumed: (incident, { clocks }, { seq, by, at }) => [
      line(`resumed:${seq}`, 'The clocks run again', [
        '▶ ',
        author(by),
        ` let the clocks run again${stood(incident)}.`,
        ...dues(incident, clocks, at),
      ]),
    ],
    reopened: (incident, { why, responseDue: due, updateDue: next, clocks }, { seq, by, at }) => [
      line(`reopened:${seq}`, `${incident.id} is open again`, [
        '🔁 ',
        author(by),
        ` opened it again: ${why}`,
        ...(due === null
          ? []
          : (['\nAcknowledge by ', { time: due, zone: incident.policy.calendar.zone }, ': ', { code: '/incident ack' }, '.'] as Span[])),
        ...dues(incident, [...(next === null ? [] : [{ clock: 'update', due: next }]), ...clocks], at),
        ...(incident.pullRequest === null
          ? []
          : ([
              '\n📄 The ',
              { link: incident.pullRequest, text: 'post-mortem' },
              ' says so, and is completed at the next resolution.',
            ] as Span[])),
      ]),
    ],
  },
}
