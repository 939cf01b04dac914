/** Folds one recorded event into the incident. Total: whatever was once recorded can be replayed. */
import { evolveArea, isAreaEvent } from './areas.ts'
import { noChannel } from './areas/channel.ts'
import { noChecklist } from './areas/checklist.ts'
import { type AskedCheck, noChecks, withRun as withChecks } from './areas/checking.ts'
import { meetDeadlines, noDeadlines } from './areas/deadlines.ts'
import { noHypotheses } from './areas/hypotheses.ts'
import { noMerges } from './areas/merging.ts'
import { noMessages } from './areas/messages.ts'
import { noPaging, withCall } from './areas/paging.ts'
import { noPauses, unpaused } from './areas/pausing.ts'
import { noRoles } from './areas/roles.ts'
import { noRunbooks } from './areas/runbooks.ts'
import { noSnooze } from './areas/snoozing.ts'
import { noTodos } from './areas/todos.ts'
import { neverUnanswered } from './areas/unanswered.ts'
import { noActions } from './areas/acting.ts'
import { noWatches } from './areas/watching.ts'
import { noWindow } from './areas/window.ts'
import type { CheckResult } from './check.ts'
import { clocked, running, withRun } from './clocks.ts'
import { metRun } from './standing.ts'
import type { Recorded } from './events.ts'
import type { ClockRun, Incident, Step } from './incident.ts'
import type { Instant, Policy } from './policy.ts'

const startRun = (run: number, startedAt: Instant, due: Instant | null, target: Policy): ClockRun => ({
  run,
  startedAt,
  due,
  metAt: null,
  breachedAt: null,
  warned: 0,
  target,
})

/** The present run of a clock is met: it stops. */
const meet = (incident: Incident, clock: 'response' | 'update', at: Instant): Incident => {
  const present = incident[clock]
  return present === null ? incident : { ...incident, [clock]: metRun(incident, clock, present, at) }
}

/** The next run of a clock takes the place of the present one, which is over at `at`. Runs are numbered without end, also those
 *  without `due`: a timer of an earlier run must never be taken for one of a later. */
const startNext = (incident: Incident, clock: 'response' | 'update', at: Instant, startedAt: Instant, due: Instant | null): Incident => {
  const present = incident[clock]
  return {
    ...incident,
    [clock]: startRun((present?.run ?? 0) + 1, startedAt, due, incident.policy),
    pastRuns: present === null ? incident.pastRuns : [...incident.pastRuns, { clock, run: metRun(incident, clock, present, at) }],
  }
}

/** A run that began with time counted before, as it stands when all stand. */
const asItStood = (incident: Incident, run: ClockRun | null, began: Instant | undefined, at: Instant): ClockRun | null =>
  run === null
    ? null
    : { ...run, ...(began === undefined ? {} : { begunAt: began }), ...(incident.paused === null ? {} : { standsFrom: at }) }

/** Stamps a step of S6 the first time that it is reached. */
const stamp = (incident: Incident, step: Step, at: Instant): Incident =>
  incident.stamps[step] === null ? { ...incident, stamps: { ...incident.stamps, [step]: at } } : incident

const withoutStep = (incident: Incident, surface: string, step: string) =>
  incident.failedSteps.filter((failed) => failed.surface !== surface || failed.step !== step)

const askedOf = ({ check, kind, title }: CheckResult): AskedCheck => ({ check, kind, title })

const change = (incident: Incident, recorded: Recorded): Incident => {
  const { event, seq, at, occurredAt, by } = recorded
  if (isAreaEvent(event)) return evolveArea(incident, event, recorded)
  switch (event.type) {
    case 'declared':
      throw new Error(`${incident.id} was declared twice`)
    case 'channel-opened':
      return { ...incident, channel: { id: event.channel, name: event.name }, outside: false }
    case 'channel-lost':
      return incident.channel?.id === event.channel
        ? { ...incident, channel: null, lostChannels: [...incident.lostChannels, event.channel] }
        : incident
    case 'alert-joined':
      return { ...incident, alerts: [...incident.alerts, { ...event.alert, endedAt: null }] }
    case 'alert-resolved':
      return {
        ...incident,
        alerts: incident.alerts.map((alert) =>
          alert.source === event.source && alert.fingerprint === event.fingerprint && alert.startsAt === event.startsAt
            ? { ...alert, endedAt: event.endsAt }
            : alert,
        ),
      }
    case 'acknowledged': {
      const met = meet(incident, 'response', occurredAt)
      const status = incident.status === 'declared' ? 'acknowledged' : incident.status
      return stamp({ ...met, status, acknowledged: { at: occurredAt, by }, lead: incident.lead ?? by }, 'assess', occurredAt)
    }
    case 'severity-changed': {
      const changed = { ...incident, severity: event.policy.severity, severitySince: at, policy: event.policy }
      // A clock that is met stays met; one that is not starts anew, or stands when the new severity has none.
      const respond = incident.response !== null && incident.response.metAt === null
      const next = respond ? startNext(changed, 'response', at, event.responseFrom, event.responseDue) : changed
      const response = respond ? { ...next, response: asItStood(incident, next.response, event.responseBegan, at), escalation: -1 } : next
      const report = event.updateDue !== null || (clocked(incident.kind) && running(incident.update))
      if (!report) return stamp(response, 'assess', occurredAt)
      const { updateFrom: since, updateBegan } = event
      const asked = startNext(response, 'update', at, since ?? at, event.updateDue)
      // One that starts now stands since now by itself.
      const update = since === undefined ? asked.update : asItStood(incident, asked.update, updateBegan, at)
      return stamp({ ...asked, update }, 'assess', occurredAt)
    }
    case 'updated': {
      const lastUpdate = { text: event.text, by, at, occurredAt, ...(event.promised === true ? { promised: true as const } : {}) }
      const said = { ...incident, lastUpdate }
      const met = meetDeadlines(meet(said, 'update', occurredAt), ['update'], occurredAt)
      return stamp(
        event.updateDue === null ? met : startNext(met, 'update', occurredAt, occurredAt, event.updateDue),
        'communicate',
        occurredAt,
      )
    }
    case 'noted':
      return { ...incident, lastNote: { text: event.text, by, at, occurredAt } }
    // Who mitigates or resolves has responded: nobody needs to be paged any more.
    case 'mitigated':
      return stamp(
        { ...meetDeadlines(meet(incident, 'response', occurredAt), ['mitigated'], occurredAt), status: 'mitigated' },
        'mitigate',
        occurredAt,
      )
    case 'resolved': {
      const clocks = meet(meet(incident, 'response', occurredAt), 'update', occurredAt)
      const stopped = meetDeadlines(clocks, ['update', 'mitigated', 'resolved'], occurredAt)
      // Last: what stood until now was not late.
      return stamp({ ...unpaused(stopped, at), status: 'resolved', resolution: event.summary }, 'resolve', occurredAt)
    }
    case 'reviewed':
      return stamp({ ...meetDeadlines(incident, ['reviewed'], occurredAt), status: 'reviewed' }, 'review', occurredAt)
    case 'clock-warned':
      return withRun(incident, event.clock, (run) => (run.run === event.run ? { ...run, warned: event.percent } : run))
    case 'clock-breached':
      return withRun(incident, event.clock, (run) => (run.run === event.run ? { ...run, warned: 100, breachedAt: event.due } : run))
    case 'escalated':
      return withCall({ ...incident, escalation: event.level }, event.to, at, false)
    case 'checked':
      return withChecks(incident, { phase: event.phase, at, asked: event.results.map(askedOf), results: event.results })
    case 'step-failed':
      return {
        ...incident,
        failedSteps: [
          ...withoutStep(incident, event.surface, event.step),
          { surface: event.surface, step: event.step, reason: event.reason },
        ],
      }
    case 'step-mended':
      return { ...incident, failedSteps: withoutStep(incident, event.surface, event.step) }
    case 'published':
      return event.where === 'pull-request' ? { ...incident, pullRequest: event.url } : incident
    default:
      event satisfies never
      throw new Error(`event ${seq} of ${incident.id} is of a type that this version does not know`)
  }
}

/** The incident after `recorded`. The first event must be `declared`; throws when the stream does not start or repeat properly. */
export const evolve = (incident: Incident | null, recorded: Recorded): Incident => {
  if (incident !== null) return { ...change(incident, recorded), version: recorded.seq }
  const { event, at, by } = recorded
  if (event.type !== 'declared') throw new Error(`${recorded.incident} starts with ${event.type} instead of declared`)
  return {
    id: event.id,
    number: event.number,
    kind: event.kind,
    product: event.product,
    title: event.title,
    summary: event.summary,
    severity: event.policy.severity,
    severitySince: at,
    policy: event.policy,
    private: event.private,
    rule: event.rule,
    status: 'declared',
    declaredAt: at,
    declaredBy: by,
    stamps: { detect: event.detectedAt, assess: null, communicate: null, mitigate: null, resolve: null, review: null },
    acknowledged: null,
    channel: null,
    lostChannels: [],
    response: clocked(event.kind) ? startRun(1, at, event.responseDue, event.policy) : null,
    update: event.updateDue === null ? null : startRun(1, at, event.updateDue, event.policy),
    pastRuns: [],
    escalation: -1,
    alerts: event.alert === null ? [] : [{ ...event.alert, endedAt: null }],
    failedSteps: [],
    lastUpdate: null,
    lastNote: null,
    resolution: null,
    pullRequest: null,
    ...noChannel,
    ...noChecklist,
    ...noChecks,
    ...noDeadlines,
    ...noHypotheses,
    ...noMerges,
    ...noMessages,
    ...noPaging,
    ...noPauses,
    ...noRoles,
    ...noRunbooks,
    ...(event.runbooks === undefined ? {} : { runbooks: event.runbooks }),
    ...noSnooze,
    ...noTodos,
    ...neverUnanswered,
    ...noActions,
    ...noWatches,
    ...noWindow,
    // Planned work is led by whoever plans it.
    ...(clocked(event.kind) || by.kind !== 'person' ? {} : { lead: by }),
    version: recorded.seq,
  }
}

/** The incident as all its events make it, or null when there are none. */
export const replay = (events: readonly Recorded[]): Incident | null => events.reduce<Incident | null>(evolve, null)
