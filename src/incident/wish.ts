/** What is wanted of a new record. */
import type { Quoted } from './areas/messages.ts'
import type { Window } from './areas/window.ts'
import type { Kind } from './events.ts'

export type Wish = {
  readonly product: string
  /** Empty: suggested from the title. */
  readonly severity: string
  readonly title: string
  readonly summary: string | null
  readonly private: boolean
  /** Absent: an incident. */
  readonly kind?: Kind
  /** With what the product has planned for a disaster, also in a drill. */
  readonly disaster?: boolean
  /** Of a maintenance. */
  readonly window?: Window
  /** The message that it is declared from. */
  readonly from?: Quoted
}
