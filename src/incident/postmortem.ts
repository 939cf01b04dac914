/** What a post-mortem says, as values for its template. Everything comes from the events: durations are between what happened, never
 *  until the document is made. Foreign text is given as it is: the template escapes it. */
import { type ClockRow, compliance } from './compliance.ts'
import type { Recorded } from './events.ts'
import { changeRows, type CheckRow, checkRows } from './evidence.ts'
import { acknowledgedAt, timeToMitigate, timeToResolve } from './metrics.ts'
import { involved, leads } from './involved.ts'
import type { Incident, Status, Step } from './incident.ts'
import { type Instant, mentionable } from './policy.ts'
import { type Remembered, remembered } from './remembered.ts'
import { stepRows, stepWord } from './steps.ts'
import { between, duration, timeline, when } from './timeline.ts'

/** The end of the audit chain that a document vouches for: the hash of event `seq`, the last that it tells of. */
export type Head = { readonly seq: number; readonly hash: string }

export type Postmortem = Remembered & {
  readonly id: string
  readonly kind: string
  readonly title: string
  readonly product: string
  readonly severity: string
  readonly severityMeaning: string
  readonly status: Status
  readonly private: boolean
  readonly description: string
  readonly zone: string
  readonly detected: string
  readonly resolved: string | null
  /** From detection to the acknowledgement, and to the resolution; null when there was none. */
  readonly responseTime: string | null
  readonly resolutionTime: string | null
  readonly resolution: string | null
  /** Null unless it stood as resolved once, and is open now. */
  readonly openAgain: { readonly at: string; readonly why: string } | null
  readonly mergedInto: string | null
  /** Who led, one after the other. */
  readonly lead: string | null
  readonly steps: readonly { readonly name: string; readonly at: string; readonly after: string }[]
  readonly timeline: readonly {
    readonly at: string
    readonly late: string | null
    readonly who: string
    readonly text: string
    readonly link: string | null
    /** The record that it comes from, where that is one that was merged into this. */
    readonly of: string | null
  }[]
  readonly clocks: readonly (Omit<ClockRow, 'of'> & { readonly of: string | null })[]
  /** How many runs ended before they were due and have no row. */
  readonly clocksLeftOut: number
  /** When the clocks stood, and why. */
  readonly pauses: readonly {
    /** The record whose clocks stood, where that is one that was merged into this. */
    readonly of: string | null
    readonly from: string
    readonly to: string
    readonly took: string
    readonly why: string
  }[]
  /** When it was taken for resolved, and was not. */
  readonly reopenings: readonly { readonly resolved: string; readonly at: string; readonly after: string; readonly why: string }[]
  readonly clocksMet: number
  readonly clocksBreached: number
  readonly clocksUnacknowledged: number
  /** `named`: only that, because the bot could not page them. */
  readonly escalations: readonly {
    readonly at: string
    readonly to: string
    /** Of the ladder; null when they are on none. */
    readonly step: number | null
    readonly why: string
    readonly named: boolean
  }[]
  readonly checks: readonly CheckRow[]
  /** What was changed before it began, the likeliest cause first; null when no check looked for any. */
  readonly changes: readonly { readonly text: string; readonly url: string | null }[] | null
  readonly alerts: readonly {
    readonly rule: string
    readonly source: string
    readonly summary: string
    readonly url: string | null
    readonly from: string
    readonly until: string | null
  }[]
  /** Records that became part of this one. */
  readonly merged: readonly { readonly id: string; readonly text: string; readonly url: string | null; readonly told: boolean }[]
  readonly people: readonly { readonly name: string; readonly did: string }[]
  readonly links: readonly { readonly name: string; readonly url: string }[]
  readonly auditHead: string
  readonly events: number
  /** Front matter, in order, for charts: minutes are numbers, what does not exist is null. */
  readonly front: readonly { readonly key: string; readonly value: string | number | boolean | null }[]
}

const inMinutes = (ms: number | null) => (ms === null ? null : Math.round(ms / 6000) / 10)

const openAgain = ({ stamps, reopenings }: Incident, zone: string): Postmortem['openAgain'] => {
  const last = reopenings.at(-1)
  return last === undefined || stamps.resolve !== null ? null : { at: when(last.at, zone), why: last.why }
}

const channelUrl = (channel: Incident['channel']): string | null =>
  channel === null ? null : `https://slack.com/app_redirect?channel=${channel.id}`

/** The values for `templates/postmortem.md`: S7's fields, the steps of S6, the timeline, the clocks against their targets, the
 *  checks compared, who and what was involved. Tells of the events up to `head` only, so that a later event which nobody needs
 *  to read of (that it was published, or reviewed by merging it) does not change the document. */
export const postmortem = (incident: Incident, events: readonly Recorded[], head: Head): Postmortem => {
  const { zone } = incident.policy.calendar
  const covered = events.filter(({ seq }) => seq <= head.seq)
  const reviewed = covered.some(({ event }) => event.type === 'reviewed')
  const stamps: Record<Step, Instant | null> = { ...incident.stamps, review: reviewed ? incident.stamps.review : null }
  const status = incident.status === 'reviewed' && !reviewed ? 'resolved' : incident.status
  const detect = stamps.detect ?? incident.declaredAt
  const acknowledged = acknowledgedAt(covered)
  const toResolve = timeToResolve(incident)
  const { rows: clocks, leftOut } = compliance(incident, covered, zone)
  const count = (outcome: ClockRow['outcome']) => clocks.filter((row) => row.outcome === outcome).length
  const response = clocks.filter((row) => row.clock === 'Response').map((row) => row.outcome)
  return {
    id: incident.id,
    kind: incident.kind,
    title: incident.title,
    product: incident.product.name,
    severity: incident.severity,
    severityMeaning: incident.policy.meaning,
    status,
    private: incident.private,
    description: incident.summary ?? incident.title,
    zone,
    detected: when(detect, zone),
    resolved: stamps.resolve === null ? null : when(stamps.resolve, zone),
    responseTime: acknowledged === null ? null : duration(between(detect, acknowledged)),
    resolutionTime: toResolve === null ? null : duration(toResolve),
    resolution: incident.resolution,
    openAgain: openAgain(incident, zone),
    mergedInto: incident.mergedInto,
    lead: leads(covered).join(', then ') || null,
    steps: stepRows({ ...incident, stamps }).map(({ step, at, state }) => ({
      name: stepWord[step],
      at: at === null ? state : when(at, zone),
      after: at === null || step === 'detect' ? '' : duration(between(detect, at)),
    })),
    timeline: timeline(events, { zone })
      .filter(({ seq, of }) => of !== undefined || seq <= head.seq)
      .map(({ at, occurredAt, who, text, link, of = null }) => ({
        at: when(occurredAt, zone),
        late: between(occurredAt, at) < 60_000 ? null : `recorded ${duration(between(occurredAt, at))} later`,
        who,
        text,
        link,
        of,
      })),
    clocks: clocks.map((row) => ({ ...row, of: row.of ?? null })),
    clocksLeftOut: leftOut,
    pauses: [
      ...covered.flatMap(({ event }) => (event.type === 'absorbed' ? (event.brings?.pauses ?? []) : [])),
      ...incident.pauses.map((pause) => ({ ...pause, of: null })),
    ].map(({ from, to, why, of }) => ({
      of,
      from: when(from, zone),
      to: when(to, zone),
      took: duration(between(from, to)),
      why,
    })),
    reopenings: incident.reopenings.map(({ resolvedAt, at, why }) => ({
      resolved: when(resolvedAt, zone),
      at: when(at, zone),
      after: duration(between(resolvedAt, at)),
      why,
    })),
    clocksMet: count('met'),
    clocksBreached: count('breached'),
    clocksUnacknowledged: count('unacknowledged'),
    escalations: covered.flatMap(({ event, occurredAt }) =>
      event.type === 'escalated' || event.type === 'paged'
        ? [
            {
              at: when(occurredAt, zone),
              to: event.to.name,
              step: event.level === null ? null : event.level + 1,
              why:
                event.type === 'paged'
                  ? (event.why ?? 'by hand')
                  : { page: 'at once', breach: 'clock breached', silence: 'no answer' }[event.why],
              named: !mentionable(event.to),
            },
          ]
        : [],
    ),
    checks: checkRows(incident),
    changes: changeRows(incident),
    alerts: incident.alerts.map(({ rule, source, summary, url, startsAt, endedAt }) => ({
      rule,
      source,
      summary,
      url: url ?? null,
      from: when(startsAt, zone),
      until: endedAt === null ? null : when(endedAt, zone),
    })),
    merged: covered.flatMap(({ event, occurredAt }) =>
      event.type === 'absorbed'
        ? [
            {
              id: event.from.id,
              text: `${event.from.severity} ${event.from.title}, declared ${when(event.from.declaredAt, zone)}, merged ${when(occurredAt, zone)}`,
              told: event.brings !== undefined,
              // Slack finds the workspace of who follows it.
              url: channelUrl(incident.absorbed.find(({ id }) => id === event.from.id)?.channel ?? null),
            },
          ]
        : [],
    ),
    ...remembered(incident, covered, zone),
    people: involved(covered),
    links: incident.product.links,
    auditHead: head.hash,
    events: head.seq,
    front: Object.entries({
      id: incident.id,
      title: incident.title,
      kind: incident.kind,
      product: incident.product.key,
      severity: incident.severity,
      status,
      private: incident.private,
      detected: detect,
      declared: incident.declaredAt,
      acknowledged,
      mitigated: stamps.mitigate,
      resolved: stamps.resolve,
      minutes_to_acknowledge: inMinutes(acknowledged === null ? null : between(detect, acknowledged)),
      minutes_to_mitigate: inMinutes(timeToMitigate(incident)),
      minutes_to_resolve: inMinutes(toResolve),
      response_clock: (['breached', 'unacknowledged', 'met'] as const).find((outcome) => response.includes(outcome)) ?? 'none',
      clocks_met: count('met'),
      clocks_breached: count('breached'),
      alerts: incident.alerts.length,
      events: head.seq,
      audit_head: head.hash,
    }).map(([key, value]) => ({ key, value })),
  }
}
