/** The result of one check: one read-only question with a typed answer (D rows). */
import type { Instant } from './policy.ts'

export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown'

export type Measurement = {
  readonly name: string
  readonly value: number
  /** `ms`, `s`, `%`, `MB`, or empty for a bare number. */
  readonly unit: string
  /** What it was held against, when there is a limit. */
  readonly limit?: number
}

export type Finding = { readonly status: CheckStatus; readonly text: string }

export type CheckResult = {
  /** The check's key in the product's `service.yml`. */
  readonly check: string
  /** The kind of check, the name of its file in `src/checks/`. */
  readonly kind: string
  readonly title: string
  /** The worst of its findings. */
  readonly status: CheckStatus
  readonly findings: readonly Finding[]
  readonly measurements: readonly Measurement[]
  readonly startedAt: Instant
  /** Milliseconds that the check took. */
  readonly took: number
}
