/** How a source of alerts is declared: who may send, and what an alert says. */
import type { AlertRef } from '../incident/events.ts'
import type { Instant } from '../incident/policy.ts'

/** One alert as a source gives it, before it is matched to a product and a rule. */
export type ParsedAlert = Omit<AlertRef, 'source'> & {
  /** The product's key as the alert names it; null when it names none. */
  readonly product: string | null
  readonly state: 'firing' | 'resolved'
  /** False when the sender gave no usable start: the time of arrival stands in, unless the alert is known to be open already. */
  readonly startKnown: boolean
  readonly endsAt: Instant | null
  /** What could not be kept as it was sent: labels dropped, text cut, dates replaced. */
  readonly cleaned: readonly string[]
}

export type AlertRequest = {
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as it was sent, at most 1 MiB. */
  readonly body: Buffer
  readonly receivedAt: Instant
}

export type AlertSource = {
  readonly summary: string
  /** Whether the sender knows the secret; in constant time. */
  readonly verify: (request: AlertRequest, secret: string) => boolean
  /** Reads the alerts that can be read and lists those that cannot, by their place in the payload. */
  readonly parse: (request: AlertRequest) => { alerts: ParsedAlert[]; unreadable: { index: number; why: string }[] }
}

/** Declares an alert source; its name is its file's. */
export const defineAlertSource = (definition: AlertSource): AlertSource => definition
