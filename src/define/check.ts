/** How a kind of check is declared: one read-only question about a product, with a typed answer. */
import type { z } from 'zod'
import type { Change, CheckStatus, Finding, Measurement } from '../incident/check.ts'
import type { Instant } from '../incident/policy.ts'
import type { GuardedFetch, WebFetch } from '../ports.ts'

/** What a check may use. Secrets are the product's own, by the name in its `service.yml`. */
export type CheckContext = {
  /** Reaches what `hosts` names, by GET or HEAD; by POST only what `posts` names. Redirects within the hosts are followed. */
  readonly fetch: GuardedFetch
  /** The same for vendors' clients that take a `fetch` of their own. Redirects are not followed. */
  readonly web: WebFetch
  /** Where a client of another protocol may connect to: the address behind one of `hosts`, judged like those of `fetch`. Throws
   *  FetchFault. */
  readonly address: (host: string, port: number) => Promise<{ readonly address: string; readonly family: number }>
  readonly now: () => Instant
  /** Milliseconds on a clock that only goes forward, for durations. */
  readonly elapsed: () => number
  /** The value of a setting that `needs` names. */
  readonly secret: (name: string) => string
  /** How long the check may take. */
  readonly timeoutMs: number
  /** Aborted when the check's time is up: what it opened must be closed then. */
  readonly signal: AbortSignal
  /** What is asked about: the start of the incident, or now. */
  readonly around: Instant
}

/** More than a message holds, such as the lines of a log: shown on demand. At most `mostDetail` characters are kept. */
export type Detail = { readonly title: string; readonly text: string }

export type CheckAnswer = {
  readonly findings: readonly Finding[]
  readonly measurements: readonly Measurement[]
  readonly detail?: Detail
  /** What was changed near `around`, by checks that ask for it. */
  readonly changes?: readonly Change[]
}

export type CheckDefinition<Schema extends z.ZodType = z.ZodType, Words extends z.ZodObject = z.ZodObject> = {
  /** One line for `/diag`: what it asks. */
  readonly summary: string
  /** Its options in a product's `service.yml`. Names of secrets stand under `secret` or `…Secret`. */
  readonly options: Schema
  /** What can be typed behind it, `key=value`, with a default for each: strings in, typed values out. */
  readonly words?: Words
  /** Hosts that these options reach, `host` or `host:port`: nothing else can be connected to. */
  readonly hosts: (options: z.infer<Schema>) => readonly string[]
  /** Names of the settings that it cannot do without: without one of them it is not run, and says which. */
  readonly needs?: (options: z.infer<Schema>) => readonly string[]
  /** The only addresses that it may POST to, for the one question that cannot be asked otherwise. */
  readonly posts?: (options: z.infer<Schema>) => readonly string[]
  /** Whether these options ask what was changed near `around`: such a check is asked at each opening, whether it is `auto` or not. */
  readonly tellsChanges?: (options: z.infer<Schema>) => boolean
  /** Milliseconds for the whole question, unless the product gives a `timeout`. Waiting behind others counts, as long as none of them is
   *  answered. */
  readonly timeoutMs: number
  /** Options that say how long a part of it may take, in milliseconds, by their names: less than the whole, or the file is wrong. */
  readonly waits?: (options: z.infer<Schema>) => Readonly<Record<string, number | undefined>>
  /** How many of this kind a product asks the same hosts side by side. */
  readonly concurrency: number
  /** Reads only. Never throws for what it found out about the product; a fault of the network may be thrown (it becomes a finding);
   *  anything else that is thrown is a bug. */
  readonly run: (options: z.infer<Schema>, context: CheckContext, words: z.infer<Words>) => Promise<CheckAnswer>
}

/** Declares a kind of check; its name is its file's. */
export const defineCheck = <Schema extends z.ZodType, Words extends z.ZodObject = z.ZodObject>(
  definition: CheckDefinition<Schema, Words>,
): CheckDefinition<Schema, Words> => definition

/** The most characters of a detail that are kept. */
export const mostDetail = 200_000

/** The worst of the findings; `unknown` when there are none. */
export const worst = (findings: readonly Finding[]): CheckStatus => {
  const order: readonly CheckStatus[] = ['fail', 'warn', 'unknown', 'ok']
  return order.find((status) => findings.some((finding) => finding.status === status)) ?? 'unknown'
}
