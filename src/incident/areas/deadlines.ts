/** Promises besides the response and the updates (S3): customers told within 30 min, fixed within 24 h, reviewed within 24 h, and the
 *  phases of a disaster. Each is a clock of its own: it warns, breaches, pauses and stops as the others do. */
import { addMinutes } from 'date-fns/addMinutes'
import type { ClockRun, Incident } from '../incident.ts'
import { author, line } from '../message.ts'
import type { FurtherClock, Instant, Policy } from '../policy.ts'
import { refuse } from '../refusals.ts'
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
      readonly until: Until
    }
  | { readonly type: 'deadline-dropped'; readonly v: 1; readonly clock: string; readonly title: string; readonly why: string }
  | { readonly type: 'phase-done'; readonly v: 1; readonly phase: string; readonly title: string; readonly text: string | null }

export type DeadlineIntent = { readonly type: 'finish-phase'; readonly phase: string; readonly text: string | null }

export type Deadline = ClockRun & { readonly title: string; readonly until: Until }

export type DeadlineState = { readonly deadlines: Readonly<Record<string, Deadline>> }

export const noDeadlines: DeadlineState = { deadlines: {} }

const due = (clock: FurtherClock, from: Instant): Instant => addMinutes(from, clock.minutes).toISOString()

const set = (clock: FurtherClock, from: Instant): DeadlineEvent => ({
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

/** What becomes of the deadlines when the severity changes: those of the new one count from the declaration, and none that was
 *  promised before is put off; those that only the old one knows are dropped. */
export const reclassified = (incident: Incident, policy: Policy): DeadlineEvent[] => {
  const wanted = (policy.clocks ?? []).filter(({ from }) => from === 'declared')
  const dropped = Object.entries(incident.deadlines)
    .filter(([key, deadline]) => unmet(deadline) && !(policy.clocks ?? []).some((clock) => clock.key === key))
    .map(([key, { title }]): DeadlineEvent => ({
      type: 'deadline-dropped',
      v: 1,
      clock: key,
      title,
      why: `${policy.severity} does not promise it`,
    }))
  const changed = wanted.flatMap((clock): DeadlineEvent[] => {
    const present = incident.deadlines[clock.key]
    const next = set(clock, incident.declaredAt)
    if (present === undefined) return [next]
    const sooner = present.due === null || next.type !== 'deadline-set' || next.due < present.due
    return unmet(present) && sooner ? [next] : []
  })
  return [...dropped, ...changed]
}

/** Those that wait for a review of what is open again. */
export const withoutReview = (incident: Incident): DeadlineEvent[] =>
  Object.entries(incident.deadlines)
    .filter(([, deadline]) => unmet(deadline) && deadline.until === 'reviewed')
    .map(([clock, { title }]) => ({ type: 'deadline-dropped', v: 1, clock, title, why: 'it is open again' }))

/** The deadlines that this meets are met. */
export const meetDeadlines = (incident: Incident, by: readonly Until[], at: Instant): Incident => ({
  ...incident,
  deadlines: Object.fromEntries(
    Object.entries(incident.deadlines).map(([key, deadline]) => [
      key,
      unmet(deadline) && by.includes(deadline.until) ? { ...deadline, metAt: at } : deadline,
    ]),
  ),
})

const ended = (incident: Incident, key: string, at: Instant): Incident => {
  const deadline = incident.deadlines[key]
  return deadline === undefined
    ? incident
    : { ...incident, deadlines: { ...incident.deadlines, [key]: { ...deadline, metAt: deadline.metAt ?? at } } }
}

const phases = (incident: Incident) => (incident.policy.clocks ?? []).filter(({ until }) => until === 'phase')

export const deadlineArea: Area<DeadlineIntent, DeadlineEvent> = {
  whileOpen: [],
  decide: {
    'finish-phase': (incident, { phase, text }, { at }) => {
      const known = phases(incident)
      const meant = known.find(({ key, title }) => [key, title.toLowerCase()].includes(phase.toLowerCase()))
      if (meant === undefined)
        return known.length === 0
          ? refuse('no_phases', { id: incident.id, kind: incident.kind })
          : refuse('unknown_phase', { word: phase, known: known.map(({ key }) => key).join(', ') })
      const run = incident.deadlines[meant.key]
      if (run === undefined) return refuse('phase_not_begun', { phase: meant.title })
      if (run.metAt !== null) return refuse('phase_is_done', { phase: meant.title, at: run.metAt })
      return [
        { type: 'phase-done', v: 1, phase: meant.key, title: meant.title, text },
        ...beginning(incident.policy, `phase:${meant.key}`, at),
      ]
    },
  },
  evolve: {
    'deadline-set': (incident, { clock, title, from, due: end, until }, { at }) => {
      const present = incident.deadlines[clock]
      return {
        ...incident,
        pastRuns:
          present === undefined ? incident.pastRuns : [...incident.pastRuns, { clock, run: { ...present, metAt: present.metAt ?? at } }],
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
          },
        },
      }
    },
    'deadline-dropped': (incident, { clock }, { at }) => ended(incident, clock, at),
    'phase-done': (incident, { phase }, { occurredAt }) => ended(incident, phase, occurredAt),
  },
  tell: {
    'deadline-set': () => null,
    'deadline-dropped': ({ title, why }) => ({ kind: 'clock', text: `${title} is not due any more: ${why}.` }),
    'phase-done': ({ title, text }) => ({ kind: 'phase', text: `Finished ${title}${text === null ? '.' : `: ${text}`}` }),
  },
  posts: {
    'deadline-set': (incident, { clock, title, due: end }, { seq }) => [
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
