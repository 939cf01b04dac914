/** What people read of an incident outside the chat: the rows of the published record. Computed from events only. */
import type { Instant, Severity } from './policy.ts'
import type { Kind } from './events.ts'
import type { Status } from './incident.ts'

export type TimelineEntry = {
  readonly seq: number
  readonly at: Instant
  readonly occurredAt: Instant
  readonly who: string
  /** One word for the kind of entry, e.g. `note`, `update`, `clock`, `alert`, `check`. */
  readonly kind: string
  readonly text: string
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
