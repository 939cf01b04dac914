/** What people read of an incident outside the chat: the rows of the published record. Computed from events only. */
import { breached, broughtRows, runsOf } from './compliance.ts'
import type { Kind, Recorded } from './events.ts'
import type { Incident, Status } from './incident.ts'
import { acknowledgedAt, responsesOf, takenForResolved } from './metrics.ts'
import type { Instant, Severity } from './policy.ts'
import type { Head } from './postmortem.ts'
import { type StepRow, stepRows } from './steps.ts'
import { nameOf, timeline } from './timeline.ts'

export type TimelineEntry = {
  readonly seq: number
  readonly at: Instant
  readonly occurredAt: Instant
  readonly who: string
  /** One word for the kind of entry, e.g. `note`, `update`, `clock`, `alert`, `check`. */
  readonly kind: string
  readonly text: string
  /** The message that it tells of, as long as the chat has it; its files are got by the verb `files`. */
  readonly link: string | null
  /** The record that it comes from, where that is one that was merged into this: `seq` counts there. */
  readonly of?: string
}

export type PublishedIncident = {
  readonly id: string
  readonly number: number
  readonly kind: Kind
  readonly product: string
  readonly title: string
  readonly severity: Severity
  readonly status: Status
  readonly private: boolean
  readonly description: string | null
  readonly detectedAt: Instant
  readonly acknowledgedAt: Instant | null
  readonly mitigatedAt: Instant | null
  readonly resolvedAt: Instant | null
  readonly reviewedAt: Instant | null
  readonly responseDue: Instant | null
  readonly responseBreached: boolean
  /** How often it was opened again, and how long it was taken for resolved in all, in milliseconds. */
  readonly reopenings: number
  readonly takenForResolved: number
  /** Of the runs of the response clock that are over. */
  readonly responses: { readonly met: number; readonly of: number }
  readonly steps: readonly StepRow[]
  readonly lead: string | null
  readonly summary: string | null
  /** The record that this one became part of. */
  readonly mergedInto: string | null
  readonly auditHead: string
  readonly version: number
  readonly timeline: readonly TimelineEntry[]
  /** Markdown of the generated post-mortem; null while the incident is open. */
  readonly postmortem: { readonly markdown: string; readonly url: string | null } | null
}

/** The incident as the published record has it. `markdown` is its rendered post-mortem, null while there is none. */
export const published = (incident: Incident, events: readonly Recorded[], head: Head, markdown: string | null): PublishedIncident => ({
  id: incident.id,
  number: incident.number,
  kind: incident.kind,
  product: incident.product.key,
  title: incident.title,
  severity: incident.severity,
  status: incident.status,
  private: incident.private,
  description: incident.summary,
  detectedAt: incident.stamps.detect ?? incident.declaredAt,
  acknowledgedAt: acknowledgedAt(events),
  mitigatedAt: incident.stamps.mitigate,
  resolvedAt: incident.stamps.resolve,
  reviewedAt: incident.stamps.review,
  responseDue: incident.response?.due ?? null,
  reopenings: incident.reopenings.length,
  takenForResolved: takenForResolved(incident),
  responses: responsesOf({ incident, events }),
  responseBreached:
    runsOf(incident).some(({ clock, run }) => clock === 'response' && breached(run)) ||
    broughtRows(events).some(({ clock, outcome }) => clock === 'Response' && outcome === 'breached'),
  steps: stepRows(incident),
  lead: incident.lead === null ? null : nameOf(incident.lead),
  summary: incident.resolution,
  mergedInto: incident.mergedInto,
  auditHead: head.hash,
  version: incident.version,
  timeline: timeline(events, { zone: incident.policy.calendar.zone }),
  postmortem: markdown === null ? null : { markdown, url: incident.pullRequest },
})
