/** How the scanned folders say what they hold: each file there is `export default defineX({…})`. */
import type { z } from 'zod'
import type { CheckStatus, Finding, Measurement } from './incident/check.ts'
import type { Actor, AlertRef } from './incident/events.ts'
import type { Incident } from './incident/incident.ts'
import type { Part } from './incident/message.ts'
import type { Instant } from './incident/policy.ts'
import type { GuardedFetch } from './ports.ts'

/** What a check may use. Secrets are the product's own, by the name in its `service.yml`. */
export type CheckContext = {
  readonly fetch: GuardedFetch
  readonly now: () => Instant
  readonly secret: (name: string) => string | undefined
}

export type CheckAnswer = { readonly findings: readonly Finding[]; readonly measurements: readonly Measurement[] }

export type CheckDefinition<Schema extends z.ZodType = z.ZodType> = {
  /** One line for `/diag`: what it asks. */
  readonly summary: string
  /** Its options in a product's `service.yml`. */
  readonly options: Schema
  /** Hosts that these options reach: nothing else can be connected to. */
  readonly hosts: (options: z.infer<Schema>) => readonly string[]
  /** Reads only. Never throws for what it found out about the product; throws only for a bug. */
  readonly run: (options: z.infer<Schema>, context: CheckContext) => Promise<CheckAnswer>
}

/** Declares a kind of check; its name is its file's. */
export const defineCheck = <Schema extends z.ZodType>(definition: CheckDefinition<Schema>): CheckDefinition<Schema> => definition

/** The worst of the findings; `unknown` when there are none. */
export const worst = (findings: readonly Finding[]): CheckStatus => {
  const order: readonly CheckStatus[] = ['fail', 'warn', 'unknown', 'ok']
  return order.find((status) => findings.some((finding) => finding.status === status)) ?? 'unknown'
}

/** One alert as a source gives it, before it is matched to a product and a rule. */
export type ParsedAlert = Omit<AlertRef, 'source'> & {
  /** The product's key as the alert names it; null when it names none. */
  readonly product: string | null
  readonly state: 'firing' | 'resolved'
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

/** What the person who asked is told, and nobody else. */
export type Answer = { readonly parts: readonly Part[] }

export type { Incident, Actor }
