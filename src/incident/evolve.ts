/** Folds one recorded event into the incident. Total: whatever was once recorded can be replayed. */
import type { ClockName, Recorded } from './events.ts'
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

/** Ends the present run of a clock at `at` and starts the next, or none. */
const nextRun = (incident: Incident, clock: ClockName, at: Instant, next: { startedAt: Instant; due: Instant; target: Policy } | null): Incident => {
  const present = incident[clock]
  return {
    ...incident,
    [clock]: next === null ? (present === null ? null : { ...present, metAt: present.metAt ?? at }) : startRun((present?.run ?? 0) + 1, next.startedAt, next.due, next.target),
    pastRuns: next !== null && present !== null ? [...incident.pastRuns, { clock, run: { ...present, metAt: present.metAt ?? at } }] : incident.pastRuns,
  }
}

/** Stamps a step of S6 the first time that it is reached. */
const stamp = (incident: Incident, step: Step, at: Instant): Incident =>
  incident.stamps[step] === null ? { ...incident, stamps: { ...incident.stamps, [step]: at } } : incident

const withoutStep = (incident: Incident, surface: string, step: string) =>
  incident.failedSteps.filter((failed) => failed.surface !== surface || failed.step !== step)

const change = (incident: Incident, { event, at, occurredAt, by }: Recorded): Incident => {
  switch (event.type) {
    case 'declared':
      throw new Error(`${incident.id} was declared twice`)
    case 'channel-opened':
      return { ...incident, channel: { id: event.channel, name: event.name } }
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
    case 'acknowledged':
      return stamp(
        nextRun({ ...incident, status: incident.status === 'declared' ? 'acknowledged' : incident.status, lead: incident.lead ?? by }, 'response', occurredAt, null),
        'assess',
        occurredAt,
      )
    case 'severity-changed': {
      const changed = { ...incident, severity: event.policy.severity, policy: event.policy }
      const response = event.responseDue === null
        ? changed
        : nextRun(changed, 'response', at, { startedAt: event.responseFrom, due: event.responseDue, target: event.policy })
      const update = nextRun(response, 'update', at, event.updateDue === null ? null : { startedAt: at, due: event.updateDue, target: event.policy })
      return stamp({ ...update, escalation: event.responseDue === null ? update.escalation : -1 }, 'assess', occurredAt)
    }
    case 'updated': {
      const updated = nextRun(
        incident,
        'update',
        occurredAt,
        event.updateDue === null ? null : { startedAt: occurredAt, due: event.updateDue, target: incident.policy },
      )
      return stamp(updated, 'communicate', occurredAt)
    }
    case 'noted':
      return incident
    case 'mitigated':
      return stamp({ ...incident, status: 'mitigated' }, 'mitigate', occurredAt)
    case 'resolved': {
      const stopped = nextRun(nextRun(incident, 'response', occurredAt, null), 'update', occurredAt, null)
      return stamp({ ...stopped, status: 'resolved', resolution: event.summary }, 'resolve', occurredAt)
    }
    case 'reviewed':
      return stamp({ ...incident, status: 'reviewed' }, 'review', occurredAt)
    case 'clock-warned': {
      const run = incident[event.clock]
      return run === null || run.run !== event.run ? incident : { ...incident, [event.clock]: { ...run, warned: event.percent } }
    }
    case 'clock-breached': {
      const run = incident[event.clock]
      return run === null || run.run !== event.run ? incident : { ...incident, [event.clock]: { ...run, warned: 100, breachedAt: event.due } }
    }
    case 'escalated':
      return { ...incident, escalation: event.level }
    case 'checked':
      return { ...incident, checks: [...incident.checks, { phase: event.phase, at, results: event.results }] }
    case 'step-failed':
      return {
        ...incident,
        failedSteps: [...withoutStep(incident, event.surface, event.step), { surface: event.surface, step: event.step, reason: event.reason }],
      }
    case 'step-mended':
      return { ...incident, failedSteps: withoutStep(incident, event.surface, event.step) }
    case 'published':
      return event.where === 'pull-request' ? { ...incident, pullRequest: event.url } : incident
    default:
      return event satisfies never
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
    policy: event.policy,
    private: event.private,
    rule: event.rule,
    status: 'declared',
    declaredAt: at,
    declaredBy: by,
    stamps: { detect: event.detectedAt, assess: null, communicate: null, mitigate: null, resolve: null, review: null },
    lead: null,
    channel: null,
    lostChannels: [],
    response: event.responseDue === null ? null : startRun(1, at, event.responseDue, event.policy),
    update: event.updateDue === null ? null : startRun(1, at, event.updateDue, event.policy),
    pastRuns: [],
    escalation: -1,
    alerts: event.alert === null ? [] : [{ ...event.alert, endedAt: null }],
    checks: [],
    failedSteps: [],
    resolution: null,
    pullRequest: null,
    version: recorded.seq,
  }
}

/** The incident as all its events make it, or null when there are none. */
export const replay = (events: readonly Recorded[]): Incident | null => events.reduce<Incident | null>(evolve, null)
