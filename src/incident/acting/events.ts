/** What can happen to a request for an action, and what can be asked of it. */
import type { CheckResult, Finding } from '../check.ts'
import type { Instant } from '../policy.ts'
import type { Json, Preview, Ran } from './action.ts'
import type { Obstacle } from './obstacle.ts'
import type { ApprovalRule, Hindrance, Identities, Wanted } from './request.ts'

type On = { readonly v: 1; readonly action: number }

/** A measurement is beyond what the product bears, or a person says that something is: time to think of an action (A15). */
export type Suggestion = {
  /** The key in the product's `service.yml`. */
  readonly criterion: string
  readonly title: string
  /** “failure rate 14 % > 10 %”, “said by Bea”. */
  readonly measured: string
  /** Absent: no check can tell. */
  readonly check?: string
  /** The key of the action. */
  readonly suggests: string
}

export type ActingEvent =
  | (Suggestion & { readonly type: 'action-suggested'; readonly v: 1 })
  | (On &
      Wanted & {
        readonly type: 'action-asked'
        readonly reason: string | null
        readonly identities: Identities
        readonly undoes?: number
        readonly renews?: number
        readonly automatic?: true
      })
  | (On & {
      readonly type: 'action-previewed'
      readonly preview: Preview
      readonly hash: string
      readonly expires: Instant
      readonly before: readonly CheckResult[]
      /** What stood against it then; absent: nothing. */
      readonly against?: Obstacle
    })
  /** What stands against it is another than was known, or has passed (null). */
  | (On & { readonly type: 'action-held'; readonly against: Obstacle | null })
  /** Another severity may ask more of it than it was asked for with; null: not any more. */
  | (On & { readonly type: 'action-rule-changed'; readonly rule: ApprovalRule | null })
  | (On & { readonly type: 'action-approved'; readonly hash: string; readonly identities: Identities; readonly basis: string })
  /** Nobody has approved it for long: in a P1 the lead may go on alone from now on. */
  | (On & { readonly type: 'action-unanswered' })
  | (On & { readonly type: 'action-forced'; readonly hash: string; readonly why: string; readonly identities?: Identities })
  | (On & { readonly type: 'action-ended'; readonly how: 'denied' | 'withdrawn' | 'expired' | 'closed'; readonly why: string | null })
  /** It cannot be done, or could not be started any more. */
  | (On & { readonly type: 'action-refused'; readonly code: Hindrance; readonly why: string })
  | (On & { readonly type: 'action-started'; readonly hash: string })
  | (On & { readonly type: 'action-progressed'; readonly text: string | null; readonly memo?: Json })
  | (On & { readonly type: 'action-waits'; readonly task: string; readonly link: string | null })
  | (On & { readonly type: 'action-ticked' })
  | (On & { readonly type: 'action-ran'; readonly ran: Ran })
  | (On & {
      readonly type: 'action-verified'
      readonly findings: readonly Finding[]
      readonly results: readonly CheckResult[]
      readonly last: boolean
    })

export type ActingIntent =
  | (Suggestion & { readonly type: 'suggest-action' })
  | {
      readonly type: 'ask-action'
      readonly wanted: Wanted
      readonly reason: string | null
      /** Of whoever asks; none: nobody knows who it is. */
      readonly identities: Identities
      readonly undoes?: number
      readonly renews?: number
    }
  /** What was approved for a time is over. */
  | { readonly type: 'return-action'; readonly action: number; readonly wanted: Wanted }
  | {
      readonly type: 'preview-action'
      readonly action: number
      readonly preview: Preview
      readonly hash: string
      readonly before: readonly CheckResult[]
      readonly against?: Obstacle | null
    }
  /** It cannot be done as it was asked for. */
  | { readonly type: 'refuse-action'; readonly action: number; readonly why: string }
  | {
      readonly type: 'approve-action'
      readonly action: number
      /** What the button was of; null: typed. */
      readonly hash: string | null
      readonly identities: Identities
      /** By what they may; null: they may not. */
      readonly basis: string | null
      /** As the product has it now, for the record as it is now; absent: it does not have the action any more. */
      readonly rule?: ApprovalRule
      /** Who of those that approved it before could not by now, and why; absent: all of them could. */
      readonly lapsed?: string
      /** What stands against it now, outside of the record; see `ActionControls.vote`. */
      readonly against?: Obstacle | null
    }
  /** The product's rule of now, for the record as it is now. */
  | { readonly type: 'change-action-rule'; readonly action: number; readonly rule: ApprovalRule }
  | { readonly type: 'deny-action'; readonly action: number; readonly why: string | null; readonly identities: Identities }
  | {
      readonly type: 'force-action'
      readonly action: number
      /** What the button was of; absent: typed. */
      readonly hash?: string
      readonly why: string
      readonly identities: Identities
      readonly against?: Obstacle | null
    }
  | { readonly type: 'hold-action'; readonly action: number; readonly against: Obstacle | null }
  | { readonly type: 'expire-action'; readonly action: number }
  | { readonly type: 'unanswered-action'; readonly action: number }
  | {
      readonly type: 'start-action'
      readonly action: number
      /** Of a preview made just now. */
      readonly hash: string
      /** What stands against it outside of the record. */
      readonly hindrance: { readonly code: Hindrance; readonly why: string } | null
    }
  | { readonly type: 'progress-action'; readonly action: number; readonly text: string | null; readonly memo?: Json }
  | { readonly type: 'wait-action'; readonly action: number; readonly task: string; readonly link: string | null }
  | { readonly type: 'tick-action'; readonly action: number; readonly tick: number }
  /** A person cannot do what it waits for. */
  | { readonly type: 'abandon-action'; readonly action: number; readonly why: string | null }
  | { readonly type: 'end-action'; readonly action: number; readonly ran: Ran }
  | {
      readonly type: 'verify-action'
      readonly action: number
      readonly findings: readonly Finding[]
      readonly results: readonly CheckResult[]
      readonly last: boolean
    }
