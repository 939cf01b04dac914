/** Everything that can have happened to an incident. An event is never edited: a new version gets a new `v` and an upcaster. */
import type { ActingEvent } from './areas/acting.ts'
import type { ChannelEvent } from './areas/channel.ts'
import type { ChecklistEvent } from './areas/checklist.ts'
import type { CheckingEvent } from './areas/checking.ts'
import type { DeadlineEvent } from './areas/deadlines.ts'
import type { HypothesisEvent } from './areas/hypotheses.ts'
import type { MergeEvent } from './areas/merging.ts'
import type { MessageEvent } from './areas/messages.ts'
import type { PagingEvent } from './areas/paging.ts'
import type { PauseEvent } from './areas/pausing.ts'
import type { RoleEvent } from './areas/roles.ts'
import type { RunbookEvent, RunbookRef } from './areas/runbooks.ts'
import type { SnoozeEvent } from './areas/snoozing.ts'
import type { TodoEvent } from './areas/todos.ts'
import type { UnansweredEvent } from './areas/unanswered.ts'
import type { WatchingEvent } from './areas/watching.ts'
import type { WindowEvent } from './areas/window.ts'
import type { CheckResult } from './check.ts'
import type { Contact, Instant, Policy, Severity } from './policy.ts'

export const kinds = ['incident', 'change', 'maintenance', 'disaster', 'drill'] as const
export type Kind = (typeof kinds)[number]

/** Who did it. A person is a key of `people.yml` or a verified Slack e-mail (`id`), with the Slack user when there is one. `via`: not the
 *  chat, which knows who somebody is; whoever has the server's account may call themselves anybody. `unverified`: nobody knows them. */
export type Actor =
  | {
      readonly kind: 'person'
      readonly id: string
      readonly name: string
      readonly slack?: string
      readonly via?: 'terminal'
      readonly unverified?: true
    }
  | { readonly kind: 'alert'; readonly source: string }
  | { readonly kind: 'bot' }

/** The identity of an alert is source + fingerprint + start (design: alert fields). */
export type AlertRef = {
  readonly source: string
  readonly fingerprint: string
  readonly startsAt: Instant
  readonly rule: string
  readonly summary: string
  readonly severity: string | null
  readonly url?: string
  readonly labels: Readonly<Record<string, string>>
}

/** `response`, `update`, or the key of a deadline. */
export type ClockName = string

/** The product as the incident needs it, copied at declaration. */
export type ProductRef = {
  readonly key: string
  readonly name: string
  readonly links: readonly { readonly name: string; readonly url: string }[]
  /** Hash of the product's file when this was decided. */
  readonly hash: string
}

/** `'asked'` is asked by `/diag`, the others by the bot itself. */
export type CheckPhase = 'opening' | 'severity' | 'resolution' | 'asked'

/** Events of the areas, each told in the area's own file. */
export type AreaEvent =
  | ActingEvent
  | ChannelEvent
  | ChecklistEvent
  | CheckingEvent
  | DeadlineEvent
  | HypothesisEvent
  | MergeEvent
  | MessageEvent
  | PagingEvent
  | PauseEvent
  | RoleEvent
  | RunbookEvent
  | SnoozeEvent
  | TodoEvent
  | UnansweredEvent
  | WatchingEvent
  | WindowEvent

/** Events of the main line: declared, acknowledged, resolved, and what goes with them. */
export type CoreEvent =
  | {
      readonly type: 'declared'
      readonly v: 1
      readonly id: string
      readonly number: number
      readonly kind: Kind
      readonly product: ProductRef
      readonly title: string
      readonly summary: string | null
      readonly policy: Policy
      /** Start of the alert, or the moment of declaration. */
      readonly detectedAt: Instant
      readonly private: boolean
      /** The alert rule that this is the one open incident of, if an alert opened it. */
      readonly rule: string | null
      readonly alert: AlertRef | null
      readonly responseDue: Instant | null
      readonly updateDue: Instant | null
      /** Those that may help, as the catalogue had them. */
      readonly runbooks?: readonly RunbookRef[]
      /** Nobody chose the severity. `because`: the words of the title that spoke for it; null: the product's own. */
      readonly guessed?: { readonly because: string | null }
    }
  | { readonly type: 'channel-opened'; readonly v: 1; readonly channel: string; readonly name: string }
  | { readonly type: 'channel-lost'; readonly v: 1; readonly channel: string; readonly why: string }
  | { readonly type: 'alert-joined'; readonly v: 1; readonly alert: AlertRef }
  | {
      readonly type: 'alert-resolved'
      readonly v: 1
      readonly source: string
      readonly fingerprint: string
      readonly startsAt: Instant
      readonly endsAt: Instant
    }
  | { readonly type: 'acknowledged'; readonly v: 1 }
  | {
      readonly type: 'severity-changed'
      readonly v: 1
      readonly from: Severity
      readonly policy: Policy
      readonly why: string | null
      /** Of the run that starts now, or of an earlier one that runs out sooner. `responseDue` is null when the response clock is met
       *  already: it does not start again. */
      readonly responseFrom: Instant
      readonly responseDue: Instant | null
      /** When it really began, where a standstill has moved `responseFrom`. */
      readonly responseBegan?: Instant
      readonly updateDue: Instant | null
      /** What the updates are counted from, when it is not this change; and as for the response. */
      readonly updateFrom?: Instant
      readonly updateBegan?: Instant
    }
  | {
      readonly type: 'updated'
      readonly v: 1
      readonly text: string
      readonly updateDue: Instant | null
      /** Not the severity asks for the next one then, but whoever posted this has said so. */
      readonly promised?: true
    }
  | { readonly type: 'noted'; readonly v: 1; readonly text: string }
  | { readonly type: 'mitigated'; readonly v: 1; readonly text: string | null }
  | { readonly type: 'resolved'; readonly v: 1; readonly summary: string }
  | { readonly type: 'reviewed'; readonly v: 1 }
  | {
      readonly type: 'clock-warned'
      readonly v: 1
      readonly clock: ClockName
      readonly run: number
      readonly percent: number
      readonly due: Instant
    }
  | {
      readonly type: 'clock-breached'
      readonly v: 1
      readonly clock: ClockName
      readonly run: number
      readonly due: Instant
      /** Of a deadline. */
      readonly title?: string
    }
  /** Step `level` of the ladder was mentioned; 0 is the page at opening. */
  | {
      readonly type: 'escalated'
      readonly v: 1
      readonly run: number
      readonly level: number
      readonly to: Contact
      readonly why: 'page' | 'breach' | 'silence'
    }
  /** All results of a run at once, as earlier versions recorded them. */
  | { readonly type: 'checked'; readonly v: 1; readonly phase: CheckPhase; readonly results: readonly CheckResult[] }
  /** A side step of a surface failed (⚠ in the header) or was made good. */
  | { readonly type: 'step-failed'; readonly v: 1; readonly surface: string; readonly step: string; readonly reason: string }
  | { readonly type: 'step-mended'; readonly v: 1; readonly surface: string; readonly step: string }
  | {
      readonly type: 'published'
      readonly v: 1
      readonly where: 'pull-request' | 'record'
      readonly url: string | null
      readonly head: string
    }

export type Event = CoreEvent | AreaEvent

export type EventType = Event['type']

/** An event as it is stored: `seq` counts from 1 within its incident; `occurredAt` is at most `at`. */
export type Recorded = {
  readonly incident: string
  readonly seq: number
  readonly at: Instant
  readonly occurredAt: Instant
  readonly by: Actor
  readonly event: Event
}
