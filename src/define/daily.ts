/** What jobs may use of samples and digests: types only. */
import type { CheckResult } from '../incident/check.ts'
import type { Message } from '../incident/message.ts'
import type { Instant, LocalDate } from '../incident/policy.ts'

export type Samples = {
  /** What is to be done at a slot: ask, ask again at that instant, nothing any more because it is `over`, or ever, because the check is
   *  not asked on a schedule, or cannot be asked: `gone`. */
  readonly turn: (product: string, check: string, slot: Instant) => Promise<'ask' | 'over' | 'gone' | { readonly again: Instant }>
  /** Keeps what the check answered, null for nothing, and has it asked again at the next slot. */
  readonly keep: (product: string, check: string, slot: Instant, result: CheckResult | null) => Promise<void>
}

/** A digest that is to be posted. */
export type DueDigest = {
  readonly message: Message
  readonly marker: string
  readonly madeAt: Instant
  /** The id of its channel; made if it does not exist, or if it is the one that is `gone`. */
  readonly channel: (gone?: string) => Promise<string>
}

export type Digests = {
  /** What is to be done about a date: post it, look again at that instant, or nothing, where there is none or a newer one is due. */
  readonly turn: (product: string, date: LocalDate) => Promise<'post' | 'nothing' | { readonly again: Instant }>
  /** The digest of a date, made once, and the next date's is planned with that; null when it is posted already. */
  readonly make: (product: string, date: LocalDate) => Promise<DueDigest | null>
  /** It is posted. */
  readonly posted: (product: string, date: LocalDate) => Promise<void>
  /** People are to know why it could not be posted. */
  readonly troubled: (product: string, date: LocalDate, why: string) => Promise<void>
}
