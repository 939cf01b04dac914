/** Decides what a command makes happen. Pure: the time, the ids and the policy come in with the command. */
import { passed, responseDue, responseFrom, running, updateDue } from './clocks.ts'
import type { Command, Decision } from './commands.ts'
import type { Event } from './events.ts'
import type { Incident } from './incident.ts'
import { refuse } from './refusals.ts'
import { keep, keepLine } from './text.ts'

/** The longest text that an event keeps, in characters: what fits into one Slack message with room for its frame. */
export const longest = { title: 500, text: 3000 } as const

const resolved = (incident: Incident) => incident.stamps.resolve !== null

/** How an author is named in a refusal. */
const nameOf = (incident: Incident) => (incident.lead?.kind === 'person' ? incident.lead.name : 'somebody')

const declare = (command: Command & { intent: { type: 'declare' } }): Decision => {
  const { intent, at } = command
  const title = keepLine(intent.title)
  if (title === '') return { refused: refuse('missing', { what: 'The title', example: '/incident new P1 Payments fail' }) }
  const length = [...title].length
  if (length > longest.title) return { refused: refuse('too_long', { what: 'The title', length, most: longest.title }) }
  const clocked = intent.kind === 'incident' || intent.kind === 'drill' || intent.kind === 'disaster'
  const detectedAt = intent.alert !== null && intent.alert.startsAt < at ? intent.alert.startsAt : at
  const opened: Event = {
    type: 'declared',
    v: 1,
    id: intent.id,
    number: intent.number,
    kind: intent.kind,
    product: intent.product,
    title,
    summary: intent.summary === null ? null : keep(intent.summary),
    policy: intent.policy,
    detectedAt,
    private: intent.private,
    rule: intent.rule,
    alert: intent.alert,
    responseDue: clocked ? responseDue(intent.policy, at) : null,
    updateDue: clocked ? updateDue(intent.policy, at) : null,
  }
  const first = intent.policy.ladder[0]
  const page: Event[] = clocked && intent.policy.page && first !== undefined ? [{ type: 'escalated', v: 1, run: 1, level: 0, to: first, why: 'page' }] : []
  return { events: [opened, ...page], occurredAt: at }
}

/** The next step of the ladder, or nothing when all have been mentioned. */
const escalate = (incident: Incident, why: 'breach' | 'silence'): Event[] => {
  const level = incident.escalation + 1
  const to = incident.policy.ladder[level]
  return to === undefined || incident.response === null ? [] : [{ type: 'escalated', v: 1, run: incident.response.run, level, to, why }]
}

const clockDue = (incident: Incident, { intent, at }: Command & { intent: { type: 'clock-due' } }): Event[] => {
  const run = incident[intent.clock]
  // A timer is never cancelled: one that was set for an earlier run, or for a clock that is met, is simply stale (faults 46).
  if (!running(run) || run.run !== intent.run || resolved(incident)) return []
  const threshold = passed(intent.clock, run, at)
  if (threshold === null) return []
  if (threshold.percent < 100) return [{ type: 'clock-warned', v: 1, clock: intent.clock, run: run.run, percent: threshold.percent, due: run.due }]
  const breach: Event = { type: 'clock-breached', v: 1, clock: intent.clock, run: run.run, due: run.due }
  return intent.clock === 'response' ? [breach, ...escalate(incident, 'breach')] : [breach]
}

const happen = (incident: Incident, command: Command): Event[] | ReturnType<typeof refuse> => {
  const { intent, at } = command
  switch (intent.type) {
    case 'declare':
      return refuse('already_declared', { id: incident.id, channel: incident.channel?.id ?? null })
    case 'channel-opened':
      return incident.channel === null ? [{ type: 'channel-opened', v: 1, channel: intent.channel, name: intent.name }] : []
    case 'channel-lost':
      return incident.channel?.id === intent.channel ? [{ type: 'channel-lost', v: 1, channel: intent.channel, why: intent.why }] : []
    case 'join-alert': {
      const known = incident.alerts.some(
        (alert) => alert.source === intent.alert.source && alert.fingerprint === intent.alert.fingerprint && alert.startsAt === intent.alert.startsAt,
      )
      return known ? [] : [{ type: 'alert-joined', v: 1, alert: intent.alert }]
    }
    case 'resolve-alert': {
      const open = incident.alerts.some(
        (alert) =>
          alert.source === intent.source && alert.fingerprint === intent.fingerprint && alert.startsAt === intent.startsAt && alert.endedAt === null,
      )
      return open ? [{ type: 'alert-resolved', v: 1, source: intent.source, fingerprint: intent.fingerprint, startsAt: intent.startsAt, endsAt: intent.endsAt }] : []
    }
    case 'acknowledge':
      if (incident.kind === 'change' || incident.kind === 'maintenance') return refuse('no_response_clock', { kind: incident.kind })
      if (resolved(incident)) return refuse('already_resolved', { at: incident.stamps.resolve ?? at })
      if (incident.status !== 'declared') return refuse('already_acknowledged', { by: nameOf(incident), at: incident.response?.metAt ?? incident.stamps.assess ?? at })
      return [{ type: 'acknowledged', v: 1 }]
    case 'change-severity': {
      if (resolved(incident)) return refuse('already_resolved', { at: incident.stamps.resolve ?? at })
      if (intent.policy.severity === incident.severity) return refuse('same_severity', { severity: incident.severity })
      const waiting = incident.status === 'declared' && incident.kind !== 'change' && incident.kind !== 'maintenance'
      const from = responseFrom(incident, intent.policy, at)
      const changed: Event = {
        type: 'severity-changed',
        v: 1,
        from: incident.severity,
        policy: intent.policy,
        why: intent.why === null ? null : keep(intent.why),
        responseFrom: from,
        responseDue: waiting ? responseDue(intent.policy, from) : null,
        updateDue: incident.update === null && !waiting ? null : updateDue(intent.policy, at),
      }
      const first = intent.policy.ladder[0]
      const page: Event[] =
        waiting && intent.policy.page && first !== undefined
          ? [{ type: 'escalated', v: 1, run: (incident.response?.run ?? 0) + 1, level: 0, to: first, why: 'page' }]
          : []
      return [changed, ...page]
    }
    case 'update':
      if (resolved(incident)) return refuse('already_resolved', { at: incident.stamps.resolve ?? at })
      return [{ type: 'updated', v: 1, text: keep(intent.text), updateDue: updateDue(incident.policy, at, intent.nextMinutes) }]
    case 'note':
      return [{ type: 'noted', v: 1, text: keep(intent.text) }]
    case 'mitigate':
      if (resolved(incident)) return refuse('already_resolved', { at: incident.stamps.resolve ?? at })
      if (incident.stamps.mitigate !== null) return refuse('already_mitigated', { at: incident.stamps.mitigate })
      return [{ type: 'mitigated', v: 1, text: intent.text === null ? null : keep(intent.text) }]
    case 'resolve':
      if (resolved(incident)) return refuse('already_resolved', { at: incident.stamps.resolve ?? at })
      return [{ type: 'resolved', v: 1, summary: keep(intent.summary) }]
    case 'review':
      if (incident.stamps.review !== null) return refuse('already_reviewed', { at: incident.stamps.review })
      return resolved(incident) ? [{ type: 'reviewed', v: 1 }] : refuse('not_resolved', { id: incident.id })
    case 'clock-due':
      return clockDue(incident, command as Command & { intent: { type: 'clock-due' } })
    case 'escalation-due': {
      const waiting = running(incident.response) && incident.response.run === intent.run && incident.response.breachedAt !== null
      return waiting && incident.escalation + 1 === intent.level && !resolved(incident) ? escalate(incident, 'silence') : []
    }
    case 'record-checks':
      return [{ type: 'checked', v: 1, phase: intent.phase, results: intent.results }]
    case 'step-failed': {
      const known = incident.failedSteps.some((failed) => failed.surface === intent.surface && failed.step === intent.step && failed.reason === intent.reason)
      return known ? [] : [{ type: 'step-failed', v: 1, surface: intent.surface, step: intent.step, reason: keepLine(intent.reason) }]
    }
    case 'step-mended': {
      const known = incident.failedSteps.some((failed) => failed.surface === intent.surface && failed.step === intent.step)
      return known ? [{ type: 'step-mended', v: 1, surface: intent.surface, step: intent.step }] : []
    }
    case 'published':
      return intent.where === 'pull-request' && incident.pullRequest === intent.url
        ? []
        : [{ type: 'published', v: 1, where: intent.where, url: intent.url, head: intent.head }]
    default:
      return intent satisfies never
  }
}

/** Texts that a person wrote, and what they are called. */
const written = (intent: Command['intent']): { what: string; text: string; example: string } | null => {
  switch (intent.type) {
    case 'update':
      return { what: 'The update', text: intent.text, example: '/incident update Rolled back, watching' }
    case 'note':
      return { what: 'The note', text: intent.text, example: '/incident note Restarted the worker at 14:05' }
    case 'resolve':
      return { what: 'The summary', text: intent.summary, example: '/incident resolve Rolled back to v141' }
    default:
      return null
  }
}

/** Events, or a refusal. `incident` is null only for `declare`. An empty list of events means that nothing is new: a stale
 *  timer, a repeated result. */
export const decide = (incident: Incident | null, command: Command): Decision => {
  if (incident === null) {
    if (command.intent.type === 'declare') return declare(command as Command & { intent: { type: 'declare' } })
    throw new Error(`${command.intent.type} needs an incident`)
  }
  const text = written(command.intent)
  if (text !== null) {
    const length = [...keep(text.text)].length
    if (length === 0) return { refused: refuse('missing', { what: text.what, example: text.example }) }
    if (length > longest.text) return { refused: refuse('too_long', { what: text.what, length, most: longest.text }) }
  }
  const occurredAt = command.occurredAt ?? command.at
  if (occurredAt > command.at) return { refused: refuse('in_future', { at: occurredAt }) }
  const start = incident.stamps.detect ?? incident.declaredAt
  if (occurredAt < start) return { refused: refuse('before_start', { at: occurredAt, start }) }
  const outcome = happen(incident, command)
  return Array.isArray(outcome) ? { events: outcome, occurredAt } : { refused: outcome }
}
