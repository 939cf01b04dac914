/** Decides what a command makes happen. Pure: the time, the ids and the policy come in with the command. */
import { clocked, isGraver, passed, responseAfter, responseDue, running, runOf, updateAfter, updateDue } from './clocks.ts'
import { decideArea, isAreaIntent, whileOpen as areasWhileOpen } from './areas.ts'
import { actionsEnd, runningLeft } from './areas/acting.ts'
import { takesBack } from './acting/decide.ts'
import { beginning, reclassified } from './areas/deadlines.ts'
import { resumedByResolution, settled } from './areas/pausing.ts'
import { held } from './areas/snoozing.ts'
import { watchesEnd } from './areas/watching.ts'
import { opensWindow } from './areas/window.ts'
import type { Command, CoreIntent, Decision } from './commands.ts'
import type { Actor, AlertRef, Event } from './events.ts'
import { policyAfter, policyOf } from './kinds.ts'
import { firstPaged } from './ladder.ts'
import type { Incident, Said } from './incident.ts'
import type { Instant } from './policy.ts'
import { type Refusal, refuse } from './refusals.ts'
import { isBlank, keepAlert, keepLine, shorten } from './text.ts'
import { isRefusal, optional, texts, written } from './written.ts'

/** The longest reason that a machine gives; unlike a person it is not asked to shorten it. */
const longestReason = 500

/** The same words by the same person are the same post for this long (faults 2). */
const sameWordsMs = 10 * 60_000

const sameAlert =
  (a: Pick<AlertRef, 'source' | 'fingerprint' | 'startsAt'>) => (b: Pick<AlertRef, 'source' | 'fingerprint' | 'startsAt'>) =>
    a.source === b.source && a.fingerprint === b.fingerprint && a.startsAt === b.startsAt

/** An alert is never turned away because of its words: something always stands for its title. */
const titleOf = (title: string, alert: AlertRef | null): string | Refusal => {
  if (alert === null) return written('title', title)
  const words = [title, alert.rule].map(keepLine).find((text) => !isBlank(text))
  return shorten(words ?? 'An alert without a name', texts.title.most)
}

const declare = ({ intent, at }: Command & { intent: { type: 'declare' } }): Decision => {
  const title = titleOf(intent.title, intent.alert)
  const summary = optional('description', intent.summary)
  if (isRefusal(title)) return { refused: title }
  if (isRefusal(summary)) return { refused: summary }
  const { id, number, kind, product, rule } = intent
  const policy = policyOf(kind, intent.policy)
  const alert = intent.alert === null ? null : keepAlert(intent.alert)
  const clocks = clocked(kind)
    ? { responseDue: responseDue(policy, at), updateDue: updateDue(policy, at) }
    : { responseDue: null, updateDue: null }
  const detectedAt = alert !== null && alert.startsAt < at ? alert.startsAt : at
  const opened: Event = {
    type: 'declared',
    v: 1,
    id,
    number,
    kind,
    product,
    title,
    summary,
    policy,
    detectedAt,
    private: intent.private,
    rule,
    alert,
    ...clocks,
    ...(intent.runbooks === undefined || intent.runbooks.length === 0 ? {} : { runbooks: intent.runbooks }),
    ...(intent.guessed === undefined ? {} : { guessed: intent.guessed }),
  }
  const first = firstPaged(policy)
  const page: Event[] = clocked(kind) && first !== null ? [{ type: 'escalated', v: 1, run: 1, ...first, why: 'page' }] : []
  const window = intent.window === undefined ? [] : opensWindow(intent.window)
  return { events: [opened, ...page, ...window, ...beginning(policy, 'declared', at)], occurredAt: at }
}

/** The next step of the ladder, or nothing when all have been mentioned. */
const escalate = (incident: Incident, why: 'breach' | 'silence'): Event[] => {
  const level = incident.escalation + 1
  const to = incident.policy.ladder[level]
  return to === undefined || incident.response === null ? [] : [{ type: 'escalated', v: 1, run: incident.response.run, level, to, why }]
}

const clockDue = (incident: Incident, intent: CoreIntent & { type: 'clock-due' }, at: Instant): Event[] => {
  const run = runOf(incident, intent.clock)
  // A timer is never cancelled: one that was set for an earlier run, or for a clock that is met, is simply stale (faults 46).
  if (!running(run) || run.run !== intent.run || incident.paused !== null) return []
  const threshold = passed(intent.clock, run, at)
  if (threshold === null) return []
  // Who asked to be reminded later is; the breach is recorded all the same.
  if (threshold.percent < 100 && intent.clock === 'update' && held(incident, run.run, threshold.at)) return []
  if (threshold.percent < 100)
    return [{ type: 'clock-warned', v: 1, clock: intent.clock, run: run.run, percent: threshold.percent, due: run.due }]
  const title = incident.deadlines[intent.clock]?.title
  const breach: Event = {
    type: 'clock-breached',
    v: 1,
    clock: intent.clock,
    run: run.run,
    due: run.due,
    ...(title === undefined ? {} : { title }),
  }
  return intent.clock === 'response' ? [breach, ...escalate(incident, 'breach')] : [breach]
}

const changeSeverity = (
  incident: Incident,
  { policy: wanted, why }: CoreIntent & { type: 'change-severity' },
  at: Instant,
): readonly Event[] | Refusal => {
  const policy = policyAfter(incident, wanted)
  if (policy.severity === incident.severity) return refuse('same_severity', { severity: incident.severity })
  const reason = optional('why', why)
  if (isRefusal(reason)) return reason
  const waiting = incident.status === 'declared' && clocked(incident.kind)
  const { from, due, began } = responseAfter(incident, policy, at)
  const next = clocked(incident.kind) ? updateAfter(incident, policy, at) : null
  const changed: Event = {
    type: 'severity-changed',
    v: 1,
    from: incident.severity,
    policy,
    why: reason,
    responseFrom: from,
    responseDue: waiting ? due : null,
    ...(waiting && began !== undefined ? { responseBegan: began } : {}),
    updateDue: next?.due ?? null,
    ...(next === null || next.due === null || next.from === at ? {} : { updateFrom: next.from }),
    ...(next?.began === undefined ? {} : { updateBegan: next.began }),
  }
  const deadlines = reclassified(incident, policy, at)
  const first = firstPaged(policy)
  // A lighter severity pages nobody again.
  if (!waiting || first === null || !isGraver(policy.severity, incident.severity)) return [changed, ...deadlines]
  return [changed, ...deadlines, { type: 'escalated', v: 1, run: (incident.response?.run ?? 0) + 1, ...first, why: 'page' }]
}

/** Whether the same person has just posted these words. */
const repeated = (last: Said | null, text: string, by: Actor, at: Instant): last is Said =>
  last !== null &&
  last.text === text &&
  by.kind === 'person' &&
  last.by.kind === 'person' &&
  last.by.id === by.id &&
  Date.parse(at) - Date.parse(last.at) < sameWordsMs

/** What only an open record can have done to it. */
const whileOpen: ReadonlySet<string> = new Set(['acknowledge', 'change-severity', 'update', 'mitigate', 'resolve', ...areasWhileOpen])

/** What people may still do to a record that was merged: correct what was kept of their own words, end what runs in it, and
 *  take back what ran. */
const whenMerged: ReadonlySet<string> = new Set([
  'tick-action',
  'abandon-action',
  'edit-message',
  'delete-message',
  'drop-message',
  'edit-todo',
])

const happen = (incident: Incident, { intent, at, by, occurredAt = at }: Command): readonly Event[] | Refusal => {
  const back = incident.mergedInto !== null && takesBack(incident, intent)
  if (incident.mergedInto !== null && by.kind === 'person' && !whenMerged.has(intent.type) && !back)
    return refuse('is_merged', { id: incident.id, into: incident.mergedInto })
  if (incident.stamps.resolve !== null && whileOpen.has(intent.type) && !back)
    return refuse('already_resolved', { at: incident.stamps.resolve })
  if (isAreaIntent(intent)) return decideArea(incident, intent, { at, occurredAt, by })
  switch (intent.type) {
    case 'declare':
      return refuse('already_declared', { id: incident.id, channel: incident.channel?.id ?? null })
    case 'channel-opened':
      return incident.channel === null ? [{ type: 'channel-opened', v: 1, channel: intent.channel, name: intent.name }] : []
    case 'channel-lost':
      return incident.channel?.id === intent.channel
        ? [{ type: 'channel-lost', v: 1, channel: intent.channel, why: shorten(keepLine(intent.why), longestReason) }]
        : []
    case 'join-alert':
      return incident.alerts.some(sameAlert(intent.alert)) ? [] : [{ type: 'alert-joined', v: 1, alert: keepAlert(intent.alert) }]
    case 'resolve-alert': {
      const { source, fingerprint, startsAt, endsAt } = intent
      const firing = incident.alerts.some((alert) => sameAlert(intent)(alert) && alert.endedAt === null)
      return firing ? [{ type: 'alert-resolved', v: 1, source, fingerprint, startsAt, endsAt }] : []
    }
    case 'acknowledge': {
      if (!clocked(incident.kind)) return refuse('no_response_clock', { kind: incident.kind })
      const { acknowledged: done, stamps } = incident
      if (done !== null) return refuse('already_acknowledged', { by: done.by.kind === 'person' ? done.by.name : 'somebody', at: done.at })
      if (stamps.mitigate !== null) return refuse('already_mitigated', { at: stamps.mitigate })
      return [{ type: 'acknowledged', v: 1 }]
    }
    case 'change-severity':
      return changeSeverity(incident, intent, at)
    case 'update': {
      const text = written('update', intent.text)
      if (isRefusal(text)) return text
      if (repeated(incident.lastUpdate, text, by, at)) return refuse('already_said', { at: incident.lastUpdate.at })
      // Planned work owes no updates, unless somebody has promised the next.
      const due = clocked(incident.kind) || intent.nextMinutes !== null ? updateDue(incident.policy, at, intent.nextMinutes) : null
      return [{ type: 'updated', v: 1, text, updateDue: due, ...(intent.nextMinutes === null ? {} : { promised: true }) }]
    }
    case 'note': {
      const text = written('note', intent.text)
      if (isRefusal(text)) return text
      const last = incident.lastNote
      const sameTime = last !== null && (last.occurredAt === occurredAt || (last.occurredAt === last.at && occurredAt === at))
      return sameTime && repeated(last, text, by, at) ? refuse('already_said', { at: last.at }) : [{ type: 'noted', v: 1, text }]
    }
    case 'mitigate': {
      if (incident.stamps.mitigate !== null) return refuse('already_mitigated', { at: incident.stamps.mitigate })
      const text = optional('mitigation', intent.text)
      return isRefusal(text) ? text : [{ type: 'mitigated', v: 1, text }]
    }
    case 'resolve': {
      const summary = written('summary', intent.summary)
      if (isRefusal(summary)) return summary
      return [
        ...resumedByResolution(incident, at),
        ...watchesEnd(incident, 'resolved'),
        ...actionsEnd(incident, 'The record was closed.'),
        ...runningLeft(incident),
        { type: 'resolved', v: 1, summary },
        ...beginning(incident.policy, 'resolved', occurredAt),
      ]
    }
    case 'review':
      if (incident.stamps.review !== null) return refuse('already_reviewed', { at: incident.stamps.review })
      return incident.stamps.resolve === null ? refuse('not_resolved', { id: incident.id }) : [{ type: 'reviewed', v: 1 }]
    case 'clock-due':
      return clockDue(incident, intent, at)
    case 'escalation-due': {
      const waiting =
        incident.paused === null &&
        settled(incident, at) &&
        running(incident.response) &&
        incident.response.run === intent.run &&
        incident.response.breachedAt !== null
      return waiting && incident.escalation + 1 === intent.level ? escalate(incident, 'silence') : []
    }
    case 'step-failed': {
      const { surface, step } = intent
      const reason = shorten(keepLine(intent.reason), longestReason)
      const known = incident.failedSteps.some((failed) => failed.surface === surface && failed.step === step && failed.reason === reason)
      return known ? [] : [{ type: 'step-failed', v: 1, surface, step, reason }]
    }
    case 'step-mended': {
      const { surface, step } = intent
      const known = incident.failedSteps.some((failed) => failed.surface === surface && failed.step === step)
      return known ? [{ type: 'step-mended', v: 1, surface, step }] : []
    }
    case 'published': {
      const { where, url, head } = intent
      return where === 'pull-request' && incident.pullRequest === url ? [] : [{ type: 'published', v: 1, where, url, head }]
    }
    default:
      return intent satisfies never
  }
}

const isDeclare = (command: Command): command is Command & { intent: { type: 'declare' } } => command.intent.type === 'declare'

/** Events, or a refusal. `incident` is null only for `declare`. An empty list of events means that nothing is new: a stale
 *  timer, a repeated result. */
export const decide = (incident: Incident | null, command: Command): Decision => {
  if (incident === null) {
    if (isDeclare(command)) return declare(command)
    throw new Error(`${command.intent.type} needs an incident`)
  }
  const { at, occurredAt } = command
  // Only what is back-dated is held against the clock: one that was set back must not stop the work.
  if (occurredAt !== undefined) {
    const start = incident.stamps.detect ?? incident.declaredAt
    if (occurredAt > at) return { refused: refuse('in_future', { at: occurredAt }) }
    // A message that somebody keeps may have been written before the incident was declared.
    if (occurredAt < start && command.intent.type !== 'keep-message') return { refused: refuse('before_start', { at: occurredAt, start }) }
  }
  const outcome = happen(incident, command)
  return 'code' in outcome ? { refused: outcome } : { events: outcome, occurredAt: occurredAt ?? at }
}
