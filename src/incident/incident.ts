/** The incident as its events make it: `evolve` folds one event into it. Pure; nothing here reads a clock or the catalogue. */
import type { ActingState } from './areas/acting.ts'
import type { ChannelState } from './areas/channel.ts'
import type { ChecklistState } from './areas/checklist.ts'
import type { CheckingState } from './areas/checking.ts'
import type { DeadlineState } from './areas/deadlines.ts'
import type { HypothesisState } from './areas/hypotheses.ts'
import type { MergeState } from './areas/merging.ts'
import type { MessageState } from './areas/messages.ts'
import type { PagingState } from './areas/paging.ts'
import type { PauseState } from './areas/pausing.ts'
import type { RoleState } from './areas/roles.ts'
import type { RunbookState } from './areas/runbooks.ts'
import type { SnoozeState } from './areas/snoozing.ts'
import type { TodoState } from './areas/todos.ts'
import type { UnansweredState } from './areas/unanswered.ts'
import type { WatchingState } from './areas/watching.ts'
import type { WindowState } from './areas/window.ts'
import type { Actor, AlertRef, ClockName, Kind, ProductRef } from './events.ts'
import type { Instant, Policy, Severity } from './policy.ts'

/** The steps of S6 in their order. */
export const steps = ['detect', 'assess', 'communicate', 'mitigate', 'resolve', 'review'] as const
export type Step = (typeof steps)[number]

export type Status = 'declared' | 'acknowledged' | 'mitigated' | 'resolved' | 'reviewed'

/** One run of a clock: a change of severity or an update starts the next run. Without `due` the clock stands. */
export type ClockRun = {
  readonly run: number
  readonly startedAt: Instant
  readonly due: Instant | null
  readonly metAt: Instant | null
  readonly breachedAt: Instant | null
  /** The highest percentage warned of so far; 0 before the first warning. */
  readonly warned: number
  readonly target: Policy
  /** When it really began, where a standstill has moved `startedAt`: from there on as much was counted as really was. */
  readonly begunAt?: Instant
  /** Since when it stands that began during a standstill with time counted before. */
  readonly standsFrom?: Instant
}

/** What somebody posted last, so that the same thing posted twice is noticed. `occurredAt` tells two notes with the same words apart. */
/** `promised`: with it, somebody said when the next would come. */
export type Said = {
  readonly text: string
  readonly by: Actor
  readonly at: Instant
  readonly occurredAt: Instant
  readonly promised?: true
}

/** What each area knows of the incident. */
type AreaState = ActingState &
  ChannelState &
  ChecklistState &
  CheckingState &
  DeadlineState &
  HypothesisState &
  MergeState &
  MessageState &
  PagingState &
  PauseState &
  RoleState &
  RunbookState &
  SnoozeState &
  TodoState &
  UnansweredState &
  WatchingState &
  WindowState

export type Incident = AreaState & {
  readonly id: string
  readonly number: number
  readonly kind: Kind
  readonly product: ProductRef
  readonly title: string
  readonly summary: string | null
  readonly severity: Severity
  /** Since when it is that grave. */
  readonly severitySince: Instant
  readonly policy: Policy
  readonly private: boolean
  readonly rule: string | null
  readonly status: Status
  readonly declaredAt: Instant
  readonly declaredBy: Actor
  readonly stamps: Readonly<Record<Step, Instant | null>>
  readonly acknowledged: { readonly at: Instant; readonly by: Actor } | null
  readonly channel: { readonly id: string; readonly name: string } | null
  /** Channels that were lost, newest last. */
  readonly lostChannels: readonly string[]
  /** Null for planned work only; a severity without a response clock has a run that stands. */
  readonly response: ClockRun | null
  readonly update: ClockRun | null
  /** Every run of both clocks that is over, oldest first: the post-mortem's compliance table. */
  readonly pastRuns: readonly { readonly clock: ClockName; readonly run: ClockRun }[]
  /** The highest step of the ladder mentioned so far; -1 before the first. */
  readonly escalation: number
  readonly alerts: readonly (AlertRef & { readonly endedAt: Instant | null })[]
  readonly failedSteps: readonly { readonly surface: string; readonly step: string; readonly reason: string }[]
  readonly lastUpdate: Said | null
  readonly lastNote: Said | null
  readonly resolution: string | null
  readonly pullRequest: string | null
  /** The number of events folded in. */
  readonly version: number
}
