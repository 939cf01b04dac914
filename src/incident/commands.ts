/** Everything that can be asked of an incident. A command brings its time and its author; `decide` adds nothing of its own. */
import type { ActingIntent } from './areas/acting.ts'
import type { ChannelIntent } from './areas/channel.ts'
import type { ChecklistIntent } from './areas/checklist.ts'
import type { CheckingIntent } from './areas/checking.ts'
import type { DeadlineIntent } from './areas/deadlines.ts'
import type { HypothesisIntent } from './areas/hypotheses.ts'
import type { MergeIntent } from './areas/merging.ts'
import type { MessageIntent } from './areas/messages.ts'
import type { PagingIntent } from './areas/paging.ts'
import type { PauseIntent } from './areas/pausing.ts'
import type { RoleIntent } from './areas/roles.ts'
import type { RunbookIntent, RunbookRef } from './areas/runbooks.ts'
import type { SnoozeIntent } from './areas/snoozing.ts'
import type { TodoIntent } from './areas/todos.ts'
import type { UnansweredIntent } from './areas/unanswered.ts'
import type { WatchingIntent } from './areas/watching.ts'
import type { Window, WindowIntent } from './areas/window.ts'
import type { Actor, AlertRef, ClockName, Event, Kind, ProductRef } from './events.ts'
import type { Instant, Policy } from './policy.ts'
import type { Refusal } from './refusals.ts'

/** What can be asked of the areas. */
export type AreaIntent =
  | ActingIntent
  | ChannelIntent
  | ChecklistIntent
  | CheckingIntent
  | DeadlineIntent
  | HypothesisIntent
  | MergeIntent
  | MessageIntent
  | PagingIntent
  | PauseIntent
  | RoleIntent
  | RunbookIntent
  | SnoozeIntent
  | TodoIntent
  | UnansweredIntent
  | WatchingIntent
  | WindowIntent

export type CoreIntent =
  | {
      readonly type: 'declare'
      readonly id: string
      readonly number: number
      readonly kind: Kind
      readonly product: ProductRef
      readonly title: string
      readonly summary: string | null
      readonly policy: Policy
      readonly private: boolean
      readonly rule: string | null
      readonly alert: AlertRef | null
      readonly runbooks?: readonly RunbookRef[]
      /** Of a maintenance. */
      readonly window?: Window
      /** As in the event. */
      readonly guessed?: { readonly because: string | null }
    }
  | { readonly type: 'channel-opened'; readonly channel: string; readonly name: string }
  | { readonly type: 'channel-lost'; readonly channel: string; readonly why: string }
  | { readonly type: 'join-alert'; readonly alert: AlertRef }
  | {
      readonly type: 'resolve-alert'
      readonly source: string
      readonly fingerprint: string
      readonly startsAt: Instant
      readonly endsAt: Instant
    }
  | { readonly type: 'acknowledge' }
  | { readonly type: 'change-severity'; readonly policy: Policy; readonly why: string | null }
  | { readonly type: 'update'; readonly text: string; readonly nextMinutes: number | null }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'mitigate'; readonly text: string | null }
  | { readonly type: 'resolve'; readonly summary: string }
  | { readonly type: 'review' }
  | { readonly type: 'clock-due'; readonly clock: ClockName; readonly run: number }
  | { readonly type: 'escalation-due'; readonly run: number; readonly level: number }
  | { readonly type: 'step-failed'; readonly surface: string; readonly step: string; readonly reason: string }
  | { readonly type: 'step-mended'; readonly surface: string; readonly step: string }
  | { readonly type: 'published'; readonly where: 'pull-request' | 'record'; readonly url: string | null; readonly head: string }

export type Intent = CoreIntent | AreaIntent

export type Command = {
  readonly intent: Intent
  /** The database's clock, read in the transaction. */
  readonly at: Instant
  readonly by: Actor
  /** When it happened, if earlier than `at`: a back-dated note. */
  readonly occurredAt?: Instant
}

/** What deciding gives: events (none when there is nothing new to say), or a refusal. */
export type Decision = { readonly events: readonly Event[]; readonly occurredAt: Instant } | { readonly refused: Refusal }
