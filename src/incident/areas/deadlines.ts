/** Promises besides the response and the updates (S3): customers told within 30 min, fixed within 24 h, reviewed within 24 h, and the
 *  phases of a disaster. Each is a clock of its own: it warns, breaches, pauses and stops as the others do. */
import { addMinutes } from 'date-fns/addMinutes'
import type { ClockRun, Incident } from '../incident.ts'
import { author, line } from '../message.ts'
import { nearest } from '../nearest.ts'
import { type FurtherClock, type Instant, type Policy, severities } from '../policy.ts'
import { refuse } from '../refusals.ts'
import { metRun, throughStands, upTo } from '../standing.ts'
import { optional, isRefusal } from '../written.ts'
import type { Area } from './area.ts'

/** What meets a deadline. */
export type Until = FurtherClock['until']

export type DeadlineEvent =
  | {
      readonly type: 'deadline-set'
      readonly v: 1
      /** Unlike `response` and `update`, which are the names of the other clocks. */
      readonly clock: string
      readonly title: string
      readonly from: Instant
      readonly due: Instant
      /** When it really began, where a standstill has moved `from`. */
      readonly began?: Instant
      readonly until: Until
    }
  | { readonly type: 'deadline-dropped'; readonly v: 1; readonly clock: string; readonly title: string; readonly why: string }
  | { readonly type: 'phase-done'; readonly v: 1; readonly phase: string; readonly title: string; readonly text: string | null }

export type DeadlineIntent = { readonly type: 'finish-phase'; readonly phase: string; readonly text: string | null }

/** `dropped`: why it is not due any more, if that is so. */
export type Deadline = ClockRun & { readonly title: string; readonly until: Until; readonly dropped: string | null }

export type DeadlineState = { readonly deadlines: Readonly<Record<string, Deadline>> }

export const noDeadlines: DeadlineState = { deadlines: {} }

const due = (clock: FurtherClock, from: Instant): Instant => addMinutes(from, clock.minutes).toISOString()

const set = (clock: FurtherClock, from: Instant): DeadlineEvent & { type: 'deadline-set' } => ({
  type: 'deadline-set',
  v: 1,
  clock: clock.key,
  title: clock.title,
  from,
  due: due(clock, from),
  until: clock.until,
})

/** The deadlines that begin with this: the declaration, the resolution, the end of a phase. */
export const beginning = (policy: Policy, begin: FurtherClock['from'], at: Instant): DeadlineEvent[] =>
  (policy.clocks ?? []).filter(({ from }) => from === begin).map((clock) => set(clock, at))

const unmet = (deadline: Deadline | undefined): deadline is Deadline => deadline !== undefined && deadline.metAt === null

/** What has been done already is not promised again. */
const isDone = ({ stamps }: Incident, { until }: FurtherClock): boolean =>
  (until === 'update' && stamps.communicate !== null) || (until === 'mitigated' && stamps.mitigate !== null)

const drop = (clock: string, { title }: Deadline, why: string): DeadlineEvent => ({ type: 'deadline-dropped', v: 1, clock, title, why })

/** What becomes of the deadlines when the severity changes. Those that a graver one brings count from now, when it became known, those
 *  that a lighter one brings from the declaration; none that was promised before is put off, and those that only the old severity
 *  knows are dropped. */
export const reclassified = (incident: Incident, policy: Policy, now: Instant): DeadlineEvent[] => {
  const clocks = policy.clocks ?? []
  const dropped = Object.entries(incident.deadlines)
    .filter(([key, deadline]) => unmet(deadline) && !clocks.some((clock) => clock.key === key) && byPolicy(incident, key))
    .map(([key, deadline]) => drop(key, deadline, `${policy.severity} does not promise it`))
  const start = severities.indexOf(policy.severity) < severities.indexOf(incident.severity) ? now : incident.declaredAt
  const changed = clocks.flatMap((clock): DeadlineEvent[] => {
    const present = incident.deadlines[clock.key]
    const known = present !== undefined && present.dropped === null
    if (clock.from !== 'declared' || isDone(incident, clock) || (known && !unmet(present))) return []
    const run = { run: 0, startedAt: start, due: due(clock, start), metAt: null, breachedAt: null, warned: 0, target: policy }
    const next = throughStands(incident, clock.key, run, start, now)
    const promised = known ? upTo(incident, clock.key, present, now).due : null
    if (promised !== null && promised <= next.due) return []
    const began = next.begunAt === undefined ? {} : { began: next.begunAt }
    return [{ ...set(clock, next.startedAt), due: next.due, ...began }]
  })
  return [...dropped, ...changed]
}

/** Whether a deadline comes from the severity, and not from a window of planned work. */
const byPolicy = (incident: Incident, key: string): boolean => (incident.policy.clocks ?? []).some((clock) => clock.key === key)

/** Those that wait for a review of what is open again. */
export const withoutReview = (incident: Incident): DeadlineEvent[] =>
  Object.entries(incident.deadlines)
    .filter(([, deadline]) => unmet(deadline) && deadline.until === 'reviewed')
    .map(([clock, deadline]) => drop(clock, deadline, 'it is open again'))

/** The deadlines that this meets are met. */
export const meetDeadlines = (incident: Incident, by: readonly Until[], at: Instant): Incident => ({
  ...incident,
  deadlines: Object.fromEntries(
    Object.entries(incident.deadlines).map(([key, deadline]) => [
      key,
      unmet(deadline) && by.includes(deadline.until) ? metRun(incident, key, deadline, at) : deadline,
    ]),
  ),
})

const ended = (incident: Incident, key: string, at: Instant, dropped: string | null = null): Incident => {
  const deadline = incident.deadlines[key]
  return deadline === undefined
    ? incident
    : { ...incident, deadlines: { ...incident.deadlines, [key]: { ...metRun(incident, key, deadline, at), dropped } } }
}

/** The phases of a disaster, in their order. */
export const phases = (incident: Incident): FurtherClock[] => (incident.policy.clocks ?? []).filter(({ until }) => until === 'phase')

export const deadlineArea: Area<DeadlineIntent, DeadlineEvent> = {
  whileOpen: [],
  decide: {
    'finish-phase': (incident, { phase, text }, { at }) => {
      const known = phases(incident)
      const meant = known.find(({ key, title }) => [key, title.toLowerCase()].includes(phase.toLowerCase()))
      if (meant === undefined) {
        const keys = known.map(({ key }) => key)
        return known.length === 0
          ? refuse('no_phases', { id: incident.id, kind: incident.kind })
          : refuse('unknown_phase', { word: phase, nearest: nearest(phase, keys), known: keys.join(', ') })
      }
      const run = incident.deadlines[meant.key]
      if (run === undefined) return refuse('phase_not_begun', { phase: meant.title })
      if (run.metAt !== null) return refuse('phase_is_done', { phase: meant.title, at: run.metAt })
      const said = optional('phase', text)
      if (isRefusal(said)) return said
      return [
        { type: 'phase-done', v: 1, phase: meant.key, title: meant.title, text: said },
        ...beginning(incident.policy, `phase:${meant.key}`, at),
      ]
    },
  },
  evolve: {
    'deadline-set': (incident, { clock, title, from, due: end, began, until }, { at }) => {
      const present = incident.deadlines[clock]
      return {
        ...incident,
        pastRuns: present === undefined ? incident.pastRuns : [...incident.pastRuns, { clock, run: metRun(incident, clock, present, at) }],
        deadlines: {
          ...incident.deadlines,
          [clock]: {
            run: (present?.run ?? 0) + 1,
            startedAt: from,
            due: end,
            metAt: null,
            breachedAt: null,
            warned: 0,
            target: incident.policy,
            title,
            until,
            dropped: null,
            ...(began === undefined ? {} : { begunAt: began }),
            ...(incident.paused === null ? {} : { standsFrom: at }),
          },
        },
      }
    },
    'deadline-dropped': (incident, { clock, why }, { at }) => ended(incident, clock, at, why),
    'phase-done': (incident, { phase }, { occurredAt }) => ended(incident, phase, occurredAt),
  },
  tell: {
    'deadline-set': () => null,
    'deadline-dropped': ({ title, why }) => ({ kind: 'clock', text: `${title} is not due any more: ${why}.` }),
    'phase-done': ({ title, text }) => ({ kind: 'phase', text: `Finished ${title}${text === null ? '.' : `: ${text}`}` }),
  },
  posts: {
    // A window says itself when it ends.
    'deadline-set': (incident, { clock, title, due: end }, { seq }) =>
      clock === 'window'
        ? []
        : [
            line(`deadline:${clock}:${seq}`, `${title} due`, [
              '⏱ ',
              { bold: title },
              ' due ',
              { time: end, zone: incident.policy.calendar.zone },
              '.',
            ]),
          ],
    'deadline-dropped': () => [],
    'phase-done': (_, { phase, title, text }, { by }) => [
      line(`phase:${phase}`, `${title} is done`, ['🏁 ', author(by), ` finished ${title}`, text === null ? '.' : `: ${text}`]),
    ],
  },
}
