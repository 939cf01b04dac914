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
  /** `least`: it must not be below the limit. */
  readonly bound?: 'least'
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
  /** The vendor's page for it. */
  readonly link?: string
  /** What was changed near the start, by checks that ask for it. */
  readonly changes?: readonly Change[]
  /** There is more than these lines, kept beside the record. */
  readonly detail?: { readonly title: string; readonly lines: number }
}

/** Something that was changed in the product: what a suspicion begins with. */
export type Change = {
  readonly at: Instant
  readonly kind: 'deployment' | 'commit' | 'pull-request' | 'workflow' | 'migration' | 'setting'
  readonly title: string
  /** Who changed it, as the vendor names them. */
  readonly by: string | null
  readonly url: string | null
  /** The short hash of the commit that it is, or brought. */
  readonly commit?: string
}

/** The most changes of one result that an event holds. */
const mostChanges = 50

/** A result as an event holds it: without the detail itself, which is kept beside the record. */
export const kept = (result: CheckResult): CheckResult => {
  const { check, kind, title, status, findings, measurements, startedAt, took, link, changes, detail } = result
  return {
    check,
    kind,
    title,
    status,
    findings,
    measurements,
    startedAt,
    took,
    ...(link === undefined ? {} : { link }),
    ...(changes === undefined ? {} : { changes: changes.slice(0, mostChanges) }),
    ...(detail === undefined ? {} : { detail }),
  }
}
